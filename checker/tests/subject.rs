//! Building a program, in a made-up workspace.

use std::fs;
use std::path::Path;

use checker::subject::{Built, Fault, Origin, build};
use checker::workspace::Workspace;
use tempfile::TempDir;

/// A workspace with one lab that has this source and this manifest.
fn workspace(source: &str, manifest: &str) -> (TempDir, Workspace) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path();
    let write = |path: &str, text: &str| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        fs::write(path, text).expect("a file");
    };
    write(
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"labs/*\"]\n",
    );
    write("checker/README", "");
    write("labs/lab9-test/Cargo.toml", manifest);
    write("labs/lab9-test/src/main.rs", source);
    let workspace = Workspace::around(root).expect("a workspace");
    (folder, workspace)
}

const MANIFEST: &str = "[package]\nname = \"lab9-test\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";

fn learner(workspace: &Workspace) -> Result<Built, Fault> {
    build(workspace, "lab9-test", &[], Origin::Learner)
}

#[test]
fn a_sound_crate_gives_a_program() {
    let (_folder, workspace) = workspace("fn main() {}", MANIFEST);
    let ready = |built| match built {
        Ok(Built::Ready(subject)) => subject,
        other => panic!("not ready: {other:?}"),
    };
    let subject = ready(learner(&workspace));
    assert!(subject.program.is_absolute() && subject.program.ends_with("lab9-test"));
    let origin = Origin::Crate(workspace.lab("lab9-test"));
    let again = ready(build(&workspace, "lab9-test", &[], origin));
    assert_eq!(again.program, subject.program);
}

#[test]
fn the_first_error_is_told_in_the_compilers_words() {
    let source = "fn main() {\n    let a: u32 = \"one\";\n    let b: u32 = \"two\";\n}\n";
    let (_folder, workspace) = workspace(source, MANIFEST);
    let Ok(Built::Broken(error)) = learner(&workspace) else {
        panic!("it compiles");
    };
    assert_eq!(error.errors, 2);
    assert!(error.error.starts_with("error[E0308]"), "{}", error.error);
    assert!(error.error.contains("labs/lab9-test/src/main.rs:2:"));
    assert!(!error.error.contains("two") && !error.error.contains('\x1b'));
}

#[test]
fn a_broken_manifest_is_named() {
    let (_folder, workspace) = workspace("fn main() {}", "[package\n");
    let Ok(Built::Broken(error)) = learner(&workspace) else {
        panic!("it builds");
    };
    let named = error.error.contains("labs/lab9-test/Cargo.toml");
    assert!(named, "{}", error.error);
}

#[test]
fn a_crate_without_a_program_or_no_crate_at_all_is_a_fault() {
    let (folder, workspace) = workspace("", MANIFEST);
    let source = folder.path().join("labs/lab9-test/src");
    fs::rename(source.join("main.rs"), source.join("lib.rs")).expect("renamed");
    let fault = learner(&workspace).expect_err("a fault");
    assert!(matches!(fault, Fault::NoExecutable(_)), "{fault}");
    let fault = build(&workspace, "lab9-test", &[], Origin::Reference).expect_err("a fault");
    assert!(matches!(fault, Fault::NoCrate(_)), "{fault}");
    assert!(fault.to_string().contains("solutions/lab9-test"));
}

#[test]
fn a_program_needs_no_cargo() {
    let (_folder, workspace) = workspace("", "");
    let origin = Origin::program(Path::new("/bin/sh")).expect("a program");
    assert!(matches!(
        build(&workspace, "lab9-test", &[], origin),
        Ok(Built::Ready(_))
    ));
}

#[test]
fn what_stands_beside_a_lab_is_built_with_it() {
    let (folder, workspace) = workspace("fn main() {}", MANIFEST);
    let beside = folder.path().join("checker/extra");
    fs::create_dir_all(beside.join("src")).expect("folders");
    let manifest = MANIFEST.replace("lab9-test", "extra") + "\n[lib]\ncrate-type = [\"cdylib\"]\n";
    fs::write(beside.join("Cargo.toml"), manifest).expect("a file");
    fs::write(beside.join("src/lib.rs"), "").expect("a file");
    let members = "[workspace]\nresolver = \"3\"\nmembers = [\"labs/*\", \"checker/extra\"]\n";
    fs::write(folder.path().join("Cargo.toml"), members).expect("a file");
    let program = Origin::program(Path::new("/bin/sh")).expect("a program");
    for origin in [Origin::Learner, program] {
        match build(&workspace, "lab9-test", &["extra", "nowhere"], origin) {
            Ok(Built::Ready(subject)) => {
                let found: Vec<&String> = subject.beside.keys().collect();
                assert_eq!(found, ["extra"]);
                assert!(subject.beside["extra"].ends_with("libextra.so"));
            }
            other => panic!("not ready: {other:?}"),
        }
    }
}
