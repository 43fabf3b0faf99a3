//! Sums of groups of affine points, all inversions shared.
//!
//! An affine addition takes one inversion, two multiplications and a squaring. Pairs within a
//! group, and groups among each other, are independent, so a whole batch of pairs shares one
//! inversion at three multiplications a pair (Montgomery's trick): 6 multiplications against the 10
//! of a mixed addition.

use crate::{Affine, CurveSpec, Fp};

/// Pairs per inversion. The batch's 200 bytes a pair stay in the second-level cache, and an
/// inversion is then less than a tenth of the work.
const BATCH: usize = 1024;

/// P + Q, waiting for the inverse of its denominator.
#[derive(Clone, Copy, Debug)]
struct Pending<C: CurveSpec> {
    x1: Fp<C::Base>,
    y1: Fp<C::Base>,
    x2: Fp<C::Base>,
    /// Of the slope of the line through P and Q.
    numerator: Fp<C::Base>,
    denominator: Fp<C::Base>,
    /// Product of all denominators before.
    prefix: Fp<C::Base>,
    target: u32,
}

/// Buffers for summing groups, reused from window to window.
#[derive(Debug)]
pub(super) struct Summer<C: CurveSpec> {
    pending: Vec<Pending<C>>,
    /// Product of all denominators.
    product: Fp<C::Base>,
    /// Points of the round at hand and of the next.
    rounds: [Vec<Affine<C>>; 2],
}

impl<C: CurveSpec> Summer<C> {
    pub(super) fn new() -> Self {
        Self { pending: Vec::with_capacity(BATCH), product: Fp::ONE, rounds: [Vec::new(), Vec::new()] }
    }

    /// Sums each group. `point(i)` is the i-th point; the points of a group are consecutive, and
    /// `sizes` tells how many each group has. The sums of the groups that are not empty are
    /// returned in order; an empty group has none.
    pub(super) fn sum_groups(
        &mut self,
        sizes: &mut Vec<u32>,
        point: impl Fn(usize) -> Affine<C>,
    ) -> &[Affine<C>] {
        sizes.retain(|size| *size > 0);
        let [mut from, mut to] = std::mem::take(&mut self.rounds);
        // The first round reads the points where they are.
        self.round(sizes, point, &mut to);
        std::mem::swap(&mut from, &mut to);
        while from.len() > sizes.len() {
            let source = &from;
            self.round(sizes, |index| source[index], &mut to);
            std::mem::swap(&mut from, &mut to);
        }
        self.rounds = [from, to];
        &self.rounds[0]
    }

    /// Adds neighbours within each group, halving it.
    fn round(&mut self, sizes: &mut [u32], point: impl Fn(usize) -> Affine<C>, out: &mut Vec<Affine<C>>) {
        let halved: usize = sizes.iter().map(|size| size.div_ceil(2) as usize).sum();
        out.clear();
        out.resize(halved, Affine::IDENTITY);
        let (mut read, mut write) = (0, 0);
        for size in sizes.iter_mut() {
            let pairs = *size / 2;
            for _ in 0..pairs {
                self.add(point(read), point(read + 1), write, out);
                read += 2;
                write += 1;
            }
            if *size % 2 == 1 {
                out[write] = point(read);
                read += 1;
                write += 1;
            }
            *size = size.div_ceil(2);
        }
        self.flush(out);
    }

    /// Puts left + right on the list, or in its place if no inversion is needed.
    #[inline]
    fn add(&mut self, left: Affine<C>, right: Affine<C>, target: usize, out: &mut [Affine<C>]) {
        if right.is_identity() {
            out[target] = left;
            return;
        }
        if left.is_identity() {
            out[target] = right;
            return;
        }
        let mut denominator = right.x - left.x;
        let mut numerator = right.y - left.y;
        if denominator.is_zero() {
            if !numerator.is_zero() {
                // P + (-P): the target already is the identity.
                return;
            }
            // Doubling, for curves with a = 0. No point of odd order has y = 0.
            let square = left.x.square();
            numerator = square + square + square;
            denominator = left.y + left.y;
        }
        let (x1, y1, x2, prefix, target) = (left.x, left.y, right.x, self.product, target as u32);
        self.pending.push(Pending { x1, y1, x2, numerator, denominator, prefix, target });
        self.product *= denominator;
        if self.pending.len() == BATCH {
            self.flush(out);
        }
    }

    /// Does the additions on the list.
    fn flush(&mut self, out: &mut [Affine<C>]) {
        if self.pending.is_empty() {
            return;
        }
        // No denominator is zero, so neither is their product.
        let mut inverse = self.product.invert().unwrap_or(Fp::ONE);
        for addition in self.pending.iter().rev() {
            let slope = addition.numerator * (inverse * addition.prefix);
            inverse *= addition.denominator;
            let x = slope.square() - addition.x1 - addition.x2;
            let y = slope * (addition.x1 - x) - addition.y1;
            out[addition.target as usize] = Affine { x, y };
        }
        self.product = Fp::ONE;
        self.pending.clear();
    }
}
