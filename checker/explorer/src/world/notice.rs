//! Which calls others can notice, and what of them.

use libc::c_long;

use checker::evidence::schedule::Points;

use crate::operation::{Object, Operation};
use crate::trouble::Followed;

use super::World;
use super::call::{Call, How};

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
                self.locks(task, call, first, how);
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
                self.locks(task, call, first, how);
            }
            libc::SYS_futex => self.classify_futex(task, call)?,
            libc::SYS_sched_yield | libc::SYS_nanosleep | libc::SYS_clock_nanosleep => pause(call),
            libc::SYS_poll | libc::SYS_ppoll if second == 0 => pause(call),
            libc::SYS_select | libc::SYS_pselect6 if first == 0 => pause(call),
            libc::SYS_wait4 => waits_for_child(call, 2, third),
            libc::SYS_waitid => waits_for_child(call, 3, fourth),
            libc::SYS_exit | libc::SYS_exit_group => {
                call.how = How::Exit;
                for file in self.tasks[task].holds.clone() {
                    touch_all(call, Object::Locks(file), true);
                }
            }
            libc::SYS_close | libc::SYS_dup2 | libc::SYS_dup3 | libc::SYS_close_range => {
                // The end of a descriptor is the end of locks (fcntl(2), flock(2)).
                for file in self.tasks[task].holds.clone() {
                    let closed = if call.number == libc::SYS_close {
                        first
                    } else {
                        second
                    };
                    let is_about = call.number == libc::SYS_close_range
                        || self.behind(task, closed) == Some(file);
                    if is_about {
                        touch_all(call, Object::Locks(file), true);
                    }
                }
            }
            number if let Some((writes, is_range)) = moves_bytes(number) => {
                let Some(file) = self.behind(task, first) else {
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
                if let Some(file) = self.behind(task, first) {
                    touch_all(call, Object::File(file), true);
                }
            }
            libc::SYS_sendfile | libc::SYS_copy_file_range | libc::SYS_splice => {
                let (source, target) = match call.number {
                    libc::SYS_sendfile => (second, first),
                    _ => (first, third),
                };
                for (descriptor, writes) in [(source, false), (target, true)] {
                    if let Some(file) = self.behind(task, descriptor) {
                        touch_all(call, Object::File(file), writes);
                    }
                }
            }
            libc::SYS_fstat if self.points == Points::Names => {
                if let Some(file) = self.behind(task, first) {
                    touch_all(call, Object::File(file), false);
                }
            }
            number => {
                if let Some((base, path, writes)) = self.names(task, number, call.arguments())
                    && (writes || self.points == Points::Names)
                    && self.is_inside(task, base, path)
                {
                    touch_all(call, Object::Names, writes);
                }
            }
        }
        Ok(())
    }

    fn locks(&mut self, task: usize, call: &mut Call, descriptor: u64, how: How) {
        call.how = how;
        if let Some(file) = self.behind(task, descriptor) {
            touch_all(call, Object::Locks(file), true);
        } else {
            call.how = How::Plain;
        }
    }

    pub(super) fn behind(&mut self, task: usize, descriptor: u64) -> Option<usize> {
        let pid = self.tasks[task].tracee.pid;
        self.files.behind(pid, descriptor as i32)
    }

    fn is_inside(&self, task: usize, base: Option<i32>, path: u64) -> bool {
        let tracee = &self.tasks[task].tracee;
        let mut bytes = tracee.read(path, libc::PATH_MAX as usize);
        if let Some(end) = bytes.iter().position(|&byte| byte == 0) {
            bytes.truncate(end);
        }
        let path = String::from_utf8_lossy(&bytes);
        self.files.is_inside(tracee.pid, base, &path)
    }

    /// The folder and path that a call is about, and whether it changes names or lengths.
    fn names(
        &self,
        _task: usize,
        number: c_long,
        arguments: &[u64; 6],
    ) -> Option<(Option<i32>, u64, bool)> {
        const CHANGES: i32 = libc::O_CREAT | libc::O_TRUNC;
        let [first, second, third, ..] = *arguments;
        let at = |folder: u64| (folder as i32 != libc::AT_FDCWD).then_some(folder as i32);
        Some(match number {
            libc::SYS_open => (None, first, second as i32 & CHANGES != 0),
            libc::SYS_openat => (at(first), second, third as i32 & CHANGES != 0),
            libc::SYS_openat2 => (at(first), second, true),
            libc::SYS_creat
            | libc::SYS_truncate
            | libc::SYS_unlink
            | libc::SYS_rmdir
            | libc::SYS_mkdir
            | libc::SYS_mknod => (None, first, true),
            libc::SYS_rename | libc::SYS_link | libc::SYS_symlink => (None, second, true),
            libc::SYS_mkdirat | libc::SYS_unlinkat | libc::SYS_mknodat => (at(first), second, true),
            libc::SYS_renameat | libc::SYS_renameat2 | libc::SYS_linkat => {
                (at(third), arguments[3], true)
            }
            libc::SYS_symlinkat => (at(second), third, true),
            libc::SYS_stat | libc::SYS_lstat | libc::SYS_access | libc::SYS_readlink => {
                (None, first, false)
            }
            libc::SYS_newfstatat
            | libc::SYS_statx
            | libc::SYS_faccessat
            | libc::SYS_faccessat2
            | libc::SYS_readlinkat => (at(first), second, false),
            _ => return None,
        })
    }

    /// A lock was taken, given up or exchanged.
    pub(super) fn lock_taken(&mut self, task: usize, call: &Call) {
        for touch in &call.operation.touches {
            if let Object::Locks(file) = touch.object
                && !self.tasks[task].holds.contains(&file)
            {
                self.tasks[task].holds.push(file);
            }
        }
    }

    /// Whether a process that asked whether one it made has ended was told that none has, and wants
    /// to wait.
    pub(super) fn nobody_ended(&self, task: usize, call: &Call, result: i64) -> bool {
        let arguments = call.arguments();
        let (options, info) = match call.number {
            libc::SYS_wait4 => (arguments[2], None),
            _ => (arguments[3], Some(arguments[2])),
        };
        if result != 0 || options & libc::WNOHANG as u64 != 0 {
            return false;
        }
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

fn waits_for_child(call: &mut Call, argument: usize, options: u64) {
    call.how = How::WaitChild {
        argument,
        without: options | libc::WNOHANG as u64,
    };
    call.operation = Operation::on_all(Object::Ends, false);
    call.is_step = true;
}

fn touch_all(call: &mut Call, object: Object, writes: bool) {
    let operation = std::mem::take(&mut call.operation);
    call.operation = operation.and(object, 0, u64::MAX, writes);
    call.is_step = true;
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
