//! Joins: empty ones, and of two tasks from 100 ns to 1 ms, ours and the peers'.

use parhelion_benches::cases::pools;
use parhelion_benches::{Result, criterion, setup};

fn main() -> Result<()> {
    criterion::run_here(pools::joins(setup::threads()?))
}
