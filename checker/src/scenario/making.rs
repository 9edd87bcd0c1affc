//! Scenarios and points step by step, as the labs put them together.

use crate::evidence::bytes::Bytes;

use super::exploring::{Accept, Explore, Search};
use super::{
    Action, ActorSpec, Effect, FileKind, FileSpec, Limits, Place, Point, Rule, Scenario, Side,
    Start, Watch,
};

impl Scenario {
    /// A traced scenario in the temporary folder with one actor, `subject`, and these arguments.
    pub fn new(name: &str, arguments: &[&str]) -> Scenario {
        Scenario {
            name: name.to_owned(),
            watch: Watch::Traced,
            place: Place::Temporary,
            files: Vec::new(),
            actors: Vec::new(),
            page_size: None,
            explore: None,
            rules: Vec::new(),
            limits: Limits::default(),
        }
        .actor("subject", arguments, Start::AtOnce)
    }

    /// Adds a regular file.
    #[must_use]
    pub fn file(self, name: &str, bytes: &[u8]) -> Scenario {
        self.sparse(name, bytes.len() as u64, vec![(0, Bytes::from(bytes))])
    }

    /// Adds a regular file with holes.
    #[must_use]
    pub fn sparse(self, name: &str, length: u64, pieces: Vec<(u64, Bytes)>) -> Scenario {
        self.other(name, FileKind::Regular { length, pieces })
    }

    /// The files belong to somebody else, who lets them be read: only their owner may open one with
    /// O_NOATIME.
    #[must_use]
    pub fn of_somebody_else(mut self) -> Scenario {
        self.rules.push(Rule {
            name: "not the owner".to_owned(),
            at: Point::Call {
                actor: self.actors[0].name.clone(),
                names: Vec::new(),
                file: Some(self.files[0].name.clone()),
                effect: Effect::KeepingAccessTime,
                side: Side::Entry,
            },
            time: None,
            then: vec![Action::Fail("EPERM".to_owned())],
        });
        self
    }

    /// Adds a file of any kind.
    #[must_use]
    pub fn other(mut self, name: &str, kind: FileKind) -> Scenario {
        self.files.push(FileSpec {
            name: name.to_owned(),
            kind,
            mode: None,
            witness: false,
            synced: false,
        });
        self
    }

    /// Sets the permission bits of the file added last.
    #[must_use]
    pub fn mode(mut self, mode: u32) -> Scenario {
        if let Some(file) = self.files.last_mut() {
            file.mode = Some(mode);
        }
        self
    }

    /// Has the witness map the file added last.
    #[must_use]
    pub fn witnessed(mut self) -> Scenario {
        if let Some(file) = self.files.last_mut() {
            file.witness = true;
        }
        self
    }

    /// Has the file added last synced before the first process starts.
    #[must_use]
    pub fn synced(mut self) -> Scenario {
        if let Some(file) = self.files.last_mut() {
            file.synced = true;
        }
        self
    }

    /// Puts bytes into the standard input of the actor added last; it ends behind them.
    #[must_use]
    pub fn input(mut self, bytes: &[u8]) -> Scenario {
        if let Some(actor) = self.actors.last_mut() {
            actor.input = Bytes::from(bytes);
        }
        self
    }

    /// Keeps the standard input of the actor added last open, for [`Action::Feed`].
    #[must_use]
    pub fn open_input(mut self) -> Scenario {
        if let Some(actor) = self.actors.last_mut() {
            actor.keeps_input_open = true;
        }
        self
    }

    /// Has the orders of the actors' steps explored, until one ends with other first bytes in a
    /// file than these.
    #[must_use]
    pub fn explored(mut self, search: Search, file: &str, beginnings: &[[u8; 8]]) -> Scenario {
        let accept = Accept {
            file: file.to_owned(),
            beginnings: beginnings.iter().map(|one| Bytes::from(&one[..])).collect(),
            may_fail: false,
        };
        self.explore = Some(Explore {
            accept: Some(accept),
            ..Explore::new(search)
        });
        self
    }

    /// In an exploration, takes it that a process may end with another status than 0.
    #[must_use]
    pub fn may_fail(mut self) -> Scenario {
        if let Some(accept) = self.explore.as_mut().and_then(|one| one.accept.as_mut()) {
            accept.may_fail = true;
        }
        self
    }

