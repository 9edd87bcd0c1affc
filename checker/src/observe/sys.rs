//! Thin, safe wrappers for the kernel calls that nix does not offer in the form needed here.
//!
//! Together with `arch.rs`, `child.rs` and `witness.rs` this is the only place in the checker
//! with `unsafe`.
#![allow(unsafe_code)]

use std::io;
use std::mem::{self, MaybeUninit};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

use libc::{c_int, c_void, pid_t};

fn check(result: c_int) -> io::Result<c_int> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}

fn check_long(result: libc::c_long) -> io::Result<libc::c_long> {
    if result < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(result)
    }
}

/// What wait4(2) said about one process or thread.
#[derive(Clone, Copy, Debug)]
pub struct Waited {
    /// The process or thread.
    pub pid: pid_t,
    /// The raw status.
    pub status: c_int,
    /// User and system time so far, milliseconds; only meaningful at its end.
    pub cpu_ms: u64,
    /// Largest resident set so far, KiB.
    pub peak_rss_kib: u64,
}

/// Takes one pending change of state of any child or tracee, without waiting. `Ok(None)`: none is
/// pending. `ECHILD` is an error: there are no children.
pub fn wait_any() -> io::Result<Option<Waited>> {
    let mut status = 0;
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: both pointers are to live, writable objects of the right type; wait4 writes at most
    // one of each and keeps neither.
    let pid = check(unsafe {
        libc::wait4(
            -1,
            &raw mut status,
            libc::__WALL | libc::WNOHANG,
            usage.as_mut_ptr(),
        )
    })?;
    // SAFETY: rusage is plain integers, for which the zeroed value it was made with is valid even
    // if wait4 wrote nothing.
    let usage = unsafe { usage.assume_init() };
    let ms = |time: libc::timeval| time.tv_sec as u64 * 1000 + time.tv_usec as u64 / 1000;
    Ok((pid != 0).then(|| Waited {
        pid,
        status,
        cpu_ms: ms(usage.ru_utime) + ms(usage.ru_stime),
        peak_rss_kib: usage.ru_maxrss as u64,
    }))
}

/// Whether this process has any child, ended and not yet waited for included; takes nothing from
/// what there is to wait for (waitid(2): WNOWAIT).
pub fn has_children() -> bool {
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT | libc::__WALL;
    // SAFETY: waitid writes at most one siginfo_t to `info`, which is live, and keeps no pointer.
    let found = check(unsafe { libc::waitid(libc::P_ALL, 0, info.as_mut_ptr(), options) });
    !found.is_err_and(|error| error.raw_os_error() == Some(libc::ECHILD))
}

/// Begins to trace `pid` without stopping it (PTRACE_SEIZE).
pub fn seize(pid: pid_t, options: c_int) -> io::Result<()> {
    // SAFETY: PTRACE_SEIZE takes no pointers; address is ignored and data is an integer.
    check_long(unsafe { libc::ptrace(libc::PTRACE_SEIZE, pid, 0, options as libc::c_ulong) })?;
    Ok(())
}

/// Lets a stopped tracee go on by `request`: PTRACE_CONT, PTRACE_SYSCALL or PTRACE_LISTEN.
/// A tracee that has died meanwhile (ESRCH) is no error: its end will be waited for.
pub fn resume(pid: pid_t, request: libc::c_uint, signal: c_int) -> io::Result<()> {
    // SAFETY: these requests take no pointers; data is a signal number.
    match check_long(unsafe { libc::ptrace(request, pid, 0, signal as libc::c_ulong) }) {
        Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Ok(()),
        other => other.map(drop),
    }
}

/// The message of a ptrace event: for fork events the new process.
pub fn event_message(pid: pid_t) -> io::Result<u64> {
    let mut message: libc::c_ulong = 0;
    // SAFETY: PTRACE_GETEVENTMSG writes one unsigned long to data, which is live.
    check_long(unsafe { libc::ptrace(libc::PTRACE_GETEVENTMSG, pid, 0, &raw mut message) })?;
    Ok(message)
}

