//! Observations made by hand, for the tests of rules and labs.

use std::sync::Arc;

use crate::evidence::address_space::AddressSpace;
use crate::evidence::bytes::Bytes;
use crate::evidence::ending::{Actor, Captured, Ending};
use crate::evidence::file::{Content, Extent, FileState, FileStory, FileType};
use crate::evidence::trace::{Argument, Call, Event, FileRef, Stream, What};
use crate::evidence::{Evidence, Facet, Moment, Observation, View};
use crate::scenario::{FileKind, Scenario};

/// Bytes in a page of the machine of these tests.
pub const PAGE: u64 = 4096;

/// A scenario with these arguments, and a small file of each of them.
pub fn scenario(arguments: &[&str]) -> Scenario {
    let mut scenario = Scenario::new("made", arguments);
    for name in arguments {
        scenario = scenario.file(name, name.as_bytes());
    }
    scenario
}

/// An observation in the making.
pub struct Made {
    obs: Observation,
}

/// Starts with the scenario's files before any process started.
pub fn observation(scenario: Scenario) -> Made {
    let mut files: Vec<FileStory> = Vec::new();
    for (n, spec) in scenario.files.iter().enumerate() {
        let mut state: FileState = FileState {
            kind: FileType::Regular,
            length: 0,
            mode: spec.mode.unwrap_or(0o644),
            device: 1,
            inode: n as u64 + 10,
            links: 1,
            blocks: 8,
            modified: 1,
            content: Default::default(),
        };
        match &spec.kind {
            FileKind::Regular { length, pieces } => {
                state.length = *length;
                let extents = pieces.iter().filter(|(_, bytes)| !bytes.0.is_empty());
                let extents = extents.map(|(offset, bytes)| Extent {
                    offset: *offset,
                    bytes: Arc::new(bytes.clone()),
                });
                state.content = Content {
                    extents: extents.collect(),
                    cut: false,
                };
            }
            FileKind::Directory | FileKind::Disk => state.kind = FileType::Directory,
            FileKind::Fifo => state.kind = FileType::Fifo,
            FileKind::SymbolicLink(to) => state.kind = FileType::SymbolicLink(to.clone()),
            FileKind::HardLink(to) => {
                let story = files.iter_mut().find(|story| story.name == *to);
                let first = story.expect("a link comes after its file");
                first.before.as_mut().unwrap().links = 2;
                first.after.as_mut().unwrap().links = 2;
                state = first.before.clone().unwrap();
            }
        }
        files.push(FileStory {
            name: spec.name.clone(),
            before: Some(state.clone()),
            after: Some(state),
        });
    }
    let actors = scenario.actors.iter().map(|actor| Actor {
        name: actor.name.clone(),
        arguments: actor.arguments.clone(),
        ending: Ending::Exited { code: 0 },
        stdout: Captured::default(),
        stderr: Captured::default(),
        cpu_ms: 1,
        peak_rss_kib: 2000,
    });
    let evidence = Evidence {
        unavailable: None,
        page_size: PAGE,
        actors: actors.collect(),
        files,
        trace: Facet::Seen(Vec::new()),
        moments: Facet::Seen(Vec::new()),
        leftovers: Vec::new(),
        exploration: None,
    };
    Made {
        obs: Observation { scenario, evidence },
    }
}

/// Goes on with one.
pub fn again(obs: Observation) -> Made {
    Made { obs }
}

fn flags(words: &str) -> u64 {
    words
        .split('|')
        .map(|word| match word {
            "PROT_READ" | "MAP_SHARED" | "O_WRONLY" | "MS_ASYNC" => 1,
            "PROT_WRITE" | "MAP_PRIVATE" | "O_RDWR" => 2,
            "MS_SYNC" => 4,
            "MAP_FIXED" => 0x10,
            "MAP_ANONYMOUS" => 0x20,
            "O_CREAT" => 0o100,
            "O_TRUNC" => 0o1000,
            _ => 0,
        })
        .sum()
}

fn argument(name: &str, raw: u64, shown: &str) -> Argument {
    Argument {
        name: name.to_owned(),
        raw,
        shown: shown.to_owned(),
    }
}

impl Made {
    /// The observation.
    pub fn done(self) -> Observation {
        self.obs
    }

    /// How a file is referred to.
    fn file(&self, name: &str) -> FileRef {
        let story = self.obs.evidence.file(name);
        let state = story.and_then(|story| story.after.as_ref().or(story.before.as_ref()));
        FileRef {
            path: name.to_owned(),
            device: state.map_or(0, |state| state.device),
            inode: state.map_or(0, |state| state.inode),
            stream: None,
        }
    }

    fn push(mut self, what: What) -> Made {
        if let Facet::Seen(events) = &mut self.obs.evidence.trace {
            events.push(Event {
                actor: 0,
                process: 0,
                what,
            });
        }
        self
    }

    fn push_call(
        self,
        name: &str,
        arguments: Vec<Argument>,
        file: Option<FileRef>,
        result: i64,
    ) -> Made {
        self.push(What::Call(Call {
            name: name.to_owned(),
            buffers: match (name, arguments.as_slice()) {
                ("read" | "pread64" | "write" | "pwrite64", [_, buf, count, ..]) => {
                    vec![(buf.raw, buf.raw + count.raw)]
                }
                _ => Vec::new(),
            },
            arguments,
            file,
            other: None,
            data: None,
            result: Some(result),
            returned: None,
            injected: false,
        }))
    }

