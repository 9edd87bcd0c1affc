//! The command line: parses it, calls the command, and turns what came of it into an exit status.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::command::{self, Usage};
use crate::evidence::schedule::Schedule;
use crate::exit::{self, End};
use crate::observe;
use crate::scratch;

/// Judges a lab by what the kernel saw your program do.
#[derive(Debug, Parser)]
#[command(
    name = "checker",
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    after_help = "Exit status: 0 all core clauses passed, 1 one failed, 2 usage, 3 does not \
                  compile,\n4 a core clause is not observable here, 70 the checker or the machine \
                  is at fault."
)]
struct Cli {
    #[command(flatten)]
    check: CheckArgs,
    #[command(subcommand)]
    command: Option<Command>,
}

/// What is checked, and how.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The lab: lab3, 3, copy or lab3-copy; without one, the labs are listed
    pub lab: Option<String>,
    /// Judges the reference solution instead of your crate
    #[arg(long, requires = "lab", conflicts_with = "program")]
    pub solution: bool,
    /// Judges any executable, written in any language
    #[arg(long, value_name = "PATH", requires = "lab")]
    pub program: Option<PathBuf>,
    /// Judges this clause alone
    #[arg(
        long,
        value_name = "CLAUSE",
        requires = "lab",
        conflicts_with = "stretch"
    )]
    pub only: Option<u8>,
    /// Judges the stretch clauses too, even if a core clause fails
    #[arg(long, requires = "lab")]
    pub stretch: bool,
    /// Draws the inputs from this number, as in the run that reported it
    #[arg(long, value_name = "N", requires = "lab")]
    pub seed: Option<u64>,
    /// Lets the processes of a clause take turns in this order, as a report gave it
    #[arg(long, value_name = "ORDER", requires = "only")]
    pub schedule: Option<Schedule>,
    /// Prints the report as JSON
    #[arg(long, requires = "lab")]
    pub json: bool,
    /// Keeps every scenario's files and evidence, and says where
    #[arg(long, requires = "lab")]
    pub keep: bool,
    /// Lists the clauses of the lab, or without one the labs, and runs nothing
    #[arg(
        long,
        conflicts_with_all = ["solution", "program", "only", "stretch", "seed", "schedule", "json", "keep"]
    )]
    pub list: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists the labs
    List,
    /// For those who write labs
    #[command(subcommand)]
    Author(Author),
}

#[derive(Debug, Subcommand)]
enum Author {
    /// Checks that references pass, that stubs greet, and that no part of a lab is missing
    Check,
    /// Writes the stubs in labs/ from the solutions
    Stubs,
    /// Judges the known programs of checker/corpus against what each says of itself
    Known {
        /// Only those with this word in their names, such as `lab3-copy/mistakes`
        #[arg(value_name = "WORD")]
        word: Option<String>,
        /// Prints the counts as JSON
        #[arg(long)]
        json: bool,
        /// Keeps the reports as those that later ones are held against
        #[arg(long)]
        bless: bool,
    },
    /// Changes the references mechanically and says which clause notices (needs cargo-mutants)
    Mutants {
        /// Only the labs with this word in their names
        #[arg(value_name = "LAB")]
        word: Option<String>,
    },
    /// Judges references and known programs again and again, idle and under load, and counts flakes
    Repeat {
        /// Only those with this word in their names, such as `reference` or `lab5-counter/`
        #[arg(value_name = "WORD")]
        word: Option<String>,
        /// How often each, idle and as often under load
        #[arg(long, value_name = "N", default_value = "200")]
        times: usize,
    },
    /// Stores what the references print as the transcripts that clauses compare with
    Bless,
}

/// Runs the checker on the arguments of this process.
pub fn main() -> ExitCode {
    // The checker starts itself for every scenario: that way does not wait for a parser.
    if std::env::args_os()
        .nth(1)
        .is_some_and(|word| word == observe::COMMAND)
    {
        return observe::serve();
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            let end = if error.use_stderr() {
                End::Usage
            } else {
                End::Done
            };
            return end.into();
        }
    };
    scratch::remove_on_signal(i32::from(exit::INTERRUPTED));
    let end = match cli.command {
        Some(Command::List) => command::list::run(),
        Some(Command::Author(Author::Check)) => command::author::check::run(),
        Some(Command::Author(Author::Known { word, json, bless })) => {
            command::author::known::run(word.as_deref(), json, bless)
        }
        Some(Command::Author(Author::Mutants { word })) => {
            command::author::mutants::run(word.as_deref())
        }
        Some(Command::Author(Author::Repeat { word, times })) => {
            command::author::repeat::run(word.as_deref(), times)
        }
        Some(Command::Author(Author::Stubs)) => command::author::stubs::run(),
        Some(Command::Author(Author::Bless)) => command::author::bless::run(),
        None => command::check::run(&cli.check),
    };
    let end = end.unwrap_or_else(|error| {
        // Whether anyone reads it is no matter: the status says the same.
        let _ = writeln!(std::io::stderr(), "error: {error:#}");
        if error.is::<Usage>() {
            End::Usage
        } else {
            End::Fault
        }
    });
    end.into()
}
