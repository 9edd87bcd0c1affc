//! Where stubs are put when they are not put into labs/, and what they would have replaced.

use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::{Error, at, put};

/// The crates in checker/ that are built beside the programs of labs.
pub const BESIDE: [&str; 2] = ["explorer", "pagesize"];

/// Makes `out` a workspace in which labs can be built beside the course's own: the same manifest
/// with `labs/*` and [`BESIDE`] for its only members, the same lock file, so that nothing is looked up
/// or downloaded, and the checker's folder. Its programs go to `out/target`.
pub fn course(root: &Path, out: &Path) -> Result<(), Error> {
    let text = |name: &str| {
        let path = root.join(name);
        fs::read_to_string(&path).map_err(|error| at(&path, error))
    };
    let manifest = text("Cargo.toml")?;
    let says_members =
        |line: &str| line.starts_with("members") || line.starts_with("default-members");
    // What is said of the checker alone would be of nothing there.
    let mut of_checker = false;
    let members;
    let mut manifest: Vec<&str> = manifest
        .lines()
        .filter(|line| {
            if line.starts_with('[') {
                of_checker = *line == "[profile.dev.package.checker]";
            }
            !of_checker && !says_members(line)
        })
        .collect();
    if let Some(place) = manifest.iter().position(|line| *line == "[workspace]") {
        let beside = BESIDE.map(|name| format!("\"checker/{name}\""));
        members = format!("members = [\"labs/*\", {}]", beside.join(", "));
        manifest.insert(place + 1, &members);
    }
    put(&out.join("Cargo.toml"), &(manifest.join("\n") + "\n"))?;
    put(&out.join("Cargo.lock"), &text("Cargo.lock")?)?;
    put(
        &out.join(".cargo/config.toml"),
        "[net]\noffline = true\n\n[build]\ntarget-dir = \"target\"\n",
    )?;
    let labs = out.join("labs");
    fs::create_dir_all(&labs).map_err(|error| at(&labs, error))?;
    let checker = out.join("checker");
    if checker.is_dir() {
        return Ok(());
    }
    // A link that leads nowhere, from before the course was moved.
    let _ = fs::remove_file(&checker);
    symlink(root.join("checker"), &checker).map_err(|error| at(&checker, error))
}

/// Writes what a file holds beside it, under a name with the date in it, and answers with the
/// path, relative to the root as `path` is.
pub(super) fn keep(root: &Path, path: &Path, found: &[u8]) -> Result<PathBuf, Error> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let date = date(since.map_or(0, |since| since.as_secs()));
    let mut again = 1;
    loop {
        let name = match again {
            1 => format!("lib-{date}.rs"),
            _ => format!("lib-{date}-{again}.rs"),
        };
        let kept = path.with_file_name(name);
        let full = root.join(&kept);
        match fs::File::create_new(&full) {
            Ok(mut file) => {
                file.write_all(found).map_err(|error| at(&full, error))?;
                return Ok(kept);
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => again += 1,
            Err(error) => return Err(at(&full, error)),
        }
    }
}

/// `2026-11-21-084516`, in UTC. The calendar counts from the first of March of the year 0, so that
/// a leap day is the last of its year.
fn date(seconds: u64) -> String {
    let (days, second) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}-{hour:02}{minute:02}{second:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(date(0), "1970-01-01-000000");
        assert_eq!(date(951_827_696), "2000-02-29-123456");
        assert_eq!(date(4_107_542_399), "2100-02-28-235959");
        assert_eq!(date(4_107_542_400), "2100-03-01-000000");
    }
}
