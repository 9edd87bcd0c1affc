//! What a step touches, and whether two steps can be told apart by their order.

/// A step as the search sees it: what it touches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Operation {
    /// All that it touches.
    pub touches: Vec<Touch>,
}

/// One thing that a step touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touch {
    /// What.
    pub object: Object,
    /// The first byte of it.
    pub from: u64,
    /// The byte behind the last.
    pub to: u64,
    /// Whether it changes it, and does not only look.
    pub writes: bool,
}

/// Something that processes share. Files have numbers, in the order in which a run came to know
/// them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Object {
    /// The bytes of a file, and its length.
    File(usize),
    /// The locks on a file (flock(2), fcntl(2)).
    Locks(usize),
    /// Those who wait for a word in a file (futex(2)), by its offset.
    Waiters(usize),
    /// Those who wait for a word in memory of their own.
    OwnWaiters(usize),
    /// The names in the scenario's folder.
    Names,
    /// Which processes have ended, each at its number.
    Ends,
    /// Whatever else processes meet at: sockets, pipes, semaphores, queues, signals.
    Elsewhere,
}

impl Operation {
    /// A step that touches these bytes of one object.
    pub fn on(object: Object, from: u64, to: u64, writes: bool) -> Operation {
        Operation::default().and(object, from, to, writes)
    }

    /// Adds bytes of an object.
    #[must_use]
    pub fn and(mut self, object: Object, from: u64, to: u64, writes: bool) -> Operation {
        self.touches.push(Touch {
            object,
            from,
            to,
            writes,
        });
        self
    }

    /// Whether the order of this step and another, of two processes, can make a difference.
    pub fn conflicts(&self, other: &Operation) -> bool {
        let meet = |a: &Touch, b: &Touch| {
            a.object == b.object && (a.writes || b.writes) && a.from < b.to && b.from < a.to
        };
        self.touches
            .iter()
            .any(|a| other.touches.iter().any(|b| meet(a, b)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_looks_never_conflict_and_a_change_does_where_they_meet() {
        let load = |from, to| Operation::on(Object::File(0), from, to, false);
        let store = |from, to| Operation::on(Object::File(0), from, to, true);
        assert!(!load(0, 8).conflicts(&load(0, 8)));
        assert!(load(0, 8).conflicts(&store(7, 9)));
        assert!(!load(0, 8).conflicts(&store(8, 16)));
        assert!(store(0, 8).conflicts(&store(0, 8)));
        let elsewhere = Operation::on(Object::File(1), 0, 8, true);
        assert!(!load(0, 8).conflicts(&elsewhere));
    }
}
