//! What decides the clauses of lab 2.

use crate::evidence::address_space::{Page, digest};
use crate::evidence::bytes::Bytes;
use crate::evidence::{Moment, Observation};
use crate::rule::facts::{self, Fact};
use crate::rule::mapping::{live_before, replay};
use crate::rule::moved::{self, Way};
use crate::rule::trace::{calls, target};
use crate::rule::{
    asked, ending, exhibit, file,
    finding::{also, broken},
    moment, pages, refusal,
};
use crate::verdict::{Finding, Ruling, Spot};

use super::{name, text};

/// The file cannot be used: an error with its name, nothing done.
pub fn bad_file(obs: &Observation) -> Ruling {
    refusal::of(obs, &[name(obs)])
}

/// The bytes before, and the bytes with the text at the start.
fn bytes(obs: &Observation) -> (Vec<u8>, Vec<u8>) {
    let old = file::old_bytes(obs, name(obs));
    let new = with_text(obs, &old);
    (old, new)
}

/// These bytes with the text at the start, as far as it fits.
pub fn with_text(obs: &Observation, old: &[u8]) -> Vec<u8> {
    let mut new = old.to_vec();
    let kept = text(obs).len().min(new.len());
    new[..kept].copy_from_slice(&text(obs).as_bytes()[..kept]);
    new
}

/// The content of these bytes as a fact.
pub fn fact(name: &'static str, bytes: &[u8]) -> Fact {
    (name, Bytes::from(bytes).preview())
}

/// The five facts, where nobody else changes the file.
pub fn five_facts(obs: &Observation) -> Vec<Fact> {
    let (old, new) = bytes(obs);
    vec![
        ("size", old.len().to_string()),
        fact("private mapping", &new),
        fact("private file", &old),
        fact("shared mapping", &new),
        fact("shared file", &new),
    ]
}

/// The event at which a line is printed; a finding if it never is.
pub fn line(obs: &Observation, prefix: &str) -> Result<usize, Finding> {
    facts::line_at(obs, 0, prefix)?.ok_or_else(|| {
        let refused = asked::refused(obs, &target(obs, name(obs)));
        let (seen, show) = match refused.last() {
            None => ("it never was".to_owned(), exhibit::last_calls(obs, 0)),
            Some(step) => (
                format!("it never was; {}", asked::refusal(obs, step)),
                Some(exhibit::calls(obs, step.index, &[exhibit::ANSWER])),
            ),
        };
        broken(format!("a line `{prefix}` is printed"), seen)
            .at(Spot::Missing)
            .show_some(show)
            .finding()
    })
}

/// Clause 1.
pub fn mappings(obs: &Observation) -> Ruling {
    let of = target(obs, name(obs));
    let private_at = line(obs, "private mapping:")?;
    let mut early = None;
    replay(obs, |index, _, mappings| {
        let shared = mappings
            .iter()
            .any(|m| of.has(m.id) && m.reaches_the_file());
        if shared && index < private_at && early.is_none() {
            early = Some(index);
        }
    })?;
    if let Some(index) = early {
        return broken(
            "before the line `private mapping` no writable shared mapping is made",
            "one was made with PROT_WRITE and MAP_SHARED",
        )
        .at(Spot::Event { index })
        .show(exhibit::calls(obs, index, &["MAP_SHARED"]))
        .fail();
    }
    stands(obs, private_at, "private mapping", false)?;
    let looked_at = line(obs, "private file:")?;
    // The event that took the private mapping away, even if another is made later.
    let mut gone = None;
    replay(obs, |index, _, mappings| {
        let stands = mappings.iter().any(|m| of.has(m.id) && !m.shared);
        if (private_at..looked_at).contains(&index) && !stands && gone.is_none() {
            gone = Some(index);
        }
    })?;
    if let Some(index) = gone {
        return broken(
            format!(
                "until `private file` is printed, the private mapping of `{}` stands",
                name(obs)
            ),
            "it is gone",
        )
        .at(Spot::Event { index })
        .show(exhibit::calls(obs, index, &[]))
        .code("unmapped-too-early")
        .fail();
    }
    let shared_at = line(obs, "shared mapping:")?;
    stands(obs, shared_at, "shared mapping", true)?;
    ending::exits(obs, 0)
}

