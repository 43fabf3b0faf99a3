//! Sums of groups of affine points, many additions to an inversion.
//!
//! Pairs within a group, and groups among each other, are independent. Points are gathered a
//! segment at a time; within it, every round adds up all neighbours of the same group and so
//! halves the groups, until each is one point. A segment and its sums fit the second-level cache,
//! and the first rounds, which do nearly all the work, share an inversion among hundreds of pairs.

use crate::contract::{Backend, Pair};
use crate::{Affine, CurveSpec};

/// Points per segment: 128 KiB.
const SEGMENT: usize = 2048;

/// How many points ahead of its use a point is asked for from memory.
const AHEAD: usize = 12;

/// Buffers for summing groups, reused from call to call.
#[derive(Debug)]
pub(super) struct Summer<C: CurveSpec, B: Backend> {
    backend: B,
    /// The points of the segment, and their sums of the next round.
    points: Vec<Affine<C>>,
    sums: Vec<Affine<C>>,
    /// The groups of the segment with how many points each still has.
    groups: Vec<(u32, u32)>,
    pairs: Vec<Pair>,
    scratch: B::PairScratch<C>,
}

impl<C: CurveSpec, B: Backend> Summer<C, B> {
    pub(super) fn new(backend: B) -> Self {
        Self {
            backend,
            points: Vec::new(),
            sums: Vec::new(),
            groups: Vec::new(),
            pairs: Vec::new(),
            scratch: B::PairScratch::default(),
        }
    }

    /// Calls `done(g, sum)` for each group g that is not empty, in order. `point(i)` is the i-th
    /// point and `announce(i)` hints that it will be read soon; the points of a group are
    /// consecutive, and `sizes` tells how many each group has.
    pub(super) fn sum_groups(
        &mut self,
        sizes: &[u32],
        point: impl Fn(usize) -> Affine<C>,
        announce: impl Fn(usize),
        mut done: impl FnMut(usize, Affine<C>),
    ) {
        let total: usize = sizes.iter().map(|size| *size as usize).sum();
        let mut start = 0;
        for (group, &size) in sizes.iter().enumerate() {
            let mut left = size;
            while left > 0 {
                // Room for at least one point: a full segment has been summed up.
                let taken = left.min((SEGMENT - self.points.len()) as u32);
                for index in start..start + taken as usize {
                    announce((index + AHEAD).min(total - 1));
                    self.points.push(point(index));
                }
                match self.groups.last_mut() {
                    Some((last, count)) if *last == group as u32 => *count += taken,
                    _ => self.groups.push((group as u32, taken)),
                }
                (start, left) = (start + taken as usize, left - taken);
                if self.points.len() == SEGMENT {
                    self.sum_segment((left > 0).then_some(group), &mut done);
                }
            }
        }
        self.sum_segment(None, &mut done);
    }

    /// Sums the groups of the segment. The one that goes on in the next segment is not done; its
    /// sum so far stays as the first point.
    fn sum_segment(&mut self, unfinished: Option<usize>, done: &mut impl FnMut(usize, Affine<C>)) {
        while self.points.len() > self.groups.len() {
            self.round();
        }
        let mut carried = None;
        for (&(group, _), &sum) in self.groups.iter().zip(&self.points) {
            if unfinished == Some(group as usize) {
                carried = Some((group, sum));
            } else {
                done(group as usize, sum);
            }
        }
        self.points.clear();
        self.groups.clear();
        if let Some((group, sum)) = carried {
            self.points.push(sum);
            self.groups.push((group, 1));
        }
    }

    /// Adds neighbours within each group.
    fn round(&mut self) {
        self.pairs.clear();
        let halved = self.groups.iter().map(|(_, size)| size.div_ceil(2) as usize).sum();
        self.sums.resize(halved, Affine::IDENTITY);
        let (mut read, mut write) = (0, 0);
        for (_, size) in &mut self.groups {
            for _ in 0..*size / 2 {
                self.pairs.push(Pair { left: read, target: write });
                (read, write) = (read + 2, write + 1);
            }
            if *size % 2 == 1 {
                self.sums[write as usize] = self.points[read as usize];
                (read, write) = (read + 1, write + 1);
            }
            *size = size.div_ceil(2);
        }
        self.backend.add_pairs(&self.points, &self.pairs, &mut self.sums, &mut self.scratch);
        std::mem::swap(&mut self.points, &mut self.sums);
    }
}
