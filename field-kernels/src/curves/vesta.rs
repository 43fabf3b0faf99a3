//! Vesta (Zcash protocol specification, section 5.4.9.6).

use super::{Affine, CurveSpec, Projective};
use crate::{FieldSpec, PastaFpSpec, PastaFqSpec};

/// Constants of the group that [`Vesta`] is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VestaSpec;

/// A point of Vesta.
pub type Vesta = Projective<VestaSpec>;

/// A point of Vesta, in affine coordinates.
pub type VestaAffine = Affine<VestaSpec>;

impl CurveSpec for VestaSpec {
    type Base = PastaFqSpec;
    type Scalar = PastaFpSpec;
    const NAME: &'static str = "Vesta";
    const B: [u64; 4] = [5, 0, 0, 0];
    /// (-1, 2)
    const GENERATOR: ([u64; 4], [u64; 4]) = {
        let [low, rest @ ..] = PastaFqSpec::MODULUS;
        ([low - 1, rest[0], rest[1], rest[2]], [2, 0, 0, 0])
    };
}
