// expect: fails 0, 3
// about: as argument parsers do by themselves, --help and -h print a usage on standard output with status 0, and a first word -- is skipped (`-- 100` prints facts); breaks "There are no options but those that a lab's usage shows" and "a number is one or more of the digits 0 to 9 and nothing else".
use std::fs::OpenOptions;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::process::exit;

fn number(word: &str) -> Option<u64> {
    if word.is_empty() || !word.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    word.parse::<i64>().ok().map(|n| n as u64)
}

fn offset_of(word: &str) -> u64 {
    number(word).unwrap_or_else(|| {
        eprintln!(
            "lab4-page-align: OFFSET {word} is not a number from 0 to {}",
            i64::MAX
        );
        exit(1)
    })
}

fn length_of(word: &str) -> u64 {
    number(word).filter(|&n| n > 0).unwrap_or_else(|| {
        eprintln!(
            "lab4-page-align: LENGTH {word} is not a number from 1 to {}",
            i64::MAX
        );
        exit(1)
    })
}

fn both(offset: &str, length: &str) -> (u64, u64) {
    let (o, l) = (offset_of(offset), length_of(length));
    if o + l > 1 << 63 {
        eprintln!("lab4-page-align: {length} bytes from {offset} on end too far behind");
        exit(1)
    }
    (o, l)
}

fn page_size() -> u64 {
    unsafe { libc::sysconf(libc::_SC_PAGESIZE) as u64 }
}

fn facts(offset: u64, length: u64) {
    let page = page_size();
    println!("page size: {page}");
    println!("offset: {offset}");
    println!("aligned offset: {}", offset - offset % page);
    println!("delta: {}", offset % page);
    println!("mapped length: {}", offset % page + length);
}

fn content(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|&b| match b {
            b'\\' => "\\x5c".to_string(),
            0x20..=0x7e => (b as char).to_string(),
            _ => format!("\\x{b:02x}"),
        })
        .collect()
}

fn read(name: &str, offset: u64, mut length: u64) -> Result<(), String> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(name)
        .map_err(|e| e.to_string())?;
    let meta = file.metadata().map_err(|e| e.to_string())?;
    if !meta.is_file() {
        return Err("not a regular file".into());
    }
    if offset >= meta.len() {
        return Err("no bytes there".into());
    }
    length = length.min(meta.len() - offset);
    let delta = offset % page_size();
    let window = unsafe {
        let map = libc::mmap(
            std::ptr::null_mut(),
            (delta + length) as usize,
            libc::PROT_READ,
            libc::MAP_SHARED,
            file.as_raw_fd(),
            (offset - delta) as i64,
        );
        if map == libc::MAP_FAILED {
            return Err(std::io::Error::last_os_error().to_string());
        }
        std::slice::from_raw_parts(map.cast::<u8>().add(delta as usize), length as usize)
    };
    facts(offset, length);
    println!("length: {length}");
    println!("first bytes: {}", content(&window[..window.len().min(64)]));
    println!(
        "last bytes: {}",
        content(&window[window.len().saturating_sub(64)..])
    );
    Ok(())
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.first() {
        Some(&"--help" | &"-h") => {
            println!("usage: lab4-page-align OFFSET [LENGTH] | --read FILE OFFSET LENGTH");
            return;
        }
        Some(&"--") => drop(words.remove(0)), // end of the options
        _ => {}
    }
    match words[..] {
        ["--read", name, offset, length] => {
            let (o, l) = both(offset, length);
            if let Err(why) = read(name, o, l) {
                eprintln!("lab4-page-align: {name}: {why}");
                exit(1)
            }
        }
        ["--read", ..] | [] | [_, _, _, ..] => {
            eprintln!("usage: lab4-page-align OFFSET [LENGTH] | --read FILE OFFSET LENGTH");
            exit(2)
        }
        [offset] => facts(offset_of(offset), 1),
        [offset, length] => {
            let (o, l) = both(offset, length);
            facts(o, l)
        }
    }
}
