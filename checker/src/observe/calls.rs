//! The system calls that are watched: their numbers, and what their arguments are.
//!
//! Names and arguments are those of section 2 of the manual. Calls that only some architectures
//! have (open, rename, … are absent on aarch64) are listed where they exist.

/// What an argument is; decides how it is shown and whether a file is looked up for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An address; 0 is NULL.
    Address,
    /// A number of bytes, an offset, a count: decimal.
    Number,
    /// A signed number.
    Signed,
    /// A descriptor of an open file.
    Fd,
    /// A descriptor of a folder that the next path is relative to, or AT_FDCWD.
    Folder,
    /// A pointer to a path.
    Path,
    /// `PROT_` bits.
    Prot,
    /// `MAP_` bits.
    MapFlags,
    /// `MS_` bits.
    SyncFlags,
    /// `O_` bits.
    OpenFlags,
    /// Pointer to `struct open_how`; the flags are its first word.
    OpenHow,
    /// Permission bits.
    Mode,
    /// A pointer to bytes that are written; the next argument is their number.
    Bytes,
    /// A pointer to an array of `struct iovec` that are written; the next argument is its length.
    Vectors,
    /// A pointer to memory that bytes come into or from and that is not shown; the next argument
    /// is their number.
    Room,
    /// A pointer to an array of `struct iovec` of such memory; the next argument is its length.
    Rooms,
    /// A pointer to `struct msghdr`.
    Message,
    /// A pointer to so many bytes, or a few less, that come from memory or into it.
    Few(u64),
    /// Bits, in hexadecimal.
    Bits,
    /// `F_` command of fcntl.
    Command,
    /// `LOCK_` operation of flock.
    Lock,
    /// `FALLOC_FL_` bits.
    Allocation,
    /// A process.
    Process,
}

/// A watched call.
#[derive(Debug)]
pub struct Spec {
    /// The name of its manual page.
    pub name: &'static str,
    /// Its number on this architecture.
    pub number: i64,
    /// Its arguments in order.
    pub arguments: &'static [(&'static str, Kind)],
    /// Watched only if the second argument is one of these, the first for prctl; empty is always.
    pub only: &'static [u32],
}

use Kind::{
    Address, Allocation, Bits, Bytes, Command, Fd, Folder, Lock, MapFlags, Message, Mode, Number,
    OpenFlags, OpenHow, Path, Process, Prot, Room, Rooms, Signed, SyncFlags, Vectors,
};

