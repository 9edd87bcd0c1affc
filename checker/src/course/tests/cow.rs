//! Known right and wrong runs of lab 6.

use super::{scenario, told, verdict};
use crate::evidence::address_space::{AddressSpace, Detail, Page, Region};
use crate::evidence::ending::Ending;
use crate::evidence::trace::{FileRef, Stream, What};
use crate::evidence::{Facet, Observation};
use crate::lab::Lab;
use crate::labs::lab6_cow::LAB;
use crate::rule::made::{self, Made, PAGE};
use crate::scenario::{Action, Point, Rule};
use crate::verdict::Verdict;

const RW: &str = "PROT_READ|PROT_WRITE";
const START: u64 = 0x7f00_0000_0000;
const PAGEMAP: &str = "/proc/7/pagemap";
const LAB6: &Lab = &LAB;

/// A moment of a rule: whose each page is, in each of the processes that have the file mapped.
fn moment(made: Made, rule: &str, processes: &[&str]) -> Made {
    made.moment(rule, None).with(|obs| {
        let inode = obs.evidence.files[0].before.as_ref().unwrap().inode;
        let Facet::Seen(moments) = &mut obs.evidence.moments else {
            return;
        };
        let space = |(process, pages): (usize, &&str)| AddressSpace {
            process,
            page_size: PAGE,
            regions: vec![region(inode, pages)],
            ..AddressSpace::default()
        };
        moments.last_mut().unwrap().spaces = processes.iter().enumerate().map(space).collect();
    })
}

fn region(inode: u64, pages: &str) -> Region {
    let page = |letter| match letter {
        'f' => Page::OfTheFile,
        'o' => Page::Own,
        _ => Page::Absent,
    };
    Region {
        start: START,
        end: START + pages.len() as u64 * PAGE,
        permissions: "rw-p".to_owned(),
        inode,
        detail: Some(Detail {
            private_dirty_kib: 4,
            pages: pages.chars().map(page).collect(),
            ..Detail::default()
        }),
        ..Region::default()
    }
}

/// A run with five pages, up to the stores: what is there, and what is said, after each step.
fn begin(name: &str, seen: [&str; 2], said: [&str; 2]) -> Made {
    let mut scenario = scenario(LAB6, name);
    let arguments = &mut scenario.actors[0].arguments;
    let file = arguments[0].clone();
    let words = [file.as_str(), "1", "3"];
    *arguments = words.map(str::to_owned).to_vec();
    scenario.files.clear();
    let scenario = scenario.file(&file, &[b'.'; 5 * PAGE as usize]);
    let made = made::observation(scenario)
        .open(&file, "O_RDONLY")
        .mmap(&file, 5 * PAGE, RW, "MAP_PRIVATE", START as i64)
        .print("pages: 5\n");
    let entry = 8 * (START / PAGE);
    let made =
        made.on("openat", PAGEMAP, &[0, 0, 0], 4)
            .on("pread64", PAGEMAP, &[4, 0, 40, entry], 40);
    let made = report(made, "mapped", &[seen[0]], said[0]);
    let made = made.on("pread64", PAGEMAP, &[4, 0, 40, entry], 40);
    let made = report(made, "read", &[seen[1]], said[1]).print("waiting: store\n");
    reads_input(made)
}

/// A rule of the scenario acts.
fn acts(made: Made, rule: &str, did: &str) -> Made {
    made.with(|obs| {
        let Facet::Seen(events) = &mut obs.evidence.trace else {
            return;
        };
        let mut event = events.last().unwrap().clone();
        event.what = What::Rule {
            rule: rule.to_owned(),
            did: did.to_owned(),
        };
        events.push(event);
    })
}

/// The line that is waited for comes, and the program goes on to its end.
fn go_on(made: Made, seen: [&str; 2], said: &str) -> Observation {
    let made = acts(
        moment(made, "first wait", &[seen[0]]),
        "first wait",
        "gave it a line",
    );
    let made = report(made, "stored", &[seen[1]], said).print(LINE);
    let made = moment(reads_input(made), "second wait", &[seen[1]]);
    acts(made, "second wait", "gave it a line").done()
}

