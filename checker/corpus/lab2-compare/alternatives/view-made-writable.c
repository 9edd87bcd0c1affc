// expect: passes
// about: A read-only shared view from the beginning is made writable by mprotect later; the private mapping moves after its store.

#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/stat.h>
static char*name; static int fail(const char*w){ fprintf(stderr,"lab2: %s: %s: %s\n",name,w,strerror(errno)); return 1; }
static void con(const char*k,const unsigned char*p,size_t n){ printf("%s: ",k); for(size_t i=0;i<n&&i<64;i++) printf(p[i]>31&&p[i]<127&&p[i]!=92?"%c":"\\x%02x",p[i]); puts(""); }
int main(int c,char**v){ setvbuf(stdout,0,_IOLBF,0); if(c!=3){ fputs("usage: lab2-compare FILE TEXT\n",stderr); return 2; }
  name=v[1]; int e=0,fd=open(name,O_RDWR|O_NONBLOCK); if(fd<0&&errno!=EISDIR){ e=errno; fd=open(name,O_RDONLY|O_NONBLOCK);} struct stat st; if(fd<0) return fail("open"); if(fstat(fd,&st)) return fail("stat"); if(!S_ISREG(st.st_mode)){errno=EINVAL;return fail("not regular");}
  size_t z=st.st_size,n=strlen(v[2]); if(n>z)n=z; printf("size: %zu\n",z); if(!z){ puts("private mapping:\nprivate file:\nshared mapping:\nshared file:"); return 0; }
  size_t ml=n>64?n:z<64?z:64; ml=(ml+4095)&~4095ul;
  unsigned char*q=mmap(0,ml,PROT_READ,MAP_SHARED,fd,0); if(q==MAP_FAILED) return fail("mmap");
  unsigned char*p=mmap(0,ml,PROT_READ|PROT_WRITE,MAP_PRIVATE,fd,0); if(p==MAP_FAILED) return fail("mmap");
  madvise(p,ml,22); memcpy(p,v[2],n);
  void*to=mmap(0,ml,PROT_NONE,MAP_PRIVATE|MAP_ANONYMOUS,-1,0); p=mremap(p,ml,ml,MREMAP_MAYMOVE|MREMAP_FIXED,to); if(p==MAP_FAILED) return fail("mremap");
  con("private mapping",p,z); con("private file",q,z);
  if(e){ errno=e; return fail("may not be written"); }
  if(mprotect(q,ml,PROT_READ|PROT_WRITE)) return fail("mprotect"); close(fd);
  memcpy(q,v[2],n); con("shared mapping",q,z); int f=open(name,O_RDONLY); unsigned char b[64]; if(read(f,b,64)<0) return fail("read"); con("shared file",b,z);
  msync(q,ml,MS_SYNC); return 0; }
