//! A lease's share of its block.

use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};

use super::block::Block;
use super::workspace::Inner;

/// Keeps a block leased. The last part to go returns the block to its workspace.
///
/// Counted by hand, where an `Arc` would have its own allocation for each lease: the block's is
/// reused with it.
#[derive(Debug)]
pub(super) struct Part {
    block: NonNull<Block>,
    home: Arc<Inner>,
}

// SAFETY: a part gives no access but to the block's size and its count of parts, which is atomic,
// and the block may be dropped by any thread (`Block` is `Send`).
unsafe impl Send for Part {}
// SAFETY: as above; through `&Part` only the count changes.
unsafe impl Sync for Part {}

impl Part {
    /// The only part of a block.
    pub(super) fn new(mut block: Box<Block>, home: Arc<Inner>) -> Self {
        *block.parts.get_mut() = 1;
        Self { block: NonNull::from(Box::leak(block)), home }
    }

    /// Another part of the same block.
    pub(super) fn split(&self) -> Self {
        // Relaxed, as for `Arc`: whoever has a part can vouch that the block is there.
        self.block().parts.fetch_add(1, Ordering::Relaxed);
        Self { block: self.block, home: Arc::clone(&self.home) }
    }

    pub(super) fn block(&self) -> &Block {
        // SAFETY: the block was leaked from a box and is boxed again only by the last part. While
        // there are parts, nobody has a mutable reference to it.
        unsafe { self.block.as_ref() }
    }

    pub(super) fn home(&self) -> &Arc<Inner> {
        &self.home
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if self.block().parts.fetch_sub(1, Ordering::Release) > 1 {
            return;
        }
        // What other threads wrote through their parts happened before the block is used again.
        fence(Ordering::Acquire);
        // SAFETY: leaked from a box in `new`, and this was the last part: nobody refers to it.
        let block = unsafe { Box::from_raw(self.block.as_ptr()) };
        self.home.give_back(block);
    }
}
