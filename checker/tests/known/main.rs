//! The known programs of `checker/corpus`, judged against what each says of itself.
//!
//! `KNOWN=lab3-copy/mistakes cargo test -p checker --test known` judges those whose names contain
//! the word. A compiler for C is needed; without one it is said how many were not judged.

mod compare;
mod header;
mod programs;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use checker::course;
use header::Expect;
use programs::Program;

/// How many are judged side by side: most of the time a program waits, or is waited for.
const WORKERS: usize = 2;

/// Characters of what came of it that the table shows.
const WIDTH: usize = 100;

fn known() -> Vec<Program> {
    programs::all().unwrap_or_else(|faults| panic!("headers:\n{}", faults.join("\n")))
}

/// Says something even if the test passes: what `eprintln` says is shown of failures only.
fn say(words: &str) {
    let _ = writeln!(std::io::stderr(), "known programs: {words}");
}

#[test]
fn known_programs_come_to_what_their_headers_say() {
    let begun = Instant::now();
    let word = std::env::var("KNOWN").unwrap_or_default();
    let mut known = known();
    known.retain(|program| program.name.contains(&word));
    if !programs::has_cc() {
        let all = known.len();
        known.retain(|program| !program.is_c());
        say(&format!(
            "no C compiler here, {} of {all} are not judged; install cc",
            all - known.len()
        ));
    }
    let binaries = programs::binaries();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let next = AtomicUsize::new(0);
    let rows: Mutex<Vec<(usize, String)>> = Mutex::default();
    let work = || {
        while let index = next.fetch_add(1, Ordering::SeqCst)
            && let Some(program) = known.get(index)
        {
            let report = programs::executable(program, folder.path(), &binaries)
                .and_then(|executable| programs::judge(program, &executable, folder.path()));
            let row = match report {
                Ok(report) => rows_of(program, &report),
                Err(error) => format!("{}\n    {error}\n", program.name),
            };
            rows.lock().expect("rows").push((index, row));
        }
    };
    thread::scope(|scope| {
        for _ in 1..WORKERS {
            scope.spawn(work);
        }
        work();
    });
    let left = programs::left(folder.path());
    assert!(left.is_empty(), "left behind:\n{}", left.join("\n"));
    let mut rows = rows.into_inner().expect("rows");
    rows.retain(|(_, row)| !row.is_empty());
    rows.sort();
    let seconds = begun.elapsed().as_secs();
    say(&format!(
        "{} judged in {seconds} s, {} disagree",
        known.len(),
        rows.len()
    ));
    let table: String = rows.into_iter().map(|(_, row)| row).collect();
    assert!(table.is_empty(), "\n{table}");
}

/// The program, and a row for each difference: expected, got.
fn rows_of(program: &Program, report: &checker::report::Report) -> String {
    let differences = compare::differences(&program.header, report);
    let mut rows = String::new();
    for one in &differences {
        let got: String = one.got.chars().take(WIDTH).collect();
        let _ = writeln!(rows, "    {:<28} {got}", one.expected);
    }
    match differences.is_empty() {
        true => rows,
        false => format!("{} (seed {})\n{rows}", program.name, report.seed),
    }
}

#[test]
fn every_mistake_has_a_program_that_makes_it() {
    let known = known();
    let made = |slug: &str| -> BTreeSet<String> {
        let programs = known.iter().filter(|program| program.lab() == slug);
        let codes = |program: &Program| {
            let mut codes = program.header.shows.clone();
            if let Expect::Fails { code, .. } = &program.header.expect {
                codes.extend(code.clone());
            }
            codes
        };
        programs.flat_map(codes).collect()
    };
    let mut faults = Vec::new();
    for lab in course::labs() {
        let made = made(lab.slug);
        for mistake in lab.mistakes {
            if !mistake.clauses.is_empty() && !made.contains(mistake.code) {
                faults.push(format!("{}: no program makes `{}`", lab.slug, mistake.code));
            }
        }
        let generic = checker::rule::generic::MISTAKES;
        for code in made {
            let is_generic = generic.iter().any(|mistake| mistake.code == code);
            if !is_generic && lab.mistake(&code).is_none() {
                faults.push(format!("{}: there is no mistake `{code}`", lab.slug));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn every_lab_has_right_programs_and_cheats() {
    let known = known();
    for lab in course::labs() {
        for kind in ["alternatives", "cheats", "mistakes"] {
            let folder = format!("{}/{kind}/", lab.slug);
            let is_there = known.iter().any(|one| one.name.starts_with(&folder));
            assert!(is_there, "nothing in checker/corpus/{folder}");
        }
    }
    let slugs: Vec<&str> = course::labs().iter().map(|lab| lab.slug).collect();
    for program in &known {
        assert!(
            slugs.contains(&program.lab()),
            "{}: no such lab",
            program.name
        );
    }
}
