//! Reads what `cargo build --message-format=json` prints: one JSON object a line. Pure.

use std::io::{self, BufRead};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Beside, CompileError};

/// What cargo's messages say.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Messages {
    /// The first executable of the crate.
    pub executable: Option<PathBuf>,
    /// What the crates beside it came to.
    pub beside: Beside,
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
        #[serde(default)]
        filenames: Vec<PathBuf>,
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

/// Reads all messages about the crate in `folder` and those `beside` it, each with its folder. Lines
/// that are not messages are passed over.
pub fn read(
    lines: impl BufRead,
    folder: &Path,
    beside: &[(&str, PathBuf)],
) -> io::Result<Messages> {
    let is_in = |manifest: &Path, folder: &Path| {
        let of = manifest.parent().unwrap_or(manifest);
        // A workspace may have its crates behind a link.
        of == folder || of.canonicalize().is_ok_and(|of| of == folder)
    };
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
                ..
            }) if target.is("bin") && is_in(&manifest_path, folder) => {
                found.executable.get_or_insert(executable);
            }
            Ok(Message::Artifact {
                manifest_path,
                target,
                executable,
                filenames,
            }) if target.is("bin") || target.is("cdylib") => {
                let named = beside.iter().find(|(_, of)| is_in(&manifest_path, of));
                let mut files = executable.into_iter().chain(filenames);
                if let (Some((name, _)), Some(file)) = (named, files.next()) {
                    found.beside.insert((*name).to_owned(), file);
                }
            }
            _ => {}
        }
    }
    Ok(found)
}

impl Target {
    fn is(&self, kind: &str) -> bool {
        self.kind.iter().any(|one| one == kind)
    }
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
    const BESIDE: &str = r#"{"reason":"compiler-artifact","manifest_path":"/c/p/Cargo.toml","target":{"kind":["cdylib"]},"filenames":["/t/libp.so"],"executable":null}"#;
    const LIBRARY: &str = r#"{"reason":"compiler-artifact","manifest_path":"/a/Cargo.toml","target":{"kind":["lib"]},"executable":null}"#;

    fn messages(lines: &[&str]) -> Messages {
        let beside = [("p", PathBuf::from("/c/p"))];
        read(lines.join("\n").as_bytes(), Path::new("/a"), &beside).expect("bytes in memory")
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
        let lines = [
            "not JSON",
            OTHERS,
            LIBRARY,
            BESIDE,
            OWN,
            r#"{"reason":"new"}"#,
        ];
        let found = messages(&lines);
        assert_eq!(found.executable, Some(PathBuf::from("/t/a")));
        let library = ("p".to_owned(), PathBuf::from("/t/libp.so"));
        assert_eq!(found.beside, Beside::from([library]));
        assert_eq!(found.error, None);
    }

    #[test]
    fn an_error_is_kept_word_for_word() {
        let long: String = (0..40).map(|n| format!("  | line {n}\n")).collect();
        assert_eq!(rendered(&format!("{long}\n\n")), long.trim_end());
    }
}
