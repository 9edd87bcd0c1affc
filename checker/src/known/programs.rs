//! Which known programs there are.

use std::fs;
use std::path::{Path, PathBuf};

use super::header::{self, Header};
use super::steps::{self, Steps};

/// The folders of a lab in the corpus that every lab has.
pub const KINDS: [&str; 3] = ["alternatives", "cheats", "mistakes"];

/// A known program.
#[derive(Clone, Debug)]
pub struct Program {
    /// Its path in the corpus without the ending: `lab3-copy/mistakes/fs-copy`.
    pub name: String,
    /// The file.
    pub source: PathBuf,
    /// What it says of itself.
    pub header: Header,
    /// What it is written in.
    pub form: Form,
}

/// What a known program is written in.
#[derive(Clone, Debug)]
pub enum Form {
    /// C.
    C,
    /// Rust, a program of its own.
    Rust,
    /// Rust, as the learner's part of the lab's crate.
    Steps(Steps),
}

impl Program {
    /// The lab that it is a program for.
    pub fn lab(&self) -> &str {
        self.name.split('/').next().unwrap_or(&self.name)
    }

    /// The folder that it lies in, such as `mistakes`.
    pub fn kind(&self) -> &str {
        self.name.split('/').nth(1).unwrap_or_default()
    }

    /// Its own name.
    pub fn own_name(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or(&self.name)
    }

    /// Whether it is written in C.
    pub fn is_c(&self) -> bool {
        matches!(self.form, Form::C)
    }

    /// What it is called among programs of all labs: `lab3-copy-fs-copy`.
    pub fn binary(&self) -> String {
        format!("{}-{}", self.lab(), self.own_name())
    }
}

/// All programs below a folder, in the order of their names; or what is wrong with them, a sentence
/// each.
pub fn all(corpus: &Path) -> Result<Vec<Program>, Vec<String>> {
    let entries = |folder: PathBuf| {
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.path())
    };
    let labs = entries(corpus.to_owned()).filter(|folder| folder.is_dir());
    let files = labs.flat_map(entries).flat_map(entries);
    let (mut programs, mut faults) = (Vec::new(), Vec::new());
    for source in files {
        match program(corpus, &source) {
            Ok(program) => programs.extend(program),
            Err(fault) => faults.push(format!("`{}`: {fault}", source.display())),
        }
    }
    programs.sort_by(|one, other| one.name.cmp(&other.name));
    let twice = programs.windows(2).filter(|two| two[0].name == two[1].name);
    faults.extend(twice.map(|two| format!("there are two programs {}", two[0].name)));
    if faults.is_empty() {
        Ok(programs)
    } else {
        Err(faults)
    }
}

/// The program in a file, if it is one.
fn program(corpus: &Path, source: &Path) -> Result<Option<Program>, String> {
    let path = source.strip_prefix(corpus).unwrap_or(source);
    let path = path.to_str().ok_or("its name is no text")?;
    let text = || fs::read_to_string(source).map_err(|error| error.to_string());
    let (name, form) = if let Some(name) = path.strip_suffix(".step.rs") {
        (name, Form::Steps(steps::read(&text()?)?))
    } else if let Some(name) = path.strip_suffix(".rs") {
        (name, Form::Rust)
    } else if let Some(name) = path.strip_suffix(".c") {
        (name, Form::C)
    } else {
        return Ok(None);
    };
    Ok(Some(Program {
        name: name.to_owned(),
        source: source.to_owned(),
        header: header::read(&text()?)?,
        form,
    }))
}
