//! Points in affine coordinates.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Neg;

use bytemuck::{AnyBitPattern, NoUninit, Zeroable};

use super::{CurveSpec, Projective};
use crate::Fp;

/// A point as (x, y). The identity is (0, 0), which no curve here contains.
///
/// The layout is x then y. Nothing forces the point to be on the curve: fields are public so that
/// the types of other libraries can be read in place; see [`is_on_curve`](Self::is_on_curve).
#[repr(C)]
pub struct Affine<C: CurveSpec> {
    /// First coordinate.
    pub x: Fp<C::Base>,
    /// Second coordinate.
    pub y: Fp<C::Base>,
}

impl<C: CurveSpec> Affine<C> {
    /// The neutral element.
    pub const IDENTITY: Self = Self { x: Fp::ZERO, y: Fp::ZERO };

    /// Whether this is the neutral element.
    #[must_use]
    #[inline]
    pub fn is_identity(&self) -> bool {
        self.x.is_zero() && self.y.is_zero()
    }

    /// Whether the coordinates satisfy the curve's equation, or this is the identity.
    #[must_use]
    pub fn is_on_curve(&self) -> bool {
        self.is_identity() || self.y.square() == self.x.square() * self.x + C::b()
    }

    /// The same point in projective coordinates.
    #[must_use]
    pub fn to_projective(self) -> Projective<C> {
        Projective::from(self)
    }
}

impl<C: CurveSpec> Clone for Affine<C> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<C: CurveSpec> Copy for Affine<C> {}

// SAFETY: two elements, which may be zero.
unsafe impl<C: CurveSpec> Zeroable for Affine<C> {}

// SAFETY: two elements of the same type, one after the other, without padding between or within them.
unsafe impl<C: CurveSpec> NoUninit for Affine<C> {}

// SAFETY: elements may have any bits as far as memory is concerned, and need not be on the curve.
unsafe impl<C: CurveSpec> AnyBitPattern for Affine<C> {}

impl<C: CurveSpec> Default for Affine<C> {
    fn default() -> Self {
        Self::IDENTITY
    }
}

impl<C: CurveSpec> PartialEq for Affine<C> {
    fn eq(&self, other: &Self) -> bool {
        self.x == other.x && self.y == other.y
    }
}

impl<C: CurveSpec> Eq for Affine<C> {}

impl<C: CurveSpec> Hash for Affine<C> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.x.hash(state);
        self.y.hash(state);
    }
}

impl<C: CurveSpec> fmt::Debug for Affine<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_identity() { f.write_str("identity") } else { write!(f, "({:?}, {:?})", self.x, self.y) }
    }
}

impl<C: CurveSpec> Neg for Affine<C> {
    type Output = Self;
    fn neg(self) -> Self {
        Self { x: self.x, y: -self.y }
    }
}
