//! Given: the command line of `lab2-compare`. It opens the file, calls your steps, and prints each
//! fact as soon as it is true.

use std::env;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::ExitCode;

use lab2_compare_solution::given::{Error, Mapping, RegularFile, SHOWN, escaped, fact};
use lab2_compare_solution::{look, store_privately, store_shared};
use nix::fcntl::OFlag;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let [name, text] = &arguments[..] else {
        eprintln!("usage: lab2-compare FILE TEXT");
        return ExitCode::from(2);
    };
    match compare(Path::new(name), text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error.report();
            ExitCode::FAILURE
        }
    }
}

fn compare(name: &Path, text: &[u8]) -> Result<(), Error> {
    // For reading only: a private mapping needs no more, even if it is stored into.
    let file = RegularFile::open(name, OFlag::O_RDONLY)?;
    fact("size", file.length)?;
    let mapping = store_privately(&file, text)?;
    fact("private mapping", content(mapping.as_ref()))?;
    fact("private file", escaped(&look(&file)?))?;
    // Until here: the file was looked at while the private mapping still stood.
    drop(mapping);

    let file = RegularFile::open(name, OFlag::O_RDWR)?;
    let mapping = store_shared(&file, text)?;
    fact("shared mapping", content(mapping.as_ref()))?;
    fact("shared file", escaped(&look(&file)?))
}

fn content(mapping: Option<&Mapping>) -> String {
    escaped(&mapping.map_or(Vec::new(), |mapping| mapping.read(SHOWN)))
}
