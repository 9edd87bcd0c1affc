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
    /// Wrong programs whose report names no mistake.
    pub unnamed: usize,
    /// Programs whose report is not the one that is kept.
    pub reworded: usize,
    /// Programs that could not be built or judged.
    pub not_judged: usize,
}

/// What judging a program came to.
#[derive(Clone, Debug, Default)]
pub struct CameTo {
    /// Where it is not what its header says.
    pub differences: Vec<Difference>,
    /// Whether a clause failed and none that failed names a mistake.
    pub is_unnamed: bool,
    /// Whether the report is not the one that is kept.
    pub is_reworded: bool,
}

impl Row {
    /// A row of nothing.
    pub fn new(lab: &str) -> Row {
        Row {
            lab: lab.to_owned(),
            ..Row::default()
        }
    }

    /// Takes in what a program came to, or that it was not judged.
    pub fn count(&mut self, program: &Program, came_to: Option<&CameTo>) {
        let is_right = program.header.expect == Expect::Passes;
        match is_right {
            true => self.right += 1,
            false => self.wrong += 1,
        }
        let Some(came_to) = came_to else {
            self.not_judged += 1;
            return;
        };
        self.unnamed += usize::from(!is_right && came_to.is_unnamed);
        self.reworded += usize::from(came_to.is_reworded);
        let differences = &came_to.differences;
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
            unnamed: sum.unnamed + row.unnamed,
            reworded: sum.reworded + row.reworded,
            not_judged: sum.not_judged + row.not_judged,
        })
    }

    /// Whether every program came to what its header says.
    pub fn is_clean(&self) -> bool {
        self.wrongly_accepted + self.wrongly_rejected + self.wrongly_explained == 0
    }
}

/// The heads of the columns of numbers; each column is as wide as its head and a space.
const HEADS: [&str; 8] = [
    "right",
    "wrong",
    "accepted",
    "rejected",
    "explained",
    "unnamed",
    "reworded",
    "skipped",
];

/// The rows and their sum as a table.
pub fn table(rows: &[Row]) -> String {
    let line = |lab: &str, cells: [String; 8]| {
        let cells = cells.iter().zip(HEADS);
        let cells: String = cells
            .map(|(cell, head)| format!(" {cell:>width$}", width = head.len()))
            .collect();
        format!("{lab:<15}{cells}\n")
    };
    let mut text = format!("{:<15}{:>38}\n", "", "-------- wrongly ---------");
    text.push_str(&line("lab", HEADS.map(str::to_owned)));
    for row in rows.iter().chain([&Row::sum(rows)]) {
        let counts = [
            row.right,
            row.wrong,
            row.wrongly_accepted,
            row.wrongly_rejected,
            row.wrongly_explained,
            row.unnamed,
            row.reworded,
            row.not_judged,
        ];
        text.push_str(&line(&row.lab, counts.map(|count| count.to_string())));
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
        let one = |kind| CameTo {
            differences: vec![Difference {
                expected: String::new(),
                got: String::new(),
                kind,
            }],
            is_unnamed: true,
            is_reworded: kind == Kind::Explained,
        };
        let none = CameTo::default();
        let (right, wrong) = (program("passes"), program("fails 1"));
        let mut row = Row::new("lab1-editor");
        row.count(&right, Some(&none));
        row.count(&right, Some(&one(Kind::Rejected)));
        row.count(&wrong, Some(&none));
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
            row.unnamed,
            row.reworded,
            row.not_judged,
        ];
        assert_eq!(counts, [2, 5, 1, 1, 2, 3, 1, 1]);
        assert!(!row.is_clean());
        let widest = table(&[row]).lines().map(str::len).max();
        assert!(widest <= Some(80));
    }
}
