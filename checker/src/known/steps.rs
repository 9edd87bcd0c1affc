//! Steps as a learner writes them: a known program that is the reference's crate with the bodies of
//! some steps replaced.
//!
//! ```text
//! // expect: fails 5 with load-add-store
//! // about: …
//!
//! use std::sync::atomic::AtomicU64;          what stands before the first step is put at the end
//!
//! // step 3: add, one by one
//!     counter.store(counter.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
//! // end of step 3
//! ```

use crate::stub;

/// The learner's part of a crate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Steps {
    /// Items beside the functions of the lab.
    pub items: String,
    /// The number of a step, and its body.
    pub bodies: Vec<(usize, String)>,
}

/// Reads the steps of a program.
///
/// # Errors
///
/// There is no step, or one is not closed: a sentence.
pub fn read(text: &str) -> Result<Steps, String> {
    let mut steps = Steps::default();
    let mut open: Option<(usize, String)> = None;
    for line in text.lines() {
        let begins = line.trim().strip_prefix("// step ");
        let begins = begins.and_then(|rest| rest.split_once(':')?.0.parse().ok());
        let ends = line.trim().strip_prefix("// end of step ");
        match (begins, ends, &mut open) {
            (Some(number), _, None) => open = Some((number, String::new())),
            (Some(_), _, Some((number, _))) => {
                return Err(format!("step {number} is not closed"));
            }
            (None, Some(end), Some((number, _))) if end.trim() == number.to_string() => {
                steps.bodies.extend(open.take());
            }
            (None, Some(end), _) => return Err(format!("step {end} ends, but is not open")),
            (None, None, Some((_, body))) => {
                body.push_str(line);
                body.push('\n');
            }
            (None, None, None) if steps.bodies.is_empty() && !line.starts_with("// ") => {
                steps.items.push_str(line);
                steps.items.push('\n');
            }
            (None, None, None) => {}
        }
    }
    match open {
        Some((number, _)) => Err(format!("step {number} is not closed")),
        None if steps.bodies.is_empty() => Err("there is no step".to_owned()),
        None => Ok(steps),
    }
}

/// The `src/lib.rs` of a reference with these bodies in place of its own.
///
/// # Errors
///
/// The reference has no such step, or its markers are wrong: a sentence.
pub fn put_in(lib: &str, steps: &Steps) -> Result<String, String> {
    let own = stub::steps(lib).map_err(|error| error.to_string())?;
    let is_known = |number: usize| own.iter().any(|step| step.number == number);
    if let Some((number, _)) = steps.bodies.iter().find(|(number, _)| !is_known(*number)) {
        return Err(format!("the reference has no step {number}"));
    }
    let mut text = String::with_capacity(lib.len());
    for (at, line) in lib.lines().enumerate() {
        let at = at + 1;
        let step = own
            .iter()
            .find(|step| (step.begins + 1..step.ends).contains(&at));
        let body = step.and_then(|step| {
            let mut bodies = steps.bodies.iter();
            let (_, body) = bodies.find(|(number, _)| *number == step.number)?;
            Some((body, at == step.begins + 1))
        });
        match body {
            Some((body, true)) => text.push_str(body),
            Some((_, false)) => {}
            None => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    text.push_str(&steps.items);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIB: &str = "fn one() {\n    // step 1: one\n    1;\n    // end of step 1\n}\n\
                       fn two() {\n    // step 2: two\n    2;\n    22;\n    // end of step 2\n}\n";

    #[test]
    fn a_body_takes_the_place_of_another() {
        let text = "// expect: rejected\n// about: x\n\nuse a::b;\n\n// step 2: two\n    3;\n// end of step 2\n";
        let steps = read(text).expect("steps");
        assert_eq!(steps.bodies, [(2, "    3;\n".to_owned())]);
        let lib = put_in(LIB, &steps).expect("a crate");
        let (front, back) = lib.split_once("    // step 2: two\n").expect("a marker");
        assert!(front.contains("    1;\n"));
        assert!(
            back.starts_with("    3;\n    // end of step 2\n}\n"),
            "{back}"
        );
        assert!(back.contains("use a::b;") && !back.contains("22"), "{back}");
    }

    #[test]
    fn what_is_no_step_is_refused() {
        let wrong = [
            ("", "there is no step"),
            ("// step 1: a\n", "is not closed"),
            ("// step 1: a\n// step 2: b\n", "is not closed"),
            ("// end of step 1\n", "is not open"),
        ];
        for (text, words) in wrong {
            let fault = read(text).expect_err(text);
            assert!(fault.contains(words), "{text}: {fault}");
        }
        let steps = Steps {
            bodies: vec![(3, String::new())],
            ..Steps::default()
        };
        assert!(put_in(LIB, &steps).is_err());
    }
}
