// expect: fails 4 with nothing-said
// about: In the crate: the lines go through a BufWriter, which keeps them back until the end.

use std::io::{BufWriter, Write};

// step 4: print what is larger
    let mut out = BufWriter::new(io::stdout().lock());
    let gone = |cause: io::Error| Error::new(Path::new("standard output"), "write to", cause);
    let mut largest = counter.load(Ordering::Relaxed);
    writeln!(out, "value: {largest}").map_err(gone)?;
    while largest < until {
        thread::sleep(Duration::from_millis(1));
        let value = counter.load(Ordering::Relaxed);
        if value > largest {
            largest = value;
            writeln!(out, "value: {value}").map_err(gone)?;
        }
    }
    out.flush().map_err(gone)
// end of step 4
