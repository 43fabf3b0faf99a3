//! Custom gates of any degree over any rotations.

use ff::Field;
use halo2_axiom::circuit::Region;
use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::{Advice, Column, ConstraintSystem, Constraints, Error, Expression, Fixed, Selector};
use halo2_axiom::poly::Rotation;

use super::{Chip, Exposed, Gadget, Witness};

/// What switches a gate on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateSelector {
    /// A selector that may be combined with others.
    Simple,
    /// A selector that keeps a column of its own.
    Complex,
    /// A fixed column.
    Fixed,
}

/// A product gate and a linear gate over one input column: `s (prod_i a(rotation_i) - b)` and
/// `s (5 - 7 a + a(last rotation) - c)`.
#[derive(Clone, Debug)]
pub struct Gate {
    /// Degree of the product gate, selector included; at least 2.
    pub degree: usize,
    /// Rotations of the factors, used in turn.
    pub rotations: Vec<i32>,
    /// Rows on which the gates can be on.
    pub rows: usize,
    /// What switches them.
    pub selector: GateSelector,
}

#[derive(Clone, Copy, Debug)]
enum Switch {
    Selector(Selector),
    Fixed(Column<Fixed>),
}

#[derive(Clone, Debug)]
struct GateChip {
    shape: Gate,
    input: Column<Advice>,
    product: Column<Advice>,
    linear: Column<Advice>,
    switch: Switch,
}

impl Gadget for Gate {
    fn configure(&self, meta: &mut ConstraintSystem<Fr>) -> Box<dyn Chip> {
        let [input, product, linear] = [(); 3].map(|()| meta.advice_column());
        let switch = match self.selector {
            GateSelector::Simple => Switch::Selector(meta.selector()),
            GateSelector::Complex => Switch::Selector(meta.complex_selector()),
            GateSelector::Fixed => Switch::Fixed(meta.fixed_column()),
        };
        meta.create_gate("product and linear", |meta| {
            let on = match switch {
                Switch::Selector(selector) => meta.query_selector(selector),
                Switch::Fixed(column) => meta.query_fixed(column, Rotation::cur()),
            };
            let factors: Vec<_> =
                self.factors().map(|rotation| meta.query_advice(input, Rotation(rotation))).collect();
            let product_value = factors.into_iter().reduce(|a, b| a * b).expect("at least one factor");
            // Queries made from the column itself get their index only when the gate is added.
            let linear_value = Expression::Constant(Fr::from(5)) + -(input.cur() * Fr::from(7))
                - (-input.rot(self.last_rotation()));
            let constraints = [
                ("product", product_value - meta.query_advice(product, Rotation::cur())),
                ("linear", linear_value - linear.cur()),
            ];
            Constraints::with_selector(on, constraints)
        });
        Box::new(GateChip { shape: self.clone(), input, product, linear, switch })
    }
}

impl Gate {
    fn factors(&self) -> impl Iterator<Item = i32> + '_ {
        self.rotations.iter().copied().cycle().take(self.degree - 1)
    }

    fn last_rotation(&self) -> i32 {
        self.rotations[self.rotations.len() - 1]
    }

    /// The first row from which no rotation reaches above row 0.
    fn first_row(&self) -> usize {
        self.rotations.iter().map(|r| r.min(&0).unsigned_abs() as usize).max().unwrap_or(0)
    }
}

impl Chip for GateChip {
    fn assign(
        &self,
        phase: u8,
        region: &mut Region<'_, Fr>,
        witness: &Witness,
    ) -> Result<Vec<Exposed>, Error> {
        if phase > 0 {
            return Ok(Vec::new());
        }
        let tag = self.input.index() as u64;
        let input = |row: usize, rotation: i32| {
            witness.scalar(tag, row.checked_add_signed(rotation as isize).expect("row in range"))
        };
        let (first, rows) = (self.shape.first_row(), self.shape.rows);
        let below = self.shape.rotations.iter().map(|r| (*r).max(0) as usize).max().unwrap_or(0);
        for row in 0..first + rows + below {
            witness.put(region, self.input, row, input(row, 0));
        }
        for row in first..first + rows {
            // Off on every third row, where the outputs are anything.
            if row % 3 == 1 {
                witness.put(region, self.product, row, witness.scalar(tag + 1, row));
                continue;
            }
            match self.switch {
                Switch::Selector(selector) => selector.enable(region, row)?,
                Switch::Fixed(column) => {
                    region.assign_fixed(column, row, Fr::ONE);
                }
            }
            let product = self.shape.factors().map(|rotation| input(row, rotation)).product();
            let linear = Fr::from(5) - input(row, 0) * Fr::from(7) + input(row, self.shape.last_rotation());
            witness.put(region, self.product, row, product);
            witness.put(region, self.linear, row, linear);
        }
        Ok(Vec::new())
    }
}
