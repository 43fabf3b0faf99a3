//! Circuits made of the gadgets of `halo2_gadgets`.

use halo2_gadgets::poseidon::primitives::{self as poseidon, ConstantLength, P128Pow5T3};
use halo2_gadgets::poseidon::{Hash, Pow5Chip, Pow5Config};
use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner, Value};
use halo2_proofs::pasta::{EqAffine, Fp};
use halo2_proofs::plonk::{Advice, Circuit, Column, ConstraintSystem, Error, Instance};

use crate::common::Setup;

/// "I know two field elements that Poseidon hashes to this one."
#[derive(Clone, Copy, Debug, Default)]
struct Preimage(Value<[Fp; 2]>);

impl Circuit<Fp> for Preimage {
    type Config = (Pow5Config<Fp, 3, 2>, [Column<Advice>; 3], Column<Instance>);
    type FloorPlanner = SimpleFloorPlanner;

    fn without_witnesses(&self) -> Self {
        Self::default()
    }

    fn configure(meta: &mut ConstraintSystem<Fp>) -> Self::Config {
        let state = [(); 3].map(|()| meta.advice_column());
        let partial_sbox = meta.advice_column();
        let [first, second] = [(); 2].map(|()| [(); 3].map(|()| meta.fixed_column()));
        meta.enable_constant(second[0]);
        let digest = meta.instance_column();
        meta.enable_equality(digest);
        let config = Pow5Chip::configure::<P128Pow5T3>(meta, state, partial_sbox, first, second);
        (config, state, digest)
    }

    fn synthesize(
        &self,
        (config, state, digest): Self::Config,
        mut layouter: impl Layouter<Fp>,
    ) -> Result<(), Error> {
        let message = layouter.assign_region(
            || "message",
            |mut region| {
                let [left, right] = [0, 1].map(|index| {
                    let word = self.0.map(|message| message[index]);
                    region.assign_advice(|| "word", state[index], 0, || word)
                });
                Ok([left?, right?])
            },
        )?;
        let chip = Pow5Chip::construct(config);
        let hasher =
            Hash::<_, _, P128Pow5T3, ConstantLength<2>, 3, 2>::init(chip, layouter.namespace(|| "init"))?;
        let output = hasher.hash(layouter.namespace(|| "hash"), message)?;
        layouter.constrain_instance(output.cell(), digest, 0)
    }
}

#[test]
fn poseidon() {
    let setup = Setup::<EqAffine>::new(7, &Preimage::default());
    let message = [Fp::from(17), -Fp::from(4)];
    let digest = poseidon::Hash::<_, P128Pow5T3, ConstantLength<2>, 3, 2>::init().hash(message);
    setup.assert_same(&[Preimage(Value::known(message))], &[&[&[digest]]]);
}
