//! Multi-scalar multiplications with tables of bases, and without.

use parhelion_benches::{Result, cases, criterion};

fn main() -> Result<()> {
    criterion::run(cases::tables)
}