/// When a line is printed, the file is mapped for reading and writing, shared or not.
fn stands(obs: &Observation, at: usize, line: &str, shared: bool) -> Ruling {
    let of = target(obs, name(obs));
    let live = live_before(obs, at)?;
    let mut own = live.iter().filter(|m| of.has(m.id));
    if own.clone().any(|m| m.shared == shared && m.is_read_write()) {
        return Ok(());
    }
    let flag = if shared { "MAP_SHARED" } else { "MAP_PRIVATE" };
    let expected = format!(
        "when `{line}` is printed, `{}` is mapped with PROT_READ, PROT_WRITE and {flag}",
        name(obs)
    );
    match own.next_back() {
        None => match asked::refused(obs, &of).last() {
            Some(step) if step.index < at => broken(expected, asked::refusal(obs, step))
                .at(Spot::Missing)
                .show(exhibit::calls(obs, step.index, &[exhibit::ANSWER])),
            _ => broken(expected, "it is not mapped")
                .at(Spot::Missing)
                .show_some(exhibit::last_calls(obs, 0)),
        },
        Some(m) => broken(
            expected,
            format!("it is mapped with {}", asked::flags(m.prot, m.shared)),
        )
        .at(Spot::Event { index: m.made })
        .show(exhibit::calls(
            obs,
            m.made,
            match m.shared == shared {
                true => &["PROT_READ", "PROT_WRITE"],
                false => &["MAP_PRIVATE", "MAP_SHARED"],
            },
        )),
    }
    .fail()
}

/// Clause 2.
pub fn untouched(obs: &Observation) -> Ruling {
    let (old, _) = bytes(obs);
    let modified = file::before(obs, name(obs)).map(|state| state.modified);
    for line in ["private mapping:", "private file:"] {
        let at = moment::first(obs, line, &format!("`{line}` is printed"))?;
        let when = format!("when `{line}` is printed");
        moment::file_has(obs, at, name(obs), &old, &when)?;
        moment::witness_sees(obs, at, name(obs), &old, &when)?;
        if at.file(name(obs)).map(|state| state.modified) != modified {
            return broken(
                format!(
                    "the modification time of `{}` is the old one {when}",
                    name(obs)
                ),
                "it is another",
            )
            .at(file::spot(name(obs)))
            .fail();
        }
    }
    facts::nth_is(obs, 2, fact("private file", &old))
}

/// The pages of private mappings of the file that are a process's own copies, process by process;
/// of those that have such a mapping.
fn copies(obs: &Observation, at: &Moment) -> Result<Vec<Vec<u64>>, Finding> {
    let all = pages::private(obs, at, name(obs))?;
    Ok(all.iter().map(|one| one.numbers(Page::Own)).collect())
}

/// Clause 3. Whichever process has the private mapping, and every one that stored into it.
pub fn own_pages(obs: &Observation) -> Ruling {
    let (old, new) = bytes(obs);
    let at = moment::first(obs, "private mapping:", "`private mapping` is printed")?;
    let page = obs.evidence.page_size.max(1);
    let stored = (text(obs).len().min(old.len()) as u64).div_ceil(page);
    let says = |at: &Moment, observed: String, code: Option<&'static str>| {
        let finding = broken(
            match stored {
                1 => "page 0 of the private mapping is the program's own copy, and no other".to_owned(),
                n => format!("pages 0 to {} of the private mapping are the program's own copies, and no other", n - 1),
            },
            observed,
        )
        .at(Spot::Moment {
            rule: at.rule.clone(),
        });
        match code {
            Some(code) => finding.code(code).fail(),
            None => finding.show_some(exhibit::last_calls(obs, 0)).fail(),
        }
    };
    let missing = |own: &Vec<u64>| (0..stored).find(|number| !own.contains(number));
    let judge = |own: &Vec<u64>| {
        if let Some(missing) = missing(own) {
            return says(
                at,
                format!("page {missing} is still the file's, or not there"),
                None,
            );
        }
        if let Some(more) = own.iter().find(|number| **number >= stored) {
            return says(
                at,
                format!("page {more} is a copy too, and nothing had to be stored there"),
                Some("whole-mapping-copied"),
            );
        }
        Ok(())
    };
    // A process that has stored nothing says nothing; all that have are judged.
    let all = copies(obs, at)?;
    let stores = all.iter().filter(|own| !own.is_empty());
    let rulings: Vec<Ruling> = stores.map(judge).collect();
    if rulings.is_empty() {
        judge(&Vec::new())?;
    }
    rulings.into_iter().collect::<Ruling>()?;
    // That the mapping still stands is clause 1's.
    if let Some(later) = obs.evidence.moments_of("private file:").next()
        && let Some(gone) = copies(obs, later)?.iter().map(missing).min()
        && let Some(number) = gone
    {
        let seen = format!("when `private file` is printed, page {number} is one no longer");
        return says(later, seen, None);
    }
    all_of_the_text(obs, at, &new)?;
    facts::nth_is(obs, 1, fact("private mapping", &new))
}

