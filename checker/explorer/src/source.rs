//! Which line of its source a process stands at: the nearest call frame that is the program's own
//! and has debug information.

use std::collections::HashMap;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use addr2line::Loader;
use checker::evidence::exploration::{CodePlace, SourceLine};
use framehop::x86_64::{CacheX86_64, UnwindRegsX86_64, UnwinderX86_64};
use framehop::{ExplicitModuleSectionInfo, Module, Unwinder};
use libc::user_regs_struct;
use object::{Object, ObjectSection, ObjectSegment};

use crate::tracee::Tracee;

/// How many call frames are looked at.
const FRAMES: usize = 64;

/// Debug information, read once for all runs.
#[derive(Default)]
pub struct Sources {
    loaders: HashMap<PathBuf, Option<Loader>>,
    texts: HashMap<PathBuf, Vec<String>>,
    /// The memory that `loaded` describes.
    maps: String,
    loaded: Vec<Loaded>,
    unwinder: UnwinderX86_64<Vec<u8>>,
    cache: CacheX86_64,
}

/// A file of code in a process.
struct Loaded {
    path: PathBuf,
    range: Range<u64>,
    /// What has to be added to an address in the file.
    bias: u64,
}

impl Sources {
    /// Where a task stands.
    pub fn place(
        &mut self,
        tracee: &Tracee,
        registers: &user_regs_struct,
        instruction: &str,
    ) -> CodePlace {
        self.look_at(tracee);
        let frames = self.frames(tracee, registers);
        CodePlace {
            instruction: instruction.to_owned(),
            function: self.function(registers.rip),
            line: frames.into_iter().find_map(|address| self.at(address)),
        }
    }

    /// The function at an address, if the file names it.
    fn function(&mut self, address: u64) -> Option<String> {
        let (loader, inside) = self.loader(address)?;
        let name = loader.find_symbol(inside)?;
        Some(short(&addr2line::demangle_auto(name.into(), None)))
    }

    /// The debug information of the file of code at an address, and the address in that file.
    fn loader(&mut self, address: u64) -> Option<(&Loader, u64)> {
        let loaded = self.loaded.iter();
        let mut loaded = loaded.filter(|file| file.range.contains(&address));
        let Loaded { path, bias, .. } = loaded.next()?;
        let inside = address.wrapping_sub(*bias);
        let loader = self
            .loaders
            .entry(path.clone())
            .or_insert_with(|| Loader::new(path).ok());
        Some((loader.as_ref()?, inside))
    }

    /// Takes in which files of code are where, if that has changed.
    fn look_at(&mut self, tracee: &Tracee) {
        let maps = fs::read_to_string(format!("/proc/{}/maps", tracee.pid)).unwrap_or_default();
        let code: Vec<&str> = maps
            .lines()
            .filter(|line| line.contains(" r-xp "))
            .collect();
        let code = code.join("\n");
        if code == self.maps {
            return;
        }
        self.maps = code;
        self.loaded.clear();
        self.unwinder = UnwinderX86_64::new();
        self.cache = CacheX86_64::new();
        let mut seen: HashMap<&str, Range<u64>> = HashMap::new();
        for line in maps.lines() {
            let Some((range, path)) = of_file(line) else {
                continue;
            };
            let whole = seen.entry(path).or_insert(range.clone());
            whole.end = range.end;
        }
        for (path, range) in seen {
            let _ = self.load(Path::new(path), range);
        }
    }

