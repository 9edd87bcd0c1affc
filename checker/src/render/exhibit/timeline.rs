//! What processes did, step by step: a column for each of two, one line a step.

use super::{MARGIN, Row};
use crate::printable::printable;
use crate::render::WIDTH;
use crate::render::fold::shorten;
use crate::verdict::TimelineStep;

/// How many steps are shown at most.
const STEPS: usize = 14;
/// Columns for the number of a step and the gap behind it.
const NUMBER: usize = 5;
/// Columns for the place in the source, at most.
const SOURCE: usize = 19;

/// The steps, with a caret under one that has a note.
pub(super) fn rows(processes: &[String], steps: &[TimelineStep]) -> Vec<Row> {
    let columns = if processes.len() > 2 {
        1
    } else {
        processes.len().max(1)
    };
    let chosen = choose(steps);
    let source = |index: usize| {
        let line = steps[index].line.as_deref().unwrap_or_default();
        last_part(&printable(line, false), SOURCE)
    };
    let sources = chosen.iter().map(|&index| source(index).chars().count());
    // All processes together.
    let room = WIDTH - MARGIN - NUMBER - sources.max().unwrap_or(0);
    let width = room / columns;
    let mut rows = heads(processes, columns, width);
    let mut before = 0;
    for index in chosen {
        let step = &steps[index];
        if index > before {
            rows.push(left_out(index - before));
        }
        before = index + 1;
        let column = if columns == 1 { 0 } else { step.process };
        let mut text = printable(&step.text, false);
        if processes.len() > 2 {
            let name = processes.get(step.process).map_or("", String::as_str);
            text = format!("{} {text}", name.split(':').next().unwrap_or_default());
        }
        // A long call goes on in the column of the other, which is empty in its line.
        let indent = " ".repeat(column * width);
        let left = room - indent.len() - 1;
        let text = format!("{indent}{}", shorten(&text, left));
        rows.push(Row::Text(
            format!("{:>3}  {text:<room$}{}", step.number, source(index))
                .trim_end()
                .to_owned(),
        ));
        if let Some(note) = &step.note {
            let at = NUMBER + column * width;
            rows.extend(under(at, &printable(note, false)));
        }
    }
    if before < steps.len() {
        rows.push(left_out(steps.len() - before));
    }
    rows
}

/// A caret at a column and a note behind it, or, where there is no room, below it.
fn under(at: usize, note: &str) -> Vec<Row> {
    let most = WIDTH - MARGIN;
    let caret = format!("{}^", " ".repeat(at));
    if at + 2 + note.chars().count() <= most {
        return vec![Row::Carets(format!("{caret} {note}"))];
    }
    let note = shorten(note, most);
    let left = (most - note.chars().count()).min(at);
    vec![
        Row::Carets(caret),
        Row::Carets(format!("{}{note}", " ".repeat(left))),
    ]
}

fn heads(processes: &[String], columns: usize, width: usize) -> Vec<Row> {
    let indent = " ".repeat(NUMBER);
    let shown = |name: &String, room: usize| shorten(&printable(name, false), room);
    if columns == 1 {
        let each = processes.iter();
        return each
            .map(|name| Row::Text(format!("{indent}{}", shown(name, width))))
            .collect();
    }
    let head: String = processes
        .iter()
        .map(|name| format!("{:<width$}", shown(name, width - 2)))
        .collect();
    vec![Row::Text(format!("{indent}{}", head.trim_end()))]
}

/// The end of a place in the source, where the number of the line is.
fn last_part(place: &str, most: usize) -> String {
    let more = place.chars().count().saturating_sub(most);
    if more == 0 {
        return place.to_owned();
    }
    let end: String = place.chars().skip(more + 1).collect();
    format!("…{end}")
}

fn left_out(count: usize) -> Row {
    let steps = if count == 1 { "step" } else { "steps" };
    Row::Text(format!("{:NUMBER$}... {count} {steps}", ""))
}

/// Which steps are shown: all if there is room, else those that matter, nearest to a note.
fn choose(steps: &[TimelineStep]) -> Vec<usize> {
    if steps.len() <= STEPS {
        return (0..steps.len()).collect();
    }
    let mut chosen: Vec<usize> = (0..steps.len()).filter(|&n| steps[n].matters).collect();
    if chosen.is_empty() {
        chosen = (0..steps.len()).collect();
    }
    let noted = steps.iter().position(|step| step.note.is_some());
    let noted = noted.unwrap_or(steps.len());
    chosen.sort_by_key(|&n| (n.abs_diff(noted), n));
    chosen.truncate(STEPS);
    chosen.sort_unstable();
    chosen
}
