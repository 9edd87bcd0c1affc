//! Makes the learner's crate out of the reference: text in, text out, no file is opened here.
//!
//! A step of a reference is one function whose whole body stands between two comment lines,
//! `// step 2: store the text` and `// end of step 2`. In the stub such a body is
//! `todo!("step 2: store the text")`. So a stub has the reference's signatures, docs and given
//! code, and cannot drift from it.

use std::fmt;

/// The lints of a learner's crate: a half-written lab is no reason to scold.
const LINTS: &str = "
[lints.rust]
# A half-written lab is no reason to scold.
unused = { level = \"allow\", priority = -1 }
dead_code = \"allow\"
";

/// The name of the file whose steps the learner writes, as messages say it.
const LIB: &str = "src/lib.rs";

/// The four files of a lab's crate, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crate {
    /// `Cargo.toml`
    pub manifest: String,
    /// `src/lib.rs`, the one file that the learner edits.
    pub lib: String,
    /// `src/given.rs`
    pub given: String,
    /// `src/main.rs`
    pub main: String,
}

/// One marked body of a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Counted from 1.
    pub number: usize,
    /// What the marker says after the number.
    pub title: String,
    /// The lines that a learner writes: those of the body that are neither blank nor comments.
    pub lines: usize,
    /// Where the marker stands in `src/lib.rs`, counted from 1.
    pub begins: usize,
    /// Where the end marker stands.
    pub ends: usize,
}

/// A reference that cannot be made into a stub, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The file inside the crate.
    pub file: &'static str,
    /// Counted from 1.
    pub line: usize,
    /// A lower-case fragment.
    pub problem: String,
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}: {}", self.file, self.line, self.problem)
    }
}

impl std::error::Error for Error {}

/// The learner's crate of the lab `slug` (such as `lab3-copy`), with the bodies of the first
/// `filled` steps left in. 0 gives the pristine stub, the number of steps or more a whole solution
/// under the learner's name.
pub fn stub(slug: &str, reference: &Crate, filled: usize) -> Result<Crate, Error> {
    if let Some(at) = reference
        .manifest
        .lines()
        .position(|line| line.starts_with("[lints"))
    {
        return Err(Error {
            file: "Cargo.toml",
            line: at + 1,
            problem: "a reference has no lints of its own, the stub brings them".into(),
        });
    }
    let renamed = |text: &str| {
        let library = slug.replace('-', "_");
        text.replace(&format!("{slug}-solution"), slug)
            .replace(&format!("{library}_solution"), &library)
    };
    Ok(Crate {
        manifest: renamed(&reference.manifest) + LINTS,
        lib: renamed(&cut(&reference.lib, filled)?),
        given: renamed(&reference.given),
        main: renamed(&reference.main),
    })
}

/// How many lines a learner of this reference writes.
pub fn lines_to_write(lib: &str) -> Result<usize, Error> {
    Ok(steps(lib)?.iter().map(|step| step.lines).sum())
}

/// The marked bodies of a `src/lib.rs`, in order.
pub fn steps(lib: &str) -> Result<Vec<Step>, Error> {
    let lines: Vec<&str> = lib.lines().collect();
    let mut found: Vec<Step> = Vec::new();
    let mut open: Option<Step> = None;
    for (at, line) in lines.iter().enumerate() {
        let fault = |problem: String| Error {
            file: LIB,
            line: at + 1,
            problem,
        };
        match (marker(line).map_err(fault)?, open.take()) {
            (None, None) => {}
            (None, Some(mut step)) => {
                step.lines += usize::from(is_written(line));
                open = Some(step);
            }
            (Some(Marker::Begin { number, title }), None) => {
                let due = found.len() + 1;
                if number != due {
                    return Err(fault(format!(
                        "step {number} begins, but step {due} is due"
                    )));
                }
                if at == 0 || !lines[at - 1].trim_end().ends_with('{') {
                    let problem = "is not the first line of a function's body";
                    return Err(fault(format!("the marker of step {number} {problem}")));
                }
                open = Some(Step {
                    number,
                    title,
                    lines: 0,
                    begins: at + 1,
                    ends: 0,
                });
            }
            (Some(Marker::Begin { number, .. }), Some(step)) => {
                let outer = step.number;
                return Err(fault(format!("step {number} begins inside step {outer}")));
            }
            (Some(Marker::End { number }), None) => {
                return Err(fault(format!("step {number} ends, but none is open")));
            }
            (Some(Marker::End { number }), Some(step)) if number != step.number => {
                let (inner, begun) = (step.number, step.begins);
                let problem =
                    format!("step {number} ends, but step {inner} of line {begun} is open");
                return Err(fault(problem));
            }
            (Some(Marker::End { number }), Some(step)) => {
                if lines.get(at + 1).map(|next| next.trim()) != Some("}") {
                    let problem = "is not the last line of a function's body";
                    return Err(fault(format!("the end marker of step {number} {problem}")));
                }
                if step.lines == 0 {
                    return Err(fault(format!("step {number} is empty")));
                }
                found.push(Step {
                    ends: at + 1,
                    ..step
                });
            }
        }
    }
    match open {
        Some(step) => Err(Error {
            file: LIB,
            line: step.begins,
            problem: format!("step {} never ends", step.number),
        }),
        None => Ok(found),
    }
}

/// The text without its markers, and with `todo!` for every body after the first `filled`.
fn cut(lib: &str, filled: usize) -> Result<String, Error> {
    let steps = steps(lib)?;
    let mut text = String::with_capacity(lib.len());
    for (at, line) in lib.lines().enumerate() {
        let at = at + 1;
        let inside = steps
            .iter()
            .find(|step| (step.begins..=step.ends).contains(&at));
        match inside {
            Some(step) if step.number > filled => {
                if at == step.begins {
                    let indent = &line[..line.len() - line.trim_start().len()];
                    let Step { number, title, .. } = step;
                    text.push_str(&format!("{indent}todo!(\"step {number}: {title}\")\n"));
                }
            }
            Some(step) if at == step.begins || at == step.ends => {}
            _ => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    Ok(text)
}

enum Marker {
    Begin { number: usize, title: String },
    End { number: usize },
}

/// What a line marks. Whatever begins like a marker has to be one: a misspelt marker that passed
/// for a comment would give an answer away.
fn marker(line: &str) -> Result<Option<Marker>, String> {
    let line = line.trim();
    if let Some(number) = line.strip_prefix("// end of step") {
        let number = number.trim().parse();
        let number = number.map_err(|_| "an end marker reads `// end of step 2`".to_string())?;
        return Ok(Some(Marker::End { number }));
    }
    let Some(rest) = line.strip_prefix("// step ") else {
        return Ok(None);
    };
    let wrong = || "a marker reads `// step 2: store the text`".to_string();
    let (number, title) = rest.split_once(": ").ok_or_else(wrong)?;
    let number = number.parse().map_err(|_| wrong())?;
    if title.is_empty() || title.contains(['"', '\\', '{', '}']) {
        return Err("the title of a step is plain words".into());
    }
    Ok(Some(Marker::Begin {
        number,
        title: title.into(),
    }))
}

fn is_written(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && !line.starts_with("//")
}

#[cfg(test)]
mod tests;
