//! Inputs drawn from a seed: names, lengths, bytes, texts. The same seed gives the same inputs, so
//! `--seed` replays a run, and no answer can be written into a program.

use crate::evidence::bytes::Bytes;

/// A source of inputs.
#[derive(Debug)]
pub struct Inputs {
    rng: fastrand::Rng,
    /// Bytes in a page of the machine.
    pub page: u64,
}

impl Inputs {
    /// Inputs for this seed, on a machine with pages of `page` bytes.
    pub fn new(seed: u64, page: u64) -> Inputs {
        Inputs {
            rng: fastrand::Rng::with_seed(seed),
            page,
        }
    }

    /// A name for a file, such as `harbour-27.txt`; no two names of one source are the same for
    /// different stems.
    pub fn name(&mut self, stem: &str) -> String {
        const ENDINGS: [&str; 4] = ["txt", "dat", "bin", "log"];
        let ending = ENDINGS[self.rng.usize(..ENDINGS.len())];
        format!("{stem}-{}.{ending}", self.rng.u32(10..1000))
    }

    /// A name that begins with a dash and has a space in it.
    pub fn odd_name(&mut self, stem: &str) -> String {
        format!("-{} {}", self.rng.alphabetic(), self.name(stem))
    }

    /// A name with two percent signs, a quotation mark, a backslash and an apostrophe in it, which is
    /// neither escaped nor taken for a format where it is shown as it was given.
    pub fn quoted_name(&mut self, stem: &str) -> String {
        format!("{stem}%%\"\\'{}", self.name(stem))
    }

    /// A name nearly as long as a name may be, in a folder.
    pub fn long_name(&mut self, folder: &str) -> String {
        let length = self.between(225, 240);
        let stem: String = (0..length).map(|_| self.rng.alphanumeric()).collect();
        format!("{folder}/{}", self.name(&stem))
    }

    /// A number of this range.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        self.rng.u64(low..=high)
    }

    /// Bytes of any value, with a run of NULs in the middle and a last byte that is not one.
    pub fn bytes(&mut self, length: u64) -> Vec<u8> {
        let mut bytes: Vec<u8> = (0..length).map(|_| self.rng.u8(..)).collect();
        let length = bytes.len();
        bytes[length / 2..(length / 2 + 3).min(length)].fill(0);
        if let Some(last) = bytes.last_mut() {
            *last |= 1;
        }
        bytes
    }

    /// A length that 16 bits do not hold, and bytes of a file of that length: these many at its
    /// start, a few at its end, a hole between them.
    pub fn far(&mut self, start: u64) -> (u64, Vec<(u64, Bytes)>) {
        let length = (1 << 16) + self.between(500, 4000) + start;
        let (first, last) = (self.bytes(start), self.bytes(20));
        let pieces = vec![(0, Bytes(first)), (length - 20, Bytes(last))];
        (length, pieces)
    }

    /// Lines of words, with a backslash and a newline among the first 64 bytes if there is room;
    /// no NUL.
    pub fn lines(&mut self, length: u64) -> Vec<u8> {
        let mut bytes: Vec<u8> = (0..length)
            .map(|n| match n % 48 {
                17 => b'\\',
                39 => b'\n',
                _ => self.rng.alphanumeric() as u8,
            })
            .collect();
        if let Some(last) = bytes.last_mut() {
            *last = b'\n';
        }
        bytes
    }

    /// Text of exactly so many bytes that can be an argument; the first is a letter, and where
    /// there is room, one character takes two bytes.
    pub fn text(&mut self, length: u64) -> String {
        let mut text = String::new();
        while (text.len() as u64) < length {
            match length - text.len() as u64 {
                left if left >= 2 && text.len() == 4 => text.push('é'),
                _ if text.len() % 11 == 7 => text.push(' '),
                _ => text.push(self.rng.alphabetic()),
            }
        }
        text
    }

    /// One of these.
    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.rng.usize(..of.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_exact_and_seeds_replay() {
        for length in [0, 1, 2, 3, 4, 5, 6, 63, 64, 65, 4097] {
            let mut inputs = Inputs::new(length, 4096);
            assert_eq!(inputs.text(length).len() as u64, length);
            assert_eq!(inputs.lines(length).len() as u64, length);
            assert_eq!(inputs.bytes(length).len() as u64, length);
        }
        let draw = |seed| Inputs::new(seed, 4096).bytes(20);
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }
}
