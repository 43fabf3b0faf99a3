//! Affine additions of many pairs of points, eight pairs at a time, one inversion for all.
//!
//! The formulas are those of `scalar/pairs.rs`. Values come in two forms: *plain*, a·2^256 as in
//! memory, and *shifted*, a·2^260. A product of a plain and a shifted value is plain, one of two
//! shifted values is shifted.

use bytemuck::{Pod, Zeroable};

use super::lanes::{Loose, Scratch, Tight, scatter_words};
use super::scan::{CHAINS, invert_lanes};
use super::{Ifma, with_features};
use crate::contract::{NEGATIVE, Pair, Pairs, PointMemory};
use crate::scalar::pairs::{Case, settled, unusual};
use crate::scalar::prefetch;
use crate::scratch::{Carver, lines_of};
use crate::{Affine, CurveSpec, FieldSpec, Fp};

/// Pairs that share an inversion: their points and what is noted of them fit the second-level cache.
const TOGETHER: usize = 2048;

/// Groups of eight pairs that take a step together. Steps are short loops whose rounds do not wait for
/// each other, which keeps the multipliers busy; what passes between steps fits the first-level cache.
const BLOCK: usize = 8;

/// Working memory of [`add_pairs`].
#[derive(Debug)]
pub(crate) struct PairScratch<'a> {
    groups: &'a mut [Group],
    /// The sums that have no slope. Points and their opposites, or the identity, hardly ever meet, so that this
    /// mostly is no memory at all.
    settled: Vec<Settled>,
}

impl<'a> PairScratch<'a> {
    /// Lines of memory that this takes.
    pub(super) fn lines() -> usize {
        lines_of::<Group>(TOGETHER / 8)
    }

    pub(super) fn new(carver: &mut Carver<'a>) -> Self {
        Self { groups: carver.cut(TOGETHER / 8), settled: Vec::new() }
    }
}

/// A group, a lane and the coordinates of its sum; limbs, so that this type does not depend on the curve.
type Settled = (u32, u32, [[u64; 4]; 2]);

/// What the first pass over eight pairs leaves for the second.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
struct Group {
    /// The denominators of the slopes, shifted.
    denominators: Scratch,
    /// The products of the chain's denominators before, plain; then the reciprocals of the
    /// denominators, plain; then four times the slopes, plain.
    products: Scratch,
    /// The pairs that are not two different points with different x, as bits.
    special: u8,
    padding: [u8; 63],
}

// SAFETY: integers, all of which may be zero.
unsafe impl Zeroable for Group {}
// SAFETY: integers of any value that fill all of it: what would be padding has a name.
unsafe impl Pod for Group {}

/// The places of eight points, perhaps marked.
type Places = [u32; 8];

/// The places of eight pairs.
#[derive(Clone, Copy)]
struct Eight<'a> {
    left: &'a Places,
    right: &'a Places,
    target: &'a Places,
}

impl Eight<'_> {
    fn pair(self, lane: usize) -> Pair {
        Pair { left: self.left[lane], right: self.right[lane], target: self.target[lane] }
    }
}

/// The places of groups of eight pairs.
#[derive(Clone, Copy)]
struct Eights<'a> {
    left: &'a [Places],
    right: &'a [Places],
    target: &'a [Places],
}

impl<'a> Eights<'a> {
    #[inline(always)]
    fn at(self, index: usize) -> Eight<'a> {
        Eight { left: &self.left[index], right: &self.right[index], target: &self.target[index] }
    }
}

