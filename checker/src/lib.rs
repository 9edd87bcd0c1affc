//! Judges memory-mapping labs by what the kernel saw a program do.
//!
//! # The pipeline
//!
//! ```text
//! Lab ──build──▶ Subject ──observe──▶ Evidence ──judge──▶ Verdict ──collect──▶ Report ──render──▶
//! ```
//!
//! - A [`lab::Lab`] is a declaration: clauses, checks, scenarios, mistakes.
//! - A [`subject`] is the program under test: the learner's crate, the reference, or any
//!   executable.
//! - [`observe`] runs a [`scenario::Scenario`] in a process of its own and hands back
//!   [`evidence::Evidence`]: plain data, no handles.
//! - [`judge`] turns evidence into [`verdict::Verdict`]s. It is pure: the same evidence, read
//!   from a file a year later, gives the same verdicts.
//! - A [`report::Report`] is versioned data, and renderers read nothing else.
//!
//! # The rooms
//!
//! ```text
//! surface     main, cli, exit, command               parse, call, exit status
//! conduct     runner, render, snapshot, stub, stubs, known  what to run, what to say, what to keep
//! course      course, inputs, labs                   the checks, mistakes and hints of one lab
//! judging     judge, rule, transcript                pure, opens no file
//! observing   subject, observe, workspace, scratch, committed   the only rooms that spawn or ask the kernel
//! vocabulary  lab, scenario, report, evidence, verdict, printable     std and serde only
//! ```
//!
//! Beside these lie crates that only some labs need, built when such a lab is checked: `pagesize`
//! shows a program larger pages, and `explorer` runs several in every order of their steps. It
//! imports the vocabulary and the observing room.
//!
//! A room imports from rooms below it, never from above; judging and observing import the
//! vocabulary only, never each other. `tests/tidy.rs` enforces this. A line knows its room: it
//! asks the kernel, then it belongs to `observe`; it is true for one lab, then to that lab's
//! file; true for two, then to `rule`; colour, width and frame sentences, then to `render`.

pub mod cli;
mod command;
pub mod committed;
pub mod course;
pub mod evidence;
pub mod exit;
pub mod inputs;
pub mod judge;
pub mod known;
pub mod lab;
pub mod labs;
pub mod observe;
pub mod printable;
pub mod render;
pub mod report;
pub mod rule;
pub mod runner;
pub mod scenario;
pub mod scratch;
pub mod snapshot;
pub mod stub;
pub mod stubs;
pub mod subject;
pub mod transcript;
pub mod verdict;
pub mod workspace;
