//! Memory that is reused, counted and limited, for programs that know what they need.
//!
//! - [`Pool`]: large buffers, aligned to 64 bytes and on huge pages where there are any, leased in a
//!   [`Workspace`] and returned on drop. Pages stay in place from one use to the next; what one
//!   workspace wrote, no other sees.
//! - [`Arena`]: many small values that are dropped together.
//! - [`MemoryLimit`]: one budget for any number of pools, pieces of work and threads. Work
//!   [reserves](Reservation) its peak before it begins, in turn, and never waits after that.
//! - [`FailurePlan`]: lets any one request fail, so that programs can test what they do then.
//! - [`Counting`] and [`install!`]: a global allocator of the binary's choice, counted. A library
//!   never sets the global allocator; pools and arenas work with any.
//!
//! Nothing here panics or aborts for want of memory: what may fail returns an [`Error`].
//!
//! ```
//! use parhelion_allocators::{Error, MemoryLimit, Pool};
//!
//! let limit = MemoryLimit::new(64 << 20);
//! let pool = Pool::builder().limit(limit.clone()).build();
//!
//! // One proof. Others that come meanwhile wait in turn.
//! let workspace = pool.workspace_in(limit.reserve(48 << 20)?)?;
//! let mut column = workspace.lease_zeroed::<[u64; 4]>(1 << 15)?;
//! column[0] = [1, 0, 0, 0];
//! assert_eq!(workspace.reservation().charged(), 1 << 20);
//! # Ok::<(), Error>(())
//! ```

mod arena;
mod error;
mod failure;
mod global;
mod limit;
mod lock;
mod pool;
mod wipe;

pub use arena::Arena;
pub use error::Error;
pub use failure::FailurePlan;
pub use global::{Counting, Stats, Trim, installed};
pub use limit::{Charge, MemoryLimit, Reservation};
pub use pool::{HugePages, Lease, Pool, PoolBuilder, PoolStats, Workspace};

#[cfg(feature = "mimalloc")]
pub use mimalloc::MiMalloc;
#[cfg(feature = "snmalloc")]
pub use snmalloc_rs::SnMalloc;
#[cfg(feature = "jemalloc")]
pub use tikv_jemallocator::Jemalloc;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
