//! Points in the XYZZ coordinates of Sutherland: x = X/ZZ, y = Y/ZZZ, ZZ³ = ZZZ².
//!
//! Formulas: Bernstein and Lange, Explicit-Formulas Database, "XYZZ coordinates for short
//! Weierstrass curves" (add-2008-s, madd-2008-s, dbl-2008-s-1, mdbl-2008-s-1) with a = 0. Mixed
//! addition takes 8M + 2S, one multiplication less than in Jacobian coordinates.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg};

use bytemuck::{AnyBitPattern, NoUninit, Zeroable};

use super::{Affine, CurveSpec};
use crate::Fp;

/// A point of a curve, in coordinates that add without inversions. The identity has ZZ = 0.
#[repr(C)]
pub struct Projective<C: CurveSpec> {
    pub(crate) x: Fp<C::Base>,
    pub(crate) y: Fp<C::Base>,
    pub(crate) zz: Fp<C::Base>,
    pub(crate) zzz: Fp<C::Base>,
}

impl<C: CurveSpec> Projective<C> {
    /// The neutral element.
    pub const IDENTITY: Self = Self { x: Fp::ZERO, y: Fp::ZERO, zz: Fp::ZERO, zzz: Fp::ZERO };

    /// Whether this is the neutral element.
    #[must_use]
    #[inline]
    pub fn is_identity(&self) -> bool {
        self.zz.is_zero()
    }

    /// The point added to itself.
    #[must_use]
    pub fn double(self) -> Self {
        if self.is_identity() {
            return self;
        }
        let u = self.y.double();
        let v = u.square();
        let w = u * v;
        let s = self.x * v;
        let x_squared = self.x.square();
        let m = x_squared.double() + x_squared;
        let x = m.square() - s.double();
        // u is not 0: a group of odd order has no point with y = 0.
        Self { x, y: m * (s - x) - w * self.y, zz: v * self.zz, zzz: w * self.zzz }
    }

    /// The sum with a point in affine coordinates.
    #[must_use]
    pub fn add_affine(self, other: Affine<C>) -> Self {
        if other.is_identity() {
            return self;
        }
        if self.is_identity() {
            return Self::from(other);
        }
        let p = other.x * self.zz - self.x;
        let r = other.y * self.zzz - self.y;
        if p.is_zero() {
            return if r.is_zero() { self.double() } else { Self::IDENTITY };
        }
        let pp = p.square();
        let ppp = p * pp;
        let q = self.x * pp;
        let x = r.square() - ppp - q.double();
        Self { x, y: r * (q - x) - self.y * ppp, zz: self.zz * pp, zzz: self.zzz * ppp }
    }

    /// The point in affine coordinates. One inversion; [`Kernels::normalize`](crate::Kernels::normalize)
    /// shares it among many points.
    #[must_use]
    pub fn to_affine(&self) -> Affine<C> {
        self.zzz.invert().map_or(Affine::IDENTITY, |inverse| self.scaled_down(inverse))
    }

    /// The point in affine coordinates, given 1/ZZZ.
    pub(crate) fn scaled_down(&self, zzz_inverse: Fp<C::Base>) -> Affine<C> {
        // (ZZ/ZZZ)² = ZZ²/ZZ³ = 1/ZZ.
        let z_inverse = self.zz * zzz_inverse;
        Affine { x: self.x * z_inverse.square(), y: self.y * zzz_inverse }
    }

    /// The point added to itself `scalar` times, by double and add: for tests and single points.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "an operator would suggest that this is the fast way")]
    pub fn mul(self, scalar: Fp<C::Scalar>) -> Self {
        let limbs = scalar.to_canonical();
        let bits = limbs.iter().rev().flat_map(|limb| (0..64).rev().map(move |bit| limb >> bit & 1 == 1));
        bits.skip_while(|set| !set).fold(Self::IDENTITY, |sum, set| {
            let doubled = sum.double();
            if set { doubled + self } else { doubled }
        })
    }
}

impl<C: CurveSpec> Clone for Projective<C> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<C: CurveSpec> Copy for Projective<C> {}

// SAFETY: four elements, which may be zero.
unsafe impl<C: CurveSpec> Zeroable for Projective<C> {}

// SAFETY: four elements of the same type, without padding between or within them.
unsafe impl<C: CurveSpec> NoUninit for Projective<C> {}

// SAFETY: elements may have any bits as far as memory is concerned, and need not be on the curve.
unsafe impl<C: CurveSpec> AnyBitPattern for Projective<C> {}

impl<C: CurveSpec> Default for Projective<C> {
    fn default() -> Self {
        Self::IDENTITY
    }
}

/// Equality of the points, whatever their coordinates.
impl<C: CurveSpec> PartialEq for Projective<C> {
    fn eq(&self, other: &Self) -> bool {
        if self.is_identity() || other.is_identity() {
            return self.is_identity() == other.is_identity();
        }
        self.x * other.zz == other.x * self.zz && self.y * other.zzz == other.y * self.zzz
    }
}

impl<C: CurveSpec> Eq for Projective<C> {}

impl<C: CurveSpec> fmt::Debug for Projective<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_affine().fmt(f)
    }
}

impl<C: CurveSpec> From<Affine<C>> for Projective<C> {
    fn from(point: Affine<C>) -> Self {
        if point.is_identity() {
            return Self::IDENTITY;
        }
        Self { x: point.x, y: point.y, zz: Fp::ONE, zzz: Fp::ONE }
    }
}

impl<C: CurveSpec> Neg for Projective<C> {
    type Output = Self;
    fn neg(self) -> Self {
        Self { y: -self.y, ..self }
    }
}

impl<C: CurveSpec> Add for Projective<C> {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        if self.is_identity() {
            return other;
        }
        if other.is_identity() {
            return self;
        }
        let (u1, u2) = (self.x * other.zz, other.x * self.zz);
        let (s1, s2) = (self.y * other.zzz, other.y * self.zzz);
        let (p, r) = (u2 - u1, s2 - s1);
        if p.is_zero() {
            return if r.is_zero() { self.double() } else { Self::IDENTITY };
        }
        let pp = p.square();
        let ppp = p * pp;
        let q = u1 * pp;
        let x = r.square() - ppp - q.double();
        Self { x, y: r * (q - x) - s1 * ppp, zz: self.zz * other.zz * pp, zzz: self.zzz * other.zzz * ppp }
    }
}

impl<C: CurveSpec> AddAssign for Projective<C> {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl<C: CurveSpec> Sum for Projective<C> {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::IDENTITY, Add::add)
    }
}
