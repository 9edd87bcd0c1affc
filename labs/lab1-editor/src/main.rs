//! Given: the command line of `lab1-editor`. It opens the file, calls your steps, and prints each
//! fact as soon as it is true.

use std::env;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::ExitCode;

use lab1_editor::given::{Error, RegularFile, SHOWN, Stored, escaped, fact};
use lab1_editor::{append, map, overwrite, sync};
use nix::fcntl::OFlag;
use nix::sys::mman::ProtFlags;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let words: Vec<&[u8]> = arguments.iter().map(|word| word.as_bytes()).collect();
    let done = match words[..] {
        [b"show", _] => run_show(Path::new(&arguments[1])),
        [b"overwrite", _, text] => run_overwrite(Path::new(&arguments[1]), text),
        [b"append", _, text] => run_append(Path::new(&arguments[1]), text),
        _ => {
            eprintln!("usage: lab1-editor show FILE | overwrite FILE TEXT | append FILE TEXT");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error.report();
            ExitCode::FAILURE
        }
    }
}

fn run_show(name: &Path) -> Result<(), Error> {
    let file = RegularFile::open(name, OFlag::O_RDONLY)?;
    fact("size", file.length)?;
    let mapping = map(&file, ProtFlags::PROT_READ, 0, file.length as usize)?;
    let content = mapping.map_or(Vec::new(), |mapping| mapping.read(SHOWN));
    fact("content", escaped(&content))
}

fn run_overwrite(name: &Path, text: &[u8]) -> Result<(), Error> {
    let file = RegularFile::open(name, OFlag::O_RDWR)?;
    fact("size", file.length)?;
    let stored = overwrite(&file, text)?;
    let written = stored.as_ref().map_or(0, |stored| stored.length);
    fact("written", written)?;
    fact("cut", text.len() - written)?;
    finish(&file, stored)
}

fn run_append(name: &Path, text: &[u8]) -> Result<(), Error> {
    let file = RegularFile::open(name, OFlag::O_RDWR)?;
    let appended = append(&file, text)?;
    fact("size", appended.old)?;
    fact("appended", appended.new - appended.old)?;
    finish(&file, appended.stored)?;
    fact("new size", appended.new)
}

/// Syncs what was stored, if anything was, and only then says so.
fn finish(file: &RegularFile, stored: Option<Stored>) -> Result<(), Error> {
    let Some(stored) = stored else {
        return fact("synced", 0);
    };
    sync(file, &stored)?;
    fact("synced", stored.length)
}
