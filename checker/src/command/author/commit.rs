//! Which state of the course a result was made with.

use std::path::Path;
use std::process::{Command, Stdio};

/// The commit, and whether files are not as they are there; or that there is none.
pub(super) fn words(root: &Path) -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .args(arguments)
            .current_dir(root)
            .stdin(Stdio::null())
            .output()
            .ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    };
    let Some(commit) = git(&["rev-parse", "--short=12", "HEAD"]) else {
        return "no commit".to_owned();
    };
    match git(&["status", "--porcelain"]).is_some_and(|changes| changes.is_empty()) {
        true => format!("commit {commit}"),
        false => format!("commit {commit} with changes"),
    }
}
