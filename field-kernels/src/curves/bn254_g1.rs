//! The first group of BN254.

use super::{Affine, CurveSpec, Projective};
use crate::{Bn254FqSpec, Bn254FrSpec};

/// Constants of the group that [`Bn254G1`] is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bn254G1Spec;

/// A point of BN254's first group.
pub type Bn254G1 = Projective<Bn254G1Spec>;

/// A point of BN254's first group, in affine coordinates.
pub type Bn254G1Affine = Affine<Bn254G1Spec>;

impl CurveSpec for Bn254G1Spec {
    type Base = Bn254FqSpec;
    type Scalar = Bn254FrSpec;
    const NAME: &'static str = "BN254 G1";
    const B: [u64; 4] = [3, 0, 0, 0];
    const GENERATOR: ([u64; 4], [u64; 4]) = ([1, 0, 0, 0], [2, 0, 0, 0]);
}
