//! Taking what a process writes: the start and the end are kept, all of it is counted.

use std::io::{self, PipeReader, PipeWriter, Read};
use std::mem;

use crate::evidence::ending::Captured;

/// The reading end of one stream.
#[derive(Debug)]
pub struct Capture {
    pipe: PipeReader,
    open: bool,
    start: Vec<u8>,
    end: Vec<u8>,
    total: u64,
}

impl Capture {
    /// Takes from a pipe whose reading end does not block.
    pub fn new(pipe: PipeReader) -> Capture {
        Capture {
            pipe,
            open: true,
            start: Vec::new(),
            end: Vec::new(),
            total: 0,
        }
    }

    /// The pipe, as long as somebody may still write to it.
    pub fn pipe(&self) -> Option<&PipeReader> {
        self.open.then_some(&self.pipe)
    }

    /// All bytes so far.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Takes what is there now, at most 1 MiB, without waiting.
    pub fn take(&mut self) -> io::Result<()> {
        let mut chunk = [0; 16 * 1024];
        for _ in 0..64 {
            match self.pipe.read(&mut chunk) {
                Ok(0) => {
                    self.open = false;
                    return Ok(());
                }
                Ok(n) => self.keep(&chunk[..n]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.total += bytes.len() as u64;
        let room = Captured::KEPT - self.start.len();
        let (first, rest) = bytes.split_at(bytes.len().min(room));
        self.start.extend_from_slice(first);
        self.end.extend_from_slice(rest);
        // Twice as much is let in as is kept, so that little is moved.
        if self.end.len() > 2 * Captured::KEPT {
            self.forget_surplus();
        }
    }

    fn forget_surplus(&mut self) {
        let surplus = self.end.len().saturating_sub(Captured::KEPT);
        self.end.drain(..surplus);
    }

    /// What was taken.
    pub fn captured(mut self) -> Captured {
        self.hand_over()
    }

    /// What was taken since the beginning or the last time; from now on it begins anew.
    pub fn hand_over(&mut self) -> Captured {
        self.forget_surplus();
        Captured {
            start: mem::take(&mut self.start).into(),
            end: mem::take(&mut self.end).into(),
            total: mem::take(&mut self.total),
        }
    }
}

/// A pipe whose reading end does not block, both ends closed by exec.
pub fn pipe() -> io::Result<(PipeReader, PipeWriter)> {
    use nix::fcntl::{FcntlArg, OFlag, fcntl};
    let (reader, writer) = io::pipe()?;
    fcntl(&reader, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    Ok((reader, writer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_long_output_keeps_its_start_and_end() {
        let (reader, mut writer) = pipe().expect("a pipe");
        let mut capture = Capture::new(reader);
        let line: Vec<u8> = (0..1000u32)
            .flat_map(|n| format!("{n:07}\n").into_bytes())
            .collect();
        for _ in 0..20 {
            writer.write_all(&line).expect("room in the pipe");
            capture.take().expect("readable");
        }
        drop(writer);
        capture.take().expect("readable");
        assert!(capture.pipe().is_none());
        let captured = capture.captured();
        assert_eq!(captured.total, 160_000);
        assert_eq!(captured.missing(), 160_000 - 2 * Captured::KEPT as u64);
        assert!(captured.text().starts_with("0000000\n"));
        assert!(captured.text().ends_with("0000999\n"));
    }
}