/// The signal that a tracee is stopped for.
pub struct SignalInfo {
    /// `si_code`.
    pub code: i32,
    /// `si_addr`, meaningful for memory faults.
    pub address: u64,
}

/// PTRACE_GETSIGINFO.
pub fn signal_info(pid: pid_t) -> io::Result<SignalInfo> {
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    // SAFETY: PTRACE_GETSIGINFO writes one siginfo_t to data, which is live and large enough.
    check_long(unsafe { libc::ptrace(libc::PTRACE_GETSIGINFO, pid, 0, info.as_mut_ptr()) })?;
    // SAFETY: the call succeeded, so the kernel filled it; zeroed was valid anyway.
    let info = unsafe { info.assume_init() };
    // SAFETY: si_addr reads a union field that overlays integers; every bit pattern is a valid
    // pointer value, and it is not followed.
    let address = unsafe { info.si_addr() } as u64;
    Ok(SignalInfo {
        code: info.si_code,
        address,
    })
}

/// Where a tracee stands with respect to a system call (PTRACE_GET_SYSCALL_INFO, Linux 5.3).
#[derive(Clone, Copy, Debug)]
pub enum SyscallStop {
    /// About to be carried out.
    Entry {
        /// The call's number.
        number: u64,
        /// Its six argument registers.
        arguments: [u64; 6],
    },
    /// Carried out.
    Exit {
        /// The answer; negative errno on error.
        result: i64,
    },
    /// Not at a system call.
    Other,
}

/// Asks where the tracee stands.
pub fn syscall_stop(pid: pid_t) -> io::Result<SyscallStop> {
    let mut info = MaybeUninit::<libc::ptrace_syscall_info>::zeroed();
    let size = mem::size_of::<libc::ptrace_syscall_info>();
    // SAFETY: addr is the size of the object behind data, which is live; the kernel writes at most
    // that many bytes.
    check_long(unsafe {
        libc::ptrace(libc::PTRACE_GET_SYSCALL_INFO, pid, size, info.as_mut_ptr())
    })?;
    // SAFETY: all fields are integers; what the kernel did not write is zero.
    let info = unsafe { info.assume_init() };
    Ok(match info.op {
        libc::PTRACE_SYSCALL_INFO_ENTRY => {
            // SAFETY: op says which variant of the union was filled.
            let entry = unsafe { info.u.entry };
            SyscallStop::Entry {
                number: entry.nr,
                arguments: entry.args,
            }
        }
        libc::PTRACE_SYSCALL_INFO_SECCOMP => {
            // SAFETY: op says which variant of the union was filled.
            let entry = unsafe { info.u.seccomp };
            SyscallStop::Entry {
                number: entry.nr,
                arguments: entry.args,
            }
        }
        libc::PTRACE_SYSCALL_INFO_EXIT => {
            // SAFETY: op says which variant of the union was filled.
            let exit = unsafe { info.u.exit };
            SyscallStop::Exit { result: exit.sval }
        }
        _ => SyscallStop::Other,
    })
}

/// Whether two processes have the same memory, not a copy (kcmp(2)). A container may refuse it.
pub fn compare_memory(one: pid_t, other: pid_t) -> io::Result<bool> {
    const KCMP_VM: c_int = 1;
    // SAFETY: takes integers only; the last two are not used for memory.
    let order = check_long(unsafe { libc::syscall(libc::SYS_kcmp, one, other, KCMP_VM, 0, 0) })?;
    Ok(order == 0)
}

