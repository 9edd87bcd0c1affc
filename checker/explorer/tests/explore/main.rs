//! Real programs, explored: the numbers of interleavings and what they lead to.
#![cfg(target_arch = "x86_64")]

mod cost;
mod setup;

use checker::evidence::ending::Ending;
use checker::evidence::exploration::{Deed, Exploration, Extent, Outcome};
use checker::evidence::schedule::Schedule;
use checker::scenario::exploring::Search;

use setup::{briefly_explored, explored, refused, until_wrong};

fn value(outcome: &Outcome) -> u64 {
    let bytes = &outcome.file("counter").expect("the counter").bytes.0;
    u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes"))
}

/// How many interleavings there are, and in how many of them the counter is not `right`.
fn counted(found: &Exploration, right: u64) -> (u64, u64) {
    assert_eq!(found.extent, Extent::Exhausted);
    let wrong = found.outcomes.iter().filter(|one| value(one) != right);
    (found.interleavings, wrong.map(|one| one.count).sum())
}

fn each(processes: &[&str], right: u64) -> (u64, u64) {
    counted(&explored(processes, Search::Each), right)
}

fn every(processes: &[&str], right: u64) -> (u64, u64) {
    counted(&explored(processes, Search::Every), right)
}

#[test]
fn plain_increments_lose_in_four_of_six_orders() {
    assert_eq!(each(&["plain", "plain"], 2), (6, 4));
    assert_eq!(each(&["plain 2", "plain 2"], 4), (70, 64));
    assert_eq!(every(&["plain 2", "plain 2"], 4), (34, 28));
}

#[test]
fn one_instruction_that_reads_and_writes_is_two_steps() {
    assert_eq!(each(&["add", "add"], 2), (6, 4));
}

#[test]
fn locked_instructions_never_lose() {
    assert_eq!(each(&["xadd", "xadd"], 2), (2, 0));
    assert_eq!(each(&["xadd 3", "xadd 3"], 6), (20, 0));
}

#[test]
fn a_file_mapped_twice_is_one_memory() {
    assert_eq!(each(&["twice", "twice"], 2), (6, 4));
    assert_eq!(each(&["moved", "moved"], 2), (6, 4));
    assert_eq!(each(&["protected", "protected"], 2), (6, 4));
}

#[test]
fn locks_of_the_kernel_make_the_other_wait() {
    for way in ["flock", "fcntl", "ofd", "flock-exit"] {
        assert_eq!(each(&[way, way], 2), (8, 0), "{way}");
    }
    assert_eq!(every(&["flock 2", "flock 2"], 4).1, 0);
    assert_eq!(every(&["try-flock", "try-flock"], 2).1, 0);
}

#[test]
fn a_lock_around_half_of_it_loses() {
    assert!(every(&["flock-half", "flock-half"], 2).1 > 0);
}

#[test]
fn closing_drops_a_record_lock_and_not_the_other() {
    assert!(every(&["fcntl-closed", "fcntl-closed"], 2).1 > 0);
    assert_eq!(every(&["flock-closed", "flock-closed"], 2).1, 0);
}

#[test]
fn words_that_are_waited_for_are_followed() {
    for way in ["futex", "spin"] {
        let found = explored(&[way, way], Search::Every);
        assert_eq!(counted(&found, 2).1, 0, "{way}");
        assert!(found.outcomes.iter().all(Outcome::all_succeeded), "{way}");
    }
}

#[test]
fn whoever_is_woken_by_nobody_waits_for_ever() {
    let ways = ["futex-unwoken", "futex-unwoken"];
    let found = explored(&ways, Search::Every);
    let is_stuck = |one: &Outcome| (0..2).any(|actor| one.waits_for_ever(actor));
    assert!(found.outcomes.iter().any(is_stuck));
    assert!(found.outcomes.iter().any(Outcome::all_succeeded));
}

