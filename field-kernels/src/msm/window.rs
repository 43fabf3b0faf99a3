//! Some windows of one class: points into buckets, buckets into their weighted sum.
//!
//! Where there are few points, several windows go through all steps together: so many additions share an
//! inversion as if there were more points.

use std::ops::Range;

use super::classes::{CLASS_BITS, Class, Piece};
use super::digits::{best_window, digits, windows};
use super::shifted::Shifts;
use super::tree::Summer;
use crate::contract::{Backend, NEGATIVE};
use crate::scratch::{Carver, lines_of};
use crate::{Affine, CurveSpec, Projective};

/// Below this many points, counted once for each window, the inversions of affine additions do not pay.
const MIN_AFFINE: usize = 192;

/// Points, counted once for each window, or buckets that go through the steps together if there are several
/// windows: their sums fit the second-level cache.
const TOGETHER: usize = 1 << 13;

/// Bits of the widest scalars.
const MAX_BITS: u32 = CLASS_BITS[CLASS_BITS.len() - 1];

/// Buckets of a window, the empty one of digit 0 included.
fn buckets(window: u32) -> usize {
    (1 << (window - 1)) + 1
}

/// The most windows that `count` points go through together.
pub(super) fn together(count: usize, window: u32) -> u32 {
    (TOGETHER / count.max(buckets(window))).clamp(1, 64) as u32
}

/// How buckets are joined. With d = high·2^h + low, Σ d·bucket\[d\] is
/// 2^h·Σ high·(row sum) + Σ low·(column sum); and Σ low·(column sum) is Σ 2^b·(the sum of those columns whose
/// number has bit b). So all additions but those of w multiples of powers of two are independent of each other.
#[derive(Clone, Copy)]
struct Joins {
    window: u32,
}

impl Joins {
    /// How many bits of a bucket's number tell its column; the others tell its row.
    fn shift(self) -> u32 {
        self.window / 2
    }

    /// Columns of buckets, that of weight 0 included.
    fn columns(self) -> usize {
        1 << self.shift()
    }

    /// Columns and rows, those of weight 0 included.
    fn lines(self) -> usize {
        self.columns() + (1usize << (self.window - 1 - self.shift())) + 1
    }

    /// The column and the row of bucket d among the lines; none for those of weight 0.
    fn lines_of(self, d: usize) -> [Option<usize>; 2] {
        let (low, high) = (d & (self.columns() - 1), d >> self.shift());
        [(low > 0).then_some(low), (high > 0).then_some(self.columns() + high)]
    }

    /// The powers of two whose sums a line belongs to.
    fn bits_of(self, line: usize) -> impl Iterator<Item = usize> {
        let (number, first) = match line.checked_sub(self.columns()) {
            None => (line, 0),
            Some(high) => (high, self.shift() as usize),
        };
        (0..usize::BITS as usize).filter(move |bit| number >> bit & 1 == 1).map(move |bit| first + bit)
    }
}

/// How members and groups are summed up: the points by buckets, then the buckets by rows and columns, then
/// those by powers of two.
fn uses(count: usize, window: u32, windows: usize) -> [[usize; 2]; 3] {
    let (all, joins) = (buckets(window), Joins { window });
    [
        [windows * count, windows * all],
        [windows * 2 * all, windows * joins.lines()],
        [windows * joins.lines() * window as usize, windows * window as usize],
    ]
}

/// Memory for some windows.
#[derive(Debug)]
struct Workspace<'a, C: CurveSpec, B: Backend> {
    summer: Summer<'a, C, B>,
    /// What is summed, sorted by group: bases with their signs, then buckets, then lines of buckets.
    sorted: &'a mut [u32],
    /// How many there are in each group.
    sizes: &'a mut [u32],
    /// Where the next member of each group goes.
    next: &'a mut [u32],
    buckets: &'a mut [Affine<C>],
    /// Sums of lines.
    sums: &'a mut [Affine<C>],
}

/// The most members and groups of all uses.
fn most(uses: [[usize; 2]; 3]) -> [usize; 2] {
    [0, 1].map(|index| uses.iter().map(|of| of[index]).max().unwrap_or(0))
}

