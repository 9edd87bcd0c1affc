// expect: passes
// about: Children print the lines about the file; the view is doubled by mremap.

#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
static char*name; static int fail(const char*w){ char b[600]; int n=snprintf(b,600,"lab2: %s: %s: %s\n",name,w,strerror(errno)); if(write(2,b,n<600?n:599)<0){} return 1; }
static void con(const char*k,const unsigned char*p,size_t n){ char b[300]; int l=0; for(size_t i=0;i<n&&i<64;i++) l+=sprintf(b+l,p[i]>31&&p[i]<127&&p[i]!=92?"%c":"\\x%02x",p[i]); struct iovec v[4]={{(char*)k,strlen(k)},{": ",2},{b,l},{"\n",1}}; if(writev(1,v,4)<0) _exit(1); }
static int kid(const char*k){ int s; pid_t p=fork(); if(!p){ unsigned char b[64]; struct iovec v={b,64}; int fd=open(name,O_RDONLY); ssize_t r=readv(fd,&v,1); if(r<0) _exit(1); con(k,b,r); _exit(0);} return p<0||waitpid(p,&s,0)<0||s; }
int main(int c,char**v){ if(c!=3){ if(write(2,"usage: lab2-compare FILE TEXT\n",30)<0){} return 2; }
  name=v[1]; int fd=open(name,O_RDONLY|O_NONBLOCK); struct stat st; if(fd<0) return fail("open"); if(fstat(fd,&st)) return fail("stat"); if(!S_ISREG(st.st_mode)){errno=EINVAL;return fail("not regular");}
  size_t z=st.st_size,n=strlen(v[2]); if(n>z)n=z; char b[40]; int l=sprintf(b,"size: %zu\n",z); if(write(1,b,l)<0) return 1;
  if(!z){ con("private mapping",0,0);con("private file",0,0);con("shared mapping",0,0);con("shared file",0,0);return 0; }
  unsigned char*p=mmap(0,z,PROT_READ|PROT_WRITE,MAP_PRIVATE|MAP_NORESERVE,fd,0); if(p==MAP_FAILED) return fail("mmap");
  if(n) madvise(p,(n+4095)&~4095ul,23); memcpy(p,v[2],n); con("private mapping",p,z); if(kid("private file")) return fail("reader");
  int fw=open(name,O_RDWR|O_NONBLOCK); if(fw<0) return fail("open for writing");
  unsigned char*q=mmap(0,z,PROT_READ|PROT_WRITE,MAP_SHARED,fw,0); if(q==MAP_FAILED) return fail("mmap");
  unsigned char*q2=mremap(q,0,z<4096?4096:z,MREMAP_MAYMOVE); if(q2==MAP_FAILED) return fail("mremap");
  memcpy(q2,v[2],n); con("shared mapping",q,z); if(kid("shared file")) return fail("reader"); return 0; }
