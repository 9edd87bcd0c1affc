//! The rules of a scenario: which point is reached, and what is done there.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::time::Instant;

use libc::pid_t;

use crate::evidence::ending::Ending;
use crate::evidence::trace::{
    Call, FALLOC_FL_KEEP_SIZE, FileRef, Mmap, Open, PROT_WRITE, Stream, What,
};
use crate::evidence::{Moment, errno};
use crate::observe::child::Child;
use crate::observe::{arch, page_size, space, stage};
use crate::scenario::{Action, Effect, Happening, Kin, Point, Side};

use super::Run;
use super::tasks::Hold;

/// Calls that change a file or a name whenever they succeed.
const CHANGING: &[&str] = &[
    "write",
    "pwrite64",
    "writev",
    "pwritev",
    "pwritev2",
    "ftruncate",
    "truncate",
    "fallocate",
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "unlink",
    "unlinkat",
    "chmod",
    "fchmod",
    "fchmodat",
    "copy_file_range",
    "sendfile",
    "splice",
    "ioctl",
];

/// The name of the moment when everything has ended.
const AFTER: &str = "after";

impl Run<'_> {
    /// A task stands at the entry or the exit of a call; at the entry of a write these lines are
    /// about to be completed.
    pub(super) fn reach_call(
        &mut self,
        tid: pid_t,
        index: usize,
        side: Side,
        lines: &[Vec<u8>],
    ) -> io::Result<()> {
        let mut due = Vec::new();
        if let What::Call(call) = &self.trace[index].what {
            let actor = &self.scenario.actors[self.trace[index].actor].name;
            for (n, rule) in self.scenario.rules.iter().enumerate() {
                let is_reached = match &rule.at {
                    Point::Call {
                        actor: who,
                        names,
                        file,
                        effect,
                        side: at,
                    } => {
                        who == actor
                            && *at == side
                            && (names.is_empty() || names.contains(&call.name))
                            && file.as_ref().is_none_or(|file| self.is_about(call, file))
                            && has_effect(call, *effect)
                    }
                    Point::Line { actor: who, prefix } => {
                        who == actor && lines.iter().any(|line| line.starts_with(prefix.as_bytes()))
                    }
                    Point::Input { actor: who } => {
                        who == actor && side == Side::Entry && self.waits_for_input(index)
                    }
                    Point::End { .. } | Point::Begin { .. } => false,
                };
                if is_reached {
                    due.push(n);
                }
            }
        }
        self.act(tid, &due, Some(index))
    }

    /// Whether the call reads a standard input in which there is nothing yet.
    fn waits_for_input(&self, index: usize) -> bool {
        let What::Call(call) = &self.trace[index].what else {
            return false;
        };
        let is_input = |file: &FileRef| file.stream == Some(Stream::Stdin);
        let actor = &self.actors[self.trace[index].actor];
        let child = actor.child.as_ref();
        call.is(&["read", "readv"])
            && call.file.as_ref().is_some_and(is_input)
            && child.is_some_and(Child::input_is_empty)
    }

    /// The last thread of the first process of an actor is about to end, its memory still there.
    pub(super) fn reach_end(&mut self, tid: pid_t) -> io::Result<()> {
        let actor = self.actor_of(tid);
        let is_due = |at: &Point| matches!(at, Point::End { actor: who } if Some(who) == actor);
        let due = self.due(is_due);
        self.act(tid, &due, None)
    }

    /// A process with memory of its own stands at its beginning.
    pub(super) fn reach_begin(&mut self, tid: pid_t) -> io::Result<()> {
        let actor = self.actor_of(tid);
        let is_due = |at: &Point| match at {
            Point::Begin { actor: who, behind } => Some(who) == actor && self.was_reached(behind),
            _ => false,
        };
        let due = self.due(is_due);
        self.act(tid, &due, None)
    }

    fn actor_of(&self, tid: pid_t) -> Option<&String> {
        let task = self.tasks.get(&tid);
        task.map(|task| &self.scenario.actors[task.actor].name)
    }

    /// The rules whose point is such a one.
    fn due(&self, is_due: impl Fn(&Point) -> bool) -> Vec<usize> {
        let rules = self.scenario.rules.iter().enumerate();
        let due = rules.filter(|(_, rule)| is_due(&rule.at));
        due.map(|(n, _)| n).collect()
    }

    fn was_reached(&self, rule: &str) -> bool {
        let mut rules = self.scenario.rules.iter().zip(&self.reached);
        rules.any(|(other, &times)| other.name == rule && times > 0)
    }

    /// Carries out the rules whose time it is, and lets the task go on unless one holds it.
    fn act(&mut self, tid: pid_t, due: &[usize], call: Option<usize>) -> io::Result<()> {
        let scenario = self.scenario;
        for &n in due {
            let rule = &scenario.rules[n];
            self.reached[n] += 1;
            if rule.time.is_none_or(|time| time == self.reached[n]) {
                for action in &rule.then {
                    self.take_action(tid, &rule.name, action, call)?;
                }
            }
        }
        let is_held = self.tasks.get(&tid).is_some_and(|task| task.hold.is_some());
        if is_held { Ok(()) } else { self.go_on(tid) }
    }

    fn take_action(
        &mut self,
        tid: pid_t,
        rule: &str,
        action: &Action,
        call: Option<usize>,
    ) -> io::Result<()> {
        let Some(task) = self.tasks.get(&tid) else {
            return Ok(());
        };
        let (actor, mut process) = (task.actor, task.process);
        let did = match action {
            Action::Look | Action::LookInside => {
                self.look(rule, actor, *action == Action::LookInside)?;
                "looked".to_owned()
            }
            Action::HoldUntil(until) => {
                self.hold(tid, rule, until);
                format!("held it until {}", words(until))
            }
            Action::Kill => {
                self.end_actor(
                    actor,
                    Ending::Stopped {
                        rule: rule.to_owned(),
                    },
                );
                "killed it".to_owned()
            }
            Action::Finish => {
                self.end_all(|_| Ending::Stopped {
                    rule: rule.to_owned(),
                });
                "ended the run".to_owned()
            }
            Action::Fail(name) => {
                let number = errno::number(name).unwrap_or(libc::EIO);
                self.answer(tid, -i64::from(number), name, call)?
            }
            Action::PretendRoom => {
                self.give_length(tid, call)?;
                self.answer(tid, 0, "that it was done", call)?
            }
            Action::Truncate { file, length } => {
                let done = stage::truncate(&self.folder.join(file), *length);
                done_or(
                    done,
                    format!("another process cut `{file}` to {length} bytes"),
                )
            }
            Action::Write {
                file,
                offset,
                bytes,
            } => {
                let done = self.write(file, *offset, &bytes.0);
                done_or(
                    done,
                    format!("another process wrote \"{bytes}\" at {offset} of `{file}`"),
                )
            }
            Action::StoreInside { file, page, of } => {
                let whose = self.kin(tid, *of);
                process = whose.map_or(process, |(_, kin)| kin);
                let done = whose
                    .ok_or_else(|| io::Error::other("nobody started it"))
                    .and_then(|(eye, _)| self.store_inside(eye, file, *page));
                done_or(
                    done,
                    format!("a debugger stored into page {page} of `{file}`"),
                )
            }
            Action::Start(name) => {
                let who = self.named(name);
                if let Some(n) = who.filter(|&n| self.actors[n].is_waiting()) {
                    self.start(n)?;
                }
                format!("started `{name}`")
            }
            Action::Feed(name, bytes) => {
                let stdin = self
                    .named(name)
                    .and_then(|n| self.actors[n].child.as_mut()?.stdin.as_mut());
                let done = stdin.map_or(Ok(()), |stdin| stdin.write_all(&bytes.0));
                done_or(done, format!("gave \"{bytes}\" to `{name}`"))
            }
            Action::CloseInput(name) => {
                if let Some(n) = self.named(name)
                    && let Some(child) = &mut self.actors[n].child
                {
                    child.stdin = None;
                }
                format!("closed the input of `{name}`")
            }
        };
        self.record(
            actor,
            process,
            What::Rule {
                rule: rule.to_owned(),
                did,
            },
        );
        Ok(())
    }

    fn named(&self, name: &str) -> Option<usize> {
        self.scenario
            .actors
            .iter()
            .position(|actor| actor.name == name)
    }

    fn hold(&mut self, tid: pid_t, rule: &str, until: &[Happening]) {
        if let Some(task) = self.tasks.get_mut(&tid) {
            let in_call = task.in_call.is_some();
            task.hold = Some(Hold {
                until: until.to_vec(),
                since: Instant::now(),
                request: if in_call {
                    libc::PTRACE_SYSCALL
                } else {
                    libc::PTRACE_CONT
                },
                rule: rule.to_owned(),
            });
        }
    }

    /// Has the call answered with this instead of being carried out.
    fn answer(
        &mut self,
        tid: pid_t,
        result: i64,
        words: &str,
        call: Option<usize>,
    ) -> io::Result<String> {
        if !arch::CAN_ANSWER {
            let reason = "calls cannot be answered in the kernel's place on this processor yet";
            self.unavailable = Some(reason.to_owned());
            return Ok(format!("could not answer {words}"));
        }
        arch::answer(tid, result)?;
        if let Some(What::Call(call)) = call.map(|index| &mut self.trace[index].what) {
            call.injected = true;
        }
        Ok(format!("answered {words}"))
    }

    /// Gives the file of a call the length that fallocate(2) would give it.
    fn give_length(&self, tid: pid_t, call: Option<usize>) -> io::Result<()> {
        let Some(What::Call(call)) = call.map(|index| &self.trace[index].what) else {
            return Ok(());
        };
        let length = call.raw(2).saturating_add(call.raw(3));
        if !has_effect(call, Effect::Sizing) {
            return Ok(());
        }
        // The program's own descriptor: the file may have no name yet. One that may not write is
        // answered all the same.
        let path = format!("/proc/{tid}/fd/{}", call.raw(0) as i32);
        match OpenOptions::new().write(true).open(path) {
            Ok(file) if file.metadata()?.len() < length => file.set_len(length),
            _ => Ok(()),
        }
    }

    /// Another process changes bytes of a file.
    fn write(&self, name: &str, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let writer = self.writers.iter().find(|one| one.file() == name);
        let stored = writer.is_some_and(|one| one.store(offset, bytes).is_ok());
        match stored {
            true => Ok(()),
            false => stage::write(&self.folder.join(name), offset, bytes),
        }
    }

    /// A task of the process that is meant, and the number of that process.
    fn kin(&self, tid: pid_t, of: Kin) -> Option<(pid_t, usize)> {
        let task = self.tasks.get(&tid)?;
        if of == Kin::Itself {
            return Some((tid, task.process));
        }
        let parent = self.trace.iter().find_map(|event| match event.what {
            What::Started { process, .. }
                if (event.actor, process) == (task.actor, task.process) =>
            {
                Some(event.process)
            }
            _ => None,
        })?;
        let leader = self.actors[task.actor].processes.get(parent)?;
        let eyes = self.eyes(*leader);
        eyes.first().map(|&eye| (eye, parent))
    }

    /// Stores into a process's own mapping of a page of a file what is there already.
    fn store_inside(&self, tid: pid_t, name: &str, page: u64) -> io::Result<()> {
        let known = self.inodes.iter().find(|(file, ..)| file == name);
        let inode = known.map(|(_, _, inode)| *inode);
        let inode = inode.ok_or(io::ErrorKind::NotFound)?;
        space::store(tid, inode, page * page_size())
    }

    /// Looks at the files, the witnesses and, if asked for, the address spaces of all processes.
    fn look(&mut self, rule: &str, actor: usize, inside: bool) -> io::Result<()> {
        let mut files: Vec<_> = self
            .files(actor)?
            .into_iter()
            .map(|(name, state)| (name, Some(state)))
            .collect();
        for file in &self.scenario.files {
            if files.iter().all(|(name, _)| *name != file.name) {
                files.push((file.name.clone(), None));
            }
        }
        let mut spaces = Vec::new();
        let ours = space::Ours {
            folder: &self.folder,
            inodes: self.inodes.iter().map(|&(_, _, inode)| inode).collect(),
        };
        for (n, run) in self.actors.iter().enumerate() {
            if !inside || !run.is_running() {
                continue;
            }
            for (process, &pid) in run.processes.iter().enumerate() {
                // A process on its way out has no address space any more.
                let look = |eye| space::look(eye, (n, process), &ours).ok().flatten();
                spaces.extend(self.eyes(pid).into_iter().find_map(look));
            }
        }
        self.moments.push(Moment {
            rule: rule.to_owned(),
            at: self.trace.len(),
            actor,
            files,
            spaces,
            views: self
                .witnesses
                .iter()
                .map(|witness| witness.look())
                .collect(),
        });
        Ok(())
    }

    /// What is left in the files and for the witness when nothing runs any more: what was done
    /// after the last look is seen here.
    pub(super) fn look_once_more(&mut self) -> io::Result<()> {
        if self.untraced.is_some() || self.witnesses.is_empty() {
            return Ok(());
        }
        self.tasks.clear();
        self.look(AFTER, 0, false)
    }

    /// The tasks through which a process can be looked into: one that stays, or all that are on
    /// their way out. The address space of a thread that has left is gone, though others work on in
    /// it; and a process that has ended may have left its number to another.
    fn eyes(&self, leader: pid_t) -> Vec<pid_t> {
        let own = || self.tasks.iter().filter(|(_, task)| task.leader == leader);
        match own().find(|(_, task)| !task.leaving) {
            Some((&tid, _)) => vec![tid],
            None => own().map(|(&tid, _)| tid).collect(),
        }
    }

    /// Whether a call is about a file of the scenario: by its path, or by its inode.
    fn is_about(&self, call: &Call, name: &str) -> bool {
        let known = self.inodes.iter().find(|(file, ..)| file == name);
        let is_it = |file: &FileRef| {
            file.path == name
                || known.is_some_and(|(_, device, inode)| {
                    (*device, *inode) == (file.device, file.inode)
                })
        };
        call.file.as_ref().is_some_and(is_it) || call.other.as_ref().is_some_and(is_it)
    }
}

