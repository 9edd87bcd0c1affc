//! Looking at files: what `stat` says, and the bytes, with holes left as holes.

use std::collections::HashMap;
use std::fs::{self, File, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{FileExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nix::unistd::{Whence, lseek};

use crate::evidence::ending::Ending;
use crate::evidence::file::{Content, Extent, FileState, FileType};

use super::page_size;
use super::process::relative;

/// How many pages of one file are kept.
const KEPT: u64 = 64;
/// How many allocated bytes of one file are read at most, in search of some that are not zero.
const READ: u64 = 256 << 20;
/// Blocks of this size are kept apart, and left out if they are all zeros.
const BLOCK: usize = 4096;
/// How many entries of a folder are looked at; a program that makes more has made enough.
const ENTRIES: usize = 256;

/// The state of one file, symbolic links not followed; `Ok(None)` if there is none.
pub fn state(path: &Path) -> io::Result<Option<FileState>> {
    let meta = match fs::symlink_metadata(path) {
        Ok(meta) => meta,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let kind = kind(path, &meta)?;
    let content = if kind == FileType::Regular {
        readable(path, &meta, |file| content(file, meta.len()))?
    } else {
        Content::default()
    };
    Ok(Some(FileState {
        kind,
        length: meta.len(),
        mode: meta.mode() & 0o7777,
        device: meta.dev(),
        inode: meta.ino(),
        links: meta.nlink(),
        blocks: meta.blocks(),
        modified: i128::from(meta.mtime()) * 1_000_000_000 + i128::from(meta.mtime_nsec()),
        content,
    }))
}

/// What files held when they were last looked at, by name: what is found again is kept once.
#[derive(Debug, Default)]
pub struct Held {
    last: HashMap<String, Content>,
    /// Bytes that all files hold at this look.
    now: u64,
    /// Bytes that are kept of all looks.
    all: u64,
}

impl Held {
    /// Why something was not kept, if so: it was too much at one look, or in all.
    pub fn too_much(&self) -> Option<Ending> {
        let (at_once, in_all) = (256 * page_size(), 2048 * page_size());
        if self.now > at_once {
            return Some(Ending::TooMuchContent { limit: at_once });
        }
        (self.all > in_all).then_some(Ending::TooMuchChange { limit: in_all })
    }

    fn keep(&mut self, name: &str, state: &mut FileState) {
        let last = self.last.get(name).map(|last| last.extents.as_slice());
        let last = last.unwrap_or_default();
        for extent in &mut state.content.extents {
            self.now += extent.bytes.0.len() as u64;
            let found = last.binary_search_by_key(&extent.offset, |one| one.offset);
            match found.map(|n| &last[n].bytes) {
                Ok(same) if *same == extent.bytes => extent.bytes = same.clone(),
                _ => self.all += extent.bytes.0.len() as u64,
            }
        }
        if self.too_much().is_some() {
            state.content = Content {
                extents: Vec::new(),
                cut: true,
            };
        }
        self.last.insert(name.to_owned(), state.content.clone());
    }
}

/// Every file below a folder, by its path relative to it, in order of name.
pub fn states(folder: &Path, held: &mut Held) -> io::Result<Vec<(String, FileState)>> {
    held.now = 0;
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for path in entries(&next)? {
            let Some(mut state) = state(&path)? else {
                continue;
            };
            if state.kind == FileType::Directory && found.len() < ENTRIES {
                folders.push(path.clone());
            }
            let name = relative(&path, folder);
            held.keep(&name, &mut state);
            found.push((name, state));
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(found)
}

/// The paths in a folder of ours. One in which its owner may not look is opened first, and stays
/// open: what is in it can be looked at only as long as it is.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mode = fs::symlink_metadata(folder)?.mode();
    if mode & 0o500 != 0o500 {
        fs::set_permissions(folder, Permissions::from_mode(mode & 0o7777 | 0o700))?;
    }
    let entries = fs::read_dir(folder)?.take(ENTRIES);
    entries.map(|entry| Ok(entry?.path())).collect()
}

fn kind(path: &Path, meta: &Metadata) -> io::Result<FileType> {
    let kind = meta.file_type();
    Ok(if kind.is_file() {
        FileType::Regular
    } else if kind.is_dir() {
        FileType::Directory
    } else if kind.is_fifo() {
        FileType::Fifo
    } else if kind.is_symlink() {
        FileType::SymbolicLink(fs::read_link(path)?.to_string_lossy().into_owned())
    } else {
        FileType::Other
    })
}

/// Opens a file of ours for reading, if need be by lending it the permission for that long.
fn readable<T>(
    path: &Path,
    meta: &Metadata,
    look: impl Fn(&File) -> io::Result<T>,
) -> io::Result<T> {
    match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            fs::set_permissions(path, Permissions::from_mode(meta.mode() | 0o400))?;
            let seen = File::open(path).and_then(|file| look(&file));
            fs::set_permissions(path, meta.permissions())?;
            seen
        }
        file => look(&file?),
    }
}

/// The data of a file, extent by extent (lseek(2): SEEK_DATA, SEEK_HOLE).
fn content(file: &File, length: u64) -> io::Result<Content> {
    let mut content = Content::default();
    let (mut kept, mut read) = (0, 0);
    let mut at = 0;
    let mut block = vec![0u8; BLOCK];
    while let Some((start, end)) = data_from(file, at, length)? {
        at = start;
        while at < end {
            let want = BLOCK.min((end - at) as usize);
            let got = file.read_at(&mut block[..want], at)?;
            if got == 0 {
                return Ok(content);
            }
            read += got as u64;
            if let Some((from, to)) = without_zeros(&block[..got]) {
                if kept + got as u64 > KEPT * page_size() {
                    content.cut = true;
                    return Ok(content);
                }
                kept += got as u64;
                content.extents.push(Extent {
                    offset: at + from as u64,
                    bytes: Arc::new(block[from..to].into()),
                });
            }
            at += got as u64;
            if read > READ {
                content.cut = true;
                return Ok(content);
            }
        }
    }
    Ok(content)
}

/// Where the first byte that is not zero stands, and the place behind the last; zeros at the ends of
/// a block need not be kept.
fn without_zeros(block: &[u8]) -> Option<(usize, usize)> {
    let first = block.iter().position(|&byte| byte != 0)?;
    let last = block.iter().rposition(|&byte| byte != 0)?;
    Some((first, last + 1))
}

/// The next range of data at or after an offset.
fn data_from(file: &File, at: u64, length: u64) -> io::Result<Option<(u64, u64)>> {
    if at >= length {
        return Ok(None);
    }
    let start = match lseek(file, at as i64, Whence::SeekData) {
        Ok(start) => start,
        Err(nix::Error::ENXIO) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let end = lseek(file, start, Whence::SeekHole)?;
    Ok(Some((start as u64, end as u64)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_stay_holes_and_bytes_are_kept() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("sparse");
        let file = File::create(&path).expect("a new file");
        file.set_len(3 << 30).expect("a long file");
        file.write_at(b"end", (3 << 30) - 3).expect("a write");
        let state = state(&path).expect("readable").expect("there");
        assert_eq!(state.length, 3 << 30);
        assert_eq!(state.content.range((3 << 30) - 4, 4), b"\0end");
        assert!(
            state
                .content
                .extents
                .iter()
                .all(|e| e.bytes.0.len() <= BLOCK)
        );
        assert!(!state.content.cut);
    }

    #[test]
    fn a_file_without_permissions_is_read_and_keeps_them() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("closed");
        fs::write(&path, "secret").expect("a new file");
        fs::set_permissions(&path, Permissions::from_mode(0o000)).expect("our own file");
        let state = state(&path).expect("readable").expect("there");
        assert_eq!(state.content, Content::of(b"secret"));
        assert_eq!(
            fs::symlink_metadata(&path).expect("there").mode() & 0o7777,
            0
        );
    }

    #[test]
    fn a_folder_is_opened_only_to_look_into_it() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, before, after) in [("whole", 0o555, 0o555), ("shut", 0o055, 0o755)] {
            let path = folder.path().join(name);
            fs::create_dir(&path).expect("a folder");
            fs::write(path.join("file"), "x").expect("a file");
            fs::set_permissions(&path, Permissions::from_mode(before)).expect("our own folder");
            let states = states(folder.path(), &mut Held::default()).expect("readable");
            assert!(
                states
                    .iter()
                    .any(|(found, _)| *found == format!("{name}/file"))
            );
            let mode = fs::metadata(&path).expect("there").mode() & 0o7777;
            assert_eq!(mode, after);
            fs::set_permissions(&path, Permissions::from_mode(0o755)).expect("our own folder");
        }
    }

    #[test]
    fn what_is_found_again_is_kept_once_and_too_much_is_not_kept() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut held = Held::default();
        let mut look = || states(folder.path(), &mut held).expect("readable");
        fs::write(folder.path().join("a"), "same").expect("a file");
        let (first, second) = (look(), look());
        let bytes = |look: &[(String, FileState)]| look[0].1.content.extents[0].bytes.clone();
        assert!(Arc::ptr_eq(&bytes(&first), &bytes(&second)));
        let much = KEPT * page_size();
        for n in 0..256 * page_size() / much {
            let path = folder.path().join(format!("b{n}"));
            fs::write(path, vec![1; much as usize]).expect("a file");
        }
        let third = look();
        let cut = third.iter().filter(|(_, state)| state.content.cut);
        assert_eq!(cut.count(), 1);
        assert!(matches!(
            held.too_much(),
            Some(Ending::TooMuchContent { .. })
        ));
    }

    #[test]
    fn of_what_changes_only_the_change_is_kept_again() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("a");
        let mut held = Held::default();
        let mut bytes = vec![1; 20 * BLOCK];
        for n in 0..100 {
            bytes[n] = 2;
            fs::write(&path, &bytes).expect("a file");
            let look = states(folder.path(), &mut held).expect("readable");
            assert_eq!(look[0].1.content.range(0, bytes.len()), bytes);
        }
        assert_eq!(held.all, (20 + 99) * BLOCK as u64);
        assert_eq!(held.too_much(), None);
    }

    #[test]
    fn what_is_not_regular_is_named() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::os::unix::fs::symlink("nowhere", folder.path().join("link")).expect("a link");
        fs::create_dir(folder.path().join("sub")).expect("a folder");
        fs::write(folder.path().join("sub/file"), "x").expect("a file");
        let states = states(folder.path(), &mut Held::default()).expect("readable");
        let names: Vec<&str> = states.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["link", "sub", "sub/file"]);
        assert_eq!(
            states[0].1.kind,
            FileType::SymbolicLink("nowhere".to_owned())
        );
    }
}
