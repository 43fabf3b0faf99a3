//! Copy constraints as a permutation of cells.

use halo2_axiom::plonk::{Any, Column};

use crate::Error;
use crate::adapters::cycles::{Cycles, Permutation};

/// The permutation whose cycles are the sets of cells that must be equal, while it is being built.
///
/// A cell is numbered `column * rows + row`, columns in the order equality was enabled on them.
#[derive(Debug)]
pub(crate) struct Copies {
    rows: usize,
    /// Position in the permutation of each advice, fixed and instance column, by its index.
    positions: [Vec<Option<usize>>; 3],
    cycles: Cycles,
}

impl Copies {
    /// Every cell of `columns` in a cycle of its own.
    pub(crate) fn new(columns: &[Column<Any>], rows: usize) -> Result<Self, Error> {
        let mut positions = [const { Vec::new() }; 3];
        for (position, column) in columns.iter().enumerate() {
            let of_kind: &mut Vec<Option<usize>> = &mut positions[kind(column)];
            if of_kind.len() <= column.index() {
                of_kind.resize(column.index() + 1, None);
            }
            of_kind[column.index()] = Some(position);
        }
        Ok(Self { rows, positions, cycles: Cycles::new(columns.len(), rows)? })
    }

    /// Demands that two cells be equal. The rows are in range.
    pub(crate) fn copy(
        &mut self,
        (left_column, left_row): (Column<Any>, usize),
        (right_column, right_row): (Column<Any>, usize),
    ) -> Result<(), Error> {
        let left = self.cell(left_column, left_row)?;
        let right = self.cell(right_column, right_row)?;
        self.cycles.join(left, right);
        Ok(())
    }

    /// The permutation, without what was only needed to build it.
    pub(crate) fn finish(self) -> Permutation {
        self.cycles.finish()
    }

    fn cell(&self, column: Column<Any>, row: usize) -> Result<usize, Error> {
        match self.positions[kind(&column)].get(column.index()) {
            Some(Some(position)) => Ok(position * self.rows + row),
            _ => Err(Error::ColumnNotInPermutation { column: format!("{column:?}") }),
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

#[cfg(test)]
mod tests {
    use super::*;
    use halo2_axiom::halo2curves::bn256::Fr;
    use halo2_axiom::plonk::ConstraintSystem;

    /// An instance, a fixed and two advice columns, in this order.
    fn columns() -> Vec<Column<Any>> {
        let mut cs = ConstraintSystem::<Fr>::default();
        let (a, b, fixed, instance) =
            (cs.advice_column(), cs.advice_column(), cs.fixed_column(), cs.instance_column());
        cs.enable_equality(instance);
        cs.enable_equality(fixed);
        cs.enable_equality(b);
        cs.enable_equality(a);
        cs.permutation().get_columns()
    }

    /// Merges cycles as "The halo2 book", section "Permutation argument", describes: every cell
    /// labelled with its cycle, the smaller cycle relabelled.
    fn merge(labels: &mut [usize], next: &mut [u32], left: usize, right: usize) {
        let (kept, gone) = (labels[left], labels[right]);
        if kept == gone {
            return;
        }
        let size = |label: usize| labels.iter().filter(|other| **other == label).count();
        let (kept, gone) = if size(kept) < size(gone) { (gone, kept) } else { (kept, gone) };
        labels.iter_mut().filter(|label| **label == gone).for_each(|label| *label = kept);
        next.swap(left, right);
    }

    #[test]
    fn cycles_are_merged_as_by_labels_and_sizes() {
        let (columns, rows) = (columns(), 16);
        let cells = columns.len() * rows;
        let mut copies = Copies::new(&columns, rows).unwrap();
        let (mut labels, mut next): (Vec<_>, Vec<_>) = ((0..cells).collect(), (0..cells as u32).collect());
        let mut state = 1u64;
        let mut draw = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % cells
        };
        for _ in 0..cells {
            let (left, right) = (draw(), draw());
            let cell = |index: usize| (columns[index / rows], index % rows);
            copies.copy(cell(left), cell(right)).unwrap();
            merge(&mut labels, &mut next, left, right);
            assert_eq!(copies.cycles.next(), next);
        }
        assert!(labels.iter().any(|label| *label != labels[0]), "one cycle alone would prove little");
        assert_eq!(copies.finish().next, next);
    }

    #[test]
    fn more_cells_than_numbers_is_an_error() {
        let error = Copies::new(&columns(), 1 << 30).unwrap_err();
        assert!(matches!(error, Error::PermutationTooLarge { columns: 4, rows: 0x4000_0000 }), "{error}");
        assert!(Copies::new(&columns(), usize::MAX).is_err());
    }
}
