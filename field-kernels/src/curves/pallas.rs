//! Pallas (Zcash protocol specification, section 5.4.9.6).

use super::{Affine, CurveSpec, Projective};
use crate::{FieldSpec, PastaFpSpec, PastaFqSpec};

/// Constants of the group that [`Pallas`] is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PallasSpec;

/// A point of Pallas.
pub type Pallas = Projective<PallasSpec>;

/// A point of Pallas, in affine coordinates.
pub type PallasAffine = Affine<PallasSpec>;

impl CurveSpec for PallasSpec {
    type Base = PastaFpSpec;
    type Scalar = PastaFqSpec;
    const NAME: &'static str = "Pallas";
    const B: [u64; 4] = [5, 0, 0, 0];
    /// (-1, 2)
    const GENERATOR: ([u64; 4], [u64; 4]) = {
        let [low, rest @ ..] = PastaFpSpec::MODULUS;
        ([low - 1, rest[0], rest[1], rest[2]], [2, 0, 0, 0])
    };
}
