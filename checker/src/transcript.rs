//! What of a program's output can be the same in two runs.

/// An address has at least so many hexadecimal digits (fs/proc/task_mmu.c:
/// show_vma_header_prefix).
const DIGITS: usize = 8;

/// Text with a word in the place of each range of addresses, as `/proc/PID/maps` shows it
/// (`7f2c40000000-7f2c40004000`): where the kernel puts a mapping cannot be known before.
pub fn masked(text: &str) -> String {
    text.split_inclusive([' ', '\n']).map(masked_word).collect()
}

fn masked_word(word: &str) -> String {
    let trimmed = word.trim_end();
    match trimmed.split_once('-') {
        Some((start, end)) if is_address(start) && is_address(end) => {
            format!("ADDRESSES{}", &word[trimmed.len()..])
        }
        _ => word.to_owned(),
    }
}

fn is_address(word: &str) -> bool {
    word.len() >= DIGITS && word.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_addresses_are_masked_and_nothing_else() {
        let text = "line: 7f2c40000000-7f2c40004000 rw-p 00000000\nsize: 3221225472\nown: 1 3-4\n";
        let wanted = "line: ADDRESSES rw-p 00000000\nsize: 3221225472\nown: 1 3-4\n";
        assert_eq!(masked(text), wanted);
        assert_eq!(masked("7f2c40000000-x"), "7f2c40000000-x");
        assert_eq!(masked("line: 00020000-00021000"), "line: ADDRESSES");
        assert_eq!(masked("read file: 0-3"), "read file: 0-3");
    }
}
