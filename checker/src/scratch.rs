//! The folder of one run, with a folder for each scenario in it: made, watched for room, and
//! removed whatever a program under test did to it.

use std::fmt;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use nix::sys::statvfs::statvfs;
use nix::unistd::mkdtemp;

use crate::observe;

/// Bytes that must be free in the temporary folder: below, a program that fails for want of room
/// could not be told from a wrong one.
pub const ROOM: u64 = 16 << 20;

/// The run that a signal has to end.
static CURRENT: Mutex<Option<Current>> = Mutex::new(None);

struct Current {
    folder: PathBuf,
    keeps: bool,
}

/// The folder of one run. Removed when dropped, unless it is kept.
#[derive(Debug)]
pub struct Scratch {
    folder: PathBuf,
    keeps: bool,
    salt: u64,
}

/// Why there is no folder to work in.
#[derive(Debug)]
pub enum Fault {
    /// It cannot be made, or something in it cannot.
    Make(PathBuf, io::Error),
    /// The file system has too little room left.
    Full(PathBuf, u64),
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Make(path, error) => write!(
                out,
                "cannot make `{}`: {error}; TMPDIR names another temporary folder",
                path.display()
            ),
            Fault::Full(path, free) => write!(
                out,
                "only {} KiB are free in `{}`, and {} KiB are needed; make room, or set TMPDIR",
                free >> 10,
                path.display(),
                ROOM >> 10
            ),
        }
    }
}

impl std::error::Error for Fault {}

impl Scratch {
    /// A new, empty folder in the temporary folder.
    pub fn new(keeps: bool) -> Result<Scratch, Fault> {
        let parent = std::env::temp_dir();
        let folder = make(&parent).map_err(|error| Fault::Make(parent, error))?;
        let salt = fastrand::u64(..);
        let scratch = Scratch {
            folder,
            keeps,
            salt,
        };
        if let Ok(mut current) = CURRENT.lock() {
            let folder = scratch.folder.clone();
            *current = Some(Current { folder, keeps });
        }
        scratch.has_room()?;
        Ok(scratch)
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether it stays.
    pub fn keeps(&self) -> bool {
        self.keeps
    }

    /// The folder of the scenario `name`: called so if the run is kept, else by a number, since a
    /// program under test sees where it runs and need not be told what is tried.
    fn of_scenario(&self, name: &str) -> PathBuf {
        if self.keeps {
            return self.folder.join(name);
        }
        let mut hasher = DefaultHasher::new();
        (self.salt, name).hash(&mut hasher);
        self.folder.join(format!("{:016x}", hasher.finish()))
    }

    /// Makes the empty folder in which the scenario `name` runs.
    pub fn scenario(&self, name: &str) -> Result<PathBuf, Fault> {
        let folder = self.of_scenario(name).join("files");
        fs::create_dir_all(&folder).map_err(|error| Fault::Make(folder.clone(), error))?;
        Ok(folder)
    }

    /// Keeps the evidence of the scenario `name` beside its files.
    pub fn keep(
        &self,
        name: &str,
        evidence: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), Fault> {
        let path = self.of_scenario(name).join("evidence.json");
        let written = File::create(&path).and_then(|file| {
            let mut to = BufWriter::new(file);
            evidence(&mut to)?;
            to.flush()
        });
        written.map_err(|error| Fault::Make(path, error))
    }

    /// Leaves nothing of the scenario `name`.
    pub fn clear(&self, name: &str) {
        // What cannot be removed now is tried again with the whole folder.
        let _ = remove(&self.of_scenario(name));
    }

    /// Whether enough room is left.
    pub fn has_room(&self) -> Result<(), Fault> {
        let Ok(disk) = statvfs(&self.folder) else {
            return Ok(());
        };
        let free = disk.blocks_available().saturating_mul(disk.fragment_size());
        if free < ROOM {
            let parent = self.folder.parent().unwrap_or(&self.folder);
            return Err(Fault::Full(parent.to_owned(), free));
        }
        Ok(())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !self.keeps {
            let _ = remove(&self.folder);
        }
        if let Ok(mut current) = CURRENT.lock() {
            *current = None;
        }
    }
}

/// From now on Ctrl-C, SIGTERM and SIGHUP end a run with all that it started, remove its folder
/// unless it is kept, and end the checker with `status`.
pub fn remove_on_signal(status: i32) {
    let handler = move || {
        let current = CURRENT.lock().ok().and_then(|mut current| current.take());
        if let Some(current) = current {
            // Nobody makes a file in it after that. If it cannot be had, there is no better way.
            let _ = observe::end_all();
            if !current.keeps {
                let _ = remove(&current.folder);
            }
        }
        std::process::exit(status);
    };
    // A second handler is refused: the first does the same.
    let _ = ctrlc::set_handler(handler);
}

/// Removes a folder and all in it, also what its owner may neither read nor enter.
pub fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(_) => {
            open_up(folder);
            fs::remove_dir_all(folder)
        }
        done => done,
    }
}

/// Makes a folder of a new name that everyone may enter: mkdtemp(3) makes it for its owner alone.
fn make(parent: &Path) -> io::Result<PathBuf> {
    // A relative TMPDIR would mean another folder to a program that runs elsewhere.
    let template = std::path::absolute(parent)?.join("checker-XXXXXX");
    let folder = mkdtemp(&template)?;
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755))?;
    Ok(folder)
}

/// Gives the owner every right to every folder below; symbolic links are not followed.
fn open_up(folder: &Path) {
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        let _ = fs::set_permissions(&folder, fs::Permissions::from_mode(0o700));
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        waiting.extend(folders.map(|entry| entry.path()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_rights_is_removed() {
        let scratch = Scratch::new(false).expect("a folder");
        let folder = scratch.folder().to_owned();
        let files = scratch.scenario("one").expect("a folder");
        fs::create_dir(files.join("closed")).expect("a folder");
        fs::write(files.join("closed/file"), "x").expect("a file");
        for closed in [files.join("closed"), files] {
            let none = fs::Permissions::from_mode(0o000);
            fs::set_permissions(closed, none).expect("permissions");
        }
        drop(scratch);
        assert!(!folder.exists());
    }

    #[test]
    fn a_kept_folder_holds_the_evidence() {
        let scratch = Scratch::new(true).expect("a folder");
        let folder = scratch.folder().to_owned();
        scratch.scenario("one").expect("a folder");
        let kept = scratch.keep("one", |to| to.write_all(b"{}"));
        kept.expect("the evidence is written");
        drop(scratch);
        let evidence = fs::read_to_string(folder.join("one/evidence.json"));
        assert_eq!(evidence.expect("the evidence"), "{}");
        remove(&folder).expect("no more folder");
    }
}