fn has_effect(call: &Call, effect: Effect) -> bool {
    match effect {
        Effect::Any => true,
        Effect::Writing => could_change(call),
        Effect::Sizing => match call.name.as_str() {
            "ftruncate" | "truncate" => call.raw(1) != 0,
            "fallocate" => call.raw(1) & FALLOC_FL_KEEP_SIZE == 0,
            _ => false,
        },
        Effect::Rewriting => {
            Open::of(call).is_some_and(|open| open.for_writing() && !open.appends())
        }
        Effect::KeepingAccessTime => Open::of(call).is_some_and(|open| open.keeps_access_time()),
    }
}

/// Whether a call could change a file, now or by later stores.
fn could_change(call: &Call) -> bool {
    if let Some(open) = Open::of(call) {
        return open.for_writing();
    }
    if let Some(mmap) = Mmap::of(call) {
        return mmap.is_shared() && mmap.is_writable();
    }
    call.is(CHANGING) || (call.is(&["mprotect", "pkey_mprotect"]) && call.raw(2) & PROT_WRITE != 0)
}

fn done_or(done: io::Result<()>, what: String) -> String {
    match done {
        Ok(()) => what,
        Err(error) => format!("{what}: failed, {error}"),
    }
}

fn words(until: &[Happening]) -> String {
    let each = until.iter().map(|happening| match happening {
        Happening::Ended(name) => format!("`{name}` has ended"),
        Happening::Blocked(name) => format!("`{name}` is blocked"),
        Happening::Elapsed(ms) => format!("{ms} ms have passed"),
        Happening::EndedQuickly { actors, .. } => {
            format!("{} actors have ended quickly", actors.len())
        }
    });
    each.collect::<Vec<_>>().join(" or ")
}
