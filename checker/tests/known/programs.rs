//! The known programs of `checker/corpus`: found, built, and judged by the checker itself.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use checker::report::Report;

use crate::header::{self, Header};

/// A known program.
#[derive(Debug)]
pub struct Program {
    /// Its path in the corpus without the ending: `lab3-copy/mistakes/fs-copy`.
    pub name: String,
    /// The file.
    pub source: PathBuf,
    /// What it says of itself.
    pub header: Header,
}

impl Program {
    /// The lab that it is a program for.
    pub fn lab(&self) -> &str {
        self.name.split('/').next().unwrap_or(&self.name)
    }

    /// Whether it is written in C.
    pub fn is_c(&self) -> bool {
        self.source.extension().is_some_and(|ending| ending == "c")
    }

    /// The binary of the package `corpus`.
    fn binary(&self) -> String {
        let last = self.name.rsplit('/').next().unwrap_or(&self.name);
        format!("{}-{last}", self.lab())
    }
}

/// All programs, in the order of their names; or what is wrong with their headers.
pub fn all() -> Result<Vec<Program>, Vec<String>> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let entries = |folder: PathBuf| {
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.path())
    };
    let is_program = |path: &PathBuf| {
        let ending = path.extension();
        ending.is_some_and(|ending| ending == "c" || ending == "rs")
    };
    let files = entries(corpus.clone()).flat_map(entries).flat_map(entries);
    let (mut programs, mut faults) = (Vec::new(), Vec::new());
    for source in files.filter(is_program) {
        let name = source.strip_prefix(&corpus).expect("inside the corpus");
        let name = name.with_extension("").display().to_string();
        let text = fs::read_to_string(&source).expect("a readable file");
        match header::read(&text) {
            Ok(header) => programs.push(Program {
                name,
                source,
                header,
            }),
            Err(error) => faults.push(format!("{name}: {error}")),
        }
    }
    programs.sort_by(|one, other| one.name.cmp(&other.name));
    if faults.is_empty() {
        Ok(programs)
    } else {
        Err(faults)
    }
}

/// Whether there is a C compiler.
pub fn has_cc() -> bool {
    let mut cc = Command::new("cc");
    let quiet = cc
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// Compiles a C program into a folder.
pub fn compile(program: &Program, folder: &Path) -> Result<PathBuf, String> {
    let out = folder.join(program.name.replace('/', "-"));
    let mut cc = Command::new("cc");
    cc.args(["-O1", "-w"])
        .arg(&program.source)
        .arg("-o")
        .arg(&out)
        .args(&program.header.flags);
    let output = cc.output().map_err(|error| error.to_string())?;
    match output.status.success() {
        true => Ok(out),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

/// The binaries of the package `corpus`, by name: built, and found as cargo tells.
pub fn binaries() -> BTreeMap<String, PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "-q", "-p", "corpus", "--bins"])
        .args(["--message-format", "json"])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus"))
        .output()
        .expect("cargo runs");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words}");
    let text = String::from_utf8(output.stdout).expect("text");
    let messages = text
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let binary = |message: serde_json::Value| {
        let path = message["executable"].as_str()?;
        let name = message["target"]["name"].as_str()?;
        Some((name.to_owned(), PathBuf::from(path)))
    };
    messages.filter_map(binary).collect()
}

/// The executable of a program: compiled into this folder, or one of the binaries.
pub fn executable(
    program: &Program,
    folder: &Path,
    binaries: &BTreeMap<String, PathBuf>,
) -> Result<PathBuf, String> {
    if program.is_c() {
        return compile(program, folder);
    }
    let found = binaries.get(&program.binary()).cloned();
    found.ok_or(format!(
        "no [[bin]] `{}` in checker/corpus/Cargo.toml",
        program.binary()
    ))
}

/// Has the checker judge an executable in everything that the lab has.
pub fn judge(program: &Program, executable: &Path, folder: &Path) -> Result<Report, String> {
    let output = Command::new(env!("CARGO_BIN_EXE_checker"))
        .args([program.lab(), "--stretch", "--json", "--program"])
        .arg(executable)
        .env("TMPDIR", folder)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    serde_json::from_slice(&output.stdout).map_err(|_| {
        let words = String::from_utf8_lossy(&output.stderr);
        format!("{}: {}", output.status, words.trim())
    })
}

/// What is left of runs that had this temporary folder: folders of scenarios, and processes whose
/// program lies in it.
pub fn left(folder: &Path) -> Vec<String> {
    let entries = |folder: &Path| fs::read_dir(folder).expect("a folder").flatten();
    let scratch = entries(folder).filter(|entry| entry.path().is_dir());
    let processes = entries(Path::new("/proc")).filter(|entry| {
        let program = fs::read_link(entry.path().join("exe"));
        program.is_ok_and(|program| program.starts_with(folder))
    });
    let all = scratch.chain(processes);
    all.map(|entry| entry.path().display().to_string())
        .collect()
}
