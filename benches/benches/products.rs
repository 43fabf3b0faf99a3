//! Vectors of field elements in the first-level cache, ours and the peers'.

use parhelion_benches::{Result, cases, criterion};

fn main() -> Result<()> {
    criterion::run(cases::products)
}
