//! Affine additions of many pairs of points, one inversion for all.

use std::ops::Range;

use super::limbs::{mul_lazy, reduce_once};
use super::prefetch;
use crate::contract::{NEGATIVE, Pairs, PointMemory};
use crate::scratch::{Carver, lines_of};
use crate::{Affine, CurveSpec, FieldSpec, Fp};

/// Working memory of [`add_pairs`].
#[derive(Debug)]
pub(crate) struct PairScratch<'a, S: FieldSpec> {
    /// The denominator of each slope.
    denominators: &'a mut [Fp<S>],
    /// The product of the denominators before.
    products: &'a mut [Fp<S>],
    /// The pairs that are not two different points with different x.
    special: &'a mut [u32],
}

impl<'a, S: FieldSpec> PairScratch<'a, S> {
    /// Lines of memory that this takes.
    pub(crate) fn lines() -> usize {
        2 * lines_of::<Fp<S>>(TOGETHER) + lines_of::<u32>(TOGETHER)
    }

    pub(crate) fn new(carver: &mut Carver<'a>) -> Self {
        Self {
            denominators: carver.cut(TOGETHER),
            products: carver.cut(TOGETHER),
            special: carver.cut(TOGETHER),
        }
    }
}

/// How many pairs ahead of its use a point is asked for from memory.
const AHEAD: usize = 8;

/// How a pair is added.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    /// Different x: the slope is (y2 - y1)/(x2 - x1).
    Chord,
    /// Equal points: the slope is 3x²/2y.
    Tangent,
    /// The sum needs no inversion.
    Settled,
}

/// Pairs that share an inversion.
const TOGETHER: usize = 1024;

/// Adds the points of each pair.
///
/// Five multiplications and a squaring a pair: one for the products of the denominators, two to
/// take an inverse back out of them (Montgomery's trick), two and the squaring for the point.
pub(crate) fn add_pairs<C: CurveSpec>(
    memory: &mut impl PointMemory<C>,
    pairs: &Pairs<'_>,
    scratch: &mut PairScratch<'_, C::Base>,
) {
    for start in (0..pairs.len()).step_by(TOGETHER) {
        add_together(memory, pairs, start..(start + TOGETHER).min(pairs.len()), scratch);
    }
}

#[inline(always)]
fn at<C: CurveSpec>(memory: &impl PointMemory<C>, place: u32) -> &Affine<C> {
    &memory.points()[(place & !NEGATIVE) as usize]
}

/// A product that is not reduced. A chain of them stays below 1.6p, as p is at most 2^254 and a little.
#[inline(always)]
fn lazy_product<S: FieldSpec>(a: Fp<S>, b: Fp<S>) -> Fp<S> {
    Fp::from_raw(mul_lazy::<S>(a.0, b.0))
}

#[inline(always)]
fn add_together<C: CurveSpec>(
    memory: &mut impl PointMemory<C>,
    pairs: &Pairs<'_>,
    range: Range<usize>,
    scratch: &mut PairScratch<'_, C::Base>,
) {
    let PairScratch { denominators, products, special } = scratch;
    let (start, mut product) = (range.start, Fp::<C::Base>::ONE);
    let (denominators, products) = (&mut denominators[..range.len()], &mut products[..range.len()]);
    // How many there are.
    let mut unusual_pairs = 0;
    for (index, (to, before)) in range.zip(denominators.iter_mut().zip(products.iter_mut())) {
        if let Some(later) = pairs.get(index + AHEAD) {
            prefetch(at(memory, later.left));
            prefetch(at(memory, later.right));
        }
        let Some(pair) = pairs.get(index) else { break };
        let (p, q) = (at(memory, pair.left), at(memory, pair.right));
        let mut denominator = q.x - p.x;
        // The identity has x = 0, so these three tests find every unusual pair.
        if denominator.is_zero() | p.x.is_zero() | q.x.is_zero() {
            denominator = unusual(memory.pair(pair)).1;
            special[unusual_pairs] = index as u32;
            unusual_pairs += 1;
        }
        (*to, *before) = (denominator, product);
        product = lazy_product(product, denominator);
    }
    let mut inverse = Fp::from_raw(reduce_once(product.0, C::Base::MODULUS)).invert().unwrap_or_default();
    for (step, (&denominator, &product)) in denominators.iter().zip(products.iter()).enumerate().rev() {
        let index = start + step;
        let Some(pair) = pairs.get(index) else { break };
        let [p, q] = memory.pair(pair);
        let reciprocal = lazy_product(inverse, product);
        inverse = lazy_product(inverse, denominator);
        let mut numerator = q.y - p.y;
        if special[..unusual_pairs].last() == Some(&(index as u32)) {
            unusual_pairs -= 1;
            match unusual([p, q]).0 {
                Case::Chord => {}
                Case::Tangent => {
                    let square = p.x.square();
                    numerator = square.double() + square;
                }
                Case::Settled => {
                    memory.sums()[pair.target as usize] = settled([p, q]);
                    continue;
                }
            }
        }
        let slope = reciprocal * numerator;
        let x = slope.square() - p.x - q.x;
        memory.sums()[pair.target as usize] = Affine { x, y: slope * (p.x - x) - p.y };
    }
}

/// The case of a pair, and its denominator: 1 if there is none.
#[cold]
pub(crate) fn unusual<C: CurveSpec>([p, q]: [Affine<C>; 2]) -> (Case, Fp<C::Base>) {
    if p.is_identity() || q.is_identity() {
        return (Case::Settled, Fp::ONE);
    }
    match (p.x == q.x, p.y == q.y) {
        (false, _) => (Case::Chord, q.x - p.x),
        // Not 0: a group of odd order has no point with y = 0.
        (true, true) => (Case::Tangent, p.y.double()),
        (true, false) => (Case::Settled, Fp::ONE),
    }
}

/// The sum of a settled pair.
#[cold]
pub(crate) fn settled<C: CurveSpec>([p, q]: [Affine<C>; 2]) -> Affine<C> {
    match (p.is_identity(), q.is_identity()) {
        (true, _) => q,
        (_, true) => p,
        _ => Affine::IDENTITY,
    }
}
