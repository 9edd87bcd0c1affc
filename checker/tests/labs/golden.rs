//! Whole reports on wrong programs and on a stub, word for word.
//!
//! The seed is fixed, so names, lengths and bytes are the same in every run. What remains differs:
//! addresses, and the folder that the programs were compiled into.

use checker::course;

use crate::place;

/// Wrong programs, each of which shows another kind of report.
const KNOWN: [&str; 20] = [
    "lab1-editor/mistakes/private-mapping",
    "lab1-editor/mistakes/no-sync",
    "lab1-editor/mistakes/store-past-end",
    "lab2-compare/mistakes/two-shared",
    "lab3-copy/mistakes/literal-tutorial",
    "lab3-copy/mistakes/no-ftruncate",
    "lab3-copy/crashers/says-nothing",
    "lab4-page-align/mistakes/page-size-known",
    "lab4-page-align/mistakes/number-clamped",
    "lab4-page-align/mistakes/whole-file-mapped",
    "lab4-page-align/mistakes/window-not-cut",
    "lab5-counter/mistakes/old-value-printed",
    "lab5-counter/mistakes/modified-to-read",
    "lab5-counter/mistakes/load-hoisted",
    "lab5-counter/mistakes/load-add-store",
    "lab5-counter/mistakes/lock-dropped-by-close",
    "lab6-cow/mistakes/bit-63-forgotten",
    "lab6-cow/mistakes/stored-too-much",
    "lab6-cow/mistakes/did-not-wait",
    "lab6-cow/cheats/asks-once",
];

/// Masks what cannot be the same in two runs, in this order. Lines keep their breaks, as an
/// address has the same length everywhere that it is masked.
fn redacted(page: &str, folder: &str) -> String {
    let page = page.replace(folder, "/tmp/…");
    let mut parts = page.split("0x");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_hexdigit());
        let (digits, rest) = part.split_at(end.unwrap_or(part.len()));
        // Flags and modes are short, and the same everywhere.
        match digits.len() {
            0..9 => text.push_str(&format!("0x{digits}")),
            _ => text.push_str("0xADDRESS"),
        }
        text.push_str(rest);
    }
    text
}

#[test]
fn reports_on_wrong_programs_are_worded_as_they_were() {
    let folder = tempfile::Builder::new()
        .prefix("golden-")
        .tempdir_in("/tmp")
        .expect("a temporary folder");
    for name in KNOWN {
        let Some(program) = place::known(name, folder.path()) else {
            return;
        };
        let slug = name.split('/').next().expect("a lab");
        // What has to be built first says so, once.
        let mut labs = course::labs().iter();
        let lab = labs.find(|lab| lab.slug == slug).expect("a lab");
        place::built(slug, lab.beside);
        let mut run = place::checker(&[slug, "--seed", "4711", "--program"]);
        run.arg(&program).env_remove("NO_COLOR");
        let (status, page, words) = place::said(&mut run);
        assert_eq!((status, words.as_str()), (Some(1), ""), "{name}");
        let page = redacted(&page, &folder.path().display().to_string());
        insta::assert_snapshot!(name.replace('/', "-"), page);
    }
}

#[test]
fn the_report_on_a_stub_is_worded_as_it_was() {
    let course = place::course();
    let mut run = place::checker(&["lab5-counter", "--seed", "4711"]);
    run.current_dir(&*course).env_remove("NO_COLOR");
    let (status, page, words) = place::said(&mut run);
    assert_eq!(status, Some(1), "{words}");
    insta::assert_snapshot!("lab5-counter-stub", page);
}

#[test]
fn addresses_and_folders_are_masked_and_nothing_else() {
    let page = "mmap(NULL, 0x1000) = 0x7fc7f4c00000\n  (/tmp/golden-a1/x)";
    let masked = "mmap(NULL, 0x1000) = 0xADDRESS\n  (/tmp/…/x)";
    assert_eq!(redacted(page, "/tmp/golden-a1"), masked);
}
