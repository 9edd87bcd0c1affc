//! Adds 1 to a counter in a file, in every way that the tests want: `increment WAY FILE [TIMES]`.
//!
//! Each way uses just the instructions that its name says, so that the number of interleavings is
//! known. Like the explorer, it is for x86-64.

#[cfg(target_arch = "x86_64")]
mod ways;

#[cfg(target_arch = "x86_64")]
fn main() -> std::io::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [way, file, rest @ ..] = words.as_slice() else {
        return Err(std::io::Error::other("usage: increment WAY FILE [TIMES]"));
    };
    ways::increment(way, file, rest)
}

#[cfg(not(target_arch = "x86_64"))]
fn main() {}
