//! Proves a circuit written for halo2_proofs: first by changing one `use` line, then with a key that is
//! prepared once and does without the library's proving key.
//!
//! `cargo run --release -p parhelion --example zcash`
#![allow(missing_docs)]

use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner, Value};
use halo2_proofs::pasta::{EqAffine, Fp};
use halo2_proofs::plonk::{
    Advice, Circuit, Column, ConstraintSystem, Error, Instance, Selector, SingleVerifier, keygen_pk,
    keygen_vk, verify_proof,
};
use halo2_proofs::poly::Rotation;
use halo2_proofs::poly::commitment::Params;
use halo2_proofs::transcript::{Blake2bRead, Blake2bWrite, Challenge255};
// The line that changes; before: use halo2_proofs::plonk::create_proof;
use parhelion::Prover;
use parhelion::zcash::create_proof;
use rand_chacha_0_10::ChaCha20Rng;
use rand_chacha_0_10::rand_core::SeedableRng;

/// Knows an x such that x^(2^steps) is the public output.
#[derive(Clone)]
struct Squares {
    x: Value<Fp>,
    steps: usize,
}

#[derive(Clone, Debug)]
struct Config {
    value: Column<Advice>,
    output: Column<Instance>,
    step: Selector,
}

impl Circuit<Fp> for Squares {
    type Config = Config;
    type FloorPlanner = SimpleFloorPlanner;

    fn without_witnesses(&self) -> Self {
        Self { x: Value::unknown(), steps: self.steps }
    }

    fn configure(meta: &mut ConstraintSystem<Fp>) -> Config {
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

    fn synthesize(&self, config: Config, mut layouter: impl Layouter<Fp>) -> Result<(), Error> {
        let cell = layouter.assign_region(
            || "squares",
            |mut region| {
                let mut value = self.x;
                let mut cell = region.assign_advice(|| "x", config.value, 0, || value)?.cell();
                for row in 0..self.steps {
                    config.step.enable(&mut region, row)?;
                    value = value.map(|v| v * v);
                    cell = region.assign_advice(|| "square", config.value, row + 1, || value)?.cell();
                }
                Ok(cell)
            },
        )?;
        layouter.constrain_instance(cell, config.output, 0)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (k, steps) = (10, 1000);
    let x = Fp::from(3);
    let output = (0..steps).fold(x, |value, _| value * value);
    let circuits = [Squares { x: Value::known(x), steps }];
    // A proof that is to hide something takes a generator that nobody can guess.
    let rng = || ChaCha20Rng::from_seed([7; 32]);

    let params = Params::<EqAffine>::new(k);
    let vk = keygen_vk(&params, &circuits[0])?;
    let instances: &[&[&[Fp]]] = &[&[&[output]]];

    let pk = keygen_pk(&params, vk.clone(), &circuits[0])?;
    let mut transcript = Blake2bWrite::<_, EqAffine, Challenge255<_>>::init(Vec::new());
    create_proof(&params, &pk, &circuits, instances, rng(), &mut transcript)?;
    let proof = transcript.finalize();

    let prover = Prover::builder().build()?;
    let prepared_params = prover.prepare_zcash_params(&params)?;
    let key = prover.prepare_zcash(&prepared_params, &vk, &circuits[0])?;
    let mut transcript = Blake2bWrite::<_, EqAffine, Challenge255<_>>::init(Vec::new());
    prover.prove_zcash(&key, &circuits, instances, rng(), &mut transcript)?;
    assert!(transcript.finalize() == proof, "the same seed makes the same proof");

    let mut transcript = Blake2bRead::<_, EqAffine, Challenge255<_>>::init(proof.as_slice());
    verify_proof(&params, &vk, SingleVerifier::new(&params), instances, &mut transcript)?;
    println!("a proof of {} bytes, accepted by the library's verifier", proof.len());
    Ok(())
}