    /// Adds an actor.
    #[must_use]
    pub fn actor(mut self, name: &str, arguments: &[&str], start: Start) -> Scenario {
        self.actors.push(ActorSpec {
            name: name.to_owned(),
            arguments: arguments.iter().map(|&word| word.to_owned()).collect(),
            input: Bytes::default(),
            keeps_input_open: false,
            start,
        });
        self
    }

    /// Adds a rule that acts the first time its point is reached.
    #[must_use]
    pub fn rule(mut self, name: &str, at: Point, then: Vec<Action>) -> Scenario {
        self.rules.push(Rule {
            name: name.to_owned(),
            at,
            time: Some(1),
            then,
        });
        self
    }

    /// Has the rule added last act every time its point is reached.
    #[must_use]
    pub fn every_time(mut self) -> Scenario {
        if let Some(rule) = self.rules.last_mut() {
            rule.time = None;
        }
        self
    }

    /// Has the rule added last act the second time its point is reached.
    #[must_use]
    pub fn second_time(self) -> Scenario {
        self.nth_time(2)
    }

    /// Has the rule added last act the `n`th time its point is reached, counted from 1.
    #[must_use]
    pub fn nth_time(mut self, n: u32) -> Scenario {
        if let Some(rule) = self.rules.last_mut() {
            rule.time = Some(n);
        }
        self
    }

    /// Adds an actor that has nothing to do with the others, under a name of its own and with room
    /// of its own.
    #[must_use]
    pub fn and(self, arguments: &[&str]) -> Scenario {
        let name = format!("run-{}", self.actors.len());
        let mut scenario = self;
        if !scenario.actors.is_empty() {
            let one = Limits::default();
            scenario.limits.calls += one.calls;
            scenario.limits.processes += one.processes;
        }
        scenario.actor(&name, arguments, Start::AtOnce)
    }

    /// Watches nothing: for runs in which output and files decide.
    #[must_use]
    pub fn unwatched(mut self) -> Scenario {
        self.watch = Watch::Unwatched;
        self
    }

    /// Shows the processes pages of this size, where the machine's own are smaller.
    #[must_use]
    pub fn with_pages_of(mut self, bytes: u64) -> Scenario {
        self.page_size = Some(bytes);
        self
    }

    /// Puts the folder on a small disk of its own.
    #[must_use]
    pub fn on_small_disk(mut self, bytes: u64) -> Scenario {
        self.place = Place::SmallDisk(bytes);
        self
    }

    /// The same run, untraced, under another name.
    #[must_use]
    pub fn twin(&self) -> Scenario {
        Scenario {
            name: format!("{}-untraced", self.name),
            watch: Watch::Untraced,
            rules: Vec::new(),
            ..self.clone()
        }
    }
}

/// Points of the actor `subject`, in short.
impl Point {
    /// The entry of a call about a file.
    pub fn entry(names: &[&str], file: Option<&str>) -> Point {
        Point::call("subject", names, file, Side::Entry)
    }

    /// The successful exit of a call about a file.
    pub fn exit(names: &[&str], file: Option<&str>) -> Point {
        Point::call("subject", names, file, Side::Exit)
    }

    /// The successful exit of a call that gives the file a length.
    pub fn sized(file: &str) -> Point {
        Point::Call {
            actor: "subject".to_owned(),
            names: Vec::new(),
            file: Some(file.to_owned()),
            effect: Effect::Sizing,
            side: Side::Exit,
        }
    }

    /// A call of any actor.
    pub fn call(actor: &str, names: &[&str], file: Option<&str>, side: Side) -> Point {
        Point::Call {
            actor: actor.to_owned(),
            names: names.iter().map(|&name| name.to_owned()).collect(),
            file: file.map(str::to_owned),
            effect: Effect::Any,
            side,
        }
    }

    /// A line of standard output.
    pub fn line(prefix: &str) -> Point {
        Point::Line {
            actor: "subject".to_owned(),
            prefix: prefix.to_owned(),
        }
    }

    /// The subject waits for standard input.
    pub fn input() -> Point {
        Point::Input {
            actor: "subject".to_owned(),
        }
    }

    /// The beginning of a process that the subject starts behind the point of this rule.
    pub fn begin(behind: &str) -> Point {
        Point::Begin {
            actor: "subject".to_owned(),
            behind: behind.to_owned(),
        }
    }

    /// The end of the subject.
    pub fn end() -> Point {
        Point::End {
            actor: "subject".to_owned(),
        }
    }
}