/// Lines of memory that [`sum`] takes for as many scalars in as many windows.
pub(super) fn lines<C: CurveSpec, B: Backend>(
    count: usize,
    class: Class,
    window: u32,
    windows: u32,
) -> usize {
    let windows = windows as usize;
    if count * windows < MIN_AFFINE {
        return lines_of::<u32>(count) + lines_of::<Projective<C>>(buckets(window));
    }
    if class.is_unit() {
        return Summer::<C, B>::lines(&[[count, 2]]);
    }
    lines_of::<u32>(count) + Workspace::<C, B>::lines(uses(count, window, windows), windows * buckets(window))
}

/// Lines of memory that [`sum`] takes at most for up to `count` scalars of whatever width, in as many windows as go
/// together.
pub(super) fn most_lines<C: CurveSpec, B: Backend>(count: usize) -> usize {
    // Classes are as wide as the widest scalar in them.
    let alone = (1..=MAX_BITS).map(|bits| {
        let (class, window) = (Class { bits, ..Class::default() }, best_window(count, bits));
        lines::<C, B>(count, class, window, together(count, window))
    });
    // Several windows together have as many points or buckets as this; and each of them takes most if they are
    // buckets, which have to be joined.
    let several = (2..=14).map(|window| {
        let class = Class { bits: MAX_BITS, ..Class::default() };
        lines::<C, B>(1 << (window - 1), class, window, (TOGETHER >> (window - 1)).min(64) as u32)
    });
    alone.chain(several).max().unwrap_or(0)
}

/// Σ digit(scalar)·base over scalars, for the digits of each of `range`: the sum of the first window, 2^`window` times
/// that of the next, and so on.
pub(super) fn sum<C: CurveSpec, B: Backend>(
    backend: B,
    carver: &mut Carver<'_>,
    bases: &[Affine<C>],
    scalars: Piece<'_>,
    range: Range<u32>,
    window: u32,
) -> Projective<C> {
    let (count, windows) = (scalars.places.len(), range.len());
    if count * windows < MIN_AFFINE {
        return sum_few(carver, bases, scalars, range, window);
    }
    if scalars.class.is_unit() {
        // All digits are 1 or -1.
        let mut summer = Summer::new(backend, carver, &[[count, 2]]);
        let mut total = Affine::IDENTITY;
        summer.sum_groups(bases, scalars.places, &[0, count as u32], |_, sum| total = sum);
        return total.into();
    }
    let (keys, all) = (carver.cut(count), buckets(window));
    let mut workspace = Workspace::new(backend, carver, uses(count, window, windows), windows * all);
    let mut filled = 0;
    for (number, index) in range.enumerate() {
        digits(scalars, index, window, keys);
        filled += workspace.sort_by_digit(keys, scalars.places, number * all..(number + 1) * all, filled);
    }
    let Workspace { summer, sorted, sizes, buckets, .. } = &mut workspace;
    summer.sum_groups(bases, &sorted[..filled], &sizes[..windows * all], |group, sum| buckets[group] = sum);
    workspace.weighted_sum(windows, Joins { window })
}

/// Lines of memory that [`sum_shifted`] takes for as many scalars in a pass of as many windows.
pub(super) fn shifted_lines<C: CurveSpec, B: Backend>(count: usize, window: u32, windows: u32) -> usize {
    let uses = uses(count * windows as usize, window, 1);
    lines_of::<u32>(count) + Workspace::<C, B>::lines(uses, buckets(window))
}

/// Lines of memory that [`sum_shifted`] takes at most for up to `count` scalars of whatever width.
pub(super) fn most_shifted_lines<C: CurveSpec, B: Backend>(count: usize, shifts: Shifts) -> usize {
    shifted_lines::<C, B>(count, shifts.window, shifts.windows_of(MAX_BITS, 0))
}

