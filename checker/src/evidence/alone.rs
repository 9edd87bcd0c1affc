//! One actor of an observation, as if it had run alone: for scenarios that only save time by
//! running several at once.

use super::trace::{Event, What};
use super::{Evidence, Facet, Moment, Observation};

impl Observation {
    /// What was seen of actor `n`; the files are those of all.
    pub fn alone(&self, n: usize) -> Observation {
        let (mut scenario, all) = (self.scenario.clone(), &self.evidence);
        scenario.actors = scenario.actors.into_iter().skip(n).take(1).collect();
        let events: &[Event] = match &all.trace {
            Facet::Seen(events) => events,
            Facet::Unseen(_) => &[],
        };
        // How many events of this actor come before each index.
        let mut before = vec![0];
        for event in events {
            before.push(before[before.len() - 1] + usize::from(event.actor == n));
        }
        let moved = |at: usize| before[at.min(events.len())];
        let own = |event: &&Event| event.actor == n;
        let event = |event: &Event| {
            let mut event = event.clone();
            event.actor = 0;
            if let What::Call(call) = &mut event.what {
                call.returned = call.returned.map(moved);
            }
            event
        };
        let moment = |moment: &Moment| Moment {
            at: moved(moment.at),
            actor: 0,
            ..moment.clone()
        };
        let evidence = Evidence {
            unavailable: all.unavailable.clone(),
            page_size: all.page_size,
            actors: all.actors.iter().skip(n).take(1).cloned().collect(),
            files: all.files.clone(),
            trace: match &all.trace {
                Facet::Seen(events) => Facet::Seen(events.iter().filter(own).map(event).collect()),
                Facet::Unseen(reason) => Facet::Unseen(reason.clone()),
            },
            moments: match &all.moments {
                Facet::Seen(moments) => {
                    let own = moments.iter().filter(|moment| moment.actor == n);
                    Facet::Seen(own.map(moment).collect())
                }
                Facet::Unseen(reason) => Facet::Unseen(reason.clone()),
            },
            leftovers: match left_something(events, n) {
                true => all.leftovers.clone(),
                false => Vec::new(),
            },
            exploration: all.exploration.clone(),
        };
        Observation { scenario, evidence }
    }
}

/// Whether a process of the actor was not seen to end. Where none of any actor was, nobody knows
/// whose the leftovers are, and they are everybody's.
fn left_something(events: &[Event], n: usize) -> bool {
    let begun = |of: usize| {
        let started = events
            .iter()
            .filter(move |event| event.actor == of)
            .map(|event| match event.what {
                What::Started { .. } => 1,
                What::Ended => -1,
                _ => 0,
            });
        1 + started.sum::<i64>() > 0
    };
    let actors = events.iter().map(|event| event.actor + 1).max();
    begun(n) || !(0..actors.unwrap_or(0)).any(begun)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(actor: usize, what: What) -> Event {
        Event {
            actor,
            process: 0,
            what,
        }
    }

    #[test]
    fn a_leftover_is_the_one_actors_whose_process_did_not_end() {
        let started = What::Started {
            process: 1,
            shares: false,
        };
        let events = [
            event(0, What::Ended),
            event(1, started),
            event(1, What::Ended),
        ];
        assert!(!left_something(&events, 0));
        assert!(left_something(&events, 1));
        assert!(left_something(&events[..1], 0));
    }
}
