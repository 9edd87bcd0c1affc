// expect: passes
// about: The whole file is mapped; a SIGBUS while storing is caught and becomes an error.

#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/stat.h>
static sigjmp_buf jb; static void h(int s){ siglongjmp(jb,1); }
static char*name; static int fail(const char*w){ fprintf(stderr,"lab1-editor: %s: %s: %s\n",name,w,strerror(errno)); return 1; }
int main(int c,char**v){ setvbuf(stdout,0,_IOLBF,0); struct stat st; int sh=c==3&&!strcmp(v[1],"show"),ow=c==4&&!strcmp(v[1],"overwrite"),ap=c==4&&!strcmp(v[1],"append");
  if(!sh&&!ow&&!ap){ fputs("usage: lab1-editor show FILE | overwrite FILE TEXT | append FILE TEXT\n",stderr); return 2; }
  name=v[2]; if(stat(name,&st)) return fail("stat"); if(!S_ISREG(st.st_mode)){errno=EINVAL;return fail("not regular");}
  int fd=open(name,sh?O_RDONLY:O_RDWR); if(fd<0) return fail("open");
  struct flock k={.l_type=F_WRLCK,.l_whence=SEEK_SET}; if(ap&&fcntl(fd,F_SETLKW,&k)) return fail("lock");
  off_t z=lseek(fd,0,SEEK_END); size_t tl=sh?0:strlen(v[3]),n=ow&&(off_t)tl>z?(size_t)z:tl; off_t at=ap?z:0,nz=ap?z+n:z;
  printf("size: %lld\n",(long long)z);
  if(ap&&n&&ftruncate(fd,nz)) return fail("ftruncate");
  char*p=0; if(nz){ p=mmap(0,nz,sh?PROT_READ:PROT_READ|PROT_WRITE,MAP_SHARED,fd,0); if(p==MAP_FAILED){ int e=errno; if(ap&&n&&ftruncate(fd,z)){} errno=e; return fail("mmap"); } }
  if(sh){ printf("content:%s",z?" ":""); for(off_t i=0;i<z&&i<64;i++){ unsigned char b=p[i]; printf(b>31&&b<127&&b!=92?"%c":"\\x%02x",b); } puts(""); return 0; }
  signal(SIGBUS,h);
  if(sigsetjmp(jb,1)){ if(ap&&ftruncate(fd,z)){} errno=ENOSPC; return fail("store"); }
  for(volatile size_t i=0;i<n;i++) ((volatile char*)p)[at+i]=v[3][i];
  if(ow) printf("written: %zu\ncut: %zu\n",n,tl-n); else printf("appended: %zu\n",n);
  if(n&&msync(p+(at&~4095L),(at&4095)+n,MS_SYNC)) return fail("msync");
  printf("synced: %zu\n",n); if(ap) printf("new size: %lld\n",(long long)nz); return 0; }
