//! Calls of an untraced run, as they are announced. Their answers are not seen.

use std::io;
use std::os::fd::AsFd;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::evidence::ending::Ending;
use crate::evidence::trace::What;
use crate::observe::process::Seen;
use crate::observe::{calls, decode, process, sys};

use super::Run;

impl Run<'_> {
    /// Takes every announced call that is there, records it and lets it go on.
    pub(super) fn take_announced(&mut self) -> io::Result<()> {
        for n in 0..self.actors.len() {
            // The listener is borrowed from the actor while the trace grows.
            let Some(listener) = self.actors[n]
                .child
                .as_mut()
                .and_then(|child| child.listener.take())
            else {
                continue;
            };
            let mut is_open = true;
            loop {
                let mut polled = [PollFd::new(listener.as_fd(), PollFlags::POLLIN)];
                poll(&mut polled, PollTimeout::ZERO)?;
                let events = polled[0].revents().unwrap_or(PollFlags::empty());
                if !events.contains(PollFlags::POLLIN) {
                    // All that have the filter have ended.
                    is_open = !events.contains(PollFlags::POLLHUP);
                    break;
                }
                // A process that died meanwhile leaves nothing to receive.
                let Ok(call) = sys::receive_announced(&listener) else {
                    break;
                };
                self.announce(n, &call);
                if self.has_too_many(&call) {
                    // Those that wait for an answer are killed, and those that still ask get none.
                    let limit = self.scenario.limits.processes;
                    self.end_actor(n, Ending::TooManyProcesses { limit });
                    is_open = false;
                    break;
                }
                sys::let_announced_go_on(&listener, &call)?;
            }
            if let Some(child) = self.actors[n].child.as_mut().filter(|_| is_open) {
                child.listener = Some(listener);
            }
        }
        Ok(())
    }

    /// Whether a call would make a process more than are allowed at once. Every process is looked
    /// for only when so many were made that there could be too many.
    fn has_too_many(&mut self, call: &sys::Announced) -> bool {
        if !calls::FORKS.contains(&(call.number as i64)) {
            return false;
        }
        self.forks += 1;
        let limit = self.scenario.limits.processes;
        self.forks >= limit && self.live().len() as u64 >= limit
    }

    fn announce(&mut self, n: usize, call: &sys::Announced) {
        self.clock.stir();
        let leader = process::leader(call.pid).unwrap_or(call.pid);
        let processes = &mut self.actors[n].processes;
        let number = processes
            .iter()
            .position(|&pid| pid == leader)
            .unwrap_or_else(|| {
                processes.push(leader);
                processes.len() - 1
            });
        let (Some(spec), Some(&streams)) = (calls::spec(call.number), self.actors[n].streams())
        else {
            return;
        };
        let seen = Seen {
            pid: call.pid,
            folder: &self.folder,
            streams: &streams,
        };
        let call = decode::call(spec, call.arguments, &seen);
        if (self.trace.len() as u64) < self.scenario.limits.calls {
            self.record(n, number, What::Call(call));
        }
    }
}
