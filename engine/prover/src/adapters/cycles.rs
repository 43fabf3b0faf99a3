//! Copy constraints as cycles of cells.

use crate::Error;

/// The permutation whose cycles are the sets of cells that must be equal, while it is being built.
///
/// A cell is numbered `column * rows + row`, columns in the order equality was enabled on them.
#[derive(Debug)]
pub(crate) struct Cycles {
    rows: usize,
    columns: usize,
    /// The next cell of each cell's cycle.
    next: Vec<u32>,
    /// A forest over the cells: those of one cycle are those of one tree.
    parent: Vec<u32>,
}

/// A finished permutation of cells.
#[derive(Debug)]
pub(crate) struct Permutation {
    pub(crate) columns: usize,
    /// Rows of every column, a power of two.
    pub(crate) rows: usize,
    /// Where each cell is sent to; cells are numbered `column * rows + row`.
    pub(crate) next: Vec<u32>,
}

impl Cycles {
    /// Every cell in a cycle of its own.
    pub(crate) fn new(columns: usize, rows: usize) -> Result<Self, Error> {
        // A u64 per cell would serve permutations that no machine can prove, and double the memory
        // of all others.
        let cells = columns.checked_mul(rows).and_then(|cells| u32::try_from(cells).ok());
        let cells = cells.ok_or(Error::PermutationTooLarge { columns, rows })?;
        Ok(Self { rows, columns, next: (0..cells).collect(), parent: (0..cells).collect() })
    }

    /// Demands that two cells, which exist, be equal.
    pub(crate) fn join(&mut self, left: usize, right: usize) {
        let (left_root, right_root) = (self.root(left), self.root(right));
        if left_root == right_root {
            return;
        }
        // Exchanging the successors of two cells joins their cycles. The library also decides
        // which of the cycles lends the other its label, by size; labels only tell cycles apart,
        // so that the permutation is the same without them.
        self.next.swap(left, right);
        self.parent[left_root.max(right_root)] = left_root.min(right_root) as u32;
    }

    #[cfg(test)]
    pub(crate) fn next(&self) -> &[u32] {
        &self.next
    }

    /// The permutation, without what was only needed to build it.
    pub(crate) fn finish(self) -> Permutation {
        Permutation { columns: self.columns, rows: self.rows, next: self.next }
    }

    /// The root of a cell's tree. Halves the path on the way (Tarjan and van Leeuwen, "Worst-case
    /// analysis of set union algorithms", 1984): logarithmic amortised without any ranks.
    fn root(&mut self, mut cell: usize) -> usize {
        loop {
            let parent = self.parent[cell] as usize;
            if parent == cell {
                return cell;
            }
            self.parent[cell] = self.parent[parent];
            cell = self.parent[cell] as usize;
        }
    }
}
