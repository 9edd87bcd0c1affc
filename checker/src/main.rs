//! The checker's command line.
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments
        .get(1)
        .is_some_and(|word| word == checker::observe::COMMAND)
    {
        return checker::observe::serve();
    }
    let scenario: checker::scenario::Scenario =
        serde_json::from_reader(std::io::stdin()).expect("scenario");
    let folder = tempfile::tempdir().expect("dir");
    match checker::observe::observe(
        std::path::Path::new(&arguments[1]),
        &scenario,
        folder.path(),
    ) {
        Ok(evidence) => println!("{}", serde_json::to_string_pretty(&evidence).expect("json")),
        Err(error) => println!("{error}"),
    }
    ExitCode::SUCCESS
}
