//! Copy constraints across many columns.

use halo2_axiom::circuit::Region;
use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::{Advice, Column, ConstraintSystem, Error};

use super::{Chip, Exposed, Gadget, Witness};

/// Columns that hold the same values, each one row further down than the one before, joined
/// cell by cell into cycles through all columns.
#[derive(Clone, Copy, Debug)]
pub struct Copies {
    /// Advice columns in the permutation.
    pub columns: usize,
    /// Rows of each, and number of cycles.
    pub rows: usize,
}

#[derive(Clone, Debug)]
struct CopiesChip {
    rows: usize,
    columns: Vec<Column<Advice>>,
}

impl Gadget for Copies {
    fn configure(&self, meta: &mut ConstraintSystem<Fr>) -> Box<dyn Chip> {
        let columns: Vec<_> = (0..self.columns).map(|_| meta.advice_column()).collect();
        for column in &columns {
            meta.enable_equality(*column);
        }
        Box::new(CopiesChip { rows: self.rows, columns })
    }
}

impl Chip for CopiesChip {
    fn assign(
        &self,
        phase: u8,
        region: &mut Region<'_, Fr>,
        witness: &Witness,
    ) -> Result<Vec<Exposed>, Error> {
        if phase > 0 {
            return Ok(Vec::new());
        }
        let [first, others @ ..] = &*self.columns else { return Ok(Vec::new()) };
        let tag = first.index() as u64;
        for row in 0..self.rows {
            let start = witness.put(region, *first, row, witness.scalar(tag, row));
            let mut above = start.clone();
            for (step, column) in others.iter().enumerate() {
                let row = (row + step + 1) % self.rows;
                // Each cell reads its value back from the one before.
                if step % 2 == 1 {
                    above.copy_advice(region, *column, row);
                }
                // Assigned last, for a cell must not be read after it has been assigned again.
                let cell = witness.assign(region, *column, row, above.value().map(|v| **v));
                if step % 2 == 0 {
                    region.constrain_equal(cell.cell(), above.cell());
                }
                above = cell;
            }
            // Joining a cycle with itself changes nothing, nor does joining a cell with itself.
            region.constrain_equal(above.cell(), start.cell());
            region.constrain_equal(start.cell(), start.cell());
        }
        Ok(Vec::new())
    }
}
