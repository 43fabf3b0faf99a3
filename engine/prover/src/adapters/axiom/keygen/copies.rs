//! Copy constraints as a permutation of cells.

use halo2_axiom::plonk::{Any, Column};

use crate::Error;

/// The permutation whose cycles are the sets of cells that must be equal, while it is being built.
///
/// A cell is numbered `column * rows + row`, columns in the order equality was enabled on them.
#[derive(Debug)]
pub(crate) struct Copies {
    rows: usize,
    columns: usize,
    /// Position in the permutation of each advice, fixed and instance column, by its index.
    positions: [Vec<Option<usize>>; 3],
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

impl Copies {
    /// Every cell of `columns` in a cycle of its own.
    pub(crate) fn new(columns: &[Column<Any>], rows: usize) -> Result<Self, Error> {
        // A u64 per cell would serve permutations that no machine can prove, and double the memory
        // of all others.
        let cells = columns.len().checked_mul(rows).and_then(|cells| u32::try_from(cells).ok());
        let Some(cells) = cells else {
            return Err(Error::InvalidCircuit(format!(
                "{} permutation columns of {rows} rows are too many, expected at most {} cells",
                columns.len(),
                u32::MAX
            )));
        };
        let mut positions = [const { Vec::new() }; 3];
        for (position, column) in columns.iter().enumerate() {
            let of_kind: &mut Vec<Option<usize>> = &mut positions[kind(column)];
            if of_kind.len() <= column.index() {
                of_kind.resize(column.index() + 1, None);
            }
            of_kind[column.index()] = Some(position);
        }
        Ok(Self {
            rows,
            columns: columns.len(),
            positions,
            next: (0..cells).collect(),
            parent: (0..cells).collect(),
        })
    }

    /// Demands that two cells be equal. The rows are in range.
    pub(crate) fn copy(
        &mut self,
        (left_column, left_row): (Column<Any>, usize),
        (right_column, right_row): (Column<Any>, usize),
    ) -> Result<(), Error> {
        let left = self.cell(left_column, left_row)?;
        let right = self.cell(right_column, right_row)?;
        let (left_root, right_root) = (self.root(left), self.root(right));
        if left_root == right_root {
            return Ok(());
        }
        // Exchanging the successors of two cells joins their cycles. The library also decides
        // which of the cycles lends the other its label, by size; labels only tell cycles apart,
        // so that the permutation is the same without them.
        self.next.swap(left, right);
        self.parent[left_root.max(right_root)] = left_root.min(right_root) as u32;
        Ok(())
    }

    /// The permutation, without what was only needed to build it.
    pub(crate) fn finish(self) -> Permutation {
        Permutation { columns: self.columns, rows: self.rows, next: self.next }
    }

    fn cell(&self, column: Column<Any>, row: usize) -> Result<usize, Error> {
        match self.positions[kind(&column)].get(column.index()) {
            Some(Some(position)) => Ok(position * self.rows + row),
            _ => Err(Error::ColumnNotInPermutation { column: format!("{column:?}") }),
        }
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

fn kind(column: &Column<Any>) -> usize {
    match column.column_type() {
        Any::Advice(_) => 0,
        Any::Fixed => 1,
        Any::Instance => 2,
    }
}
