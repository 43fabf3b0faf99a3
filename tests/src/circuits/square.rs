//! A circuit over any field, for functions that are generic over the commitment scheme.

use ff::Field;
use halo2_axiom::circuit::{Layouter, SimpleFloorPlanner, Value};
use halo2_axiom::plonk::{Advice, Circuit, Column, ConstraintSystem, Error, Instance, Selector};
use halo2_axiom::poly::Rotation;

/// "I know x, and the instance is x squared."
#[derive(Clone, Copy, Debug, Default)]
pub struct Square<F> {
    /// The secret.
    pub x: Value<F>,
}

/// Columns of [`Square`].
#[derive(Clone, Copy, Debug)]
pub struct SquareConfig {
    x: Column<Advice>,
    square: Column<Advice>,
    public: Column<Instance>,
    on: Selector,
}

impl<F: Field> Circuit<F> for Square<F> {
    type Config = SquareConfig;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        Self { x: Value::unknown() }
    }

    fn configure(meta: &mut ConstraintSystem<F>) -> SquareConfig {
        let [x, square] = [(); 2].map(|()| meta.advice_column());
        let public = meta.instance_column();
        let on = meta.selector();
        meta.enable_equality(square);
        meta.enable_equality(public);
        meta.create_gate("square", |meta| {
            let on = meta.query_selector(on);
            let [x, square] = [x, square].map(|column| meta.query_advice(column, Rotation::cur()));
            vec![on * (x.square() - square)]
        });
        SquareConfig { x, square, public, on }
    }

    fn synthesize(&self, config: SquareConfig, mut layouter: impl Layouter<F>) -> Result<(), Error> {
        let square = layouter.assign_region(
            || "square",
            |mut region| {
                config.on.enable(&mut region, 0)?;
                region.assign_advice(config.x, 0, self.x);
                Ok(region.assign_advice(config.square, 0, self.x.map(|x| x.square())))
            },
        )?;
        layouter.constrain_instance(square.cell(), config.public, 0);
        Ok(())
    }
}
