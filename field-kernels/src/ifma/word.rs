//! Eight 64-bit integers in a 512-bit register, and the few instructions the backend is made of.

use std::arch::x86_64::*;
use std::ops::{Add, BitAnd, BitOr, Sub};

use super::Ifma;

/// Eight 64-bit integers; arithmetic wraps.
///
/// A value of this type proves that the CPU has the features of [`Ifma`]: only that token makes one
/// from nothing. That is what every SAFETY comment below rests on. For speed, everything that
/// touches words must be inlined into a function compiled with these features.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub(super) struct Word(__m512i);

/// Lanes 2, 3, 6 and 7.
const ODD_PAIRS: u8 = 0b1100_1100;

impl Ifma {
    /// The token that `word` proves.
    #[inline(always)]
    pub(super) fn of(_word: Word) -> Self {
        Self(())
    }

    /// `value` in every lane.
    #[inline(always)]
    pub(super) fn splat(self, value: u64) -> Word {
        // SAFETY: the token proves the features.
        Word(unsafe { _mm512_set1_epi64(value as i64) })
    }

    /// One value a lane.
    #[inline(always)]
    pub(super) fn load(self, values: &[u64; 8]) -> Word {
        // SAFETY: the token proves the features; the reference covers the 64 bytes that are read,
        // and this load asks for no alignment.
        Word(unsafe { _mm512_loadu_si512(values.as_ptr().cast()) })
    }

    /// The highest bits of eight values of 32 bits.
    #[inline(always)]
    pub(super) fn highest_bits(self, values: &[u32; 8]) -> u8 {
        // SAFETY: the token proves the features; the reference covers the 32 bytes that are read.
        unsafe { _mm256_movepi32_mask(_mm256_loadu_si256(values.as_ptr().cast())) }
    }

    /// The two arrays, one after the other.
    #[inline(always)]
    pub(super) fn load_halves(self, low: &[u64; 4], high: &[u64; 4]) -> Word {
        // SAFETY: as for `load`, 32 bytes each.
        unsafe {
            let low = _mm512_castsi256_si512(_mm256_loadu_si256(low.as_ptr().cast()));
            Word(_mm512_inserti64x4::<1>(low, _mm256_loadu_si256(high.as_ptr().cast())))
        }
    }
}

