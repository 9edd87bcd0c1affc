//! The report on a stub, word for word. Those on known programs are kept beside the programs:
//! `checker author known` holds them against what is said now.

use crate::place;

#[test]
fn the_report_on_a_stub_is_worded_as_it_was() {
    let course = place::course();
    let mut run = place::checker(&["lab5-counter", "--seed", "4711"]);
    run.current_dir(&*course).env_remove("NO_COLOR");
    let (status, page, words) = place::said(&mut run);
    assert_eq!(status, Some(1), "{words}");
    insta::assert_snapshot!("lab5-counter-stub", page);
}
