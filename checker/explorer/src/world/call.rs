//! System calls: which of them others can notice, and how one is let through without waiting.

use checker::evidence::ending::Ending;
use checker::evidence::schedule::Points;
use libc::{c_long, user_regs_struct};

use crate::names;
use crate::operation::{Object, Operation};
use crate::tracee::Pace;
use crate::trouble::{Followed, Trouble};

use super::{Point, Ready, What, World};

/// A call that a task stands at, or is in.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// As a reader of strace(1) knows it.
    pub text: String,
    pub number: c_long,
    arguments: [u64; 6],
    pub how: How,
    pub operation: Operation,
    /// Its registers at the entry.
    pub entry: user_regs_struct,
    /// Whether it is a step.
    pub is_step: bool,
    /// Whether the shared mappings have their permissions while it runs.
    is_open: bool,
}

/// How a call is let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// As it is.
    Plain,
    /// Asked whether it would wait; if so, asked again later. The number of the argument that says
    /// whether to wait, and what it is to be.
    Lock { argument: usize, without: u64 },
    /// The same for a process that waits for one that it made.
    WaitChild { argument: usize, without: u64 },
    /// Not made at all: time does not pass here.
    Pause,
    /// Waits for a signal, which nobody sends.
    Park,
    /// Waits for a word to change, or to be woken.
    FutexWait,
    /// Wakes those who wait.
    FutexWake,
    /// Ends the task.
    Exit,
}

