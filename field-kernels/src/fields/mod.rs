//! Prime fields: the constants of each, one file per field, and the element type they share.

mod bn254_fq;
mod bn254_fr;
mod derive;
mod element;
mod invert;
mod operators;
mod pasta_fp;
mod pasta_fq;

pub use bn254_fq::{Bn254Fq, Bn254FqSpec};
pub use bn254_fr::{Bn254Fr, Bn254FrSpec};
pub use element::Fp;
pub use pasta_fp::{PastaFp, PastaFpSpec};
pub use pasta_fq::{PastaFq, PastaFqSpec};

use std::fmt::Debug;
use std::hash::Hash;

/// The constants of a prime field of odd order p < 2^256/3.
///
/// Integers are four 64-bit limbs, least significant first. Everything that follows from the modulus
/// is derived from it at compile time; an implementation states the modulus and the choices (which
/// generator, which root of unity).
pub trait FieldSpec: 'static + Copy + Send + Sync + Debug + Default + Eq + Hash + Ord {
    /// The field's usual name, for messages.
    const NAME: &'static str;
    /// The order p of the field.
    const MODULUS: [u64; 4];
    /// -1/p mod 2^64.
    const NEG_INV: u64 = derive::neg_inverse(Self::MODULUS[0]);
    /// 2^256 mod p: the Montgomery form of 1.
    const R: [u64; 4] = derive::power_of_two(256, Self::MODULUS);
    /// 2^512 mod p: multiplying by it brings an integer to Montgomery form.
    const R2: [u64; 4] = derive::power_of_two(512, Self::MODULUS);
    /// The largest s such that 2^s divides p - 1.
    const TWO_ADICITY: u32 = derive::two_adicity(Self::MODULUS);
    /// An element of order 2^[`TWO_ADICITY`](Self::TWO_ADICITY), not in Montgomery form; the one that
    /// the halo2 libraries call `ROOT_OF_UNITY`.
    const ROOT_OF_UNITY: [u64; 4];
    /// A generator of the multiplicative group, not in Montgomery form.
    const GENERATOR: [u64; 4];
    /// The generator raised to 2^[`TWO_ADICITY`](Self::TWO_ADICITY), not in Montgomery form.
    const DELTA: [u64; 4];
}
