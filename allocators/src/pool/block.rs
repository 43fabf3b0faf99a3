//! A buffer, while nobody leases it.

use std::ptr::NonNull;
use std::sync::atomic::AtomicUsize;

use super::pages::Pages;
use crate::wipe::wipe;

/// A run of pages that is leased, returned and leased again.
#[derive(Debug)]
pub(super) struct Block {
    pages: Pages,
    /// Bytes from the start that may have been written since they were zero.
    dirty: usize,
    /// The node on whose behalf the pages were mapped, and by which they were touched first.
    pub(super) node: u32,
    /// Leases that the block is split into, while it is leased.
    pub(super) parts: AtomicUsize,
}

impl Block {
    pub(super) fn new(pages: Pages, node: u32) -> Box<Self> {
        Box::new(Self { pages, dirty: 0, node, parts: AtomicUsize::new(0) })
    }

    pub(super) fn start(&self) -> NonNull<u8> {
        self.pages.start()
    }

    /// The size of the block, a size class.
    pub(super) fn bytes(&self) -> usize {
        self.pages.bytes()
    }

    pub(super) fn explicit(&self) -> bool {
        self.pages.explicit
    }

    /// Prepares the first `bytes` for a lease, zero if `zeroed`.
    pub(super) fn prepare(&mut self, bytes: usize, zeroed: bool) {
        debug_assert!(bytes <= self.bytes(), "a lease of {bytes} bytes in a block of {}", self.bytes());
        if zeroed {
            // SAFETY: the range is within the pages, and the block is not leased: it is ours alone.
            unsafe { self.start().write_bytes(0, bytes.min(self.dirty)) };
        }
        self.dirty = self.dirty.max(bytes);
    }

    /// Makes all of it zero. Returns how many bytes that took: pages that nobody has leased are left
    /// untouched.
    pub(super) fn wipe(&mut self) -> usize {
        // SAFETY: the range is within the pages, and the block is not leased: it is ours alone.
        unsafe { wipe(self.start(), self.dirty) };
        std::mem::take(&mut self.dirty)
    }
}
