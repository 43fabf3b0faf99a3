//! Many selectors, for key generation to combine.

use halo2_axiom::circuit::Region;
use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::{Advice, Column, ConstraintSystem, Error, Expression, Selector};
use halo2_axiom::poly::Rotation;

use super::{Chip, Exposed, Gadget, Witness};

/// Simple selectors that are never on together, two that are, one that is never on, and one
/// complex selector that is used outside of a product.
#[derive(Clone, Copy, Debug)]
pub struct Selectors {
    /// Simple selectors that exclude each other.
    pub exclusive: usize,
    /// Rows.
    pub rows: usize,
}

#[derive(Clone, Debug)]
struct SelectorsChip {
    rows: usize,
    column: Column<Advice>,
    exclusive: Vec<Selector>,
    overlapping: [Selector; 2],
    complex: Selector,
}

impl Gadget for Selectors {
    fn configure(&self, meta: &mut ConstraintSystem<Fr>) -> Box<dyn Chip> {
        let column = meta.advice_column();
        let exclusive: Vec<_> = (0..self.exclusive).map(|_| meta.selector()).collect();
        let overlapping = [(); 2].map(|()| meta.selector());
        let never = meta.selector();
        let complex = meta.complex_selector();
        let equals = |value: u64| {
            move |meta: &mut halo2_axiom::plonk::VirtualCells<'_, Fr>| {
                meta.query_advice(column, Rotation::cur()) - Expression::Constant(Fr::from(value))
            }
        };
        for (index, selector) in exclusive.iter().enumerate() {
            meta.create_gate(format!("value {index}"), |meta| {
                let on = meta.query_selector(*selector);
                vec![on * equals(index as u64)(meta)]
            });
        }
        for selector in overlapping {
            meta.create_gate("small", |meta| {
                let on = meta.query_selector(selector);
                let range = (0..self.exclusive as u64).map(|v| equals(v)(meta));
                // At most two factors, to stay below every degree that a recipe asks for.
                let product = range.take(2).reduce(|a, b| a * b).expect("at least one value");
                vec![on * product]
            });
        }
        meta.create_gate("never", |meta| {
            let on = meta.query_selector(never);
            vec![on * equals(u64::MAX)(meta)]
        });
        meta.create_gate("complex selector is a bit", |meta| {
            let on = meta.query_selector(complex);
            let column = meta.query_advice(column, Rotation::cur());
            vec![
                on.clone() * (Expression::Constant(Fr::one()) - on.clone()) * column,
                on.clone() * on.clone() - on,
            ]
        });
        Box::new(SelectorsChip { rows: self.rows, column, exclusive, overlapping, complex })
    }
}

impl Chip for SelectorsChip {
    fn assign(
        &self,
        phase: u8,
        region: &mut Region<'_, Fr>,
        witness: &Witness,
    ) -> Result<Vec<Exposed>, Error> {
        if phase > 0 {
            return Ok(Vec::new());
        }
        for row in 0..self.rows {
            let value = row % self.exclusive.len();
            self.exclusive[value].enable(region, row)?;
            witness.put(region, self.column, row, Fr::from(value as u64));
            if value < 2 {
                self.overlapping[0].enable(region, row)?;
                self.overlapping[row % 2].enable(region, row)?;
            }
            if row % 3 == 0 {
                self.complex.enable(region, row)?;
            }
        }
        Ok(Vec::new())
    }
}
