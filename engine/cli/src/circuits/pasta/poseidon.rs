//! Chains of Poseidon hashes, made of the gadgets of `halo2_gadgets`.

use std::ops::RangeInclusive;

use halo2_gadgets::poseidon::primitives::{self, ConstantLength, P128Pow5T3};
use halo2_gadgets::poseidon::{Hash, Pow5Chip, Pow5Config};
use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner, Value};
use halo2_proofs::pasta::Fp;
use halo2_proofs::pasta::group::ff::Field;
use halo2_proofs::plonk::{Advice, Circuit, Column, ConstraintSystem, Error, Instance};
use rand_chacha_0_10::ChaCha20Rng;
use rand_chacha_0_10::rand_core::SeedableRng;

use super::{DemoError, PastaDemo, check_k};

/// Rows that a hash takes at most.
const ROWS_PER_HASH: usize = 64;

/// "I know a secret x_0 such that x_i = H(x_{i-1}, x_0) leads to this x_m": as many hashes as fit.
#[derive(Clone, Copy, Debug, Default)]
pub struct Chain {
    hashes: usize,
    secret: Value<Fp>,
}

impl Chain {
    /// A chain of so many hashes.
    #[must_use]
    pub fn new(hashes: usize, secret: Value<Fp>) -> Self {
        Self { hashes, secret }
    }

    /// Where the chain ends.
    #[must_use]
    pub fn end(hashes: usize, secret: Fp) -> Fp {
        let hash =
            |word, _| primitives::Hash::<_, P128Pow5T3, ConstantLength<2>, 3, 2>::init().hash([word, secret]);
        (0..hashes).fold(secret, hash)
    }
}

/// The columns of a [`Chain`].
#[derive(Clone, Debug)]
pub struct ChainConfig {
    hash: Pow5Config<Fp, 3, 2>,
    state: [Column<Advice>; 3],
    end: Column<Instance>,
}

impl Circuit<Fp> for Chain {
    type Config = ChainConfig;
    type FloorPlanner = SimpleFloorPlanner;

    fn without_witnesses(&self) -> Self {
        Self { hashes: self.hashes, secret: Value::unknown() }
    }

    fn configure(meta: &mut ConstraintSystem<Fp>) -> ChainConfig {
        let state = [(); 3].map(|()| meta.advice_column());
        let partial_sbox = meta.advice_column();
        let [first, second] = [(); 2].map(|()| [(); 3].map(|()| meta.fixed_column()));
        meta.enable_constant(second[0]);
        let end = meta.instance_column();
        meta.enable_equality(end);
        let hash = Pow5Chip::configure::<P128Pow5T3>(meta, state, partial_sbox, first, second);
        ChainConfig { hash, state, end }
    }

    fn synthesize(&self, config: ChainConfig, mut layouter: impl Layouter<Fp>) -> Result<(), Error> {
        let secret = layouter.assign_region(
            || "secret",
            |mut region| region.assign_advice(|| "secret", config.state[0], 0, || self.secret),
        )?;
        let mut word = secret.clone();
        for _ in 0..self.hashes {
            let chip = Pow5Chip::construct(config.hash.clone());
            let hasher =
                Hash::<_, _, P128Pow5T3, ConstantLength<2>, 3, 2>::init(chip, layouter.namespace(|| "init"))?;
            word = hasher.hash(layouter.namespace(|| "hash"), [word, secret.clone()])?;
        }
        layouter.constrain_instance(word.cell(), config.end, 0)
    }
}

/// Some chains, to be proven together.
#[derive(Clone, Debug)]
pub struct Chains {
    circuits: Vec<Chain>,
    instances: Vec<Vec<Fp>>,
}

impl PastaDemo for Chains {
    const NAME: &'static str = "poseidon-pasta";
    const SUMMARY: &'static str = "a chain of Poseidon hashes over Vesta's scalars";
    const K: RangeInclusive<u32> = 7..=20;
    const DEFAULT_K: u32 = 11;
    const INSTANCE_LEN: usize = 1;

    type Circuit = Chain;

    fn build(k: u32, count: u8, seed: u64) -> Result<Self, DemoError> {
        check_k::<Self>(k)?;
        let hashes = (1usize << k) / ROWS_PER_HASH - 1;
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let secrets: Vec<Fp> = (0..count.max(1)).map(|_| Fp::random(&mut rng)).collect();
        let known = |secret: &Fp| Chain::new(hashes, Value::known(*secret));
        Ok(Self {
            circuits: secrets.iter().map(known).collect(),
            instances: secrets.iter().map(|secret| vec![Chain::end(hashes, *secret)]).collect(),
        })
    }

    fn circuits(&self) -> &[Chain] {
        &self.circuits
    }

    fn instances(&self) -> &[Vec<Fp>] {
        &self.instances
    }

    fn check(&self, _: &[u8]) -> Result<(), String> {
        Ok(())
    }
}
