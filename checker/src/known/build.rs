//! Makes executables of known programs.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use super::programs::{Form, Program};
use super::steps;
use crate::stub::{self, Crate};
use crate::stubs;
use crate::workspace::Workspace;

/// The executables of programs in Rust, or why there is none, by [`Program::binary`].
pub type Binaries = BTreeMap<String, Result<PathBuf, String>>;

/// Whether there is a C compiler.
pub fn has_cc() -> bool {
    let mut cc = Command::new("cc");
    let quiet = cc
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// The executable of a program: compiled into this folder, or one of the binaries.
pub fn executable(
    program: &Program,
    folder: &Path,
    binaries: &Binaries,
) -> Result<PathBuf, String> {
    if program.is_c() {
        return compile(program, folder);
    }
    let found = binaries.get(&program.binary()).cloned();
    found.unwrap_or_else(|| {
        Err(format!(
            "no [[bin]] `{}` in checker/corpus/Cargo.toml",
            program.binary()
        ))
    })
}

/// Compiles a C program into a folder.
fn compile(program: &Program, folder: &Path) -> Result<PathBuf, String> {
    let out = folder.join(program.name.replace('/', "-"));
    let mut cc = Command::new("cc");
    cc.args(["-O1", "-w"])
        .arg(&program.source)
        .arg("-o")
        .arg(&out)
        .args(&program.header.flags);
    let output = cc.output().map_err(|error| error.to_string())?;
    match output.status.success() {
        true => Ok(out),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

/// Builds all programs in Rust among these.
///
/// # Errors
///
/// Cargo cannot be run, or a folder cannot be written. A program that does not compile is none: it
/// is told of in its place.
pub fn binaries(workspace: &Workspace, programs: &[Program]) -> anyhow::Result<Binaries> {
    let mut binaries = Binaries::new();
    if programs.iter().any(|one| matches!(one.form, Form::Rust)) {
        let arguments = ["-p", "corpus", "--bins", "--keep-going"];
        binaries.extend(cargo(workspace.root(), &arguments)?);
    }
    let of_steps = programs.iter().filter_map(|program| match &program.form {
        Form::Steps(steps) => Some((program, steps)),
        _ => None,
    });
    let crates: Vec<(String, Result<Crate, String>)> = of_steps
        .map(|(program, steps)| {
            let made = crate_of(workspace, program, steps);
            (program.binary(), made)
        })
        .collect();
    if !crates.is_empty() {
        binaries.extend(in_course(workspace, "author-known", crates)?);
    }
    Ok(binaries)
}

/// Builds crates that are no members of the workspace, in `target/FOLDER`, each under its name.
///
/// # Errors
///
/// As [`binaries`].
pub fn in_course(
    workspace: &Workspace,
    folder: &str,
    crates: Vec<(String, Result<Crate, String>)>,
) -> anyhow::Result<Binaries> {
    let mut binaries = Binaries::new();
    let course = workspace.root().join("target").join(folder);
    let labs = course.join("labs");
    if labs.is_dir() {
        fs::remove_dir_all(&labs).with_context(|| format!("`{}`", labs.display()))?;
    }
    stubs::course(workspace.root(), &course)?;
    for (name, made) in crates {
        match made {
            Ok(made) => stubs::put_crate(&labs.join(&name), &made)?,
            Err(fault) => {
                binaries.insert(name, Err(fault));
            }
        }
    }
    let all = ["--workspace", "--bins", "--keep-going"];
    let beside = stubs::BESIDE
        .into_iter()
        .flat_map(|name| ["--exclude", name]);
    let arguments: Vec<&str> = all.into_iter().chain(beside).collect();
    binaries.extend(cargo(&course, &arguments)?);
    Ok(binaries)
}

/// The crate of a lab with steps of a program in it, under the program's name: many are built side
/// by side.
fn crate_of(
    workspace: &Workspace,
    program: &Program,
    steps: &steps::Steps,
) -> Result<Crate, String> {
    let slug = program.lab();
    let reference = stubs::reference(workspace.root(), slug).map_err(|error| error.to_string())?;
    let lib = steps::put_in(&reference.lib, steps)?;
    let made = stub::stub(slug, &Crate { lib, ..reference }, usize::MAX);
    let made = made.map_err(|error| error.to_string())?;
    Ok(renamed(made, slug, &program.binary()))
}

/// A crate under another name, so that many of one lab can be built side by side.
pub fn renamed(made: Crate, name: &str, other: &str) -> Crate {
    let quoted = |name: &str| format!("name = \"{name}\"");
    let library = |name: &str| format!("{}::", name.replace('-', "_"));
    Crate {
        manifest: made.manifest.replace(&quoted(name), &quoted(other)),
        main: made.main.replace(&library(name), &library(other)),
        ..made
    }
}

/// Builds, and finds every binary as cargo tells, or the errors about it.
fn cargo(folder: &Path, arguments: &[&str]) -> anyhow::Result<Binaries> {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let output = Command::new(program)
        .args(["build", "-q", "--message-format", "json"])
        .args(arguments)
        .current_dir(folder)
        // Each is built once.
        .env("CARGO_INCREMENTAL", "0")
        .stdin(Stdio::null())
        .output()
        .context("cargo cannot be run")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let messages = text
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let mut binaries = Binaries::new();
    for message in messages {
        let Some(name) = message["target"]["name"].as_str() else {
            continue;
        };
        if let Some(path) = message["executable"].as_str() {
            binaries.insert(name.to_owned(), Ok(PathBuf::from(path)));
        } else if message["message"]["level"].as_str() == Some("error") {
            let words = message["message"]["rendered"].as_str().unwrap_or_default();
            // A library has the name of its package with other hyphens.
            let name = name.replace('_', "-");
            binaries.entry(name).or_insert(Err(words.to_owned()));
        }
    }
    if !output.status.success() && binaries.values().all(Result::is_ok) {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(binaries)
}
