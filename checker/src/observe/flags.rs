//! Bits by name, as the manual pages spell them.

use crate::evidence::trace::{
    FALLOC_FL_COLLAPSE_RANGE, FALLOC_FL_INSERT_RANGE, FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE,
    FALLOC_FL_WRITE_ZEROES, FALLOC_FL_ZERO_RANGE,
};

/// `PROT_READ|PROT_WRITE` and so on (mmap(2)).
pub fn prot(bits: u64) -> String {
    named(
        bits,
        &[(1, "PROT_READ"), (2, "PROT_WRITE"), (4, "PROT_EXEC")],
        "PROT_NONE",
    )
}

/// `MAP_` flags (mmap(2)).
pub fn map(bits: u64) -> String {
    let kind = match bits & 0xf {
        0 => "0",
        1 => "MAP_SHARED",
        2 => "MAP_PRIVATE",
        3 => "MAP_SHARED_VALIDATE",
        _ => return format!("{bits:#x}"),
    };
    let rest = named(
        bits & !0xf,
        &[
            (0x10, "MAP_FIXED"),
            (0x20, "MAP_ANONYMOUS"),
            (0x100, "MAP_GROWSDOWN"),
            (0x800, "MAP_DENYWRITE"),
            (0x1000, "MAP_EXECUTABLE"),
            (0x2000, "MAP_LOCKED"),
            (0x4000, "MAP_NORESERVE"),
            (0x8000, "MAP_POPULATE"),
            (0x1_0000, "MAP_NONBLOCK"),
            (0x2_0000, "MAP_STACK"),
            (0x4_0000, "MAP_HUGETLB"),
            (0x8_0000, "MAP_SYNC"),
            (0x10_0000, "MAP_FIXED_NOREPLACE"),
        ],
        "",
    );
    if rest.is_empty() {
        kind.to_owned()
    } else {
        format!("{kind}|{rest}")
    }
}

/// `MS_` flags (msync(2)).
pub fn sync(bits: u64) -> String {
    named(
        bits,
        &[(1, "MS_ASYNC"), (2, "MS_INVALIDATE"), (4, "MS_SYNC")],
        "0",
    )
}

/// `O_` flags (open(2)), with the values of asm-generic/fcntl.h.
pub fn open(bits: u64) -> String {
    let access = ["O_RDONLY", "O_WRONLY", "O_RDWR", "3"][(bits & 3) as usize];
    const OTHERS: &[(u64, &str)] = &[
        (libc::O_CREAT as u64, "O_CREAT"),
        (libc::O_EXCL as u64, "O_EXCL"),
        (libc::O_NOCTTY as u64, "O_NOCTTY"),
        (libc::O_TRUNC as u64, "O_TRUNC"),
        (libc::O_APPEND as u64, "O_APPEND"),
        (libc::O_NONBLOCK as u64, "O_NONBLOCK"),
        // Each of these contains the bits of a weaker flag, so it stands before it.
        (libc::O_SYNC as u64, "O_SYNC"),
        (libc::O_DSYNC as u64, "O_DSYNC"),
        (libc::O_TMPFILE as u64, "O_TMPFILE"),
        (libc::O_DIRECTORY as u64, "O_DIRECTORY"),
        (libc::O_DIRECT as u64, "O_DIRECT"),
        (0o100_000, "O_LARGEFILE"),
        (libc::O_NOFOLLOW as u64, "O_NOFOLLOW"),
        (libc::O_NOATIME as u64, "O_NOATIME"),
        (libc::O_CLOEXEC as u64, "O_CLOEXEC"),
        (libc::O_PATH as u64, "O_PATH"),
    ];
    let rest = named(bits & !3, OTHERS, "");
    if rest.is_empty() {
        access.to_owned()
    } else {
        format!("{access}|{rest}")
    }
}

/// `FALLOC_FL_` mode (fallocate(2)).
pub fn fallocate(bits: u64) -> String {
    const NAMES: &[(u64, &str)] = &[
        (FALLOC_FL_KEEP_SIZE, "FALLOC_FL_KEEP_SIZE"),
        (FALLOC_FL_PUNCH_HOLE, "FALLOC_FL_PUNCH_HOLE"),
        (FALLOC_FL_COLLAPSE_RANGE, "FALLOC_FL_COLLAPSE_RANGE"),
        (FALLOC_FL_ZERO_RANGE, "FALLOC_FL_ZERO_RANGE"),
        (FALLOC_FL_INSERT_RANGE, "FALLOC_FL_INSERT_RANGE"),
        (FALLOC_FL_WRITE_ZEROES, "FALLOC_FL_WRITE_ZEROES"),
    ];
    named(bits, NAMES, "0")
}