    fn load(&mut self, path: &Path, range: Range<u64>) -> Option<()> {
        let data = fs::read(path).ok()?;
        let file = object::File::parse(&*data).ok()?;
        file.segments().next()?;
        let first = file.segments().map(|segment| segment.address()).min()?;
        let page = checker::observe::page_size();
        let bias = range.start.wrapping_sub(first / page * page);
        let section = |name: &str| {
            let section = file.section_by_name(name)?;
            let start = section.address();
            let data = section.uncompressed_data().ok()?.into_owned();
            Some((start..start + section.size(), data))
        };
        let (text, frame, header) = (
            section(".text"),
            section(".eh_frame"),
            section(".eh_frame_hdr"),
        );
        let info = ExplicitModuleSectionInfo {
            base_svma: 0,
            text_svma: text.as_ref().map(|(range, _)| range.clone()),
            text: text.map(|(_, data)| data),
            eh_frame_svma: frame.as_ref().map(|(range, _)| range.clone()),
            eh_frame: frame.map(|(_, data)| data),
            eh_frame_hdr_svma: header.as_ref().map(|(range, _)| range.clone()),
            eh_frame_hdr: header.map(|(_, data)| data),
            got_svma: section(".got").map(|(range, _)| range),
            ..Default::default()
        };
        let name = path.display().to_string();
        self.unwinder
            .add_module(Module::new(name, range.clone(), bias, info));
        self.loaded.push(Loaded {
            path: path.to_owned(),
            range,
            bias,
        });
        Some(())
    }

    /// The addresses of the calls that led here, the innermost first.
    fn frames(&mut self, tracee: &Tracee, registers: &user_regs_struct) -> Vec<u64> {
        let mut read = |address: u64| {
            let bytes = tracee.read(address, 8);
            bytes.try_into().map(u64::from_le_bytes).map_err(|_| ())
        };
        let at = UnwindRegsX86_64::new(registers.rip, registers.rsp, registers.rbp);
        let mut frames = self
            .unwinder
            .iter_frames(registers.rip, at, &mut self.cache, &mut read);
        let mut addresses = Vec::new();
        while let (true, Ok(Some(frame))) = (addresses.len() < FRAMES, frames.next()) {
            // A return address is behind the call.
            addresses.push(frame.address_for_lookup());
        }
        addresses
    }

    /// The program's own line at an address, calls that were compiled into their callers included.
    fn at(&mut self, address: u64) -> Option<SourceLine> {
        let (loader, inside) = self.loader(address)?;
        let mut frames = loader.find_frames(inside).ok()?;
        let (path, line, function) = loop {
            let frame = frames.next().ok()??;
            let at = frame.location.and_then(|at| Some((at.file?, at.line?)));
            let Some((file, line)) = at.filter(|(file, _)| is_own(file)) else {
                continue;
            };
            let name = frame.function.and_then(|function| {
                let name = function.demangle().ok()?;
                Some(short(&name))
            });
            break (PathBuf::from(file), line, name);
        };
        let text = self.text(&path).get(line as usize - 1).cloned();
        let here = std::env::current_dir().unwrap_or_default();
        let file = path.strip_prefix(here).unwrap_or(&path);
        Some(SourceLine {
            file: file.display().to_string(),
            line,
            function,
            text,
        })
    }

    /// The lines of a source file, none if it is not there.
    fn text(&mut self, path: &Path) -> &[String] {
        self.texts.entry(path.to_owned()).or_insert_with(|| {
            let text = fs::read_to_string(path).unwrap_or_default();
            text.lines().map(|line| line.trim().to_owned()).collect()
        })
    }
}

/// Whether a source file is the program's, and not the standard library's or a crate's of others.
fn is_own(file: &str) -> bool {
    let foreign = [
        "/rustc/",
        "/.cargo/registry/",
        "/rustlib/src/",
        "/cargo/registry/",
    ];
    !foreign.iter().any(|part| file.contains(part))
}

/// A function's name without the hash at its end.
fn short(name: &str) -> String {
    match name.rsplit_once("::h") {
        Some((front, hash)) if hash.len() == 16 => front.to_owned(),
        _ => name.to_owned(),
    }
}

/// Range and path of a line of maps that is about a file.
fn of_file(line: &str) -> Option<(Range<u64>, &str)> {
    let path = &line[line.find('/')?..];
    let (start, end) = line.split_once(' ')?.0.split_once('-')?;
    let number = |text| u64::from_str_radix(text, 16).ok();
    Some((number(start)?..number(end)?, path))
}