macro_rules! calls {
    ($($(#[$when:meta])* $name:literal $number:ident ($($argument:literal $kind:ident),*) $([$($only:expr),*])?;)*) => {
        /// All watched calls.
        pub const WATCHED: &[Spec] = &[
            $($(#[$when])* Spec {
                name: $name,
                number: libc::$number,
                arguments: &[$(($argument, $kind)),*],
                only: &[$($($only),*)?],
            },)*
        ];
    };
}

/// FICLONE (linux/fs.h): makes one file share the blocks of another.
pub const FICLONE: u32 = 0x4004_9409;
/// FICLONERANGE (linux/fs.h): the same for a range.
const FICLONERANGE: u32 = 0x4020_940d;

calls! {
    #[cfg(target_arch = "x86_64")]
    "open" SYS_open ("path" Path, "flags" OpenFlags, "mode" Mode);
    "openat" SYS_openat ("dirfd" Folder, "path" Path, "flags" OpenFlags, "mode" Mode);
    "openat2" SYS_openat2 ("dirfd" Folder, "path" Path, "how" OpenHow, "size" Number);
    #[cfg(target_arch = "x86_64")]
    "creat" SYS_creat ("path" Path, "mode" Mode);
    "read" SYS_read ("fd" Fd, "buf" Room, "count" Number);
    "pread64" SYS_pread64 ("fd" Fd, "buf" Room, "count" Number, "offset" Signed);
    "readv" SYS_readv ("fd" Fd, "iov" Rooms, "iovcnt" Number);
    "preadv" SYS_preadv ("fd" Fd, "iov" Rooms, "iovcnt" Number, "offset" Signed);
    "preadv2" SYS_preadv2 ("fd" Fd, "iov" Rooms, "iovcnt" Number, "offset" Signed);
    "lseek" SYS_lseek ("fd" Fd, "offset" Signed, "whence" Number);
    "write" SYS_write ("fd" Fd, "buf" Bytes, "count" Number);
    "pwrite64" SYS_pwrite64 ("fd" Fd, "buf" Bytes, "count" Number, "offset" Signed);
    "writev" SYS_writev ("fd" Fd, "iov" Vectors, "iovcnt" Number);
    "pwritev" SYS_pwritev ("fd" Fd, "iov" Vectors, "iovcnt" Number, "offset" Signed);
    "pwritev2" SYS_pwritev2 ("fd" Fd, "iov" Vectors, "iovcnt" Number, "offset" Signed);
    "sendto" SYS_sendto ("sockfd" Fd, "buf" Room, "size" Number, "flags" Bits);
    "recvfrom" SYS_recvfrom ("sockfd" Fd, "buf" Room, "size" Number, "flags" Bits);
    "sendmsg" SYS_sendmsg ("sockfd" Fd, "msg" Message, "flags" Bits);
    "recvmsg" SYS_recvmsg ("sockfd" Fd, "msg" Message, "flags" Bits);
    "mmap" SYS_mmap ("addr" Address, "length" Number, "prot" Prot, "flags" MapFlags, "fd" Fd, "offset" Signed);
    "munmap" SYS_munmap ("addr" Address, "length" Number);
    "mremap" SYS_mremap ("addr" Address, "old_size" Number, "new_size" Number, "flags" Bits, "new_addr" Address);
    "remap_file_pages" SYS_remap_file_pages ("addr" Address, "size" Number, "prot" Prot, "pgoff" Number, "flags" Bits);
    "mprotect" SYS_mprotect ("addr" Address, "length" Number, "prot" Prot);
    "pkey_mprotect" SYS_pkey_mprotect ("addr" Address, "length" Number, "prot" Prot, "pkey" Signed);
    "madvise" SYS_madvise ("addr" Address, "length" Number, "advice" Number);
    "msync" SYS_msync ("addr" Address, "length" Number, "flags" SyncFlags);
    "ftruncate" SYS_ftruncate ("fd" Fd, "length" Signed);
    "truncate" SYS_truncate ("path" Path, "length" Signed);
    "fallocate" SYS_fallocate ("fd" Fd, "mode" Allocation, "offset" Signed, "length" Signed);
    "fsync" SYS_fsync ("fd" Fd);
    "fdatasync" SYS_fdatasync ("fd" Fd);
    "sync" SYS_sync ();
    "syncfs" SYS_syncfs ("fd" Fd);
    "sync_file_range" SYS_sync_file_range ("fd" Fd, "offset" Signed, "nbytes" Signed, "flags" Bits);
    #[cfg(target_arch = "x86_64")]
    "rename" SYS_rename ("oldpath" Path, "newpath" Path);
    #[cfg(target_arch = "x86_64")]
    "link" SYS_link ("oldpath" Path, "newpath" Path);
    #[cfg(target_arch = "x86_64")]
    "symlink" SYS_symlink ("target" Path, "linkpath" Path);
    #[cfg(target_arch = "x86_64")]
    "unlink" SYS_unlink ("path" Path);
    #[cfg(target_arch = "x86_64")]
    "chmod" SYS_chmod ("path" Path, "mode" Mode);
    "renameat" SYS_renameat ("olddirfd" Folder, "oldpath" Path, "newdirfd" Folder, "newpath" Path);
    "renameat2" SYS_renameat2 ("olddirfd" Folder, "oldpath" Path, "newdirfd" Folder, "newpath" Path, "flags" Bits);
    "linkat" SYS_linkat ("olddirfd" Folder, "oldpath" Path, "newdirfd" Folder, "newpath" Path, "flags" Bits);
    "symlinkat" SYS_symlinkat ("target" Path, "newdirfd" Folder, "linkpath" Path);
    "unlinkat" SYS_unlinkat ("dirfd" Folder, "path" Path, "flags" Bits);
    "fchmod" SYS_fchmod ("fd" Fd, "mode" Mode);
    "fchmodat" SYS_fchmodat ("dirfd" Folder, "path" Path, "mode" Mode);
    "copy_file_range" SYS_copy_file_range ("fd_in" Fd, "off_in" Address, "fd_out" Fd, "off_out" Address, "size" Number, "flags" Bits);
    "sendfile" SYS_sendfile ("out_fd" Fd, "in_fd" Fd, "offset" Address, "count" Number);
    "splice" SYS_splice ("fd_in" Fd, "off_in" Address, "fd_out" Fd, "off_out" Address, "size" Number, "flags" Bits);
    "vmsplice" SYS_vmsplice ("fd" Fd, "iov" Rooms, "nr_segs" Number, "flags" Bits);
    "tee" SYS_tee ("fd_in" Fd, "fd_out" Fd, "size" Number, "flags" Bits);
    "flock" SYS_flock ("fd" Fd, "operation" Lock);
    "fcntl" SYS_fcntl ("fd" Fd, "cmd" Command, "arg" Address)
        [libc::F_SETLK as u32, libc::F_SETLKW as u32, libc::F_OFD_SETLK as u32, libc::F_OFD_SETLKW as u32];
    "ioctl" SYS_ioctl ("fd" Fd, "op" Bits, "arg" Number) [FICLONE, FICLONERANGE];
    "memfd_create" SYS_memfd_create ("name" Path, "flags" Bits);
    "ptrace" SYS_ptrace ("op" Number, "pid" Process, "addr" Address, "data" Address);
    "process_vm_readv" SYS_process_vm_readv ("pid" Process, "local_iov" Rooms, "liovcnt" Number, "remote_iov" Rooms, "riovcnt" Number, "flags" Bits);
    "process_vm_writev" SYS_process_vm_writev ("pid" Process, "local_iov" Rooms, "liovcnt" Number, "remote_iov" Rooms, "riovcnt" Number, "flags" Bits);
}

const fn carrier(
    name: &'static str,
    number: i64,
    arguments: &'static [(&'static str, Kind)],
) -> Spec {
    Spec {
        name,
        number,
        arguments,
        only: &[],
    }
}

