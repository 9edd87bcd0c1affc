//! Starting a process of the program under test: limits, no capabilities, a filter, and a gate at
//! which it waits until it is watched.
#![allow(unsafe_code)]

use std::convert::Infallible;
use std::ffi::CString;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::atomic::{AtomicI32, Ordering};

use libc::c_int;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, kill, raise, signal, sigprocmask};
use nix::sys::stat::{Mode, fstat, umask};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{
    ForkResult, Pid, chdir, dup2_stderr, dup2_stdin, dup2_stdout, execve, fork, setsid,
};

use crate::evidence::trace::Stream;
use crate::scenario::{ActorSpec, Limits};

use super::capture::{self, Capture};
use super::filter::{self, Stop};
use super::process::{self, Streams};
use super::sys;

/// A process that was started and stands at its gate.
#[derive(Debug)]
pub struct Child {
    /// The process.
    pub pid: Pid,
    /// Its standard input, if it stays open.
    pub stdin: Option<PipeWriter>,
    /// What it writes to standard output.
    pub stdout: Capture,
    /// What it writes to standard error.
    pub stderr: Capture,
    /// The pipes, to recognise them behind descriptors.
    pub streams: Streams,
    /// The listener for its calls, if it is to be watched without ptrace and the kernel can.
    pub listener: Option<OwnedFd>,
    is_stopped: bool,
    gate: UnixStream,
    refusal: PipeReader,
}

impl Child {
    /// Lets the program begin.
    pub fn open_gate(&mut self) -> io::Result<()> {
        if self.is_stopped {
            kill(self.pid, Signal::SIGCONT)?;
            Ok(())
        } else {
            self.gate.write_all(b"g")
        }
    }

    /// Whether its standard input stays open and has nothing to be read.
    pub fn input_is_empty(&self) -> bool {
        let Some(stdin) = &self.stdin else {
            return false;
        };
        let mut waiting: c_int = 0;
        // SAFETY: FIONREAD (ioctl_tty(2), also for pipes) writes one int, and `waiting` is one that
        // outlives the call. The descriptor is open for as long as it is borrowed.
        let done = unsafe { libc::ioctl(stdin.as_raw_fd(), libc::FIONREAD, &mut waiting) };
        done == 0 && waiting == 0
    }

    /// Why the program could not be started, once the process has ended.
    pub fn refusal(&mut self) -> Option<String> {
        let mut text = String::new();
        let _ = self.refusal.read_to_string(&mut text);
        (!text.is_empty()).then_some(text)
    }
}

/// The filter that a child gives itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Calls stop for the tracer; to be used only if the process is traced when its gate opens.
    Trace,
    /// Calls are announced.
    Notify,
    /// Calls that make processes are announced, and no others.
    Forks,
    /// Nearly every call stops for the tracer; as for [`Filter::Trace`].
    Every,
    /// None.
    None,
}

/// Starts a process up to its gate, with `more` words in its environment. The caller has to be
/// single-threaded.
pub fn start(
    program: &Path,
    actor: &ActorSpec,
    folder: &Path,
    more: &[String],
    limits: &Limits,
    filter: Filter,
) -> io::Result<Child> {
    let (stdin, mut input) = io::pipe()?;
    let (stdout, out) = capture::pipe()?;
    let (stderr, err) = capture::pipe()?;
    let (gate, mut gate_opener) = UnixStream::pair()?;
    let (refusal, refuse) = capture::pipe()?;
    let streams = [
        identity(stdin.as_fd(), Stream::Stdin)?,
        identity(stdout.as_fd(), Stream::Stdout)?,
        identity(stderr.as_fd(), Stream::Stderr)?,
    ];
    // A pipe holds 64 KiB (pipe(7)); no scenario has that much input.
    input.write_all(&actor.input.0)?;
    let command = Command::new(program, actor, folder, more)?;
    let listener_number = SharedNumber::new()?;

    // SAFETY: this process has one thread (the observer is made so), so the child may do whatever
    // the parent may; it leaves by exec or _exit.
    match unsafe { fork() }? {
        ForkResult::Child => {
            let ends = Ends {
                stdin: stdin.as_fd(),
                stdout: out.as_fd(),
                stderr: err.as_fd(),
            };
            drop((input, gate_opener));
            let failed =
                match become_program(&command, &ends, gate, limits, filter, &listener_number) {
                    Ok(never) => match never {},
                    Err(error) => error,
                };
            let mut refuse = refuse;
            let _ = write!(refuse, "{failed}");
            // SAFETY: _exit runs nothing of this process; the copy of the observer ends here.
            unsafe { libc::_exit(127) }
        }
        ForkResult::Parent { child } => {
            drop(gate);
            // Until it says so, this process must not be looked into either. If it fails before,
            // the end of the stream says that.
            match gate_opener.read_exact(&mut [0]) {
                Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => return Err(error),
                _ => {}
            }
            let listener = match filter {
                Filter::Notify | Filter::Forks => take_listener(child, &listener_number)?,
                Filter::Trace | Filter::Every | Filter::None => None,
            };
            Ok(Child {
                pid: child,
                stdin: actor.keeps_input_open.then_some(input),
                stdout: Capture::new(stdout),
                stderr: Capture::new(stderr),
                streams,
                listener,
                is_stopped: matches!(filter, Filter::Notify | Filter::Forks),
                gate: gate_opener,
                refusal,
            })
        }
    }
}

