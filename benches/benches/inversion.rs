//! Inversion of vectors, ours and the peers'.

use parhelion_benches::{Result, cases, criterion};

fn main() -> Result<()> {
    criterion::run(cases::inversion)
}
