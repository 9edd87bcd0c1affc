//! What judging the known programs came to, lab by lab. Pure.

use serde::Serialize;

use super::compare::{Difference, Kind};
use super::header::Expect;
use super::programs::Program;

/// One lab, or all together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The lab, such as `lab3-copy`.
    pub lab: String,
    /// Programs that keep what they promise.
    pub right: usize,
    /// Programs that break a promise.
    pub wrong: usize,
    /// Programs of which a clause passed that should not.
    pub wrongly_accepted: usize,
    /// Right programs of which a clause did not pass that should.
    pub wrongly_rejected: usize,
    /// Wrong programs that were rejected, and not for their own reason.
    pub wrongly_explained: usize,
    /// Programs that could not be built or judged.
    pub not_judged: usize,
}

impl Row {
    /// A row of nothing.
    pub fn new(lab: &str) -> Row {
        Row {
            lab: lab.to_owned(),
            ..Row::default()
        }
    }

    /// Takes in what a program came to: its differences from its header, or nothing.
    pub fn count(&mut self, program: &Program, differences: Option<&[Difference]>) {
        let is_right = program.header.expect == Expect::Passes;
        match is_right {
            true => self.right += 1,
            false => self.wrong += 1,
        }
        let Some(differences) = differences else {
            self.not_judged += 1;
            return;
        };
        let any = |kind: Kind| differences.iter().any(|one| one.kind == kind);
        if any(Kind::Accepted) {
            self.wrongly_accepted += 1;
        } else if any(Kind::Rejected) && is_right {
            self.wrongly_rejected += 1;
        } else if !differences.is_empty() {
            self.wrongly_explained += 1;
        }
    }

    /// The sum of these.
    pub fn sum(rows: &[Row]) -> Row {
        rows.iter().fold(Row::new("all"), |sum, row| Row {
            lab: sum.lab,
            right: sum.right + row.right,
            wrong: sum.wrong + row.wrong,
            wrongly_accepted: sum.wrongly_accepted + row.wrongly_accepted,
            wrongly_rejected: sum.wrongly_rejected + row.wrongly_rejected,
            wrongly_explained: sum.wrongly_explained + row.wrongly_explained,
            not_judged: sum.not_judged + row.not_judged,
        })
    }

    /// Whether every program came to what its header says.
    pub fn is_clean(&self) -> bool {
        self.wrongly_accepted + self.wrongly_rejected + self.wrongly_explained == 0
    }
}

/// The rows and their sum as a table.
pub fn table(rows: &[Row]) -> String {
    let line = |cells: [String; 7]| {
        let [lab, rest @ ..] = cells;
        let rest: Vec<String> = rest.iter().map(|cell| format!("{cell:>9}")).collect();
        format!("{lab:<17}{}\n", rest.join(" "))
    };
    let heads = [
        ["", "", "", "wrongly", "wrongly", "wrongly", "not"],
        [
            "lab",
            "right",
            "wrong",
            "accepted",
            "rejected",
            "explained",
            "judged",
        ],
    ];
    let mut text: String = heads.map(|head| line(head.map(str::to_owned))).concat();
    for row in rows.iter().chain([&Row::sum(rows)]) {
        text.push_str(&line([
            row.lab.clone(),
            row.right.to_string(),
            row.wrong.to_string(),
            row.wrongly_accepted.to_string(),
            row.wrongly_rejected.to_string(),
            row.wrongly_explained.to_string(),
            row.not_judged.to_string(),
        ]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::known::header;
    use crate::known::programs::Form;

    fn program(expect: &str) -> Program {
        let header = header::read(&format!("// expect: {expect}\n// about: x\n"));
        Program {
            name: "lab1-editor/mistakes/x".to_owned(),
            source: "x.c".into(),
            header: header.expect("a header"),
            form: Form::C,
        }
    }

    #[test]
    fn a_program_is_counted_once() {
        let one = |kind| {
            vec![Difference {
                expected: String::new(),
                got: String::new(),
                kind,
            }]
        };
        let (right, wrong) = (program("passes"), program("fails 1"));
        let mut row = Row::new("lab1-editor");
        row.count(&right, Some(&[]));
        row.count(&right, Some(&one(Kind::Rejected)));
        row.count(&wrong, Some(&[]));
        row.count(&wrong, Some(&one(Kind::Accepted)));
        row.count(&wrong, Some(&one(Kind::Rejected)));
        row.count(&wrong, Some(&one(Kind::Explained)));
        row.count(&wrong, None);
        let counts = [
            row.right,
            row.wrong,
            row.wrongly_accepted,
            row.wrongly_rejected,
            row.wrongly_explained,
            row.not_judged,
        ];
        assert_eq!(counts, [2, 5, 1, 1, 2, 1]);
        assert!(!row.is_clean());
        let widest = table(&[row]).lines().map(str::len).max();
        assert!(widest <= Some(80));
    }
}