/// Σ digit(scalar)·multiple(base) over scalars and the windows of pass `pass`, for digits of more than a window. `points`
/// are a table: the bases, and their multiples.
pub(super) fn sum_shifted<C: CurveSpec, B: Backend>(
    backend: B,
    carver: &mut Carver<'_>,
    (points, shifts): (&[Affine<C>], Shifts),
    scalars: Piece<'_>,
    pass: u32,
) -> Projective<C> {
    let Shifts { window, stride, bases } = shifts;
    let (count, all) = (scalars.places.len(), buckets(window));
    let of_pass = || (pass..windows(scalars.class.bits, window)).step_by(stride as usize);
    let keys = carver.cut(count);
    let mut workspace = Workspace::new(backend, carver, uses(count * of_pass().count(), window, 1), all);
    let Workspace { summer, sorted, sizes, next, buckets, .. } = &mut workspace;
    // A counting sort as of a single window, of all the digits.
    let sizes = &mut sizes[..all];
    sizes.fill(0);
    for index in of_pass() {
        digits(scalars, index, window, keys);
        keys.iter().for_each(|key| sizes[(key & !NEGATIVE) as usize] += 1);
    }
    let filled = starts(sizes, next);
    for (multiple, index) in (0..).zip(of_pass()) {
        digits(scalars, index, window, keys);
        for (key, place) in keys.iter().zip(scalars.places) {
            let position = &mut next[(key & !NEGATIVE) as usize];
            sorted[*position as usize] = (place ^ (key & NEGATIVE)) + multiple * bases;
            *position += 1;
        }
    }
    summer.sum_groups(points, &sorted[..filled], sizes, |group, sum| buckets[group] = sum);
    workspace.weighted_sum(1, Joins { window })
}

impl<'a, C: CurveSpec, B: Backend> Workspace<'a, C, B> {
    fn new(backend: B, carver: &mut Carver<'a>, uses: [[usize; 2]; 3], buckets: usize) -> Self {
        let [members, groups] = most(uses);
        Self {
            summer: Summer::new(backend, carver, &uses),
            sorted: carver.cut(members),
            sizes: carver.cut(groups),
            next: carver.cut(groups),
            buckets: carver.cut_filled(buckets, Affine::IDENTITY),
            sums: carver.cut(groups),
        }
    }

    /// Lines of memory that [`new`](Self::new) takes.
    fn lines(uses: [[usize; 2]; 3], buckets: usize) -> usize {
        let [members, groups] = most(uses);
        Summer::<C, B>::lines(&uses)
            + lines_of::<u32>(members)
            + 2 * lines_of::<u32>(groups)
            + lines_of::<Affine<C>>(buckets)
            + lines_of::<Affine<C>>(groups)
    }

    /// Counting sort of the places by the magnitude of their digit, into groups of their own from place `start` on.
    /// Returns how many there are; zero digits are in no group, and what comes next takes their place.
    fn sort_by_digit(&mut self, keys: &[u32], places: &[u32], groups: Range<usize>, start: usize) -> usize {
        let sorted = &mut self.sorted[start..];
        let (sizes, next) = (&mut self.sizes[groups.clone()], &mut self.next[groups]);
        let count = count(sizes, next, keys.iter().map(|key| (key & !NEGATIVE) as usize));
        for (key, place) in keys.iter().zip(places) {
            let position = &mut next[(key & !NEGATIVE) as usize];
            sorted[*position as usize] = place ^ (key & NEGATIVE);
            *position += 1;
        }
        count
    }

    /// Σ 2^(window·number)·Σ d·bucket\[d\].
    fn weighted_sum(&mut self, windows: usize, joins: Joins) -> Projective<C> {
        let (all, lines, bits) = (buckets(joins.window), joins.lines(), joins.window as usize);
        // All that are not there are left out.
        let Self { summer, sorted, sizes, next, buckets, sums } = self;
        let of_bucket = |index: usize| {
            let (number, d) = (index / all, index % all);
            joins.lines_of(d).into_iter().flatten().map(move |line| number * lines + line)
        };
        sort(buckets, of_bucket, sorted, (&mut sizes[..windows * lines], &mut next[..windows * lines]));
        let sums = &mut sums[..windows * lines];
        sums.fill(Affine::IDENTITY);
        summer.sum_groups(buckets, sorted, &sizes[..windows * lines], |group, sum| sums[group] = sum);

        let of_line = |index: usize| {
            let (number, line) = (index / lines, index % lines);
            joins.bits_of(line).map(move |bit| number * bits + bit)
        };
        sort(sums, of_line, sorted, (&mut sizes[..windows * bits], &mut next[..windows * bits]));
        let powers = &mut buckets[..windows * bits];
        powers.fill(Affine::IDENTITY);
        summer.sum_groups(sums, sorted, &sizes[..windows * bits], |group, sum| powers[group] = sum);
        powers.iter().rev().fold(Projective::IDENTITY, |total, power| total.double().add_affine(*power))
    }
}

