//! `checker list`: the labs of the course.

use super::print;
use crate::course;
use crate::exit::End;
use crate::render::{Paint, listing};

/// Prints the list.
pub(crate) fn run() -> anyhow::Result<End> {
    print(&listing::labs(course::labs(), Paint::for_stdout()))?;
    Ok(End::Done)
}
