//! Affine additions of many pairs of points, one inversion for all.

use super::prefetch;
use crate::contract::{Pair, PointMemory};

use crate::{Affine, CurveSpec, FieldSpec, Fp};

/// Working memory of [`add_pairs`].
#[derive(Debug)]
pub(crate) struct PairScratch<S: FieldSpec> {
    /// The denominator of each slope, and the product of those before.
    steps: Vec<[Fp<S>; 2]>,
    /// The pairs that are not two different points with different x.
    special: Vec<u32>,
}

impl<S: FieldSpec> Default for PairScratch<S> {
    fn default() -> Self {
        Self { steps: Vec::new(), special: Vec::new() }
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
    pairs: &[Pair],
    scratch: &mut PairScratch<C::Base>,
) {
    pairs.chunks(TOGETHER).for_each(|pairs| add_together(memory, pairs, scratch));
}

#[inline(always)]
fn add_together<C: CurveSpec>(
    memory: &mut impl PointMemory<C>,
    pairs: &[Pair],
    scratch: &mut PairScratch<C::Base>,
) {
    let PairScratch { steps, special } = scratch;
    steps.clear();
    special.clear();
    let mut product = Fp::<C::Base>::ONE;
    for (index, pair) in pairs.iter().enumerate() {
        if let Some(later) = pairs.get(index + AHEAD) {
            prefetch(memory.at(later.left));
            prefetch(memory.at(later.right));
        }
        let (p, q) = (memory.at(pair.left), memory.at(pair.right));
        let mut denominator = q.x - p.x;
        // The identity has x = 0, so these three tests find every unusual pair.
        if denominator.is_zero() | p.x.is_zero() | q.x.is_zero() {
            denominator = unusual(memory.points(*pair)).1;
            special.push(index as u32);
        }
        steps.push([denominator, product]);
        product *= denominator;
    }
    let mut inverse = product.invert().unwrap_or_default();
    for (index, (pair, &[denominator, product])) in pairs.iter().zip(steps.iter()).enumerate().rev() {
        let [p, q] = memory.points(*pair);
        let reciprocal = inverse * product;
        inverse *= denominator;
        let mut numerator = q.y - p.y;
        if special.last() == Some(&(index as u32)) {
            special.pop();
            match unusual([p, q]).0 {
                Case::Chord => {}
                Case::Tangent => {
                    let square = p.x.square();
                    numerator = square.double() + square;
                }
                Case::Settled => {
                    *memory.at_mut(pair.target) = settled([p, q]);
                    continue;
                }
            }
        }
        let slope = numerator * reciprocal;
        let x = slope.square() - p.x - q.x;
        *memory.at_mut(pair.target) = Affine { x, y: slope * (p.x - x) - p.y };
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