struct Ends<'a> {
    stdin: BorrowedFd<'a>,
    stdout: BorrowedFd<'a>,
    stderr: BorrowedFd<'a>,
}

struct Command {
    program: CString,
    arguments: Vec<CString>,
    environment: Vec<CString>,
    folder: std::path::PathBuf,
}

impl Command {
    fn new(
        program: &Path,
        actor: &ActorSpec,
        folder: &Path,
        more: &[String],
    ) -> io::Result<Command> {
        let path =
            std::env::var("PATH").unwrap_or_else(|_| "/usr/local/bin:/usr/bin:/bin".to_owned());
        let name = program.file_name().unwrap_or(program.as_os_str());
        let words = actor
            .arguments
            .iter()
            .map(|word| CString::new(word.as_bytes()));
        let arguments = std::iter::once(CString::new(name.as_bytes())).chain(words);
        let environment = [
            format!("PATH={path}"),
            format!("HOME={}", folder.display()),
            "LC_ALL=C".to_owned(),
            "TZ=UTC".to_owned(),
        ];
        Ok(Command {
            program: CString::new(program.as_os_str().as_bytes())?,
            arguments: arguments.collect::<Result<_, _>>()?,
            environment: environment
                .iter()
                .chain(more)
                .map(|word| CString::new(word.as_str()))
                .collect::<Result<_, _>>()?,
            folder: folder.to_owned(),
        })
    }
}

/// In the child: everything up to exec.
fn become_program(
    command: &Command,
    ends: &Ends<'_>,
    mut gate: UnixStream,
    limits: &Limits,
    filter: Filter,
    listener_number: &SharedNumber,
) -> io::Result<Infallible> {
    sys::die_with_parent()?;
    sys::let_others_look_in(true)?;
    gate.write_all(b"r")?;
    setsid()?;
    dup2_stdin(ends.stdin)?;
    dup2_stdout(ends.stdout)?;
    dup2_stderr(ends.stderr)?;
    sys::close_on_exec_from(3);
    chdir(&command.folder)?;
    umask(Mode::from_bits_truncate(0o022));
    plain_signals(limits)?;
    set_limits(limits, filter)?;
    sys::drop_capabilities()?;
    match filter {
        Filter::Trace => {
            wait_at(&mut gate)?;
            sys::load_filter(&filter::program(Stop::Trace), false)?;
        }
        Filter::Every => {
            wait_at(&mut gate)?;
            sys::load_filter(&filter::program(Stop::Every), false)?;
        }
        Filter::Notify => announce_and_stop(Stop::Notify, listener_number)?,
        Filter::Forks => announce_and_stop(Stop::Forks, listener_number)?,
        Filter::None => wait_at(&mut gate)?,
    }
    match execve(&command.program, &command.arguments, &command.environment) {
        Err(error) => Err(error.into()),
    }
}

fn wait_at(gate: &mut UnixStream) -> io::Result<()> {
    gate.read_exact(&mut [0])
}

