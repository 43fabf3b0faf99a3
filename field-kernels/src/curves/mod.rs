//! Elliptic curves y² = x³ + b of prime order: the constants of each and the point types they share.

mod affine;
mod bn254_g1;
mod pallas;
mod projective;
mod vesta;

pub use affine::Affine;
pub use bn254_g1::{Bn254G1, Bn254G1Affine, Bn254G1Spec};
pub use pallas::{Pallas, PallasAffine, PallasSpec};
pub use projective::Projective;
pub use vesta::{Vesta, VestaAffine, VestaSpec};

use std::fmt::Debug;
use std::hash::Hash;

use crate::{FieldSpec, Fp};

/// The constants of a curve y² = x³ + b whose group has prime order.
pub trait CurveSpec: 'static + Copy + Send + Sync + Debug + Default + Eq + Hash + Ord {
    /// The field of the coordinates.
    type Base: FieldSpec;
    /// The field whose order is that of the group.
    type Scalar: FieldSpec;
    /// The curve's usual name, for messages.
    const NAME: &'static str;
    /// The constant b of the equation, not in Montgomery form. Not 0, so that (0, 0) is not on the
    /// curve and can stand for the identity.
    const B: [u64; 4];
    /// Coordinates of the usual generator, not in Montgomery form.
    const GENERATOR: ([u64; 4], [u64; 4]);

    /// [`B`](Self::B) as an element.
    #[must_use]
    fn b() -> Fp<Self::Base> {
        element(Self::B)
    }

    /// [`GENERATOR`](Self::GENERATOR) as a point.
    #[must_use]
    fn generator() -> Affine<Self> {
        let (x, y) = Self::GENERATOR;
        Affine { x: element(x), y: element(y) }
    }
}

/// The element of a constant, which is less than the modulus.
fn element<S: FieldSpec>(canonical: [u64; 4]) -> Fp<S> {
    Fp::from_raw(crate::scalar::limbs::mul::<S>(canonical, S::R2))
}
