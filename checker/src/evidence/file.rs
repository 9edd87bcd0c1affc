//! A file as it was at one moment: what `stat` says, and the bytes by extents.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::bytes::Bytes;

/// What became of one name in the scenario's folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileStory<B = Arc<Bytes>> {
    /// Path relative to the scenario's folder.
    pub name: String,
    /// Before any process started; `None` if there was no such file.
    pub before: Option<FileState<B>>,
    /// After every process had ended; `None` if there is no such file.
    pub after: Option<FileState<B>>,
}

/// The kind of a file, as `S_IFMT` tells (inode(7)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileType {
    /// A regular file.
    Regular,
    /// A directory.
    Directory,
    /// A named pipe.
    Fifo,
    /// A symbolic link, and where it points.
    SymbolicLink(String),
    /// Anything else.
    Other,
}

/// One file at one moment (inode(7) names the fields). Symbolic links are not followed.
///
/// A file that is looked at often mostly holds what it held before, and bytes that are found again
/// are kept once; in stored evidence `B` is a number among them ([`stored`](super::stored)).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileState<B = Arc<Bytes>> {
    /// What kind of file it is.
    pub kind: FileType,
    /// Length in bytes.
    pub length: u64,
    /// Permission bits, the low twelve of `st_mode`.
    pub mode: u32,
    /// Device number, as `st_dev`.
    pub device: u64,
    /// Inode number.
    pub inode: u64,
    /// How many names the inode has.
    pub links: u64,
    /// Allocated 512-byte blocks.
    pub blocks: u64,
    /// Last modification, nanoseconds since the epoch.
    pub modified: i128,
    /// The bytes of a regular file; empty for anything else.
    pub content: Content<B>,
}

impl<B> FileState<B> {
    /// The same state with something else for each run of bytes, or the first error.
    pub fn try_map<'a, D, E>(
        &'a self,
        mut other: impl FnMut(&'a B) -> Result<D, E>,
    ) -> Result<FileState<D>, E> {
        let extents = self.content.extents.iter().map(|extent| {
            Ok(Extent {
                offset: extent.offset,
                bytes: other(&extent.bytes)?,
            })
        });
        Ok(FileState {
            kind: self.kind.clone(),
            length: self.length,
            mode: self.mode,
            device: self.device,
            inode: self.inode,
            links: self.links,
            blocks: self.blocks,
            modified: self.modified,
            content: Content {
                extents: extents.collect::<Result<_, E>>()?,
                cut: self.content.cut,
            },
        })
    }
}

impl FileState {
    /// Whether both are the same inode.
    pub fn is_same_file(&self, other: &FileState) -> bool {
        self.device == other.device && self.inode == other.inode
    }

    /// Whether both have the same length and the same bytes, wherever they hold holes. `None` if
    /// more bytes than were kept decide it.
    pub fn same_bytes(&self, other: &FileState) -> Option<bool> {
        if self.length != other.length {
            return Some(false);
        }
        if self.content.first_difference(&other.content).is_some() {
            return Some(false);
        }
        (!self.content.cut && !other.content.cut).then_some(true)
    }
}

/// The bytes of a file as a list of extents; what lies between two extents reads as zeros.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content<B = Arc<Bytes>> {
    /// In rising order of offset, not overlapping, never empty. Runs of zero bytes may be left out.
    pub extents: Vec<Extent<B>>,
    /// Whether the file holds data that was not kept because there was too much of it.
    pub cut: bool,
}

/// Bytes that stand together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extent<B = Arc<Bytes>> {
    /// Offset of the first byte from the start of the file.
    pub offset: u64,
    /// The bytes.
    pub bytes: B,
}

impl<B> Default for Content<B> {
    fn default() -> Self {
        Content {
            extents: Vec::new(),
            cut: false,
        }
    }
}

impl Content {
    /// Content made of one run of bytes at the start of the file.
    pub fn of(bytes: &[u8]) -> Content {
        let mut content = Content::default();
        if !bytes.is_empty() {
            content.extents.push(Extent {
                offset: 0,
                bytes: Arc::new(bytes.into()),
            });
        }
        content
    }

    /// `length` bytes from `offset`, with zeros where there is no extent.
    pub fn range(&self, offset: u64, length: usize) -> Vec<u8> {
        let mut out = vec![0; length];
        let end = offset.saturating_add(length as u64);
        for extent in &self.extents {
            let extent_end = extent.offset + extent.bytes.0.len() as u64;
            let (from, to) = (extent.offset.max(offset), extent_end.min(end));
            if from < to {
                let source = (from - extent.offset) as usize..(to - extent.offset) as usize;
                let target = (from - offset) as usize..(to - offset) as usize;
                out[target].copy_from_slice(&extent.bytes.0[source]);
            }
        }
        out
    }

    /// The offset of the first byte in which the two differ, among the bytes that were kept.
    pub fn first_difference(&self, other: &Content) -> Option<u64> {
        let one_way = |a: &Content, b: &Content| {
            a.extents
                .iter()
                .filter_map(|extent| {
                    let ours = &extent.bytes.0;
                    let theirs = b.range(extent.offset, ours.len());
                    // Most are the same, and seen to be so at once.
                    if *ours == theirs {
                        return None;
                    }
                    let at = ours.iter().zip(&theirs).position(|(x, y)| x != y)?;
                    Some(extent.offset + at as u64)
                })
                .min()
        };
        match (one_way(self, other), one_way(other, self)) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(extents: &[(u64, &str)]) -> Content {
        let extents = extents.iter().map(|&(offset, bytes)| Extent {
            offset,
            bytes: Arc::new(bytes.into()),
        });
        Content {
            extents: extents.collect(),
            cut: false,
        }
    }

    #[test]
    fn what_lies_between_extents_is_zero() {
        let content = content(&[(2, "ab"), (6, "c")]);
        assert_eq!(content.range(1, 7), b"\0ab\0\0c\0");
    }

    #[test]
    fn a_hole_equals_zeros() {
        assert_eq!(
            content(&[(0, "ab\0\0c")]).first_difference(&content(&[(0, "ab"), (4, "c")])),
            None
        );
        assert_eq!(
            content(&[(0, "ab")]).first_difference(&content(&[(0, "ab"), (4, "c")])),
            Some(4)
        );
        assert_eq!(
            content(&[(0, "xb")]).first_difference(&content(&[(1, "b")])),
            Some(0)
        );
    }
}
