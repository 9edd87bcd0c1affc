//! Calls that name files.

use libc::{c_long, user_regs_struct};

use crate::files::Files;
use crate::tracee::Tracee;

/// What a call names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    /// The folder that the path starts from; `None` is the working folder.
    pub base: Option<i32>,
    /// Where the path is.
    pub path: u64,
    /// Whether the call may change names, or the length of what is named.
    pub changes: bool,
}

/// The arguments of a call, in order (syscall(2)).
pub fn arguments(entry: &user_regs_struct) -> [u64; 6] {
    [
        entry.rdi, entry.rsi, entry.rdx, entry.r10, entry.r8, entry.r9,
    ]
}

/// What a call names, if it names something.
pub fn named(number: c_long, arguments: [u64; 6]) -> Option<Named> {
    const CHANGES: i32 = libc::O_CREAT | libc::O_TRUNC;
    let [first, second, third, fourth, ..] = arguments;
    let at = |folder: u64| (folder as i32 != libc::AT_FDCWD).then_some(folder as i32);
    let (base, path, changes) = match number {
        libc::SYS_open => (None, first, second as i32 & CHANGES != 0),
        libc::SYS_openat => (at(first), second, third as i32 & CHANGES != 0),
        libc::SYS_openat2 => (at(first), second, true),
        libc::SYS_creat
        | libc::SYS_truncate
        | libc::SYS_unlink
        | libc::SYS_rmdir
        | libc::SYS_mkdir
        | libc::SYS_mknod => (None, first, true),
        libc::SYS_rename | libc::SYS_link | libc::SYS_symlink => (None, second, true),
        libc::SYS_mkdirat | libc::SYS_unlinkat | libc::SYS_mknodat => (at(first), second, true),
        libc::SYS_renameat | libc::SYS_renameat2 | libc::SYS_linkat => (at(third), fourth, true),
        libc::SYS_symlinkat => (at(second), third, true),
        libc::SYS_stat | libc::SYS_lstat | libc::SYS_access | libc::SYS_readlink => {
            (None, first, false)
        }
        libc::SYS_newfstatat
        | libc::SYS_statx
        | libc::SYS_faccessat
        | libc::SYS_faccessat2
        | libc::SYS_readlinkat => (at(first), second, false),
        _ => return None,
    };
    Some(Named {
        base,
        path,
        changes,
    })
}

/// Whether what is named is in the scenario's folder.
pub fn is_inside(files: &Files, tracee: &Tracee, named: Named) -> bool {
    let mut bytes = tracee.read(named.path, libc::PATH_MAX as usize);
    if let Some(end) = bytes.iter().position(|&byte| byte == 0) {
        bytes.truncate(end);
    }
    // Without a name it is about the descriptor (AT_EMPTY_PATH).
    !bytes.is_empty() && files.is_inside(tracee.pid, named.base, &String::from_utf8_lossy(&bytes))
}

/// Whether a call at whose entry a process stands names something in the folder.
pub fn are_inside(
    files: &Files,
    tracee: &Tracee,
    number: c_long,
    entry: &user_regs_struct,
) -> bool {
    named(number, arguments(entry)).is_some_and(|named| is_inside(files, tracee, named))
}
