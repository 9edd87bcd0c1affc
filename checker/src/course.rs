//! The labs of the course in teaching order, and the stored transcripts that belong to them.

use std::path::{Path, PathBuf};

use crate::lab::Lab;
use crate::labs::{lab1_editor, lab2_compare, lab3_copy};

/// All labs, in teaching order.
pub fn labs() -> &'static [&'static Lab] {
    static LABS: [&Lab; 3] = [&lab1_editor::LAB, &lab2_compare::LAB, &lab3_copy::LAB];
    &LABS
}

/// Where the snapshot of this name lies in the source tree.
pub fn snapshot_path(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/labs/snapshots");
    folder.join(format!("{name}.snap"))
}

/// The text of a stored snapshot; `None` if there is none that can be read.
pub fn snapshot(name: &str) -> Option<String> {
    let snapshot = insta::Snapshot::from_file(&snapshot_path(name)).ok()?;
    snapshot.as_text().map(ToString::to_string)
}

#[cfg(test)]
mod tests;
