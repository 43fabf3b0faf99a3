//! Circuits that together use all that the dialect has.

use ff_0_14::PrimeField;
use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner, Value, floor_planner};
use halo2_proofs::plonk::{
    Advice, Assigned, Circuit, Column, ConstraintSystem, Constraints, Error, Expression, Fixed, Instance,
    Selector, TableColumn,
};
use halo2_proofs::poly::Rotation;

/// Gates with simple selectors that share columns and one that cannot, complex selectors, rotations in
/// both directions, a lookup of pairs, constants, two instance columns, fractions.
#[derive(Clone, Debug, Default)]
pub(crate) struct Everything {
    pub(crate) start: Value<u64>,
    /// Assigned in place of the right sum.
    pub(crate) wrong_sum: bool,
    /// Looked up though it is not in the table.
    pub(crate) wrong_lookup: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct EverythingConfig {
    advice: [Column<Advice>; 3],
    instance: [Column<Instance>; 2],
    scale: Column<Fixed>,
    add: Selector,
    mul: Selector,
    fourth: Selector,
    look_up: Selector,
    table: [TableColumn; 2],
}

/// Entries of the lookup table.
const TABLE: u64 = 8;
/// Rounds of the circuit.
const ROUNDS: usize = 4;

impl Everything {
    pub(crate) fn new(start: u64) -> Self {
        Self { start: Value::known(start), ..Self::default() }
    }

    /// What the instance columns hold.
    pub(crate) fn instances<F: PrimeField>(start: u64) -> [Vec<F>; 2] {
        let sums = (0..ROUNDS as u64).map(|round| F::from(start + 2 * round + 1));
        [sums.collect(), vec![F::from(TABLE - 1)]]
    }
}

impl<F: PrimeField> Circuit<F> for Everything {
    type Config = EverythingConfig;
    type FloorPlanner = SimpleFloorPlanner;

    fn without_witnesses(&self) -> Self {
        Self::default()
    }

    fn configure(meta: &mut ConstraintSystem<F>) -> EverythingConfig {
        let advice = [(); 3].map(|()| meta.advice_column());
        let instance = [(); 2].map(|()| meta.instance_column());
        let (scale, constants) = (meta.fixed_column(), meta.fixed_column());
        advice.iter().for_each(|column| meta.enable_equality(*column));
        instance.iter().for_each(|column| meta.enable_equality(*column));
        meta.enable_constant(constants);
        let [add, mul, fourth] = [(); 3].map(|()| meta.selector());
        let look_up = meta.complex_selector();
        let table = [(); 2].map(|()| meta.lookup_table_column());
        let [a, b, c] = advice;

        meta.create_gate("add", |meta| {
            let (on, scale) = (meta.query_selector(add), meta.query_fixed(scale));
            let [a, b, c] = [a, b, c].map(|column| meta.query_advice(column, Rotation::cur()));
            vec![on * (a + b - scale * c)]
        });
        meta.create_gate("mul", |meta| {
            let on = meta.query_selector(mul);
            let [a, b] = [a, b].map(|column| meta.query_advice(column, Rotation::cur()));
            let next = meta.query_advice(c, Rotation::next());
            let before = meta.query_advice(a_of(&advice), Rotation::prev());
            Constraints::with_selector(
                on,
                [("product", a.clone() * b - next), ("before", (before - a) * F::from(3))],
            )
        });
        meta.create_gate("fourth", |meta| {
            let on = meta.query_selector(fourth);
            let (a, b) = (meta.query_advice(a, Rotation::cur()), meta.query_advice(b, Rotation::cur()));
            vec![on * (a.clone().square() * a.square() + Expression::Constant(F::ONE) - b)]
        });
        meta.lookup(|meta| {
            let on = meta.query_selector(look_up);
            let (a, b) = (meta.query_advice(a, Rotation::cur()), meta.query_advice(b, Rotation::cur()));
            vec![(on.clone() * a, table[0]), (on * b, table[1])]
        });
        EverythingConfig { advice, instance, scale, add, mul, fourth, look_up, table }
    }

