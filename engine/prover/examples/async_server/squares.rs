//! The circuit of the example.

use halo2_axiom::circuit::{Layouter, SimpleFloorPlanner, Value};
use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::{Advice, Circuit, Column, ConstraintSystem, Error, Instance, Selector};
use halo2_axiom::poly::Rotation;

/// Knows an x such that x^(2^steps) is the public output.
#[derive(Clone)]
pub(crate) struct Squares {
    pub(crate) x: Value<Fr>,
    pub(crate) steps: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct Config {
    value: Column<Advice>,
    output: Column<Instance>,
    step: Selector,
}

impl Circuit<Fr> for Squares {
    type Config = Config;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        Self { x: Value::unknown(), steps: self.steps }
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Config {
        let (value, output, step) = (meta.advice_column(), meta.instance_column(), meta.selector());
        meta.enable_equality(value);
        meta.enable_equality(output);
        meta.create_gate("next = value^2", |meta| {
            let step = meta.query_selector(step);
            let now = meta.query_advice(value, Rotation::cur());
            let next = meta.query_advice(value, Rotation::next());
            vec![step * (now.clone() * now - next)]
        });
        Config { value, output, step }
    }

    fn synthesize(&self, config: Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        let cell = layouter.assign_region(
            || "squares",
            |mut region| {
                let mut value = self.x;
                let mut cell = region.assign_advice(config.value, 0, value).cell();
                for row in 0..self.steps {
                    config.step.enable(&mut region, row)?;
                    value = value.map(|v| v.square());
                    cell = region.assign_advice(config.value, row + 1, value).cell();
                }
                Ok(cell)
            },
        )?;
        layouter.constrain_instance(cell, config.output, 0);
        Ok(())
    }
}

impl Squares {
    /// The circuit that knows `x`, and its public output.
    pub(crate) fn new(x: u64, steps: usize) -> (Self, Fr) {
        let output = (0..steps).fold(Fr::from(x), |value, _| value.square());
        (Self { x: Value::known(Fr::from(x)), steps }, output)
    }
}
