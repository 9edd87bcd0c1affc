//! A report against the header of the program that it is about. Pure.

use super::header::{Expect, Header};
use crate::lab::Tier;
use crate::report::{Build, ClauseReport, Report};
use crate::verdict::Verdict;

/// Where the two differ: what the header expects, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What the header expects.
    pub expected: String,
    /// What the report has.
    pub got: String,
    /// What kind of fault that is.
    pub kind: Kind,
}

/// What is wrong with a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A clause passed that should not.
    Accepted,
    /// A clause did not pass that should.
    Rejected,
    /// A clause failed, and not for the reason that it should.
    Explained,
}

/// Every difference. A stretch clause that is not observable here is none.
pub fn differences(header: &Header, report: &Report) -> Vec<Difference> {
    if report.build != Build::Built {
        return vec![rejected("a program".to_owned(), "none".to_owned())];
    }
    let mut found = unshown(header, report);
    if header.expect == Expect::Rejected {
        found.extend(not_rejected(report));
        return found;
    }
    let (failing, code) = match &header.expect {
        Expect::Fails { clauses, code } => (clauses.as_slice(), code.as_ref()),
        Expect::Passes | Expect::Rejected => (&[][..], None),
    };
    for number in failing.iter().chain(&header.also).chain(&header.stretch) {
        if report.clauses.iter().all(|one| one.number != *number) {
            found.push(explained(format!("clause {number}"), "no such".to_owned()));
        }
    }
    for clause in &report.clauses {
        if clause.tier == Tier::Stretch && matches!(clause.verdict, Verdict::NotObservable { .. }) {
            continue;
        }
        let number = clause.number;
        let is_unseen = matches!(clause.verdict, Verdict::NotObservable { .. });
        if header.unseen.contains(&number) {
            if !is_unseen {
                found.push(explained(format!("{number} not observable"), words(clause)));
            }
            continue;
        }
        let mistake = code.filter(|_| failing.first() == Some(&number));
        let expected = match mistake {
            Some(code) => format!("{number} failed [{code}]"),
            None if failing.contains(&number) => format!("{number} failed"),
            None if header.also.contains(&number) || header.stretch.contains(&number) => {
                format!("{number} failed or blocked")
            }
            None => format!("{number} passed"),
        };
        let same = match (&clause.verdict, mistake) {
            (Verdict::Failed(_), Some(code)) => named(clause) == Some(code),
            (Verdict::Failed(_), None) => !expected.ends_with("passed"),
            (Verdict::Blocked { .. }, _) => {
                expected.ends_with("blocked") || follows(clause, report, header, failing)
            }
            (Verdict::Passed, _) => expected.ends_with("passed"),
            (Verdict::NotWritten { .. } | Verdict::NotObservable { .. }, _) => false,
        };
        if !same {
            let kind = match (&clause.verdict, expected.ends_with("passed")) {
                (_, true) => Kind::Rejected,
                (Verdict::Passed, false) => Kind::Accepted,
                _ => Kind::Explained,
            };
            found.push(Difference {
                expected,
                got: words(clause),
                kind,
            });
        }
    }
    found
}

/// Whether a clause that no line names is blocked by one that is expected to fail: what a clause
/// rests on is declared, and the header need not say it again.
fn follows(clause: &ClauseReport, report: &Report, header: &Header, failing: &[u8]) -> bool {
    let Verdict::Blocked { by } = &clause.verdict else {
        return false;
    };
    let by = by
        .strip_prefix("clause ")
        .and_then(|number| number.parse().ok());
    let Some(by) = by else {
        return false;
    };
    let expected =
        failing.contains(&by) || header.also.contains(&by) || header.stretch.contains(&by);
    let further = || report.clauses.iter().find(|one| one.number == by);
    !failing.contains(&clause.number)
        && (expected || further().is_some_and(|one| follows(one, report, header, failing)))
}

/// The mistakes that the header shows and no failing clause names. Where a stretch clause is not
/// observable here, nobody knows.
fn unshown(header: &Header, report: &Report) -> Vec<Difference> {
    let dark = |clause: &ClauseReport| matches!(clause.verdict, Verdict::NotObservable { .. });
    let named_here: Vec<&String> = report.clauses.iter().filter_map(named).collect();
    if report.clauses.iter().any(dark) {
        return Vec::new();
    }
    let missing = header
        .shows
        .iter()
        .filter(|code| !named_here.contains(code));
    let words = match named_here.is_empty() {
        true => "no clause names a mistake".to_owned(),
        false => format!("named: {named_here:?}"),
    };
    missing
        .map(|code| explained(format!("some clause failed [{code}]"), words.clone()))
        .collect()
}

fn not_rejected(report: &Report) -> Vec<Difference> {
    let mut core = report.clauses.iter().filter(|one| one.tier == Tier::Core);
    if core.any(|one| one.verdict.is_failure()) {
        return Vec::new();
    }
    let outcome = format!("{:?}", report.outcome).to_lowercase();
    vec![Difference {
        expected: "a core clause failed".to_owned(),
        got: outcome,
        kind: Kind::Accepted,
    }]
}

/// The code of the mistake that a clause failed with.
fn named(clause: &ClauseReport) -> Option<&String> {
    match &clause.verdict {
        Verdict::Failed(why) => why.mistake.as_ref().map(|mistake| &mistake.code),
        _ => None,
    }
}

/// Whether a clause failed, and none that failed names a mistake.
pub fn is_unnamed(report: &Report) -> bool {
    let failed = |one: &ClauseReport| matches!(one.verdict, Verdict::Failed(_));
    report.clauses.iter().any(failed) && report.clauses.iter().all(|one| named(one).is_none())
}

