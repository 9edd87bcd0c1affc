//! What a stub is, on a small reference.

use super::*;

const LIB_TEXT: &str = "\
use lab9_try_solution::given;

/// Doc of one.
pub fn one(a: u8) -> u8 {
    // step 1: add one
    // SAFETY: an answer.
    let b = a + 1;

    b
    // end of step 1
}

impl X {
    fn two() {
        // step 2: do it
        a();
        // end of step 2
    }
}
";

fn reference(lib: &str) -> Crate {
    Crate {
        manifest: "[package]\nname = \"lab9-try-solution\"\n".into(),
        lib: lib.into(),
        given: "// lab9-try\n".into(),
        main: "use lab9_try_solution::one;\n".into(),
    }
}

fn problem(lib: &str) -> String {
    steps(lib).unwrap_err().to_string()
}

#[test]
fn a_stub_has_no_bodies_and_the_learner_s_name() {
    let stub = stub("lab9-try", &reference(LIB_TEXT), 0).unwrap();
    assert_eq!(
        stub.lib,
        "\
use lab9_try::given;

/// Doc of one.
pub fn one(a: u8) -> u8 {
    todo!(\"step 1: add one\")
}

impl X {
    fn two() {
        todo!(\"step 2: do it\")
    }
}
"
    );
    assert_eq!(
        stub.manifest,
        format!("[package]\nname = \"lab9-try\"\n{LINTS}")
    );
    assert_eq!(stub.main, "use lab9_try::one;\n");
    assert_eq!(stub.given, "// lab9-try\n");
}

#[test]
fn the_first_steps_can_be_left_in() {
    let one = stub("lab9-try", &reference(LIB_TEXT), 1).unwrap().lib;
    assert!(one.contains("    // SAFETY: an answer.\n    let b = a + 1;\n\n    b\n}\n"));
    assert!(one.contains("todo!(\"step 2: do it\")") && !one.contains("todo!(\"step 1"));
    let all = stub("lab9-try", &reference(LIB_TEXT), 2).unwrap().lib;
    assert!(!all.contains("todo!") && !all.contains("step"));
    assert_eq!(all, stub("lab9-try", &reference(LIB_TEXT), 7).unwrap().lib);
}

#[test]
fn only_what_is_written_counts() {
    let steps = steps(LIB_TEXT).unwrap();
    let counted: Vec<_> = steps
        .iter()
        .map(|s| (s.number, s.lines, s.begins, s.ends))
        .collect();
    assert_eq!(counted, [(1, 2, 5, 10), (2, 1, 15, 17)]);
    assert_eq!(steps[1].title, "do it");
    assert_eq!(lines_to_write(LIB_TEXT), Ok(3));
}

#[test]
fn a_wrong_marker_is_named_with_its_line() {
    let body = |inner: &str| format!("fn f() {{\n{inner}\n}}\n");
    let says = |inner: &str| problem(&body(inner));
    assert_eq!(
        says("// step 2: x\na\n// end of step 2"),
        "src/lib.rs:2: step 2 begins, but step 1 is due"
    );
    assert_eq!(says("// step 1: x\na"), "src/lib.rs:2: step 1 never ends");
    assert_eq!(
        says("a\n// end of step 1"),
        "src/lib.rs:3: step 1 ends, but none is open"
    );
    assert_eq!(
        says("// step 1: x\na\n// end of step 2"),
        "src/lib.rs:4: step 2 ends, but step 1 of line 2 is open"
    );
    assert_eq!(
        says("// step 1: x {\n// step 2: y"),
        "src/lib.rs:2: the title of a step is plain words"
    );
    assert_eq!(
        says("// step 1: x\n// step 2: y"),
        "src/lib.rs:3: step 2 begins inside step 1"
    );
    assert_eq!(
        says("// step one"),
        "src/lib.rs:2: a marker reads `// step 2: store the text`"
    );
    assert_eq!(
        says("// end of step"),
        "src/lib.rs:2: an end marker reads `// end of step 2`"
    );
    assert_eq!(
        says("// step 1: x\n// end of step 1"),
        "src/lib.rs:3: step 1 is empty"
    );
}

#[test]
fn a_step_is_a_whole_body() {
    assert_eq!(
        problem("fn f() {\nlet a = 1;\n// step 1: x\na\n// end of step 1\n}\n"),
        "src/lib.rs:3: the marker of step 1 is not the first line of a function's body"
    );
    assert_eq!(
        problem("fn f() {\n// step 1: x\na;\n// end of step 1\nb\n}\n"),
        "src/lib.rs:4: the end marker of step 1 is not the last line of a function's body"
    );
}

#[test]
fn a_reference_brings_no_lints() {
    let mut reference = reference(LIB_TEXT);
    reference.manifest.push_str("[lints.rust]\n");
    let error = stub("lab9-try", &reference, 0).unwrap_err();
    assert_eq!((error.file, error.line), ("Cargo.toml", 3));
}
