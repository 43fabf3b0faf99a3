//! Sums of products, reduced once.

use std::marker::PhantomData;

use super::lazy::{Bounds, canonical, shrink};
use super::limbs::{add_limbs, reduce_once, reduce_word, row};
use crate::FieldSpec;

/// a·b.
#[inline(always)]
pub(super) fn multiply(a: [u64; 4], b: [u64; 4]) -> [u64; 8] {
    let [t0, r0, r1, r2, r3] = row(a[0], b);
    let [t1, r0, r1, r2, r3] = add_row([r0, r1, r2, r3], row(a[1], b));
    let [t2, r0, r1, r2, r3] = add_row([r0, r1, r2, r3], row(a[2], b));
    let [t3, t4, t5, t6, t7] = add_row([r0, r1, r2, r3], row(a[3], b));
    [t0, t1, t2, t3, t4, t5, t6, t7]
}

/// `t + row`, which is less than 2^320 as part of a product.
#[inline(always)]
fn add_row(t: [u64; 4], row: [u64; 5]) -> [u64; 5] {
    let (sum, carry) = add_limbs(t, [row[0], row[1], row[2], row[3]]);
    [sum[0], sum[1], sum[2], sum[3], row[4] + u64::from(carry)]
}

/// A sum of products of elements, not reduced.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sum<S>([u64; 8], PhantomData<S>);

impl<S: FieldSpec> Sum<S> {
    pub(super) const ZERO: Self = Self([0; 8], PhantomData);

    /// How many products can be added after [`ZERO`](Self::ZERO) or [`fold`](Self::fold): the upper
    /// half is then less than p + p/2^50 < m·2^192, where m is the modulus's top limb plus 1, and each
    /// product less than m²·2^384.
    pub(super) const ROOM: usize = {
        let m = S::MODULUS[3] as u128 + 1;
        ((u128::MAX - (m << 64)) / (m * m)) as usize
    };

    /// The sum plus a·b.
    #[inline(always)]
    pub(super) fn add(self, a: [u64; 4], b: [u64; 4]) -> Self {
        let product = multiply(a, b);
        let (low, high) = (Self::half(&self.0, 0), Self::half(&self.0, 4));
        let (low, carry) = add_limbs(low, Self::half(&product, 0));
        let [p4, p5, p6, p7] = Self::half(&product, 4);
        let (t4, c) = high[0].carrying_add(p4, carry);
        let (t5, c) = high[1].carrying_add(p5, c);
        let (t6, c) = high[2].carrying_add(p6, c);
        let (t7, _) = high[3].carrying_add(p7, c);
        Self([low[0], low[1], low[2], low[3], t4, t5, t6, t7], PhantomData)
    }

    /// The same sum mod p·2^256, with [`ROOM`](Self::ROOM) for more.
    #[inline(always)]
    pub(super) fn fold(self) -> Self {
        let ([t0, t1, t2, t3], [t4, t5, t6, t7]) =
            (Self::half(&self.0, 0), shrink::<S>(Self::half(&self.0, 4)));
        Self([t0, t1, t2, t3, t4, t5, t6, t7], PhantomData)
    }

    /// The sum divided by 2^256 mod p: what adding Montgomery products would have given.
    #[inline(always)]
    pub(super) fn reduce(self) -> [u64; 4] {
        let [t0, t1, t2, t3] = Self::half(&self.0, 0);
        let [t0, t1, t2, t3] = reduce_word::<S>([t0, t1, t2, t3, 0]);
        let [t0, t1, t2, t3] = reduce_word::<S>([t0, t1, t2, t3, 0]);
        let [t0, t1, t2, t3] = reduce_word::<S>([t0, t1, t2, t3, 0]);
        // At most p, and the other summand less than p.
        let low = reduce_word::<S>([t0, t1, t2, t3, 0]);
        let high = canonical::<S>(Self::half(&self.0, 4));
        reduce_once(add_limbs(low, high).0, S::MODULUS)
    }

    #[inline(always)]
    fn half(limbs: &[u64; 8], at: usize) -> [u64; 4] {
        [limbs[at], limbs[at + 1], limbs[at + 2], limbs[at + 3]]
    }
}

const _: () = assert!(Bounds::<crate::Bn254FrSpec>::HEADROOM == 5);
