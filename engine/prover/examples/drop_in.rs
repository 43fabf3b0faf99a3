//! Proves a circuit written for halo2-axiom by changing one `use` line.
//!
//! `cargo run --release -p parhelion --example drop_in`
#![allow(missing_docs)]

use halo2_axiom::circuit::{Layouter, SimpleFloorPlanner, Value};
use halo2_axiom::halo2curves::bn256::{Bn256, Fr, G1Affine};
use halo2_axiom::plonk::{
    Advice, Circuit, Column, ConstraintSystem, Error, Instance, Selector, keygen_pk, keygen_vk, verify_proof,
};
use halo2_axiom::poly::Rotation;
use halo2_axiom::poly::kzg::commitment::{KZGCommitmentScheme, ParamsKZG};
use halo2_axiom::poly::kzg::multiopen::{ProverSHPLONK, VerifierSHPLONK};
use halo2_axiom::poly::kzg::strategy::SingleStrategy;
use halo2_axiom::transcript::{
    Blake2bRead, Blake2bWrite, Challenge255, TranscriptReadBuffer, TranscriptWriterBuffer,
};
// The line that changes; before: use halo2_axiom::plonk::create_proof;
use parhelion::axiom::create_proof;
use rand::rngs::OsRng;

/// Knows an x such that x^(2^steps) is the public output.
#[derive(Clone)]
struct Squares {
    x: Value<Fr>,
    steps: usize,
}

#[derive(Clone, Debug)]
struct Config {
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

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (k, steps) = (10, 1000);
    let x = Fr::from(3);
    let output = (0..steps).fold(x, |value, _| value.square());
    let circuit = Squares { x: Value::known(x), steps };

    let params = ParamsKZG::<Bn256>::setup(k, OsRng);
    let vk = keygen_vk(&params, &circuit)?;
    let pk = keygen_pk(&params, vk, &circuit)?;

    let instances: &[&[Fr]] = &[&[output]];
    let mut transcript = Blake2bWrite::<Vec<u8>, G1Affine, Challenge255<_>>::init(vec![]);
    create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<'_, Bn256>, _, _, _, _>(
        &params,
        &pk,
        &[circuit],
        &[instances],
        OsRng,
        &mut transcript,
    )?;
    let proof = transcript.finalize();

    let mut transcript = Blake2bRead::<_, G1Affine, Challenge255<_>>::init(proof.as_slice());
    verify_proof::<KZGCommitmentScheme<Bn256>, VerifierSHPLONK<'_, Bn256>, _, _, _>(
        &params,
        pk.get_vk(),
        SingleStrategy::new(&params),
        &[instances],
        &mut transcript,
    )?;
    println!("a proof of {} bytes, accepted by the library's verifier", proof.len());
    Ok(())
}
