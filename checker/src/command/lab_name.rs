//! The names that a lab goes by on the command line.

use super::Usage;
use crate::lab::Lab;

/// The lab that `word` names: `lab3`, `3`, `copy` or `lab3-copy`.
pub(crate) fn find(word: &str, labs: &[&'static Lab]) -> Result<&'static Lab, Usage> {
    let lower = word.to_lowercase();
    let named = |lab: &&&'static Lab| names(lab).contains(&lower);
    if let Some(lab) = labs.iter().find(named) {
        return Ok(lab);
    }
    let known: Vec<String> = labs.iter().flat_map(|lab| names(lab)).collect();
    let distance = |name: &String| strsim::osa_distance(name, &lower);
    let nearest = known
        .iter()
        .filter(|name| name.parse::<u8>().is_err())
        .min_by_key(|name| distance(name));
    let mut advice = match nearest {
        Some(name) if distance(name) <= 1 + name.len() / 3 => format!("; did you mean `{name}`?"),
        _ => "; these are the labs:".to_owned(),
    };
    for lab in labs {
        advice.push_str(&format!(
            "\n  lab{}  {} ({})",
            lab.number, lab.title, lab.slug
        ));
    }
    Err(Usage(format!("there is no lab `{word}`{advice}")))
}

fn names(lab: &Lab) -> [String; 4] {
    [
        format!("lab{}", lab.number),
        lab.number.to_string(),
        lab.name().to_owned(),
        lab.slug.to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    static COPY: Lab = Lab {
        number: 3,
        slug: "lab3-copy",
        title: "One memcpy",
        minutes: 1,
        clauses: &[],
        beside: &[],
        scenarios: |_, _| Vec::new(),
        mistakes: &[],
    };

    #[test]
    fn a_lab_has_four_names() {
        for word in ["lab3", "3", "copy", "lab3-copy", "Lab3"] {
            assert_eq!(find(word, &[&COPY]).expect(word).slug, "lab3-copy");
        }
    }

    #[test]
    fn the_nearest_name_is_suggested() {
        let words = |word| find(word, &[&COPY]).expect_err(word).0;
        assert_eq!(
            words("cpoy"),
            "there is no lab `cpoy`; did you mean `copy`?\n  lab3  One memcpy (lab3-copy)"
        );
        assert!(words("lab3-coyp").contains("mean `lab3-copy`?"));
        let far = words("zzzzzzzzz");
        assert_eq!(
            far,
            "there is no lab `zzzzzzzzz`; these are the labs:\n  lab3  One memcpy (lab3-copy)"
        );
    }
}
