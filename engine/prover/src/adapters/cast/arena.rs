//! Where witness cells live while a circuit is synthesised.

use halo2_axiom::plonk::Assigned;

/// Values per block: 72 bytes each, so that a block is a little over a megabyte.
const BLOCK: usize = 1 << 14;

/// An append-only store of assigned values whose addresses never change.
///
/// The library's `Assignment::assign_advice` returns a reference with a lifetime of the
/// *caller's* choice, so that a circuit can read the cell back later in its synthesis.
#[derive(Debug)]
pub(crate) struct AssignedArena<F> {
    blocks: Vec<Vec<Assigned<F>>>,
}

impl<F: Copy> AssignedArena<F> {
    pub(crate) fn new() -> Self {
        Self { blocks: Vec::new() }
    }

    /// Stores `value` and returns a reference to it, to be used only while this arena lives.
    ///
    /// That the reference may claim to live longer is what `Assignment::assign_advice` demands of
    /// every implementation; circuits keep to the synthesis they were called in, or they would read
    /// freed memory under the stock prover too.
    pub(crate) fn store<'v>(&mut self, value: Assigned<F>) -> &'v Assigned<F> {
        let block = match self.blocks.last_mut() {
            Some(block) if block.len() < BLOCK => block,
            _ => {
                self.blocks.push(Vec::with_capacity(BLOCK));
                let last = self.blocks.len() - 1;
                &mut self.blocks[last]
            }
        };
        block.push(value);
        let stored: *const Assigned<F> = &raw const block[block.len() - 1];
        // SAFETY: the element is initialised, is never written again, and does not move: a block
        // never grows past its capacity, and moving the list of blocks leaves the blocks' heap
        // memory in place. It is dropped after the synthesis that the reference belongs to.
        unsafe { &*stored }
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
        let stored: Vec<_> = (0..count).map(|i| arena.store(Assigned::Trivial(Fr::from(i)))).collect();
        for (i, value) in stored.into_iter().enumerate() {
            assert_eq!(*value, Assigned::Trivial(Fr::from(i as u64)));
        }
        drop(arena);
    }
}
