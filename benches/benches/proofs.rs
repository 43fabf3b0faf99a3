//! Whole proofs on different executors, and several at once against one after another.
//!
//! Keys come from the cache that `PARHELION_CACHE` names.

use parhelion_benches::{Result, criterion, pools, setup};

fn main() -> Result<()> {
    criterion::run_here(pools::proofs::proofs(setup::threads()?))
}