impl Word {
    /// Writes one lane after the other.
    #[inline(always)]
    pub(super) fn store(self, to: &mut [u64; 8]) {
        // SAFETY: a word proves the features; the reference covers the 64 bytes that are written,
        // and this store asks for no alignment.
        unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), self.0) }
    }

    /// Writes the lower four lanes and the upper four.
    #[inline(always)]
    pub(super) fn store_halves(self, low: &mut [u64; 4], high: &mut [u64; 4]) {
        // SAFETY: as for `store`, 32 bytes each.
        unsafe {
            _mm256_storeu_si256(low.as_mut_ptr().cast(), _mm512_castsi512_si256(self.0));
            _mm256_storeu_si256(high.as_mut_ptr().cast(), _mm512_extracti64x4_epi64::<1>(self.0));
        }
    }

    /// 0 in every lane.
    #[inline(always)]
    pub(super) fn zero(self) -> Self {
        // SAFETY: a word proves the features.
        Self(unsafe { _mm512_setzero_si512() })
    }

    /// self + the low 52 bits of the product of the low 52 bits of `a` and `b`.
    #[inline(always)]
    pub(super) fn add_low(self, a: Self, b: Self) -> Self {
        // SAFETY: a word proves the features.
        Self(unsafe { _mm512_madd52lo_epu64(self.0, a.0, b.0) })
    }

    /// self + the bits from 52 on of the product of the low 52 bits of `a` and `b`.
    #[inline(always)]
    pub(super) fn add_high(self, a: Self, b: Self) -> Self {
        // SAFETY: a word proves the features.
        Self(unsafe { _mm512_madd52hi_epu64(self.0, a.0, b.0) })
    }

    /// self·2^BITS.
    #[inline(always)]
    pub(super) fn shl<const BITS: u32>(self) -> Self {
        // SAFETY: a word proves the features.
        Self(unsafe { _mm512_slli_epi64::<BITS>(self.0) })
    }

    /// ⌊self/2^BITS⌋ of unsigned lanes.
    #[inline(always)]
    pub(super) fn shr<const BITS: u32>(self) -> Self {
        // SAFETY: a word proves the features.
        Self(unsafe { _mm512_srli_epi64::<BITS>(self.0) })
    }

    /// ⌊self/2^BITS⌋ of signed lanes.
    #[inline(always)]
    pub(super) fn sar<const BITS: u32>(self) -> Self {
        // SAFETY: a word proves the features.
        Self(unsafe { _mm512_srai_epi64::<BITS>(self.0) })
    }

    /// The low 64 bits of the 128-bit number high:self, shifted right by BITS.
    #[inline(always)]
    pub(super) fn shr_pair<const BITS: i32>(self, high: Self) -> Self {
        // SAFETY: a word proves the features.
        Self(unsafe { _mm512_shrdi_epi64::<BITS>(self.0, high.0) })
    }

    /// Lanes 0, 2, 4, 6 of each, alternating.
    #[inline(always)]
    pub(super) fn even_lanes(self, other: Self) -> Self {
        // SAFETY: a word proves the features.
        Self(unsafe { _mm512_unpacklo_epi64(self.0, other.0) })
    }

    /// Lanes 1, 3, 5, 7 of each, alternating.
    #[inline(always)]
    pub(super) fn odd_lanes(self, other: Self) -> Self {
        // SAFETY: a word proves the features.
        Self(unsafe { _mm512_unpackhi_epi64(self.0, other.0) })
    }

    /// Pairs of lanes 0 and 1, and 4 and 5, of self and of `other`, alternating.
    #[inline(always)]
    pub(super) fn even_pairs(self, other: Self) -> Self {
        // SAFETY: a word proves the features.
        Self(unsafe { _mm512_mask_shuffle_i64x2::<0b10_00_00_00>(self.0, ODD_PAIRS, other.0, other.0) })
    }

    /// Pairs of lanes 2 and 3, and 6 and 7, of self and of `other`, alternating.
    #[inline(always)]
    pub(super) fn odd_pairs(self, other: Self) -> Self {
        // SAFETY: a word proves the features.
        Self(unsafe { _mm512_mask_shuffle_i64x2::<0b00_11_00_01>(other.0, !ODD_PAIRS, self.0, self.0) })
    }

    /// self, with pairs of lanes 2 and 3, and 6 and 7, from memory.
    #[inline(always)]
    pub(super) fn with_odd_pairs(self, values: &[u64; 8]) -> Self {
        // SAFETY: a word proves the features; the reference covers the 64 bytes that are read at most.
        Self(unsafe { _mm512_mask_loadu_epi64(self.0, ODD_PAIRS, values.as_ptr().cast()) })
    }

    /// Pairs of lanes chosen by SELECT: two from self, then two from `other`, two bits each.
    #[inline(always)]
    pub(super) fn pairs<const SELECT: i32>(self, other: Self) -> Self {
        // SAFETY: a word proves the features.
        Self(unsafe { _mm512_shuffle_i64x2::<SELECT>(self.0, other.0) })
    }

    /// The lanes in which signed self is less than signed `other`, as bits.
    #[inline(always)]
    pub(super) fn less_than(self, other: Self) -> u8 {
        // SAFETY: a word proves the features.
        unsafe { _mm512_cmplt_epi64_mask(self.0, other.0) }
    }

    /// The lanes in which unsigned self is less than unsigned `other`, as bits.
    #[inline(always)]
    pub(super) fn less_than_unsigned(self, other: Self) -> u8 {
        // SAFETY: a word proves the features.
        unsafe { _mm512_cmplt_epu64_mask(self.0, other.0) }
    }

    /// self + other in the lanes where `mask` has a bit, self where not.
    #[inline(always)]
    pub(super) fn plus_where(self, mask: u8, other: Self) -> Self {
        // SAFETY: a word proves the features.
        Self(unsafe { _mm512_mask_add_epi64(self.0, mask, self.0, other.0) })
    }

    /// self - other in the lanes where `mask` has a bit, self where not.
    #[inline(always)]
    pub(super) fn minus_where(self, mask: u8, other: Self) -> Self {
        // SAFETY: a word proves the features.
        Self(unsafe { _mm512_mask_sub_epi64(self.0, mask, self.0, other.0) })
    }

    /// The larger of unsigned self and unsigned `other`, lane by lane.
    #[inline(always)]
    pub(super) fn max_unsigned(self, other: Self) -> Self {
        // SAFETY: a word proves the features.
        Self(unsafe { _mm512_max_epu64(self.0, other.0) })
    }

    /// The lanes in which self and `other` are equal, as bits.
    #[inline(always)]
    pub(super) fn equal(self, other: Self) -> u8 {
        // SAFETY: a word proves the features.
        unsafe { _mm512_cmpeq_epi64_mask(self.0, other.0) }
    }

    /// The lanes of `other` where `mask` has a bit, of self where not.
    #[inline(always)]
    pub(super) fn replace(self, mask: u8, other: Self) -> Self {
        // SAFETY: a word proves the features.
        Self(unsafe { _mm512_mask_mov_epi64(self.0, mask, other.0) })
    }
}

impl Add for Word {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: a word proves the features.
        Self(unsafe { _mm512_add_epi64(self.0, other.0) })
    }
}

impl Sub for Word {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        // SAFETY: a word proves the features.
        Self(unsafe { _mm512_sub_epi64(self.0, other.0) })
    }
}

impl BitAnd for Word {
    type Output = Self;
    #[inline(always)]
    fn bitand(self, other: Self) -> Self {
        // SAFETY: a word proves the features.
        Self(unsafe { _mm512_and_si512(self.0, other.0) })
    }
}

impl BitOr for Word {
    type Output = Self;
    #[inline(always)]
    fn bitor(self, other: Self) -> Self {
        // SAFETY: a word proves the features.
        Self(unsafe { _mm512_or_si512(self.0, other.0) })
    }
}
