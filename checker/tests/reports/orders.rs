//! Reports on programs that were explored.

use checker::report::{ClauseReport, Report};
use checker::verdict::{Diagnosis, Exhibit, Spot, TimelineStep, Verdict};

use crate::made::{clause, report};

/// Every report, with a name.
pub fn all() -> Vec<(&'static str, Report)> {
    vec![
        ("timeline", one(lost())),
        ("timeline-long", one(long())),
        ("timeline-of-three", one(three())),
        ("orders-passed", passed()),
        ("order-asked-for", asked_for()),
    ]
}

fn one(diagnosis: Diagnosis) -> Report {
    let verdict = Verdict::Failed(Box::new(diagnosis));
    report(vec![clause(5, verdict), clause(6, Verdict::Passed)])
}

fn step(number: usize, process: usize, text: &str, line: &str) -> TimelineStep {
    TimelineStep {
        process,
        number,
        text: text.to_owned(),
        line: Some(line.to_owned()),
        matters: true,
        note: None,
    }
}

fn noted(step: TimelineStep, note: &str) -> TimelineStep {
    TimelineStep {
        note: Some(note.to_owned()),
        ..step
    }
}

fn diagnosis(processes: &[&str], steps: Vec<TimelineStep>, schedule: &str) -> Diagnosis {
    let noted = steps.iter().find(|step| step.note.is_some());
    Diagnosis {
        expected: "in every order of their steps the counter ends at 9".to_owned(),
        observed: "in this order it ends at 8".to_owned(),
        spot: Spot::Step {
            number: noted.map_or(1, |step| step.number),
        },
        exhibit: Some(Exhibit::Timeline {
            processes: processes.iter().map(|&name| name.to_owned()).collect(),
            steps,
        }),
        scenario: "two".to_owned(),
        command: "lab5-counter increment counter-7.dat".to_owned(),
        schedule: Some(schedule.parse().expect("a schedule")),
        ..Diagnosis::default()
    }
}

const TWO: [&str; 2] = ["A: increment", "B: increment --times 2000000000000"];

fn lost() -> Diagnosis {
    let lost = "A has not seen B's 8: that update is lost";
    let steps = vec![
        step(1, 0, "reads 7", "src/lib.rs:31"),
        step(2, 1, "reads 7", "src/lib.rs:31"),
        step(3, 1, "writes 8", "src/lib.rs:32"),
        noted(step(4, 0, "writes 8", "src/lib.rs:32"), lost),
    ];
    diagnosis(&TWO, steps, "AB2A")
}

/// A lock whose words are in the way, and a long call in the right column.
fn long() -> Diagnosis {
    let lost = "B has not seen A's 8: that update is lost, and this is a long note";
    let mut steps: Vec<TimelineStep> = (1..30)
        .map(|n| TimelineStep {
            matters: false,
            line: None,
            ..step(n, 0, "reads 0 at byte 64", "")
        })
        .collect();
    let call = "fcntl(3, F_SETLKW, {l_type=F_WRLCK, l_whence=SEEK_SET}) = EDEADLK";
    steps.push(step(30, 1, call, "src/main.rs:1031"));
    steps.push(step(31, 1, "reads 7", "src/with/a/long/path/lib.rs:31"));
    steps.push(step(32, 0, "changes 7 to 8 at once", "src/lib.rs:32"));
    steps.push(noted(step(33, 1, "writes 8", "src/lib.rs:32"), lost));
    steps.push(step(34, 0, "exit_group(0)", ""));
    diagnosis(&TWO, steps, "A29B2ABA")
}

fn three() -> Diagnosis {
    let processes = [TWO[0], TWO[1], "C: started by another"];
    let steps = vec![
        step(1, 0, "reads 7", "src/lib.rs:31"),
        step(2, 2, "writes 8", "src/lib.rs:32"),
        noted(step(3, 0, "is killed", "src/lib.rs:32"), "killed here"),
    ];
    diagnosis(&processes, steps, "ACA!")
}

/// One order, which the program takes otherwise.
fn asked_for() -> Report {
    let mut clause = clause(5, Verdict::Passed);
    let check = &mut clause.checks[0];
    let words = "the program does not take this order: at step 3, B has to wait. No violation in \
                 the one that it takes instead";
    check.notes = vec![words.to_owned()];
    let steps = vec![
        step(1, 0, "flock(3, LOCK_EX)", "src/lib.rs:31"),
        step(2, 1, "waits: flock(3, LOCK_EX)", "src/lib.rs:31"),
        step(3, 0, "reads 7", "src/lib.rs:32"),
    ];
    check.order = diagnosis(&TWO, steps, "AB2").exhibit;
    report(vec![clause])
}

fn passed() -> Report {
    let noted = |number: u8, notes: &[&str]| -> ClauseReport {
        let mut clause = clause(number, Verdict::Passed);
        clause.checks[0].notes = notes.iter().map(|&note| note.to_owned()).collect();
        clause
    };
    report(vec![
        noted(
            5,
            &[
                "no violation in 4 interleavings, which stand for all (sequentially consistent memory)",
            ],
        ),
        noted(6, &["not exhausted here: ptrace is refused"]),
    ])
}
