//! Reads what `cargo build --message-format=json` prints: one JSON object a line. Pure.

use std::io::{self, BufRead};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::CompileError;

/// What cargo's messages say.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Messages {
    /// The first executable of the crate.
    pub executable: Option<PathBuf>,
    /// The errors.
    pub error: Option<CompileError>,
}

#[derive(Deserialize)]
#[serde(tag = "reason")]
enum Message {
    #[serde(rename = "compiler-message")]
    Compiler { message: Diagnostic },
    #[serde(rename = "compiler-artifact")]
    Artifact {
        manifest_path: PathBuf,
        target: Target,
        executable: Option<PathBuf>,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Diagnostic {
    level: String,
    rendered: Option<String>,
    #[serde(default)]
    spans: Vec<serde::de::IgnoredAny>,
    code: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Target {
    kind: Vec<String>,
}

/// Reads all messages about the crate in `folder`. Lines that are not messages are passed over.
pub fn read(lines: impl BufRead, folder: &Path) -> io::Result<Messages> {
    let mut found = Messages::default();
    for line in lines.split(b'\n') {
        match serde_json::from_slice(&line?) {
            Ok(Message::Compiler { message }) if message.is_error() => {
                let error = found.error.get_or_insert_with(|| CompileError {
                    error: rendered(message.rendered.as_deref().unwrap_or_default()),
                    errors: 0,
                });
                error.errors += 1;
            }
            Ok(Message::Artifact {
                manifest_path,
                target,
                executable: Some(executable),
            }) if target.kind.iter().any(|kind| kind == "bin")
                && manifest_path.parent() == Some(folder) =>
            {
                found.executable.get_or_insert(executable);
            }
            _ => {}
        }
    }
    Ok(found)
}

impl Diagnostic {
    /// Whether this is an error of its own: the closing "aborting due to …" has neither a code
    /// nor a place.
    fn is_error(&self) -> bool {
        let closing = self.code.is_none()
            && self.spans.is_empty()
            && self
                .rendered
                .as_deref()
                .is_some_and(|words| words.starts_with("error: aborting due to"));
        self.level.starts_with("error") && !closing
    }
}

/// An error as it was rendered, without empty lines at the end.
pub fn rendered(error: &str) -> String {
    error.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ERROR: &str = r#"{"reason":"compiler-message","message":{"level":"error","rendered":"error[E0308]: mismatched types\n --> src/lib.rs:3:5\n\n","spans":[{}],"code":{"code":"E0308"}}}"#;
    const WARNING: &str = r#"{"reason":"compiler-message","message":{"level":"warning","rendered":"warning: unused","spans":[{}],"code":null}}"#;
    const CLOSING: &str = r#"{"reason":"compiler-message","message":{"level":"error","rendered":"error: aborting due to 2 previous errors\n\n","spans":[],"code":null}}"#;
    const OTHERS: &str = r#"{"reason":"compiler-artifact","manifest_path":"/b/Cargo.toml","target":{"kind":["bin"]},"executable":"/t/b"}"#;
    const OWN: &str = r#"{"reason":"compiler-artifact","manifest_path":"/a/Cargo.toml","target":{"kind":["bin"]},"executable":"/t/a"}"#;
    const LIBRARY: &str = r#"{"reason":"compiler-artifact","manifest_path":"/a/Cargo.toml","target":{"kind":["lib"]},"executable":null}"#;

    fn messages(lines: &[&str]) -> Messages {
        read(lines.join("\n").as_bytes(), Path::new("/a")).expect("bytes in memory")
    }

    #[test]
    fn the_first_error_is_kept_and_all_are_counted() {
        let found = messages(&[WARNING, ERROR, ERROR, CLOSING]);
        let error = found.error.expect("an error");
        assert_eq!(
            error.error,
            "error[E0308]: mismatched types\n --> src/lib.rs:3:5"
        );
        assert_eq!(error.errors, 2);
        assert_eq!(found.executable, None);
    }

    #[test]
    fn the_executable_is_the_one_of_the_crate() {
        let found = messages(&["not JSON", OTHERS, LIBRARY, OWN, r#"{"reason":"new"}"#]);
        assert_eq!(found.executable, Some(PathBuf::from("/t/a")));
        assert_eq!(found.error, None);
    }

    #[test]
    fn an_error_is_kept_word_for_word() {
        let long: String = (0..40).map(|n| format!("  | line {n}\n")).collect();
        assert_eq!(rendered(&format!("{long}\n\n")), long.trim_end());
    }
}
