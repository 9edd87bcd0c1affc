//! Which calls others can notice, and what of them.

use libc::c_long;

use checker::evidence::schedule::Points;

use crate::files::Files;
use crate::names::{self, Named};
use crate::operation::{Object, Operation};
use crate::trouble::Followed;

use super::call::{Call, How};
use super::{Hold, World};

impl World<'_> {
    /// Says how a call is let through, what it touches, and whether it is a step.
    pub(super) fn classify(&mut self, task: usize, call: &mut Call) -> Followed<()> {
        let [first, second, third, fourth, ..] = *call.arguments();
        match call.number {
            libc::SYS_flock => {
                let how = How::Lock {
                    argument: 1,
                    without: second | libc::LOCK_NB as u64,
                };
                self.locks(task, call, first, how)?;
            }
            libc::SYS_fcntl => {
                let without = match second as i32 {
                    libc::F_SETLKW | libc::F_SETLK => libc::F_SETLK,
                    libc::F_OFD_SETLKW | libc::F_OFD_SETLK => libc::F_OFD_SETLK,
                    libc::F_GETLK | libc::F_OFD_GETLK => second as i32,
                    _ => return Ok(()),
                };
                let how = How::Lock {
                    argument: 1,
                    without: without as u64,
                };
                self.locks(task, call, first, how)?;
            }
            libc::SYS_futex => self.classify_futex(task, call)?,
            libc::SYS_sched_yield | libc::SYS_nanosleep | libc::SYS_clock_nanosleep => pause(call),
            libc::SYS_poll | libc::SYS_ppoll if second == 0 => pause(call),
            libc::SYS_select | libc::SYS_pselect6 if first == 0 => pause(call),
            libc::SYS_pause | libc::SYS_rt_sigsuspend => {
                call.how = How::Park;
                call.is_step = true;
            }
            libc::SYS_wait4 => self.waits_for_child(task, call, 2, third),
            libc::SYS_waitid => self.waits_for_child(task, call, 3, fourth),
            libc::SYS_exit | libc::SYS_exit_group => {
                call.how = How::Exit;
                for hold in self.tasks[task].holds.clone() {
                    touch_all(call, Object::Locks(hold.file), true);
                }
                if self.meets_elsewhere {
                    touch_all(call, Object::Elsewhere, true);
                }
            }
            libc::SYS_close | libc::SYS_dup2 | libc::SYS_dup3 | libc::SYS_close_range => {
                // The end of a descriptor is the end of locks (fcntl(2), flock(2)).
                for Hold { file, .. } in self.tasks[task].holds.clone() {
                    let closed = if call.number == libc::SYS_close {
                        first
                    } else {
                        second
                    };
                    let is_about = call.number == libc::SYS_close_range
                        || self.behind(task, closed)? == Some(file);
                    if is_about {
                        touch_all(call, Object::Locks(file), true);
                    }
                }
                if self.meets_elsewhere {
                    touch_all(call, Object::Elsewhere, true);
                }
            }
            number if let Some((writes, is_range)) = moves_bytes(number) => {
                let Some(file) = self.behind(task, first)? else {
                    if Files::is_channel(self.tasks[task].tracee.pid, first as i32) {
                        touch_all(call, Object::Elsewhere, true);
                    }
                    return Ok(());
                };
                let length = third;
                let (from, to) = match is_range {
                    true => (fourth, fourth.saturating_add(length)),
                    false => (0, u64::MAX),
                };
                call.operation = Operation::on(Object::File(file), from, to, writes);
                call.is_step = true;
            }
            libc::SYS_ftruncate | libc::SYS_fallocate => {
                if let Some(file) = self.behind(task, first)? {
                    touch_all(call, Object::File(file), true);
                }
            }
            libc::SYS_sendfile | libc::SYS_copy_file_range | libc::SYS_splice => {
                let (source, target) = match call.number {
                    libc::SYS_sendfile => (second, first),
                    _ => (first, third),
                };
                for (descriptor, writes) in [(source, false), (target, true)] {
                    if let Some(file) = self.behind(task, descriptor)? {
                        touch_all(call, Object::File(file), writes);
                    }
                }
            }
            libc::SYS_fstat if self.points == Points::Names => {
                if let Some(file) = self.behind(task, first)? {
                    touch_all(call, Object::File(file), false);
                }
            }
            number if is_elsewhere(number) => {
                self.meets_elsewhere = true;
                touch_all(call, Object::Elsewhere, true);
            }
            number => {
                let named = names::named(number, *call.arguments());
                let counts = |named: &Named| named.changes || self.points == Points::Names;
                let tracee = &self.tasks[task].tracee;
                if let Some(named) = named.filter(counts)
                    && names::is_inside(&self.files, tracee, named)
                {
                    touch_all(call, Object::Names, named.changes);
                }
            }
        }
        Ok(())
    }

    fn locks(&mut self, task: usize, call: &mut Call, descriptor: u64, how: How) -> Followed<()> {
        call.how = how;
        if let Some(file) = self.behind(task, descriptor)? {
            touch_all(call, Object::Locks(file), true);
        } else {
            call.how = How::Plain;
        }
        Ok(())
    }

    pub(super) fn behind(&mut self, task: usize, descriptor: u64) -> Followed<Option<usize>> {
        let pid = self.tasks[task].tracee.pid;
        self.files.behind(pid, descriptor as i32)
    }

    fn waits_for_child(&self, task: usize, call: &mut Call, argument: usize, options: u64) {
        call.how = How::WaitChild {
            argument,
            without: options | libc::WNOHANG as u64,
        };
        for &child in &self.tasks[task].children {
            let own = child as u64;
            let operation = std::mem::take(&mut call.operation);
            call.operation = operation.and(Object::Ends, own, own + 1, false);
        }
        call.is_step = true;
    }

    /// A lock was taken, given up or exchanged.
    pub(super) fn lock_taken(&mut self, task: usize, call: &Call) {
        let [_, operation, lock, ..] = *call.arguments();
        let (is_free, from, to) = if call.number == libc::SYS_flock {
            (operation & libc::LOCK_UN as u64 != 0, 0, u64::MAX)
        } else if matches!(operation as i32, libc::F_GETLK | libc::F_OFD_GETLK) {
            return;
        } else {
            self.record_lock(task, lock)
        };
        for touch in &call.operation.touches {
            let Object::Locks(file) = touch.object else {
                continue;
            };
            let new = Hold {
                file,
                kind: call.number,
                from,
                to,
            };
            let holds = &mut self.tasks[task].holds;
            if is_free {
                holds.retain(|old| {
                    (old.file, old.kind) != (file, new.kind) || old.from < from || to < old.to
                });
            } else if !holds.contains(&new) {
                holds.push(new);
            }
        }
    }

    /// Whether a `struct flock` unlocks, and which range; one that does not start at the beginning
    /// of the file is taken for all of it when it locks, and for nothing when it unlocks.
    fn record_lock(&self, task: usize, address: u64) -> (bool, u64, u64) {
        let bytes = self.tasks[task]
            .tracee
            .read(address, size_of::<libc::flock>());
        let short = |at: usize| i16::from_le_bytes([bytes[at], bytes[at + 1]]);
        let long = |at: usize| bytes[at..at + 8].try_into().map_or(0, i64::from_le_bytes);
        if bytes.len() < size_of::<libc::flock>() {
            return (false, 0, u64::MAX);
        }
        // l_type, l_whence, and behind the padding l_start and l_len.
        let is_free = short(0) == libc::F_UNLCK as i16;
        let is_plain = short(2) == libc::SEEK_SET as i16 && long(8) >= 0 && long(16) >= 0;
        match (is_plain, long(16)) {
            (true, 0) => (is_free, long(8) as u64, u64::MAX),
            (true, length) => (is_free, long(8) as u64, (long(8) + length) as u64),
            (false, _) if is_free => (true, 0, 0),
            (false, _) => (false, 0, u64::MAX),
        }
    }

    /// A process has waited for one that it made; waitid(2) does not say which by its answer.
    pub(super) fn waited_for(&mut self, task: usize, result: i64) {
        let children = std::mem::take(&mut self.tasks[task].children);
        let is_gone = |child: usize| {
            let has_ended = matches!(self.tasks[child].at, super::At::Ended(_));
            has_ended && (result == 0 || i64::from(self.tasks[child].tracee.pid.as_raw()) == result)
        };
        let left = children.into_iter().filter(|&child| !is_gone(child));
        self.tasks[task].children = left.collect();
    }

    /// Whether a call, as the program made it, waits for a process to end.
    pub(super) fn would_wait_for_child(call: &Call) -> bool {
        let options = match call.number {
            libc::SYS_wait4 => call.arguments()[2],
            _ => call.arguments()[3],
        };
        options & libc::WNOHANG as u64 == 0
    }

    /// Whether a process that asked whether one it made has ended was told that none has, and wants
    /// to wait.
    pub(super) fn nobody_ended(&self, task: usize, call: &Call, result: i64) -> bool {
        if result != 0 || !Self::would_wait_for_child(call) {
            return false;
        }
        let info = (call.number == libc::SYS_waitid).then_some(call.arguments()[2]);
        // waitid(2) answers 0 either way; si_pid, at offset 12, tells.
        info.is_none_or(|info| {
            let tracee = &self.tasks[task].tracee;
            info != 0 && tracee.read(info + 12, 4) == [0; 4]
        })
    }
}

