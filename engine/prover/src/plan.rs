//! How much of a proof is in work at a time.

/// What a proof trades between time and memory. Its bytes are the same under every plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProofPlan {
    /// Columns that are in work at a time: open in synthesis, committed to, permuted.
    pub(crate) batch: usize,
    /// Whether the quotient takes constraints in small groups, with few columns at a time.
    pub(crate) small_groups: bool,
    /// Whether columns may be interpolated anew for each coset of the quotient, if that takes less memory.
    pub(crate) anew: bool,
}

impl ProofPlan {
    /// As many columns as it takes to keep all threads busy.
    pub(crate) fn fast(threads: usize) -> Self {
        Self { batch: 8 * threads, small_groups: false, anew: false }
    }

    /// As few columns as there can be.
    pub(crate) fn lean(threads: usize) -> Self {
        Self { batch: threads, small_groups: true, anew: true }
    }

    /// Columns that are taken at a time to be committed to while a circuit goes on in others: one by each thread but
    /// the one that synthesises, and one to follow it.
    pub(crate) fn ahead(self, threads: usize) -> usize {
        if self.small_groups { 0 } else { 2 * (threads - 1) }
    }

    /// All plans, the fastest first and the leanest last.
    pub(crate) fn all(threads: usize) -> [Self; 5] {
        let fast = Self::fast(threads);
        let small = Self { batch: 2 * threads, small_groups: true, anew: false };
        [fast, small, Self { anew: true, ..fast }, Self { anew: true, ..small }, Self::lean(threads)]
    }
}
