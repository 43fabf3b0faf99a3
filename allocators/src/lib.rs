//! Which allocator a binary uses, and what it asks of it.
//!
//! [`Counting`] wraps any [`GlobalAlloc`](std::alloc::GlobalAlloc) and counts
//! calls and bytes with relaxed atomics, spread over cache lines by thread.
//! [`install!`] makes one the global allocator; only a binary (or a test binary)
//! calls it, a library never sets the global allocator.
//!
//! ```
//! parhelion_allocators::install!(static ALLOCATOR = system);
//!
//! let before = ALLOCATOR.stats();
//! let words = vec![1u64; 1000];
//! let after = ALLOCATOR.stats();
//! assert_eq!(after.live - before.live, 8 * words.len());
//! ```

mod counting;
mod install;
mod shards;
mod trim;

pub use counting::Counting;
#[cfg(feature = "mimalloc")]
pub use mimalloc::MiMalloc;
pub use shards::Stats;
pub use trim::Trim;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