fn reads_input(made: Made) -> Made {
    made.call("read", &[0, 0, 100], 1).with(|obs| {
        if let Facet::Seen(events) = &mut obs.evidence.trace
            && let What::Call(call) = &mut events.last_mut().unwrap().what
        {
            call.file = Some(FileRef {
                path: "pipe".to_owned(),
                device: 9,
                inode: 8,
                stream: Some(Stream::Stdin),
            });
        }
    })
}

/// The same, and pagemap was never opened.
fn without_asking(obs: Observation) -> Observation {
    made_again(obs, |obs| {
        if let Facet::Seen(events) = &mut obs.evidence.trace {
            for event in events {
                if let What::Call(call) = &mut event.what
                    && call.file.as_ref().is_some_and(|file| file.path == PAGEMAP)
                {
                    call.file = None;
                }
            }
        }
    })
}

/// A look at the first line of a report, and the report.
fn report(made: Made, when: &str, seen: &[&str], said: &str) -> Made {
    let mut lines = said.split('/');
    let mut line = |what| format!("{when} {what}: {}\n", lines.next().unwrap_or("none"));
    // A rule looks at the entry of a call, which is in the trace by then.
    let made = made.print(&line("file"));
    let made = moment(made, &format!("{when} file:"), seen);
    made.print(&line("own")).print(&line("absent"))
}

const LINE: &str = "line: 7f0000000000-7f0000005000 rw-p 00000000\nwaiting: end\n";

fn run(seen: [&str; 3], said: [&str; 3]) -> Observation {
    let made = begin("cow", [seen[0], seen[1]], [said[0], said[1]]);
    go_on(made, [seen[1], seen[2]], said[2])
}

const SEEN: [&str; 3] = ["-----", "fffff", "fofof"];
const SAID: [&str; 3] = ["none/none/0-4", "0-4/none/none", "0 2 4/1 3/none"];

#[test]
fn a_right_run_passes() {
    let obs = run(SEEN, SAID);
    for (clause, check) in [
        (1, "private"),
        (2, "mapped"),
        (3, "read"),
        (4, "stored"),
        (5, "line"),
    ] {
        assert_eq!(told(LAB6, clause, check, &obs), "passed", "clause {clause}");
    }
}

#[test]
fn what_is_seen_from_outside_decides() {
    let there = run(["ff---", SEEN[1], SEEN[2]], SAID);
    let told_of_pages = told(LAB6, 2, "mapped", &there);
    assert!(
        told_of_pages.contains("pages 0-1 are the file's"),
        "{told_of_pages}"
    );
    let untouched = run([SEEN[0], "ffff-", SEEN[2]], SAID);
    let told_of_pages = told(LAB6, 3, "read", &untouched);
    assert!(
        told_of_pages.contains("page 4 is not in the page table"),
        "{told_of_pages}"
    );
    let more = run([SEEN[0], SEEN[1], "fofoo"], SAID);
    assert_eq!(told(LAB6, 4, "stored", &more), "stored-too-much");
    let none = run([SEEN[0], SEEN[1], "fffff"], SAID);
    assert_eq!(told(LAB6, 4, "stored", &none), "stored-elsewhere");
    let dropped = run([SEEN[0], SEEN[1], "-ofof"], SAID);
    let told_of_pages = told(LAB6, 4, "stored", &dropped);
    assert!(
        told_of_pages.contains("page 0 is not in the page table"),
        "{told_of_pages}"
    );
}