/// `LOCK_` operation (flock(2)).
pub fn lock(bits: u64) -> String {
    named(
        bits,
        &[
            (1, "LOCK_SH"),
            (2, "LOCK_EX"),
            (8, "LOCK_UN"),
            (4, "LOCK_NB"),
        ],
        "0",
    )
}

/// `F_` command (fcntl(2)); only those that are watched have a name here.
pub fn command(number: u64) -> String {
    match number as i32 {
        libc::F_SETLK => "F_SETLK".to_owned(),
        libc::F_SETLKW => "F_SETLKW".to_owned(),
        libc::F_OFD_SETLK => "F_OFD_SETLK".to_owned(),
        libc::F_OFD_SETLKW => "F_OFD_SETLKW".to_owned(),
        _ => number.to_string(),
    }
}

/// What a `struct flock` asks for, its words one after the other: kind, from where, start, length
/// (F_SETLK(2const)).
pub fn record_lock(words: &[u64]) -> String {
    let [kind, start, length, ..] = *words else {
        return "?".to_owned();
    };
    let kind = match (kind as u16).into() {
        libc::F_RDLCK => "F_RDLCK",
        libc::F_WRLCK => "F_WRLCK",
        libc::F_UNLCK => "F_UNLCK",
        _ => "?",
    };
    let whence = match i32::from((words[0] >> 16) as u16) {
        libc::SEEK_SET => "SEEK_SET",
        libc::SEEK_CUR => "SEEK_CUR",
        libc::SEEK_END => "SEEK_END",
        _ => "?",
    };
    format!("{{{kind}, {whence}, {}, {}}}", start as i64, length as i64)
}

/// The names of the bits that are set, joined by `|`; what has no name in hexadecimal; `none` if
/// no bit is set.
fn named(mut bits: u64, names: &[(u64, &str)], none: &str) -> String {
    let mut words = Vec::new();
    for &(bit, name) in names {
        if bit != 0 && bits & bit == bit {
            words.push(name.to_owned());
            bits &= !bit;
        }
    }
    if bits != 0 {
        words.push(format!("{bits:#x}"));
    }
    if words.is_empty() {
        none.to_owned()
    } else {
        words.join("|")
    }
}

/// The name of a signal, such as `SIGBUS`; `signal 35` for one that has none.
pub fn signal(number: i32) -> String {
    nix::sys::signal::Signal::try_from(number).map_or_else(
        |_| format!("signal {number}"),
        |signal| signal.as_str().to_owned(),
    )
}

/// `si_code` of a memory fault by name (sigaction(2)).
pub fn fault(signal: i32, code: i32) -> String {
    let name = match (signal, code) {
        (libc::SIGBUS, 1) => "BUS_ADRALN",
        (libc::SIGBUS, 2) => "BUS_ADRERR",
        (libc::SIGBUS, 3) => "BUS_OBJERR",
        (libc::SIGSEGV, 1) => "SEGV_MAPERR",
        (libc::SIGSEGV, 2) => "SEGV_ACCERR",
        (_, 0x80) => "SI_KERNEL",
        (_, 0) => "SI_USER",
        _ => return format!("code {code}"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_read_as_in_the_manual() {
        assert_eq!(prot(3), "PROT_READ|PROT_WRITE");
        assert_eq!(prot(0), "PROT_NONE");
        assert_eq!(map(0x22), "MAP_PRIVATE|MAP_ANONYMOUS");
        assert_eq!(map(3), "MAP_SHARED_VALIDATE");
        assert_eq!(sync(4), "MS_SYNC");
        assert_eq!(sync(0), "0");
        assert_eq!(open(0o102 | 0o2_000_000), "O_RDWR|O_CREAT|O_CLOEXEC");
        assert_eq!(open(0), "O_RDONLY");
        assert_eq!(lock(6), "LOCK_EX|LOCK_NB");
        assert_eq!(signal(libc::SIGBUS), "SIGBUS");
        assert_eq!(signal(40), "signal 40");
    }
}
