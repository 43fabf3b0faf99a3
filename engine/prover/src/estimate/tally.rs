//! Bytes that are leased, stage by stage.

use super::sizes::Size;
use crate::memory::RESTS;

/// What is kept, and the most that there was at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tally {
    /// Bytes of a buffer.
    column: usize,
    pub(super) kept: usize,
    pub(super) peak: usize,
    /// What is left of the buffers that packed columns are in, as [`Memory`](crate::memory::Memory) has it.
    rests: [usize; RESTS],
}

impl Tally {
    pub(super) fn new(column: usize) -> Self {
        Self { column, kept: 0, peak: 0, rests: [0; RESTS] }
    }

    /// A stage that needs so many more buffers.
    pub(super) fn stage(&mut self, buffers: usize) {
        self.peak = self.peak.max(self.kept + buffers * self.column);
    }

    /// Keeps columns, while so many more buffers are in use.
    pub(super) fn keep(&mut self, sizes: &[Size], buffers: usize) {
        sizes.iter().for_each(|size| self.keep_one(*size));
        self.stage(buffers);
    }

    /// Packs columns that are all there, each of some threads one at a time, while so many more buffers
    /// are in use. What a column is packed to is there before the column goes.
    pub(super) fn pack(&mut self, sizes: &[Size], threads: usize, buffers: usize) {
        self.stage(buffers + sizes.len());
        for (index, size) in sizes.iter().enumerate() {
            self.keep_one(*size);
            // One that is not packed stays what it was.
            let in_work = sizes[..=index].iter().rev().take(threads).flatten().count();
            self.stage(buffers + in_work + sizes.len() - (index + 1));
        }
    }

    fn keep_one(&mut self, size: Size) {
        match size {
            None => self.kept += self.column,
            Some(packed) if packed > self.column => self.kept += packed,
            Some(packed) => {
                let with_room = self.rests.iter_mut().filter(|rest| **rest >= packed);
                if let Some(fullest) = with_room.min_by_key(|rest| **rest) {
                    *fullest -= packed;
                    return;
                }
                self.kept += self.column;
                let left = self.column - packed;
                if let Some(least) = self.rests.iter_mut().min_by_key(|rest| **rest)
                    && *least < left
                {
                    *least = left;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_columns_share_buffers_in_any_order() {
        for sizes in [[60, 30, 60, 30, 60, 30], [60, 60, 60, 30, 30, 30], [30, 30, 30, 60, 60, 60]] {
            let mut tally = Tally::new(100);
            tally.keep(&sizes.map(Some), 0);
            let least = if sizes[1] == 30 && sizes[0] == 30 { 400 } else { 300 };
            assert_eq!(tally.kept, least, "{sizes:?}");
        }
    }

    #[test]
    fn a_column_goes_when_it_is_packed() {
        let mut tally = Tally::new(100);
        tally.pack(&[Some(10); 5], 1, 0);
        assert_eq!((tally.kept, tally.peak), (100, 600));
        // Nothing is packed, and no buffer is needed for it.
        let mut tally = Tally::new(100);
        tally.pack(&[None; 5], 2, 1);
        assert_eq!((tally.kept, tally.peak), (500, 600));
        // Two at a time: each has a buffer of its own before the first column goes.
        let mut tally = Tally::new(100);
        tally.pack(&[Some(70); 3], 2, 0);
        assert_eq!((tally.kept, tally.peak), (300, 500));
    }
}
