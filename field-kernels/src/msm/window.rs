//! One window of one class: points into buckets, buckets into their weighted sum.

use super::digits::{NEGATIVE, Signed, digit};
use super::tree::Summer;
use crate::{Affine, CurveSpec, Projective};

/// Below this many points the inversions of affine additions do not pay.
const MIN_AFFINE: usize = 192;

/// Buffers for windows, reused from one to the next.
#[derive(Debug)]
pub(super) struct Workspace<C: CurveSpec> {
    summer: Summer<C>,
    digits: Vec<i32>,
    /// Bases with their signs, sorted by bucket.
    sorted: Vec<u32>,
    /// Points in each bucket.
    sizes: Vec<u32>,
}

impl<C: CurveSpec> Workspace<C> {
    pub(super) fn new() -> Self {
        Self { summer: Summer::new(), digits: Vec::new(), sorted: Vec::new(), sizes: Vec::new() }
    }

    /// sum over scalars of digit(scalar) * base, for the digits of window `index`.
    pub(super) fn sum(
        &mut self,
        bases: &[Affine<C>],
        scalars: &[Signed],
        index: u32,
        window: u32,
    ) -> Projective<C> {
        if scalars.len() < MIN_AFFINE {
            return sum_few(bases, scalars, index, window);
        }
        self.sort_by_digit(scalars, index, window);
        let occupied: Vec<u32> =
            (1..).zip(&self.sizes).filter(|(_, size)| **size > 0).map(|(d, _)| d).collect();
        let sorted = &self.sorted;
        let buckets =
            self.summer.sum_groups(&mut self.sizes, |position| signed_base(bases, sorted[position])).to_vec();
        self.weighted_sum(&buckets, &occupied, window)
    }

    /// Counting sort of the scalars by the magnitude of their digit; zero digits drop out.
    fn sort_by_digit(&mut self, scalars: &[Signed], index: u32, window: u32) {
        self.digits.clear();
        self.digits.extend(scalars.iter().map(|scalar| digit(&scalar.magnitude, index, window)));
        self.sizes.clear();
        self.sizes.resize(1 << (window - 1), 0);
        for digit in self.digits.iter().filter(|digit| **digit != 0) {
            self.sizes[digit.unsigned_abs() as usize - 1] += 1;
        }
        let mut start = 0;
        let mut next: Vec<u32> = self
            .sizes
            .iter()
            .map(|size| {
                start += size;
                start - size
            })
            .collect();
        self.sorted.clear();
        self.sorted.resize(start as usize, 0);
        for (digit, scalar) in self.digits.iter().zip(scalars).filter(|(digit, _)| **digit != 0) {
            let position = &mut next[digit.unsigned_abs() as usize - 1];
            let sign = if *digit < 0 { NEGATIVE } else { 0 };
            self.sorted[*position as usize] = scalar.base ^ sign;
            *position += 1;
        }
    }

    /// sum of d * B_d over the occupied buckets, in ascending order of d.
    ///
    /// With d = high * 2^h + low this is 2^h sum(high * row sum) + sum(low * column sum): two
    /// batches of independent affine additions, and running sums over 2^h buckets only, where one
    /// running sum over all buckets would take two dependent additions for each.
    fn weighted_sum(&mut self, buckets: &[Affine<C>], occupied: &[u32], window: u32) -> Projective<C> {
        let shift = window / 2;
        let mask = (1 << shift) - 1;
        let rows = (1usize << (window - 1 - shift)) + 1;
        let mut total = self.running_sum(buckets, occupied, rows, |d| d >> shift);
        (0..shift).for_each(|_| total = total.double());
        total + self.running_sum(buckets, occupied, 1 << shift, |d| d & mask)
    }

    /// sum over groups g of g * (sum of the buckets in g).
    fn running_sum(
        &mut self,
        buckets: &[Affine<C>],
        occupied: &[u32],
        groups: usize,
        group: impl Fn(u32) -> u32,
    ) -> Projective<C> {
        self.sizes.clear();
        self.sizes.resize(groups, 0);
        occupied.iter().for_each(|d| self.sizes[group(*d) as usize] += 1);
        let mut start = 0;
        let mut next: Vec<u32> = self
            .sizes
            .iter()
            .map(|size| {
                start += size;
                start - size
            })
            .collect();
        self.sorted.clear();
        self.sorted.resize(occupied.len(), 0);
        for (bucket, d) in (0..).zip(occupied) {
            let position = &mut next[group(*d) as usize];
            self.sorted[*position as usize] = bucket;
            *position += 1;
        }
        let present: Vec<bool> = self.sizes.iter().map(|size| *size > 0).collect();
        let sorted = &self.sorted;
        let sums = self.summer.sum_groups(&mut self.sizes, |position| buckets[sorted[position] as usize]);
        let (mut running, mut total) = (Projective::IDENTITY, Projective::IDENTITY);
        let mut sums = sums.iter().rev();
        for present in present.into_iter().skip(1).rev() {
            if present && let Some(sum) = sums.next() {
                running = running.add_affine(*sum);
            }
            total += running;
        }
        total
    }
}

fn signed_base<C: CurveSpec>(bases: &[Affine<C>], base: u32) -> Affine<C> {
    let point = bases[(base & !NEGATIVE) as usize];
    if base & NEGATIVE == 0 { point } else { -point }
}

/// The same with mixed additions and one running sum, for few points.
fn sum_few<C: CurveSpec>(bases: &[Affine<C>], scalars: &[Signed], index: u32, window: u32) -> Projective<C> {
    let mut buckets = vec![Projective::IDENTITY; 1 << (window - 1)];
    for scalar in scalars {
        let digit = digit(&scalar.magnitude, index, window);
        if digit != 0 {
            let sign = if digit < 0 { NEGATIVE } else { 0 };
            let bucket = &mut buckets[digit.unsigned_abs() as usize - 1];
            *bucket = bucket.add_affine(signed_base(bases, scalar.base ^ sign));
        }
    }
    let (mut running, mut total) = (Projective::IDENTITY, Projective::IDENTITY);
    for bucket in buckets.into_iter().rev() {
        running += bucket;
        total += running;
    }
    total
}
