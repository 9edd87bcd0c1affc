//! Reports made by hand, one of each kind.

use checker::evidence::bytes::Bytes;
use checker::evidence::trace::Stream;
use checker::lab::Tier;
use checker::report::{Build, CheckReport, ClauseReport, Outcome, Report, SCHEMA, SubjectNote};
use checker::verdict::{CallLine, Diagnosis, Exhibit, MistakeNote, Spot, Verdict};

/// Every report, with a name.
pub fn all() -> Vec<(&'static str, Report)> {
    vec![
        ("calls", failing(2, broken(calls()))),
        ("bytes", failing(3, broken(bytes()))),
        ("lines", failing(3, broken(lines()))),
        ("plain", failing(1, plain())),
        ("stub", stub()),
        ("stub-of-ones-own", stub_of_ones_own()),
        ("not-compiling", not_compiling()),
        ("not-compiling-long", not_compiling_long()),
        (
            "passed",
            report(passed_with(&[Verdict::Passed, Verdict::Passed])),
        ),
        (
            "stretch-open",
            report(passed_with(&[Verdict::Passed, stretch_failure()])),
        ),
        (
            "stretch-asked",
            Report {
                stretch: true,
                ..report(passed_with(&[Verdict::Passed, stretch_failure()]))
            },
        ),
        ("not-observable", report(unobservable())),
        ("only-passed", report(vec![clause(2, Verdict::Passed)])),
        ("timeouts", report(timeouts())),
        ("hostile", hostile()),
        ("kept", kept()),
    ]
    .into_iter()
    .chain(crate::orders::all())
    .collect()
}

const PROMISES: [&str; 8] = [
    "bad input is refused",
    "the source is mapped for reading only",
    "the destination is opened, sized and mapped shared",
    "the bytes arrive, and no system call moves them",
    "a file is never copied onto itself",
    "an empty source gives an empty destination",
    "a longer destination is cut",
    "a copy that cannot be made changes nothing",
];

pub fn report(clauses: Vec<ClauseReport>) -> Report {
    Report {
        schema: SCHEMA,
        lab: "lab3-copy".to_owned(),
        title: "one memcpy".to_owned(),
        subject: SubjectNote::Learner {
            file: "labs/lab3-copy/src/lib.rs".to_owned(),
        },
        seed: 4711,
        stretch: false,
        build: Build::Built,
        outcome: Outcome::of(&clauses),
        clauses,
        kept: None,
    }
}

pub fn clause(number: u8, verdict: Verdict) -> ClauseReport {
    let stretch = [
        "no more than 16 MiB at once",
        "a full disk leaves no half file",
    ];
    let (tier, promise) = match PROMISES.get(usize::from(number)) {
        Some(promise) => (Tier::Core, *promise),
        None => (Tier::Stretch, stretch[usize::from(number) - PROMISES.len()]),
    };
    ClauseReport {
        number,
        tier,
        promise: promise.to_owned(),
        section: format!("lab3-copy.md#clause-{number}"),
        points: 1,
        hint: "Which call tells the kernel how long the new file is to be?".to_owned(),
        verdict: verdict.clone(),
        checks: vec![CheckReport {
            notes: Vec::new(),
            order: None,
            name: format!("check-of-{number}"),
            scenarios: vec!["copy".to_owned()],
            verdict,
        }],
    }
}

/// A report in which clause `number` fails, and all behind it are blocked.
fn failing(number: u8, verdict: Verdict) -> Report {
    let clauses = (0..8).map(|n| {
        let blocked = Verdict::Blocked {
            by: format!("clause {number}"),
        };
        clause(
            n,
            match n.cmp(&number) {
                std::cmp::Ordering::Less => Verdict::Passed,
                std::cmp::Ordering::Equal => verdict.clone(),
                std::cmp::Ordering::Greater => blocked,
            },
        )
    });
    report(clauses.collect())
}

fn broken(diagnosis: Diagnosis) -> Verdict {
    Verdict::Failed(Box::new(Diagnosis {
        mistake: Some(MistakeNote {
            code: "private-mapping".to_owned(),
            says: "Stores into a private mapping go to pages of your own; the file never hears \
                   of them."
                .to_owned(),
            hint: "Which of the two flags makes a mapping somebody else can see?".to_owned(),
            section: "lab3-copy.md#shared".to_owned(),
        }),
        scenario: "copy".to_owned(),
        command: "lab3-copy source.bin copy.bin".to_owned(),
        ..diagnosis
    }))
}

fn calls() -> Diagnosis {
    let map =
        "mmap(NULL, 8211, PROT_READ|PROT_WRITE, MAP_PRIVATE, 4<copy.bin>, 0) = 0x7f12a4c07000";
    let from = map.find("MAP_PRIVATE").expect("the flag");
    Diagnosis {
        expected: "a mapping of `copy.bin` with PROT_WRITE and MAP_SHARED".to_owned(),
        observed: "its only writable mapping is MAP_PRIVATE".to_owned(),
        spot: Spot::Event { index: 12 },
        exhibit: Some(Exhibit::Calls {
            lines: vec![
                line(
                    "openat(AT_FDCWD, \"copy.bin\", O_RDWR|O_CREAT|O_CLOEXEC, 0666) = 4<copy.bin>",
                ),
                line("ftruncate(4<copy.bin>, 8211) = 0"),
                CallLine {
                    text: map.to_owned(),
                    mark: Some((from, from + "MAP_PRIVATE".len())),
                },
            ],
        }),
        ..Diagnosis::default()
    }
}

fn line(text: &str) -> CallLine {
    CallLine {
        text: text.to_owned(),
        mark: None,
    }
}

