//! Affine additions of many pairs of points, eight pairs at a time, one inversion for all.
//!
//! The formulas are those of `scalar/pairs.rs`. Values come in two forms: *plain*, a·2^256 as in
//! memory, and *shifted*, a·2^260. A product of a plain and a shifted value is plain, one of two
//! shifted values is shifted.

use super::lanes::{Scratch, Tight, scatter_words};
use super::scan::{CHAINS, invert_lanes};
use super::word::Word;
use super::{Ifma, with_features};
use crate::contract::Pair;
use crate::scalar::pairs::{Case, settled, unusual};
use crate::{Affine, CurveSpec, FieldSpec, Fp};

/// Working memory of [`add_pairs`].
#[derive(Debug, Default)]
pub(crate) struct PairScratch {
    groups: Vec<Group>,
}

/// What the first pass over eight pairs leaves for the second.
#[derive(Clone, Debug, Default)]
struct Group {
    /// The denominators of the slopes, shifted.
    denominators: Scratch,
    /// The products of the chain's denominators before, plain.
    products: Scratch,
    /// The pairs that are not two different points with different x, as bits.
    special: u8,
}

/// The eight pairs from number `8·group` on; the last pair again where there are no more.
#[inline(always)]
fn group_of(pairs: &[Pair], group: usize) -> [Pair; 8] {
    match pairs[8 * group.min((pairs.len() - 1) / 8)..].first_chunk() {
        Some(chunk) => *chunk,
        None => std::array::from_fn(|lane| pairs[(8 * group + lane).min(pairs.len() - 1)]),
    }
}

with_features! {
    /// sums\[target\] = points\[left\] + points\[left + 1\] for each pair.
    pub(super) fn add_pairs<C: CurveSpec>(
        token: Ifma,
        points: &[Affine<C>],
        pairs: &[Pair],
        sums: &mut [Affine<C>],
        scratch: &mut PairScratch,
    ) {
        if pairs.is_empty() {
            return;
        }
        let groups = pairs.len().div_ceil(8 * CHAINS) * CHAINS;
        if scratch.groups.len() < groups {
            scratch.groups.resize(groups, Group::default());
        }
        let work = &mut scratch.groups[..groups];
        let mut products = [token.splat_element::<C::Base>(Fp::ONE); CHAINS];
        for (step, work) in work.as_chunks_mut::<CHAINS>().0.iter_mut().enumerate() {
            for chain in 0..CHAINS {
                let pairs = group_of(pairs, step * CHAINS + chain);
                let denominators = denominators(token, points, &pairs, &mut work[chain]);
                products[chain].to_scratch(&mut work[chain].products);
                // Below 32p times 2p.
                products[chain] = products[chain].mul(denominators).carry();
            }
        }
        let mut inverses = invert_lanes(token, products);
        for (step, work) in work.as_chunks::<CHAINS>().0.iter().enumerate().rev() {
            for chain in 0..CHAINS {
                let pairs = group_of(pairs, step * CHAINS + chain);
                let denominators = Tight::from_scratch(token, &work[chain].denominators);
                let products = Tight::from_scratch(token, &work[chain].products);
                // Below 16p times 2p.
                let reciprocals = inverses[chain].mul(products).carry();
                inverses[chain] = inverses[chain].mul(denominators).carry();
                finish(token, points, &pairs, reciprocals, work[chain].special, sums);
            }
        }
    }
}

/// The x coordinates of the left and right points of each pair.
macro_rules! gather {
    ($token:expr, $points:expr, $pairs:expr, $side:expr, $coordinate:ident) => {{
        let [a, b, c, d, e, f, g, h] = $pairs;
        let at = |pair: &Pair| &$points[pair.left as usize + $side].$coordinate;
        $token.gather_words([at(a), at(b), at(c), at(d), at(e), at(f), at(g), at(h)])
    }};
}

/// The denominators of eight slopes, shifted and below 32p, also noted in `work`.
#[inline(always)]
fn denominators<C: CurveSpec>(
    token: Ifma,
    points: &[Affine<C>],
    pairs: &[Pair; 8],
    work: &mut Group,
) -> Tight<C::Base> {
    let left = gather!(token, points, pairs, 0, x);
    let right = gather!(token, points, pairs, 1, x);
    let ([a, b, c, d], [e, f, g, h]) = (left, right);
    let zero = a.zero();
    let equal = a.equal(e) & b.equal(f) & c.equal(g) & d.equal(h);
    // The identity has x = 0, so these three tests find every unusual pair.
    work.special = equal | (a | b | c | d).equal(zero) | (e | f | g | h).equal(zero);
    let (left, right) = (Tight::from_words_shifted(left), Tight::from_words_shifted(right));
    let denominators = (right.loose() - left.loose()).plus_modulus::<16>().carry();
    denominators.to_scratch(&mut work.denominators);
    if work.special == 0 {
        return denominators;
    }
    let unusual = unusual_elements(work.special, pairs, |pair| unusual(pair_of(points, pair)).1);
    let denominators = denominators.replace(work.special, shifted(token, &unusual));
    denominators.to_scratch(&mut work.denominators);
    denominators
}

