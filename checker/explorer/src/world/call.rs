//! System calls: which of them others can notice, and how one is let through without waiting.

use checker::evidence::ending::Ending;
use checker::evidence::exploration::Deed;
use checker::evidence::schedule::Points;
use checker::observe::process::Seen;
use checker::observe::{calls, decode, flags};
use libc::{c_int, c_long, user_regs_struct};

use crate::files::Files;
use crate::names;
use crate::operation::{Object, Operation};
use crate::space::Region;
use crate::tracee::{Pace, SYSCALL_LENGTH};
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

    pub(super) fn text(&self, task: usize, call: &Call) -> String {
        let pid = self.tasks[task].tracee.pid;
        let Some(streams) = self.cast[self.tasks[task].actor].streams() else {
            return name(call.number).to_owned();
        };
        let seen = Seen {
            pid: pid.as_raw(),
            folder: self.stage.folder,
            streams,
        };
        let number = call.number as u64;
        let [first, second, third, ..] = call.arguments;
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
                let call = decode::call(spec, call.arguments, &seen);
                let shown: Vec<String> = call.arguments.into_iter().map(|one| one.shown).collect();
                format!("{}({})", call.name, shown.join(", "))
            }
            None => match call.number {
                libc::SYS_close | libc::SYS_exit | libc::SYS_exit_group => {
                    format!("{}({})", name(call.number), first as i32)
                }
                other => format!("{}(…)", name(other)),
            },
        }
    }

    /// The shared mappings that an argument of a call points into.
    fn pointed_into(&self, task: usize, call: &Call) -> Vec<Region> {
        let space = &self.spaces[self.tasks[task].space];
        let is_about_mapping = matches!(
            call.number,
            libc::SYS_mmap
                | libc::SYS_munmap
                | libc::SYS_mprotect
                | libc::SYS_mremap
                | libc::SYS_mincore
                | libc::SYS_munlock
                | libc::SYS_pkey_mprotect
                | libc::SYS_futex
                | libc::SYS_clone
                | libc::SYS_fork
                | libc::SYS_vfork
                | libc::SYS_exit
                | libc::SYS_exit_group
        );
        // Only advice that has pages read or written touches them.
        let is_mere_advice = call.number == libc::SYS_madvise
            && !matches!(
                call.arguments[2] as i32,
                libc::MADV_POPULATE_READ | libc::MADV_POPULATE_WRITE
            );
        if space.regions.is_empty() || is_about_mapping || is_mere_advice {
            return Vec::new();
        }
        let vectors = match call.number {
            libc::SYS_readv
            | libc::SYS_writev
            | libc::SYS_preadv
            | libc::SYS_pwritev
            | libc::SYS_preadv2
            | libc::SYS_pwritev2 => {
                let tracee = &self.tasks[task].tracee;
                let length = 16 * call.arguments[2].min(1024) as usize;
                let words = tracee.read(call.arguments[1], length);
                let first = words
                    .chunks_exact(16)
                    .filter_map(|pair| pair[..8].try_into().ok());
                first.map(u64::from_le_bytes).collect()
            }
            _ => Vec::new(),
        };
        // What is left in the other registers means nothing.
        let count = argument_count(call.number);
        let pointers = || call.arguments[..count].iter().chain(&vectors);
        let regions = space.regions.iter();
        regions
            .filter(|region| pointers().any(|&at| region.start <= at && at < region.end))
            .cloned()
            .collect()
    }

    /// Whether the task's mappings may be others after the call.
    fn changes_space(&self, task: usize, call: &Call) -> bool {
        let space = &self.spaces[self.tasks[task].space];
        let [first, second, ..] = call.arguments;
        match call.number {
            libc::SYS_mmap => true,
            libc::SYS_munmap | libc::SYS_mprotect | libc::SYS_pkey_mprotect | libc::SYS_mremap => {
                space.meets(first, second.max(1))
            }
            _ => false,
        }
    }

    fn space_changed(&mut self, task: usize, call: &Call, result: i64) -> Followed<()> {
        let [first, second, third, fourth, fifth, sixth] = call.arguments;
        let page = checker::observe::page_size();
        let whole = |length: u64| length.div_ceil(page) * page;
        let space = self.tasks[task].space;
        match call.number {
            libc::SYS_mmap if !(-4095..0).contains(&result) => {
                let start = result as u64;
                let length = whole(second);
                self.spaces[space].forget(start, length);
                self.spaces[space]
                    .gate
                    .get_or_insert(call.entry.rip - SYSCALL_LENGTH);
                let writes = third as i32 & libc::PROT_WRITE != 0;
                let Some((file, is_shared)) =
                    self.mapped(task, fourth as i32, fifth as i32, writes)?
                else {
                    return Ok(());
                };
                let region = Region {
                    start,
                    end: start + length,
                    protection: third as i32 & PERMISSIONS,
                    file,
                    offset: sixth,
                    is_shared,
                };
                self.spaces[space].regions.push(region.clone());
                let here = self.tasks[task].tracee.registers()?;
                self.close_from(task, &[region], &here)?;
            }
            libc::SYS_munmap if result == 0 => self.spaces[space].forget(first, whole(second)),
            libc::SYS_mprotect | libc::SYS_pkey_mprotect => {
                if result == 0 {
                    let protection = third as i32 & PERMISSIONS;
                    self.spaces[space].set_protection(first, whole(second), protection);
                }
                // One that fails may have opened a part all the same.
                self.close(task)?;
            }
            libc::SYS_mremap => {
                if !(-4095..0).contains(&result) {
                    self.spaces[space].moved(first, whole(second), result as u64, whole(third));
                }
                self.close(task)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// The file of a new mapping, and whether stores reach it, if others may have it too.
    fn mapped(
        &mut self,
        task: usize,
        flags: i32,
        descriptor: i32,
        writes: bool,
    ) -> Followed<Option<(usize, bool)>> {
        let is_shared = flags & libc::MAP_TYPE != libc::MAP_PRIVATE;
        if flags & libc::MAP_ANONYMOUS != 0 {
            return Ok(is_shared.then(|| (self.files.nameless(), true)));
        }
        let pid = self.tasks[task].tracee.pid;
        let file = self.files.behind(pid, descriptor)?;
        if file.is_none() && is_shared && writes && Files::is_foreign(pid, descriptor) {
            return Err(Trouble::Unfit(
                "the program shares a file outside its folder, which outlives a run".to_owned(),
            ));
        }
        Ok(file.map(|file| (file, is_shared)))
    }
}

/// The bits of an mprotect(2) that mean something; mmap(2) takes others too.
const PERMISSIONS: i32 = libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC;

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

/// How many arguments a call has at most.
fn argument_count(number: c_long) -> usize {
    let watched = calls::spec(number as u64).or_else(|| calls::carrier_spec(number as u64));
    if let Some(spec) = watched {
        return spec.arguments.len();
    }
    match number {
        libc::SYS_uname | libc::SYS_pipe | libc::SYS_sysinfo | libc::SYS_times => 1,
        libc::SYS_stat
        | libc::SYS_lstat
        | libc::SYS_fstat
        | libc::SYS_access
        | libc::SYS_getcwd
        | libc::SYS_getrusage
        | libc::SYS_clock_gettime
        | libc::SYS_gettimeofday
        | libc::SYS_nanosleep => 2,
        libc::SYS_getrandom | libc::SYS_getdents64 | libc::SYS_readlink | libc::SYS_ioctl => 3,
        libc::SYS_newfstatat | libc::SYS_wait4 | libc::SYS_clock_nanosleep => 4,
        _ => 6,
    }
}

/// Names of calls that only the explorer has to do with.
fn name(number: c_long) -> &'static str {
    match number {
        libc::SYS_futex => "futex",
        libc::SYS_sched_yield => "sched_yield",
        libc::SYS_nanosleep => "nanosleep",
        libc::SYS_clock_nanosleep => "clock_nanosleep",
        libc::SYS_poll | libc::SYS_ppoll => "poll",
        libc::SYS_select | libc::SYS_pselect6 => "select",
        libc::SYS_wait4 => "wait4",
        libc::SYS_waitid => "waitid",
        libc::SYS_exit => "exit",
        libc::SYS_exit_group => "exit_group",
        libc::SYS_close => "close",
        libc::SYS_close_range => "close_range",
        libc::SYS_fstat => "fstat",
        libc::SYS_newfstatat | libc::SYS_stat | libc::SYS_statx => "stat",
        _ => "a system call",
    }
}
