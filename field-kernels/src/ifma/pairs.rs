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

/// Pairs that share an inversion: their points and what is noted of them fit the second-level cache.
const TOGETHER: usize = 2048;

/// How many eights of pairs ahead of its use a point is asked for from memory.
const AHEAD: usize = 2;

/// The eight pairs from number `8·group` on, the last pair again where there are no more; and how
/// many there are.
#[inline(always)]
fn group_of(pairs: &[Pair], group: usize) -> ([Pair; 8], usize) {
    match pairs.get(8 * group..).and_then(<[_]>::first_chunk) {
        Some(chunk) => (*chunk, 8),
        None => {
            let last = pairs.len() - 1;
            let chunk = std::array::from_fn(|lane| pairs[(8 * group + lane).min(last)]);
            (chunk, pairs.len().saturating_sub(8 * group))
        }
    }
}

/// Adds the points of each pair.
pub(super) fn add_pairs<C: CurveSpec>(
    token: Ifma,
    memory: &mut impl PointMemory<C>,
    pairs: &[Pair],
    scratch: &mut PairScratch,
) {
    pairs.chunks(TOGETHER).for_each(|pairs| add_together(token, memory, pairs, scratch));
}

with_features! {
    fn add_together<C: CurveSpec, M: PointMemory<C>>(
        token: Ifma,
        memory: &mut M,
        pairs: &[Pair],
        scratch: &mut PairScratch,
    ) {
        let groups = pairs.len().div_ceil(8 * CHAINS) * CHAINS;
        if scratch.groups.len() < groups {
            scratch.groups.resize(groups, Group::default());
        }
        let work = &mut scratch.groups[..groups];
        let mut products = [token.splat_element::<C::Base>(Fp::ONE); CHAINS];
        for (step, work) in work.as_chunks_mut::<CHAINS>().0.iter_mut().enumerate() {
            for chain in 0..CHAINS {
                let group = step * CHAINS + chain;
                announce(memory, pairs, 8 * (group + AHEAD));
                let (pairs, _) = group_of(pairs, group);
                let denominators = denominators(token, memory, &pairs, &mut work[chain]);
                products[chain].to_scratch(&mut work[chain].products);
                // Below 32p times 2p.
                products[chain] = products[chain].mul(denominators).carry();
            }
        }
        let mut inverses = invert_lanes(token, products);
        for (step, work) in work.as_chunks::<CHAINS>().0.iter().enumerate().rev() {
            for chain in 0..CHAINS {
                let (pairs, real) = group_of(pairs, step * CHAINS + chain);
                let denominators = Tight::from_scratch(token, &work[chain].denominators);
                let products = Tight::from_scratch(token, &work[chain].products);
                // Below 16p times 2p.
                let reciprocals = inverses[chain].mul(products).carry();
                inverses[chain] = inverses[chain].mul(denominators).carry();
                finish(token, memory, &pairs, real, reciprocals, work[chain].special);
            }
        }
    }
}

/// Asks for the points of eight pairs.
#[inline(always)]
fn announce<C: CurveSpec>(memory: &impl PointMemory<C>, pairs: &[Pair], start: usize) {
    if let Some(pairs) = pairs.get(start..start + 8) {
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

/// The denominators of eight slopes, shifted and below 32p, also noted in `work`.
#[inline(always)]
fn denominators<C: CurveSpec>(
    token: Ifma,
    memory: &impl PointMemory<C>,
    pairs: &[Pair; 8],
    work: &mut Group,
) -> Tight<C::Base> {
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
    denominators
}

/// The sums of eight pairs, of which `real` are wanted; `reciprocals` are the inverses of their
/// slopes' denominators, plain.
#[inline(always)]
fn finish<C: CurveSpec, M: PointMemory<C>>(
    token: Ifma,
    memory: &mut M,
    pairs: &[Pair; 8],
    real: usize,
    reciprocals: Tight<C::Base>,
    special: u8,
) {
    let left = gather!(token, memory, pairs, left, y);
    let right = gather!(token, memory, pairs, right, y);
    let (mut left_y, mut shifted_left_y) = (Tight::from_words(left), Tight::from_words_shifted(left));
    let mut right_y = Tight::from_words_shifted(right);
    if M::SIGNED {
        let (left, right) = (signs!(pairs, left), signs!(pairs, right));
        left_y = left_y.negate::<1>(left);
        shifted_left_y = shifted_left_y.negate::<16>(left);
        right_y = right_y.negate::<16>(right);
    }
    let mut numerators = (right_y.loose() - shifted_left_y.loose()).plus_modulus::<16>().carry();
    if special != 0 {
        let unusual = unusual_numerators(memory, pairs, special);
        numerators = numerators.replace(special, shifted(token, &unusual));
    }
    let left_x = Tight::from_words(gather!(token, memory, pairs, left, x)).loose();
    let right_x = Tight::from_words(gather!(token, memory, pairs, right, x)).loose();
    // Below 32p times 2p, so four times the slope is below 9p. The two factors 4 of a product make
    // up for its factors being plain, both.
    let slopes = numerators.mul(reciprocals).times_4().carry();
    let x = slopes.square() - left_x - right_x;
    let x = x.plus_modulus::<2>().canonical();
    let rise = (left_x - x.loose()).plus_modulus::<1>().times_4().carry().mul(slopes);
    let y = (rise - left_y.loose()).plus_modulus::<1>().canonical();
    if special != 0 {
        let settled = settled_sums(memory, pairs, special);
        let lanes = scatter_words(x.to_words()).into_iter().zip(scatter_words(y.to_words()));
        for ((pair, (x, y)), settled) in pairs.iter().zip(lanes).zip(settled).take(real) {
            memory.put(pair.target, settled.unwrap_or(Affine { x, y }));
        }
        return;
    }
    let (x, y) = (scatter_words(x.to_words()), scatter_words(y.to_words()));
    for (lane, pair) in pairs.iter().enumerate().take(real) {
        memory.put(pair.target, Affine { x: x[lane], y: y[lane] });
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

/// The sums of those pairs of `mask` that have no slope.
#[cold]
fn settled_sums<C: CurveSpec>(
    memory: &impl PointMemory<C>,
    pairs: &[Pair; 8],
    mask: u8,
) -> [Option<Affine<C>>; 8] {
    std::array::from_fn(|lane| {
        let points = memory.points(pairs[lane]);
        (mask >> lane & 1 == 1 && unusual(points).0 == Case::Settled).then(|| settled(points))
    })
}

#[inline(always)]
fn shifted<S: FieldSpec>(token: Ifma, [a, b, c, d, e, f, g, h]: &[Fp<S>; 8]) -> Tight<S> {
    Tight::from_words_shifted(token.gather_words([a, b, c, d, e, f, g, h]))
}