fn pause(call: &mut Call) {
    call.how = How::Pause;
    call.is_step = true;
}

fn touch_all(call: &mut Call, object: Object, writes: bool) {
    let operation = std::mem::take(&mut call.operation);
    call.operation = operation.and(object, 0, u64::MAX, writes);
    call.is_step = true;
}

/// Calls by which processes have to do with each other, and not by a file.
fn is_elsewhere(number: c_long) -> bool {
    matches!(
        number,
        libc::SYS_bind
            | libc::SYS_listen
            | libc::SYS_connect
            | libc::SYS_accept
            | libc::SYS_accept4
            | libc::SYS_shutdown
            | libc::SYS_sendto
            | libc::SYS_sendmsg
            | libc::SYS_recvfrom
            | libc::SYS_recvmsg
            | libc::SYS_semget
            | libc::SYS_semop
            | libc::SYS_semtimedop
            | libc::SYS_semctl
            | libc::SYS_msgget
            | libc::SYS_msgsnd
            | libc::SYS_msgrcv
            | libc::SYS_msgctl
            | libc::SYS_mq_open
            | libc::SYS_mq_timedsend
            | libc::SYS_mq_timedreceive
            | libc::SYS_kill
            | libc::SYS_tkill
            | libc::SYS_tgkill
            | libc::SYS_rt_sigqueueinfo
            | libc::SYS_process_vm_readv
            | libc::SYS_process_vm_writev
    )
}

/// Whether a call moves bytes of the file behind its first descriptor: whether it writes them, and
/// whether its fourth argument is the offset and its third the length.
fn moves_bytes(number: c_long) -> Option<(bool, bool)> {
    Some(match number {
        libc::SYS_pread64 => (false, true),
        libc::SYS_pwrite64 => (true, true),
        libc::SYS_read | libc::SYS_readv | libc::SYS_preadv | libc::SYS_preadv2 => (false, false),
        libc::SYS_write | libc::SYS_writev | libc::SYS_pwritev | libc::SYS_pwritev2 => {
            (true, false)
        }
        _ => return None,
    })
}
