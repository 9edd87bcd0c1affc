//! From registers to a [`Call`]: which file, which flags, in words.
//!
//! Decoding itself asks nobody; what it has to know of the process it is told through [`Eyes`].

use crate::evidence::bytes::Bytes;
use crate::evidence::trace::{Argument, Call, FileRef, MAP_ANONYMOUS, Stream};

use super::calls::{self, FICLONE, Kind, Spec};
use super::flags;

/// How many bytes of a write to a standard stream are kept, and how many of any other.
const DATA: (usize, usize) = (4096, 64);

/// What has to be looked up in the process that makes the call.
pub trait Eyes {
    /// The text at an address, up to its NUL; `None` if it cannot be read.
    fn text(&self, address: u64) -> Option<String>;
    /// At most `length` bytes at an address.
    fn bytes(&self, address: u64, length: usize) -> Vec<u8>;
    /// The file behind a descriptor.
    fn descriptor(&self, fd: i32) -> Option<FileRef>;
    /// The file of this name, relative to a folder's descriptor or to the working folder (`None`);
    /// inode 0 if there is none.
    fn named(&self, folder: Option<i32>, path: &str) -> FileRef;
    /// The file mapped at an address.
    fn mapped(&self, address: u64) -> Option<FileRef>;
}

/// Addresses below this are never mapped (proc_sys_vm(5), mmap_min_addr): such a number is none.
const LOWEST: u64 = 1 << 16;

/// A call that is not watched by itself: each of its arguments may be an address.
pub fn other(number: u64, registers: [u64; 6]) -> Call {
    let arity = calls::arity(number as i64);
    let arguments = registers.iter().take(arity);
    let addresses = arguments.clone().filter(|&&raw| raw >= LOWEST);
    Call {
        name: calls::name(number as i64),
        arguments: arguments
            .map(|&raw| Argument {
                name: String::new(),
                raw,
                shown: format!("{raw:#x}"),
            })
            .collect(),
        file: None,
        other: None,
        data: None,
        buffers: addresses.map(|&raw| (raw, raw.saturating_add(8))).collect(),
        result: None,
        returned: None,
        injected: false,
    }
}

