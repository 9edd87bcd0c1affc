//! System calls made in a process's name, left, and begun again.

use std::io;

use checker::observe::filter;
use libc::user_regs_struct;
use nix::unistd::Pid;

use crate::space::Region;

use super::{Pace, Stop, Tracee};

/// Bytes in a `syscall` instruction.
pub const SYSCALL_LENGTH: u64 = 2;

impl Tracee {
    /// Has it make an mprotect(2), by the `syscall` instruction at `gate`, from any stop that is not
    /// the entry of a call. `from` are its registers; they are others afterwards, and whatever
    /// signal it stood at is gone.
    pub fn protect(
        &self,
        from: &user_regs_struct,
        gate: u64,
        region: &Region,
        protection: i32,
    ) -> io::Result<()> {
        let by_tracer = u64::from(filter::BY_TRACER);
        let length = region.end - region.start;
        let arguments = [region.start, length, protection as u64, 0, 0, by_tracer];
        let answer = self.make_call(from, gate, libc::SYS_mprotect, arguments)?;
        if answer < 0 {
            return Err(io::Error::from_raw_os_error(-answer as i32));
        }
        Ok(())
    }

    /// Has it make a call at which it does not stop. The answer is the kernel's.
    pub fn inject(&self, gate: u64, number: libc::c_long, arguments: [u64; 6]) -> io::Result<i64> {
        let before = self.registers()?;
        let answer = self.make_call(&before, gate, number, arguments)?;
        self.return_to(&before)?;
        Ok(answer)
    }

    /// Gives it the registers that it had before calls were made in its name.
    pub fn return_to(&self, before: &user_regs_struct) -> io::Result<()> {
        // It is in no call that could be begun again.
        self.set_registers(user_regs_struct {
            orig_rax: u64::MAX,
            ..*before
        })
    }

    fn make_call(
        &self,
        from: &user_regs_struct,
        gate: u64,
        number: libc::c_long,
        arguments: [u64; 6],
    ) -> io::Result<i64> {
        self.set_registers(calling(from, gate, number, arguments))?;
        self.resume(Pace::Instruction, 0)?;
        let stopped = self.after_instruction()?;
        let registers = self.registers()?;
        if stopped != Stop::Signal(libc::SIGTRAP) || registers.rip != gate + SYSCALL_LENGTH {
            return Err(io::Error::other(format!(
                "call {number} in the name of a process led to {stopped:?}"
            )));
        }
        Ok(registers.rax as i64)
    }

    /// At the end of a call: has it make a copy of itself, a child of its own parent (clone(2)).
    pub fn copy(&self, gate: u64, tid_address: u64) -> io::Result<Pid> {
        let flags = libc::CLONE_PARENT | libc::CLONE_CHILD_SETTID | libc::CLONE_CHILD_CLEARTID;
        let flags = (flags | libc::SIGCHLD) as u64;
        let before = self.registers()?;
        let arguments = [flags, 0, 0, tid_address, 0, 0];
        self.set_registers(calling(&before, gate, libc::SYS_clone, arguments))?;
        self.resume(Pace::Run, 0)?;
        let mut made = None;
        loop {
            match self.wait_without_end()? {
                Stop::Call => {}
                Stop::Forked(pid, _) => made = Some(pid),
                Stop::CallDone => break,
                other => {
                    let text = format!("the copying of a process led to {other:?}");
                    return Err(io::Error::other(text));
                }
            }
            self.resume(Pace::ToCallDone, 0)?;
        }
        self.set_registers(before)?;
        made.ok_or_else(|| io::Error::other("a process could not be copied"))
    }

    /// At the entry of a call: leaves it without the kernel having done anything, to stand at its
    /// end. `again` goes back to the entry.
    pub fn leave_call(&self) -> io::Result<()> {
        let registers = self.registers()?;
        self.set_registers(user_regs_struct {
            orig_rax: u64::MAX,
            ..registers
        })?;
        self.resume(Pace::ToCallDone, 0)?;
        match self.after_signals(Pace::ToCallDone)? {
            Stop::CallDone => Ok(()),
            other => Err(io::Error::other(format!("a call left led to {other:?}"))),
        }
    }

    /// At the end of a call: goes back to its entry. `at_entry` are the registers it had there.
    pub fn repeat_call(&self, at_entry: user_regs_struct) -> io::Result<()> {
        self.set_registers(user_regs_struct {
            rip: at_entry.rip - SYSCALL_LENGTH,
            rax: at_entry.orig_rax,
            orig_rax: u64::MAX,
            ..at_entry
        })?;
        self.resume(Pace::Run, 0)?;
        match self.after_signals(Pace::Run)? {
            Stop::Call => Ok(()),
            other => Err(io::Error::other(format!(
                "a call repeated led to {other:?}"
            ))),
        }
    }
}

/// The registers of a process that is to make a call by the `syscall` instruction at `gate`.
fn calling(
    before: &user_regs_struct,
    gate: u64,
    number: libc::c_long,
    arguments: [u64; 6],
) -> user_regs_struct {
    let [rdi, rsi, rdx, r10, r8, r9] = arguments;
    user_regs_struct {
        rip: gate,
        rax: number as u64,
        orig_rax: u64::MAX,
        rdi,
        rsi,
        rdx,
        r10,
        r8,
        r9,
        ..*before
    }
}
