//! Sums of groups of affine points, many additions to an inversion.
//!
//! Pairs within a group, and groups among each other, are independent. The first round adds up pairs
//! of points where they are and writes the sums side by side; every further round adds up the
//! neighbours that are left in each group, in place, until each group is one point. All groups go
//! through a round together, so that there are enough pairs to share inversions.

use parhelion_scheduler::checkpoint;

use crate::contract::{Apart, Backend, InPlace, NEGATIVE, Pair, Pairs, Slot};
use crate::{Affine, CurveSpec};

/// Points that go through the rounds together: their sums of the first round take 2 MiB.
const SEGMENT: usize = 1 << 16;

/// Buffers for summing groups, reused from call to call.
#[derive(Debug)]
pub(super) struct Summer<C: CurveSpec, B: Backend> {
    backend: B,
    /// The sums so far; those of a group are neighbours. What is beyond the first `used` is left from
    /// segments before.
    sums: Vec<Slot<C>>,
    used: usize,
    /// The groups of the segment.
    groups: Vec<Group>,
    pairs: Pairs,
    scratch: B::PairScratch<C>,
}

#[derive(Clone, Copy, Debug)]
struct Group {
    index: u32,
    /// Where its sums start.
    start: u32,
    /// How many there are, after the first round.
    len: u32,
}

impl<C: CurveSpec, B: Backend> Summer<C, B> {
    pub(super) fn new(backend: B) -> Self {
        Self {
            backend,
            sums: Vec::new(),
            used: 0,
            groups: Vec::new(),
            pairs: Pairs::default(),
            scratch: B::PairScratch::default(),
        }
    }

    /// Calls `done(g, sum)` for each group g that is not empty, in order. The members of the groups
    /// are places in `points`, negated if marked so, one group after the other; `sizes` tells how many
    /// each group has.
    pub(super) fn sum_groups(
        &mut self,
        points: &[Slot<C>],
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
                self.enter(points, index, taken);
                if room == 0 {
                    self.sum_segment(points, (left > 0).then_some(index), &mut done);
                    room = SEGMENT;
                }
            }
        }
        self.sum_segment(points, None, &mut done);
    }

    /// Notes the first round for some members of a group.
    fn enter(&mut self, points: &[Slot<C>], index: u32, members: &[u32]) {
        match self.groups.last_mut() {
            Some(group) if group.index == index => {}
            _ => self.groups.push(Group { index, start: self.used as u32, len: 0 }),
        }
        let (pairs, last) = members.as_chunks::<2>();
        self.pairs.extend(pairs, self.used as u32);
        self.used += pairs.len();
        if self.sums.len() <= self.used {
            self.sums.resize(self.used + SEGMENT / 8, Slot(Affine::IDENTITY));
        }
        if let [place] = *last {
            let Affine { x, y } = points[(place & !NEGATIVE) as usize].0;
            self.sums[self.used] = Slot(Affine { x, y: y.negate_if(place & NEGATIVE != 0) });
            self.used += 1;
        }
        if let Some(group) = self.groups.last_mut() {
            group.len = self.used as u32 - group.start;
        }
    }

    /// Sums the groups of the segment. The one that goes on in the next segment is not done; its
    /// sum so far is its first in the next.
    fn sum_segment(
        &mut self,
        points: &[Slot<C>],
        unfinished: Option<u32>,
        done: &mut impl FnMut(usize, Affine<C>),
    ) {
        checkpoint();
        let Self { backend, sums, groups, pairs, scratch, .. } = self;
        backend.add_pairs(&mut Apart { points, sums }, pairs, scratch);
        let mut active: Vec<Group> = groups.iter().filter(|group| group.len > 1).copied().collect();
        let mut stride = 1;
        while !active.is_empty() {
            pairs.clear();
            for Group { start, len, .. } in &mut active {
                for pair in 0..*len / 2 {
                    let left = *start + 2 * stride * pair;
                    pairs.push(Pair { left, right: left + stride, target: left });
                }
                *len = len.div_ceil(2);
            }
            backend.add_pairs(&mut InPlace(sums), pairs, scratch);
            active.retain(|group| group.len > 1);
            stride *= 2;
        }
        let mut carried = None;
        for &Group { index, start, .. } in groups.iter() {
            let sum = sums[start as usize];
            if unfinished == Some(index) {
                carried = Some((index, sum));
            } else {
                done(index as usize, sum.0);
            }
        }
        pairs.clear();
        groups.clear();
        self.used = 0;
        if let Some((index, sum)) = carried {
            groups.push(Group { index, start: 0, len: 1 });
            sums[0] = sum;
            self.used = 1;
        }
    }
}
