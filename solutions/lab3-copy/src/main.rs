//! Given: the command line of `lab3-copy`, and the order in which your steps are called.

use std::env;
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use lab3_copy_solution::given::{Error, RegularFile, fact, fill};
use lab3_copy_solution::{copy_atomically, is_same_file, map_source, open_destination};
use nix::fcntl::OFlag;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let atomic = arguments.first().is_some_and(|first| first == "--atomic");
    let [source, destination] = &arguments[usize::from(atomic)..] else {
        eprintln!("usage: lab3-copy [--atomic] SOURCE DESTINATION");
        return ExitCode::from(2);
    };
    match copy(Path::new(source), Path::new(destination), atomic) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error.report();
            ExitCode::FAILURE
        }
    }
}

fn copy(source: &Path, destination: &Path, atomic: bool) -> Result<(), Error> {
    let source = RegularFile::open(source, OFlag::O_RDONLY)?;
    let from = map_source(&source)?;
    // Asked before anything is opened for writing: what is not touched cannot be spoilt.
    if is_same_file(&source, destination)? {
        let cause = io::Error::other("it is the source itself");
        return Err(Error::new(destination, "copy to", cause));
    }
    let copied = if atomic {
        copy_atomically(&source, from, destination)?
    } else {
        let destination = open_destination(&source, destination)?;
        fill(&source, from, &destination)?
    };
    fact("size", source.length)?;
    fact("copied", copied)
}
