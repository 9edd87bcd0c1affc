#!/usr/bin/env bash
# How long a learner waits, and what the checker needs: three figures, each against a floor that
# is measured in the same run, so that they mean the same on any machine.
#
#   first   fresh tree, empty target, crates downloaded: the first verdict of lab1,
#           against `cargo install rustlings --locked` (at most 1.0)
#   edit    one line edited in lab3 to its complete core verdict on the screen,
#           against `cargo build -p lab3-copy` of such an edit (at most 2.5)
#   memory  the largest peak among the checker, its observers and a program that floods its
#           output, makes calls without end, or leaves large files (at most 64 MiB)
#
#   checker/benches/speed.sh [first] [edit] [memory]      without a word: all three
#
# It needs bash, cargo, and for `first` a network the first time. It runs as any user, works in a
# copy of the tree below TMPDIR (about 1 GB) and removes it. Exit status 1: a floor is missed.
set -euo pipefail
export LC_ALL=C
unset CARGO_TARGET_DIR
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/speed-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
wanted=" ${*:-first edit memory} "
missed=0

now() { local t=$EPOCHREALTIME; echo "$((10#${t/./} / 1000))"; }
median() { printf '%s\n' "$@" | sort -n | sed -n "$((($# + 1) / 2))p"; }
# Milliseconds of wall clock and of processor time: "real cpu".
timed() {
    local TIMEFORMAT='%3R %3U %3S' answer
    answer=$({ time "$@" >"$work/out" 2>&1; } 2>&1) || true
    read -r real user sys <<<"$answer"
    echo "$((10#${real/./})) $((10#${user/./} + 10#${sys/./}))"
}
# ratio NAME MEASURED FLOOR LIMIT (in hundredths)
ratio() {
    local hundredths=$(($2 * 100 / $3)) verdict=ok
    if ((hundredths > $4)); then verdict=MISSED missed=1; fi
    printf '%-28s %8d ms / %8d ms = %d.%02d  (at most %d.%02d) %s\n' \
        "$1" "$2" "$3" $((hundredths / 100)) $((hundredths % 100)) $(($4 / 100)) $(($4 % 100)) "$verdict"
}

echo "machine: $(getconf _NPROCESSORS_ONLN) processors, load $(cut -d' ' -f1-3 /proc/loadavg)"
mkdir "$work/tree"
(cd "$here" && git ls-files -z | while IFS= read -r -d '' file; do
    if [[ -e $file ]]; then cp --parents -P "$file" "$work/tree"; fi
done)
cd "$work/tree"
cargo fetch --quiet

if [[ $wanted == *" first "* ]]; then
    floor=(cargo install rustlings --locked --offline --root "$work/root" --target-dir "$work/rustlings")
    # Once without a clock if its crates are not there yet.
    if ! "${floor[@]}" --no-track --quiet >/dev/null 2>&1; then
        cargo install rustlings --locked --quiet --root "$work/root" --target-dir "$work/rustlings"
    fi
    rm -rf "$work/root" "$work/rustlings" target
    read -r ours ours_cpu <<<"$(timed cargo run --offline -p checker -- lab1)"
    grep -q 'not written yet: step 1' "$work/out" || { cat "$work/out"; exit 1; }
    read -r theirs theirs_cpu <<<"$(timed "${floor[@]}")"
    [[ -x $work/root/bin/rustlings ]] || { cat "$work/out"; exit 1; }
    rm -rf "$work/root" "$work/rustlings"
    ratio 'first verdict, wall clock' "$ours" "$theirs" 100
    ratio 'first verdict, processor' "$ours_cpu" "$theirs_cpu" 100
fi

if [[ $wanted == *" edit "* ]]; then
    cargo build --offline --quiet -p checker
    file=labs/lab3-copy/src/lib.rs
    sed 's/lab3_copy_solution/lab3_copy/g' solutions/lab3-copy/src/lib.rs >"$file"
    cargo run --offline --quiet -p checker -- lab3 >"$work/out" 2>&1 || { cat "$work/out"; exit 1; }
    # The last line of the core stands before the heading of the stretch clauses.
    last=$(sed -n '/^     stretch$/q; /^ *[0-9]* *passed/p' "$work/out" | tail -n 1)
    builds=() verdicts=() wholes=()
    for round in 1 2 3 4 5 6 7; do
        echo "// build $round" >>"$file"
        begin=$(now)
        cargo build --offline --quiet -p lab3-copy
        builds+=($(($(now) - begin)))
        echo "// verdict $round" >>"$file"
        begin=$(now) end=
        while IFS= read -r line; do
            if [[ $line == "$last" ]]; then end=$(now); fi
        done < <(cargo run --offline --quiet -p checker -- lab3 2>/dev/null)
        verdicts+=($((${end:?no core verdict} - begin)))
        wholes+=($(($(now) - begin)))
    done
    floor=$(median "${builds[@]}")
    ratio 'edit to core verdict' "$(median "${verdicts[@]}")" "$floor" 250
    printf '%-28s %8d ms, stretch included\n' '' "$(median "${wholes[@]}")"
fi

if [[ $wanted == *" memory "* ]]; then
    cargo build --offline --quiet -p checker
    # wait4(2) tells the peak of a process and of all it waited for: the checker waits for its
    # observers, and they for the program.
    cat >"$work/peak.rs" <<'RUST'
use std::process::{Command, Stdio};
unsafe extern "C" {
    fn getrusage(who: i32, usage: *mut [i64; 64]) -> i32;
}
fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().expect("the checker runs");
    let mut usage = [0i64; 64];
    // SAFETY: the buffer is larger than a rusage, whose first fields are two timevals of two words
    // and then ru_maxrss; -1 is RUSAGE_CHILDREN.
    unsafe { getrusage(-1, &mut usage) };
    println!("{}", usage[4]);
}
RUST
    cat >"$work/floods.rs" <<'RUST'
use std::io::Write;
fn main() {
    let line = [b"floods and floods and floods 0123456789 \xff\x00\\".repeat(23), b"\n".to_vec()].concat();
    while std::io::stdout().write_all(&line).is_ok() {}
}
RUST
    cat >"$work/calls.rs" <<'RUST'
use std::os::unix::fs::FileExt;
fn main() {
    let file = std::fs::File::create("a-file-of-a-rather-long-name.txt").expect("a file");
    for n in 0.. {
        let _ = file.write_at(&[0xff; 4096], n % 16 * 4096);
        if n % 16 == 0 { println!("{n}"); }
    }
}
RUST
    cat >"$work/files.rs" <<'RUST'
fn main() {
    for n in 0..4 {
        let _ = std::fs::write(format!("file-{n}"), vec![0xff; 1 << 20]);
    }
}
RUST
    rustc -O -o "$work/peak" "$work/peak.rs"
    for program in floods calls files; do
        rustc -O -o "$work/$program" "$work/$program.rs"
        kib=$("$work/peak" target/debug/checker lab3 --program "$work/$program")
        verdict=ok
        if ((kib > 65536)); then verdict=MISSED missed=1; fi
        printf '%-28s %8d KiB (at most 65536) %s\n' "peak memory, $program" "$kib" "$verdict"
    done
fi
echo "machine: load $(cut -d' ' -f1-3 /proc/loadavg)"
exit "$missed"
