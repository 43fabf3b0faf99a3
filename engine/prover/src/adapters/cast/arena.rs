//! Where witness cells live while a circuit is synthesised.

use std::ptr::NonNull;

use halo2_axiom::plonk::Assigned;
use parhelion_allocators::Lease;

use crate::Error;
use crate::memory::Memory;

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
pub(crate) struct AssignedArena<'m, F> {
    memory: &'m Memory,
    blocks: Vec<Lease<u64>>,
    /// Where the next value goes, and how many more the last block has room for.
    next: NonNull<Assigned<F>>,
    room: usize,
    /// The value last stored for each hash, and more of its hash: most values are new, and what was stored before
    /// them need not be fetched from memory to see that.
    recent: Vec<Option<NonNull<Assigned<F>>>>,
    marks: Vec<u16>,
}

impl<'m, F: Copy> AssignedArena<'m, F> {
    pub(crate) fn new(memory: &'m Memory) -> Self {
        const { assert!(align_of::<Assigned<F>>() <= align_of::<u64>(), "blocks are made of words") };
        let (recent, marks) = (vec![None; RECENT], vec![0; RECENT]);
        Self { memory, blocks: Vec::new(), next: NonNull::dangling(), room: 0, recent, marks }
    }

    /// How many blocks there are.
    pub(crate) fn blocks(&self) -> usize {
        self.blocks.len()
    }

    /// Stores `value` and returns a reference to it, to be used only while this arena lives.
    /// Plain values that were stored lately are found again by `hash`, and told apart by `same`: the library's own
    /// comparison takes the same time for all values, and as long as the rest of this.
    ///
    /// That the reference may claim to live longer is what `Assignment::assign_advice` demands of
    /// every implementation; circuits keep to the synthesis they were called in, or they would read
    /// freed memory under the stock prover too.
    ///
    /// # Errors
    /// If there is no memory for it.
    pub(crate) fn store<'v>(
        &mut self,
        value: &Assigned<F>,
        hash: u64,
        same: impl Fn(&F, &F) -> bool,
    ) -> Result<&'v Assigned<F>, Error> {
        let (slot, mark) = ((hash % RECENT as u64) as usize, (hash / RECENT as u64) as u16);
        if let (true, Some(known), Assigned::Trivial(value)) =
            (self.marks[slot] == mark, self.recent[slot], value)
        {
            // SAFETY: `recent` only holds places of values that were stored here, which stay as they
            // are. The reference is used as said above.
            let stored: &'v Assigned<F> = unsafe { known.as_ref() };
            if matches!(stored, Assigned::Trivial(known) if same(known, value)) {
                return Ok(stored);
            }
        }
        if self.room == 0 {
            let block = self.memory.block()?;
            self.room = block.len() * size_of::<u64>() / size_of::<Assigned<F>>();
            self.next = start(&block).cast();
            self.blocks.push(block);
        }
        let place = self.next;
        // SAFETY: there is room for a value at `place`, which is aligned, as words are; no value has
        // been stored there, so nobody has a reference to it. The next place is within the block, or
        // at its end and not used.
        unsafe {
            place.write(*value);
            self.next = place.add(1);
        }
        self.room -= 1;
        (self.recent[slot], self.marks[slot]) = (Some(place), mark);
        // SAFETY: the value is initialised, is never written again, and does not move: leases stay
        // where they are. It goes with the arena, after the synthesis that the reference belongs to.
        Ok(unsafe { place.as_ref() })
    }
}

/// The first word of a block, which may be written through: the arena has the only lease, and makes
/// no reference to words.
fn start(block: &Lease<u64>) -> NonNull<u64> {
    block.as_non_null()
}

impl<F> Drop for AssignedArena<'_, F> {
    /// Values have padding, so that bytes of blocks may be uninitialised, which those of leases never
    /// are. No value needs to be dropped.
    fn drop(&mut self) {
        for block in &self.blocks {
            // SAFETY: these are the words of the lease, which nobody else accesses.
            unsafe { start(block).write_bytes(0, block.len()) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use halo2_axiom::halo2curves::bn256::Fr;
    use parhelion_allocators::Pool;

    fn memory() -> Memory {
        Memory::new(Pool::default().workspace(), 3)
    }

    #[test]
    fn stored_values_stay_readable_while_the_arena_grows() {
        let memory = memory();
        let mut arena = AssignedArena::new(&memory);
        let store = |i| arena.store(&Assigned::Trivial(Fr::from(i)), i, Fr::eq).unwrap();
        let stored: Vec<_> = (0..5000).map(store).collect();
        assert!(arena.blocks.len() > 3);
        for (i, value) in stored.into_iter().enumerate() {
            assert_eq!(*value, Assigned::Trivial(Fr::from(i as u64)));
        }
        drop(arena);
    }

    #[test]
    fn only_equal_plain_values_are_shared() {
        let memory = memory();
        let mut arena = AssignedArena::new(&memory);
        let one = Fr::one();
        let first = arena.store(&Assigned::Trivial(one), 7, Fr::eq).unwrap();
        assert!(std::ptr::eq(first, arena.store(&Assigned::Trivial(one), 7, Fr::eq).unwrap()));
        // The same hash, but another value.
        let other = arena.store(&Assigned::Trivial(one + one), 7, Fr::eq).unwrap();
        assert_eq!(*other, Assigned::Trivial(one + one));
        assert_eq!(*first, Assigned::Trivial(one));
        let fraction = arena.store(&Assigned::Rational(one, one), 7, Fr::eq).unwrap();
        assert!(matches!(fraction, Assigned::Rational(..)));
        assert!(matches!(arena.store(&Assigned::Trivial(one), 7, Fr::eq).unwrap(), Assigned::Trivial(_)));
        drop(arena);
    }

    #[test]
    fn nothing_is_left_in_the_blocks() {
        let memory = memory();
        let mut arena = AssignedArena::new(&memory);
        for i in 1..2000 {
            arena.store(&Assigned::Rational(Fr::from(i), Fr::from(i)), i, Fr::eq).unwrap();
        }
        let blocks = arena.blocks.len();
        drop(arena);
        let blocks: Vec<Lease<u64>> = (0..blocks).map(|_| memory.block().unwrap()).collect();
        assert!(blocks.iter().flatten().all(|word| *word == 0));
    }
}