impl World<'_> {
    /// A task is about to make a call. `Some(pace)`: it may go on at once; `None`: it stands.
    pub(super) fn entry(&mut self, task: usize) -> Followed<Option<Pace>> {
        let entry = self.tasks[task].tracee.registers()?;
        let number = entry.orig_rax as c_long;
        let arguments = names::arguments(&entry);
        if number == libc::SYS_shmat || number == libc::SYS_remap_file_pages {
            return Err(Trouble::Unfit(
                "the program maps System V shared memory, which the explorer does not follow"
                    .to_owned(),
            ));
        }
        let mut call = Call {
            text: String::new(),
            number,
            arguments,
            how: How::Plain,
            operation: Operation::default(),
            entry,
            is_step: false,
            is_open: false,
        };
        self.classify(task, &mut call)?;
        let touched = self.pointed_into(task, &call);
        call.is_open = !touched.is_empty();
        for region in touched {
            let to = region.offset + (region.end - region.start);
            call.operation = call
                .operation
                .and(Object::File(region.file), region.offset, to, true);
            call.is_step = true;
        }
        call.is_step |= self.points == Points::Calls;
        if call.is_step {
            if self.record.is_some() {
                call.text = self.text(task, &call);
            }
            let may_spin = !matches!(call.how, How::Exit);
            let waits = matches!(call.how, How::WaitChild { .. })
                && !self.tasks[task].children.is_empty()
                && Self::would_wait_for_child(&call);
            let parks = call.how == How::Park;
            let mut point = call.point();
            if waits {
                point.ready = Ready::Child;
            }
            if parks {
                point.ready = Ready::Never;
            }
            self.stand(task, point, may_spin);
            return Ok(None);
        }
        if call.how == How::Exit {
            self.open_at_exit(task, &call)?;
            if self.leaves_threads(task, &call) {
                self.leave(task, &call)?;
                return Ok(None);
            }
            return Ok(Some(Pace::Run));
        }
        if self.changes_space(task, &call) {
            self.tasks[task].inside = Some(call);
            return Ok(Some(Pace::ToCallDone));
        }
        Ok(Some(Pace::Run))
    }

    /// Takes the step that is a call.
    pub(super) fn call(
        &mut self,
        task: usize,
        mut call: Call,
        registers: user_regs_struct,
    ) -> Followed<()> {
        let tracee = &self.tasks[task].tracee;
        match call.how {
            How::Plain => {
                if call.is_open {
                    tracee.leave_call()?;
                    self.open(task)?;
                    self.tasks[task].tracee.repeat_call(call.entry)?;
                }
            }
            How::Lock { argument, without } | How::WaitChild { argument, without } => {
                let mut changed = registers;
                *argument_of(&mut changed, argument) = without;
                tracee.set_registers(changed)?;
            }
            How::Pause => {
                self.note_call(task, &call, 0);
                return self.answer(task, 0);
            }
            How::Park => return self.answer(task, -i64::from(libc::EINTR)),
            How::FutexWait => return self.futex_wait(task, call),
            How::FutexWake => return self.futex_wake(task, call),
            How::Exit => {
                self.note_call(task, &call, 0);
                self.open_at_exit(task, &call)?;
                return match self.leaves_threads(task, &call) {
                    true => self.leave(task, &call),
                    false => self.walk(task, Pace::Run),
                };
            }
        }
        call.is_step = true;
        self.tasks[task].inside = Some(call);
        self.walk(task, Pace::ToCallDone)
    }

    /// A call has been carried out. Whether the task stands again, since it has to wait.
    pub(super) fn call_done(&mut self, task: usize) -> Followed<bool> {
        let Some(call) = self.tasks[task].inside.take() else {
            return Ok(false);
        };
        let after = self.tasks[task].tracee.registers()?;
        let result = after.rax as i64;
        if call.is_open {
            self.close(task)?;
        }
        match call.how {
            How::Lock { argument, .. } => {
                let waits = matches!(-result as i32, libc::EAGAIN | libc::EACCES)
                    && call.would_wait(argument);
                if waits {
                    return self.wait_again(task, call, Ready::Release(self.releases));
                }
                self.give_back(task, argument, &call)?;
                if result == 0 {
                    self.lock_taken(task, &call);
                }
            }
            How::WaitChild { argument, .. } => {
                if self.nobody_ended(task, &call, result) {
                    return self.wait_again(task, call, Ready::End(self.ends));
                }
                self.waited_for(task, result);
                self.give_back(task, argument, &call)?;
            }
            _ => {}
        }
        self.space_changed(task, &call, result)?;
        if call.is_step {
            if result >= 0 && call.operation.touches.iter().any(|touch| touch.writes) {
                self.changes += 1;
                self.releases += 1;
                let names = |touch: &crate::operation::Touch| {
                    touch.writes && matches!(touch.object, Object::Names)
                };
                self.names_changed |= call.operation.touches.iter().any(names)
                    || matches!(call.number, libc::SYS_ftruncate | libc::SYS_truncate);
            }
            self.note_call(task, &call, result);
        }
        Ok(false)
    }

    fn give_back(&self, task: usize, argument: usize, call: &Call) -> Followed<()> {
        let tracee = &self.tasks[task].tracee;
        let mut registers = tracee.registers()?;
        *argument_of(&mut registers, argument) = call.arguments[argument];
        tracee.set_registers(registers)?;
        Ok(())
    }

    /// The task stands before the call again, until what it waits for may have come.
    fn wait_again(&mut self, task: usize, call: Call, ready: Ready) -> Followed<bool> {
        self.tasks[task].tracee.repeat_call(call.entry)?;
        self.note_waits(task, &call);
        let mut point = call.point();
        point.ready = ready;
        self.stand(task, point, false);
        Ok(true)
    }

    /// Skips a call, answers in the kernel's place, and lets the task go on.
    pub(super) fn answer(&mut self, task: usize, result: i64) -> Followed<()> {
        let tracee = &self.tasks[task].tracee;
        tracee.leave_call()?;
        let registers = tracee.registers()?;
        tracee.set_registers(user_regs_struct {
            rax: result as u64,
            ..registers
        })?;
        self.walk(task, Pace::Run)
    }

    /// Whether the first thread of a process ends and others go on. Its end is told after theirs.
    fn leaves_threads(&self, task: usize, call: &Call) -> bool {
        let pid = self.tasks[task].tracee.pid.as_raw();
        let goes_on = |other: &super::Task| {
            other.tracee.pid.as_raw() != pid && other.group == pid && other.is_alive()
        };
        call.number == libc::SYS_exit && self.tasks.iter().any(goes_on)
    }

    fn leave(&mut self, task: usize, call: &Call) -> Followed<()> {
        self.tasks[task].tracee.resume(Pace::Run, 0)?;
        let code = call.arguments[0] as i32 & 0xff;
        self.ended(task, Ending::Exited { code })
    }

    /// The kernel walks through the robust locks of one that ends, so its mappings have to be open
    /// then, unless others share them.
    fn open_at_exit(&mut self, task: usize, call: &Call) -> Followed<()> {
        let space = self.tasks[task].space;
        let group = self.tasks[task].group;
        let all = self.tasks.iter().enumerate();
        let others: Vec<&super::Task> = all
            .filter(|(n, other)| *n != task && other.space == space && other.is_alive())
            .map(|(_, other)| other)
            .collect();
        let is_alone = others.is_empty();
        let whole =
            call.number == libc::SYS_exit_group && others.iter().all(|other| other.group == group);
        if (is_alone || whole) && !self.spaces[space].regions.is_empty() {
            self.tasks[task].tracee.leave_call()?;
            self.open(task)?;
            self.tasks[task].tracee.repeat_call(call.entry)?;
        }
        if whole && !is_alone {
            // They are killed by the call, and its end is told when they are gone.
            self.tasks[task].inside = Some(call.clone());
        }
        Ok(())
    }
}

impl Call {
    pub(super) fn point(self) -> Point {
        Point {
            operation: self.operation.clone(),
            ready: Ready::Now,
            registers: self.entry,
            what: What::Call(Box::new(self)),
        }
    }

    /// Whether the call, as the program made it, waits.
    fn would_wait(&self, argument: usize) -> bool {
        let as_asked = self.arguments[argument];
        match self.number {
            libc::SYS_flock => as_asked & libc::LOCK_NB as u64 == 0,
            _ => matches!(as_asked as i32, libc::F_SETLKW | libc::F_OFD_SETLKW),
        }
    }

    pub(super) fn arguments(&self) -> &[u64; 6] {
        &self.arguments
    }
}

/// The register that holds an argument of a call (syscall(2)).
fn argument_of(registers: &mut user_regs_struct, number: usize) -> &mut u64 {
    match number {
        0 => &mut registers.rdi,
        1 => &mut registers.rsi,
        2 => &mut registers.rdx,
        3 => &mut registers.r10,
        4 => &mut registers.r8,
        _ => &mut registers.r9,
    }
}
