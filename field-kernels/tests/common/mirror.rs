//! The fields of other libraries that the crate's fields are compared with.
//!
//! The libraries use different versions of the traits of `ff`, so what the tests need of a field is
//! a trait here, and values cross over as bytes.

use std::fmt::Debug;
use std::ops::{Add, Mul, Neg, Sub};

use parhelion_field_kernels::{Bn254FqSpec, Bn254FrSpec, FieldSpec, Fp, PastaFpSpec, PastaFqSpec};
use pasta_curves::group::ff as ff_of_pasta;

/// The library's type of the field `S`.
pub type Library<S> = <S as Mirror>::Library;

/// A field that some other library has as well.
pub trait Mirror: FieldSpec {
    /// The library's type.
    type Library: Copy
        + Debug
        + PartialEq
        + Add<Output = Self::Library>
        + Sub<Output = Self::Library>
        + Mul<Output = Self::Library>
        + Neg<Output = Self::Library>;

    /// The library's 0.
    const NOTHING: Self::Library;
    /// The library's 1.
    const UNIT: Self::Library;
    /// The library's root of unity, generator, and delta.
    const CHOICES: [Self::Library; 3];
    /// How often the library says that 2 divides p - 1.
    const LIBRARY_TWO_ADICITY: u32;

    /// The library's encoding: the canonical integer, lowest byte first.
    fn to_bytes(value: Self::Library) -> [u8; 32];

    /// The element of an encoding.
    fn from_bytes(bytes: [u8; 32]) -> Option<Self::Library>;

    /// The library's inverse.
    fn inverse(value: Self::Library) -> Option<Self::Library>;

    /// The library's power.
    fn power(value: Self::Library, exponent: &[u64]) -> Self::Library;

    /// The crate's element equal to the library's.
    fn ours(value: Self::Library) -> Fp<Self> {
        let bytes = Self::to_bytes(value);
        let limbs = std::array::from_fn(|i| u64::from_le_bytes(bytes.as_chunks().0[i]));
        Fp::from_canonical(limbs).expect("the library's integers are reduced")
    }

    /// The library's element equal to the crate's.
    fn theirs(value: Fp<Self>) -> Self::Library {
        Self::from_bytes(bytes(value)).expect("the crate's integers are reduced")
    }
}

/// The canonical integer, lowest byte first.
pub fn bytes<S: FieldSpec>(value: Fp<S>) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes
        .as_chunks_mut()
        .0
        .iter_mut()
        .zip(value.to_canonical())
        .for_each(|(to, limb)| *to = limb.to_le_bytes());
    bytes
}

/// The crate's elements equal to the library's.
pub fn all_ours<S: Mirror>(values: &[Library<S>]) -> Vec<Fp<S>> {
    values.iter().map(|value| S::ours(*value)).collect()
}

/// The library's elements equal to the crate's.
pub fn all_theirs<S: Mirror>(values: &[Fp<S>]) -> Vec<Library<S>> {
    values.iter().map(|value| S::theirs(*value)).collect()
}

macro_rules! mirror {
    ($spec:ty, $library:ty, $ff:ident) => {
        impl Mirror for $spec {
            type Library = $library;
            const NOTHING: $library = <$library as $ff::Field>::ZERO;
            const UNIT: $library = <$library as $ff::Field>::ONE;
            const CHOICES: [$library; 3] = [
                <$library as $ff::PrimeField>::ROOT_OF_UNITY,
                <$library as $ff::PrimeField>::MULTIPLICATIVE_GENERATOR,
                <$library as $ff::PrimeField>::DELTA,
            ];
            const LIBRARY_TWO_ADICITY: u32 = <$library as $ff::PrimeField>::S;

            fn to_bytes(value: $library) -> [u8; 32] {
                $ff::PrimeField::to_repr(&value)
            }

            fn from_bytes(bytes: [u8; 32]) -> Option<$library> {
                <$library as $ff::PrimeField>::from_repr(bytes).into()
            }

            fn inverse(value: $library) -> Option<$library> {
                $ff::Field::invert(&value).into()
            }

            fn power(value: $library, exponent: &[u64]) -> $library {
                $ff::Field::pow_vartime(&value, exponent)
            }
        }
    };
}

mirror!(Bn254FrSpec, halo2curves_axiom::bn256::Fr, ff);
mirror!(Bn254FqSpec, halo2curves_axiom::bn256::Fq, ff);
mirror!(PastaFpSpec, pasta_curves::Fp, ff_of_pasta);
mirror!(PastaFqSpec, pasta_curves::Fq, ff_of_pasta);
