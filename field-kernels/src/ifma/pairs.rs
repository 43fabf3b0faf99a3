//! Affine additions of many pairs of points, eight pairs at a time, one inversion for all.
//!
//! The formulas are those of `scalar/pairs.rs`. Values come in two forms: *plain*, a·2^256 as in
//! memory, and *shifted*, a·2^260. A product of a plain and a shifted value is plain, one of two
//! shifted values is shifted.

use super::lanes::{Scratch, Tight, scatter_words};
use super::scan::{CHAINS, invert_lanes};
use super::{Ifma, with_features};
use crate::contract::{Pair, PointMemory};
use crate::scalar::pairs::{Case, settled, unusual};
use crate::scalar::prefetch;
use crate::{Affine, CurveSpec, FieldSpec, Fp};

/// Pairs that share an inversion: their points and what is noted of them fit the second-level cache.
const TOGETHER: usize = 2048;

/// Groups of eight pairs that take a step together. Steps are short loops whose rounds do not wait for
/// each other, which keeps the multipliers busy; what passes between steps fits the first-level cache.
const BLOCK: usize = 8;

/// How many groups ahead of its use a point is asked for from memory.
const AHEAD: usize = 3;

/// Working memory of [`add_pairs`].
#[derive(Debug, Default)]
pub(crate) struct PairScratch {
    groups: Vec<Group>,
    /// The sums that have no slope, with the places they go to.
    settled: Vec<Settled>,
}

/// A pair's number, and its sum, as limbs, so that this type does not depend on the curve.
type Settled = (u32, [[u64; 4]; 2]);

/// What the first pass over eight pairs leaves for the second.
#[derive(Clone, Debug, Default)]
struct Group {
    /// The denominators of the slopes, shifted.
    denominators: Scratch,
    /// The products of the chain's denominators before, plain; then the reciprocals of the
    /// denominators, plain; then four times the slopes, plain.
    products: Scratch,
    /// The pairs that are not two different points with different x, as bits.
    special: u8,
}

/// Adds the points of each pair.
pub(super) fn add_pairs<C: CurveSpec>(
    token: Ifma,
    memory: &mut impl PointMemory<C>,
    pairs: &[Pair],
    scratch: &mut PairScratch,
) {
    for pairs in pairs.chunks(TOGETHER) {
        // A last group that is not full is filled up with its last pair.
        let (groups, rest) = pairs.as_chunks::<8>();
        add_together(token, memory, groups, rest, scratch);
    }
}

/// Eight pairs of the groups, or the rest, filled up with its last pair.
macro_rules! pairs_of {
    ($groups:expr, $last:expr, $index:expr) => {
        if let Some(group) = $groups.get($index) { group } else { &$last }
    };
}

with_features! {
    fn add_together<C: CurveSpec, M: PointMemory<C>>(
        token: Ifma,
        memory: &mut M,
        groups: &[[Pair; 8]],
        rest: &[Pair],
        scratch: &mut PairScratch,
    ) {
        let count = groups.len() + usize::from(!rest.is_empty());
        let mut last = [Pair { left: 0, right: 0, target: 0 }; 8];
        if let Some(filling) = rest.last() {
            last = [*filling; 8];
            last[..rest.len()].copy_from_slice(rest);
        }
        if scratch.groups.len() < count {
            scratch.groups.resize(count, Group::default());
        }
        let work = &mut scratch.groups[..count];
        scratch.settled.clear();

        // One chain for even groups, one for odd ones.
        let mut products = [token.splat_element::<C::Base>(Fp::ONE); CHAINS];
        for (block, work) in work.chunks_mut(BLOCK).enumerate() {
            let first = block * BLOCK;
            for (index, work) in work.iter_mut().enumerate() {
                announce(memory, groups, first + index + AHEAD);
                find_denominators(token, memory, pairs_of!(groups, last, first + index), work);
            }
            for work in work {
                let [here, other] = products;
                here.to_scratch(&mut work.products);
                let denominators = Tight::from_scratch(token, &work.denominators);
                // Below 2p times 32p.
                products = [other, here.mul(denominators).carry()];
            }
        }
        // The chain of the next group is first; going back, that of the last group must be.
        let [next, last_chain] = invert_lanes(token, products);
        let mut inverses = [last_chain, next];
        for (block, work) in work.chunks_mut(BLOCK).enumerate().rev() {
            let first = block * BLOCK;
            for work in work.iter_mut().rev() {
                let [here, other] = inverses;
                let products = Tight::from_scratch(token, &work.products);
                let denominators = Tight::from_scratch(token, &work.denominators);
                // Below 16p times 2p.
                here.mul(products).carry().to_scratch(&mut work.products);
                inverses = [other, here.mul(denominators).carry()];
            }
            let mut left_y = [Scratch::default(); BLOCK];
            for (index, (work, left_y)) in work.iter_mut().zip(&mut left_y).enumerate() {
                let pairs = pairs_of!(groups, last, first + index);
                if work.special != 0 {
                    let start = 8 * (first + index) as u32;
                    settle(memory, pairs, work.special, start, &mut scratch.settled);
                }
                find_slopes(token, memory, pairs, work, left_y);
            }
            let mut falls = [Scratch::default(); BLOCK];
            for (index, (work, falls)) in work.iter().zip(&mut falls).enumerate() {
                find_x(token, memory, pairs_of!(groups, last, first + index), work, falls);
            }
            for (index, work) in work.iter().enumerate() {
                let pairs = pairs_of!(groups, last, first + index);
                find_y(token, memory, pairs, work, &falls[index], &left_y[index]);
            }
        }
        for &(index, [x, y]) in &scratch.settled {
            let pair = match groups.as_flattened().get(index as usize) {
                Some(pair) => pair,
                None => &last[index as usize % 8],
            };
            *memory.at_mut(pair.target) = Affine { x: Fp::from_raw(x), y: Fp::from_raw(y) };
        }
    }
}