/// Adds the points of each pair.
pub(super) fn add_pairs<C: CurveSpec>(
    token: Ifma,
    memory: &mut impl PointMemory<C>,
    pairs: &mut Pairs<'_>,
    scratch: &mut PairScratch<'_>,
) {
    pairs.pad();
    let most = |places: &[u32]| places.iter().map(|place| place & !NEGATIVE).max();
    let [left, right, target] = pairs.columns();
    let (points, sums) = (memory.points().len(), memory.sums().len());
    assert!(
        most(left).max(most(right)).is_none_or(|most| (most as usize) < points),
        "a point beyond the end"
    );
    assert!(target.iter().max().is_none_or(|most| (*most as usize) < sums), "a sum beyond the end");
    let PairScratch { groups, settled } = scratch;
    let [left, right, target] =
        [left, right, target].map(|places| places.as_chunks::<8>().0.chunks(TOGETHER / 8));
    for ((left, right), target) in left.zip(right).zip(target) {
        let groups = &mut groups[..left.len()];
        settled.clear();
        // SAFETY: the places have just been checked.
        unsafe { add_together(token, memory, Eights { left, right, target }, groups, settled) };
    }
}

with_features! {
    /// # Safety
    /// The places of all pairs must exist in `memory`.
    unsafe fn add_together<C: CurveSpec, M: PointMemory<C>>(
        token: Ifma,
        memory: &mut M,
        pairs: Eights<'_>,
        groups: &mut [Group],
        settled: &mut Vec<Settled>,
    ) {
        // SAFETY, of all blocks below: the caller has checked the places of all pairs.
        let mut products = [token.splat_element::<C::Base>(Fp::ONE); CHAINS];
        let count = pairs.left.len();
        for index in 0..BLOCK.min(count) {
            // SAFETY: see above.
            unsafe { announce(memory, pairs.left[index]) };
            // SAFETY: see above.
            unsafe { announce(memory, pairs.right[index]) };
        }
        for (block, groups) in groups.chunks_mut(BLOCK).enumerate() {
            let first = block * BLOCK;
            // Memory takes about as long as the steps of a block, so the next block's points are asked for meanwhile.
            for (index, group) in groups.iter_mut().enumerate() {
                if first + index + BLOCK < count {
                    // SAFETY: see above.
                    unsafe { announce(memory, pairs.left[first + index + BLOCK]) };
                }
                // SAFETY: see above.
                unsafe { find_denominators(token, memory, pairs.at(first + index), group) };
            }
            for (index, group) in groups.iter_mut().enumerate() {
                if first + index + BLOCK < count {
                    // SAFETY: see above.
                    unsafe { announce(memory, pairs.right[first + index + BLOCK]) };
                }
                let [here, other] = products;
                here.to_scratch(&mut group.products);
                // Below 2p times 32p.
                products = [other, here.mul(Tight::from_scratch(token, &group.denominators)).carry()];
            }
        }
        // Groups took turns between the chains. Going back, that of the last group is first.
        let [next, last] = invert_lanes(token, products);
        let mut inverses = [last, next];
        let mut left_y = [Scratch::default(); BLOCK];
        let mut falls = [Scratch::default(); BLOCK];
        for (block, groups) in groups.chunks_mut(BLOCK).enumerate().rev() {
            let first = block * BLOCK;
            for group in groups.iter_mut().rev() {
                let [here, other] = inverses;
                let products = Tight::from_scratch(token, &group.products);
                let denominators = Tight::from_scratch(token, &group.denominators);
                // Below 16p times 2p.
                here.mul(products).carry().to_scratch(&mut group.products);
                inverses = [other, here.mul(denominators).carry()];
            }
            for (index, (group, left_y)) in groups.iter_mut().zip(&mut left_y).enumerate() {
                if group.special != 0 {
                    note_settled(memory, pairs.at(first + index), group.special, first + index, settled);
                }
                // SAFETY: see above.
                unsafe { find_slopes(token, memory, pairs.at(first + index), group, left_y) };
            }
            for (index, (group, falls)) in groups.iter().zip(&mut falls).enumerate() {
                // SAFETY: see above.
                unsafe { find_x(token, memory, pairs.at(first + index), group, falls) };
            }
            for (index, ((group, falls), left_y)) in groups.iter().zip(&falls).zip(&left_y).enumerate() {
                // SAFETY: see above.
                unsafe { find_y(token, memory, pairs.target[first + index], group, falls, left_y) };
            }
        }
        for &(group, lane, [x, y]) in settled.iter() {
            let target = pairs.target[group as usize][lane as usize];
            memory.sums()[target as usize] = Affine { x: Fp::from_raw(x), y: Fp::from_raw(y) };
        }
    }
}

