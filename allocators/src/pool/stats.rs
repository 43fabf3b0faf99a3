//! What a pool has done.

/// Counts of a [`Pool`](crate::Pool), exact at the time of the call. All are bytes of whole buffers,
/// rounded up to their size class, where not said otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolStats {
    /// Bytes in leases.
    pub live: usize,
    /// The most bytes that were in leases at once.
    pub peak: usize,
    /// Bytes in buffers that wait to be leased, in workspaces and between them.
    pub retained: usize,
    /// The most bytes that were mapped at once, leased or retained.
    pub peak_mapped: usize,
    /// Bytes that arenas have, in use or retained; part of none of the numbers above.
    pub arenas: usize,
    /// Leases, empty ones not counted, that got a buffer the pool had.
    pub hits: u64,
    /// Leases that got a buffer fresh from the system.
    pub misses: u64,
    /// Bytes that were mapped fresh since the pool began, each page of which faults when it is touched.
    pub mapped: u64,
    /// Bytes given back to the system since the pool began.
    pub unmapped: u64,
    /// Bytes that were set to zero because a workspace ended.
    pub wiped: u64,
    /// Bytes that are mapped on explicit huge pages.
    pub explicit: usize,
    /// Buffers for which explicit huge pages were asked for and not to be had.
    pub explicit_refused: u64,
    /// Requests for leases that ended in an error.
    pub failed: u64,
}

impl PoolStats {
    pub(super) fn fresh(&mut self, bytes: usize, explicit: bool, explicit_refused: bool) {
        self.misses += 1;
        self.mapped += bytes as u64;
        self.live += bytes;
        self.explicit += if explicit { bytes } else { 0 };
        self.explicit_refused += u64::from(explicit_refused);
        self.peak = self.peak.max(self.live);
        self.peak_mapped = self.peak_mapped.max(self.live + self.retained);
    }

    pub(super) fn recycled(&mut self, bytes: usize) {
        self.hits += 1;
        self.retained -= bytes;
        self.live += bytes;
        self.peak = self.peak.max(self.live);
    }

    pub(super) fn returned(&mut self, bytes: usize) {
        self.live -= bytes;
        self.retained += bytes;
    }

    pub(super) fn released(&mut self, bytes: usize, explicit: bool) {
        self.retained -= bytes;
        self.unmapped += bytes as u64;
        self.explicit -= if explicit { bytes } else { 0 };
    }
}