/// Reads `length` bytes of another process; as many as can be read from the start.
pub fn read_memory(pid: pid_t, address: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0u8; length];
    let mut done = 0;
    while done < length {
        let local = libc::iovec {
            iov_base: bytes[done..].as_mut_ptr().cast::<c_void>(),
            iov_len: length - done,
        };
        let remote = libc::iovec {
            iov_base: (address + done as u64) as *mut c_void,
            iov_len: length - done,
        };
        // SAFETY: `local` describes the rest of a live, writable buffer; the remote address is
        // only used by the kernel, in the other process, and checked there.
        let got =
            unsafe { libc::process_vm_readv(pid, &raw const local, 1, &raw const remote, 1, 0) };
        if got <= 0 {
            break;
        }
        done += got as usize;
    }
    bytes.truncate(done);
    bytes
}

/// Writes bytes into the memory of a process, where it may write itself.
///
/// # Errors
///
/// What the kernel answers, or that it did not write them all.
pub fn write_memory(pid: pid_t, address: u64, bytes: &[u8]) -> io::Result<()> {
    let local = libc::iovec {
        iov_base: bytes.as_ptr().cast_mut().cast::<c_void>(),
        iov_len: bytes.len(),
    };
    let remote = libc::iovec {
        iov_base: address as *mut c_void,
        iov_len: bytes.len(),
    };
    // SAFETY: `local` describes a live buffer, which the kernel only reads; the remote address is
    // only used by the kernel, in that process, and checked there. Where that process is this one,
    // the callers give addresses of mappings into which no reference leads.
    let put = unsafe { libc::process_vm_writev(pid, &raw const local, 1, &raw const remote, 1, 0) };
    match usize::try_from(put) {
        Ok(put) if put == bytes.len() => Ok(()),
        Ok(_) => Err(io::ErrorKind::WriteZero.into()),
        Err(_) => Err(io::Error::last_os_error()),
    }
}

/// Makes this process the parent of all descendants that lose theirs (prctl(2):
/// PR_SET_CHILD_SUBREAPER).
pub fn adopt_orphans() -> io::Result<()> {
    // SAFETY: the option takes integers only.
    check(unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) })?;
    Ok(())
}

/// Whether other processes of the same user may look into this one: read its memory, use its
/// descriptors by `/proc/PID/fd`, trace it (prctl(2): PR_SET_DUMPABLE). A process that is not
/// privileged keeps the setting over fork, and exec sets it.
pub fn let_others_look_in(may: bool) -> io::Result<()> {
    // SAFETY: the option takes an integer only.
    check(unsafe { libc::prctl(libc::PR_SET_DUMPABLE, libc::c_ulong::from(may), 0, 0, 0) })?;
    Ok(())
}

/// PR_SET_PDEATHSIG with SIGKILL.
pub fn die_with_parent() -> io::Result<()> {
    // SAFETY: the option takes an integer only.
    check(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0) })?;
    Ok(())
}

/// Gives up every capability for good, also what exec would give to uid 0: the bounding set is
/// emptied first (capabilities(7)).
pub fn drop_capabilities() -> io::Result<()> {
    for capability in 0..64 {
        // SAFETY: the option takes an integer only. EPERM: we may not, because we have none;
        // EINVAL: past the last capability.
        if unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) } != 0 {
            break;
        }
    }
    #[repr(C)]
    struct Header {
        version: u32,
        pid: c_int,
    }
    const VERSION_3: u32 = 0x2008_0522;
    let header = Header {
        version: VERSION_3,
        pid: 0,
    };
    let none = [0u32; 6];
    // SAFETY: capset reads a header and, for version 3, two sets of three 32-bit words; both are
    // live and of that size.
    check_long(unsafe { libc::syscall(libc::SYS_capset, &raw const header, none.as_ptr()) })?;
    Ok(())
}

/// Marks every descriptor from `first` on to be closed by exec (close_range(2)); closes nothing
/// now.
pub fn close_on_exec_from(first: RawFd) {
    // SAFETY: takes integers only. On a kernel without it (before 5.11 without the flag) the
    // descriptors keep the flag they have; all of ours are made with it.
    unsafe {
        libc::syscall(
            libc::SYS_close_range,
            first as libc::c_uint,
            libc::c_uint::MAX,
            libc::CLOSE_RANGE_CLOEXEC,
        );
    }
}

