//! Which loader a program asks for, read from its file: pure, and no more of the format than that
//! (elf(5)).

use std::path::{Path, PathBuf};

/// What the file of a program begins as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An ELF file that names its loader (PT_INTERP).
    Dynamic(PathBuf),
    /// An ELF file that names none.
    Static,
    /// An ELF file for another machine than the one that `like` is for.
    Foreign,
    /// A text that names the program to read it.
    Script(PathBuf),
    /// Anything else.
    Other,
}

/// Class, byte order and machine of an ELF file: those of a file for this machine are like those
/// of the checker itself.
pub type Like = ([u8; 2], [u8; 2]);

const MAGIC: &[u8] = b"\x7fELF";
const CLASS_64: u8 = 2;
const LITTLE_ENDIAN: u8 = 1;
const PT_INTERP: u32 = 3;
/// A path is no longer (PATH_MAX), and a table of headers not either.
const LONGEST: usize = 4096;

/// Class, byte order and machine of the file, if it is an ELF file.
pub fn like(at: impl Fn(u64, usize) -> Option<Vec<u8>>) -> Option<Like> {
    let head = at(0, 20)?;
    let is_elf = head.starts_with(MAGIC);
    is_elf.then_some(([head[4], head[5]], [head[18], head[19]]))
}

/// What the file is. `at` reads so many bytes from an offset; `None` if there are not so many.
pub fn kind(at: impl Fn(u64, usize) -> Option<Vec<u8>>, own: Like) -> Kind {
    if at(0, 2).is_some_and(|two| two == b"#!") {
        return script(&at).map_or(Kind::Other, Kind::Script);
    }
    match like(&at) {
        None => Kind::Other,
        Some(found) if found != own || own.0 != [CLASS_64, LITTLE_ENDIAN] => Kind::Foreign,
        Some(_) => match loader(&at) {
            Ok(Some(path)) => Kind::Dynamic(path),
            Ok(None) => Kind::Static,
            Err(Broken) => Kind::Other,
        },
    }
}

/// The first word behind `#!` (execve(2)).
fn script(at: &impl Fn(u64, usize) -> Option<Vec<u8>>) -> Option<PathBuf> {
    let mut line = Vec::new();
    while line.len() < LONGEST
        && let Some(byte) = at(2 + line.len() as u64, 1)
        && byte[0] != b'\n'
    {
        line.extend(byte);
    }
    let line = String::from_utf8(line).ok()?;
    line.split_whitespace().next().map(PathBuf::from)
}

/// An ELF file that ends before what it announces.
struct Broken;

fn loader(at: &impl Fn(u64, usize) -> Option<Vec<u8>>) -> Result<Option<PathBuf>, Broken> {
    let head = at(0, 64).ok_or(Broken)?;
    let (table, size) = (u64_at(&head, 32), usize::from(u16_at(&head, 54)));
    let count = usize::from(u16_at(&head, 56));
    if size < 56 || size * count > LONGEST {
        return Err(Broken);
    }
    let table = at(table, size * count).ok_or(Broken)?;
    let mut headers = table.chunks_exact(size);
    let Some(header) = headers.find(|header| u32_at(header, 0) == PT_INTERP) else {
        return Ok(None);
    };
    let length = usize::try_from(u64_at(header, 32)).unwrap_or(usize::MAX);
    if length > LONGEST {
        return Err(Broken);
    }
    let path = at(u64_at(header, 8), length).ok_or(Broken)?;
    let path = path.split(|&byte| byte == 0).next().unwrap_or_default();
    let path = std::str::from_utf8(path).map_err(|_| Broken)?;
    Ok(Some(Path::new(path).to_owned()))
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: Like = ([2, 1], [0x3e, 0]);
    /// The first KiB of `int main(void) { return 0; }`, as gcc made it on Debian for x86-64, and
    /// the same with `-static`.
    const DYNAMIC: &[u8] = include_bytes!("elf/dynamic.start");
    const STATIC: &[u8] = include_bytes!("elf/static.start");

    fn of(file: &[u8]) -> Kind {
        let at = |from: u64, length: usize| {
            let from = usize::try_from(from).ok()?;
            Some(file.get(from..from.checked_add(length)?)?.to_vec())
        };
        kind(at, OWN)
    }

    #[test]
    fn the_loader_is_named_or_there_is_none() {
        let loader = PathBuf::from("/lib64/ld-linux-x86-64.so.2");
        assert_eq!(of(DYNAMIC), Kind::Dynamic(loader));
        assert_eq!(of(STATIC), Kind::Static);
    }

    #[test]
    fn other_machines_scripts_and_stumps_are_told_apart() {
        for (byte, value) in [(18, 0xb7), (4, 1), (5, 2)] {
            let mut other = STATIC.to_vec();
            other[byte] = value;
            assert_eq!(of(&other), Kind::Foreign);
        }
        let reader = Kind::Script(PathBuf::from("/usr/bin/env"));
        assert_eq!(of(b"#! /usr/bin/env python3\nprint()\n"), reader);
        for end in [0, 3, 19, 63, 64, 100, 0x320] {
            assert_eq!(of(&DYNAMIC[..end]), Kind::Other, "{end} bytes");
        }
        assert_eq!(of(b"#!"), Kind::Other);
        assert_eq!(of(b"plain text"), Kind::Other);
    }

    #[test]
    fn a_table_that_is_too_large_or_too_small_is_none() {
        for size in [0, 55, 0xffff_u16] {
            let mut odd = DYNAMIC.to_vec();
            odd[54..56].copy_from_slice(&size.to_le_bytes());
            assert_eq!(of(&odd), Kind::Other, "{size} bytes");
        }
    }
}