    fn synthesize(&self, config: EverythingConfig, mut layouter: impl Layouter<F>) -> Result<(), Error> {
        layouter.assign_table(
            || "squares",
            |mut table| {
                for entry in 0..TABLE {
                    let row = entry as usize;
                    table.assign_cell(|| "x", config.table[0], row, || Value::known(F::from(entry)))?;
                    table.assign_cell(
                        || "x^2",
                        config.table[1],
                        row,
                        || Value::known(F::from(entry * entry)),
                    )?;
                }
                Ok(())
            },
        )?;
        let [a, b, c] = config.advice;
        let field = |value: Value<u64>| value.map(F::from);
        for round in 0..ROUNDS {
            let offset = round as u64;
            let sum = layouter.assign_region(
                || "sum",
                |mut region| {
                    config.add.enable(&mut region, 0)?;
                    region.assign_fixed(|| "scale", config.scale, 0, || Value::known(F::ONE))?;
                    let left = self.start.map(|start| start + offset);
                    region.assign_advice(|| "left", a, 0, || field(left))?;
                    region.assign_advice_from_constant(|| "right", b, 0, F::from(offset + 1))?;
                    let wrong = u64::from(self.wrong_sum && round == 2);
                    region.assign_advice(|| "sum", c, 0, || field(left.map(|left| left + offset + 1 + wrong)))
                },
            )?;
            layouter.constrain_instance(sum.cell(), config.instance[0], round)?;
            layouter.assign_region(
                || "product",
                |mut region| {
                    let copied = sum.copy_advice(|| "before", &mut region, a, 0)?;
                    config.mul.enable(&mut region, 1)?;
                    let left = copied.copy_advice(|| "left", &mut region, a, 1)?;
                    // 1/(start + 5), as a fraction.
                    let inverse = self.start.map(|start| Assigned::Rational(F::ONE, F::from(start + 5)));
                    region.assign_advice(|| "right", b, 1, || inverse)?;
                    let product = left.value().copied().zip(inverse).map(|(left, right)| right * left);
                    region.assign_advice(|| "product", c, 2, || product)?;
                    Ok(())
                },
            )?;
        }
        layouter.assign_region(
            || "fourth powers",
            |mut region| {
                for (row, value) in [2u64, 3, 7].into_iter().enumerate() {
                    config.fourth.enable(&mut region, row)?;
                    region.assign_advice(|| "x", a, row, || Value::known(F::from(value)))?;
                    let fourth = F::from(value.pow(4) + 1);
                    region.assign_advice(|| "x^4 + 1", b, row, || Value::known(fourth))?;
                }
                Ok(())
            },
        )?;
        let last = layouter.assign_region(
            || "looked up",
            |mut region| {
                let wrong = u64::from(self.wrong_lookup);
                let mut last = None;
                for (row, value) in [3, 1, 3, TABLE - 1].into_iter().enumerate() {
                    config.look_up.enable(&mut region, row)?;
                    last = Some(region.assign_advice(|| "x", a, row, || Value::known(F::from(value)))?);
                    let square = F::from(value * value + wrong);
                    region.assign_advice(|| "x^2", b, row, || Value::known(square))?;
                }
                last.ok_or(Error::Synthesis)
            },
        )?;
        layouter.constrain_instance(last.cell(), config.instance[1], 0)
    }
}

fn a_of(advice: &[Column<Advice>; 3]) -> Column<Advice> {
    advice[0]
}

/// One multiplication and an instance, no lookup, no selector but a fixed column; planned by the
/// library's other floor planner.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Product(pub(crate) Value<[u64; 2]>);

impl<F: PrimeField> Circuit<F> for Product {
    type Config = ([Column<Advice>; 3], Column<Fixed>, Column<Instance>);
    type FloorPlanner = floor_planner::V1;

