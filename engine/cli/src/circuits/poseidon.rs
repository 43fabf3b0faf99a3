//! A chain of Poseidon hashes, built with halo2-base.

use std::ops::RangeInclusive;

use ff::Field;
use halo2_axiom::halo2curves::bn256::Fr;
use halo2_base::AssignedValue;
use halo2_base::gates::GateChip;
use halo2_base::gates::circuit::builder::BaseCircuitBuilder;
use halo2_base::poseidon::hasher::PoseidonHasher;
use halo2_base::poseidon::hasher::spec::OptimizedPoseidonSpec;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use super::{Demo, DemoCircuit, DemoError, Layout, Witness, base};

/// Hashes in the chain.
const HASHES: usize = 1000;
/// Field elements of the permutation's state, and how many of them take input.
const WIDTH: usize = 3;
const RATE: usize = 2;
/// Rounds for 128 bits of security at this width with x^5 (Poseidon, ePrint 2019/458, table 2).
const FULL_ROUNDS: usize = 8;
const PARTIAL_ROUNDS: usize = 57;

/// "I know a value that hashed a thousand times gives this digest". Only arithmetic gates: no
/// lookup argument. One hash is one permutation, about 2300 cells.
#[derive(Clone, Copy, Debug)]
pub struct Poseidon;

impl Demo for Poseidon {
    fn name(&self) -> &'static str {
        "poseidon"
    }

    fn summary(&self) -> &'static str {
        "a chain of a thousand Poseidon hashes (halo2-base): many columns, no lookup"
    }

    fn k_range(&self) -> RangeInclusive<u32> {
        12..=20
    }

    fn default_k(&self) -> u32 {
        14
    }

    fn instance_len(&self) -> usize {
        1
    }

    fn source(&self) -> &'static [&'static str] {
        &[include_str!("poseidon.rs"), include_str!("base.rs")]
    }

    fn keygen_circuit(&self, k: u32) -> Result<DemoCircuit, DemoError> {
        base::keygen_circuit(self, k, None, |builder| fill(builder, 0))
    }

    fn witness_circuit(&self, layout: &Layout, seed: u64) -> Result<Witness, DemoError> {
        base::witness_circuit(self, layout, |builder| fill(builder, seed))
    }
}

fn fill(builder: &mut BaseCircuitBuilder<Fr>, seed: u64) -> Vec<AssignedValue<Fr>> {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let gate = GateChip::default();
    let ctx = builder.main(0);
    let spec = OptimizedPoseidonSpec::new::<FULL_ROUNDS, PARTIAL_ROUNDS, 0>();
    let mut hasher = PoseidonHasher::<Fr, WIDTH, RATE>::new(spec);
    hasher.initialize_consts(ctx, &gate);

    let mut digest = ctx.load_witness(Fr::random(&mut rng));
    for _ in 0..HASHES {
        digest = hasher.hash_fix_len_array(ctx, &gate, &[digest]);
    }
    vec![digest]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_hold() {
        base::tests::check_constraints(&Poseidon, 13, None, |builder| fill(builder, 3));
    }
}
