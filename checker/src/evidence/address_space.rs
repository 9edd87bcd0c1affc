//! The mappings of one process at one moment, as `/proc/PID/maps`, `smaps` and `pagemap` tell.

use serde::{Deserialize, Serialize};

/// All mappings of a process, in order of address (proc_pid_maps(5)).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressSpace {
    /// Index of the actor.
    pub actor: usize,
    /// Which process of the actor; processes that share their memory have one each.
    #[serde(default)]
    pub process: usize,
    /// Bytes in a page of this machine.
    pub page_size: u64,
    /// The lines of `maps`.
    pub regions: Vec<Region>,
}

/// One line of `maps`, and for the scenario's own files what `smaps` and `pagemap` add.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Region {
    /// First address.
    pub start: u64,
    /// The address after the last.
    pub end: u64,
    /// `rwxp` or `rwxs`, a dash for what is not allowed.
    pub permissions: String,
    /// Offset in the file, bytes.
    pub offset: u64,
    /// Inode of the file, 0 if none.
    pub inode: u64,
    /// Path, relative to the scenario's folder if inside it; or a name such as `[heap]`.
    pub path: String,
    /// Looked at only for the files of the scenario.
    pub detail: Option<Detail>,
}

impl Region {
    /// Whether stores go to the file: the `s` of the permissions.
    pub fn is_shared(&self) -> bool {
        self.permissions.ends_with('s')
    }
}

/// What `smaps` and `pagemap` say about one region.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// `Rss` of smaps, KiB: how much of it is in this process's page table.
    pub rss_kib: u64,
    /// `Anonymous` of smaps, KiB: pages that no longer belong to the file.
    pub anonymous_kib: u64,
    /// `Private_Dirty` of smaps, KiB.
    pub private_dirty_kib: u64,
    /// Page by page, from the start of the region; at most [`Detail::PAGES`]. As JSON a text with a
    /// letter for each, [`Page::letter`].
    #[serde(with = "letters")]
    pub pages: Vec<Page>,
    /// In a private mapping the [`digest`] of each [`Page::Own`], in order. None in old evidence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub copies: Vec<u64>,
}

/// A number that stands for bytes: FNV-1a of 64 bits. Bytes that differ by accident have another.
pub fn digest(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum, &byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}

impl Detail {
    /// How many pages of one region are looked at one by one.
    pub const PAGES: usize = 4096;
}

/// One page, from its `pagemap` entry (Documentation/admin-guide/mm/pagemap.rst).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// Not in the page table: never touched, or dropped. Bit 63 is 0.
    Absent,
    /// In the page table and the file's: bits 63 and 61 are 1.
    OfTheFile,
    /// In the page table and the process's own copy: bit 63 is 1, bit 61 is 0.
    Own,
}

impl Page {
    /// `-`, `f` or `o`.
    pub fn letter(self) -> char {
        match self {
            Page::Absent => '-',
            Page::OfTheFile => 'f',
            Page::Own => 'o',
        }
    }

    fn of_letter(letter: char) -> Option<Page> {
        let all = [Page::Absent, Page::OfTheFile, Page::Own];
        all.into_iter().find(|page| page.letter() == letter)
    }
}

/// Pages as text: there may be thousands of them.
mod letters {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Page;

    pub fn serialize<S: Serializer>(pages: &[Page], out: S) -> Result<S::Ok, S::Error> {
        let text: String = pages.iter().map(|page| page.letter()).collect();
        out.serialize_str(&text)
    }

    pub fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<Vec<Page>, D::Error> {
        let text = String::deserialize(from)?;
        let pages = text.chars().map(Page::of_letter).collect::<Option<_>>();
        pages.ok_or_else(|| D::Error::custom("a letter that stands for no page"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_letters() {
        let detail = Detail {
            pages: vec![Page::Absent, Page::OfTheFile, Page::Own],
            ..Detail::default()
        };
        let text = serde_json::to_string(&detail).expect("JSON");
        assert!(text.contains("\"-fo\""), "{text}");
        let again: Detail = serde_json::from_str(&text).expect("the same");
        assert_eq!(again, detail);
        let wrong = text.replace("-fo", "-fx");
        assert!(serde_json::from_str::<Detail>(&wrong).is_err());
    }
}
