//! `checker author stubs`: writes labs/ from solutions/.

use super::print;
use crate::course;
use crate::exit::End;
use crate::stubs;
use crate::workspace::Workspace;

/// Writes the stub of every lab and prints which files changed, and where a learner's work is.
pub(crate) fn run() -> anyhow::Result<End> {
    let workspace = Workspace::find()?;
    for lab in course::labs() {
        let written = stubs::write(workspace.root(), lab.slug)?;
        if written.files.is_empty() {
            print(&format!("{}: nothing to write\n", lab.slug))?;
        }
        if let Some(kept) = written.kept {
            print(&format!("kept    {} (what was there)\n", kept.display()))?;
        }
        for file in written.files {
            print(&format!("written {}\n", file.display()))?;
        }
    }
    Ok(End::Done)
}
