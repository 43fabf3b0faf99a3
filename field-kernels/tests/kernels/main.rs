//! Every kernel of every backend, over every field and curve, against the portable backend and
//! against the types of other libraries.

#[path = "../common/mod.rs"]
mod common;
#[macro_use]
mod stamp;

mod builder;
mod combinations;
mod graph;
mod packing;
mod polynomials;
mod programs;
mod scans;
mod stores;
mod sums_of_points;
mod transforms;
mod vectors;
