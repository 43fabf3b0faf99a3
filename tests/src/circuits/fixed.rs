//! Fixed columns: constants, and circuits without a witness.

use ff::Field;
use halo2_axiom::circuit::Region;
use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::{Advice, Assigned, Column, ConstraintSystem, Error, Fixed};
use halo2_axiom::poly::Rotation;

use super::{Chip, Exposed, Gadget, Witness};

/// Constants reached through a constants column, through equality with a fixed column, and
/// through a gate that queries a fixed column above and below.
#[derive(Clone, Copy, Debug)]
pub struct Constants {
    /// Rows of each.
    pub rows: usize,
}

#[derive(Clone, Debug)]
struct ConstantsChip {
    rows: usize,
    advice: Column<Advice>,
    sum: Column<Advice>,
    fixed: Column<Fixed>,
    on: Column<Fixed>,
}

impl Gadget for Constants {
    fn configure(&self, meta: &mut ConstraintSystem<Fr>) -> Box<dyn Chip> {
        let [advice, sum] = [(); 2].map(|()| meta.advice_column());
        let [constants, fixed, on] = [(); 3].map(|()| meta.fixed_column());
        meta.enable_constant(constants);
        meta.enable_equality(advice);
        meta.enable_equality(fixed);
        meta.create_gate("sum of neighbours", |meta| {
            let above = meta.query_fixed(fixed, Rotation::prev());
            let below = meta.query_fixed(fixed, Rotation::next());
            let sum = meta.query_advice(sum, Rotation::cur());
            let on = meta.query_fixed(on, Rotation::cur());
            vec![on * (above + below - sum)]
        });
        Box::new(ConstantsChip { rows: self.rows, advice, sum, fixed, on })
    }
}

impl Chip for ConstantsChip {
    fn assign(
        &self,
        phase: u8,
        region: &mut Region<'_, Fr>,
        witness: &Witness,
    ) -> Result<Vec<Exposed>, Error> {
        if phase > 0 {
            return Ok(Vec::new());
        }
        let constant = |row: usize| Fr::from(row as u64).square() - Fr::from(17);
        for row in 0..self.rows {
            // A fixed cell may be a fraction, and a fraction of zero.
            let fraction = Assigned::Rational(constant(row) * Fr::from(3), Fr::from(3));
            let fixed = region.assign_fixed(self.fixed, row, fraction);
            match row % 3 {
                0 => {
                    region.assign_advice_from_constant(|| "constant", self.advice, row, constant(row))?;
                }
                1 => {
                    let cell = witness.put(region, self.advice, row, constant(row));
                    region.constrain_constant(cell.cell(), constant(row))?;
                }
                _ => {
                    let cell = witness.put(region, self.advice, row, constant(row));
                    region.constrain_equal(fixed, cell.cell());
                }
            }
            if (1..self.rows - 1).contains(&row) {
                region.assign_fixed(self.on, row, Fr::ONE);
                witness.put(region, self.sum, row, constant(row - 1) + constant(row + 1));
            }
        }
        region.assign_fixed(self.fixed, self.rows, Assigned::Rational(Fr::ONE, Fr::ZERO));
        Ok(Vec::new())
    }
}

/// Nothing but two fixed columns, joined by copies, with a gate on one of them.
#[derive(Clone, Copy, Debug)]
pub struct FixedOnly {
    /// Rows of each column.
    pub rows: usize,
}

#[derive(Clone, Debug)]
struct FixedOnlyChip {
    rows: usize,
    columns: [Column<Fixed>; 2],
}

impl Gadget for FixedOnly {
    fn configure(&self, meta: &mut ConstraintSystem<Fr>) -> Box<dyn Chip> {
        let columns = [(); 2].map(|()| meta.fixed_column());
        columns.iter().for_each(|column| meta.enable_equality(*column));
        meta.create_gate("boolean", |meta| {
            let bit = meta.query_fixed(columns[0], Rotation::cur());
            vec![bit.clone() * (bit.clone() - bit.square())]
        });
        Box::new(FixedOnlyChip { rows: self.rows, columns })
    }
}

impl Chip for FixedOnlyChip {
    fn assign(
        &self,
        phase: u8,
        region: &mut Region<'_, Fr>,
        _witness: &Witness,
    ) -> Result<Vec<Exposed>, Error> {
        if phase == 0 {
            for row in 0..self.rows {
                let bit = Fr::from((row % 2) as u64);
                let [a, b] = self.columns.map(|column| region.assign_fixed(column, row, bit));
                region.constrain_equal(a, b);
            }
        }
        Ok(Vec::new())
    }
}
