//! One module for each command. A command calls the rooms below and prints what they say.

pub(crate) mod author;
pub(crate) mod check;
pub(crate) mod lab_name;
pub(crate) mod list;

use std::fmt;
use std::io::{self, Write};

/// The command line asks for something that there is not.
#[derive(Debug)]
pub(crate) struct Usage(pub String);

impl fmt::Display for Usage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// Writes to standard output. A reader that has gone away, as `head` does, is no fault.
pub(crate) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}
