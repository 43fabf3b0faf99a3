//! Even and skewed trees of joins, ours and the peers'.

use parhelion_benches::cases::pools;
use parhelion_benches::{Result, criterion, setup};

fn main() -> Result<()> {
    criterion::run_here(pools::skewed_trees(setup::threads()?))
}
