//! Columns that a circuit has whole.

use parhelion_field_kernels::{FieldSpec, Fp, Kernels};
use parhelion_scheduler::{ExecutorExt, checkpoint};

use super::{Admitted, Blinds, Cell, State, Witness};
use crate::Error;
use crate::collect::try_collect;
use crate::storage::Stored;

impl<S: FieldSpec> Witness<'_, S> {
    /// Sets the first rows of columns, which are given with how many: `write` writes those of the one in this
    /// place. Columns that nothing was assigned to go straight to where they are kept, as many at a time as may be
    /// open.
    pub(crate) fn assign_columns(
        &mut self,
        columns: &[(usize, usize)],
        write: impl Fn(&Kernels, usize, &mut [Fp<S>]) + Sync,
    ) -> Result<(), Error> {
        let (n, kernels, memory) = (self.n, self.kernels, self.memory);
        let mut blank = Vec::new();
        for (place, &(column, rows)) in columns.iter().enumerate() {
            if let Some(last) = rows.checked_sub(1) {
                // The column and its last row are there, or this is the error.
                let cell = self.admit_place(column, last)?;
                match (cell, &self.columns[column].state) {
                    (Admitted::Now, State::Blank) => blank.push((place, column, rows)),
                    (Admitted::Committed, _) => {}
                    (Admitted::Now | Admitted::Early, _) => {
                        let mut values = vec![Fp::ZERO; rows];
                        write(&self.alone, place, &mut values);
                        for (row, value) in values.into_iter().enumerate() {
                            self.assign(column, row, Some(Cell::Value(value)))?;
                        }
                    }
                }
            }
        }
        for blank in blank.chunks(self.window) {
            checkpoint();
            let mut buffers = try_collect(blank.iter().map(|_| memory.scratch(n)))?;
            let blinds: Vec<&Blinds<S>> =
                blank.iter().map(|(_, column, _)| &self.columns[*column].blinds).collect();
            let alone = &self.alone;
            kernels.executor().for_each(
                buffers.iter_mut().zip(blank).zip(blinds),
                |_, ((values, (place, _, rows)), blinds)| {
                    let (assigned, rest) = values.split_at_mut(*rows);
                    write(alone, *place, assigned);
                    let (rest, last) = rest.split_at_mut(rest.len() - blinds.len());
                    rest.fill(Fp::ZERO);
                    last.copy_from_slice(blinds);
                },
            );
            let stored = Stored::pack_all(kernels, memory, buffers)?;
            for ((_, column, rows), stored) in blank.iter().zip(stored) {
                self.assigned += rows;
                let column = &mut self.columns[*column];
                column.left = self.assigned;
                column.state = State::Closed(stored);
            }
        }
        Ok(())
    }
}
