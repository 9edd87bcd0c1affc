//! What a known program says of itself, in comment lines at its very top:
//!
//! ```text
//! // expect: passes              every clause
//! // expect: passes core         every core clause
//! // expect: fails 3, 5 with CODE    these fail, the first of them with this mistake
//! // expect: fails 3, 5          these fail, by no mistake that has a name
//! // expect: rejected            some core clause fails
//! // also: 4, 6                  what fails or is blocked in consequence
//! // shows: CODE, CODE           other mistakes, each of which some failing clause names
//! // unseen: 1, 4                what is not observable of this program
//! // stretch: fails 9, 10        what else it does not do, of the stretch clauses
//! // varies: why                 its report is another one at every time, and none is kept
//! // cc: -pthread                for the C compiler
//! // about: what the program does, and what is wrong with it
//! ```
//!
//! What is not named passes.

use std::collections::BTreeSet;

/// The header of a program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// What it comes to.
    pub expect: Expect,
    /// Clauses that fail or are blocked in consequence.
    pub also: BTreeSet<u8>,
    /// Mistakes that some failing clause names, besides the one that is expected.
    pub shows: BTreeSet<String>,
    /// Clauses that are not observable of it, on whichever machine.
    pub unseen: BTreeSet<u8>,
    /// Stretch clauses that it does not keep, apart from all others.
    pub stretch: BTreeSet<u8>,
    /// Why no two reports on it are the same, if they are not.
    pub varies: Option<String>,
    /// Arguments for the C compiler.
    pub flags: Vec<String>,
    /// What it does.
    pub about: String,
}

/// What a program comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Expect {
    /// Every clause passes, apart from the stretch clauses that the header names.
    Passes,
    /// Some core clause fails.
    #[default]
    Rejected,
    /// These clauses fail.
    Fails {
        /// In the order of the header.
        clauses: Vec<u8>,
        /// The mistake that the first of them shows.
        code: Option<String>,
    },
}

/// Reads the header at the top of a program.
///
/// # Errors
///
/// A line cannot be understood, or one is missing: a sentence.
pub fn read(text: &str) -> Result<Header, String> {
    let mut header = Header::default();
    let mut expected = false;
    for line in text.lines() {
        let Some((key, value)) = line
            .strip_prefix("// ")
            .and_then(|rest| rest.split_once(": "))
        else {
            break;
        };
        let value = value.trim();
        match key {
            "expect" => {
                header.expect = expect(value)?;
                expected = true;
            }
            "also" => header.also = numbers(value)?.into_iter().collect(),
            "unseen" => header.unseen = numbers(value)?.into_iter().collect(),
            "shows" => header.shows = codes(value),
            "stretch" => {
                let list = value.strip_prefix("fails ");
                let list = list.ok_or("`stretch` reads `fails 9, 10`")?;
                header.stretch = numbers(list)?.into_iter().collect();
            }
            "varies" => header.varies = Some(value.to_owned()),
            "cc" => header.flags = value.split_whitespace().map(String::from).collect(),
            "about" => header.about = value.to_owned(),
            other => return Err(format!("`{other}` is no line of a header")),
        }
    }
    match (expected, header.about.is_empty()) {
        (true, false) => Ok(header),
        (false, _) => Err("there is no line `// expect: …`".to_owned()),
        (_, true) => Err("there is no line `// about: …`".to_owned()),
    }
}

fn expect(value: &str) -> Result<Expect, String> {
    if let Some(rest) = value.strip_prefix("fails ") {
        let (list, code) = match rest.split_once(" with ") {
            Some((list, code)) => (list, Some(code.to_owned())),
            None => (rest, None),
        };
        return Ok(Expect::Fails {
            clauses: numbers(list)?,
            code,
        });
    }
    match value {
        "passes" | "passes core" => Ok(Expect::Passes),
        "rejected" => Ok(Expect::Rejected),
        other => Err(format!("`{other}` cannot be expected")),
    }
}

fn codes(list: &str) -> BTreeSet<String> {
    list.split(',').map(|code| code.trim().to_owned()).collect()
}

fn numbers(list: &str) -> Result<Vec<u8>, String> {
    let number = |word: &str| word.trim().parse();
    let numbers: Result<Vec<u8>, _> = list.split(',').map(number).collect();
    numbers.map_err(|_| format!("`{list}` is no list of clauses"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_to_its_end() {
        let text = "// expect: fails 3, 5 with no-sync\n// also: 4\n// stretch: fails 9, 10\n\
                    // shows: no-room, append-raced\n// cc: -pthread -static\n// about: it: forgets\n\n// expect: passes\n";
        let header = read(text).expect("a header");
        let code = Some("no-sync".to_owned());
        let clauses = vec![3, 5];
        assert_eq!(header.expect, Expect::Fails { clauses, code });
        assert_eq!(header.also, BTreeSet::from([4]));
        assert_eq!(header.stretch, BTreeSet::from([9, 10]));
        let shows = ["append-raced", "no-room"].map(String::from);
        assert_eq!(header.shows, BTreeSet::from(shows));
        assert_eq!(header.flags, ["-pthread", "-static"]);
        assert_eq!(header.about, "it: forgets");
        let core = read("// expect: passes core\n// about: x\n").expect("a header");
        assert_eq!(core.expect, Expect::Passes);
    }

    #[test]
    fn a_misspelt_header_is_refused() {
        let wrong = [
            ("", "no line `// expect"),
            ("// expect: rejected\n", "no line `// about"),
            ("// expect: fails three\n", "three"),
            ("// expect: fails x with y\n", "no list of clauses"),
            ("// expect: pass\n", "cannot be expected"),
            ("// stretch: 9\n", "fails 9, 10"),
            ("// expects: passes\n", "no line of a header"),
        ];
        for (text, words) in wrong {
            let error = read(text).expect_err(text);
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