/// Calls by which the kernel keeps a few bytes for a program and gives them back: a name of the
/// process, attributes of files, options and names of sockets, the text of a link. They are looked
/// at only in a traced run, and come into the trace only if their memory lies in a mapping of a
/// file: with memory of their own everybody may make them.
pub const CARRIERS: &[Spec] = &[
    Spec {
        only: &[
            libc::PR_SET_NAME as u32,
            libc::PR_GET_NAME as u32,
            libc::PR_GET_PDEATHSIG as u32,
        ],
        ..carrier(
            "prctl",
            libc::SYS_prctl,
            &[("op", Number), ("name", Kind::Few(16))],
        )
    },
    carrier("setxattr", libc::SYS_setxattr, ATTRIBUTE),
    carrier("lsetxattr", libc::SYS_lsetxattr, ATTRIBUTE),
    carrier("fsetxattr", libc::SYS_fsetxattr, ATTRIBUTE_OF_OPEN),
    carrier("getxattr", libc::SYS_getxattr, ATTRIBUTE),
    carrier("lgetxattr", libc::SYS_lgetxattr, ATTRIBUTE),
    carrier("fgetxattr", libc::SYS_fgetxattr, ATTRIBUTE_OF_OPEN),
    carrier(
        "setsockopt",
        libc::SYS_setsockopt,
        &[
            ("sockfd", Fd),
            ("level", Number),
            ("optname", Number),
            ("optval", Room),
            ("optlen", Number),
        ],
    ),
    carrier(
        "getsockopt",
        libc::SYS_getsockopt,
        &[
            ("sockfd", Fd),
            ("level", Number),
            ("optname", Number),
            ("optval", Kind::Few(128)),
        ],
    ),
    carrier(
        "bind",
        libc::SYS_bind,
        &[("sockfd", Fd), ("addr", Room), ("addrlen", Number)],
    ),
    carrier(
        "connect",
        libc::SYS_connect,
        &[("sockfd", Fd), ("addr", Room), ("addrlen", Number)],
    ),
    carrier(
        "getsockname",
        libc::SYS_getsockname,
        &[("sockfd", Fd), ("addr", Kind::Few(110))],
    ),
    carrier(
        "getpeername",
        libc::SYS_getpeername,
        &[("sockfd", Fd), ("addr", Kind::Few(110))],
    ),
    #[cfg(target_arch = "x86_64")]
    carrier(
        "readlink",
        libc::SYS_readlink,
        &[("path", Address), ("buf", Room), ("bufsiz", Number)],
    ),
    carrier(
        "readlinkat",
        libc::SYS_readlinkat,
        &[
            ("dirfd", Signed),
            ("path", Address),
            ("buf", Room),
            ("bufsiz", Number),
        ],
    ),
];