/// Sorts the places of points by their groups, of which there may be several for each. Those that are the
/// identity are left out.
fn sort<C: CurveSpec, I: Iterator<Item = usize>>(
    points: &[Affine<C>],
    groups: impl Fn(usize) -> I,
    sorted: &mut [u32],
    (sizes, next): (&mut [u32], &mut [u32]),
) {
    let places = || (0..points.len()).filter(|place| !points[*place].is_identity());
    sizes.fill(0);
    places().flat_map(&groups).for_each(|group| sizes[group] += 1);
    let mut start = 0;
    for (size, next) in sizes.iter().zip(next.iter_mut()) {
        *next = start;
        start += size;
    }
    for place in places() {
        for group in groups(place) {
            sorted[next[group] as usize] = place as u32;
            next[group] += 1;
        }
    }
}

/// Counts the members of groups 1, 2, ... in `sizes`, and notes where each group starts. Those of group 0
/// are not counted, and start after all others.
fn count(sizes: &mut [u32], next: &mut [u32], members: impl Iterator<Item = usize>) -> usize {
    sizes.fill(0);
    members.for_each(|group| sizes[group] += 1);
    starts(sizes, next)
}

/// Where each group starts, given their sizes; see [`count`].
fn starts(sizes: &mut [u32], next: &mut [u32]) -> usize {
    let mut start = 0;
    for (size, next) in sizes.iter().zip(next.iter_mut()).skip(1) {
        *next = start;
        start += size;
    }
    (sizes[0], next[0]) = (0, start);
    start as usize
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
    range: Range<u32>,
    window: u32,
) -> Projective<C> {
    let keys = carver.cut(scalars.places.len());
    let buckets = carver.cut(buckets(window));
    range.rev().fold(Projective::IDENTITY, |total, index| {
        buckets.fill(Projective::IDENTITY);
        digits(scalars, index, window, keys);
        for (key, place) in keys.iter().zip(scalars.places) {
            let bucket = &mut buckets[(key & !NEGATIVE) as usize];
            if key & !NEGATIVE != 0 {
                *bucket = bucket.add_affine(signed_base(bases, place ^ (key & NEGATIVE)));
            }
        }
        let total = (0..window).fold(total, |total, _| total.double());
        total + running_sum(buckets[1..].iter().copied())
    })
}

#[cfg(test)]
mod tests {
    use super::super::digits::windows;
    use super::*;
    use crate::Bn254G1Spec;
    use crate::scalar::Scalar;

    #[test]
    fn no_task_takes_more_than_the_most() {
        for most in [1, 2, 100, 193, 5_000, 1 << 12, 1 << 15] {
            let bound = most_lines::<Bn254G1Spec, Scalar>(most);
            for count in (0..12).map(|step| most >> step).filter(|count| *count > 0) {
                for count in [count, count.div_ceil(2) + count / 5].map(|count| count.min(most)) {
                    for bits in 1..=MAX_BITS {
                        let (class, window) = (Class { bits, ..Class::default() }, best_window(count, bits));
                        for at_once in 1..=together(count, window).min(windows(bits, window)) {
                            let taken = lines::<Bn254G1Spec, Scalar>(count, class, window, at_once);
                            let task = format!("{count} of {bits} bits, {at_once} of {window}");
                            assert!(taken <= bound, "{most}: {task}: {taken} > {bound}");
                        }
                    }
                }
            }
        }
    }
}
