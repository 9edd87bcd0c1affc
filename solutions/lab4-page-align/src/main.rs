//! Given: the command line of `lab4-page-align`. It calls your steps, and prints the facts when
//! nothing can be refused any more.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::ExitCode;

use lab4_page_align_solution::given::{Error, RegularFile, escaped, fact};
use lab4_page_align_solution::{align, page_size, span, window};

fn main() -> ExitCode {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let words: Vec<&OsStr> = arguments.iter().map(OsString::as_os_str).collect();
    let done = match words[..] {
        [option, name, offset, length] if option == "--read" => {
            read(Path::new(name), offset, length)
        }
        [offset] if offset != "--read" => calculate(offset, None),
        [offset, length] if offset != "--read" => calculate(offset, Some(length)),
        _ => {
            eprintln!("usage: lab4-page-align OFFSET [LENGTH]");
            eprintln!("       lab4-page-align --read FILE OFFSET LENGTH");
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

/// Where a window would be mapped, of a file that nobody asks for.
fn calculate(offset: &OsStr, length: Option<&OsStr>) -> Result<(), Error> {
    let span = span(offset, length)?;
    let page = page_size();
    fact("page size", page)?;
    fact("offset", span.offset)?;
    let place = align(span, page);
    fact("aligned offset", place.offset)?;
    fact("delta", place.delta)?;
    fact("mapped length", place.length)
}

/// The window itself.
fn read(name: &Path, offset: &OsStr, length: &OsStr) -> Result<(), Error> {
    let file = RegularFile::open(name)?;
    let span = span(offset, Some(length))?;
    let page = page_size();
    let window = window(&file, span, page)?;
    fact("page size", page)?;
    fact("offset", window.span.offset)?;
    fact("aligned offset", window.place.offset)?;
    fact("delta", window.place.delta)?;
    fact("mapped length", window.place.length)?;
    fact("length", window.span.length)?;
    fact("first bytes", escaped(&window.first))?;
    fact("last bytes", escaped(&window.last))
}
