//! Working memory of kernels, kept from call to call.
//!
//! A kernel takes one block for each piece of work, cuts it into the arrays it needs, and gives it back. So calls
//! that follow others of their size allocate nothing.

mod heap;

use std::fmt::{self, Debug};
use std::ops::DerefMut;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytemuck::{AnyBitPattern, NoUninit, Pod, Zeroable};

use self::heap::Heap;

/// A cache line, the unit of working memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C, align(64))]
pub struct Line(pub [u64; 8]);

// SAFETY: eight words, of any value, that fill the line.
unsafe impl Zeroable for Line {}
// SAFETY: as above: there is no padding.
unsafe impl Pod for Line {}

/// Bytes of a line.
const LINE: usize = size_of::<Line>();

/// Memory that is lent until it is dropped.
pub type Loan = Box<dyn DerefMut<Target = [Line]> + Send>;

/// Somewhere to borrow working memory, such as the buffers of a proof.
pub trait Lender: Debug + Send + Sync {
    /// At least `lines` lines, whatever they hold. `None` makes the kernel use the heap.
    fn lend(&self, lines: usize) -> Option<Loan>;
}

/// Bytes of idle blocks that are kept if nothing else is said.
const KEPT: usize = 1 << 28;

/// Blocks of working memory, used again and again.
///
/// Blocks hold what kernels left there, which depends on secrets: scalars in digits, sums of points, values of
/// polynomials. A prover gives each proof a `Scratch` of its own, with a [`Lender`] whose memory is wiped when the
/// proof ends, or calls [`clear`](Self::clear) then. Blocks from the heap are overwritten before they are freed.
///
/// There are never more blocks than were in use at once, one or two for each thread, and none is larger than the
/// largest call needed: see [`Kernels::msm_scratch`](crate::Kernels::msm_scratch) for what takes most.
///
/// ```
/// use parhelion_field_kernels::{Bn254Fr, Domain, Kernels, Scratch};
///
/// let kernels = Kernels::sequential().with_scratch(Scratch::new());
/// let mut values = vec![Bn254Fr::ONE; 1 << 12];
/// kernels.batch_invert(&mut values);
/// kernels.scratch().clear();
/// assert_eq!(kernels.scratch().idle_bytes(), 0);
/// ```
pub struct Scratch {
    lender: Option<Arc<dyn Lender>>,
    keep: usize,
    idle: Mutex<Vec<Block>>,
}

/// Lines of one origin or the other.
enum Block {
    Heap(Heap),
    Lent(Loan),
}

impl Block {
    fn lines(&mut self) -> &mut [Line] {
        match self {
            Self::Heap(lines) => lines,
            Self::Lent(lines) => lines,
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Heap(lines) => lines.len(),
            Self::Lent(lines) => lines.len(),
        }
    }
}

impl Default for Scratch {
    fn default() -> Self {
        Self::new()
    }
}

impl Debug for Scratch {
    /// Without what the blocks hold.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (lender, idle) = (&self.lender, self.idle_bytes());
        f.debug_struct("Scratch").field("lender", lender).field("idle_bytes", &idle).finish_non_exhaustive()
    }
}

impl Scratch {
    /// Working memory from the heap, of which up to 256 MiB stay between calls.
    #[must_use]
    pub fn new() -> Self {
        Self { lender: None, keep: KEPT, idle: Mutex::default() }
    }

    /// Working memory that `lender` lends, for as long as this lives.
    #[must_use]
    pub fn from_lender(lender: Arc<dyn Lender>) -> Self {
        Self { lender: Some(lender), ..Self::new() }
    }

    /// The same, but no more than `bytes` stay idle between calls.
    #[must_use]
    pub fn keeping(self, bytes: usize) -> Self {
        Self { keep: bytes, ..self }
    }

    /// Bytes of blocks that nobody uses at the moment.
    #[must_use]
    pub fn idle_bytes(&self) -> usize {
        self.idle().iter().map(|block| block.len() * LINE).sum()
    }

    /// Gives back all blocks that nobody uses at the moment: what came from the heap is overwritten and freed,
    /// loans are returned.
    pub fn clear(&self) {
        let idle = std::mem::take(&mut *self.idle());
        drop(idle);
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Block>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lends `lines` lines, as an earlier user left them.
    pub(crate) fn lend(&self, lines: usize) -> Lent<'_> {
        Lent { block: Some(self.take(lines)), lines, scratch: self }
    }

    /// [`lend`](Self::lend)s lines to `work`.
    pub(crate) fn with<R>(&self, lines: usize, work: impl FnOnce(&mut Carver<'_>) -> R) -> R {
        work(&mut self.lend(lines).carver())
    }

    /// The smallest block that is large enough. A new one takes the place of the largest of those that are not, or
    /// of all of them if the lender has no room beside them.
    fn take(&self, lines: usize) -> Block {
        let mut idle = self.idle();
        let fits = |(_, block): &(usize, &Block)| block.len() >= lines;
        if let Some((best, _)) = idle.iter().enumerate().filter(fits).min_by_key(|(_, block)| block.len()) {
            return idle.swap_remove(best);
        }
        let largest = idle.iter().enumerate().max_by_key(|(_, block)| block.len()).map(|(place, _)| place);
        let replaced = largest.map(|place| idle.swap_remove(place));
        drop(idle);
        drop(replaced);
        let lend = || self.lender.as_ref()?.lend(lines).filter(|lent| lent.len() >= lines);
        // What is idle may be what the lender lacks.
        match lend().or_else(|| {
            self.clear();
            lend()
        }) {
            Some(lent) => Block::Lent(lent),
            None => Block::Heap(Heap::new(lines)),
        }
    }
}

/// Lines that go back when this is dropped.
pub(crate) struct Lent<'a> {
    /// There until then.
    block: Option<Block>,
    lines: usize,
    scratch: &'a Scratch,
}

