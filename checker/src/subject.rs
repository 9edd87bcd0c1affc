//! The program under test, and where it comes from.
//!
//! Cargo is called at most once for a program that builds. A crate that does not compile is a
//! finding, not a fault; a [`Fault`] means that nothing can be said about the program.

mod cargo;
mod messages;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::workspace::Workspace;

/// Where a program comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The learner's crate.
    Learner,
    /// The reference.
    Reference,
    /// Any executable; absolute, see [`Origin::program`].
    Program(PathBuf),
    /// A crate in any folder, with one binary.
    Crate(PathBuf),
}

/// A program that is ready to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Where it comes from.
    pub origin: Origin,
    /// The executable, absolute.
    pub program: PathBuf,
    /// What was built beside it.
    pub beside: Beside,
}

/// The programs and libraries that crates of the checker's own come to, by the crates' names; none
/// for a crate that is not to be had here.
pub type Beside = BTreeMap<String, PathBuf>;

/// What building came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Built {
    /// There is a program.
    Ready(Subject),
    /// There is none.
    Broken(CompileError),
}

/// Why a crate does not compile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileError {
    /// The first error in the compiler's own words, or cargo's about a manifest; shortened.
    pub error: String,
    /// How many errors there are.
    pub errors: usize,
}

/// A path that cannot be a program.
#[derive(Debug)]
pub struct Unusable {
    path: PathBuf,
    why: String,
}

impl fmt::Display for Unusable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "`{}` {}", self.path.display(), self.why)
    }
}

impl std::error::Error for Unusable {}

/// Why nothing can be said about a program: the machine is at fault, not the program.
#[derive(Debug)]
pub enum Fault {
    /// The folder of the crate is not there.
    NoCrate(PathBuf),
    /// Cargo cannot be run.
    NoCargo(PathBuf, io::Error),
    /// Cargo fails, and not because of the source or a manifest.
    Cargo(String),
    /// Cargo succeeds and names no executable.
    NoExecutable(PathBuf),
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::NoCrate(folder) => write!(
                out,
                "there is no crate in `{}`; is this tree complete?",
                folder.display()
            ),
            Fault::NoCargo(cargo, error) => write!(
                out,
                "cannot run `{}`: {error}; install Rust or set CARGO",
                cargo.display()
            ),
            Fault::Cargo(words) => write!(out, "cargo cannot build here:\n{words}"),
            Fault::NoExecutable(folder) => write!(
                out,
                "the crate in `{}` has no binary to run; it needs a src/main.rs",
                folder.display()
            ),
        }
    }
}

impl std::error::Error for Fault {}

impl Origin {
    /// A program given by path: an executable regular file. Whether the kernel can start it
    /// shows when it is run.
    pub fn program(path: &Path) -> Result<Origin, Unusable> {
        let refuse = |why: String| Unusable {
            path: path.to_owned(),
            why,
        };
        let cannot = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => refuse("does not exist".to_owned()),
            _ => refuse(format!("cannot be looked at: {error}")),
        };
        let found = path.canonicalize().map_err(cannot)?;
        let about = found.metadata().map_err(cannot)?;
        if about.is_dir() {
            return Err(refuse("is a folder; give the program itself".to_owned()));
        }
        if !about.is_file() {
            return Err(refuse("is not a regular file".to_owned()));
        }
        if about.permissions().mode() & 0o111 == 0 {
            return Err(refuse(
                "is not executable; compile it first, or `chmod +x` it".to_owned(),
            ));
        }
        Ok(Origin::Program(found))
    }
}

/// Builds the program of a lab, or takes the one that was given, and builds what the lab needs
/// `beside` it. Where the checker's sources are not at hand, that is looked for beside the checker
/// itself.
pub fn build(
    workspace: &Workspace,
    slug: &str,
    beside: &[&str],
    origin: Origin,
) -> Result<Built, Fault> {
    let is_here = |name: &&&str| workspace.beside(name).join("Cargo.toml").is_file();
    let (sources, installed): (Vec<&str>, Vec<&str>) = beside.iter().partition(is_here);
    let mut beside: Beside = installed.into_iter().filter_map(installed_beside).collect();
    let folder = match &origin {
        Origin::Learner => workspace.lab(slug),
        Origin::Reference => workspace.solution(slug),
        Origin::Crate(folder) => folder.clone(),
        Origin::Program(path) => {
            let program = path.clone();
            if !sources.is_empty() {
                beside.extend(cargo::build_beside(workspace, &sources)?);
            }
            return Ok(Built::Ready(Subject {
                origin,
                program,
                beside,
            }));
        }
    };
    if !folder.join("Cargo.toml").is_file() {
        return Err(Fault::NoCrate(folder));
    }
    let package = match &origin {
        Origin::Learner => Some(slug.to_owned()),
        Origin::Reference => Some(format!("{slug}-solution")),
        Origin::Program(_) | Origin::Crate(_) => None,
    };
    let of_workspace = if package.is_some() { &sources[..] } else { &[] };
    let built = cargo::build(workspace, &folder, package.as_deref(), of_workspace)?;
    let (program, found) = match built {
        Ok(built) => built,
        Err(error) => return Ok(Built::Broken(error)),
    };
    beside.extend(found);
    // A crate of another workspace is built there.
    if package.is_none() && !sources.is_empty() {
        beside.extend(cargo::build_beside(workspace, &sources)?);
    }
    Ok(Built::Ready(Subject {
        origin,
        program,
        beside,
    }))
}

/// What a crate came to when the checker was installed, beside the checker's own executable.
fn installed_beside(name: &str) -> Option<(String, PathBuf)> {
    let own = std::env::current_exe().ok()?;
    let paths = [format!("lib{name}.so"), name.to_owned()].map(|file| own.with_file_name(file));
    let path = paths.into_iter().find(|path| path.is_file())?;
    Some((name.to_owned(), path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(path: &Path) -> String {
        Origin::program(path).expect_err("a refusal").to_string()
    }

    #[test]
    fn only_an_executable_file_is_a_program() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("program");
        assert!(refusal(&path).ends_with("does not exist"));
        assert!(refusal(folder.path()).contains("is a folder"));
        std::fs::write(&path, "x").expect("a file");
        assert!(refusal(&path).contains("is not executable"));
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&path, mode).expect("permissions");
        assert!(Origin::program(&path).is_ok());
    }
}
