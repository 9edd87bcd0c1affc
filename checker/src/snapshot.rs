//! The stored transcripts: text that a program under test has to print, kept as insta snapshots.
//!
//! Only `checker author bless` writes them. Reading one takes a few lines, and a learner would have
//! to compile all of insta for it; a test holds these lines to what insta itself reads.

use std::fmt;
use std::fs;
use std::path::PathBuf;

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
    let text = fs::read_to_string(&path).map_err(|error| error.to_string());
    let text = text.and_then(|whole| {
        let text = content(&whole).map(str::to_owned);
        text.ok_or_else(|| "has no head between two lines `---`".to_owned())
    });
    text.map(Some).map_err(|why| Fault { path, why })
}

/// What follows the head, without white space at its end.
fn content(whole: &str) -> Option<&str> {
    let (_, text) = whole.strip_prefix("---\n")?.split_once("\n---\n")?;
    Some(text.trim_end())
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

    #[test]
    fn insta_reads_the_same() {
        let workspace = Workspace::find().expect("the workspace of this crate");
        let mut compared = 0;
        for lab in fs::read_dir(workspace.root().join("labs")).expect("the labs") {
            let slug = lab.expect("a lab").file_name();
            let slug = slug.to_str().expect("a plain name");
            let one = workspace.snapshot(slug, "any");
            let stored = fs::read_dir(one.parent().expect("a folder"));
            for path in stored.into_iter().flatten() {
                let path = path.expect("a stored transcript").path();
                let theirs = insta::Snapshot::from_file(&path).expect("a snapshot");
                let theirs = theirs.as_text().expect("text").to_string();
                let name = path.file_stem().and_then(|name| name.to_str());
                let ours = load(&workspace, slug, name.expect("a plain name"));
                assert_eq!(ours.expect("readable"), Some(theirs), "{}", path.display());
                compared += 1;
            }
        }
        assert!(compared > 0, "there are stored transcripts");
    }
}
