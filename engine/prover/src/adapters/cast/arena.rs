//! Where witness cells live while a circuit is synthesised.

use halo2_axiom::plonk::Assigned;

/// Values per block: 72 bytes each, so that a block is a little over a megabyte.
const BLOCK: usize = 1 << 14;

/// Values that are remembered so as not to be stored again. The table stays in the second-level
/// cache.
const RECENT: usize = 1 << 15;

/// An append-only store of assigned values whose addresses never change.
///
/// The library's `Assignment::assign_advice` returns a reference with a lifetime of the
/// *caller's* choice, so that a circuit can read the cell back later in its synthesis. At 72 bytes
/// a cell this outweighs the columns themselves, yet most cells are copies of recent ones: those
/// share one stored value.
#[derive(Debug)]
pub(crate) struct AssignedArena<F> {
    blocks: Vec<Vec<Assigned<F>>>,
    /// Position plus one of the value last stored for each hash; zero if there is none.
    recent: Vec<u32>,
}

impl<F: Copy + PartialEq> AssignedArena<F> {
    pub(crate) fn new() -> Self {
        Self { blocks: Vec::new(), recent: vec![0; RECENT] }
    }

    /// Stores `value` and returns a reference to it, to be used only while this arena lives.
    /// Plain values that were stored lately are found again by `hash`.
    ///
    /// That the reference may claim to live longer is what `Assignment::assign_advice` demands of
    /// every implementation; circuits keep to the synthesis they were called in, or they would read
    /// freed memory under the stock prover too.
    pub(crate) fn store<'v>(&mut self, value: Assigned<F>, hash: u64) -> &'v Assigned<F> {
        let slot = (hash % RECENT as u64) as usize;
        let position = match (self.recent[slot], &value) {
            (known @ 1.., Assigned::Trivial(value)) if matches!(self.at(known - 1), Assigned::Trivial(stored) if stored == value) => {
                known - 1
            }
            _ => {
                let position = self.push(value);
                self.recent[slot] = position + 1;
                position
            }
        };
        let stored: *const Assigned<F> = self.at(position);
        // SAFETY: the element is initialised, is never written again, and does not move: a block
        // never grows past its capacity, and moving the list of blocks leaves the blocks' heap
        // memory in place. It is dropped after the synthesis that the reference belongs to.
        unsafe { &*stored }
    }

    fn at(&self, position: u32) -> &Assigned<F> {
        &self.blocks[position as usize / BLOCK][position as usize % BLOCK]
    }

    fn push(&mut self, value: Assigned<F>) -> u32 {
        if self.blocks.last().is_none_or(|block| block.len() == BLOCK) {
            self.blocks.push(Vec::with_capacity(BLOCK));
        }
        let last = self.blocks.len() - 1;
        let block = &mut self.blocks[last];
        block.push(value);
        (last * BLOCK + block.len() - 1) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use halo2_axiom::halo2curves::bn256::Fr;

    #[test]
    fn stored_values_stay_readable_while_the_arena_grows() {
        let mut arena = AssignedArena::new();
        let count = 3 * BLOCK as u64 + 5;
        let stored: Vec<_> = (0..count).map(|i| arena.store(Assigned::Trivial(Fr::from(i)), i)).collect();
        for (i, value) in stored.into_iter().enumerate() {
            assert_eq!(*value, Assigned::Trivial(Fr::from(i as u64)));
        }
        drop(arena);
    }

    #[test]
    fn only_equal_plain_values_are_shared() {
        let mut arena = AssignedArena::new();
        let one = Fr::one();
        let first = arena.store(Assigned::Trivial(one), 7);
        assert!(std::ptr::eq(first, arena.store(Assigned::Trivial(one), 7)));
        // The same hash, but another value.
        let other = arena.store(Assigned::Trivial(one + one), 7);
        assert_eq!(*other, Assigned::Trivial(one + one));
        assert_eq!(*first, Assigned::Trivial(one));
        let fraction = arena.store(Assigned::Rational(one, one), 7);
        assert!(matches!(fraction, Assigned::Rational(..)));
        assert!(matches!(arena.store(Assigned::Trivial(one), 7), Assigned::Trivial(_)));
        drop(arena);
    }
}
