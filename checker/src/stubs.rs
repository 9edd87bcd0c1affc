//! Reads references from `solutions/` and writes the learner's crates made of them. What a stub
//! is, [`crate::stub`] says; this room only moves the text between folders.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::committed;
use crate::stub::{self, Crate};

mod place;

pub use place::{BESIDE, course};

/// The one file of a lab that a learner edits.
const LEARNERS: &str = "src/lib.rs";

/// A stub that could not be made or looked at.
#[derive(Debug)]
pub enum Error {
    /// The reference's markers or manifest are wrong: its author has to mend them.
    Reference {
        /// The folder of the reference.
        folder: PathBuf,
        /// Where and why.
        error: stub::Error,
    },
    /// A file could not be read or written.
    File {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        error: io::Error,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Reference { folder, error } => write!(out, "`{}/{error}`", folder.display()),
            Error::File { path, error } => write!(out, "`{}`: {error}", path.display()),
        }
    }
}

impl std::error::Error for Error {}

/// A line in which a lab's crate is not the stub that its reference gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The file inside the crate, such as `src/lib.rs`.
    pub file: &'static str,
    /// The first line that differs, counted from 1. 0 if there is no such file.
    pub line: usize,
    /// The line of the stub; none if the stub ends before it.
    pub expected: Option<String>,
    /// The line in `labs/`; none if the file ends before it.
    pub found: Option<String>,
}

/// Writes the learner's crate of the lab `slug` into the folder `out`, with the first `filled`
/// steps left in. The folder is made if it is not there; of what is in it, only the four files of
/// a lab are replaced. The manifest takes its edition and dependencies from a workspace, so `out`
/// has to lie in one before cargo can build it.
pub fn generate(root: &Path, slug: &str, filled: usize, out: &Path) -> Result<(), Error> {
    put_crate(out, &made(root, slug, filled)?)
}

/// Where `labs/SLUG` differs from its pristine stub: at most the first line of each file. What a
/// learner did in `src/lib.rs` shows here too.
pub fn differences(root: &Path, slug: &str) -> Result<Vec<Difference>, Error> {
    let made = made(root, slug, 0)?;
    let mut differences = Vec::new();
    for (file, expected) in files(&made) {
        let path = root.join("labs").join(slug).join(file);
        match fs::read(&path) {
            Ok(found) => {
                let found = String::from_utf8_lossy(&found);
                differences.extend(first_difference(file, expected, &found));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                differences.push(Difference {
                    file,
                    line: 0,
                    expected: expected.lines().next().map(String::from),
                    found: None,
                });
            }
            Err(error) => return Err(at(&path, error)),
        }
    }
    Ok(differences)
}

/// What [`write`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The files that changed, relative to the root.
    pub files: Vec<PathBuf>,
    /// Where the learner's version of `src/lib.rs` lies now, if there was one to keep.
    pub kept: Option<PathBuf>,
}

/// Writes the pristine stub of a lab into `labs/SLUG`. What is there already is left alone. A
/// `src/lib.rs` that is neither the stub nor what git has is somebody's work: it is kept beside
/// the new one, under a name with the date in it.
pub fn write(root: &Path, slug: &str) -> Result<Written, Error> {
    let made = made(root, slug, 0)?;
    let mut written = Written::default();
    for (name, text) in files(&made) {
        let path = Path::new("labs").join(slug).join(name);
        let found = fs::read(root.join(&path)).ok();
        if found.as_deref() == Some(text.as_bytes()) {
            continue;
        }
        if name == LEARNERS
            && let Some(found) = found
            && committed::bytes(root, &path).is_none_or(|committed| committed != found)
        {
            written.kept = Some(place::keep(root, &path, &found)?);
        }
        put(&root.join(&path), text)?;
        written.files.push(path);
    }
    Ok(written)
}

/// Writes a file, and the folder that it lies in.
fn put(path: &Path, text: &str) -> Result<(), Error> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).map_err(|error| at(folder, error))?;
    fs::write(path, text).map_err(|error| at(path, error))
}

fn first_difference(file: &'static str, expected: &str, found: &str) -> Option<Difference> {
    // Split, not `lines`: a missing newline at the end is a difference too.
    let (mut left, mut right) = (expected.split('\n'), found.split('\n'));
    let mut line = 0;
    loop {
        line += 1;
        match (left.next(), right.next()) {
            (None, None) => return None,
            (expected, found) if expected == found => {}
            (expected, found) => {
                let (expected, found) = (expected.map(String::from), found.map(String::from));
                return Some(Difference {
                    file,
                    line,
                    expected,
                    found,
                });
            }
        }
    }
}

fn made(root: &Path, slug: &str, filled: usize) -> Result<Crate, Error> {
    let reference = reference(root, slug)?;
    let folder = root.join("solutions").join(slug);
    stub::stub(slug, &reference, filled).map_err(|error| Error::Reference { folder, error })
}

