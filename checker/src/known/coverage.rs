//! Whether a lab has the known programs that show what it is worth. Pure.

use std::collections::BTreeSet;

use super::header::Expect;
use super::programs::{Form, KINDS, Program};
use crate::lab::Lab;
use crate::rule::generic;

/// How many programs have to make each mistake.
const WAYS: usize = 2;

/// What is missing for a lab, a sentence each. `known` are the programs of all labs.
pub fn faults(lab: &Lab, known: &[Program]) -> Vec<String> {
    let own: Vec<&Program> = known.iter().filter(|one| one.lab() == lab.slug).collect();
    let mut faults = kinds(lab, &own);
    faults.extend(mistakes(lab, &own));
    faults.extend(codes(lab, &own));
    faults
}

/// The programs of labs that are not there.
pub fn strays(labs: &[&Lab], known: &[Program]) -> Vec<String> {
    let is_there = |program: &Program| labs.iter().any(|lab| lab.slug == program.lab());
    let strays = known.iter().filter(|program| !is_there(program));
    strays
        .map(|program| format!("{}: there is no such lab", program.name))
        .collect()
}

fn kinds(lab: &Lab, own: &[&Program]) -> Vec<String> {
    let missing = KINDS
        .into_iter()
        .filter(|kind| own.iter().all(|one| one.kind() != *kind));
    missing
        .map(|kind| format!("there is no program in checker/corpus/{}/{kind}", lab.slug))
        .collect()
}

/// The mistakes that a program makes, by its own account.
fn made(program: &Program) -> BTreeSet<&str> {
    let mut codes: BTreeSet<&str> = program.header.shows.iter().map(String::as_str).collect();
    if let Expect::Fails { code, .. } = &program.header.expect {
        codes.extend(code.as_deref());
    }
    codes
}

/// Each mistake is made in several ways, in Rust and in C.
fn mistakes(lab: &Lab, own: &[&Program]) -> Vec<String> {
    let told = lab
        .mistakes
        .iter()
        .filter(|mistake| !mistake.clauses.is_empty());
    told.filter_map(|mistake| {
        let ways: Vec<_> = own
            .iter()
            .filter(|one| made(one).contains(mistake.code))
            .collect();
        let in_c = ways
            .iter()
            .filter(|one| matches!(one.form, Form::C))
            .count();
        let fault = match (ways.len(), in_c) {
            (0, _) => "no program makes it".to_owned(),
            (n, _) if n < WAYS => format!("only {n} program makes it"),
            (n, c) if c == n => "no program in Rust makes it".to_owned(),
            (_, 0) => "no program in C makes it".to_owned(),
            _ => return None,
        };
        Some(format!("the mistake `{}`: {fault}", mistake.code))
    })
    .collect()
}

/// No program names a mistake that is not there.
fn codes(lab: &Lab, own: &[&Program]) -> Vec<String> {
    let is_known = |code: &str| {
        let mut generic = generic::MISTAKES.iter();
        lab.mistake(code).is_some() || generic.any(|mistake| mistake.code == code)
    };
    let named = own
        .iter()
        .flat_map(|one| made(one).into_iter().map(move |code| (one, code)));
    named
        .filter(|(_, code)| !is_known(code))
        .map(|(one, code)| format!("{}: there is no mistake `{code}`", one.name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course;
    use crate::known::header;
    use crate::known::programs;

    fn program(name: &str, expect: &str, form: Form) -> Program {
        let text = format!("// expect: {expect}\n// about: x\n");
        Program {
            name: name.to_owned(),
            source: name.into(),
            header: header::read(&text).expect("a header"),
            form,
        }
    }

    #[test]
    fn what_is_missing_is_a_sentence() {
        let labs = course::labs();
        let lab = labs[0];
        let (first, second) = (lab.mistakes[0].code, lab.mistakes[1].code);
        let name = format!("{}/mistakes/x", lab.slug);
        let known = [
            program(&name, &format!("fails 1 with {first}"), Form::C),
            program(&name, &format!("fails 1 with {first}"), Form::C),
            program(&name, &format!("fails 1 with {second}"), Form::Rust),
            program("lab99-x/mistakes/y", "passes", Form::C),
            program(&name, "fails 1 with nonsense", Form::C),
        ];
        let faults = faults(lab, &known);
        let has = |words: &str| faults.iter().any(|fault| fault.contains(words));
        assert!(has(&format!("`{first}`: no program in Rust")), "{faults:?}");
        assert!(has(&format!("`{second}`: only 1 program")), "{faults:?}");
        assert!(has("no program in checker/corpus"), "{faults:?}");
        assert!(has("there is no mistake `nonsense`"), "{faults:?}");
        let strays = strays(labs, &known);
        assert_eq!(strays, ["lab99-x/mistakes/y: there is no such lab"]);
    }

    #[test]
    fn every_program_can_be_read() {
        let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
        let known = programs::all(&corpus).expect("headers");
        assert_eq!(strays(course::labs(), &known), [""; 0]);
    }
}
