//! Given: the command line of `lab6-cow`. It opens the file, calls your steps, prints each report,
//! and waits where somebody may want to look at the process from outside.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::process::ExitCode;

use lab6_cow_solution::given::{Error, Mapping, RegularFile, fact, page_size, report, wait};
use lab6_cow_solution::{drop_copies, in_a_child, line_of, map, read_all, store_into, whose};
use nix::fcntl::OFlag;

/// The longest file that is looked at: every page of it is read, and so comes into memory.
const MOST_PAGES: usize = 65_536;

/// What is done after the stores.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    Nothing,
    Drop,
    Fork,
}

fn main() -> ExitCode {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let then = match arguments.first().and_then(|first| first.to_str()) {
        Some("--drop") => Then::Drop,
        Some("--fork") => Then::Fork,
        _ => Then::Nothing,
    };
    let words = &arguments[usize::from(then != Then::Nothing)..];
    let pages: Option<Vec<usize>> = words.iter().skip(1).map(|word| number(word)).collect();
    let enough = match then {
        Then::Nothing => !words.is_empty(),
        Then::Drop => words.len() >= 2,
        Then::Fork => words.len() == 3,
    };
    let (true, Some(pages)) = (enough, pages) else {
        eprintln!(
            "usage: lab6-cow FILE [PAGE...]\n\
             \x20      lab6-cow --drop FILE PAGE...\n\
             \x20      lab6-cow --fork FILE PAGE CHILD"
        );
        return ExitCode::from(2);
    };
    match explore(Path::new(&words[0]), &pages, then) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error.report();
            ExitCode::FAILURE
        }
    }
}

/// A decimal number. One that is too large for any file is as good as the largest.
fn number(word: &OsStr) -> Option<usize> {
    let digits = word.to_str()?;
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(usize::MAX))
}

fn explore(name: &Path, pages: &[usize], then: Then) -> Result<(), Error> {
    let file = RegularFile::open(name, OFlag::O_RDONLY)?;
    check(&file, pages)?;
    let mapping = map(&file)?;
    fact("pages", mapping.pages())?;
    report("mapped", &whose(&mapping)?)?;
    read_all(&mapping);
    report("read", &whose(&mapping)?)?;
    wait("store")?;

    // Of two pages, the second is for the child.
    let (own, childs) = match then {
        Then::Fork => pages.split_at(1),
        Then::Nothing | Then::Drop => (pages, &[][..]),
    };
    store_into(&mapping, own);
    report("stored", &whose(&mapping)?)?;
    match then {
        Then::Nothing => {}
        Then::Drop => {
            drop_copies(&mapping, own)?;
            report("dropped", &whose(&mapping)?)?;
            read_all(&mapping);
            report("again", &whose(&mapping)?)?;
        }
        Then::Fork => {
            in_a_child(|| in_the_child(&mapping, childs))?;
            report("parent", &whose(&mapping)?)?;
        }
    }
    fact("line", line_of(&mapping)?)?;
    wait("end")
}

fn in_the_child(mapping: &Mapping, pages: &[usize]) -> Result<(), Error> {
    store_into(mapping, pages);
    report("child", &whose(mapping)?)?;
    wait("child")
}

/// What is refused before anything is mapped.
fn check(file: &RegularFile, pages: &[usize]) -> Result<(), Error> {
    let refuse = |words: String| Err(file.failed("use", io::Error::other(words)));
    let count = usize::try_from(file.length).map_or(usize::MAX, |n| n.div_ceil(page_size()));
    if count == 0 {
        return refuse("it is empty, and there is no mapping of no bytes".to_owned());
    }
    if count > MOST_PAGES {
        return refuse(format!("it has more than {MOST_PAGES} pages"));
    }
    match pages.iter().find(|&&page| page >= count) {
        Some(page) => refuse(format!("it has {count} pages, and none of them is {page}")),
        None => Ok(()),
    }
}
