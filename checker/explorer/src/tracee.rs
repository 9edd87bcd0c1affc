//! One stopped process or thread: its registers, its memory, calls made in its name.
#![allow(unsafe_code)]

mod calls;

use std::cell::RefCell;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::time::Instant;

use checker::observe::process;
use libc::{c_int, user_regs_struct};
use nix::errno::Errno;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

pub use calls::SYSCALL_LENGTH;

/// How often a wait for a process looks whether that process sleeps.
const TICK_US: libc::suseconds_t = 100_000;

/// Why a process stands still, or does not run any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It exited with this status.
    Exited(i32),
    /// This signal killed it.
    Killed(i32),
    /// This signal is about to be delivered.
    Signal(i32),
    /// It is about to make a system call.
    Call,
    /// A system call has been carried out.
    CallDone,
    /// It has made a process or thread, and whether it waits in the kernel for its end or exec.
    Forked(Pid, bool),
    /// It runs another program now.
    Exec,
    /// Something that means nothing here.
    Nothing,
}

/// What waiting for a process came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waited {
    /// It stands still.
    Stopped(Stop),
    /// It sleeps in the kernel.
    Asleep,
    /// It is dead, and that is not told before its threads have been waited for.
    Dead,
    /// It still runs, and its time is up.
    Late,
}

/// How far a process is let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// To the next stop.
    Run,
    /// To the next stop, or to the end of the call that it stands at.
    ToCallDone,
    /// One instruction.
    Instruction,
}

/// A process or thread that is traced.
#[derive(Debug)]
pub struct Tracee {
    /// Its number.
    pub pid: Pid,
    memory: File,
    /// Signals that came while calls were made in its name, to be delivered when it goes on.
    held_back: RefCell<Vec<i32>>,
}

/// Arranges that a wait is interrupted now and then (setitimer(2)).
pub fn start_ticking() -> io::Result<()> {
    extern "C" fn nothing(_: c_int) {}
    let action = SigAction::new(
        SigHandler::Handler(nothing),
        SaFlags::empty(),
        SigSet::empty(),
    );
    // SAFETY: the handler does nothing at all, so it may interrupt anything.
    unsafe { sigaction(Signal::SIGALRM, &action) }?;
    let period = libc::timeval {
        tv_sec: 0,
        tv_usec: TICK_US,
    };
    let timer = libc::itimerval {
        it_interval: period,
        it_value: period,
    };
    // SAFETY: setitimer reads one itimerval, which is live, and writes none.
    let done =
        unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const timer, std::ptr::null_mut()) };
    Errno::result(done)?;
    Ok(())
}

/// Keeps this process, and those that it will start, on the processor that it runs on: they take
/// turns anyway, and handing over is cheaper so.
pub fn stay_on_one_processor() {
    // SAFETY: sched_getcpu takes nothing. The set is a plain bit array, valid when zeroed, and
    // CPU_SET checks the index; sched_setaffinity reads as many bytes as the set has.
    unsafe {
        let here = libc::sched_getcpu();
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        if here >= 0 {
            libc::CPU_SET(here as usize, &mut set);
            libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const set);
        }
    }
}

/// Gives the programs that are started from now on the same addresses each time, where that is
/// allowed (personality(2): ADDR_NO_RANDOMIZE). Whether it was.
pub fn fix_addresses() -> bool {
    // SAFETY: takes an integer only.
    unsafe { libc::personality(libc::ADDR_NO_RANDOMIZE as libc::c_ulong) >= 0 }
}

impl Tracee {
    /// Begins to trace a process of ours that runs.
    pub fn seize(pid: Pid) -> io::Result<Tracee> {
        let options = Options::PTRACE_O_TRACESYSGOOD
            | Options::PTRACE_O_TRACESECCOMP
            | Options::PTRACE_O_TRACEFORK
            | Options::PTRACE_O_TRACEVFORK
            | Options::PTRACE_O_TRACECLONE
            | Options::PTRACE_O_TRACEEXEC
            | Options::PTRACE_O_EXITKILL;
        ptrace::seize(pid, options)?;
        Tracee::of(pid)
    }