/// Reads a call at its entry. The answer is filled in later.
pub fn call(spec: &Spec, registers: [u64; 6], eyes: &impl Eyes) -> Call {
    let mut files: Vec<FileRef> = Vec::new();
    let mut data = None;
    let mut buffers = Vec::new();
    let mut folder = None;
    let mut arguments = Vec::with_capacity(spec.arguments.len());
    let is_anonymous = spec.name == "mmap" && registers[3] & MAP_ANONYMOUS != 0;
    for (n, &(name, kind)) in spec.arguments.iter().enumerate() {
        let raw = registers[n];
        let mut value = raw;
        let shown = match kind {
            Kind::Address if raw == 0 => "NULL".to_owned(),
            Kind::Address => match (spec.name, n) {
                ("msync", 0) => {
                    files.extend(eyes.mapped(raw));
                    format!("{raw:#x}")
                }
                _ => format!("{raw:#x}"),
            },
            Kind::Number => raw.to_string(),
            Kind::Signed => (raw as i64).to_string(),
            Kind::Fd => {
                let fd = raw as i32;
                match (!is_anonymous).then(|| eyes.descriptor(fd)).flatten() {
                    Some(file) => {
                        let shown = format!("{fd}<{}>", file.path);
                        files.push(file);
                        shown
                    }
                    None => fd.to_string(),
                }
            }
            Kind::Folder => {
                folder = (raw as i32 != libc::AT_FDCWD).then_some(raw as i32);
                folder.map_or("AT_FDCWD".to_owned(), |fd| fd.to_string())
            }
            Kind::Path => match eyes.text(raw) {
                Some(path) => {
                    if spec.name != "memfd_create" {
                        files.push(eyes.named(folder, &path));
                    }
                    format!("\"{}\"", Bytes::from(path.as_str()))
                }
                None => format!("{raw:#x}"),
            },
            Kind::OpenHow => {
                let word = eyes.bytes(raw, 8);
                value = word.try_into().map_or(0, u64::from_ne_bytes);
                flags::open(value)
            }
            Kind::Prot => flags::prot(raw),
            Kind::MapFlags => flags::map(raw),
            Kind::SyncFlags => flags::sync(raw),
            Kind::OpenFlags => flags::open(raw),
            Kind::Mode => format!("0{:o}", raw & 0o7777),
            Kind::Bits => format!("{raw:#x}"),
            Kind::Command => flags::command(raw),
            Kind::Allocation => flags::fallocate(raw),
            Kind::Lock => flags::lock(raw),
            Kind::RecordLock => flags::record_lock(&words(&eyes.bytes(raw, 32))),
            Kind::Process => (raw as i32).to_string(),
            Kind::Room => {
                buffers.push((raw, raw.saturating_add(registers[n + 1])));
                format!("{raw:#x}")
            }
            Kind::Few(length) => {
                buffers.push((raw, raw.saturating_add(length)));
                format!("{raw:#x}")
            }
            Kind::Rooms => {
                buffers.extend(memory(&vectors(eyes, raw, registers[n + 1])));
                format!("{raw:#x}")
            }
            Kind::Message => {
                // struct msghdr: msg_iov is its third word, msg_iovlen its fourth (recvmsg(2)).
                if let [_, _, array, count, ..] = words(&eyes.bytes(raw, 32))[..] {
                    buffers.extend(memory(&vectors(eyes, array, count)));
                }
                format!("{raw:#x}")
            }
            Kind::Texts => {
                buffers.extend(texts(eyes, raw));
                if raw == 0 {
                    "NULL".to_owned()
                } else {
                    format!("{raw:#x}")
                }
            }
            Kind::Bytes => {
                buffers.push((raw, raw.saturating_add(registers[n + 1])));
                let limit = data_limit(files.first());
                let bytes = eyes.bytes(raw, registers[n + 1].min(limit as u64) as usize);
                shown_data(&mut data, bytes, registers[n + 1])
            }
            Kind::Vectors => {
                let limit = data_limit(files.first());
                let vectors = vectors(eyes, raw, registers[n + 1]);
                buffers.extend(memory(&vectors));
                let (bytes, total) = gather(eyes, &vectors, limit);
                shown_data(&mut data, bytes, total)
            }
        };
        arguments.push(Argument {
            name: name.to_owned(),
            raw: value,
            shown,
        });
    }
    if spec.name.starts_with("open") && arguments.len() == spec.arguments.len() {
        forget_unused_mode(&mut arguments);
    }
    // Where bytes are moved from one file to another, the one they come from stands first.
    match spec.name {
        "sendfile" => files.reverse(),
        "ioctl" => files
            .splice(0..0, clone_source(registers, eyes))
            .for_each(drop),
        _ => {}
    }
    let mut files = files.into_iter();
    Call {
        name: spec.name.to_owned(),
        arguments,
        file: files.next(),
        other: files.next(),
        data,
        buffers,
        result: None,
        returned: None,
        injected: false,
    }
}

/// The file that a cloning ioctl takes from: FICLONE has its descriptor as the argument, and
/// FICLONERANGE as the first word of the structure behind it (ioctl_ficlonerange(2)).
fn clone_source(registers: [u64; 6], eyes: &impl Eyes) -> Option<FileRef> {
    let fd = if registers[1] as u32 == FICLONE {
        registers[2] as i32
    } else {
        let word = eyes.bytes(registers[2], 8);
        word.try_into().map_or(-1, i64::from_ne_bytes) as i32
    };
    eyes.descriptor(fd)
}

/// The mode of open is an argument only where a file can be made.
fn forget_unused_mode(arguments: &mut Vec<Argument>) {
    let makes = (libc::O_CREAT | (libc::O_TMPFILE & !libc::O_DIRECTORY)) as u64;
    let flags = arguments.iter().find(|argument| argument.name == "flags");
    if flags.is_some_and(|flags| flags.raw & makes == 0) {
        arguments.retain(|argument| argument.name != "mode");
    }
}

fn data_limit(file: Option<&FileRef>) -> usize {
    match file.and_then(|file| file.stream) {
        Some(Stream::Stdout | Stream::Stderr) => DATA.0,
        _ => DATA.1,
    }
}

