//! The element type of every field.

use std::marker::PhantomData;

use bytemuck::{AnyBitPattern, NoUninit, Zeroable};

use super::{FieldSpec, invert};
use crate::scalar::limbs;

/// An element of the prime field `S`, in Montgomery form: the limbs hold a·2^256 mod p, least
/// significant first, and are always less than p.
///
/// The layout is that of `[u64; 4]`, so a slice of elements is a slice of limbs
/// ([`as_limbs`](Self::as_limbs)). Running times depend on the values.
#[repr(transparent)]
pub struct Fp<S>(pub(crate) [u64; 4], pub(crate) PhantomData<S>);

// SAFETY: zero is an element, and its limbs are zeros.
unsafe impl<S: FieldSpec> Zeroable for Fp<S> {}

// SAFETY: as transparent as it is, `Fp` is four words: no padding, and nothing that could not be
// copied or shared.
unsafe impl<S: FieldSpec> NoUninit for Fp<S> {}

// SAFETY: any bytes are four words. Words of p or more are no element, and what is computed from
// them is unspecified, but no memory access depends on the bound. The trait is there for memory that
// is written before it is read.
unsafe impl<S: FieldSpec> AnyBitPattern for Fp<S> {}

impl<S> Fp<S> {
    pub(crate) const fn from_raw(limbs: [u64; 4]) -> Self {
        Self(limbs, PhantomData)
    }

    /// The additive identity.
    pub const ZERO: Self = Self::from_raw([0; 4]);
}

impl<S: FieldSpec> Fp<S> {
    /// The multiplicative identity.
    pub const ONE: Self = Self::from_raw(S::R);

    /// The element `value` mod p.
    #[must_use]
    pub fn from_u64(value: u64) -> Self {
        Self::from_raw(limbs::mul::<S>([value, 0, 0, 0], S::R2))
    }

    /// The element equal to the integer `limbs`, or `None` if that is not less than p.
    #[must_use]
    pub fn from_canonical(limbs: [u64; 4]) -> Option<Self> {
        limbs::less_than(limbs, S::MODULUS).then(|| Self::from_raw(limbs::mul::<S>(limbs, S::R2)))
    }

    /// The integer in 0..p that the element stands for.
    #[must_use]
    #[inline]
    pub fn to_canonical(self) -> [u64; 4] {
        limbs::from_montgomery::<S>(self.0)
    }

    /// The element whose Montgomery form is `limbs`, or `None` if that is not less than p.
    #[must_use]
    pub fn from_montgomery(limbs: [u64; 4]) -> Option<Self> {
        limbs::less_than(limbs, S::MODULUS).then(|| Self::from_raw(limbs))
    }

    /// The Montgomery form, a·2^256 mod p.
    #[must_use]
    #[inline]
    pub fn to_montgomery(self) -> [u64; 4] {
        self.0
    }

    /// The element times itself.
    #[must_use]
    #[inline]
    pub fn square(self) -> Self {
        Self::from_raw(limbs::square::<S>(self.0))
    }

    /// Twice the element.
    #[must_use]
    #[inline]
    pub fn double(self) -> Self {
        Self::from_raw(limbs::add::<S>(self.0, self.0))
    }

    /// The element's negative if `negative`, otherwise the element, without a branch.
    #[inline(always)]
    pub(crate) fn negate_if(self, negative: bool) -> Self {
        let negated = limbs::sub::<S>([0; 4], self.0);
        Self::from_raw(std::array::from_fn(|i| if negative { negated[i] } else { self.0[i] }))
    }

    /// The element raised to `exponent`; 0^0 is 1.
    #[must_use]
    pub fn pow(self, exponent: u64) -> Self {
        self.pow_limbs(&[exponent])
    }

    /// The element raised to an exponent given as 64-bit limbs, least significant first; 0^0 is 1.
    #[must_use]
    pub fn pow_limbs(self, exponent: &[u64]) -> Self {
        let bits = exponent.iter().rev().flat_map(|limb| (0..64).rev().map(move |bit| limb >> bit & 1 == 1));
        bits.skip_while(|set| !set).fold(Self::ONE, |power, set| {
            let squared = power.square();
            if set { squared * self } else { squared }
        })
    }

    /// The multiplicative inverse, or `None` for 0.
    #[must_use]
    pub fn invert(self) -> Option<Self> {
        if self.is_zero() {
            return None;
        }
        // R²/(a·R) is the Montgomery form of 1/a.
        Some(Self::from_raw(invert::invert(self.0, S::R2, S::MODULUS, S::NEG_INV)))
    }

    /// Whether this is the additive identity.
    #[must_use]
    #[inline]
    pub fn is_zero(self) -> bool {
        self.0 == [0; 4]
    }

    /// An element of order 2^k: [`FieldSpec::ROOT_OF_UNITY`] squared until it has that order, as halo2
    /// derives the generator of its evaluation domains. `None` if the field has no such element.
    #[must_use]
    pub fn root_of_unity(k: u32) -> Option<Self> {
        let root = Self::from_canonical(S::ROOT_OF_UNITY)?;
        (k <= S::TWO_ADICITY).then(|| (k..S::TWO_ADICITY).fold(root, |root, _| root.square()))
    }

    /// [`FieldSpec::DELTA`]: halo2 tells the columns of a permutation apart by its powers.
    #[must_use]
    pub fn delta() -> Self {
        Self::from_raw(limbs::mul::<S>(S::DELTA, S::R2))
    }

    /// [`FieldSpec::GENERATOR`].
    #[must_use]
    pub fn generator() -> Self {
        Self::from_raw(limbs::mul::<S>(S::GENERATOR, S::R2))
    }

    /// The Montgomery forms of a slice of elements, in place.
    #[must_use]
    pub fn as_limbs(values: &[Self]) -> &[[u64; 4]] {
        // SAFETY: `Fp` is `repr(transparent)` over `[u64; 4]`, so the layouts are the same, and any
        // element is a valid array.
        unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), values.len()) }
    }

    /// The Montgomery forms of a slice of elements, to be written in place.
    ///
    /// # Safety
    /// When the borrow ends, every item must be less than p again.
    #[must_use]
    pub unsafe fn as_limbs_mut(values: &mut [Self]) -> &mut [[u64; 4]] {
        // SAFETY: the layouts are the same, see `as_limbs`; the caller upholds the bound on values.
        unsafe { std::slice::from_raw_parts_mut(values.as_mut_ptr().cast(), values.len()) }
    }

    /// A slice of Montgomery forms seen as elements, unchecked.
    ///
    /// # Safety
    /// Every item must be less than p. (A larger one breaks no memory; results computed from it are
    /// unspecified.)
    #[must_use]
    pub unsafe fn from_limbs_unchecked(limbs: &[[u64; 4]]) -> &[Self] {
        // SAFETY: the layouts are the same, see `as_limbs`; the caller upholds the bound on values.
        unsafe { std::slice::from_raw_parts(limbs.as_ptr().cast(), limbs.len()) }
    }
}