    /// A call without a file.
    pub fn call(self, name: &str, raw: &[u64], result: i64) -> Made {
        let arguments = raw.iter().map(|raw| argument("", *raw, &raw.to_string()));
        let arguments = arguments.collect();
        self.push_call(name, arguments, None, result)
    }

    /// A call about a file.
    pub fn on(self, name: &str, file: &str, raw: &[u64], result: i64) -> Made {
        let arguments = raw.iter().map(|raw| argument("", *raw, &raw.to_string()));
        let (arguments, file) = (arguments.collect(), self.file(file));
        self.push_call(name, arguments, Some(file), result)
    }

    /// openat(2) that succeeds.
    pub fn open(self, file: &str, words: &str) -> Made {
        let arguments = vec![
            argument("dirfd", -100_i64 as u64, "AT_FDCWD"),
            argument("pathname", 1, &format!("\"{file}\"")),
            argument("flags", flags(words), words),
        ];
        let file = self.file(file);
        self.push_call("openat", arguments, Some(file), 3)
    }

    /// mmap(2) of a file from its start; a negative result is an error.
    pub fn mmap(self, file: &str, length: u64, prot: &str, map: &str, result: i64) -> Made {
        self.mmap_from(file, 0, length, prot, map, result)
    }

    /// mmap(2) of a file from an offset.
    pub fn mmap_from(
        self,
        file: &str,
        offset: u64,
        length: u64,
        prot: &str,
        map: &str,
        result: i64,
    ) -> Made {
        let arguments = vec![
            argument("addr", 0, "NULL"),
            argument("length", length, &length.to_string()),
            argument("prot", flags(prot), prot),
            argument("flags", flags(map), map),
            argument("fd", 3, &format!("3<{file}>")),
            argument("offset", offset, &offset.to_string()),
        ];
        let file = self.file(file);
        self.push_call("mmap", arguments, Some(file), result)
    }

    /// msync(2).
    pub fn msync(self, address: u64, length: u64, words: &str, result: i64) -> Made {
        let arguments = vec![
            argument("addr", address, &format!("{address:#x}")),
            argument("length", length, &length.to_string()),
            argument("flags", flags(words), words),
        ];
        self.push_call("msync", arguments, None, result)
    }

    /// Text on standard output, by one write(2).
    pub fn print(mut self, text: &str) -> Made {
        let actor = &mut self.obs.evidence.actors[0];
        actor.stdout.start.0.extend_from_slice(text.as_bytes());
        actor.stdout.total += text.len() as u64;
        let file = FileRef {
            path: "pipe".to_owned(),
            device: 9,
            inode: 9,
            stream: Some(Stream::Stdout),
        };
        self.push(What::Call(Call {
            name: "write".to_owned(),
            arguments: Vec::new(),
            file: Some(file),
            other: None,
            data: Some(Bytes::from(text)),
            buffers: Vec::new(),
            result: Some(text.len() as i64),
            returned: None,
            injected: false,
        }))
    }

    /// Text on standard error.
    pub fn complain(mut self, text: &str) -> Made {
        let actor = &mut self.obs.evidence.actors[0];
        actor.stderr.start = Bytes::from(text);
        actor.stderr.total = text.len() as u64;
        self
    }

    /// A moment of a rule, with the files as they are after, and what the witness sees of one.
    pub fn moment(mut self, rule: &str, view: Option<(&str, &[u8], &[u8])>) -> Made {
        let evidence = &mut self.obs.evidence;
        let Facet::Seen(events) = &evidence.trace else {
            return self;
        };
        let view = view.map(|(file, bytes, tail)| View {
            file: file.to_owned(),
            bytes: bytes.into(),
            tail: tail.into(),
        });
        let files = evidence.files.iter();
        let moment = Moment {
            rule: rule.to_owned(),
            at: events.len(),
            actor: 0,
            files: files.map(|f| (f.name.clone(), f.after.clone())).collect(),
            spaces: vec![AddressSpace {
                page_size: PAGE,
                ..AddressSpace::default()
            }],
            views: view.into_iter().collect(),
        };
        if let Facet::Seen(moments) = &mut evidence.moments {
            moments.push(moment);
        }
        self
    }

    /// How the subject ended.
    pub fn ends(mut self, ending: Ending) -> Made {
        self.obs.evidence.actors[0].ending = ending;
        self
    }

    /// What a file holds in the end; it is made if it was not there.
    pub fn holds(mut self, name: &str, bytes: &[u8]) -> Made {
        let files = &mut self.obs.evidence.files;
        let inode = 100 + files.len() as u64;
        if !files.iter().any(|story| story.name == name) {
            files.push(FileStory {
                name: name.to_owned(),
                before: None,
                after: None,
            });
        }
        let story = files.iter_mut().find(|story| story.name == name).unwrap();
        let state = story.after.get_or_insert_with(|| FileState {
            kind: FileType::Regular,
            length: 0,
            mode: 0o644,
            device: 1,
            inode,
            links: 1,
            blocks: 8,
            modified: 2,
            content: Default::default(),
        });
        state.length = bytes.len() as u64;
        state.content = Content::of(bytes);
        state.modified = 2;
        self
    }

    /// Anything else.
    pub fn with(mut self, change: impl FnOnce(&mut Observation)) -> Made {
        change(&mut self.obs);
        self
    }
}