/// Loads a seccomp filter for this process and what it starts (seccomp(2)). With `notify` the
/// answer is the descriptor on which calls are announced.
pub fn load_filter(program: &[libc::sock_filter], notify: bool) -> io::Result<RawFd> {
    // SAFETY: the option takes an integer only.
    check(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) })?;
    let filter = libc::sock_fprog {
        len: program.len() as u16,
        filter: program.as_ptr().cast_mut(),
    };
    let flags = if notify {
        libc::SECCOMP_FILTER_FLAG_NEW_LISTENER
    } else {
        0
    };
    // SAFETY: `filter` points to `len` live instructions, which the kernel copies and checks.
    let answer = check_long(unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            flags,
            &raw const filter,
        )
    })?;
    Ok(answer as RawFd)
}

/// A copy of descriptor `fd` of the process `pid` (pidfd_getfd(2), Linux 5.6).
pub fn take_descriptor(pid: pid_t, fd: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: takes integers only.
    let pidfd = check_long(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) })? as RawFd;
    // SAFETY: pidfd_open just made it and nobody else has it.
    let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
    // SAFETY: takes integers only.
    let taken =
        check_long(unsafe { libc::syscall(libc::SYS_pidfd_getfd, pidfd.as_raw_fd(), fd, 0) })?
            as RawFd;
    // SAFETY: pidfd_getfd just made it and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(taken) })
}

/// A system call that waits for our word (seccomp_unotify(2)).
pub struct Announced {
    id: u64,
    /// The process or thread that made it.
    pub pid: pid_t,
    /// The call's number.
    pub number: u64,
    /// Its six argument registers.
    pub arguments: [u64; 6],
}

/// Takes one announced call.
pub fn receive_announced(listener: &OwnedFd) -> io::Result<Announced> {
    let mut call = MaybeUninit::<libc::seccomp_notif>::zeroed();
    // SAFETY: the ioctl writes one seccomp_notif, as its number encodes; it has to be zeroed and
    // is.
    check(unsafe {
        libc::ioctl(
            listener.as_raw_fd(),
            libc::SECCOMP_IOCTL_NOTIF_RECV,
            call.as_mut_ptr(),
        )
    })?;
    // SAFETY: plain integers, filled by the kernel.
    let call = unsafe { call.assume_init() };
    Ok(Announced {
        id: call.id,
        pid: call.pid as pid_t,
        number: call.data.nr as u64,
        arguments: call.data.args,
    })
}

/// Lets the announced call be carried out as it is. That its process has died is no error.
pub fn let_announced_go_on(listener: &OwnedFd, call: &Announced) -> io::Result<()> {
    let answer = libc::seccomp_notif_resp {
        id: call.id,
        val: 0,
        error: 0,
        flags: libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32,
    };
    // SAFETY: the ioctl reads one seccomp_notif_resp, which is live.
    let sent = check(unsafe {
        libc::ioctl(
            listener.as_raw_fd(),
            libc::SECCOMP_IOCTL_NOTIF_SEND,
            &raw const answer,
        )
    });
    match sent {
        Err(error) if error.raw_os_error() == Some(libc::ENOENT) => Ok(()),
        other => other.map(drop),
    }
}

/// Waits until SIGCHLD, which has to be blocked, is pending, and takes it; at most so long
/// (sigtimedwait(2)).
pub fn wait_for_child(at_most: Duration) {
    let limit = libc::timespec {
        tv_sec: at_most.as_secs() as libc::time_t,
        tv_nsec: at_most.subsec_nanos().into(),
    };
    let children = nix::sys::signal::SigSet::from(nix::sys::signal::Signal::SIGCHLD);
    // SAFETY: both pointers are to live objects that are only read; no information is asked for.
    unsafe { libc::sigtimedwait(children.as_ref(), std::ptr::null_mut(), &raw const limit) };
}