fn words(clause: &ClauseReport) -> String {
    let number = clause.number;
    match &clause.verdict {
        Verdict::Passed => format!("{number} passed"),
        Verdict::Failed(why) => {
            let code = named(clause).map_or("unnamed", String::as_str);
            format!("{number} failed [{code}]: {}", why.observed)
        }
        Verdict::NotWritten { .. } => format!("{number} not written"),
        Verdict::Blocked { by } => format!("{number} blocked by {by}"),
        Verdict::NotObservable { reason } => format!("{number} not observable: {reason}"),
    }
}

/// Of a program that could not be built or judged: why.
pub fn not_judged(why: &str) -> Difference {
    rejected("a verdict".to_owned(), why.to_owned())
}

fn explained(expected: String, got: String) -> Difference {
    Difference {
        expected,
        got,
        kind: Kind::Explained,
    }
}

fn rejected(expected: String, got: String) -> Difference {
    Difference {
        expected,
        got,
        kind: Kind::Rejected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::known::header;
    use crate::report::{Outcome, SCHEMA, SubjectNote};
    use crate::verdict::{Diagnosis, MistakeNote};

    fn failed(code: &str) -> Verdict {
        let mistake = (!code.is_empty()).then(|| MistakeNote {
            code: code.to_owned(),
            says: String::new(),
            hint: String::new(),
            section: String::new(),
        });
        Verdict::Failed(Box::new(Diagnosis {
            mistake,
            ..Diagnosis::default()
        }))
    }

    fn blocked(by: &str) -> Verdict {
        Verdict::Blocked { by: by.to_owned() }
    }

    /// Clauses 0, 1, 2 are core, the others stretch.
    fn compared(header: &str, verdicts: [Verdict; 4]) -> Vec<String> {
        let clauses = verdicts.into_iter().zip(0..).map(|(verdict, number)| {
            let tier = if number < 3 {
                Tier::Core
            } else {
                Tier::Stretch
            };
            ClauseReport {
                number,
                tier,
                promise: String::new(),
                section: String::new(),
                points: 1,
                hint: String::new(),
                verdict,
                checks: Vec::new(),
            }
        });
        let clauses: Vec<ClauseReport> = clauses.collect();
        let report = Report {
            schema: SCHEMA,
            lab: String::new(),
            title: String::new(),
            subject: SubjectNote::Reference,
            seed: 1,
            stretch: false,
            build: Build::Built,
            outcome: Outcome::of(&clauses),
            clauses,
            kept: None,
        };
        let header = header::read(&format!("// expect: {header}\n// about: x")).expect("a header");
        let found = differences(&header, &report);
        found.into_iter().map(|one| one.expected).collect()
    }

    use Verdict::Passed;

    #[test]
    fn a_right_program_passes_what_it_says() {
        let dark = Verdict::NotObservable {
            reason: String::new(),
        };
        let none: [&str; 0] = [];
        let all = [Passed, Passed, Passed, Passed];
        assert_eq!(compared("passes", all.clone()), none);
        let stretch = "passes core\n// stretch: fails 3";
        assert_eq!(compared(stretch, all), ["3 failed or blocked"]);
        let open = [Passed, Passed, Passed, failed("")];
        assert_eq!(compared(stretch, open.clone()), none);
        assert_eq!(compared("passes", open), ["3 passed"]);
        assert_eq!(
            compared("passes", [Passed, Passed, Passed, dark.clone()]),
            none
        );
        assert_eq!(
            compared("passes", [Passed, Passed, dark, Passed]),
            ["2 passed"]
        );
    }

    #[test]
    fn a_mistake_is_named_at_its_own_clause() {
        let none: [&str; 0] = [];
        let right = [
            Passed,
            failed("x"),
            blocked("clause 1"),
            blocked("clause 2"),
        ];
        assert_eq!(compared("fails 1 with x", right.clone()), none);
        assert_eq!(compared("fails 1 with y", right.clone()), ["1 failed [y]"]);
        assert_eq!(compared("fails 1, 2 with x", right.clone()), ["2 failed"]);
        assert_eq!(compared("fails 1 with x\n// also: 2", right), none);
        let other = [Passed, failed("x"), failed("z"), Passed];
        assert_eq!(compared("fails 1 with x", other.clone()), ["2 passed"]);
        assert_eq!(compared("fails 1, 2 with x", other.clone()), none);
        assert_eq!(compared("fails 1 with x\n// also: 2", other.clone()), none);
        assert_eq!(
            compared("fails 1, 9 with x", other),
            ["clause 9", "2 passed"]
        );
        let timeouts = [Passed, failed("x"), blocked("two timeouts"), Passed];
        assert_eq!(compared("fails 1 with x", timeouts), ["2 passed"]);
    }

    #[test]
    fn what_a_program_shows_is_named_by_a_clause() {
        let none: [&str; 0] = [];
        let verdicts = [Passed, failed("x"), Passed, failed("y")];
        let shows = |code: &str| format!("fails 1 with x\n// stretch: fails 3\n// shows: {code}");
        assert_eq!(compared(&shows("y"), verdicts.clone()), none);
        let missing = ["some clause failed [z]"];
        assert_eq!(compared(&shows("y, z"), verdicts.clone()), missing);
        assert_eq!(compared("rejected\n// shows: z", verdicts), missing);
    }

    #[test]
    fn a_cheat_is_rejected_by_the_core() {
        let none: [&str; 0] = [];
        assert_eq!(
            compared("rejected", [Passed, failed(""), Passed, Passed]),
            none
        );
        let stretch = [Passed, Passed, Passed, failed("")];
        assert_eq!(compared("rejected", stretch), ["a core clause failed"]);
    }
}
