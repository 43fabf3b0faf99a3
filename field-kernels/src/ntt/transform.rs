//! The portable transform.
//!
//! Layer by layer, X^(2t) - r^2 splits into X^t - r and X^t + r: a block of 2t values becomes two
//! blocks of t (Cooley and Tukey's butterflies with r constant over a block, so that each twiddle is
//! loaded once and in order). Values come out in bit-reversed order.
//!
//! Between layers, values are only kept below 4p (Harvey, "Faster arithmetic for number-theoretic
//! transforms", 2014, section 3): the upper input is brought below 2p, the product of the lower one
//! is below 2p by itself, so sum and difference + 2p are below 4p, which is below 2^256.

use parhelion_scheduler::{Executor, ExecutorExt, checkpoint};

use super::Kind;
use crate::parallel::{for_each_chunk_mut, for_each_two_chunks_mut};
use crate::poly::powers;
use crate::scalar::Scalar;
use crate::scalar::limbs::{add, add_limbs, mul_lazy, reduce_once, sub, sub_limbs};
use crate::scratch::{Carver, lines_of};
use crate::{Domain, FieldSpec, Fp};

/// Blocks of this many values fit the first-level cache; larger ones are split depth first.
const CACHED: usize = 1 << 10;

/// Transforms shorter than this stay on one thread.
const MIN_PARALLEL: usize = 1 << 12;

/// 2p.
#[inline(always)]
fn twice<S: FieldSpec>() -> [u64; 4] {
    add_limbs(S::MODULUS, S::MODULUS).0
}

/// Whether four times the modulus fits four limbs, which the above rests on. That of Pasta's fields does
/// not, by a little.
const fn fits<S: FieldSpec>() -> bool {
    S::MODULUS[3] < 1 << 62
}

/// A value below 4p.
type Lazy<S> = Fp<S>;

/// (u + v w, u - v w), for u and v below 4p and a reduced w.
#[inline(always)]
fn butterfly<S: FieldSpec>(u: &mut Lazy<S>, v: &mut Lazy<S>, w: Fp<S>) {
    let lower = mul_lazy::<S>(v.0, w.0);
    combine(u, v, lower);
}

/// (u + v, u - v).
#[inline(always)]
fn plain_butterfly<S: FieldSpec>(u: &mut Lazy<S>, v: &mut Lazy<S>) {
    let lower = reduce_once(v.0, twice::<S>());
    combine(u, v, lower);
}

/// Sum and difference of u and `lower`, which is below 2p, in the places of u and v.
#[inline(always)]
fn combine<S: FieldSpec>(u: &mut Lazy<S>, v: &mut Lazy<S>, lower: [u64; 4]) {
    if const { !fits::<S>() } {
        // No room for lazy values: all are kept below p.
        let lower = reduce_once(lower, S::MODULUS);
        (u.0, v.0) = (add::<S>(u.0, lower), sub::<S>(u.0, lower));
        return;
    }
    let twice = twice::<S>();
    let upper = reduce_once(u.0, twice);
    debug_assert!(sub_limbs(lower, twice).1, "a product below 2p");
    u.0 = add_limbs(upper, lower).0;
    v.0 = add_limbs(sub_limbs(upper, lower).0, twice).0;
}

/// From below 4p to below p.
#[inline(always)]
fn reduce<S: FieldSpec>(value: &mut Lazy<S>) {
    value.0 = reduce_once(reduce_once(value.0, twice::<S>()), S::MODULUS);
}

/// One layer over a block: splits it in two.
fn layer<S: FieldSpec>(upper: &mut [Lazy<S>], lower: &mut [Lazy<S>], twiddle: Fp<S>, trivial: bool) {
    let pairs = upper.iter_mut().zip(lower);
    if trivial {
        pairs.for_each(|(u, v)| plain_butterfly(u, v));
    } else {
        pairs.for_each(|(u, v)| butterfly(u, v, twiddle));
    }
}

/// Two layers over block `index` of its layer at once: splits it in four, each value loaded once.
fn two_layers<S: FieldSpec>(block: &mut [Lazy<S>], index: usize, twiddles: &[Fp<S>]) {
    let quarter = block.len() / 4;
    let (upper, lower) = block.split_at_mut(2 * quarter);
    let ((a, b), (c, d)) = (upper.split_at_mut(quarter), lower.split_at_mut(quarter));
    let values = a.iter_mut().zip(b).zip(c.iter_mut().zip(d));
    if index == 0 {
        let quarter_turn = twiddles[1];
        for ((a, b), (c, d)) in values {
            plain_butterfly(a, c);
            plain_butterfly(b, d);
            plain_butterfly(a, b);
            butterfly(c, d, quarter_turn);
        }
    } else {
        let (first, left, right) = (twiddles[index], twiddles[2 * index], twiddles[2 * index + 1]);
        for ((a, b), (c, d)) in values {
            butterfly(a, c, first);
            butterfly(b, d, first);
            butterfly(a, b, left);
            butterfly(c, d, right);
        }
    }
}

