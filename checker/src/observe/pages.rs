//! Another page size than the machine's: whether a program can be shown it, how it is, and whether
//! it was. The library that shows it is `checker/pagesize`.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::{FileExt, MetadataExt, symlink};
use std::path::{Path, PathBuf};

use crate::evidence::ending::{Actor, Ending};
use crate::evidence::trace::{Event, What};
use crate::scenario::Scenario;
use crate::subject::Beside;

use super::elf::{self, Kind};
use super::page_size;

/// The crate that the library is built from.
const CRATE: &str = "pagesize";
/// The name of the link that stands for the library beside a scenario's folder.
const LINK: &str = "pagesize.so";
const ONLY_DYNAMIC: &str = "another page size can be shown only to a dynamic one";

/// How the processes of a run are shown a page size.
#[derive(Debug, Default)]
pub struct Pages {
    environment: Vec<String>,
    /// Device and inode of the library; none where the machine's own pages will do.
    library: Option<(u64, u64)>,
}

impl Pages {
    /// Finds out how `program` can be shown the page size of the scenario; why it cannot, as a
    /// clause that can follow "because".
    pub fn prepare(
        program: &Path,
        beside: &Beside,
        scenario: &Scenario,
        folder: &Path,
    ) -> Result<Pages, String> {
        let Some(bytes) = scenario.page_size.filter(|bytes| *bytes > page_size()) else {
            return Ok(Pages::default());
        };
        takes_library(program)?;
        let library = beside.get(CRATE).ok_or(format!(
            "the library that shows another page size, `lib{CRATE}.so`, is not beside the checker"
        ))?;
        let cannot = |error| format!("`{}` cannot be used: {error}", library.display());
        let about = library.metadata().map_err(cannot)?;
        let link = folder.parent().unwrap_or(folder).join(LINK);
        symlink(library, &link).map_err(cannot)?;
        let words = link.display().to_string();
        // Either ends a name in LD_PRELOAD, and nothing quotes it (ld.so(8)).
        if words.contains([' ', ':']) {
            return Err(format!(
                "the temporary folder has a space or a colon in its name, and the loader finds no \
                 library in it; set TMPDIR to another than `{words}`"
            ));
        }
        Ok(Pages {
            environment: vec![
                format!("LD_PRELOAD={words}"),
                format!("BELIEVED_PAGE_SIZE={bytes}"),
            ],
            library: Some((about.dev(), about.ino())),
        })
    }

    /// What comes into the environment of the processes.
    pub fn environment(&self) -> &[String] {
        &self.environment
    }

    /// Why a process was not shown the page size after all, if so: it became a program that did
    /// not load the library.
    pub fn unseen(&self, trace: &[Event], actors: &[Actor]) -> Option<String> {
        let library = self.library?;
        let mut waiting: BTreeMap<(usize, usize), &str> = BTreeMap::new();
        for event in trace {
            let who = (event.actor, event.process);
            match &event.what {
                What::Became { path } => {
                    if let Some(path) = waiting.insert(who, path) {
                        return Some(did_not_load(path));
                    }
                }
                What::Call(call) if call.is(&["mmap"]) => {
                    let file = call.file.as_ref();
                    if file.map(|file| (file.device, file.inode)) == Some(library) {
                        waiting.remove(&who);
                    }
                }
                _ => {}
            }
        }
        // A program for another machine never came so far.
        waiting.retain(
            |(actor, _), _| match actors.get(*actor).map(|one| &one.ending) {
                Some(Ending::NotStarted { .. }) => false,
                Some(Ending::Killed { signal, .. }) => signal != "SIGSYS",
                _ => true,
            },
        );
        waiting.into_values().next().map(did_not_load)
    }
}

fn did_not_load(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    format!(
        "`{name}` did not load the library that shows another page size: it is linked statically, \
         or its environment was cleared"
    )
}

/// Whether the loader of the program is the checker's own, which loads the library. What is no
/// program for this machine is left to the kernel to refuse.
fn takes_library(program: &Path) -> Result<(), String> {
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    let file = open(&own)?;
    let Some(like) = elf::like(reads(&file)) else {
        return Err("the checker cannot read its own executable".to_owned());
    };
    let Kind::Dynamic(own) = elf::kind(reads(&file), like) else {
        let why = "the checker itself is linked statically, and has no loader to show one with";
        return Err(why.to_owned());
    };
    let kind = match elf::kind(reads(&open(program)?), like) {
        Kind::Script(reader) => elf::kind(reads(&open(&reader)?), like),
        kind => kind,
    };
    let same = |loader: &PathBuf| loader.canonicalize().ok() == own.canonicalize().ok();
    match kind {
        Kind::Static => Err(format!(
            "the program is linked statically, and {ONLY_DYNAMIC}"
        )),
        Kind::Dynamic(loader) if !same(&loader) => Err(format!(
            "the program is loaded by `{}`, and another page size can be shown only to one that \
             is loaded by `{}`",
            loader.display(),
            own.display()
        )),
        Kind::Dynamic(_) | Kind::Foreign | Kind::Script(_) | Kind::Other => Ok(()),
    }
}

fn open(path: &Path) -> Result<File, String> {
    File::open(path).map_err(|error| format!("`{}` cannot be read: {error}", path.display()))
}

/// Reads pieces of a file.
fn reads(file: &File) -> impl Fn(u64, usize) -> Option<Vec<u8>> {
    |from, length| {
        let mut bytes = vec![0; length];
        file.read_exact_at(&mut bytes, from).ok()?;
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::trace::{Call, FileRef};

    fn event(what: What) -> Event {
        Event {
            actor: 0,
            process: 0,
            what,
        }
    }

    fn became(path: &str) -> Event {
        event(What::Became {
            path: path.to_owned(),
        })
    }

    fn maps(inode: u64) -> Event {
        event(What::Call(Call {
            name: "mmap".to_owned(),
            arguments: Vec::new(),
            file: Some(FileRef {
                path: "/a/file".to_owned(),
                device: 1,
                inode,
                stream: None,
            }),
            other: None,
            data: None,
            buffers: Vec::new(),
            result: Some(0x1000),
            returned: None,
            injected: false,
        }))
    }

    #[test]
    fn every_program_of_a_process_has_to_load_the_library() {
        let pages = Pages {
            environment: Vec::new(),
            library: Some((1, 7)),
        };
        let unseen = |trace: &[Event]| pages.unseen(trace, &[]);
        assert_eq!(unseen(&[became("/bin/a"), maps(7)]), None);
        let static_first = [became("/bin/a"), maps(3), became("/bin/b"), maps(7)];
        assert!(unseen(&static_first).is_some_and(|why| why.starts_with("`a`")));
        let static_then = [became("/bin/a"), maps(7), became("/bin/b"), maps(3)];
        assert!(unseen(&static_then).is_some_and(|why| why.starts_with("`b`")));
        assert_eq!(Pages::default().unseen(&static_then, &[]), None);
    }
}
