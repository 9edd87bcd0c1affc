//! What is written down of a run that is to be shown.

use checker::evidence::exploration::{CodePlace, Deed, Exploration, Step};
use checker::observe::process::Seen;
use checker::observe::{calls, decode, flags};
use libc::{c_int, user_regs_struct};

use super::call::Call;
use super::{Point, What, World};

impl World<'_> {
    /// Writes a step down, if this run is to be shown.
    pub(super) fn note(&mut self, task: usize, deed: Deed, code: Option<CodePlace>) {
        let actor = self.tasks[task].actor;
        if let Some(record) = &mut self.record
            && record.steps.len() < Exploration::STEPS
        {
            record.steps.push(Step {
                task,
                actor,
                deed,
                place: code,
            });
        }
    }

    /// Where a task stands in its program, if this run is to be shown.
    pub(super) fn code(
        &mut self,
        task: usize,
        instruction: &str,
        registers: &user_regs_struct,
    ) -> Option<CodePlace> {
        let record = self.record.as_mut()?;
        let tracee = &self.tasks[task].tracee;
        Some(record.sources.place(tracee, registers, instruction))
    }

    pub(super) fn note_call(&mut self, task: usize, call: &Call, result: i64) {
        if self.record.is_some() {
            let code = self.code(task, "syscall", &call.entry);
            let text = call.text.clone();
            self.note(task, Deed::Call { text, result }, code);
        }
    }

    pub(super) fn note_waits(&mut self, task: usize, call: &Call) {
        if self.record.is_some() {
            let code = self.code(task, "syscall", &call.entry);
            let text = call.text.clone();
            self.note(task, Deed::Waits { text }, code);
        }
    }

    pub(super) fn text(&self, task: usize, call: &Call) -> String {
        let pid = self.tasks[task].tracee.pid;
        let Some(streams) = self.cast[self.tasks[task].actor].streams() else {
            return calls::name(call.number).to_owned();
        };
        let seen = Seen {
            pid: pid.as_raw(),
            folder: self.stage.folder,
            streams,
        };
        let number = call.number as u64;
        let [first, second, third, ..] = *call.arguments();
        if call.number == libc::SYS_fcntl {
            // l_type is the first field of what the third argument points to.
            let kind = self.tasks[task].tracee.read(third, 2);
            let kind = match kind.try_into().map(i16::from_le_bytes).map(c_int::from) {
                Ok(libc::F_RDLCK) => "F_RDLCK",
                Ok(libc::F_WRLCK) => "F_WRLCK",
                Ok(libc::F_UNLCK) => "F_UNLCK",
                _ => "…",
            };
            return format!("fcntl({first}, {}, {kind})", flags::command(second));
        }
        match calls::spec(number).or_else(|| calls::carrier_spec(number)) {
            Some(spec) => {
                let call = decode::call(spec, *call.arguments(), &seen);
                let shown: Vec<String> = call.arguments.into_iter().map(|one| one.shown).collect();
                format!("{}({})", call.name, shown.join(", "))
            }
            None => match call.number {
                libc::SYS_futex => match self.most(task, call) {
                    Some(most) => format!("futex({}, {most} s)", super::futex::shown(second)),
                    None => format!("futex({})", super::futex::shown(second)),
                },
                libc::SYS_close | libc::SYS_exit | libc::SYS_exit_group => {
                    format!("{}({})", calls::name(call.number), first as i32)
                }
                other => match self.most(task, call) {
                    Some(most) => format!("{}({most} s)", calls::name(other)),
                    None => format!("{}(…)", calls::name(other)),
                },
            },
        }
    }

    /// How long a call waits at most, seconds, if it says so by a length of time.
    fn most(&self, task: usize, call: &Call) -> Option<f64> {
        let [first, second, third, fourth, fifth, ..] = *call.arguments();
        // Seconds, and so many parts of one.
        let read = |address: u64, parts: f64| {
            let bytes = self.tasks[task].tracee.read(address, 16);
            let (seconds, part) = bytes.split_at_checked(8)?;
            let number = |bytes: &[u8]| Some(i64::from_le_bytes(bytes.try_into().ok()?) as f64);
            Some(number(seconds)? + number(part)? / parts)
        };
        match call.number {
            libc::SYS_nanosleep => read(first, 1e9),
            libc::SYS_clock_nanosleep if second & libc::TIMER_ABSTIME as u64 == 0 => {
                read(third, 1e9)
            }
            libc::SYS_poll if third as i32 >= 0 => Some(f64::from(third as i32) / 1e3),
            libc::SYS_ppoll => read(third, 1e9),
            libc::SYS_select => read(fifth, 1e6),
            libc::SYS_pselect6 => read(fifth, 1e9),
            libc::SYS_futex if super::futex::waits_for_a_time(second) => read(fourth, 1e9),
            _ => None,
        }
    }

    /// A task waits no longer, since its time has passed.
    pub(super) fn note_late(&mut self, task: usize, point: &Point) {
        if let What::Call(call) = &point.what {
            self.note_call(task, call, -i64::from(libc::ETIMEDOUT));
        }
    }
}