/// Asks for the points of eight pairs.
#[inline(always)]
fn announce<C: CurveSpec>(memory: &impl PointMemory<C>, groups: &[[Pair; 8]], index: usize) {
    if let Some(pairs) = groups.get(index) {
        for pair in pairs {
            prefetch(memory.at(pair.left));
            prefetch(memory.at(pair.right));
        }
    }
}

/// One coordinate of the left or right points of eight pairs.
macro_rules! gather {
    ($token:expr, $memory:expr, $pairs:expr, $side:ident, $coordinate:ident) => {{
        let [a, b, c, d, e, f, g, h] = $pairs;
        $token.gather_words([
            &$memory.at(a.$side).$coordinate,
            &$memory.at(b.$side).$coordinate,
            &$memory.at(c.$side).$coordinate,
            &$memory.at(d.$side).$coordinate,
            &$memory.at(e.$side).$coordinate,
            &$memory.at(f.$side).$coordinate,
            &$memory.at(g.$side).$coordinate,
            &$memory.at(h.$side).$coordinate,
        ])
    }};
}

/// The lanes whose left or right point is to be negated, as bits.
macro_rules! signs {
    ($pairs:expr, $side:ident) => {{
        let [a, b, c, d, e, f, g, h] = $pairs;
        let bit = |place: u32, lane: u32| (place >> 31) << lane;
        (bit(a.$side, 0)
            | bit(b.$side, 1)
            | bit(c.$side, 2)
            | bit(d.$side, 3)
            | bit(e.$side, 4)
            | bit(f.$side, 5)
            | bit(g.$side, 6)
            | bit(h.$side, 7)) as u8
    }};
}

/// The denominators of eight slopes, below 32p.
#[inline(always)]
fn find_denominators<C: CurveSpec>(
    token: Ifma,
    memory: &impl PointMemory<C>,
    pairs: &[Pair; 8],
    work: &mut Group,
) {
    let left = gather!(token, memory, pairs, left, x);
    let right = gather!(token, memory, pairs, right, x);
    let ([a, b, c, d], [e, f, g, h]) = (left, right);
    let zero = a.zero();
    let equal = a.equal(e) & b.equal(f) & c.equal(g) & d.equal(h);
    // The identity has x = 0, so these three tests find every unusual pair.
    work.special = equal | (a | b | c | d).equal(zero) | (e | f | g | h).equal(zero);
    let (left, right) = (Tight::from_words_shifted(left), Tight::from_words_shifted(right));
    let mut denominators = (right.loose() - left.loose()).plus_modulus::<16>().carry();
    if work.special != 0 {
        let unusual = unusual_denominators(memory, pairs, work.special);
        denominators = denominators.replace(work.special, shifted(token, &unusual));
    }
    denominators.to_scratch(&mut work.denominators);
}

