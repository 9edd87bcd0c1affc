//! The stage of a scenario: its folder, the disk under it, and the files on it.

use std::fs::{self, File, FileTimes, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{FileExt, PermissionsExt, symlink};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::stat::Mode;
use nix::unistd::{getegid, geteuid, mkfifo};

use crate::scenario::{FileKind, FileSpec, Place};

/// Puts the folder where the scenario wants it. `Ok(Err(reason))`: this machine does not allow it.
pub fn prepare(place: Place, folder: &Path) -> io::Result<Result<(), String>> {
    match place {
        Place::Temporary => Ok(Ok(())),
        Place::SmallDisk(bytes) => {
            if let Err(error) = own_mounts() {
                return Ok(Err(format!(
                    "a small disk needs a user namespace, and this machine refuses one ({error})"
                )));
            }
            let options = format!("size={bytes},mode=755");
            mount_disk(folder, &options)?;
            Ok(Ok(()))
        }
    }
}

fn mount_disk(folder: &Path, options: &str) -> io::Result<()> {
    let tmpfs = Some("tmpfs");
    Ok(mount(
        tmpfs,
        folder,
        tmpfs,
        MsFlags::empty(),
        Some(options),
    )?)
}

/// Gives this process mounts of its own: by a user namespace, or, where that is refused to a
/// process that may mount anyway, without (user_namespaces(7), mount_namespaces(7)).
fn own_mounts() -> io::Result<()> {
    let (user, group) = (geteuid(), getegid());
    match unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS) {
        Ok(()) => {
            fs::write("/proc/self/setgroups", "deny")?;
            fs::write("/proc/self/uid_map", format!("{user} {user} 1"))?;
            fs::write("/proc/self/gid_map", format!("{group} {group} 1"))?;
        }
        Err(refused) => unshare(CloneFlags::CLONE_NEWNS).map_err(|_| refused)?,
    }
    // Nothing that is mounted here may show outside.
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(None::<&str>, "/", None::<&str>, private, None::<&str>)?;
    Ok(())
}

/// Makes the files, in order. Folders are closed last: what lies in them has to be made first.
pub fn furnish(folder: &Path, files: &[FileSpec]) -> io::Result<()> {
    for file in files {
        let path = folder.join(&file.name);
        make(folder, &path, &file.kind).map_err(|error| {
            let text = format!("cannot make the file `{}`: {error}", path.display());
            io::Error::new(error.kind(), text)
        })?;
        let is_link = matches!(file.kind, FileKind::SymbolicLink(_) | FileKind::HardLink(_));
        if is_folder(file) {
            permit(&path, 0o755)?;
        } else if !is_link {
            permit(&path, file.mode.unwrap_or(0o644))?;
        }
        if file.synced {
            File::open(&path)?.sync_all()?;
        }
    }
    for file in files.iter().rev().filter(|file| is_folder(file)) {
        permit(&folder.join(&file.name), file.mode.unwrap_or(0o755))?;
    }
    Ok(())
}

fn is_folder(file: &FileSpec) -> bool {
    matches!(file.kind, FileKind::Directory | FileKind::Disk)
}

fn permit(path: &Path, mode: u32) -> io::Result<()> {
    fs::set_permissions(path, Permissions::from_mode(mode))
}

fn make(folder: &Path, path: &Path, kind: &FileKind) -> io::Result<()> {
    match kind {
        FileKind::Regular { length, pieces } => {
            let file = File::create_new(path)?;
            file.set_len(*length)?;
            for (offset, bytes) in pieces {
                file.write_all_at(&bytes.0, *offset)?;
            }
            // Long past, so that a change in the same tick of the kernel's clock shows all the same.
            // And to the nanosecond: a time that was put back by a coarser clock is another one.
            let long_past = UNIX_EPOCH + Duration::new(1_000_000_000, 123_456_789);
            file.set_times(FileTimes::new().set_modified(long_past))
        }
        FileKind::Directory => fs::create_dir(path),
        FileKind::Disk => {
            fs::create_dir(path)?;
            mount_disk(path, "size=4m,mode=755")
        }
        FileKind::Fifo => Ok(mkfifo(path, Mode::from_bits_truncate(0o644))?),
        FileKind::SymbolicLink(target) => symlink(target, path),
        FileKind::HardLink(target) => fs::hard_link(folder.join(target), path),
    }
}

/// Sets the length of a file, as another process would.
pub fn truncate(path: &Path, length: u64) -> io::Result<()> {
    OpenOptions::new().write(true).open(path)?.set_len(length)
}

/// Writes into a file, as another process would.
pub fn write(path: &Path, offset: u64, bytes: &[u8]) -> io::Result<()> {
    OpenOptions::new()
        .write(true)
        .open(path)?
        .write_all_at(bytes, offset)
}
