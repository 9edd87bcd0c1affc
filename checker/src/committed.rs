//! What git has of a file. Asked before a file that a learner may have edited is written over.

use std::path::Path;
use std::process::{Command, Stdio};

/// The bytes of a file, its path relative to `root`, in the last commit. None where there is no
/// git, no commit, or no such file in it.
pub fn bytes(root: &Path, path: &Path) -> Option<Vec<u8>> {
    let mut command = Command::new("git");
    command
        .arg("-C")
        .arg(root)
        .arg("show")
        .arg(format!("HEAD:./{}", path.to_str()?))
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    let output = command.output().ok()?;
    output.status.success().then_some(output.stdout)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_of_a_repository_nothing_is_committed() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("file"), "text").expect("a file");
        assert_eq!(bytes(folder.path(), Path::new("file")), None);
    }
}
