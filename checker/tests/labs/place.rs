//! Folders and programs to try the checker with.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use checker::course;
use checker::report::Report;
use checker::stubs;
use checker::subject::{self, Built, Origin, Subject};
use checker::workspace::Workspace;
use tempfile::TempDir;

/// The user that has no rights.
const NOBODY: u32 = 65534;

/// The checker with these arguments.
pub fn checker(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_checker"));
    command.args(args).stdin(Stdio::null());
    command
}

/// Runs the checker; its status, and the report that it prints.
pub fn report(command: &mut Command) -> (Option<i32>, Report) {
    let (status, stdout, stderr) = said(command);
    let report = serde_json::from_str(&stdout);
    let report = report.unwrap_or_else(|error| panic!("{error}: {stdout}\n{stderr}"));
    (status, report)
}

/// Runs the checker; its status, standard output and standard error.
pub fn said(command: &mut Command) -> (Option<i32>, String, String) {
    let output = command.output().expect("the checker runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

/// The course that this is.
pub fn workspace() -> Workspace {
    Workspace::around(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("the course")
}

/// A copy of the course in the target folder, with pristine stubs in its labs/. One test has it
/// at a time.
pub fn course() -> MutexGuard<'static, PathBuf> {
    static COURSE: LazyLock<Mutex<PathBuf>> = LazyLock::new(Mutex::default);
    let mut out = COURSE.lock().unwrap_or_else(PoisonError::into_inner);
    *out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("course");
    let root = workspace().root().to_owned();
    stubs::course(&root, &out).expect("a course");
    for lab in course::labs() {
        let folder = out.join("labs").join(lab.slug);
        stubs::generate(&root, lab.slug, 0, &folder).expect("a stub");
    }
    out
}

/// The executable of a lab's reference.
pub fn reference(slug: &str) -> PathBuf {
    built(slug, &[]).program
}

/// A lab's reference, with what is built beside it.
pub fn built(slug: &str, beside: &[&str]) -> Subject {
    match subject::build(&workspace(), slug, beside, Origin::Reference) {
        Ok(Built::Ready(subject)) => subject,
        other => panic!("the reference of {slug}: {other:?}"),
    }
}

/// The executable of a known program in C, compiled into `folder`; none without a compiler.
pub fn known(name: &str, folder: &Path) -> Option<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let source = source.join(name).with_extension("c");
    let last = name.rsplit('/').next().expect("a name");
    let out = folder.join(last);
    let mut cc = Command::new("cc");
    cc.args(["-O1", "-w"]).arg(&source).arg("-o").arg(&out);
    match cc.status() {
        Ok(status) => assert!(status.success(), "{name} does not compile"),
        Err(error) => {
            eprintln!("cc: {error}; {name} is not tried");
            return None;
        }
    }
    Some(out)
}

/// A folder that everybody may enter, with what a checker needs that may read nothing else: the
/// checker, a course without sources, and a temporary folder.
pub struct Open {
    folder: TempDir,
}

impl Open {
    /// Makes it.
    pub fn new() -> Open {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let open = Open { folder };
        let snapshots = "checker/src/labs/snapshots";
        for below in ["labs", "tmp", snapshots] {
            fs::create_dir_all(open.path(below)).expect("a folder");
        }
        fs::write(open.path("Cargo.toml"), "").expect("a file");
        open.add(Path::new(env!("CARGO_BIN_EXE_checker")), "checker-itself");
        for lab in course::labs() {
            let from = workspace().root().join(snapshots).join(lab.slug);
            let to = open.path(snapshots).join(lab.slug);
            fs::create_dir(&to).expect("a folder");
            for (name, path) in built(lab.slug, lab.beside).beside {
                let file = path.file_name().expect("a file").to_string_lossy();
                assert!(file.contains(&name), "{file}");
                open.add(&path, &file);
            }
            for entry in fs::read_dir(from).into_iter().flatten().flatten() {
                fs::copy(entry.path(), to.join(entry.file_name())).expect("a copy");
            }
        }
        let mode = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("permissions");
        };
        mode(open.folder.path(), 0o755);
        mode(&open.path("tmp"), 0o1777);
        open
    }

    /// A path inside.
    pub fn path(&self, inside: &str) -> PathBuf {
        self.folder.path().join(inside)
    }

    /// Copies a program to this name.
    pub fn add(&self, program: &Path, name: &str) -> PathBuf {
        let path = self.path(name);
        fs::copy(program, &path).expect("a copy");
        path
    }

    /// The checker, judging `program` with nothing but what lies here. As an unprivileged user if
    /// this one is root.
    pub fn checker(&self, slug: &str, program: &Path) -> Command {
        let mut command = Command::new(self.path("checker-itself"));
        command
            .args([slug, "--stretch", "--json", "--program"])
            .arg(program)
            .current_dir(self.folder.path())
            .env("TMPDIR", self.path("tmp"))
            .stdin(Stdio::null());
        if nix::unistd::geteuid().is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }

    /// What the run left in the temporary folder, and which processes still run from here.
    pub fn left(&self) -> Vec<String> {
        left(&self.path("tmp"), self.folder.path())
    }
}

/// What lies in the folder `temporary`, and the processes whose program lies below `programs`.
pub fn left(temporary: &Path, programs: &Path) -> Vec<String> {
    let entries = |folder: &Path| fs::read_dir(folder).expect("a folder").flatten();
    let mut left: Vec<String> = entries(temporary)
        .map(|entry| entry.path().display().to_string())
        .collect();
    for entry in entries(Path::new("/proc")) {
        let program = fs::read_link(entry.path().join("exe"));
        if program.is_ok_and(|program| program.starts_with(programs)) {
            left.push(entry.path().display().to_string());
        }
    }
    left
}
