//! Which global allocator a binary uses, and what it asks of it.

mod counting;
mod install;
mod shards;
mod trim;

pub use counting::{Counting, installed};
pub use shards::Stats;
pub use trim::Trim;
