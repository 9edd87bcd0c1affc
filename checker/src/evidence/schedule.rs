//! A schedule: who goes on, step by step. A value that can be written down and run again.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The order in which processes take turns.
///
/// As text: a letter for each process (`A` is the first actor), a number behind it for several
/// steps in a row, `!` for a process that is killed where it stands; in front of it, `names:` or
/// `calls:` if more than the usual points count as steps ([`Points`]). `A2B2A` lets the first
/// process take two steps, the second two, the first another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Schedule {
    /// What counts as a step.
    pub points: Points,
    /// Step by step.
    pub turns: Vec<Turn>,
}

/// One turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Turn {
    /// This process takes a step.
    Step(usize),
    /// This process is killed before its next step.
    Kill(usize),
}

/// What counts as a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Points {
    /// Accesses to shared memory, calls that lock, wait, move bytes or change names.
    #[default]
    Shared,
    /// Calls that only look at names and lengths too.
    Names,
    /// Every call.
    Calls,
}

impl Points {
    const fn prefix(self) -> &'static str {
        match self {
            Points::Shared => "",
            Points::Names => "names:",
            Points::Calls => "calls:",
        }
    }
}

/// How many processes and threads have a letter.
pub const LETTERS: usize = 26;

impl fmt::Display for Schedule {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.points.prefix())?;
        let letter = |task: usize| char::from(b'A' + task.min(LETTERS - 1) as u8);
        for run in self.turns.chunk_by(|a, b| a == b) {
            match run[0] {
                Turn::Kill(task) => write!(out, "{}!", letter(task))?,
                Turn::Step(task) if run.len() == 1 => write!(out, "{}", letter(task))?,
                Turn::Step(task) => write!(out, "{}{}", letter(task), run.len())?,
            }
        }
        Ok(())
    }
}

/// More steps than any run may have.
const TOO_MANY: usize = 1_000_000;

impl FromStr for Schedule {
    type Err = String;

    fn from_str(text: &str) -> Result<Schedule, String> {
        let all = [Points::Names, Points::Calls];
        let named = all
            .into_iter()
            .find_map(|points| Some((points, text.strip_prefix(points.prefix())?)));
        let (points, letters) = named.unwrap_or((Points::Shared, text));
        let mut turns = Vec::new();
        let mut rest = letters.chars().peekable();
        while let Some(letter) = rest.next() {
            if !letter.is_ascii_uppercase() {
                return Err(format!(
                    "`{letter}` is no process; a schedule looks like `A2B2A`"
                ));
            }
            let task = usize::from(letter as u8 - b'A');
            if rest.next_if_eq(&'!').is_some() {
                turns.push(Turn::Kill(task));
                continue;
            }
            let mut count: Option<usize> = None;
            while let Some(digit) = rest.peek().and_then(|c| c.to_digit(10)) {
                rest.next();
                let more = count.unwrap_or(0) * 10 + digit as usize;
                count = Some(more.min(TOO_MANY + 1));
            }
            let count = count.unwrap_or(1);
            if count == 0 || turns.len() + count > TOO_MANY {
                return Err(format!(
                    "`{letter}{count}`: a process takes from 1 to {TOO_MANY} steps"
                ));
            }
            turns.extend(std::iter::repeat_n(Turn::Step(task), count));
        }
        if turns.is_empty() {
            return Err("a schedule without a step; one looks like `A2B2A`".to_owned());
        }
        Ok(Schedule { points, turns })
    }
}

impl TryFrom<String> for Schedule {
    type Error = String;

    fn try_from(text: String) -> Result<Schedule, String> {
        if text.is_empty() {
            return Ok(Schedule::default());
        }
        text.parse()
    }
}

impl From<Schedule> for String {
    fn from(schedule: Schedule) -> String {
        schedule.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_reads_as_it_is_written() {
        for text in ["A2B2A", "A", "calls:A14A!", "names:B3AB", "A!B", "A12B100"] {
            let schedule: Schedule = text.parse().expect(text);
            assert_eq!(schedule.to_string(), text);
        }
        let schedule: Schedule = "AAB1".parse().expect("letters one by one");
        assert_eq!(schedule.to_string(), "A2B");
    }

    #[test]
    fn what_is_no_schedule_is_refused() {
        for text in ["", "a", "2A", "A0", "A99999999999", "other:A", "A-B", "!"] {
            assert!(text.parse::<Schedule>().is_err(), "{text}");
        }
    }
}