/// Keeps the bytes and shows the first of them.
fn shown_data(data: &mut Option<Bytes>, bytes: Vec<u8>, total: u64) -> String {
    const SHOWN: usize = 32;
    let start = Bytes::from(&bytes[..bytes.len().min(SHOWN)]);
    let more = if total > SHOWN as u64 { "..." } else { "" };
    *data = Some(Bytes(bytes));
    format!("\"{start}\"{more}")
}

fn words(bytes: &[u8]) -> Vec<u64> {
    let word = |word: &[u8]| u64::from_ne_bytes(word.try_into().expect("chunks of eight"));
    bytes.chunks_exact(8).map(word).collect()
}

/// An array of `struct iovec`: address and length of each. UIO_MAXIOV is 1024 (readv(2)).
fn vectors(eyes: &impl Eyes, array: u64, count: u64) -> Vec<(u64, u64)> {
    let words = words(&eyes.bytes(array, count.min(1024) as usize * 16));
    words
        .chunks_exact(2)
        .map(|pair| (pair[0], pair[1]))
        .collect()
}

/// The memory of vectors. Of very many the rest is one range from the lowest to the highest, so
/// that a trace stays small.
fn memory(vectors: &[(u64, u64)]) -> Vec<(u64, u64)> {
    const APART: usize = 32;
    let ends = vectors
        .iter()
        .map(|&(from, length)| (from, from.saturating_add(length)));
    let mut ranges: Vec<_> = ends.filter(|(from, to)| from < to).collect();
    if ranges.len() > APART {
        let rest = ranges.split_off(APART);
        let span = |a: (u64, u64), b: (u64, u64)| (a.0.min(b.0), a.1.max(b.1));
        ranges.extend(rest.into_iter().reduce(span));
    }
    ranges
}

/// The memory of the texts behind an array of pointers, in order and without overlap.
fn texts(eyes: &impl Eyes, array: u64) -> Vec<(u64, u64)> {
    let starts = pointers(eyes, array).into_iter();
    let mut ranges: Vec<_> = starts.map(|from| (from, end_of_text(eyes, from))).collect();
    ranges.sort_unstable();
    let mut joined: Vec<(u64, u64)> = Vec::new();
    for (from, to) in ranges {
        match joined.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => joined.push((from, to)),
        }
    }
    joined
}

/// The pointers of an array up to its NULL. All texts together have less than 6 MiB, a pointer for
/// each included (execve(2)).
fn pointers(eyes: &impl Eyes, array: u64) -> Vec<u64> {
    const MOST: usize = (6 << 20) / 8;
    let (mut found, mut rest) = (Vec::new(), Vec::new());
    for piece in pieces(eyes, array) {
        rest.extend(piece);
        let whole = rest.len() / 8 * 8;
        for pointer in words(&rest[..whole]) {
            if pointer == 0 || found.len() == MOST {
                return found;
            }
            found.push(pointer);
        }
        rest.drain(..whole);
    }
    found
}

/// The address behind the NUL of a text; none is longer than 32 pages (execve(2)).
fn end_of_text(eyes: &impl Eyes, from: u64) -> u64 {
    const LONGEST: u64 = 32 * PIECE;
    let mut end = from;
    for piece in pieces(eyes, from) {
        if let Some(nul) = piece.iter().position(|&byte| byte == 0) {
            return end.saturating_add(nul as u64 + 1);
        }
        end = end.saturating_add(piece.len() as u64);
        if end - from > LONGEST {
            break;
        }
    }
    end
}

/// No page is smaller.
const PIECE: u64 = 4096;

/// Memory from an address on, page by page, as long as there is some.
fn pieces(eyes: &impl Eyes, from: u64) -> impl Iterator<Item = Vec<u8>> {
    let mut at = from;
    std::iter::from_fn(move || {
        let piece = eyes.bytes(at, (PIECE - at % PIECE) as usize);
        at = at.saturating_add(piece.len() as u64);
        (!piece.is_empty()).then_some(piece)
    })
}

/// The bytes that vectors hold, at most `limit`, and how many there are in all.
fn gather(eyes: &impl Eyes, vectors: &[(u64, u64)], limit: usize) -> (Vec<u8>, u64) {
    let (mut bytes, mut total) = (Vec::new(), 0u64);
    for &(address, length) in vectors {
        let room = (limit - bytes.len()) as u64;
        bytes.extend(eyes.bytes(address, length.min(room) as usize));
        total = total.saturating_add(length);
    }
    (bytes, total)
}

