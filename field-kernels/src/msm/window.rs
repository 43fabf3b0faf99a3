//! One window of one class: points into buckets, buckets into their weighted sum.

use super::classes::{Class, Piece};
use super::digits::digits;
use super::tree::Summer;
use crate::contract::{Backend, NEGATIVE};
use crate::scratch::{Carver, lines_of};
use crate::{Affine, CurveSpec, Projective};

/// Below this many points the inversions of affine additions do not pay.
const MIN_AFFINE: usize = 192;

/// Buckets of a window, the empty one of digit 0 included.
fn buckets(window: u32) -> usize {
    (1 << (window - 1)) + 1
}

/// How many bits of a bucket's number tell its column; the others tell its row.
fn shift(window: u32) -> u32 {
    window / 2
}

/// Rows and columns of buckets, those of weight 0 included.
fn sides(window: u32) -> [usize; 2] {
    [(1usize << (window - 1 - shift(window))) + 1, 1 << shift(window)]
}

/// How members and groups are summed up: the points by buckets, then the buckets by rows and columns.
fn uses(count: usize, window: u32) -> [[usize; 2]; 3] {
    let [rows, columns] = sides(window);
    [[count, buckets(window)], [buckets(window), rows], [buckets(window), columns]]
}

/// Memory for a window.
#[derive(Debug)]
struct Workspace<'a, C: CurveSpec, B: Backend> {
    summer: Summer<'a, C, B>,
    /// What is summed, sorted by group: bases with their signs, then buckets.
    sorted: &'a mut [u32],
    /// How many there are in each group.
    sizes: &'a mut [u32],
    /// Where the next member of each group goes.
    next: &'a mut [u32],
    buckets: &'a mut [Affine<C>],
    /// Sums of rows or columns.
    sums: &'a mut [Affine<C>],
}

/// Lines of memory that [`sum`] takes for as many scalars.
pub(super) fn lines<C: CurveSpec, B: Backend>(count: usize, class: Class, window: u32) -> usize {
    if count < MIN_AFFINE {
        return lines_of::<u32>(count) + lines_of::<Projective<C>>(buckets(window));
    }
    if class.is_unit() {
        return Summer::<C, B>::lines(&[[count, 2]]);
    }
    let all = buckets(window);
    Summer::<C, B>::lines(&uses(count, window))
        + lines_of::<u32>(count)
        + lines_of::<u32>(count.max(all))
        + 2 * lines_of::<u32>(all)
        + lines_of::<Affine<C>>(all)
        + lines_of::<Affine<C>>(sides(window)[0].max(sides(window)[1]))
}

/// Σ digit(scalar)·base over scalars, for the digits of window `index`.
pub(super) fn sum<C: CurveSpec, B: Backend>(
    backend: B,
    carver: &mut Carver<'_>,
    bases: &[Affine<C>],
    scalars: Piece<'_>,
    index: u32,
    window: u32,
) -> Projective<C> {
    let count = scalars.places.len();
    if count < MIN_AFFINE {
        return sum_few(carver, bases, scalars, index, window);
    }
    if scalars.class.is_unit() {
        // All digits are 1 or -1.
        let mut summer = Summer::new(backend, carver, &[[count, 2]]);
        let mut total = Affine::IDENTITY;
        summer.sum_groups(bases, scalars.places, &[0, count as u32], |_, sum| total = sum);
        return total.into();
    }
    let (keys, all) = (carver.cut(count), buckets(window));
    digits(scalars, index, window, keys);
    let mut workspace = Workspace {
        summer: Summer::new(backend, carver, &uses(count, window)),
        sorted: carver.cut(count.max(all)),
        sizes: carver.cut(all),
        next: carver.cut(all),
        buckets: carver.cut_filled(all, Affine::IDENTITY),
        sums: carver.cut(sides(window)[0].max(sides(window)[1])),
    };
    workspace.sort_by_digit(keys, scalars.places);
    let Workspace { summer, sorted, sizes, buckets, .. } = &mut workspace;
    summer.sum_groups(bases, sorted, sizes, |digit, sum| buckets[digit] = sum);
    workspace.weighted_sum(window)
}