/// Asks for eight points.
///
/// # Safety
/// The places must exist in `memory`.
#[inline(always)]
unsafe fn announce<C: CurveSpec>(memory: &impl PointMemory<C>, places: Places) {
    let points = memory.points();
    let in_lines = points.as_ptr().addr().is_multiple_of(64);
    for place in places {
        // SAFETY: the caller has checked the places.
        let point = unsafe { points.get_unchecked((place & !NEGATIVE) as usize) };
        prefetch(point);
        if !in_lines {
            // The other line.
            prefetch(&point.y.0[3]);
        }
    }
}

/// One coordinate of eight points, whose places the caller has checked.
macro_rules! gather {
    ($token:expr, $memory:expr, $places:expr, $coordinate:ident) => {{
        let (places, points) = ($places, $memory.points());
        // SAFETY: the caller has checked the places.
        unsafe {
            $token.gather_words([
                &points.get_unchecked((places[0] & !NEGATIVE) as usize).$coordinate,
                &points.get_unchecked((places[1] & !NEGATIVE) as usize).$coordinate,
                &points.get_unchecked((places[2] & !NEGATIVE) as usize).$coordinate,
                &points.get_unchecked((places[3] & !NEGATIVE) as usize).$coordinate,
                &points.get_unchecked((places[4] & !NEGATIVE) as usize).$coordinate,
                &points.get_unchecked((places[5] & !NEGATIVE) as usize).$coordinate,
                &points.get_unchecked((places[6] & !NEGATIVE) as usize).$coordinate,
                &points.get_unchecked((places[7] & !NEGATIVE) as usize).$coordinate,
            ])
        }
    }};
}

/// The denominators of eight slopes, below 32p.
///
/// # Safety
/// The places must exist in `memory`.
#[inline(always)]
unsafe fn find_denominators<C: CurveSpec>(
    token: Ifma,
    memory: &impl PointMemory<C>,
    pairs: Eight<'_>,
    group: &mut Group,
) {
    let (left, right) = (gather!(token, memory, pairs.left, x), gather!(token, memory, pairs.right, x));
    let ([a, b, c, d], [e, f, g, h]) = (left, right);
    let zero = a.zero();
    let equal = a.equal(e) & b.equal(f) & c.equal(g) & d.equal(h);
    // The identity has x = 0, so these three tests find every unusual pair.
    group.special = equal | (a | b | c | d).equal(zero) | (e | f | g | h).equal(zero);
    let (left, right) = (Tight::from_words_shifted(left), Tight::from_words_shifted(right));
    let mut denominators = (right.loose() - left.loose()).plus_modulus::<16>().carry();
    if group.special != 0 {
        let unusual: [Fp<C::Base>; 8] = unusual_denominators(memory, pairs, group.special);
        denominators = denominators.replace(group.special, shifted(token, &unusual));
    }
    denominators.to_scratch(&mut group.denominators);
}

/// Four times eight slopes, below 9p, in the place of their denominators' reciprocals; and the left
/// points' y, plain and at most p.
///
/// # Safety
/// The places must exist in `memory`.
#[inline(always)]
unsafe fn find_slopes<C: CurveSpec, M: PointMemory<C>>(
    token: Ifma,
    memory: &M,
    pairs: Eight<'_>,
    group: &mut Group,
    left_y: &mut Scratch,
) {
    let (left, right) = (gather!(token, memory, pairs.left, y), gather!(token, memory, pairs.right, y));
    let mut plain = Tight::<C::Base>::from_words(left).loose();
    let mut left = Tight::from_words_shifted(left).loose();
    let mut right = Tight::from_words_shifted(right).loose();
    if M::SIGNED {
        let left_signs = token.highest_bits(pairs.left);
        plain = plain.negate::<1>(left_signs);
        left = left.negate::<16>(left_signs);
        right = right.negate::<16>(token.highest_bits(pairs.right));
    }
    plain.to_scratch(left_y);
    let mut numerators = (right - left).plus_modulus::<16>().carry();
    if group.special != 0 {
        let unusual = unusual_numerators(memory, pairs, group.special);
        numerators = numerators.replace(group.special, shifted(token, &unusual));
    }
    // Below 32p times 2p.
    let slopes = numerators.mul(Tight::from_scratch(token, &group.products)).times_4();
    slopes.carry().to_scratch(&mut group.products);
}

