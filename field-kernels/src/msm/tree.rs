//! Sums of groups of affine points, many additions to an inversion.
//!
//! Pairs within a group, and groups among each other, are independent. The first round adds up pairs
//! of points where they are and writes the sums side by side; every further round adds up the
//! neighbours that are left in each group, in place, until each group is one point. All groups go
//! through a round together, so that there are enough pairs to share inversions.

use bytemuck::{Pod, Zeroable};
use parhelion_scheduler::checkpoint;

use crate::contract::{Apart, Backend, InPlace, NEGATIVE, Pair, Pairs};
use crate::scalar::prefetch;
use crate::scratch::{Carver, lines_of};
use crate::{Affine, CurveSpec};

/// Points that go through the rounds together: their sums of the first round take 2 MiB.
const SEGMENT: usize = 1 << 16;

/// How many points ahead of its use one is asked for from memory.
const AHEAD: usize = 16;

/// Memory for summing groups.
#[derive(Debug)]
pub(super) struct Summer<'a, C: CurveSpec, B: Backend> {
    backend: B,
    /// The sums so far; those of a group are neighbours.
    sums: &'a mut [Affine<C>],
    used: usize,
    /// The groups of the segment.
    groups: &'a mut [Group],
    entered: usize,
    /// Those of more than one point, while there are some.
    active: &'a mut [Group],
    pairs: Pairs<'a>,
    /// Points without a partner in the first round.
    single: &'a mut [Single],
    singles: usize,
    scratch: B::PairScratch<'a, C>,
}

#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
struct Group {
    index: u32,
    /// Where its sums start.
    start: u32,
    /// How many there are, after the first round.
    len: u32,
}

// SAFETY: three integers, which may be zero.
unsafe impl Zeroable for Group {}
// SAFETY: integers of the same size and any value, without padding.
unsafe impl Pod for Group {}

/// The place of a point, perhaps negated, and where it goes among the sums.
type Single = [u32; 2];

impl<'a, C: CurveSpec, B: Backend> Summer<'a, C, B> {
    /// The most sums, groups and pairs of a segment, for so many members and groups in all.
    fn most([members, groups]: [usize; 2]) -> [usize; 3] {
        let members = members.min(SEGMENT);
        // A group may go on from the segment before.
        let groups = groups.min(members) + 1;
        [(members + groups) / 2 + 1, groups, members / 2 + 1]
    }

    /// Lines of memory that summing takes, for each of some numbers of members and groups.
    pub(super) fn lines(uses: &[[usize; 2]]) -> usize {
        let [sums, groups, pairs] = largest(uses.iter().map(|of| Self::most(*of)));
        lines_of::<Affine<C>>(sums)
            + 2 * lines_of::<Group>(groups)
            + lines_of::<Single>(groups)
            + Pairs::lines(pairs)
            + B::pair_lines::<C>()
    }

    pub(super) fn new(backend: B, carver: &mut Carver<'a>, uses: &[[usize; 2]]) -> Self {
        let [sums, groups, pairs] = largest(uses.iter().map(|of| Self::most(*of)));
        Self {
            backend,
            sums: carver.cut(sums),
            used: 0,
            groups: carver.cut(groups),
            entered: 0,
            active: carver.cut(groups),
            pairs: Pairs::new(carver, pairs),
            single: carver.cut(groups),
            singles: 0,
            scratch: B::pair_scratch(carver),
        }
    }

    /// Calls `done(g, sum)` for each group g that is not empty, in order. The members of the groups
    /// are places in `points`, negated if marked so, one group after the other; `sizes` tells how many
    /// each group has.
    pub(super) fn sum_groups(
        &mut self,
        points: &[Affine<C>],
        members: &[u32],
        sizes: &[u32],
        mut done: impl FnMut(usize, Affine<C>),
    ) {
        let (mut rest, mut room) = (members, SEGMENT);
        for (index, &size) in (0..).zip(sizes) {
            let mut left = size as usize;
            while left > 0 {
                let taken;
                (taken, rest) = rest.split_at(left.min(room));
                (left, room) = (left - taken.len(), room - taken.len());
                self.enter(index, taken);
                if room == 0 {
                    self.sum_segment(points, (left > 0).then_some(index), &mut done);
                    room = SEGMENT;
                }
            }
        }
        self.sum_segment(points, None, &mut done);
    }