/// Calls that carry no bytes: they have to do with no memory, or with memory as such, or they wait
/// at it, or are made so often that a stop would be dear.
pub const WITHOUT_BYTES: &[i64] = &[
    libc::SYS_brk,
    libc::SYS_close,
    libc::SYS_clock_gettime,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_futex,
    libc::SYS_getegid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_gettid,
    libc::SYS_getuid,
    libc::SYS_lseek,
    libc::SYS_mbind,
    libc::SYS_membarrier,
    libc::SYS_mincore,
    libc::SYS_mlock,
    libc::SYS_mlock2,
    libc::SYS_mlockall,
    libc::SYS_move_pages,
    libc::SYS_munlock,
    libc::SYS_munlockall,
    libc::SYS_process_madvise,
    libc::SYS_restart_syscall,
    libc::SYS_rseq,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_yield,
    libc::SYS_set_tid_address,
    libc::SYS_tgkill,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_arch_prctl,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_dup2,
];

/// Number, name and number of arguments of calls that are not watched by themselves. What stands in
/// the registers behind the last argument is left over.
const OTHERS: &[(i64, &str, usize)] = &[
    (libc::SYS_accept, "accept", 3),
    (libc::SYS_accept4, "accept4", 4),
    (libc::SYS_bind, "bind", 3),
    (libc::SYS_capget, "capget", 2),
    (libc::SYS_capset, "capset", 2),
    (libc::SYS_clock_getres, "clock_getres", 2),
    (libc::SYS_clock_nanosleep, "clock_nanosleep", 4),
    (libc::SYS_clock_settime, "clock_settime", 2),
    (libc::SYS_close, "close", 1),
    (libc::SYS_close_range, "close_range", 3),
    (libc::SYS_connect, "connect", 3),
    (libc::SYS_epoll_ctl, "epoll_ctl", 4),
    (libc::SYS_epoll_pwait, "epoll_pwait", 5),
    (libc::SYS_eventfd2, "eventfd2", 2),
    (libc::SYS_exit, "exit", 1),
    (libc::SYS_exit_group, "exit_group", 1),
    (libc::SYS_faccessat, "faccessat", 3),
    (libc::SYS_faccessat2, "faccessat2", 4),
    (libc::SYS_fgetxattr, "fgetxattr", 4),
    (libc::SYS_flistxattr, "flistxattr", 3),
    (libc::SYS_fstat, "fstat", 2),
    (libc::SYS_fstatfs, "fstatfs", 2),
    (libc::SYS_futex, "futex", 6),
    (libc::SYS_get_mempolicy, "get_mempolicy", 5),
    (libc::SYS_get_robust_list, "get_robust_list", 3),
    (libc::SYS_getcpu, "getcpu", 3),
    (libc::SYS_getcwd, "getcwd", 2),
    (libc::SYS_getdents64, "getdents64", 3),
    (libc::SYS_getgroups, "getgroups", 2),
    (libc::SYS_getitimer, "getitimer", 2),
    (libc::SYS_getrandom, "getrandom", 3),
    (libc::SYS_getresgid, "getresgid", 3),
    (libc::SYS_getresuid, "getresuid", 3),
    (libc::SYS_getrusage, "getrusage", 2),
    (libc::SYS_kill, "kill", 2),
    (libc::SYS_listxattr, "listxattr", 3),
    (libc::SYS_llistxattr, "llistxattr", 3),
    (libc::SYS_mq_getsetattr, "mq_getsetattr", 3),
    (libc::SYS_mq_timedreceive, "mq_timedreceive", 5),
    (libc::SYS_mq_timedsend, "mq_timedsend", 5),
    (libc::SYS_msgget, "msgget", 2),
    (libc::SYS_msgrcv, "msgrcv", 5),
    (libc::SYS_msgsnd, "msgsnd", 4),
    (libc::SYS_nanosleep, "nanosleep", 2),
    (libc::SYS_newfstatat, "newfstatat", 4),
    (libc::SYS_pidfd_send_signal, "pidfd_send_signal", 4),
    (libc::SYS_pipe2, "pipe2", 2),
    (libc::SYS_ppoll, "ppoll", 5),
    (libc::SYS_prlimit64, "prlimit64", 4),
    (libc::SYS_pselect6, "pselect6", 6),
    (libc::SYS_rt_sigaction, "rt_sigaction", 4),
    (libc::SYS_rt_sigpending, "rt_sigpending", 2),
    (libc::SYS_rt_sigprocmask, "rt_sigprocmask", 4),
    (libc::SYS_rt_sigqueueinfo, "rt_sigqueueinfo", 3),
    (libc::SYS_rt_sigsuspend, "rt_sigsuspend", 2),
    (libc::SYS_rt_sigtimedwait, "rt_sigtimedwait", 4),
    (libc::SYS_rt_tgsigqueueinfo, "rt_tgsigqueueinfo", 4),
    (libc::SYS_sched_getaffinity, "sched_getaffinity", 3),
    (libc::SYS_sched_getattr, "sched_getattr", 4),
    (libc::SYS_sched_getparam, "sched_getparam", 2),
    (libc::SYS_sched_rr_get_interval, "sched_rr_get_interval", 2),
    (libc::SYS_sched_setaffinity, "sched_setaffinity", 3),
    (libc::SYS_sched_setattr, "sched_setattr", 3),
    (libc::SYS_sched_setparam, "sched_setparam", 2),
    (libc::SYS_sched_setscheduler, "sched_setscheduler", 3),
    (libc::SYS_sched_yield, "sched_yield", 0),
    (libc::SYS_semctl, "semctl", 4),
    (libc::SYS_semget, "semget", 3),
    (libc::SYS_semop, "semop", 3),
    (libc::SYS_semtimedop, "semtimedop", 4),
    (libc::SYS_set_mempolicy, "set_mempolicy", 3),
    (libc::SYS_set_robust_list, "set_robust_list", 2),
    (libc::SYS_setgroups, "setgroups", 2),
    (libc::SYS_setitimer, "setitimer", 3),
    (libc::SYS_setrlimit, "setrlimit", 2),
    (libc::SYS_getrlimit, "getrlimit", 2),
    (libc::SYS_shmat, "shmat", 3),
    (libc::SYS_shmctl, "shmctl", 3),
    (libc::SYS_shmget, "shmget", 3),
    (libc::SYS_sigaltstack, "sigaltstack", 2),
    (libc::SYS_signalfd4, "signalfd4", 4),
    (libc::SYS_statfs, "statfs", 2),
    (libc::SYS_statx, "statx", 5),
    (libc::SYS_sysinfo, "sysinfo", 1),
    (libc::SYS_tgkill, "tgkill", 3),
    (libc::SYS_timer_create, "timer_create", 3),
    (libc::SYS_timer_gettime, "timer_gettime", 2),
    (libc::SYS_timer_settime, "timer_settime", 4),
    (libc::SYS_timerfd_gettime, "timerfd_gettime", 2),
    (libc::SYS_timerfd_settime, "timerfd_settime", 4),
    (libc::SYS_times, "times", 1),
    (libc::SYS_tkill, "tkill", 2),
    (libc::SYS_uname, "uname", 1),
    (libc::SYS_utimensat, "utimensat", 4),
    (libc::SYS_wait4, "wait4", 4),
    (libc::SYS_waitid, "waitid", 5),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_epoll_wait, "epoll_wait", 4),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_getdents, "getdents", 3),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_pause, "pause", 0),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_poll, "poll", 3),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_select, "select", 5),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_stat, "stat", 2),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_lstat, "lstat", 2),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_time, "time", 1),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_utime, "utime", 2),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_utimes, "utimes", 2),
    #[cfg(target_arch = "x86_64")]
    (libc::SYS_futimesat, "futimesat", 3),
];

