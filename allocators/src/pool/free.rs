//! Blocks that wait to be leased.

use std::collections::BTreeMap;

use super::block::Block;

/// Blocks by size; the one returned last is leased first, while it is in the cache.
#[derive(Debug, Default)]
#[allow(clippy::vec_box)] // Leases point to their block, and its box is reused with it.
pub(super) struct FreeLists {
    by_size: BTreeMap<usize, Vec<Box<Block>>>,
    bytes: usize,
}

impl FreeLists {
    /// Bytes of all blocks.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn push(&mut self, block: Box<Block>) {
        self.bytes += block.bytes();
        self.by_size.entry(block.bytes()).or_default().push(block);
    }

    /// A block of exactly `bytes`, of this node's memory if there is one, of another's if not.
    pub(super) fn take(&mut self, bytes: usize, node: u32) -> Option<Box<Block>> {
        let blocks = self.by_size.get_mut(&bytes)?;
        let near = blocks.iter().rposition(|block| block.node == node);
        let index = near.or_else(|| blocks.len().checked_sub(1))?;
        let block = blocks.remove(index);
        self.bytes -= bytes;
        Some(block)
    }

    /// The smallest block of `bytes` or more, or else the largest.
    pub(super) fn take_to_release(&mut self, bytes: usize) -> Option<Box<Block>> {
        let mut sizes = self.by_size.iter().filter(|(_, blocks)| !blocks.is_empty()).map(|(&size, _)| size);
        let size = sizes.clone().find(|&size| size >= bytes).or_else(|| sizes.next_back())?;
        let block = self.by_size.get_mut(&size)?.pop()?;
        self.bytes -= block.bytes();
        Some(block)
    }

    /// All blocks.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Box<Block>> + use<> {
        std::mem::take(self).by_size.into_values().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::super::class::PAGE;
    use super::super::pages::{HugePages, Pages};
    use super::*;

    fn block(pages: usize, node: u32) -> Box<Block> {
        Block::new(Pages::map(pages * PAGE, HugePages::Never).unwrap(), node)
    }

    #[test]
    fn near_blocks_come_first_and_far_ones_are_taken_all_the_same() {
        let mut free = FreeLists::default();
        for node in [0, 1, 1, 2] {
            free.push(block(1, node));
        }
        let mut nodes = Vec::new();
        while let Some(block) = free.take(PAGE, 1) {
            nodes.push(block.node);
        }
        assert_eq!(nodes, [1, 1, 2, 0]);
        assert_eq!(free.bytes(), 0);
    }

    #[test]
    fn sizes_are_kept_apart() {
        let mut free = FreeLists::default();
        free.push(block(2, 0));
        assert!(free.take(PAGE, 0).is_none());
        assert_eq!(free.bytes(), 2 * PAGE);
        assert_eq!(free.take(2 * PAGE, 0).unwrap().bytes(), 2 * PAGE);
    }

    #[test]
    fn what_is_released_is_enough_and_little_more() {
        let mut free = FreeLists::default();
        for pages in [1, 2, 4] {
            free.push(block(pages, 0));
        }
        assert_eq!(free.take_to_release(2 * PAGE).unwrap().bytes(), 2 * PAGE);
        assert_eq!(free.take_to_release(2 * PAGE).unwrap().bytes(), 4 * PAGE);
        assert_eq!(free.take_to_release(2 * PAGE).unwrap().bytes(), PAGE);
        assert!(free.take_to_release(1).is_none());
        assert_eq!(free.bytes(), 0);
    }
}
