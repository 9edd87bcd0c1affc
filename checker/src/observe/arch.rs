//! What depends on the processor: registers, and the audit number that a filter checks.
//!
//! x86-64 is complete. On other architectures everything works but answering a call in the
//! kernel's place ([`answer`]), which says so.
use std::io;

use libc::pid_t;

/// AUDIT_ARCH_X86_64 (linux/audit.h).
#[cfg(target_arch = "x86_64")]
pub const AUDIT_ARCH: u32 = 0xc000_003e;
/// AUDIT_ARCH_AARCH64 (linux/audit.h).
#[cfg(target_arch = "aarch64")]
pub const AUDIT_ARCH: u32 = 0xc000_00b7;

/// Calls with this bit belong to the x32 ABI, which shares the audit number of x86-64.
pub const FOREIGN_CALLS: u32 = 0x4000_0000;

/// Whether [`answer`] works here.
pub const CAN_ANSWER: bool = cfg!(target_arch = "x86_64");

/// At the entry of a call, as a seccomp stop: has the kernel skip it and answer `result`, which is
/// negative errno for an error.
///
/// A call number of -1 is skipped, and the answer is what the register holds (ptrace(2), seccomp(2)).
#[cfg(target_arch = "x86_64")]
pub fn answer(pid: pid_t, result: i64) -> io::Result<()> {
    let pid = nix::unistd::Pid::from_raw(pid);
    let mut registers = nix::sys::ptrace::getregs(pid)?;
    registers.orig_rax = u64::MAX;
    registers.rax = result as u64;
    nix::sys::ptrace::setregs(pid, registers)?;
    Ok(())
}

/// The place for the other architectures: aarch64 needs NT_ARM_SYSTEM_CALL for the number and x0
/// for the answer, set at the exit of the call.
#[cfg(not(target_arch = "x86_64"))]
pub fn answer(_pid: pid_t, _result: i64) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