/// What a call is called that is not watched by itself.
pub fn name(number: i64) -> String {
    let known = OTHERS.iter().find(|other| other.0 == number);
    known.map_or_else(
        || format!("call number {number}"),
        |other| other.1.to_owned(),
    )
}

/// How many arguments such a call has; 0 if it is not known.
pub fn arity(number: i64) -> usize {
    let known = OTHERS.iter().find(|other| other.0 == number);
    known.map_or(0, |other| other.2)
}

const ATTRIBUTE: &[(&str, Kind)] = &[
    ("path", Address),
    ("name", Address),
    ("value", Room),
    ("size", Number),
];
const ATTRIBUTE_OF_OPEN: &[(&str, Kind)] = &[
    ("fd", Fd),
    ("name", Address),
    ("value", Room),
    ("size", Number),
];

/// Calls that are answered with ENOSYS, so that every way of moving bytes is one that is watched:
/// io_uring, the old asynchronous I/O, messages in vectors, message queues, key rings, fault
/// handling in user space. Programs that know them fall back to plain calls. A filter of the
/// program's own would outrank the one that watches it (seccomp(2)). And clone3 keeps its flags in
/// memory, where no filter sees them; whoever starts threads falls back to clone.
pub const REFUSED: &[i64] = &[
    libc::SYS_clone3,
    libc::SYS_io_uring_setup,
    libc::SYS_io_setup,
    libc::SYS_sendmmsg,
    libc::SYS_recvmmsg,
    libc::SYS_mq_open,
    libc::SYS_msgget,
    libc::SYS_add_key,
    libc::SYS_keyctl,
    libc::SYS_userfaultfd,
    libc::SYS_seccomp,
];

