//! Vectors of elements and polynomials in coefficient form.

mod packed;
mod polynomial;
mod scan;
mod vector;

pub use packed::Packed;
pub(crate) use scan::powers;

/// Fewer elements than this are not worth handing to another thread.
const MIN_CHUNK: usize = 1024;

/// The two operands of an element-wise kernel must be as long.
#[track_caller]
fn check_lengths(left: usize, right: usize) {
    assert!(left == right, "vectors differ in length: {left} and {right} elements");
}
