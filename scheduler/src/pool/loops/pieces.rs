//! What loops go over.

use std::ops::Range;

/// Something that can be cut.
pub(super) trait Pieces: Sized + Send {
    fn count(&self) -> usize;

    /// The first `count` and the others.
    fn split_at(self, count: usize) -> (Self, Self);
}

impl Pieces for Range<usize> {
    fn count(&self) -> usize {
        self.len()
    }

    fn split_at(self, count: usize) -> (Self, Self) {
        let middle = self.start + count;
        (self.start..middle, middle..self.end)
    }
}

/// Chunks of a slice, the first of them with number `first`.
pub(super) struct Chunks<'a, T> {
    pub(super) first: usize,
    pub(super) chunk: usize,
    pub(super) data: &'a mut [T],
}

impl<T: Send> Pieces for Chunks<'_, T> {
    fn count(&self) -> usize {
        self.data.len().div_ceil(self.chunk)
    }

    fn split_at(self, count: usize) -> (Self, Self) {
        let Self { first, chunk, data } = self;
        let middle = (count * chunk).min(data.len());
        let (left, right) = data.split_at_mut(middle);
        (Self { first, chunk, data: left }, Self { first: first + count, chunk, data: right })
    }
}
