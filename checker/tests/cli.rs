//! The command line, from outside.

use std::process::Stdio;

use assert_cmd::Command;

fn checker(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_checker"));
    command.args(args).env_remove("NO_COLOR");
    command
}

/// Runs the checker; answers with its status, standard output and standard error.
fn run(args: &[&str]) -> (Option<i32>, String, String) {
    let output = checker(args).output().expect("the checker runs");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn an_unknown_lab_is_answered_with_the_nearest_name() {
    let (status, stdout, stderr) = run(&["cpoy"]);
    assert_eq!((status, stdout.as_str()), (Some(2), ""));
    let (answer, labs) = stderr.split_once('\n').expect("a line, and the labs");
    assert_eq!(
        answer,
        "error: there is no lab `cpoy`; did you mean `copy`?"
    );
    assert!(labs.contains("  lab1  ") && labs.contains("  lab3  One memcpy (lab3-copy)\n"));
    assert_eq!(run(&["lab9"]).0, Some(2));
}

#[test]
fn every_name_of_a_lab_is_understood() {
    let (_, wanted, _) = run(&["lab3", "--list"]);
    assert!(wanted.starts_with("Lab 3: "), "{wanted}");
    for name in ["3", "copy", "lab3-copy"] {
        assert_eq!(run(&[name, "--list"]).1, wanted, "{name}");
    }
}

#[test]
fn without_a_lab_the_labs_are_listed() {
    let (status, listed, _) = run(&[]);
    assert_eq!(status, Some(0));
    for lab in ["lab1", "lab2", "lab3"] {
        assert!(listed.contains(lab), "{listed}");
    }
    assert!(listed.ends_with("    cargo run -p checker -- lab1\n"));
    assert_eq!(run(&["list"]).1, listed);
    assert!(listed.lines().all(|line| line.chars().count() <= 80));
}

#[test]
fn a_wrong_command_line_ends_with_2_and_prints_nothing_on_standard_output() {
    let wrong: &[&[&str]] = &[
        &["lab3", "--only", "99"],
        &["lab3", "--only", "x"],
        &["lab3", "--only", "1", "--stretch"],
        &["lab3", "--seed", "-1"],
        &["lab5", "--schedule", "AB"],
        &["lab5", "--only", "5", "--schedule", "ab"],
        &["lab5", "--only", "2", "--schedule", "AB"],
        &["lab3", "--only", "2", "--schedule", "AB"],
        &["lab3", "--solution", "--program", "/bin/true"],
        &["lab3", "--list", "--json"],
        &["lab3", "lab2"],
        &["--json"],
        &["--solution"],
        &["lab3", "--nonsense"],
        &["author", "nonsense"],
        &["lab3", "--program", "/no/such/program"],
        &["lab3", "--program", "/"],
        &["lab3", "--program", "/dev/null"],
        &["lab3", "--program", "/etc/passwd"],
    ];
    for args in wrong {
        let (status, stdout, stderr) = run(args);
        assert_eq!((status, stdout.as_str()), (Some(2), ""), "{args:?}");
        assert!(stderr.starts_with("error: "), "{args:?}: {stderr}");
    }
}

#[test]
fn what_is_wrong_with_a_program_is_said() {
    let said = |path| run(&["lab3", "--program", path]).2;
    assert_eq!(
        said("/no/such/program"),
        "error: --program: `/no/such/program` does not exist\n"
    );
    assert!(said("/").contains("is a folder"));
    assert!(said("/etc/passwd").contains("is not executable"));
}

#[test]
fn an_order_is_for_clauses_that_have_orders() {
    let said = |lab, only| run(&[lab, "--only", only, "--schedule", "AB"]).2;
    assert!(said("lab5", "2").ends_with("clauses 4, 5, 6, 7, 8, 9, 10 do\n"));
    assert!(said("lab3", "2").ends_with("no clause of this lab does\n"));
}

#[test]
fn help_and_lists_are_not_coloured_in_a_pipe() {
    for args in [&["--help"][..], &["list"], &["lab1", "--list"]] {
        let (status, stdout, _) = run(args);
        assert_eq!(status, Some(0), "{args:?}");
        assert!(!stdout.contains('\x1b'), "{args:?}");
    }
    let (_, help, _) = run(&["--help"]);
    assert!(!help.contains("__observe"));
}

#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_checker"))
        .args(["lab1", "--list"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the checker runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the checker ends");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn without_a_temporary_folder_there_is_no_verdict() {
    let output = checker(&["lab3", "--program", "/bin/true"])
        .env("TMPDIR", "/no/such/folder")
        .output()
        .expect("the checker runs");
    assert_eq!(output.status.code(), Some(70));
    assert!(output.stdout.is_empty());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("/no/such/folder"), "{stderr}");
    assert!(stderr.contains("TMPDIR"), "{stderr}");
}

/// A signal in the middle of a run: status 130, and no folder is left.
#[test]
fn an_interrupted_run_leaves_nothing() {
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let script = temporary.path().join("sleeps");
    std::fs::write(&script, "#!/bin/sh\nexec sleep 60\n").expect("a file");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&script, mode).expect("permissions");
    let folders = temporary.path().join("folders");
    std::fs::create_dir(&folders).expect("a folder");
    let left = || std::fs::read_dir(&folders).expect("a folder").count();
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_checker"))
        .args(["lab1", "--program"])
        .arg(&script)
        .env("TMPDIR", &folders)
        .stdout(Stdio::null())
        .spawn()
        .expect("the checker runs");
    while left() == 0 {
        assert!(child.try_wait().expect("a state").is_none(), "it ended");
        std::thread::yield_now();
    }
    let mut kill = std::process::Command::new("kill");
    let killed = kill.args(["-TERM", &child.id().to_string()]).status();
    assert!(killed.expect("kill runs").success());
    let status = child.wait().expect("the checker ends");
    assert_eq!(status.code(), Some(130));
    assert_eq!(left(), 0);
}
