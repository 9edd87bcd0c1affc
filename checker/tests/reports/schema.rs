//! The JSON form is what `report.schema.json` says. The keywords of JSON Schema 2020-12 that the
//! schema uses are read here; one that is not known is an error, never passed over.

use checker::evidence::bytes::unescape;
use checker::evidence::trace::Stream;
use checker::render::json;
use checker::report::Report;
use checker::verdict::{Diagnosis, Spot, Verdict};
use serde_json::Value;

use crate::made;

fn schema() -> Value {
    let text = include_str!("../../report.schema.json");
    serde_json::from_str(text).expect("the schema is JSON")
}

/// What is wrong with `value`, or nothing.
fn fault(root: &Value, schema: &Value, value: &Value) -> Option<String> {
    let object = schema.as_object().expect("a schema is an object");
    object.iter().find_map(|(keyword, wanted)| {
        let list = || wanted.as_array().expect("a list");
        let bad = |what: &str| Some(format!("{what} {wanted}: {value}"));
        match keyword.as_str() {
            "$schema" | "title" | "description" | "$defs" => None,
            "$ref" => {
                let path = wanted.as_str().and_then(|path| path.strip_prefix('#'));
                let target = path.and_then(|path| root.pointer(path));
                fault(root, target.expect("a definition"), value)
            }
            "const" if value != wanted => bad("is not"),
            "enum" if !list().contains(value) => bad("is none of"),
            "type" if !is_of_type(wanted, value) => bad("is not of type"),
            "minimum"
                if value
                    .as_u64()
                    .is_none_or(|n| n < wanted.as_u64().unwrap_or(0)) =>
            {
                bad("is less than")
            }
            "minItems" | "maxItems" => {
                let length = value.as_array().map(|items| items.len() as u64);
                let limit = wanted.as_u64().expect("a number");
                let keeps = |length| {
                    if keyword == "minItems" {
                        length >= limit
                    } else {
                        length <= limit
                    }
                };
                length.filter(|&length| !keeps(length)).and(bad(keyword))
            }
            "required" => {
                let missing = |key: &&Value| value.get(key.as_str().expect("a name")).is_none();
                list()
                    .iter()
                    .find(missing)
                    .map(|key| format!("lacks {key}: {value}"))
            }
            "properties" => wanted.as_object()?.iter().find_map(|(name, schema)| {
                let within = fault(root, schema, value.get(name)?)?;
                Some(format!("{name}: {within}"))
            }),
            "additionalProperties" => {
                assert_eq!(wanted, &Value::Bool(false));
                let known = object["properties"].as_object()?;
                let unknown = value
                    .as_object()?
                    .keys()
                    .find(|name| !known.contains_key(*name));
                unknown.map(|name| format!("`{name}` is not described"))
            }
            "items" => value
                .as_array()?
                .iter()
                .find_map(|item| fault(root, wanted, item)),
            "oneOf" => {
                let faults = list().iter().map(|one| fault(root, one, value));
                let faults: Vec<_> = faults.collect();
                let fits = faults.iter().filter(|fault| fault.is_none()).count();
                (fits != 1).then(|| format!("fits {fits} of {faults:?}"))
            }
            // The one pattern is that of escaped bytes, whose reader is stricter than a regex.
            "pattern" => value
                .as_str()
                .filter(|text| unescape(text).is_none())
                .and(bad("against")),
            "const" | "enum" | "type" | "minimum" => None,
            other => panic!("the keyword `{other}` is not known here"),
        }
    })
}

fn is_of_type(wanted: &Value, value: &Value) -> bool {
    match wanted {
        Value::Array(any) => any.iter().any(|one| is_of_type(one, value)),
        one => match one.as_str().expect("a type's name") {
            "null" => value.is_null(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_u64(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            other => panic!("the type `{other}` is not known here"),
        },
    }
}

fn assert_fits(name: &str, report: &Report) {
    let root = schema();
    let value: Value = serde_json::from_str(&json::render(report)).expect("JSON");
    assert_eq!(fault(&root, &root, &value), None, "{name}");
}

#[test]
fn every_kind_of_report_fits_the_schema() {
    for (name, report) in made::all() {
        assert_fits(name, &report);
        let text = json::render(&report);
        let again: Report = serde_json::from_str(&text).expect("a report");
        assert_eq!(again, report, "{name}");
    }
}

#[test]
fn every_spot_fits_the_schema() {
    let file = || "a".to_owned();
    let spots = [
        Spot::Ending,
        Spot::Event { index: 0 },
        Spot::Missing,
        Spot::Byte {
            file: file(),
            offset: u64::MAX,
        },
        Spot::File { file: file() },
        Spot::Line {
            stream: Stream::Stderr,
            number: 1,
        },
        Spot::Moment { rule: file() },
    ];
    for spot in spots {
        let name = format!("{spot:?}");
        let diagnosis = Diagnosis {
            spot,
            ..Diagnosis::default()
        };
        let verdict = Verdict::Failed(Box::new(diagnosis));
        assert_fits(&name, &made::report(vec![made::clause(1, verdict)]));
    }
}

#[test]
fn what_is_not_described_does_not_fit() {
    let root = schema();
    let (_, report) = made::all().swap_remove(0);
    let value: Value = serde_json::from_str(&json::render(&report)).expect("JSON");
    let spoilt = |pointer: &str, new: Value| {
        let mut value = value.clone();
        *value.pointer_mut(pointer).expect(pointer) = new;
        fault(&root, &root, &value).is_some()
    };
    assert!(spoilt("/schema", 2.into()));
    assert!(spoilt("/outcome", "fine".into()));
    assert!(spoilt("/seed", Value::Null));
    assert!(spoilt("/clauses/2/verdict/is", "passed".into()));
    assert!(spoilt(
        "/clauses/2/verdict/exhibit/lines/2/mark",
        serde_json::json!([1])
    ));
    let mut more = value.clone();
    more["colour"] = "red".into();
    assert!(fault(&root, &root, &more).is_some());
}
