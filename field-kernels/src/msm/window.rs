//! One window of one class: points into buckets, buckets into their weighted sum.

use super::digits::{Signed, digit};
use super::tree::Summer;
use crate::contract::{Backend, NEGATIVE, Slot};
use crate::{Affine, CurveSpec, Projective};

/// Below this many points the inversions of affine additions do not pay.
const MIN_AFFINE: usize = 192;

/// Buffers for windows, reused from one to the next.
#[derive(Debug)]
pub(super) struct Workspace<C: CurveSpec, B: Backend> {
    summer: Summer<C, B>,
    digits: Vec<i32>,
    /// What is summed, sorted by group: bases with their signs, then buckets.
    sorted: Vec<u32>,
    /// How many there are in each group.
    sizes: Vec<u32>,
    buckets: Vec<Slot<C>>,
}

impl<C: CurveSpec, B: Backend> Workspace<C, B> {
    pub(super) fn new(backend: B) -> Self {
        Self {
            summer: Summer::new(backend),
            digits: Vec::new(),
            sorted: Vec::new(),
            sizes: Vec::new(),
            buckets: Vec::new(),
        }
    }

    /// Σ digit(scalar)·base over scalars, for the digits of window `index`.
    pub(super) fn sum(
        &mut self,
        bases: &[Slot<C>],
        scalars: &[Signed],
        index: u32,
        window: u32,
    ) -> Projective<C> {
        if scalars.len() < MIN_AFFINE {
            return sum_few(bases, scalars, index, window);
        }
        self.sort_by_digit(scalars, index, window);
        let Self { summer, sorted, sizes, buckets, .. } = self;
        buckets.clear();
        buckets.resize(sizes.len(), Slot(Affine::IDENTITY));
        summer.sum_groups(bases, sorted, sizes, |digit, sum| buckets[digit] = Slot(sum));
        self.weighted_sum(window)
    }

    /// Counting sort of the scalars by the magnitude of their digit; zero digits drop out.
    fn sort_by_digit(&mut self, scalars: &[Signed], index: u32, window: u32) {
        self.digits.clear();
        self.digits.extend(scalars.iter().map(|scalar| digit(&scalar.magnitude, index, window)));
        let groups = self.digits.iter().map(|digit| digit.unsigned_abs());
        let mut next = count(&mut self.sizes, (1 << (window - 1)) + 1, groups, &mut self.sorted);
        for (digit, scalar) in self.digits.iter().zip(scalars) {
            if *digit != 0 {
                let position = &mut next[digit.unsigned_abs() as usize];
                self.sorted[*position as usize] = scalar.base ^ (*digit as u32 & NEGATIVE);
                *position += 1;
            }
        }
    }

    /// Σ d·bucket\[d\].
    ///
    /// With d = high·2^h + low this is 2^h·Σ high·(row sum) + Σ low·(column sum): two batches of
    /// independent affine additions, and running sums over about 2^h groups only, where one running
    /// sum over all buckets would take two dependent additions for each.
    fn weighted_sum(&mut self, window: u32) -> Projective<C> {
        let shift = window / 2;
        let mask = (1 << shift) - 1;
        let rows = (1usize << (window - 1 - shift)) + 1;
        let total = self.weighted_groups(rows, |d| d >> shift);
        let total = (0..shift).fold(total, |total, _| total.double());
        total + self.weighted_groups(1 << shift, |d| d & mask)
    }

    /// Σ g·(sum of the buckets in group g).
    fn weighted_groups(&mut self, groups: usize, group: impl Fn(u32) -> u32) -> Projective<C> {
        let Self { summer, sorted, sizes, buckets, .. } = self;
        // Those in group 0, which has no weight, are left out like empty ones.
        let group_of = |(d, bucket): (u32, &Slot<C>)| if bucket.0.is_identity() { 0 } else { group(d) };
        let mut next = count(sizes, groups, (0..).zip(buckets.iter()).map(group_of), sorted);
        for (d, bucket) in (0..).zip(buckets.iter()) {
            let group = group_of((d, bucket));
            if group != 0 {
                let position = &mut next[group as usize];
                sorted[*position as usize] = d;
                *position += 1;
            }
        }
        let mut sums = vec![Affine::IDENTITY; groups];
        summer.sum_groups(buckets, sorted, sizes, |group, sum| sums[group] = sum);
        running_sum(sums[1..].iter().map(|sum| Projective::from(*sum)))
    }
}

/// Counts the members of groups 1, 2, ... in `sizes` (those of group 0 drop out), makes room for
/// them in `sorted`, and returns where each group starts.
fn count(
    sizes: &mut Vec<u32>,
    groups: usize,
    members: impl Iterator<Item = u32>,
    sorted: &mut Vec<u32>,
) -> Vec<u32> {
    sizes.clear();
    sizes.resize(groups, 0);
    members.for_each(|group| sizes[group as usize] += 1);
    sizes[0] = 0;
    let mut start = 0;
    let starts = sizes.iter().map(|size| {
        start += size;
        start - size
    });
    let starts = starts.collect();
    sorted.resize(start as usize, 0);
    starts
}

#[inline(always)]
fn signed_base<C: CurveSpec>(bases: &[Slot<C>], base: u32) -> Affine<C> {
    let Affine { x, y } = bases[(base & !NEGATIVE) as usize].0;
    Affine { x, y: y.negate_if(base & NEGATIVE != 0) }
}

/// 1·point + 2·point + 3·point + ...
fn running_sum<C: CurveSpec>(points: impl DoubleEndedIterator<Item = Projective<C>>) -> Projective<C> {
    let (mut running, mut total) = (Projective::IDENTITY, Projective::IDENTITY);
    for point in points.rev() {
        running += point;
        total += running;
    }
    total
}

/// [`Workspace::sum`] by mixed additions, for few points.
fn sum_few<C: CurveSpec>(bases: &[Slot<C>], scalars: &[Signed], index: u32, window: u32) -> Projective<C> {
    let mut buckets = vec![Projective::IDENTITY; 1 << (window - 1)];
    for scalar in scalars {
        let digit = digit(&scalar.magnitude, index, window);
        if digit != 0 {
            let bucket = &mut buckets[digit.unsigned_abs() as usize - 1];
            *bucket = bucket.add_affine(signed_base(bases, scalar.base ^ (digit as u32 & NEGATIVE)));
        }
    }
    running_sum(buckets.into_iter())
}
