//! Transforms of one column, ours and the peers'.

use parhelion_benches::{Result, cases, criterion};

fn main() -> Result<()> {
    criterion::run(cases::ntt)
}
