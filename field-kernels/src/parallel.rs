//! Loops over slices with an executor, without a single allocation.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicUsize, Ordering};

use parhelion_scheduler::Executor;

/// A slice cut into pieces that are handed out one by one, each once, to whoever asks next.
pub(crate) struct Pieces<'a, T> {
    start: *mut T,
    len: usize,
    /// Elements of a piece.
    piece: usize,
    next: AtomicUsize,
    slice: PhantomData<&'a mut [T]>,
}

// SAFETY: what is shared is a counter; elements go to one thread each.
unsafe impl<T: Send> Sync for Pieces<'_, T> {}

impl<'a, T> Pieces<'a, T> {
    pub(crate) fn new(slice: &'a mut [T], piece: usize) -> Self {
        let (start, len) = (slice.as_mut_ptr(), slice.len());
        Self { start, len, piece: piece.max(1), next: AtomicUsize::new(0), slice: PhantomData }
    }

    /// How many pieces there are.
    pub(crate) fn count(&self) -> usize {
        self.len.div_ceil(self.piece)
    }

    /// The next piece with its number.
    pub(crate) fn next(&self) -> Option<(usize, &'a mut [T])> {
        let index = claim(&self.next, self.count())?;
        // SAFETY: nobody else has claimed this number.
        Some((index, unsafe { self.piece(index) }))
    }

    /// Piece `index`; an empty one beyond the last.
    ///
    /// # Safety
    /// Nobody may have had it before.
    unsafe fn piece(&self, index: usize) -> &'a mut [T] {
        let first = (index * self.piece).min(self.len);
        let len = self.piece.min(self.len - first);
        // SAFETY: the elements are part of a slice that is borrowed for 'a, and no other piece has them.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(first), len) }
    }
}

/// The next of `count` numbers that nobody has had.
pub(crate) fn claim(next: &AtomicUsize, count: usize) -> Option<usize> {
    // Each asks once for each number, so that the counter stays far from its end.
    let index = next.fetch_add(1, Ordering::Relaxed);
    (index < count).then_some(index)
}

/// Calls `f(number, piece)` for each piece of `len` elements; the last may be shorter.
pub(crate) fn for_each_chunk_mut<T: Send>(
    executor: &dyn Executor,
    data: &mut [T],
    len: usize,
    f: impl Fn(usize, &mut [T]) + Sync,
) {
    let pieces = Pieces::new(data, len);
    executor.run(pieces.count(), &|_| {
        if let Some((index, piece)) = pieces.next() {
            f(index, piece);
        }
    });
}

/// Calls `f(number, piece, piece)` for each piece of `len` elements of the first slice, and of `other_len` of the
/// other.
pub(crate) fn for_each_two_chunks_mut<T: Send, U: Send>(
    executor: &dyn Executor,
    (data, len): (&mut [T], usize),
    (other, other_len): (&mut [U], usize),
    f: impl Fn(usize, &mut [T], &mut [U]) + Sync,
) {
    let (pieces, others) = (Pieces::new(data, len), Pieces::new(other, other_len));
    executor.run(pieces.count(), &|_| {
        if let Some((index, piece)) = pieces.next() {
            // SAFETY: the number has just been claimed, and nobody claims those of the other slice.
            f(index, piece, unsafe { others.piece(index) });
        }
    });
}

/// Calls `f(index, element)` for each element.
pub(crate) fn for_each_mut<T: Send>(
    executor: &dyn Executor,
    data: &mut [T],
    f: impl Fn(usize, &mut T) + Sync,
) {
    for_each_chunk_mut(executor, data, 1, |index, piece| piece.iter_mut().for_each(|item| f(index, item)));
}

#[cfg(test)]
mod tests {
    use parhelion_scheduler::RayonExecutor;

    use super::*;

    #[test]
    fn every_element_is_seen_once() {
        let pool = RayonExecutor::new(3).expect("three threads");
        for len in [0, 1, 6, 7, 8, 1000] {
            let mut data = vec![0; len];
            for_each_chunk_mut(&pool, &mut data, 7, |index, piece| {
                piece.iter_mut().enumerate().for_each(|(place, item)| *item += 7 * index + place + 1);
            });
            for_each_mut(&pool, &mut data, |index, item| *item -= index);
            assert_eq!(data, vec![1; len]);
        }
    }

    #[test]
    fn two_slices_go_side_by_side() {
        let pool = RayonExecutor::new(3).expect("three threads");
        let (mut data, mut sums) = ((0..100).collect::<Vec<usize>>(), [0; 15]);
        for_each_two_chunks_mut(&pool, (&mut data, 7), (&mut sums, 1), |index, piece, sum| {
            sum[0] = piece.iter().sum::<usize>() + index;
        });
        assert_eq!(sums.iter().sum::<usize>(), 99 * 50 + 14 * 15 / 2);
    }

    #[test]
    fn nothing_is_handed_out_twice() {
        let mut data = [1, 2, 3];
        let pieces = Pieces::new(&mut data, 2);
        assert_eq!(pieces.next(), Some((0, &mut [1, 2][..])));
        assert_eq!(pieces.next(), Some((1, &mut [3][..])));
        assert_eq!(pieces.next(), None);
    }
}