#[test]
fn a_mutex_has_to_be_shared_between_processes() {
    let found = explored(&["mutex", "mutex"], Search::Every);
    assert_eq!(counted(&found, 2).1, 0);
    assert!(found.outcomes.iter().all(Outcome::all_succeeded));
    let found = until_wrong(&["private-mutex", "private-mutex"], 2);
    assert_eq!(found.extent, Extent::Stopped);
}

#[test]
fn children_and_threads_are_followed() {
    for way in ["fork", "thread", "vfork"] {
        assert_eq!(every(&[way, way], 2), (4, 2), "{way}");
    }
}

#[test]
fn calls_that_move_bytes_are_steps() {
    assert_eq!(each(&["read-write", "read-write"], 2), (6, 4));
    let found = explored(&["write-from", "plain"], Search::Every);
    let printed = |one: &Outcome| one.actors[0].stdout.start.0[0];
    let mut all: Vec<u8> = found.outcomes.iter().map(printed).collect();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all, [0, 1]);
}

#[test]
fn names_that_change_make_looking_at_names_a_step() {
    let found = explored(&["rename", "rename"], Search::Every);
    assert_eq!(found.extent, Extent::Exhausted);
    let mut values: Vec<u64> = found.outcomes.iter().map(value).collect();
    values.sort_unstable();
    values.dedup();
    assert_eq!(values, [1, 2]);
    assert!(found.outcomes[0].schedule.to_string().starts_with("names:"));
}

#[test]
fn a_string_instruction_is_a_step_for_each_cache_line() {
    let found = explored(&["movsb", "movsb"], Search::Each);
    assert_eq!(found.interleavings, 70);
    let whole = |one: &Outcome| one.file("counter").expect("a file").bytes.0[..256] == [7; 256];
    assert!(found.outcomes.iter().all(whole));
}

#[test]
fn an_access_across_two_cache_lines_is_torn() {
    let found = explored(&["wide", "wide-look"], Search::Every);
    let seen = |one: &Outcome| {
        let bytes = &one.file("counter").expect("a file").bytes.0;
        (bytes[128], bytes[136])
    };
    let all: Vec<(u8, u8)> = found.outcomes.iter().map(seen).collect();
    for one in [(0, 0), (9, 9), (9, 0), (0, 9)] {
        assert!(all.contains(&one), "{one:?} in {all:?}");
    }
}

#[test]
fn who_waits_for_a_change_waits_without_end_only_if_none_comes() {
    for way in ["watch", "sleep"] {
        let found = explored(&[way, "xadd"], Search::Every);
        assert_eq!(found.extent, Extent::Exhausted, "{way}");
        assert!(found.outcomes.iter().all(Outcome::all_succeeded), "{way}");
        let alone = explored(&[way], Search::Every);
        let ending = &alone.outcomes[0].actors[0].ending;
        assert!(
            matches!(ending, Ending::Spinning { .. }),
            "{way}: {ending:?}"
        );
    }
}

#[test]
fn two_that_wait_for_each_other_are_seen() {
    let found = explored(&["deadlock", "deadlock 2"], Search::Every);
    assert_eq!(found.extent, Extent::Exhausted);
    let stuck = |one: &Outcome| {
        let is_stuck = |ending: &Ending| matches!(ending, Ending::Deadlocked { .. });
        one.actors.iter().all(|actor| is_stuck(&actor.ending))
    };
    assert!(found.outcomes.iter().any(stuck));
    assert!(found.outcomes.iter().any(Outcome::all_succeeded));
}

#[test]
fn very_many_accesses_end_at_the_limit() {
    let found = briefly_explored(&["many", "many"]);
    let ending = &found.outcomes[0].actors[0].ending;
    assert_eq!(*ending, Ending::TooManySteps { limit: 5_000 });
}

#[test]
fn ends_before_and_outside_the_mapping_are_outcomes() {
    let found = explored(&["nothing", "nothing"], Search::Every);
    assert_eq!((found.interleavings, found.outcomes.len()), (1, 1));
    let killed = |processes: &[&str], signal: &str| {
        let found = explored(processes, Search::Every);
        let ending = &found.outcomes[0].actors[0].ending;
        assert!(
            matches!(ending, Ending::Killed { signal: s, .. } if s == signal),
            "{ending:?}"
        );
    };
    killed(&["wild"], "SIGSEGV");
    killed(&["truncate"], "SIGBUS");
}