impl<C: CurveSpec, B: Backend> Workspace<'_, C, B> {
    /// Counting sort of the places by the magnitude of their digit; zero digits go last, and are in no
    /// group.
    fn sort_by_digit(&mut self, keys: &[u32], places: &[u32]) {
        let Self { sorted, sizes, next, .. } = self;
        count(sizes, next, keys.iter().map(|key| key & !NEGATIVE));
        for (key, place) in keys.iter().zip(places) {
            let position = &mut next[(key & !NEGATIVE) as usize];
            sorted[*position as usize] = place ^ (key & NEGATIVE);
            *position += 1;
        }
    }

    /// Σ d·bucket\[d\].
    ///
    /// With d = high·2^h + low this is 2^h·Σ high·(row sum) + Σ low·(column sum): two batches of
    /// independent affine additions, and running sums over about 2^h groups only, where one running
    /// sum over all buckets would take two dependent additions for each.
    fn weighted_sum(&mut self, window: u32) -> Projective<C> {
        let shift = shift(window);
        let [rows, columns] = sides(window);
        let total = self.weighted_groups(rows, |d| d >> shift);
        let total = (0..shift).fold(total, |total, _| total.double());
        total + self.weighted_groups(columns, |d| d & ((1 << shift) - 1))
    }

    /// Σ g·(sum of the buckets in group g).
    fn weighted_groups(&mut self, groups: usize, group: impl Fn(u32) -> u32) -> Projective<C> {
        let Self { summer, sorted, sizes, next, buckets, sums } = self;
        let (sizes, next, sums) = (&mut sizes[..groups], &mut next[..groups], &mut sums[..groups]);
        // Those in group 0, which has no weight, are left out like empty ones.
        let group_of = |(d, bucket): (u32, &Affine<C>)| if bucket.is_identity() { 0 } else { group(d) };
        count(sizes, next, (0..).zip(buckets.iter()).map(group_of));
        for (d, bucket) in (0..).zip(buckets.iter()) {
            let position = &mut next[group_of((d, bucket)) as usize];
            sorted[*position as usize] = d;
            *position += 1;
        }
        sums.fill(Affine::IDENTITY);
        summer.sum_groups(buckets, sorted, sizes, |group, sum| sums[group] = sum);
        running_sum(sums[1..].iter().map(|sum| Projective::from(*sum)))
    }
}

/// Counts the members of groups 1, 2, ... in `sizes`, and notes where each group starts. Those of group 0
/// are not counted, and start after all others.
fn count(sizes: &mut [u32], next: &mut [u32], members: impl Iterator<Item = u32>) {
    sizes.fill(0);
    members.for_each(|group| sizes[group as usize] += 1);
    let mut start = 0;
    for (size, next) in sizes.iter().zip(next.iter_mut()).skip(1) {
        *next = start;
        start += size;
    }
    (sizes[0], next[0]) = (0, start);
}

#[inline(always)]
fn signed_base<C: CurveSpec>(bases: &[Affine<C>], base: u32) -> Affine<C> {
    let Affine { x, y } = bases[(base & !NEGATIVE) as usize];
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

/// [`sum`] by mixed additions, for few points.
fn sum_few<C: CurveSpec>(
    carver: &mut Carver<'_>,
    bases: &[Affine<C>],
    scalars: Piece<'_>,
    index: u32,
    window: u32,
) -> Projective<C> {
    let keys = carver.cut(scalars.places.len());
    let buckets = carver.cut_filled(buckets(window), Projective::IDENTITY);
    digits(scalars, index, window, keys);
    for (key, place) in keys.iter().zip(scalars.places) {
        let bucket = &mut buckets[(key & !NEGATIVE) as usize];
        if key & !NEGATIVE != 0 {
            *bucket = bucket.add_affine(signed_base(bases, place ^ (key & NEGATIVE)));
        }
    }
    running_sum(buckets[1..].iter().copied())
}
