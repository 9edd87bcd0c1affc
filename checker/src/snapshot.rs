//! The stored transcripts: text that a program under test has to print, kept as insta snapshots.
//!
//! Only `checker author bless` writes them.

use std::fmt;
use std::fs;
use std::path::PathBuf;

use insta::Snapshot;

use crate::workspace::Workspace;

/// A stored transcript that cannot be read or written.
#[derive(Debug)]
pub struct Fault {
    path: PathBuf,
    why: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "the stored transcript `{}`: {}",
            self.path.display(),
            self.why
        )
    }
}

impl std::error::Error for Fault {}

/// The transcript `name` of a lab; `None` if none was stored.
pub fn load(workspace: &Workspace, slug: &str, name: &str) -> Result<Option<String>, Fault> {
    let path = workspace.snapshot(slug, name);
    if !path.exists() {
        return Ok(None);
    }
    let read = Snapshot::from_file(&path).map_err(|error| error.to_string());
    let text = read.and_then(|snapshot| {
        let text = snapshot.as_text().map(ToString::to_string);
        text.ok_or_else(|| "is not text".to_owned())
    });
    text.map(Some).map_err(|why| Fault { path, why })
}

/// Stores the transcript `name` of a lab in the form insta writes.
pub fn store(workspace: &Workspace, slug: &str, name: &str, text: &str) -> Result<PathBuf, Fault> {
    let path = workspace.snapshot(slug, name);
    let whole = format!("---\nsource: checker/src/labs\nexpression: {name}\n---\n{text}\n");
    let folder = path.parent().unwrap_or(&path);
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(&path, whole));
    match written {
        Ok(()) => Ok(path),
        Err(error) => Err(Fault {
            path,
            why: error.to_string(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_loaded() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for below in ["labs", "checker"] {
            fs::create_dir(folder.path().join(below)).expect("a folder");
        }
        fs::write(folder.path().join("Cargo.toml"), "").expect("a file");
        let workspace = Workspace::around(folder.path()).expect("a workspace");
        assert_eq!(load(&workspace, "lab1-x", "show").expect("nothing"), None);
        let text = "size: 3\ncontent: a\\x0a: b";
        store(&workspace, "lab1-x", "show", text).expect("stored");
        let loaded = load(&workspace, "lab1-x", "show").expect("loaded");
        assert_eq!(loaded.as_deref(), Some(text));
    }
}