#[test]
fn what_cannot_be_followed_is_said() {
    let reason = refused(&["pipe", "plain"]);
    assert!(reason.contains("waits in"), "{reason}");
}

#[test]
fn what_opens_a_mapping_hides_nothing() {
    assert_eq!(each(&["hole", "hole"], 2), (6, 4));
    assert_eq!(every(&["pinned", "pinned"], 2).1, 0);
    assert!(every(&["bit", "bit"], 2).1 > 0);
}

#[test]
fn time_passes_for_who_waits_only_for_a_while() {
    for way in ["impatient", "counting"] {
        assert!(every(&[way, way], 2).1 > 0, "{way}");
    }
}

#[test]
fn who_waits_for_a_while_again_and_again_waits_without_end() {
    let found = explored(&["patient", "patient"], Search::Every);
    assert_eq!(found.extent, Extent::Exhausted);
    assert!(!found.outcomes.iter().any(Outcome::all_succeeded));
}

#[test]
fn signals_and_sleeping_threads_are_in_nobodys_way() {
    let found = explored(&["timer"], Search::Every);
    assert_eq!(counted(&found, 20), (1, 0));
    assert!(found.outcomes.iter().all(Outcome::all_succeeded));
    assert_eq!(every(&["parked", "parked"], 2), (2, 0));
}

#[test]
fn a_search_stops_at_the_first_outcome_that_is_not_accepted() {
    let found = until_wrong(&["plain", "plain"], 2);
    assert_eq!((found.extent, found.interleavings), (Extent::Stopped, 2));
    let lost = found.outcomes.last().expect("an outcome");
    assert_eq!(
        (value(lost), lost.schedule.to_string()),
        (1, "AB2A".to_owned())
    );
    let deeds: Vec<(usize, u8)> = lost
        .steps
        .iter()
        .map(|step| match &step.deed {
            Deed::Load { bytes, .. } => (step.task, bytes.0[0]),
            Deed::Store { after, .. } => (step.task, after.0[0]),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(deeds, [(0, 0), (1, 0), (1, 1), (0, 1)]);
    let line = lost.steps[0]
        .place
        .as_ref()
        .and_then(|place| place.line.as_ref());
    let line = line.expect("debug information");
    assert!(line.file.ends_with("ways.rs"), "{line:?}");
}

#[test]
fn a_schedule_is_run_again() {
    let schedule: Schedule = "AB2A".parse().expect("a schedule");
    let found = explored(&["plain", "plain"], Search::Replay(schedule));
    assert_eq!(
        (found.extent, found.interleavings),
        (Extent::Replayed(None), 1)
    );
    assert_eq!(value(&found.outcomes[0]), 1);
}

#[test]
fn a_schedule_that_a_lock_does_not_allow_is_run_as_far_as_it_goes() {
    let schedule: Schedule = "AB2A".parse().expect("a schedule");
    let found = explored(&["flock", "flock"], Search::Replay(schedule));
    let waits = "at step 3, B has to wait".to_owned();
    assert_eq!(found.extent, Extent::Replayed(Some(waits)));
    assert_eq!(value(&found.outcomes[0]), 2);
}

#[test]
fn a_process_is_killed_before_each_step_and_call() {
    let found = explored(&["add"], Search::Deaths);
    assert_eq!(found.extent, Extent::Exhausted);
    let mut values: Vec<u64> = found.outcomes.iter().map(value).collect();
    values.sort_unstable();
    values.dedup();
    assert_eq!(values, [0, 1]);
    assert!(found.interleavings > 6);
}

#[test]
fn a_bound_on_preemptions_is_said() {
    let found = explored(&["plain 2", "plain 2"], Search::Bounded(1));
    assert!(matches!(found.extent, Extent::Preemptions(1, _)));
    assert!(found.outcomes.iter().any(|one| value(one) < 4));
}
