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
    /// A pointer to an array of pointers to texts; the last pointer is NULL.
    Texts,
    /// A pointer to so many bytes, or a few less, that come from memory or into it.
    Few(u64),
    /// Bits, in hexadecimal.
    Bits,
    /// `F_` command of fcntl.
    Command,
    /// `LOCK_` operation of flock.
    Lock,
    /// A pointer to `struct flock`.
    RecordLock,
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
    OpenFlags, OpenHow, Path, Process, Prot, RecordLock, Room, Rooms, Signed, SyncFlags, Texts,
    Vectors,
};

mod others;

pub use others::{WITHOUT_BYTES, arity, name};

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
    "fcntl" SYS_fcntl ("fd" Fd, "cmd" Command, "arg" RecordLock)
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
/// process, attributes of files, options and names of sockets, the text of a link, the words that a
/// program is started with. They are looked at only in a traced run, and come into the trace only if
/// their memory lies in a mapping of a file: with memory of their own everybody may make them.
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
    carrier(
        "execve",
        libc::SYS_execve,
        &[("path", Path), ("argv", Texts), ("envp", Texts)],
    ),
    carrier(
        "execveat",
        libc::SYS_execveat,
        &[
            ("dirfd", Folder),
            ("path", Path),
            ("argv", Texts),
            ("envp", Texts),
            ("flags", Bits),
        ],
    ),
];

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
