//! What the tests share: other libraries' types seen as the crate's and back, inputs, and the
//! comparison that every kernel goes through.
#![allow(dead_code, unreachable_pub, unused_imports, reason = "each test file uses a part")]

mod curve;
mod inputs;
mod mirror;
mod suite;

pub use curve::{MirrorCurve, Points};
pub use inputs::{LENGTHS, cycled, edges, heaviest, largest, random, rng, shapes};
pub use mirror::{Library, Mirror, all_ours, all_theirs};
pub use suite::Suite;
