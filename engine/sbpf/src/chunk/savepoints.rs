//! Memory along an execution, in an amount that does not grow with it.

use crate::circuit::{Frame, Memory};

/// Changes that are kept, at most, counted in words: 16 MiB.
const MOST_CHANGES: usize = 1 << 20;

/// What savepoints take at most, in bytes, at the ends of so many chunks and of so many words.
pub(super) fn most_bytes(chunks: usize, words: usize) -> usize {
    let one = 16 * words + size_of::<Changes>();
    chunks.saturating_sub(1).saturating_mul(one).min(16 * MOST_CHANGES + one)
}

/// What was written between two savepoints, each word once and with its last value.
#[derive(Clone, Debug, Default)]
pub(super) struct Changes {
    pub(super) words: Vec<(u64, u64)>,
    pub(super) frames: Vec<(u64, Frame)>,
}

impl Changes {
    /// A frame is as large as three words.
    fn size(&self) -> usize {
        self.words.len() + 3 * self.frames.len()
    }

    fn apply(&self, memory: &mut Memory) {
        memory.words.extend(self.words.iter().copied());
        memory.frames.extend(self.frames.iter().copied());
    }

    /// What both changed, one after the other.
    fn followed_by(self, later: Self) -> Self {
        let mut memory = Memory::default();
        self.apply(&mut memory);
        later.apply(&mut memory);
        Self { words: memory.words.into_iter().collect(), frames: memory.frames.into_iter().collect() }
    }
}

/// Memory at every so many boundaries between chunks. Where it would become too much, every other
/// savepoint is given up, and what is in between is executed again when it is needed.
#[derive(Clone, Debug)]
pub(super) struct Savepoints {
    stride: usize,
    most: usize,
    size: usize,
    /// That at boundary 0, where nothing was written yet, is not there.
    changes: Vec<Changes>,
}

impl Default for Savepoints {
    fn default() -> Self {
        Self::with_most(MOST_CHANGES)
    }
}

impl Savepoints {
    fn with_most(most: usize) -> Self {
        Self { stride: 1, most, size: 0, changes: Vec::new() }
    }

    /// Whether there is to be one at this boundary.
    pub(super) fn wants(&self, boundary: usize) -> bool {
        boundary == (self.changes.len() + 1) * self.stride
    }

    /// Adds the one it wants.
    pub(super) fn push(&mut self, changes: Changes) {
        self.size += changes.size();
        self.changes.push(changes);
        // One is no longer than the list of words, so that a few always have room.
        while self.size > self.most && self.changes.len() > 8 && self.changes.len().is_multiple_of(2) {
            self.thin();
        }
    }

    /// Keeps the second of every two.
    fn thin(&mut self) {
        let mut all = std::mem::take(&mut self.changes).into_iter();
        while let (Some(first), Some(second)) = (all.next(), all.next()) {
            self.changes.push(first.followed_by(second));
        }
        self.changes.shrink_to_fit();
        self.size = self.changes.iter().map(Changes::size).sum();
        self.stride *= 2;
    }

    /// The last one that is not after a boundary: where it is, and memory there.
    pub(super) fn before(&self, boundary: usize) -> (usize, Memory) {
        let count = (boundary / self.stride).min(self.changes.len());
        let mut memory = Memory::default();
        self.changes[..count].iter().for_each(|changes| changes.apply(&mut memory));
        (count * self.stride, memory)
    }

    /// What they take, in bytes.
    pub(super) fn bytes(&self) -> usize {
        16 * self.size + size_of::<Changes>() * self.changes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each boundary writes its number to one of ten words, and to one of three frames.
    #[test]
    fn savepoints_stay_few_and_right() {
        let mut savepoints = Savepoints::with_most(100);
        let mut since = Memory::default();
        let mut memories = vec![Memory::default()];
        for boundary in 1..=1_000 {
            let (word, depth) = (boundary as u64 % 10, boundary as u64 % 3);
            let mut memory = memories[boundary - 1].clone();
            for memory in [&mut memory, &mut since] {
                memory.words.insert(word, boundary as u64);
                memory.frames.insert(depth, [boundary as u64; 5]);
            }
            memories.push(memory);
            if savepoints.wants(boundary) {
                let Memory { words, frames } = std::mem::take(&mut since);
                let changes =
                    Changes { words: words.into_iter().collect(), frames: frames.into_iter().collect() };
                savepoints.push(changes);
            }
            // One more than is allowed, before two become one.
            assert!(savepoints.changes.len() <= 26, "{}", savepoints.changes.len());
        }
        assert!(savepoints.stride >= 64 && savepoints.bytes() < 10_000, "{savepoints:?}");
        for boundary in 0..=1_000 {
            let (at, memory) = savepoints.before(boundary);
            assert!(at <= boundary && boundary - at < 2 * savepoints.stride, "{at} before {boundary}");
            assert_eq!(memory.words, memories[at].words);
            assert_eq!(memory.frames, memories[at].frames);
        }
    }
}