    /// Notes the first round for some members of a group.
    #[inline]
    fn enter(&mut self, index: u32, members: &[u32]) {
        // Only the first of a segment may be there already.
        if self.entered == 0 || self.groups[self.entered - 1].index != index {
            self.groups[self.entered] = Group { index, start: self.used as u32, len: 0 };
            self.entered += 1;
        }
        let (pairs, last) = members.as_chunks::<2>();
        self.pairs.extend(pairs, self.used as u32);
        self.used += pairs.len();
        if let [place] = *last {
            self.single[self.singles] = [place, self.used as u32];
            self.singles += 1;
            self.used += 1;
        }
        let group = &mut self.groups[self.entered - 1];
        group.len = self.used as u32 - group.start;
    }

    /// The first round.
    fn pair_up(&mut self, points: &[Affine<C>]) {
        let Self { backend, sums, pairs, single, scratch, .. } = self;
        backend.add_pairs(&mut Apart { points, sums }, pairs, scratch);
        let single = &single[..self.singles];
        for (index, [place, target]) in single.iter().enumerate() {
            if let Some([later, _]) = single.get(index + AHEAD) {
                prefetch(&points[(later & !NEGATIVE) as usize]);
            }
            let Affine { x, y } = points[(place & !NEGATIVE) as usize];
            sums[*target as usize] = Affine { x, y: y.negate_if(place & NEGATIVE != 0) };
        }
    }

    /// Sums the groups of the segment. The one that goes on in the next segment is not done; its
    /// sum so far is its first in the next.
    fn sum_segment(
        &mut self,
        points: &[Affine<C>],
        unfinished: Option<u32>,
        done: &mut impl FnMut(usize, Affine<C>),
    ) {
        checkpoint();
        self.pair_up(points);
        let Self { backend, sums, groups, active, pairs, scratch, .. } = self;
        let groups = &groups[..self.entered];
        let mut left = 0;
        for group in groups.iter().filter(|group| group.len > 1) {
            active[left] = *group;
            left += 1;
        }
        let mut stride = 1;
        while left > 0 {
            pairs.clear();
            let mut still = 0;
            for index in 0..left {
                let Group { start, len, .. } = active[index];
                for pair in 0..len / 2 {
                    let left = start + 2 * stride * pair;
                    pairs.push(Pair { left, right: left + stride, target: left });
                }
                active[still] = Group { len: len.div_ceil(2), ..active[index] };
                still += usize::from(len > 2);
            }
            backend.add_pairs(&mut InPlace(sums), pairs, scratch);
            left = still;
            stride *= 2;
        }
        let mut carried = None;
        for &Group { index, start, .. } in groups {
            let sum = sums[start as usize];
            if unfinished == Some(index) {
                carried = Some((index, sum));
            } else {
                done(index as usize, sum);
            }
        }
        self.pairs.clear();
        (self.entered, self.used, self.singles) = (0, 0, 0);
        if let Some((index, sum)) = carried {
            self.groups[0] = Group { index, start: 0, len: 1 };
            self.sums[0] = sum;
            (self.entered, self.used) = (1, 1);
        }
    }
}

/// The largest at each place.
fn largest<const N: usize>(arrays: impl Iterator<Item = [usize; N]>) -> [usize; N] {
    let mut largest = [0; N];
    for array in arrays {
        largest.iter_mut().zip(array).for_each(|(most, one)| *most = one.max(*most));
    }
    largest
}
