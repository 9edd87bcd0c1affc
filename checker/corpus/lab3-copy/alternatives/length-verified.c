// expect: passes
// about: posix_fallocate gives the length, and fstat has to confirm it.

#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <signal.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/stat.h>
#define WIN (8u<<20)
static char tmp[2*PATH_MAX]; static const char*undo; static int undofd=-1; static off_t undolen;
static const char*dname;
static int fail(const char*n,const char*w){ fprintf(stderr,"lab3-copy: %s: %s: %s\n",n,w,strerror(errno)); return 1; }
static void rollback(void){ if(undo) unlink(undo); else if(undofd>=0&&ftruncate(undofd,undolen)){} }
static void onbus(int s){ (void)s; rollback(); static const char m[]=": a mapped byte is gone\n"; if(write(2,dname,strlen(dname))<0||write(2,m,sizeof m-1)<0){} _exit(1); }
/* where a chain of links ends */
static int resolve(const char*p,char*o){ if(strlen(p)>=PATH_MAX){errno=ENAMETOOLONG;return -1;} strcpy(o,p);
  for(int i=0;i<40;i++){ char l[PATH_MAX]; ssize_t n=readlink(o,l,sizeof l-1); if(n<0) return 0; l[n]=0;
    char*s=strrchr(o,'/'); if(l[0]=='/'||!s) strcpy(o,l); else { if((s-o)+1+n>=PATH_MAX){errno=ENAMETOOLONG;return -1;} strcpy(s+1,l);} }
  errno=ELOOP; return -1; }
int main(int c,char**v){
  setvbuf(stdout,NULL,_IOLBF,0);
  int at=c==4&&!strcmp(v[1],"--atomic");
  if(c!=3&&!at){ fputs("usage: lab3-copy [--atomic] SOURCE DESTINATION\n",stderr); return 2; }
  const char*src=v[1+at],*dst=v[2+at]; dname=dst; struct stat ss,ds;
  int s=open(src,O_RDONLY|O_NONBLOCK|O_CLOEXEC|O_NOCTTY); if(s<0) return fail(src,"open");
  if(fstat(s,&ss)) return fail(src,"stat");
  if(!S_ISREG(ss.st_mode)){errno=EINVAL;return fail(src,"not a regular file");}
  off_t z=ss.st_size; void*sm=0;
  if(!z){ char b; ssize_t r=read(s,&b,1); if(r<0) return fail(src,"read"); if(r){errno=EINVAL;return fail(src,"does not tell its size");} }
  else { sm=mmap(0,z<WIN?z:WIN,PROT_READ,MAP_SHARED,s,0); if(sm==MAP_FAILED) return fail(src,"mmap"); }
  static char real[PATH_MAX]; if(resolve(dst,real)) return fail(dst,"links");
  int there=!stat(real,&ds);
  if(!there&&errno!=ENOENT) return fail(dst,"stat");
  int d=-1;
  if(there){
    if(!S_ISREG(ds.st_mode)){errno=S_ISDIR(ds.st_mode)?EISDIR:EINVAL;return fail(dst,"not a regular file");}
    if(ds.st_dev==ss.st_dev&&ds.st_ino==ss.st_ino){errno=EINVAL;return fail(dst,"is the source itself");}
    d=open(real,O_RDWR|O_NONBLOCK|O_CLOEXEC); if(d<0) return fail(dst,"open");
    if(fstat(d,&ds)||!S_ISREG(ds.st_mode)||(ds.st_dev==ss.st_dev&&ds.st_ino==ss.st_ino)){errno=EINVAL;return fail(dst,"refused");}
  }
  if(at){ if(d>=0) close(d);
    char*sl=strrchr(real,'/'); int dl=sl?sl-real+1:0;
    for(int i=0;;i++){ snprintf(tmp,sizeof tmp,"%.*s.lab3-%d-%d",dl,real,(int)getpid(),i); d=open(tmp,O_RDWR|O_CREAT|O_EXCL|O_CLOEXEC,there?0600:ss.st_mode&0777); if(d>=0||errno!=EEXIST||i>99)break; }
    if(d<0) return fail(dst,"temporary file"); undo=tmp;
  } else if(!there){ d=open(real,O_RDWR|O_CREAT|O_EXCL|O_CLOEXEC,ss.st_mode&0777); if(d<0) return fail(dst,"create"); undo=real; }
  else { undofd=d; undolen=ds.st_size; }
  signal(SIGBUS,onbus);
  { int e=z?posix_fallocate(d,0,z):0; if(e){ rollback(); errno=e; return fail(dst,"no room"); } }
  if(undofd>=0&&undolen>z&&ftruncate(d,z)){ int e=errno; rollback(); errno=e; return fail(dst,"size"); }
  { struct stat q; if(fstat(d,&q)||q.st_size!=z){ rollback(); errno=EIO; return fail(dst,"length was not given"); } }
  printf("size: %lld\n",(long long)z);
  for(off_t o=0;o<z;o+=WIN){ size_t n=z-o<WIN?z-o:WIN;
    if(!sm) { sm=mmap(0,n,PROT_READ,MAP_SHARED,s,o); if(sm==MAP_FAILED){int e=errno;rollback();errno=e;return fail(src,"mmap");} }
    void*dm=mmap(0,n,PROT_READ|PROT_WRITE,MAP_SHARED,d,o); if(dm==MAP_FAILED){int e=errno;rollback();errno=e;return fail(dst,"mmap");}
    memcpy(dm,sm,n); munmap(dm,n); munmap(sm,n); sm=0; }
  if(fstat(s,&ss)||ss.st_size!=z){ rollback(); errno=EIO; return fail(src,"changed its length"); }
  if(at){ if(there&&fchmod(d,ds.st_mode&07777)){int e=errno;rollback();errno=e;return fail(dst,"chmod");}
    if(rename(tmp,real)){int e=errno;rollback();errno=e;return fail(dst,"rename");} }
  printf("copied: %lld\n",(long long)z); return 0; }
