//! `checker author stubs`: writes labs/ from solutions/.

use super::Usage;
use crate::exit::End;

/// Seam: calls `stubs::generate` for every lab of the course and prints what was written.
pub(crate) fn run() -> anyhow::Result<End> {
    Err(Usage("the generator of stubs is not part of this build".to_owned()).into())
}