/// Calls that are answered with EPERM: in namespaces and under mounts of the program's own, files
/// and processes have other names than the ones that are known here.
pub const FORBIDDEN: &[i64] = &[
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsmount,
    libc::SYS_fsconfig,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
];

/// Flags of clone(2), any of which has it answered with EPERM: the namespaces, and the one that
/// hides a process from its parent's tracer.
pub const FORBIDDEN_FLAGS: u32 = (libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET
    | libc::CLONE_UNTRACED) as u32;

/// Options of prctl(2) that are answered with EINVAL, as by a kernel that does not know them:
/// PR_GET_SECCOMP and PR_SET_SECCOMP, for the same reason.
pub const REFUSED_OPTIONS: &[u32] = &[21, 22];

/// Calls that make a process or thread. A tracer hears of them by other ways; in an untraced run
/// they are announced, so that they can be counted.
pub const FORKS: &[i64] = &[
    libc::SYS_clone,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_fork,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_vfork,
];

/// The call with this number among [`CARRIERS`].
pub fn carrier_spec(number: u64) -> Option<&'static Spec> {
    CARRIERS.iter().find(|spec| spec.number as u64 == number)
}

/// The watched call with this number.
pub fn spec(number: u64) -> Option<&'static Spec> {
    WATCHED.iter().find(|spec| spec.number as u64 == number)
}
