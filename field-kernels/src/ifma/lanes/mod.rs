//! Eight field elements at once, in limbs of 52 bits.
//!
//! Lane i of the five words of a value holds one element. Two types tell what the limbs may be:
//!
//! * [`Tight`]: every limb is less than 2^52, so the value is less than 2^260. Only such limbs can be
//!   multiplied, as the multiplier reads 52 bits.
//! * [`Loose`]: signed limbs of up to 62 bits whose sum Σ limb\[i\]·2^(52i) is the value. Sums and
//!   differences are free of carries.
//!
//! Values stand for their residue mod p, and are bounded by the multiple of p that a comment
//! names; [`Radix52::CAPACITY`](super::field::Radix52::CAPACITY) multiples fit (84 for BN254, 63 for Pasta). A product of values below
//! x·p and y·p is below (x·y/CAPACITY + 1)·p, so reductions are hardly ever needed.
//!
//! Multiplication divides by 2^260. Elements in memory are in Montgomery form with R = 2^256; the
//! factor 16 between the two is absorbed by loading one factor shifted by four bits, which costs
//! nothing ([`Tight::load_shifted`]).
//!
//! | file | |
//! |---|---|
//! | `words.rs` | elements in memory as words, and back |
//! | `tight.rs`, `loose.rs` | values with limbs of the two kinds |
//! | `products.rs`, `steps.rs` | products and their reduction, at once and in steps |
//! | `sums.rs` | sums of many products |
//! | `settle.rs` | what estimates leave off by p |
//! | `scratch.rs` | values on their way through memory |

mod loose;
mod products;
mod scratch;
mod settle;
mod steps;
mod sums;
mod tight;
mod words;

pub(super) use scratch::{ProductsScratch, Scratch};
pub(super) use settle::Writer;
pub(super) use words::scatter_words;

use std::marker::PhantomData;

use super::word::Word;

/// Eight values with limbs less than 2^52.
#[derive(Debug)]
pub(super) struct Tight<S>([Word; 5], PhantomData<S>);

/// Eight values to multiply: only the low 52 bits of a limb count, which is all that the multiplier reads.
#[derive(Debug)]
pub(super) struct Factor<S>([Word; 5], PhantomData<S>);

/// Eight values with limbs that may overlap.
#[derive(Debug)]
pub(super) struct Loose<S>([Word; 5], PhantomData<S>);

/// Sums of products, two limbs wide each, waiting to be reduced. 400 products fit.
#[derive(Debug)]
pub(super) struct Products<S>([Word; 10], PhantomData<S>);

/// Sums of products whose low and high halves are summed up apart, so that half as many additions wait for each other:
/// nine for a column of a product take longer than the multipliers are busy with all 25. 400 products fit.
#[derive(Debug)]
pub(super) struct Sums<S> {
    low: [Word; 10],
    high: [Word; 10],
    field: PhantomData<S>,
}

macro_rules! copyable {
    ($($name:ident),*) => { $(
        impl<S> Clone for $name<S> {
            #[inline(always)]
            fn clone(&self) -> Self {
                *self
            }
        }
        impl<S> Copy for $name<S> {}
    )* };
}
copyable!(Tight, Factor, Loose, Products, Sums);