    fn without_witnesses(&self) -> Self {
        Self::default()
    }

    fn configure(meta: &mut ConstraintSystem<F>) -> Self::Config {
        let advice = [(); 3].map(|()| meta.advice_column());
        let (on, instance) = (meta.fixed_column(), meta.instance_column());
        meta.enable_equality(advice[2]);
        meta.enable_equality(instance);
        meta.set_minimum_degree(4);
        meta.create_gate("product", |meta| {
            let [a, b, c] = advice.map(|column| meta.query_advice(column, Rotation::cur()));
            vec![meta.query_fixed(on) * (a * b - c)]
        });
        (advice, on, instance)
    }

    fn synthesize(
        &self,
        (advice, on, instance): Self::Config,
        mut layouter: impl Layouter<F>,
    ) -> Result<(), Error> {
        let product = layouter.assign_region(
            || "product",
            |mut region| {
                region.assign_fixed(|| "on", on, 0, || Value::known(F::ONE))?;
                region.assign_advice(|| "a", advice[0], 0, || self.0.map(|[a, _]| F::from(a)))?;
                region.assign_advice(|| "b", advice[1], 0, || self.0.map(|[_, b]| F::from(b)))?;
                region.assign_advice(|| "c", advice[2], 0, || self.0.map(|[a, b]| F::from(a * b)))
            },
        )?;
        layouter.constrain_instance(product.cell(), instance, 0)
    }
}

/// A gate alone on some rows: no instance, no copy constraint, no lookup.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bits(pub(crate) usize);

impl<F: PrimeField> Circuit<F> for Bits {
    type Config = (Column<Advice>, Selector);
    type FloorPlanner = SimpleFloorPlanner;

    fn without_witnesses(&self) -> Self {
        *self
    }

    fn configure(meta: &mut ConstraintSystem<F>) -> Self::Config {
        let (column, on) = (meta.advice_column(), meta.selector());
        meta.create_gate("is 0 or 1", |meta| {
            let bit = meta.query_advice(column, Rotation::cur());
            vec![meta.query_selector(on) * bit.clone() * (bit - Expression::Constant(F::ONE))]
        });
        (column, on)
    }

    fn synthesize(&self, (column, on): Self::Config, mut layouter: impl Layouter<F>) -> Result<(), Error> {
        layouter.assign_region(
            || "bits",
            |mut region| {
                for row in 0..self.0 {
                    on.enable(&mut region, row)?;
                    region.assign_advice(|| "bit", column, row, || Value::known(F::from(row as u64 % 2)))?;
                }
                Ok(())
            },
        )
    }
}

/// A fixed value that is made of one in another region: it must be asked for after that.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Carried;

impl<F: PrimeField> Circuit<F> for Carried {
    type Config = (Column<Advice>, Column<Fixed>);
    type FloorPlanner = SimpleFloorPlanner;

    fn without_witnesses(&self) -> Self {
        Self
    }

    fn configure(meta: &mut ConstraintSystem<F>) -> Self::Config {
        let (advice, fixed) = (meta.advice_column(), meta.fixed_column());
        meta.create_gate("the same", |meta| {
            let value = meta.query_advice(advice, Rotation::cur());
            let expected = meta.query_fixed(fixed);
            vec![expected.clone() * (value - expected)]
        });
        (advice, fixed)
    }

    fn synthesize(&self, (advice, fixed): Self::Config, mut layouter: impl Layouter<F>) -> Result<(), Error> {
        let mut value = Value::known(F::from(7));
        for row in 0..4u64 {
            let cell = layouter.assign_region(
                || "one more",
                |mut region| {
                    region.assign_advice(|| "value", advice, 0, || Value::known(F::from(7 + row)))?;
                    region.assign_fixed(|| "expected", fixed, 0, || value)
                },
            )?;
            value = cell.value().map(|value| *value + F::ONE);
        }
        Ok(())
    }
}
