//! The report as JSON, as `checker/report.schema.json` describes it.

use crate::report::Report;

/// One JSON object and a line end.
pub fn render(report: &Report) -> String {
    let mut text = serde_json::to_string_pretty(report).expect("a report is plain data");
    text.push('\n');
    text
}
