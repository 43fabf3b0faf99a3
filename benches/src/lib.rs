//! Parhelion's kernels beside those of other libraries, and beside what the machine can do at most.
//!
//! ```text
//! cargo bench -p parhelion-benches --features peers --bench ntt
//! cargo run --release -p parhelion-benches --features peers --bin kernel_table -- measure --cpu NAME ntt
//! ```
//!
//! [`inputs`] and [`widths`] say what goes in. A contest (`contest`) is the same work done by several
//! libraries, checked to give the same bytes and then timed in turn; `cases` lists all of them. The
//! libraries, and what measures them, are behind the feature `peers`.

pub mod element;
pub mod inputs;
pub mod widths;

#[cfg(feature = "peers")]
pub mod cases;
#[cfg(feature = "peers")]
pub mod contest;
#[cfg(feature = "peers")]
pub mod criterion;
#[cfg(feature = "peers")]
pub mod limits;
#[cfg(feature = "peers")]
mod peers;
#[cfg(feature = "peers")]
pub mod plot;
#[cfg(feature = "peers")]
pub mod pools;
#[cfg(feature = "peers")]
pub mod record;
#[cfg(feature = "peers")]
pub mod setup;
#[cfg(feature = "peers")]
pub mod table;

pub use element::Element;
#[cfg(feature = "peers")]
pub use setup::Result;
