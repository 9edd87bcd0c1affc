//! The files of a scenario: as they are at the start of each run, how runs come to know them, and
//! what they leave.

use std::fs;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use checker::evidence::bytes::Bytes;
use checker::evidence::exploration::Left;
use checker::observe::process::relative;
use checker::observe::stage;
use checker::scenario::FileSpec;
use nix::unistd::Pid;

use crate::trouble::{Followed, Trouble};

/// Clears the folder and makes the scenario's files again.
///
/// They are new inodes each time: what a mapping left behind the end of a file stays in its last
/// page for as long as that is in memory.
pub fn reset(folder: &Path, files: &[FileSpec]) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    stage::furnish(folder, files)
}

/// What a run left in the folder, in order of name.
pub fn left(folder: &Path) -> io::Result<Vec<Left>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let meta = entry.metadata()?;
        let mut bytes = Vec::new();
        if meta.is_file() {
            bytes.resize(Left::KEPT.min(meta.len() as usize), 0);
            let read = fs::File::open(entry.path()).and_then(|file| file.read_at(&mut bytes, 0));
            bytes.truncate(read.unwrap_or(0));
        }
        all.push(Left {
            name: entry.file_name().to_string_lossy().into_owned(),
            length: if meta.is_file() { meta.len() } else { 0 },
            bytes: Bytes(bytes),
        });
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

/// The files that the processes of a run share, by number, in the order of getting to know them.
#[derive(Debug)]
pub struct Files {
    folder: PathBuf,
    known: Vec<Known>,
}

#[derive(Debug)]
struct Known {
    device: u64,
    inode: u64,
    name: String,
}

impl Files {
    /// None yet.
    pub fn new(folder: &Path) -> Files {
        Files {
            folder: folder.to_owned(),
            known: Vec::new(),
        }
    }

    /// Takes note of the scenario's files: they are known by whatever name they are opened.
    pub fn know(&mut self, files: &[FileSpec]) {
        for file in files {
            if let Ok(meta) = fs::metadata(self.folder.join(&file.name)) {
                self.add(meta.dev(), meta.ino(), file.name.clone());
            }
        }
    }

    /// Whether a descriptor is a regular file that others may have too, but not one of the run.
    pub fn is_foreign(pid: Pid, descriptor: i32) -> bool {
        let meta = fs::metadata(format!("/proc/{pid}/fd/{descriptor}"));
        meta.is_ok_and(|meta| meta.is_file())
    }

    /// What reports call a file.
    pub fn name(&self, file: usize) -> &str {
        &self.known[file].name
    }

    /// The number of the file behind a descriptor, if it is a regular one that other processes of
    /// the run may have too: in the folder, in shared memory, or known already.
    ///
    /// # Errors
    ///
    /// It has a name in /dev/shm: what a run leaves there, the next one would meet.
    pub fn behind(&mut self, pid: Pid, descriptor: i32) -> Followed<Option<usize>> {
        let link = PathBuf::from(format!("/proc/{pid}/fd/{descriptor}"));
        let is_file = |meta: &fs::Metadata| meta.is_file();
        let Some(meta) = fs::metadata(&link).ok().filter(is_file) else {
            return Ok(None);
        };
        let known = self.known.iter();
        let mut known = known.map(|known| (known.device, known.inode));
        if let Some(found) = known.position(|known| known == (meta.dev(), meta.ino())) {
            return Ok(Some(found));
        }
        let path = fs::read_link(&link)?;
        let is_nameless = path.to_string_lossy().starts_with("/memfd:");
        if path.starts_with("/dev/shm") {
            return Err(Trouble::Unfit(format!(
                "the program shares `{}`, which outlives a run",
                path.display()
            )));
        }
        let is_shared = path.starts_with(&self.folder) || is_nameless;
        let name = relative(&path, &self.folder);
        Ok(is_shared.then(|| self.add(meta.dev(), meta.ino(), name)))
    }

    /// Whether a descriptor is a pipe, a socket or the like, and not a standard stream.
    pub fn is_channel(pid: Pid, descriptor: i32) -> bool {
        let meta = || fs::metadata(format!("/proc/{pid}/fd/{descriptor}"));
        descriptor > 2 && meta().is_ok_and(|meta| !meta.is_file() && !meta.is_dir())
    }

    /// Takes note of shared memory without a file.
    pub fn nameless(&mut self) -> usize {
        let number = self.known.len();
        self.add(0, 0, format!("shared memory {}", number + 1))
    }

    fn add(&mut self, device: u64, inode: u64, name: String) -> usize {
        self.known.push(Known {
            device,
            inode,
            name,
        });
        self.known.len() - 1
    }

    /// Whether a path, as a process gives it, is in the folder.
    pub fn is_inside(&self, pid: Pid, base: Option<i32>, path: &str) -> bool {
        let base = match base {
            Some(descriptor) => format!("/proc/{pid}/fd/{descriptor}"),
            None => format!("/proc/{pid}/cwd"),
        };
        let base = fs::read_link(base).unwrap_or_else(|_| self.folder.clone());
        base.join(path).starts_with(&self.folder)
    }
}
