//! Words that processes wait for (futex(2)).
//!
//! A process that really waited would have to be watched until it sleeps. So the explorer keeps the
//! list of those who wait itself: it compares the word, as the kernel does, and answers the calls.

use crate::operation::{Object, Operation};
use crate::trouble::{Followed, Trouble};

use super::call::{Call, How};
use super::{At, Point, Ready, What, World};

/// What identifies a word: its place in a file if it is shared, else its place in one memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Shared(usize, u64),
    Own(usize, u64),
}

/// `FUTEX_BITSET_MATCH_ANY`.
const ANY: u32 = u32::MAX;

impl World<'_> {
    /// Says what a futex call touches.
    pub(super) fn classify_futex(&mut self, task: usize, call: &mut Call) -> Followed<()> {
        let [_, operation, ..] = *call.arguments();
        call.how = match command(operation) {
            libc::FUTEX_WAIT | libc::FUTEX_WAIT_BITSET => How::FutexWait,
            libc::FUTEX_WAKE | libc::FUTEX_WAKE_BITSET => How::FutexWake,
            other => {
                return Err(Trouble::Unfit(format!(
                    "the program uses operation {other} of futex(2), which the explorer does not \
                     follow"
                )));
            }
        };
        let (object, offset) = match self.word(task, call) {
            Word::Shared(file, offset) => {
                let waits = call.how == How::FutexWait;
                call.operation = if waits {
                    Operation::on(Object::File(file), offset, offset + 4, false)
                } else {
                    Operation::default()
                };
                (Object::Waiters(file), offset)
            }
            Word::Own(space, address) => (Object::OwnWaiters(space), address),
        };
        let own = std::mem::take(&mut call.operation);
        call.operation = own.and(object, offset, offset + 4, true);
        call.is_step = true;
        Ok(())
    }

    fn word(&self, task: usize, call: &Call) -> Word {
        let [address, operation, ..] = *call.arguments();
        let space = self.tasks[task].space;
        let region = self.spaces[space].region(address);
        let is_private = operation as i32 & libc::FUTEX_PRIVATE_FLAG != 0;
        match region.filter(|region| region.is_shared && !is_private) {
            Some(region) => Word::Shared(region.file, region.offset + (address - region.start)),
            None => Word::Own(space, address),
        }
    }

    fn value(&self, task: usize, call: &Call) -> Option<u32> {
        let bytes = self.tasks[task].tracee.read(call.arguments()[0], 4);
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    }

    /// A task begins to wait, unless the word is another already.
    pub(super) fn futex_wait(&mut self, task: usize, call: Call) -> Followed<()> {
        let expected = call.arguments()[2] as u32;
        let refused = match self.value(task, &call) {
            None => libc::EFAULT,
            Some(_) if !call.arguments()[0].is_multiple_of(4) => libc::EINVAL,
            Some(value) if value != expected => libc::EAGAIN,
            Some(_) => 0,
        };
        if refused != 0 {
            let result = -i64::from(refused);
            self.note_call(task, &call, result);
            return self.answer(task, result);
        }
        self.note_waits(task, &call);
        self.sleeps += 1;
        let here = self.here(task, &call.entry);
        let is_new = self.tasks[task].slept.insert(here, self.changes) != Some(self.changes);
        let ready = Ready::Woken(self.sleeps, is_new && call.arguments()[3] != 0);
        let mut point = call.point();
        point.ready = ready;
        self.tasks[task].at = At::Point(point);
        Ok(())
    }

    /// A task wakes those who have waited longest.
    pub(super) fn futex_wake(&mut self, task: usize, call: Call) -> Followed<()> {
        let [_, operation, most, ..] = *call.arguments();
        let word = self.word(task, &call);
        let bits = match command(operation) {
            libc::FUTEX_WAKE_BITSET => call.arguments()[5] as u32,
            _ => ANY,
        };
        let mut sleepers: Vec<(u64, usize)> = (0..self.tasks.len())
            .filter_map(|other| {
                let (since, asleep) = self.sleeper(other)?;
                let own_bits = match command(asleep.arguments()[1]) {
                    libc::FUTEX_WAIT_BITSET => asleep.arguments()[5] as u32,
                    _ => ANY,
                };
                (self.word(other, asleep) == word && own_bits & bits != 0).then_some((since, other))
            })
            .collect();
        sleepers.sort_unstable();
        sleepers.truncate((most as i32).max(1) as usize);
        let woken = sleepers.len() as i64;
        self.note_call(task, &call, woken);
        for (_, sleeper) in sleepers {
            self.wake(sleeper, 0)?;
        }
        self.answer(task, woken)
    }

    fn sleeper(&self, task: usize) -> Option<(u64, &Call)> {
        match &self.tasks[task].at {
            At::Point(Point {
                ready: Ready::Woken(since, _),
                what: What::Call(call),
                ..
            }) => Some((*since, call)),
            _ => None,
        }
    }

    fn wake(&mut self, task: usize, result: i64) -> Followed<()> {
        self.tasks[task].at = At::Moving;
        self.answer(task, result)
    }

    /// Remembers the words for which processes wait.
    pub(super) fn look_at_words(&mut self) {
        let words = (0..self.tasks.len()).filter_map(|task| {
            let (_, call) = self.sleeper(task)?;
            Some((task, self.value(task, call)))
        });
        self.words = words.collect();
    }

    /// The end of a thread or of the holder of a robust lock changes a word and wakes who waits for
    /// it (set_tid_address(2), get_robust_list(2)). A word that was another before that end wakes
    /// nobody: who changed it should have.
    pub(super) fn wake_changed(&mut self) -> Followed<()> {
        for (task, before) in std::mem::take(&mut self.words) {
            let now = self.sleeper(task).map(|(_, call)| self.value(task, call));
            match now {
                Some(now) if now != before => self.wake(task, 0)?,
                Some(_) => self.words.push((task, before)),
                None => {}
            }
        }
        Ok(())
    }

    /// The first who waits only for a while.
    pub(super) fn first_with_timeout(&self) -> Option<usize> {
        (0..self.tasks.len()).find(|&task| {
            self.sleeper(task)
                .is_some_and(|(_, call)| call.arguments()[3] != 0)
        })
    }

    /// Its time has passed.
    pub(super) fn time_out(&mut self, task: usize) -> Followed<()> {
        self.wake(task, -i64::from(libc::ETIMEDOUT))?;
        self.settle()
    }
}

/// The operation without its flags.
fn command(operation: u64) -> i32 {
    operation as i32 & !(libc::FUTEX_PRIVATE_FLAG | libc::FUTEX_CLOCK_REALTIME)
}

/// Whether a time that is given with an operation is a length, and not a moment.
pub(super) fn waits_for_a_time(operation: u64) -> bool {
    command(operation) == libc::FUTEX_WAIT
}

/// An operation by its name (futex(2)).
pub(super) fn shown(operation: u64) -> String {
    let name = match command(operation) {
        libc::FUTEX_WAIT => "FUTEX_WAIT",
        libc::FUTEX_WAKE => "FUTEX_WAKE",
        libc::FUTEX_WAIT_BITSET => "FUTEX_WAIT_BITSET",
        libc::FUTEX_WAKE_BITSET => "FUTEX_WAKE_BITSET",
        other => return other.to_string(),
    };
    let is_private = operation as i32 & libc::FUTEX_PRIVATE_FLAG != 0;
    format!("{name}{}", if is_private { "_PRIVATE" } else { "" })
}
