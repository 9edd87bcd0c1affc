//! Where the labs, the solutions and the book lie.
//!
//! Paths only: nothing here reads or writes a file of a lab.

use std::fmt;
use std::path::{Path, PathBuf};

/// The root of the course's folder tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    root: PathBuf,
}

/// There is no workspace around the current folder, nor where the checker was built.
#[derive(Debug)]
pub struct NotFound {
    /// Where the search began.
    from: PathBuf,
}

impl fmt::Display for NotFound {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "no course around `{}` (a Cargo.toml with labs/ and checker/ beside it); change into \
             the folder that you cloned",
            self.from.display()
        )
    }
}

impl std::error::Error for NotFound {}

impl Workspace {
    /// The workspace around the current folder; failing that, the one the checker was built in.
    pub fn find() -> Result<Workspace, NotFound> {
        let here = std::env::current_dir().unwrap_or_default();
        let built_in = Path::new(env!("CARGO_MANIFEST_DIR"));
        Workspace::around(&here)
            .or_else(|| Workspace::around(built_in))
            .ok_or(NotFound { from: here })
    }

    /// The nearest workspace that `folder` lies in.
    pub fn around(folder: &Path) -> Option<Workspace> {
        let is_root = |folder: &Path| {
            folder.join("Cargo.toml").is_file()
                && folder.join("labs").is_dir()
                && folder.join("checker").is_dir()
        };
        let root = folder.ancestors().find(|folder| is_root(folder))?;
        Some(Workspace {
            root: root.to_owned(),
        })
    }

    /// This folder, taken for a workspace without a look: one that the checker made.
    pub fn at(root: &Path) -> Workspace {
        Workspace {
            root: root.to_owned(),
        }
    }

    /// The folder that holds the workspace's Cargo.toml.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The learner's crate of a lab.
    pub fn lab(&self, slug: &str) -> PathBuf {
        self.root.join("labs").join(slug)
    }

    /// The reference of a lab.
    pub fn solution(&self, slug: &str) -> PathBuf {
        self.root.join("solutions").join(slug)
    }

    /// A crate that is built beside the programs of labs.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.root.join("checker").join(name)
    }

    /// The chapter of a lab.
    pub fn chapter(&self, slug: &str) -> PathBuf {
        self.root.join("book/src").join(format!("{slug}.md"))
    }

    /// The stored transcript of a lab with this name.
    pub fn snapshot(&self, slug: &str, name: &str) -> PathBuf {
        let folder = self.root.join("checker/src/labs/snapshots").join(slug);
        folder.join(format!("{name}.snap"))
    }
}

/// The file of a lab that the learner edits, relative to the workspace.
pub fn learners_file(slug: &str) -> String {
    format!("labs/{slug}/src/lib.rs")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_root_above_is_found() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path();
        for below in ["labs/lab1-x/src", "checker"] {
            std::fs::create_dir_all(root.join(below)).expect("a folder");
        }
        assert_eq!(Workspace::around(&root.join("labs")), None);
        std::fs::write(root.join("Cargo.toml"), "").expect("a file");
        let found = Workspace::around(&root.join("labs/lab1-x/src")).expect("the workspace");
        assert_eq!(found.root(), root);
        assert_eq!(found.solution("lab1-x"), root.join("solutions/lab1-x"));
    }
}