/// Writes x of eight sums, and notes four times by how much the left points' x is more, plain.
///
/// # Safety
/// The places must exist in `memory`.
#[inline(always)]
unsafe fn find_x<C: CurveSpec>(
    token: Ifma,
    memory: &mut impl PointMemory<C>,
    pairs: Eight<'_>,
    group: &Group,
    falls: &mut Scratch,
) {
    let left = Tight::<C::Base>::from_words(gather!(token, memory, pairs.left, x)).loose();
    let right = Tight::from_words(gather!(token, memory, pairs.right, x)).loose();
    // The two factors 4 of a product make up for its factors being plain, both.
    let square = Tight::from_scratch(token, &group.products).square();
    let x = (square - left - right).plus_modulus::<2>().canonical();
    (left - x.loose()).plus_modulus::<1>().times_4().carry().to_scratch(falls);
    let (x, sums) = (scatter_words(x.to_words()), memory.sums());
    for (place, x) in pairs.target.iter().zip(x) {
        // SAFETY: the caller has checked the places.
        unsafe { sums.get_unchecked_mut(*place as usize).x = x };
    }
}

/// Writes y of eight sums.
///
/// # Safety
/// The places must exist in `memory`.
#[inline(always)]
unsafe fn find_y<C: CurveSpec>(
    token: Ifma,
    memory: &mut impl PointMemory<C>,
    target: Places,
    group: &Group,
    falls: &Scratch,
    left_y: &Scratch,
) {
    let (falls, slopes) = (Tight::from_scratch(token, falls), Tight::from_scratch(token, &group.products));
    let left_y = Loose::<C::Base>::from_scratch(token, left_y);
    let y = (falls.mul(slopes) - left_y).plus_modulus::<1>().canonical();
    let (y, sums) = (scatter_words(y.to_words()), memory.sums());
    for (place, y) in target.iter().zip(y) {
        // SAFETY: the caller has checked the places.
        unsafe { sums.get_unchecked_mut(*place as usize).y = y };
    }
}

/// The denominators of the unusual pairs of `mask`.
#[cold]
fn unusual_denominators<C: CurveSpec>(
    memory: &impl PointMemory<C>,
    pairs: Eight<'_>,
    mask: u8,
) -> [Fp<C::Base>; 8] {
    std::array::from_fn(|lane| match mask >> lane & 1 {
        1 => unusual(memory.pair(pairs.pair(lane))).1,
        _ => Fp::ZERO,
    })
}

/// The numerators of the slopes of the unusual pairs of `mask`.
#[cold]
fn unusual_numerators<C: CurveSpec>(
    memory: &impl PointMemory<C>,
    pairs: Eight<'_>,
    mask: u8,
) -> [Fp<C::Base>; 8] {
    std::array::from_fn(|lane| {
        let [p, q] = memory.pair(pairs.pair(lane));
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
fn note_settled<C: CurveSpec>(
    memory: &impl PointMemory<C>,
    pairs: Eight<'_>,
    mask: u8,
    group: usize,
    sums: &mut Vec<Settled>,
) {
    for lane in 0..8 {
        let points = memory.pair(pairs.pair(lane));
        if mask >> lane & 1 == 1 && unusual(points).0 == Case::Settled {
            let Affine { x, y } = settled(points);
            sums.push((group as u32, lane as u32, [x.0, y.0]));
        }
    }
}

#[inline(always)]
fn shifted<S: FieldSpec>(token: Ifma, [a, b, c, d, e, f, g, h]: &[Fp<S>; 8]) -> Tight<S> {
    Tight::from_words_shifted(token.gather_words([a, b, c, d, e, f, g, h]))
}