impl Lent<'_> {
    /// All lines, to be cut.
    pub(crate) fn carver(&mut self) -> Carver<'_> {
        let block = self.block.as_mut().map(Block::lines).unwrap_or_default();
        Carver(&mut block[..self.lines])
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let Some(block) = self.block.take() else { return };
        let mut idle = self.scratch.idle();
        if idle.iter().map(Block::len).sum::<usize>() + block.len() <= self.scratch.keep / LINE {
            idle.push(block);
        }
    }
}

/// Lines to cut arrays from.
#[derive(Debug)]
pub(crate) struct Carver<'a>(&'a mut [Line]);

impl<'a> Carver<'a> {
    pub(crate) fn new(lines: &'a mut [Line]) -> Self {
        Self(lines)
    }

    /// An array of `len` elements that must be written before they are read.
    pub(crate) fn cut<T: NoUninit + AnyBitPattern>(&mut self, len: usize) -> &'a mut [T] {
        let (lines, rest) = std::mem::take(&mut self.0).split_at_mut(lines_of::<T>(len));
        self.0 = rest;
        bytemuck::cast_slice_mut(&mut bytemuck::cast_slice_mut::<_, u8>(lines)[..len * size_of::<T>()])
    }

    /// An array of `len` elements, all `value`.
    pub(crate) fn cut_filled<T: NoUninit + AnyBitPattern>(&mut self, len: usize, value: T) -> &'a mut [T] {
        let array = self.cut(len);
        array.fill(value);
        array
    }
}

/// How many lines an array of `len` elements takes.
pub(crate) const fn lines_of<T>(len: usize) -> usize {
    (len * size_of::<T>()).div_ceil(LINE)
}

/// Bytes of some lines.
pub(crate) const fn bytes_of(lines: usize) -> usize {
    lines * LINE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_used_again() {
        let scratch = Scratch::new();
        let place = |lines| scratch.with(lines, |carver| carver.cut::<u64>(8).as_ptr().addr());
        let first = place(10);
        assert_eq!(place(10), first);
        assert_eq!(place(3), first);
        assert!(scratch.idle_bytes() >= 640);
        // Two at once are two blocks, and stay two.
        scratch.with(10, |_| scratch.with(10, |_| ()));
        let both = scratch.idle_bytes();
        scratch.with(10, |_| scratch.with(10, |_| ()));
        assert_eq!(scratch.idle_bytes(), both);
        scratch.clear();
        assert_eq!(scratch.idle_bytes(), 0);
    }

    #[test]
    fn a_larger_block_takes_the_place_of_a_smaller_one() {
        let scratch = Scratch::new();
        scratch.with(10, |_| ());
        scratch.with(1000, |_| ());
        assert!((64_000..2 * 64_000).contains(&scratch.idle_bytes()));
        let little = Scratch::new().keeping(1000);
        little.with(1000, |_| ());
        assert_eq!(little.idle_bytes(), 0);
    }

    /// Lends so many lines.
    #[derive(Debug)]
    struct Few(Arc<Mutex<usize>>);

    struct Loaned(Vec<Line>, Arc<Mutex<usize>>);

    impl std::ops::Deref for Loaned {
        type Target = [Line];

        fn deref(&self) -> &[Line] {
            &self.0
        }
    }

    impl DerefMut for Loaned {
        fn deref_mut(&mut self) -> &mut [Line] {
            &mut self.0
        }
    }

    impl Drop for Loaned {
        fn drop(&mut self) {
            *self.1.lock().unwrap() += self.0.len();
        }
    }

    impl Lender for Few {
        fn lend(&self, lines: usize) -> Option<Loan> {
            let mut left = self.0.lock().unwrap();
            *left = left.checked_sub(lines)?;
            Some(Box::new(Loaned(vec![Line::default(); lines], self.0.clone())))
        }
    }

    #[test]
    fn idle_loans_go_back_when_the_lender_has_too_little() {
        let left = Arc::new(Mutex::new(30));
        let scratch = Scratch::from_lender(Arc::new(Few(left.clone())));
        scratch.with(10, |_| scratch.with(10, |_| ()));
        assert_eq!(*left.lock().unwrap(), 10);
        // Neither of the two is large enough, nor what one of them leaves.
        scratch.with(25, |_| assert_eq!(*left.lock().unwrap(), 5));
        // More than there is comes from the heap.
        scratch.with(31, |_| assert_eq!(*left.lock().unwrap(), 30));
    }

    #[test]
    fn arrays_do_not_overlap() {
        Scratch::new().with(lines_of::<u32>(17) + lines_of::<[u64; 5]>(3), |carver| {
            let words = carver.cut_filled::<u32>(17, 7);
            let limbs = carver.cut_filled(3, [1u64; 5]);
            assert!(words.iter().all(|word| *word == 7) && limbs.iter().all(|limb| *limb == [1; 5]));
        });
    }

    #[derive(Debug)]
    struct Stingy;

    impl Lender for Stingy {
        fn lend(&self, lines: usize) -> Option<Loan> {
            // Too little, every other time.
            lines.is_multiple_of(2).then(|| Box::new(vec![Line([9; 8]); lines / 2 + 6]) as Loan)
        }
    }

    #[test]
    fn a_loan_that_is_too_small_is_not_used() {
        let scratch = Scratch::from_lender(Arc::new(Stingy));
        scratch.with(8, |carver| assert_eq!(carver.cut::<u64>(1), [9]));
        scratch.with(80, |carver| assert_eq!(carver.cut::<Line>(80).len(), 80));
        scratch.with(81, |carver| assert_eq!(carver.cut::<Line>(81).len(), 81));
    }
}