/// All remaining layers of block `index`, on one thread. Values stay below 4p.
fn block_layers<S: FieldSpec>(block: &mut [Lazy<S>], index: usize, twiddles: &[Fp<S>]) {
    if block.len() > CACHED {
        checkpoint();
        two_layers(block, index, twiddles);
        let quarter = block.len() / 4;
        for (part, block) in block.chunks_mut(quarter).enumerate() {
            block_layers(block, 4 * index + part, twiddles);
        }
        return;
    }
    let (mut blocks, mut len) = (1, block.len());
    while len >= 4 {
        for (part, block) in block.chunks_mut(len).enumerate() {
            two_layers(block, blocks * index + part, twiddles);
        }
        (blocks, len) = (4 * blocks, len / 4);
    }
    if len == 2 {
        for (part, pair) in block.chunks_mut(2).enumerate() {
            let (upper, lower) = pair.split_at_mut(1);
            let index = blocks * index + part;
            layer(upper, lower, twiddles[index], index == 0);
        }
    }
}

/// Coefficients to values in bit-reversed order, reduced.
fn transform<S: FieldSpec>(executor: &dyn Executor, values: &mut [Fp<S>], twiddles: &[Fp<S>]) {
    let threads = executor.threads();
    if threads == 1 || values.len() < MIN_PARALLEL {
        block_layers(values, 0, twiddles);
        values.iter_mut().for_each(reduce);
        return;
    }
    // A few layers across all threads, until there is a block or two for each.
    let (mut blocks, mut len) = (1, values.len());
    while blocks < 2 * threads && len > CACHED {
        for (index, block) in values.chunks_mut(len).enumerate() {
            let (upper, lower) = block.split_at_mut(len / 2);
            let piece = executor.chunk_len(len / 2, CACHED / 2);
            for_each_two_chunks_mut(executor, (upper, piece), (lower, piece), |_, upper, lower| {
                layer(upper, lower, twiddles[index], index == 0);
            });
        }
        (blocks, len) = (2 * blocks, len / 2);
    }
    for_each_chunk_mut(executor, values, len, |index, block| {
        block_layers(block, index, twiddles);
        block.iter_mut().for_each(reduce);
    });
}

/// Swaps every value with the one at the bit-reversed position.
fn bit_reverse<T>(values: &mut [T]) {
    if values.len() < 4 {
        return;
    }
    let shift = usize::BITS - values.len().trailing_zeros();
    for i in 1..values.len() {
        let j = i.reverse_bits() >> shift;
        if i < j {
            values.swap(i, j);
        }
    }
}

/// A kind of transform with what all columns share.
#[derive(Debug)]
pub(crate) struct Transform<'a, S: FieldSpec> {
    domain: &'a Domain<S>,
    kind: Kind<S>,
    /// What the coefficients are multiplied by where that is not the same for all.
    factors: &'a [Fp<S>],
}

impl<'a, S: FieldSpec> Transform<'a, S> {
    /// Lines of memory that a transform of this kind takes.
    pub(crate) fn lines(domain: &Domain<S>, kind: Kind<S>) -> usize {
        match kind {
            Kind::Forward | Kind::Inverse => 0,
            Kind::ForwardOnCoset(_) | Kind::InverseOnCoset(_) => lines_of::<Fp<S>>(domain.size()),
        }
    }

    pub(crate) fn new(
        executor: &dyn Executor,
        carver: &mut Carver<'a>,
        domain: &'a Domain<S>,
        kind: Kind<S>,
    ) -> Self {
        // f(s·X) has the coefficients c_i·s^i.
        let (base, first) = match kind {
            Kind::Forward | Kind::Inverse => return Self { domain, kind, factors: &[] },
            Kind::ForwardOnCoset(shift) => (shift, Fp::ONE),
            Kind::InverseOnCoset(shift_inv) => (shift_inv, domain.size_inv()),
        };
        let factors = carver.cut(domain.size());
        powers(Scalar::new(), executor, base, first, factors);
        Self { domain, kind, factors }
    }

    /// Transforms `from`, or what `out` holds if there is none, into `out`.
    pub(crate) fn run(&self, executor: &dyn Executor, from: Option<&[Fp<S>]>, out: &mut [Fp<S>]) {
        match (self.kind, from) {
            (Kind::ForwardOnCoset(_), Some(from)) => {
                let products = from.iter().zip(self.factors);
                out.iter_mut().zip(products).for_each(|(value, (from, factor))| *value = *from * *factor);
            }
            (Kind::ForwardOnCoset(_), None) => scale_each(out, self.factors),
            (_, Some(from)) => out.copy_from_slice(from),
            (_, None) => {}
        }
        transform(executor, out, self.domain.twiddles());
        bit_reverse(out);
        if let Kind::Inverse | Kind::InverseOnCoset(_) = self.kind {
            // Evaluating at ω^-i is evaluating at ω^i in another order.
            out[1..].reverse();
        }
        match self.kind {
            Kind::Inverse => out.iter_mut().for_each(|value| *value *= self.domain.size_inv()),
            Kind::InverseOnCoset(_) => scale_each(out, self.factors),
            _ => {}
        }
    }
}

fn scale_each<S: FieldSpec>(values: &mut [Fp<S>], factors: &[Fp<S>]) {
    values.iter_mut().zip(factors).for_each(|(value, factor)| *value *= *factor);
}