#[test]
fn the_report_has_to_agree() {
    let says = |n: usize, words: &'static str| {
        let mut said = SAID;
        said[n] = words;
        run(SEEN, said)
    };
    let all_own = |n: usize| says(n, "none/0-4/none");
    assert_eq!(told(LAB6, 2, "mapped", &all_own(0)), "bit-63-forgotten");
    let inverted = run(SEEN, [SAID[0], "none/0-4/none", "1 3/0 2 4/none"]);
    assert_eq!(told(LAB6, 3, "read", &inverted), "bit-61-inverted");
    let none_there = says(1, "none/none/0-4");
    assert_eq!(told(LAB6, 3, "read", &none_there), "needs-the-frame-number");
    for n in [0, 1] {
        let (clause, check) = [(2, "mapped"), (3, "read")][n];
        let guessed = without_asking(all_own(n));
        assert_eq!(told(LAB6, clause, check, &guessed), "guessed");
    }
    for wrong in [
        "0 2/1 3/none",
        "0 2 4/1-3/none",
        "0 2 4/3 1/none",
        "0 2 4/1 3/",
    ] {
        let words = told(LAB6, 4, "stored", &says(2, wrong));
        assert!(words.contains("as the page table says"), "{wrong}: {words}");
    }
}

#[test]
fn a_time_that_is_put_back_coarsely_is_another_one() {
    let coarse = made_again(run(SEEN, SAID), |obs| {
        let Facet::Seen(moments) = &mut obs.evidence.moments else {
            return;
        };
        for (_, state) in &mut moments[2].files {
            state.as_mut().unwrap().modified += 1;
        }
    });
    let words = told(LAB6, 1, "private", &coarse);
    assert!(words.contains("to the nanosecond"), "{words}");
}

#[test]
fn another_line_in_maps_is_a_failure() {
    let moved = run(SEEN, SAID);
    let moved = made_again(moved, |obs| {
        let Facet::Seen(moments) = &mut obs.evidence.moments else {
            return;
        };
        let last = &mut moments.last_mut().unwrap().spaces[0].regions[0];
        last.permissions = "r--p".to_owned();
    });
    let told_of_line = told(LAB6, 5, "line", &moved);
    assert!(told_of_line.contains("r--p 00000000"), "{told_of_line}");
}

fn made_again(mut obs: Observation, change: impl FnOnce(&mut Observation)) -> Observation {
    change(&mut obs);
    obs
}

/// A debugger has stored into page 2.
fn debugged(seen: [&str; 2], said: &str, did: &str) -> Observation {
    let made = begin("asked", [SEEN[0], SEEN[1]], [SAID[0], SAID[1]]).with(|obs| {
        for action in obs
            .scenario
            .rules
            .iter_mut()
            .flat_map(|rule| &mut rule.then)
        {
            if let Action::StoreInside { page, .. } = action {
                *page = 2;
            }
        }
    });
    let obs = made.done();
    let rules = &obs.scenario.rules;
    let at_wait = |rule: &&Rule| {
        let stores = matches!(rule.then[..], [Action::StoreInside { .. }]);
        stores && matches!(rule.at, Point::Input { .. })
    };
    let rule = rules.iter().find(at_wait).expect("a debugger").name.clone();
    go_on(acts(made::again(obs), &rule, did), seen, said)
}

#[test]
fn a_debuggers_copy_is_looked_up() {
    let right = debugged(["ffoff", "fooof"], "0 4/1-3/none", "stored");
    assert_eq!(told(LAB6, 6, "asked", &right), "passed");
    let guessed = debugged(["ffoff", "fooof"], SAID[2], "stored");
    let words = told(LAB6, 6, "asked", &guessed);
    assert!(
        words.contains("a debugger has stored into page 2"),
        "{words}"
    );
    assert_eq!(told(LAB6, 6, "asked", &without_asking(guessed)), "guessed");
    let failed = debugged(["fffff", "fofof"], SAID[2], "a store: failed, EPERM");
    let Verdict::NotObservable { reason } = verdict(LAB6, 6, "asked", &[&failed]) else {
        panic!("no copy was made");
    };
    assert!(reason.contains("EPERM"), "{reason}");
}

#[test]
fn a_run_that_stops_short_says_which_moment_never_came() {
    let obs = begin("cow", [SEEN[0], SEEN[1]], [SAID[0], SAID[1]])
        .ends(Ending::Exited { code: 0 })
        .done();
    let words = told(LAB6, 4, "stored", &obs);
    assert!(words.contains("`stored file` is printed"), "{words}");
    assert!(words.contains("ended as if all were done"), "{words}");
}