/// From the loading of the filter on every watched call waits for the parent. So the gate is a
/// stop instead of a read, and the number of the listener goes by memory instead of a write.
fn announce_and_stop(stop: Stop, number: &SharedNumber) -> io::Result<()> {
    let listener = sys::load_filter(&filter::program(stop), true);
    number.set(listener.unwrap_or(-1));
    raise(Signal::SIGSTOP)?;
    Ok(())
}

fn take_listener(child: Pid, number: &SharedNumber) -> io::Result<Option<OwnedFd>> {
    match waitpid(child, Some(WaitPidFlag::WUNTRACED))? {
        WaitStatus::Stopped(..) => {}
        // It ended before its gate; the refusal pipe tells why.
        _ => return Ok(None),
    }
    let listener = match number.get() {
        fd if fd >= 0 => sys::take_descriptor(child.as_raw(), fd),
        _ => return Ok(None),
    };
    match listener {
        Ok(listener) => Ok(Some(listener)),
        Err(_) => {
            // Its calls would wait for ever: nobody can hear them.
            kill(child, Signal::SIGKILL)?;
            waitpid(child, None)?;
            Err(io::ErrorKind::PermissionDenied.into())
        }
    }
}

fn plain_signals(limits: &Limits) -> io::Result<()> {
    for each in Signal::iterator() {
        if matches!(each, Signal::SIGKILL | Signal::SIGSTOP) {
            continue;
        }
        // SAFETY: the default and the ignoring disposition run no code of ours.
        unsafe { signal(each, SigHandler::SigDfl) }?;
    }
    if limits.file_size.is_some() {
        // SAFETY: ignoring runs no code.
        unsafe { signal(Signal::SIGXFSZ, SigHandler::SigIgn) }?;
    }
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)?;
    Ok(())
}

fn set_limits(limits: &Limits, filter: Filter) -> io::Result<()> {
    if filter == Filter::None {
        // Nobody counts its processes, so the kernel has to; it counts all of this user, and none
        // of root (setrlimit(2)).
        let most = limits.processes + process::count_of_user();
        setrlimit(Resource::RLIMIT_NPROC, most, most)?;
    }
    setrlimit(Resource::RLIMIT_CPU, limits.cpu_s, limits.cpu_s + 1)?;
    setrlimit(
        Resource::RLIMIT_AS,
        limits.address_space,
        limits.address_space,
    )?;
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    if let Some(bytes) = limits.file_size {
        setrlimit(Resource::RLIMIT_FSIZE, bytes, bytes)?;
    }
    Ok(())
}

fn identity(pipe: BorrowedFd<'_>, stream: Stream) -> io::Result<(u64, u64, Stream)> {
    let stat = fstat(pipe)?;
    Ok((stat.st_dev, stat.st_ino, stream))
}

/// A number that a child and its parent share.
struct SharedNumber(std::ptr::NonNull<AtomicI32>);

impl SharedNumber {
    fn new() -> io::Result<SharedNumber> {
        use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous};
        let length = std::num::NonZeroUsize::new(size_of::<AtomicI32>()).expect("four bytes");
        // SAFETY: a new mapping at an address of the kernel's choice touches no memory that exists.
        let page = unsafe {
            mmap_anonymous(
                None,
                length,
                ProtFlags::PROT_READ | ProtFlags::PROT_WRITE,
                MapFlags::MAP_SHARED,
            )
        }?;
        Ok(SharedNumber(page.cast()))
    }

    fn number(&self) -> &AtomicI32 {
        // SAFETY: the page is mapped until drop, aligned to a page, zeroed by the kernel (a valid
        // AtomicI32), and both processes use it through this type only.
        unsafe { self.0.as_ref() }
    }

    fn set(&self, number: i32) {
        self.number().store(number, Ordering::Release);
    }

    fn get(&self) -> i32 {
        self.number().load(Ordering::Acquire)
    }
}

impl Drop for SharedNumber {
    fn drop(&mut self) {
        // SAFETY: exactly the mapping made in `new`, unmapped once; no reference outlives self.
        let _ = unsafe { nix::sys::mman::munmap(self.0.cast(), size_of::<AtomicI32>()) };
    }
}
