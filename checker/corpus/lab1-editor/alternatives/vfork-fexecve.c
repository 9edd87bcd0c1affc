// expect: passes
// about: A child by vfork becomes the program again by fexecve and does the work.

#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/file.h>
#include <sys/wait.h>
static int worker(char**v){ int fd=atoi(v[1]); off_t off=atol(v[2]); size_t n=strlen(v[3]); off_t b=off&~4095L;
  char*m=mmap(0,n+(off-b),PROT_READ|PROT_WRITE,MAP_SHARED,fd,b); if(m==MAP_FAILED) return 1; memcpy(m+(off-b),v[3],n);
  for(size_t o=0;o<n+(off-b);o+=4096) if(msync(m+o,1,MS_SYNC)) return 1; return 0; }
static int spawn(int fd,off_t off,const char*t,size_t n){ char a[20],b[30],*c=strndup(t,n); sprintf(a,"%d",fd); sprintf(b,"%ld",(long)off); int x=open("/proc/self/exe",O_RDONLY|O_CLOEXEC);
  char*av[]={"\x01worker",a,b,c,0},*ev[]={0}; pid_t p=vfork(); if(!p){ fexecve(x,av,ev); _exit(127);} int s; if(p<0||waitpid(p,&s,0)<0) return 1; return s; }
static char*name; static int fail(const char*w){ fprintf(stderr,"lab1-editor: %s: %s: %s\n",name,w,strerror(errno)); return 1; }
int main(int c,char**v){ if(c==4&&!strcmp(v[0],"\x01worker")) return worker(v);
  setvbuf(stdout,0,_IOLBF,0); struct stat st; int sh=c==3&&!strcmp(v[1],"show"),ow=c==4&&!strcmp(v[1],"overwrite"),ap=c==4&&!strcmp(v[1],"append");
  if(!sh&&!ow&&!ap){ fputs("usage: lab1-editor show FILE | overwrite FILE TEXT | append FILE TEXT\n",stderr); return 2; }
  name=v[2]; int fd=open(name,(sh?O_RDONLY:O_RDWR)|O_NONBLOCK); if(fd<0) return fail("open"); if(ap) flock(fd,LOCK_EX); if(fstat(fd,&st)) return fail("stat"); if(!S_ISREG(st.st_mode)){errno=EINVAL;return fail("not regular");}
  off_t z=st.st_size; printf("size: %ld\n",(long)z);
  if(sh){ size_t n=z<64?z:64; unsigned char*p=0; if(n&&(p=mmap(0,n,PROT_READ,MAP_SHARED,fd,0))==MAP_FAILED) return fail("mmap"); printf("content:%s",n?" ":""); for(size_t i=0;i<n;i++) printf(p[i]>31&&p[i]<127&&p[i]!=92?"%c":"\\x%02x",p[i]); puts(""); return 0; }
  size_t tl=strlen(v[3]),n=ow&&(off_t)tl>z?(size_t)z:tl;
  if(ap&&n&&fallocate(fd,0,z&~4095L,(z&4095)+n)){ int e=errno; fstat(fd,&st); if(st.st_size!=z&&ftruncate(fd,z)){} errno=e; return fail("fallocate"); }
  if(n&&spawn(fd,ow?0:z,v[3],n)){ if(ap&&ftruncate(fd,z)){} errno=EIO; return fail("worker"); }
  if(ow) printf("written: %zu\ncut: %zu\nsynced: %zu\n",n,tl-n,n); else printf("appended: %zu\nsynced: %zu\nnew size: %ld\n",n,n,(long)z+(long)n);
  return 0; }
