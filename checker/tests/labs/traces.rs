//! A run leaves no file and no process, whatever the program does.

use crate::place::{self, Open};

#[test]
fn nothing_is_left_of_a_right_program() {
    let open = Open::new();
    let program = open.add(&place::reference("lab1-editor"), "editor");
    let (status, _) = place::report(&mut open.checker("lab1-editor", &program));
    assert_eq!(status, Some(0));
    assert_eq!(open.left(), [""; 0]);
}

#[test]
fn nothing_is_left_of_a_program_that_leaves_a_daemon() {
    let open = Open::new();
    for name in ["leftover-child", "ignores-sigterm"] {
        let name = format!("lab3-copy/crashers/{name}");
        let Some(program) = place::known(&name, &open.path("")) else {
            return;
        };
        let (status, _) = place::report(&mut open.checker("lab3-copy", &program));
        assert_eq!(status, Some(1), "{name}");
        assert_eq!(open.left(), [""; 0], "{name}");
    }
}
