//! Values assigned as fractions, and read back from the cells they were assigned to.

use ff::Field;
use halo2_axiom::circuit::Region;
use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::{Advice, Assigned, Column, ConstraintSystem, Error, Selector};
use halo2_axiom::poly::Rotation;

use super::{Chip, Exposed, Gadget, Witness};

/// `s (a inverse - 1)` and `s (total' - total - inverse)`: the inverses are assigned as
/// fractions, and the running total is computed from the cells after all of them are assigned.
#[derive(Clone, Copy, Debug)]
pub struct Rational {
    /// Rows.
    pub rows: usize,
    /// Also assigns fractions with a zero denominator, which stand for 0, off the gate.
    pub zero_denominators: bool,
}

#[derive(Clone, Debug)]
struct RationalChip {
    shape: Rational,
    on: Selector,
    a: Column<Advice>,
    inverse: Column<Advice>,
    total: Column<Advice>,
}

impl Gadget for Rational {
    fn configure(&self, meta: &mut ConstraintSystem<Fr>) -> Box<dyn Chip> {
        let on = meta.selector();
        let [a, inverse, total] = [(); 3].map(|()| meta.advice_column());
        meta.create_gate("inverses", |meta| {
            let on = meta.query_selector(on);
            let next = meta.query_advice(total, Rotation::next());
            let [a, inverse, total] = [a, inverse, total].map(|c| meta.query_advice(c, Rotation::cur()));
            let one = halo2_axiom::plonk::Expression::Constant(Fr::ONE);
            vec![on.clone() * (a * inverse.clone() - one), on * (next - total - inverse)]
        });
        Box::new(RationalChip { shape: *self, on, a, inverse, total })
    }
}

impl Chip for RationalChip {
    fn assign(
        &self,
        phase: u8,
        region: &mut Region<'_, Fr>,
        witness: &Witness,
    ) -> Result<Vec<Exposed>, Error> {
        if phase > 0 {
            return Ok(Vec::new());
        }
        let mut inverses = Vec::new();
        for row in 0..self.shape.rows {
            self.on.enable(region, row)?;
            let a = witness.scalar(self.a.index() as u64, row);
            let a = if a.is_zero_vartime() { Fr::from(3) } else { a };
            let cell = witness.put(region, self.a, row, a);
            let inverse = cell.value().map(|a| a.invert());
            inverses.push(witness.assign(region, self.inverse, row, inverse));
        }
        // The cells must still be readable, whatever was assigned since.
        let mut total = witness.value(Assigned::Zero);
        for (row, inverse) in inverses.iter().enumerate() {
            let cell = witness.assign(region, self.total, row, total);
            total = cell.value().zip(inverse.value()).map(|(total, inverse)| **total + **inverse);
        }
        witness.assign(region, self.total, inverses.len(), total);
        if self.shape.zero_denominators {
            let zero = witness.value(Assigned::Rational(Fr::from(5), Fr::ZERO));
            witness.assign(region, self.a, self.shape.rows, zero);
            witness.assign(region, self.inverse, self.shape.rows, zero);
        }
        Ok(Vec::new())
    }
}