/// Four times eight slopes, below 9p, in the place of their denominators' reciprocals; and the left
/// points' y, plain.
#[inline(always)]
fn find_slopes<C: CurveSpec, M: PointMemory<C>>(
    token: Ifma,
    memory: &M,
    pairs: &[Pair; 8],
    work: &mut Group,
    left_y: &mut Scratch,
) {
    let left = gather!(token, memory, pairs, left, y);
    let right = gather!(token, memory, pairs, right, y);
    let (mut plain, mut left) = (Tight::<C::Base>::from_words(left), Tight::from_words_shifted(left));
    let mut right = Tight::from_words_shifted(right);
    if M::SIGNED {
        let (left_signs, right_signs) = (signs!(pairs, left), signs!(pairs, right));
        plain = plain.negate::<1>(left_signs);
        left = left.negate::<16>(left_signs);
        right = right.negate::<16>(right_signs);
    }
    plain.to_scratch(left_y);
    let mut numerators = (right.loose() - left.loose()).plus_modulus::<16>().carry();
    if work.special != 0 {
        let unusual = unusual_numerators(memory, pairs, work.special);
        numerators = numerators.replace(work.special, shifted(token, &unusual));
    }
    // Below 32p times 2p.
    let slopes = numerators.mul(Tight::from_scratch(token, &work.products)).times_4();
    slopes.carry().to_scratch(&mut work.products);
}

/// Writes x of eight sums, and notes four times by how much the left points' x is more, plain.
#[inline(always)]
fn find_x<C: CurveSpec>(
    token: Ifma,
    memory: &mut impl PointMemory<C>,
    pairs: &[Pair; 8],
    work: &Group,
    falls: &mut Scratch,
) {
    let left = Tight::<C::Base>::from_words(gather!(token, memory, pairs, left, x)).loose();
    let right = Tight::from_words(gather!(token, memory, pairs, right, x)).loose();
    // The two factors 4 of a product make up for its factors being plain, both.
    let square = Tight::from_scratch(token, &work.products).square();
    let x = (square - left - right).plus_modulus::<2>().canonical();
    (left - x.loose()).plus_modulus::<1>().times_4().carry().to_scratch(falls);
    let x = scatter_words(x.to_words());
    for (pair, x) in pairs.iter().zip(x) {
        memory.at_mut(pair.target).x = x;
    }
}

/// Writes y of eight sums.
#[inline(always)]
fn find_y<C: CurveSpec>(
    token: Ifma,
    memory: &mut impl PointMemory<C>,
    pairs: &[Pair; 8],
    work: &Group,
    falls: &Scratch,
    left_y: &Scratch,
) {
    let (falls, slopes) = (Tight::from_scratch(token, falls), Tight::from_scratch(token, &work.products));
    let left_y = Tight::<C::Base>::from_scratch(token, left_y);
    let y = (falls.mul(slopes) - left_y.loose()).plus_modulus::<1>().canonical();
    let y = scatter_words(y.to_words());
    for (pair, y) in pairs.iter().zip(y) {
        memory.at_mut(pair.target).y = y;
    }
}

/// The denominators of the unusual pairs of `mask`.
#[cold]
fn unusual_denominators<C: CurveSpec>(
    memory: &impl PointMemory<C>,
    pairs: &[Pair; 8],
    mask: u8,
) -> [Fp<C::Base>; 8] {
    std::array::from_fn(|lane| match mask >> lane & 1 {
        1 => unusual(memory.points(pairs[lane])).1,
        _ => Fp::ZERO,
    })
}

/// The numerators of the slopes of the unusual pairs of `mask`.
#[cold]
fn unusual_numerators<C: CurveSpec>(
    memory: &impl PointMemory<C>,
    pairs: &[Pair; 8],
    mask: u8,
) -> [Fp<C::Base>; 8] {
    std::array::from_fn(|lane| {
        let [p, q] = memory.points(pairs[lane]);
        match (mask >> lane & 1, unusual([p, q]).0) {
            (1, Case::Chord) => q.y - p.y,
            (1, Case::Tangent) => {
                let square = p.x.square();
                square.double() + square
            }
            _ => Fp::ZERO,
        }
    })
}

/// Notes the sums of those pairs of `mask` that have no slope, before their points are overwritten.
#[cold]
fn settle<C: CurveSpec>(
    memory: &impl PointMemory<C>,
    pairs: &[Pair; 8],
    mask: u8,
    start: u32,
    sums: &mut Vec<Settled>,
) {
    for (lane, pair) in (0..).zip(pairs) {
        let points = memory.points(*pair);
        if mask >> lane & 1 == 1 && unusual(points).0 == Case::Settled {
            let Affine { x, y } = settled(points);
            sums.push((start + lane, [x.0, y.0]));
        }
    }
}

#[inline(always)]
fn shifted<S: FieldSpec>(token: Ifma, [a, b, c, d, e, f, g, h]: &[Fp<S>; 8]) -> Tight<S> {
    Tight::from_words_shifted(token.gather_words([a, b, c, d, e, f, g, h]))
}