#[cfg(test)]
mod tests {
    use super::super::calls;
    use super::*;

    struct Fake;

    impl Eyes for Fake {
        fn text(&self, address: u64) -> Option<String> {
            (address == 0x100).then(|| "notes.txt".to_owned())
        }
        fn bytes(&self, address: u64, length: usize) -> Vec<u8> {
            match address {
                0x200 => b"size: 5\n"[..length.min(8)].to_vec(),
                0x300 => [0x200u64, 8, 0x200, 4]
                    .iter()
                    .flat_map(|w| w.to_ne_bytes())
                    .collect(),
                0x400 => [0x502u64, 0x500, 0]
                    .iter()
                    .flat_map(|w| w.to_ne_bytes())
                    .collect(),
                0x500 => b"a\0bc\0".to_vec(),
                0x502 => b"bc\0".to_vec(),
                _ => Vec::new(),
            }
        }
        fn descriptor(&self, fd: i32) -> Option<FileRef> {
            let stream = (fd == 1).then_some(Stream::Stdout);
            (fd < 4).then(|| FileRef {
                path: if fd == 1 { "pipe" } else { "notes.txt" }.to_owned(),
                device: 1,
                inode: 7,
                stream,
            })
        }
        fn named(&self, _: Option<i32>, path: &str) -> FileRef {
            FileRef {
                path: path.to_owned(),
                device: 0,
                inode: 0,
                stream: None,
            }
        }
        fn mapped(&self, _: u64) -> Option<FileRef> {
            None
        }
    }

    fn shown(number: i64, registers: [u64; 6]) -> String {
        let spec = calls::spec(number as u64).expect("a watched call");
        call(spec, registers, &Fake).to_string()
    }

    #[test]
    fn calls_read_as_strace_users_know_them() {
        let here = libc::AT_FDCWD as u64;
        assert_eq!(
            shown(libc::SYS_openat, [here, 0x100, 0o102, 0o666, 0, 0]),
            "openat(AT_FDCWD, \"notes.txt\", O_RDWR|O_CREAT, 0666) = ?"
        );
        assert_eq!(
            shown(libc::SYS_openat, [here, 0x100, 0, 0o666, 0, 0]),
            "openat(AT_FDCWD, \"notes.txt\", O_RDONLY) = ?"
        );
        assert_eq!(
            shown(libc::SYS_mmap, [0, 5, 3, 1, 3, 0]),
            "mmap(NULL, 5, PROT_READ|PROT_WRITE, MAP_SHARED, 3<notes.txt>, 0) = ?"
        );
        assert_eq!(
            shown(libc::SYS_mmap, [0, 5, 3, 0x22, u64::MAX, 0]),
            "mmap(NULL, 5, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = ?"
        );
    }

    #[test]
    fn written_bytes_are_kept_also_from_vectors() {
        let spec = calls::spec(libc::SYS_write as u64).expect("write is watched");
        let write = call(spec, [1, 0x200, 8, 0, 0, 0], &Fake);
        assert_eq!(write.data, Some("size: 5\n".into()));
        let spec = calls::spec(libc::SYS_writev as u64).expect("writev is watched");
        let writev = call(spec, [1, 0x300, 2, 0, 0, 0], &Fake);
        assert_eq!(writev.data, Some("size: 5\nsize".into()));
        assert_eq!(writev.buffers, [(0x200, 0x208), (0x200, 0x204)]);
        assert_eq!(
            writev.file.and_then(|file| file.stream),
            Some(Stream::Stdout)
        );
    }

    #[test]
    fn the_words_of_a_new_program_lie_in_memory() {
        let spec = calls::carrier_spec(libc::SYS_execve as u64).expect("a carrier");
        let execve = call(spec, [0x100, 0x400, 0, 0, 0, 0], &Fake);
        assert_eq!(execve.buffers, [(0x500, 0x505)]);
        assert_eq!(execve.to_string(), "execve(\"notes.txt\", 0x400, NULL) = ?");
    }
}