/// The reference's crate of the lab `slug`, as text.
///
/// # Errors
///
/// A file of it cannot be read.
pub fn reference(root: &Path, slug: &str) -> Result<Crate, Error> {
    let folder = root.join("solutions").join(slug);
    let text = |name: &str| {
        let path = folder.join(name);
        fs::read_to_string(&path).map_err(|error| at(&path, error))
    };
    Ok(Crate {
        manifest: text("Cargo.toml")?,
        lib: text("src/lib.rs")?,
        given: text("src/given.rs")?,
        main: text("src/main.rs")?,
    })
}

/// Writes a crate into a folder, which is made if it is not there.
///
/// # Errors
///
/// A file cannot be written.
pub fn put_crate(folder: &Path, made: &Crate) -> Result<(), Error> {
    files(made)
        .into_iter()
        .try_for_each(|(name, text)| put(&folder.join(name), text))
}

fn files(made: &Crate) -> [(&'static str, &str); 4] {
    [
        ("Cargo.toml", &made.manifest),
        (LEARNERS, &made.lib),
        ("src/given.rs", &made.given),
        ("src/main.rs", &made.main),
    ]
}

fn at(path: &Path, error: io::Error) -> Error {
    Error::File {
        path: path.to_path_buf(),
        error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("solutions/lab9-try/src");
        fs::create_dir_all(&folder).unwrap();
        fs::write(
            folder.join("../Cargo.toml"),
            "name = \"lab9-try-solution\"\n",
        )
        .unwrap();
        fs::write(folder.join("given.rs"), "// given\n").unwrap();
        fs::write(folder.join("main.rs"), "use lab9_try_solution;\n").unwrap();
        let lib = "fn f() {\n    // step 1: go\n    1\n    // end of step 1\n}\n";
        fs::write(folder.join("lib.rs"), lib).unwrap();
        root
    }

    #[test]
    fn what_was_generated_does_not_differ() {
        let root = workspace();
        let lab = root.path().join("labs/lab9-try");
        generate(root.path(), "lab9-try", 0, &lab).unwrap();
        assert_eq!(differences(root.path(), "lab9-try").unwrap(), []);
        let lib = fs::read_to_string(lab.join("src/lib.rs")).unwrap();
        assert_eq!(lib, "fn f() {\n    todo!(\"step 1: go\")\n}\n");
    }

    #[test]
    fn an_edit_and_a_missing_file_are_differences() {
        let root = workspace();
        let lab = root.path().join("labs/lab9-try");
        generate(root.path(), "lab9-try", 0, &lab).unwrap();
        fs::write(lab.join("src/lib.rs"), "fn f() {\n    1\n}\n").unwrap();
        fs::remove_file(lab.join("src/given.rs")).unwrap();
        let differences = differences(root.path(), "lab9-try").unwrap();
        let places: Vec<_> = differences.iter().map(|d| (d.file, d.line)).collect();
        assert_eq!(places, [("src/lib.rs", 2), ("src/given.rs", 0)]);
        assert_eq!(differences[0].found.as_deref(), Some("    1"));
        assert_eq!(
            differences[0].expected.as_deref(),
            Some("    todo!(\"step 1: go\")")
        );
    }

    #[test]
    fn work_is_kept_and_what_git_has_is_not() {
        let root = workspace();
        let first = write(root.path(), "lab9-try").unwrap();
        assert_eq!((first.files.len(), first.kept), (4, None));
        assert_eq!(write(root.path(), "lab9-try").unwrap(), Written::default());

        let lib = root.path().join("labs/lab9-try/src/lib.rs");
        fs::write(&lib, "my work").unwrap();
        let second = write(root.path(), "lab9-try").unwrap();
        assert_eq!(second.files, [Path::new("labs/lab9-try/src/lib.rs")]);
        let kept = root.path().join(second.kept.expect("a kept file"));
        assert_eq!(fs::read_to_string(&kept).unwrap(), "my work");
        assert_eq!(kept.parent(), lib.parent());

        // Again within the second: the older version stays what it is.
        fs::write(&lib, "more work").unwrap();
        let third = write(root.path(), "lab9-try").unwrap();
        let other = root.path().join(third.kept.expect("a kept file"));
        assert_eq!(fs::read_to_string(other).unwrap(), "more work");
        assert_eq!(fs::read_to_string(kept).unwrap(), "my work");

        let git = |args: &[&str]| {
            let mut command = std::process::Command::new("git");
            let who = ["-c", "user.name=x", "-c", "user.email=x@example.org"];
            command.arg("-C").arg(root.path()).args(who).args(args);
            command.output().is_ok_and(|output| output.status.success())
        };
        if !git(&["init", "-q"]) {
            eprintln!("no git here: what it has is not tried");
            return;
        }
        fs::write(&lib, "an older stub").unwrap();
        assert!(git(&["add", "-A"]) && git(&["commit", "-q", "-m", "x"]));
        let fourth = write(root.path(), "lab9-try").unwrap();
        assert_eq!((fourth.files.len(), fourth.kept), (1, None));
    }

    #[test]
    fn a_missing_reference_names_its_file() {
        let root = tempfile::tempdir().unwrap();
        let error = generate(root.path(), "lab9-try", 0, root.path())
            .unwrap_err()
            .to_string();
        assert!(error.contains("solutions/lab9-try/Cargo.toml"), "{error}");
    }
}
