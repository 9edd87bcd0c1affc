//! Bytes as the course writes them: printable ASCII as it is, everything else `\xhh`.
//!
//! The escape is the one every contract uses for file content, so evidence, reports and the
//! learner's own output read alike.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// How many bytes of a file a contract shows at most.
pub const PREVIEW: usize = 64;

/// A byte string that is displayed and stored escaped.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(pub Vec<u8>);

impl Bytes {
    /// The first [`PREVIEW`] bytes, escaped: what a contract means by the content of a file.
    pub fn preview(&self) -> String {
        escape(&self.0[..self.0.len().min(PREVIEW)])
    }

    /// The bytes as text, with what is not UTF-8 replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        Bytes(bytes.to_vec())
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes(bytes)
    }
}

impl From<&str> for Bytes {
    fn from(text: &str) -> Self {
        Bytes(text.as_bytes().to_vec())
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&escape(&self.0))
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "b\"{self}\"")
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&escape(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        unescape(&text)
            .map(Bytes)
            .ok_or_else(|| de::Error::custom("not an escaped byte string"))
    }
}

/// Writes `bytes` in the course's escape: 0x20 to 0x7e except the backslash as they are, every
/// other byte as `\x` and two lower-case hexadecimal digits.
pub fn escape(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = Vec::with_capacity(bytes.len());
    for &byte in bytes {
        if matches!(byte, 0x20..=0x7e) && byte != b'\\' {
            text.push(byte);
        } else {
            let (high, low) = (DIGITS[(byte >> 4) as usize], DIGITS[(byte & 15) as usize]);
            text.extend_from_slice(&[b'\\', b'x', high, low]);
        }
    }
    String::from_utf8(text).expect("ASCII only")
}

/// Reads what [`escape`] wrote; `None` if `text` is not such a string.
pub fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = match (first, tail) {
            (b'\\', [b'x', high, low, tail @ ..]) => {
                let digit = |c: &u8| char::from(*c).to_digit(16);
                bytes.push(u8::try_from(digit(high)? * 16 + digit(low)?).ok()?);
                tail
            }
            (b'\\', _) => return None,
            (0x20..=0x7e, tail) => {
                bytes.push(first);
                tail
            }
            _ => return None,
        };
    }
    // Four times too long where every byte was escaped, and evidence of many runs is kept at once.
    bytes.shrink_to_fit();
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_survives_the_escape() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(unescape(&escape(&all)), Some(all));
    }

    #[test]
    fn the_escape_is_the_one_of_the_contracts() {
        assert_eq!(
            escape(b"a b~\\\n\0\x7f\xff"),
            "a b~\\x5c\\x0a\\x00\\x7f\\xff"
        );
    }

    #[test]
    fn what_is_not_escaped_is_refused() {
        assert_eq!(unescape("\\x0"), None);
        assert_eq!(unescape("\\n"), None);
        assert_eq!(unescape("\n"), None);
    }
}