/// The sums of eight pairs; `reciprocals` are the inverses of their slopes' denominators, plain.
#[inline(always)]
fn finish<C: CurveSpec>(
    token: Ifma,
    points: &[Affine<C>],
    pairs: &[Pair; 8],
    reciprocals: Tight<C::Base>,
    special: u8,
    sums: &mut [Affine<C>],
) {
    let left_y = gather!(token, points, pairs, 0, y);
    let right_y = Tight::from_words_shifted(gather!(token, points, pairs, 1, y)).loose();
    let numerators = right_y - Tight::from_words_shifted(left_y).loose();
    let mut numerators = numerators.plus_modulus::<16>().carry();
    let left_y = Tight::from_words(left_y).loose();
    if special != 0 {
        let unusual = unusual_elements(special, pairs, |pair| numerator(pair_of(points, pair)));
        numerators = numerators.replace(special, shifted(token, &unusual));
    }
    let left_x = Tight::from_words(gather!(token, points, pairs, 0, x)).loose();
    let right_x = Tight::from_words(gather!(token, points, pairs, 1, x)).loose();
    // Below 32p times 2p, so four times the slope is below 9p. The two factors 4 of a product make up
    // for its factors being plain, both.
    let slopes = numerators.mul(reciprocals).times_4().carry();
    let x = slopes.square() - left_x - right_x;
    let x = x.plus_modulus::<2>().canonical();
    let rise = (left_x - x.loose()).plus_modulus::<1>().times_4().carry().mul(slopes);
    let y = (rise - left_y).plus_modulus::<1>().canonical();
    let (x, y) = (scatter_words(x.to_words()), scatter_words(y.to_words()));
    for (lane, pair) in pairs.iter().enumerate() {
        sums[pair.target as usize] = Affine { x: x[lane], y: y[lane] };
    }
    if special != 0 {
        settle(special, points, pairs, sums);
    }
}

#[inline(always)]
fn pair_of<C: CurveSpec>(points: &[Affine<C>], pair: Pair) -> [&Affine<C>; 2] {
    [&points[pair.left as usize], &points[pair.left as usize + 1]]
}

/// `element(pair)` for the lanes of `mask`.
#[cold]
fn unusual_elements<S: FieldSpec>(
    mask: u8,
    pairs: &[Pair; 8],
    element: impl Fn(Pair) -> Fp<S>,
) -> [Fp<S>; 8] {
    std::array::from_fn(|lane| if mask >> lane & 1 == 1 { element(pairs[lane]) } else { Fp::ZERO })
}

/// The numerator of an unusual pair's slope.
fn numerator<C: CurveSpec>([p, q]: [&Affine<C>; 2]) -> Fp<C::Base> {
    match unusual([p, q]).0 {
        Case::Chord => q.y - p.y,
        Case::Tangent => {
            let square = p.x.square();
            square.double() + square
        }
        Case::Settled => Fp::ZERO,
    }
}

/// The sums of those pairs of `mask` that have no slope.
#[cold]
fn settle<C: CurveSpec>(mask: u8, points: &[Affine<C>], pairs: &[Pair; 8], sums: &mut [Affine<C>]) {
    for (lane, pair) in pairs.iter().enumerate() {
        let [p, q] = pair_of(points, *pair);
        if mask >> lane & 1 == 1 && unusual([p, q]).0 == Case::Settled {
            sums[pair.target as usize] = settled([p, q]);
        }
    }
}

#[inline(always)]
fn words<S>(token: Ifma, [a, b, c, d, e, f, g, h]: &[Fp<S>; 8]) -> [Word; 4] {
    token.gather_words([a, b, c, d, e, f, g, h])
}

#[inline(always)]
fn shifted<S: FieldSpec>(token: Ifma, elements: &[Fp<S>; 8]) -> Tight<S> {
    Tight::from_words_shifted(words(token, elements))
}
