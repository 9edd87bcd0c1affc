//! The rooms of `lib.rs`: every module lies in one, and imports point downwards only.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Lines that no file may exceed.
const WALL: usize = 500;

/// A room of the table in the documentation of `lib.rs`.
struct Room {
    name: String,
    modules: Vec<String>,
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The rooms, the uppermost first.
fn rooms() -> Vec<Room> {
    let text = fs::read_to_string(source().join("lib.rs")).expect("lib.rs");
    let table = text
        .split("# The rooms")
        .nth(1)
        .expect("a heading `The rooms`");
    let table = table.split("```").nth(1).expect("a table below it");
    let room = |line: &str| {
        let mut columns = line
            .strip_prefix("//! ")?
            .split("  ")
            .filter(|column| !column.is_empty());
        let name = columns.next()?.trim().to_owned();
        let modules = columns.next()?.split(',');
        let modules = modules.map(|module| module.trim().trim_end_matches("/*").to_owned());
        Some(Room {
            name,
            modules: modules.collect(),
        })
    };
    table.lines().filter_map(room).collect()
}

/// Every Rust file below a folder.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The top-level module that a file belongs to: `render` for `render/exhibit/calls.rs`.
fn module(file: &Path) -> String {
    let inside = file.strip_prefix(source()).expect("a file of the crate");
    let first = inside.iter().next().expect("a name");
    first.to_string_lossy().trim_end_matches(".rs").to_owned()
}

/// The top-level modules that a text names by `crate::…`, `use crate::{…}` included.
fn named(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let code = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    let code = code.collect::<Vec<_>>().join("\n");
    for rest in code.split("crate::").skip(1) {
        let list = match rest.strip_prefix('{') {
            Some(list) => top_level_names(list),
            None => vec![first_word(rest)],
        };
        found.extend(list);
    }
    found
}

fn first_word(text: &str) -> String {
    let is_name = |c: &char| c.is_alphanumeric() || *c == '_';
    text.trim_start().chars().take_while(is_name).collect()
}

/// The names that stand in the outermost braces, up to the closing one.
fn top_level_names(list: &str) -> Vec<String> {
    let mut names = vec![first_word(list)];
    let mut depth = 0;
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(first_word(&list[at + 1..])),
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

#[test]
fn imports_point_downwards() {
    let rooms = rooms();
    assert_eq!(
        rooms.len(),
        6,
        "the table of rooms in lib.rs is not understood"
    );
    let place: BTreeMap<&str, usize> = rooms
        .iter()
        .enumerate()
        .flat_map(|(place, room)| room.modules.iter().map(move |name| (name.as_str(), place)))
        .collect();
    let level = |name: &str| {
        rooms
            .iter()
            .position(|room| room.name == name)
            .expect("a room")
    };
    let (judging, observing, vocabulary) =
        (level("judging"), level("observing"), level("vocabulary"));
    let mut all = Vec::new();
    files(&source(), &mut all);
    let mut faults = Vec::new();
    for file in all {
        let module = module(&file);
        if module == "lib" {
            continue;
        }
        let Some(&from) = place.get(module.as_str()) else {
            faults.push(format!(
                "the module `{module}` lies in no room: add it to the table in lib.rs"
            ));
            continue;
        };
        let text = fs::read_to_string(&file).expect("a source file");
        for other in named(&text) {
            let Some(&to) = place.get(other.as_str()) else {
                continue;
            };
            let into_vocabulary_only = from == judging || from == observing;
            let allowed = to == from || (to > from && (!into_vocabulary_only || to == vocabulary));
            if !allowed {
                faults.push(format!(
                    "{}: {} imports `{other}` of {}",
                    file.display(),
                    rooms[from].name,
                    rooms[to].name
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_vocabulary_needs_std_and_serde_only() {
    let rooms = rooms();
    let vocabulary = rooms.last().expect("a room");
    let mut all = Vec::new();
    files(&source(), &mut all);
    for file in all
        .iter()
        .filter(|file| vocabulary.modules.contains(&module(file)))
    {
        let text = fs::read_to_string(file).expect("a source file");
        for line in text.lines().filter(|line| line.starts_with("use ")) {
            let from = first_word(&line[4..]);
            let known = ["std", "serde", "crate", "super", "self"];
            let own = vocabulary.modules.contains(&from)
                || file.with_extension("").join(format!("{from}.rs")).is_file();
            assert!(
                known.contains(&from.as_str()) || own,
                "{}: {line}",
                file.display()
            );
        }
    }
}

#[test]
fn no_file_is_longer_than_the_wall() {
    let mut all = Vec::new();
    files(&source(), &mut all);
    files(&source().with_file_name("tests"), &mut all);
    for file in all {
        let text = fs::read_to_string(&file).expect("a source file");
        let lines = text.lines().count();
        assert!(lines <= WALL, "{} has {lines} lines", file.display());
    }
}

#[test]
fn imports_are_read_in_every_form() {
    let text =
        "use crate::lab::{Lab, Tier};\nuse crate::{a::{b, c}, d};\ncrate::e::f();\n// crate::g\n";
    assert_eq!(named(text), ["lab", "a", "d", "e"]);
}