fn bytes() -> Diagnosis {
    let mut wrong = b"a line of the source\nand another one that is here\n".to_vec();
    let right = wrong.clone();
    wrong[30] = 0;
    Diagnosis {
        expected: "`copy.bin` holds the bytes of `source.bin`".to_owned(),
        observed: "byte 4126 is \\x00".to_owned(),
        spot: Spot::Byte {
            file: "copy.bin".to_owned(),
            offset: 4126,
        },
        exhibit: Some(Exhibit::Bytes {
            what: "the file `copy.bin`".to_owned(),
            offset: 4096,
            expected: Bytes(right),
            observed: Bytes(wrong),
        }),
        ..Diagnosis::default()
    }
}

fn lines() -> Diagnosis {
    Diagnosis {
        expected: "the facts `size` and `copied`".to_owned(),
        observed: "another number after `copied: `".to_owned(),
        spot: Spot::Line {
            stream: Stream::Stdout,
            number: 2,
        },
        exhibit: Some(Exhibit::Lines {
            what: "standard output".to_owned(),
            expected: Some("size: 8211\ncopied: 8211\n".to_owned()),
            observed: "size: 8211\ncopied: 8192\n".to_owned(),
        }),
        ..Diagnosis::default()
    }
}

/// No mistake recognised, nothing to show.
fn plain() -> Verdict {
    Verdict::Failed(Box::new(Diagnosis {
        expected: "exit status 0".to_owned(),
        observed: "killed by SIGSEGV at address 0x7f12a4c07000, which is in no mapping".to_owned(),
        scenario: "copy".to_owned(),
        command: "lab3-copy source.bin copy.bin".to_owned(),
        ..Diagnosis::default()
    }))
}

fn unwritten() -> Verdict {
    Verdict::NotWritten {
        step: Some(1),
        place: "labs/lab3-copy/src/lib.rs:41".to_owned(),
    }
}

fn stub() -> Report {
    let mut report = failing(1, unwritten());
    report.clauses[4] = clause(4, unwritten());
    report
}

/// A `todo!` that is not one of the stub.
fn stub_of_ones_own() -> Report {
    let place = "labs/lab3-copy/src/lib.rs:63".to_owned();
    failing(2, Verdict::NotWritten { step: None, place })
}

/// One error of forty lines.
fn not_compiling_long() -> Report {
    let lines = (0..37).map(|n| format!("\n   = note: candidate {n} is not implemented"));
    let error = "error[E0277]: the trait bound is not satisfied
  --> labs/lab3-copy/src/lib.rs:52:38
   |"
    .to_owned()
        + &lines.collect::<String>();
    Report {
        build: Build::Failed { error, errors: 1 },
        ..not_compiling()
    }
}

fn not_compiling() -> Report {
    let error = "error[E0308]: mismatched types
  --> labs/lab3-copy/src/lib.rs:52:38
   |
52 |     let destination = map_destination(&file, \"8211\", ProtFlags::PROT_READ | ProtFlags::PROT_WRITE)?;
   |                       ---------------        ^^^^^^ expected `u64`, found `&str`
   |                       |
   |                       arguments to this function are incorrect";
    let blocked = || Verdict::Blocked {
        by: "the compile error".to_owned(),
    };
    Report {
        build: Build::Failed {
            error: error.to_owned(),
            errors: 3,
        },
        outcome: Outcome::DoesNotCompile,
        ..report((0..8).map(|n| clause(n, blocked())).collect())
    }
}

fn passed_with(stretch: &[Verdict]) -> Vec<ClauseReport> {
    let core = (0..8).map(|n| clause(n, Verdict::Passed));
    let stretch = (8..)
        .zip(stretch)
        .map(|(n, verdict)| clause(n, verdict.clone()));
    core.chain(stretch).collect()
}

fn stretch_failure() -> Verdict {
    plain()
}

fn unobservable() -> Vec<ClauseReport> {
    let mut clauses = passed_with(&[]);
    clauses[3] = clause(
        3,
        Verdict::NotObservable {
            reason: "ptrace is refused here (EPERM), as in a container without SYS_PTRACE"
                .to_owned(),
        },
    );
    clauses
}

fn timeouts() -> Vec<ClauseReport> {
    let mut clauses = passed_with(&[]);
    clauses[1] = clause(1, plain());
    clauses[2] = clause(2, plain());
    for n in 3..8 {
        let by = "two timeouts".to_owned();
        clauses[usize::from(n)] = clause(n, Verdict::Blocked { by });
    }
    clauses
}

/// Everything a program can influence is full of what a terminal would act upon, and long.
fn hostile() -> Report {
    let evil = "\x1b[2J\x1b]0;gone\x07\u{202e}\u{9b}31m\r\n\t".repeat(12);
    let verdict = Verdict::Failed(Box::new(Diagnosis {
        expected: "a line `size: 8211`".to_owned(),
        observed: evil.clone(),
        exhibit: Some(Exhibit::Lines {
            what: evil.clone(),
            expected: Some("size: 8211\n".to_owned()),
            observed: format!("size: 82{evil}"),
        }),
        scenario: evil.clone(),
        command: evil.clone(),
        ..Diagnosis::default()
    }));
    Report {
        subject: SubjectNote::Program {
            path: "/home/learner/a folder/my \x1b[31mcopy".to_owned(),
        },
        ..failing(3, verdict)
    }
}

fn kept() -> Report {
    Report {
        subject: SubjectNote::Reference,
        kept: Some("/tmp/checker-Ab12Cd".to_owned()),
        ..report(vec![clause(3, broken(lines()))])
    }
}