    /// A process that is traced already, since the one that made it is.
    pub fn of(pid: Pid) -> io::Result<Tracee> {
        let memory = File::open(format!("/proc/{pid}/mem"))?;
        Ok(Tracee {
            pid,
            memory,
            held_back: RefCell::default(),
        })
    }

    /// Its memory is another after exec.
    pub fn has_new_memory(&mut self) -> io::Result<()> {
        self.memory = File::open(format!("/proc/{}/mem", self.pid))?;
        Ok(())
    }

    /// Lets it go, with a signal or 0.
    pub fn resume(&self, pace: Pace, signal: i32) -> io::Result<()> {
        let signal = Signal::try_from(signal).ok();
        let done = match pace {
            Pace::Run => ptrace::cont(self.pid, signal),
            Pace::ToCallDone => ptrace::syscall(self.pid, signal),
            Pace::Instruction => ptrace::step(self.pid, signal),
        };
        match done {
            // It was killed meanwhile; its end will be waited for.
            Ok(()) | Err(Errno::ESRCH) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Waits until it stands still.
    pub fn wait(&self, deadline: Instant) -> io::Result<Waited> {
        let mut slept = 0;
        loop {
            match waitpid(self.pid, Some(WaitPidFlag::__WALL)) {
                Ok(status) => return Ok(Waited::Stopped(self.stop(status)?)),
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
            let state = process::activity(self.pid.as_raw()).map(|activity| activity.state);
            slept = if state == Some('S') { slept + 1 } else { 0 };
            if state == Some('Z') {
                return Ok(Waited::Dead);
            }
            if slept == 2 {
                return Ok(Waited::Asleep);
            }
            if Instant::now() > deadline {
                return Ok(Waited::Late);
            }
        }
    }

    fn stop(&self, status: WaitStatus) -> io::Result<Stop> {
        Ok(match status {
            WaitStatus::Exited(_, code) => Stop::Exited(code),
            WaitStatus::Signaled(_, signal, _) => Stop::Killed(signal as i32),
            WaitStatus::Stopped(_, signal) => Stop::Signal(signal as i32),
            WaitStatus::PtraceSyscall(_) => Stop::CallDone,
            WaitStatus::PtraceEvent(_, _, event) => match event {
                libc::PTRACE_EVENT_SECCOMP => Stop::Call,
                libc::PTRACE_EVENT_EXEC => Stop::Exec,
                libc::PTRACE_EVENT_FORK | libc::PTRACE_EVENT_CLONE => {
                    Stop::Forked(self.event_pid()?, false)
                }
                libc::PTRACE_EVENT_VFORK => Stop::Forked(self.event_pid()?, true),
                _ => Stop::Nothing,
            },
            _ => Stop::Nothing,
        })
    }

    fn event_pid(&self) -> io::Result<Pid> {
        let message = ptrace::getevent(self.pid)?;
        Ok(Pid::from_raw(message as libc::pid_t))
    }

    /// Its registers.
    pub fn registers(&self) -> io::Result<user_regs_struct> {
        Ok(ptrace::getregs(self.pid)?)
    }

    /// Sets its registers.
    pub fn set_registers(&self, registers: user_regs_struct) -> io::Result<()> {
        Ok(ptrace::setregs(self.pid, registers)?)
    }

    /// Where a memory fault was that it stands at, and its kind (`si_addr`, `si_code`).
    pub fn fault(&self) -> io::Result<(u64, i32)> {
        let info = ptrace::getsiginfo(self.pid)?;
        // SAFETY: si_addr reads a union field that overlays integers; the value is not followed.
        let address = unsafe { info.si_addr() } as u64;
        Ok((address, info.si_code))
    }

    /// Reads its memory, also where it may not itself (`/proc/PID/mem`); as much as is there.
    pub fn read(&self, address: u64, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        let mut done = 0;
        while done < length {
            match self
                .memory
                .read_at(&mut bytes[done..], address + done as u64)
            {
                Ok(0) | Err(_) => break,
                Ok(n) => done += n,
            }
        }
        bytes.truncate(done);
        bytes
    }

    /// Writes into its memory where it may write itself (process_vm_writev(2)).
    pub fn write(&self, address: u64, bytes: &[u8]) -> io::Result<()> {
        use nix::sys::uio::{RemoteIoVec, process_vm_writev};
        let remote = RemoteIoVec {
            base: address as usize,
            len: bytes.len(),
        };
        let done = process_vm_writev(self.pid, &[io::IoSlice::new(bytes)], &[remote])?;
        if done == bytes.len() {
            Ok(())
        } else {
            Err(io::ErrorKind::WriteZero.into())
        }
    }

    /// Where it keeps the list of its robust locks, and the length of the list's head
    /// (get_robust_list(2)); a copy has to be told.
    pub fn robust_list(&self) -> Option<(u64, u64)> {
        let (mut head, mut length): (u64, u64) = (0, 0);
        // SAFETY: the kernel writes one pointer and one size_t to the two words, which are live and
        // as large; the pointer is another process's and not followed here.
        let done = unsafe {
            libc::syscall(
                libc::SYS_get_robust_list,
                self.pid.as_raw(),
                &raw mut head,
                &raw mut length,
            )
        };
        (done == 0 && head != 0).then_some((head, length))
    }

    /// Waits until an instruction is over that it was let take. Signals from elsewhere that come
    /// before it are held back.
    pub fn after_instruction(&self) -> io::Result<Stop> {
        loop {
            match self.wait_without_end()? {
                Stop::Signal(signal) if !is_of_instruction(signal) => {
                    self.held_back.borrow_mut().push(signal);
                    self.resume(Pace::Instruction, 0)?;
                }
                other => return Ok(other),
            }
        }
    }

    /// Waits for the next stop that is no signal; signals are held back.
    fn after_signals(&self, pace: Pace) -> io::Result<Stop> {
        loop {
            match self.wait_without_end()? {
                Stop::Signal(signal) => {
                    self.held_back.borrow_mut().push(signal);
                    self.resume(pace, 0)?;
                }
                other => return Ok(other),
            }
        }
    }

    /// A signal that was held back, or 0.
    pub fn held_back(&self) -> i32 {
        self.held_back.borrow_mut().pop().unwrap_or(0)
    }

    /// Waits for the end of something that cannot sleep.
    pub fn wait_without_end(&self) -> io::Result<Stop> {
        loop {
            match waitpid(self.pid, Some(WaitPidFlag::__WALL)) {
                Err(Errno::EINTR) => {}
                other => return self.stop(other?),
            }
        }
    }

    /// Waits for the end of a thread whose process ends.
    pub fn wait_for_end(&self) -> io::Result<()> {
        loop {
            match self.wait_without_end() {
                Ok(Stop::Exited(_) | Stop::Killed(_)) => return Ok(()),
                Ok(_) => self.resume(Pace::Run, 0)?,
                Err(error) if error.raw_os_error() == Some(libc::ECHILD) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    /// Kills it and waits for its end. The end of a process is told only when all its threads have
    /// been waited for; their numbers are the answer.
    pub fn kill(&self) -> io::Result<Vec<Pid>> {
        process::kill(self.pid.as_raw());
        let mut others = Vec::new();
        loop {
            let status = match waitpid(None, Some(WaitPidFlag::__WALL)) {
                Err(Errno::EINTR) => continue,
                // It was waited for before.
                Err(Errno::ECHILD) => return Ok(others),
                other => other?,
            };
            let (pid, has_ended) = match status {
                WaitStatus::Exited(pid, _) | WaitStatus::Signaled(pid, _, _) => (pid, true),
                other => (other.pid().unwrap_or(self.pid), false),
            };
            match (pid == self.pid, has_ended) {
                (true, true) => return Ok(others),
                (false, true) => others.push(pid),
                // A stop on its way to its end.
                (_, false) => ptrace::cont(pid, None).or_else(|error| match error {
                    Errno::ESRCH => Ok(()),
                    error => Err(error),
                })?,
            }
        }
    }
}

/// Whether a signal may be what an instruction itself led to.
fn is_of_instruction(signal: i32) -> bool {
    matches!(
        signal,
        libc::SIGTRAP | libc::SIGSEGV | libc::SIGBUS | libc::SIGILL | libc::SIGFPE
    )
}