/// The copies have all of the text, and not only the bytes that are shown. Looked at in the pages
/// that the text fills or goes on from; what is behind the end of the file is nobody's business.
fn all_of_the_text(obs: &Observation, at: &Moment, new: &[u8]) -> Ruling {
    let size = usize::try_from(obs.evidence.page_size.max(1)).unwrap_or(usize::MAX);
    let stored = text(obs).len().min(new.len()).div_ceil(size);
    let all = pages::private(obs, at, name(obs))?;
    for (number, page) in (0..).zip(new.chunks_exact(size).take(stored)) {
        let wanted = digest(page);
        let copies = all.iter().flat_map(|one| one.copies_of(number));
        let copies: Vec<u64> = copies.collect();
        if copies.is_empty() || copies.contains(&wanted) {
            continue;
        }
        return broken(
            "the private mapping has all of TEXT, and behind it the bytes of the file",
            format!("page {number} of it has other bytes"),
        )
        .at(Spot::Moment {
            rule: at.rule.clone(),
        })
        .show_some(exhibit::last_calls(obs, 0))
        .fail();
    }
    Ok(())
}

/// Clause 4.
pub fn seen_at_once(obs: &Observation) -> Ruling {
    let (_, new) = bytes(obs);
    let at = moment::first(obs, "shared mapping:", "`shared mapping` is printed")?;
    // The bytes of the text and no others: what else changed is for another clause.
    let stored = &new[..text(obs).len().min(new.len())];
    moment::witness_sees(
        obs,
        at,
        name(obs),
        stored,
        "when `shared mapping` is printed",
    )?;
    let said = line(obs, "shared mapping:")?;
    let of = target(obs, name(obs));
    let all = calls(obs)?;
    let synced = all.iter().find(|step| {
        let call = step.call;
        step.index < said
            && (call.is(&["msync", "sync", "syncfs"])
                || call.is(&["fsync", "fdatasync", "sync_file_range"]) && of.in_call(call))
    });
    let Some(step) = synced else {
        return Ok(());
    };
    broken(
        "nothing is synced before `shared mapping` is printed",
        format!("`{}` was called", step.call.name),
    )
    .at(Spot::Event { index: step.index })
    .show(exhibit::calls(obs, step.index, &[]))
    .code("synced-to-be-seen")
    .fail()
}

/// The facts, the file in the end, exit status 0.
pub fn compared(obs: &Observation) -> Ruling {
    let (_, new) = bytes(obs);
    file::has_bytes(obs, name(obs), &new)?;
    file::keeps_identity(obs, name(obs))?;
    facts::are(obs, &five_facts(obs))?;
    ending::exits(obs, 0)
}

/// Clause 6.
pub fn cut(obs: &Observation) -> Ruling {
    also(moment::nothing_past_the_end(obs, name(obs)), || {
        compared(obs)
    })
}

/// Clause 5.
pub fn only_the_text(obs: &Observation) -> Ruling {
    let of = target(obs, name(obs));
    let by_call = moved::none(obs, &of, Way::Into, "rewritten-by-hand");
    also(by_call, || compared(obs))
}
