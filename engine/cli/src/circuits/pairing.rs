//! A BN254 pairing inside a BN254 circuit, built with halo2-ecc.

use std::ops::RangeInclusive;

use group::Curve;
use halo2_axiom::halo2curves::bn256::{Fr, G1, G2};
use halo2_base::AssignedValue;
use halo2_base::gates::circuit::builder::BaseCircuitBuilder;
use halo2_ecc::bn254::FpChip;
use halo2_ecc::bn254::pairing::PairingChip;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use super::{Demo, DemoCircuit, DemoError, Layout, Witness, base};

/// Bits of each limb and limbs of each element of the base field: 264 bits for 254.
const LIMB_BITS: usize = 88;
const LIMBS: usize = 3;
/// Base field elements in an element of the target group.
const TOWER_DEGREE: usize = 12;

/// "I know points P and Q whose optimal-ate pairing is this". The points are taken to be on
/// their curves, as halo2-ecc's own benchmark does. Many columns and lookups in a table of
/// 2^(k-1) entries: the shape of an aggregation circuit.
#[derive(Clone, Copy, Debug)]
pub struct Pairing;

impl Demo for Pairing {
    fn name(&self) -> &'static str {
        "pairing"
    }

    fn summary(&self) -> &'static str {
        "a BN254 optimal-ate pairing (halo2-ecc): many columns and range lookups"
    }

    fn k_range(&self) -> RangeInclusive<u32> {
        13..=21
    }

    fn default_k(&self) -> u32 {
        15
    }

    fn instance_len(&self) -> usize {
        TOWER_DEGREE * LIMBS
    }

    fn source(&self) -> &'static [&'static str] {
        &[include_str!("pairing.rs"), include_str!("base.rs")]
    }

    fn keygen_circuit(&self, k: u32) -> Result<DemoCircuit, DemoError> {
        base::keygen_circuit(self, k, Some(k.saturating_sub(1) as usize), |builder| fill(builder, 0))
    }

    fn witness_circuit(&self, layout: &Layout, seed: u64) -> Result<Witness, DemoError> {
        base::witness_circuit(self, layout, |builder| fill(builder, seed))
    }
}

fn fill(builder: &mut BaseCircuitBuilder<Fr>, seed: u64) -> Vec<AssignedValue<Fr>> {
    use group::Group;

    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let (p, q) = (G1::random(&mut rng).to_affine(), G2::random(&mut rng).to_affine());

    let range = builder.range_chip();
    let fp_chip = FpChip::<Fr>::new(&range, LIMB_BITS, LIMBS);
    let chip = PairingChip::new(&fp_chip);
    let ctx = builder.main(0);
    let p = chip.load_private_g1_unchecked(ctx, p);
    let q = chip.load_private_g2_unchecked(ctx, q);
    let image = chip.pairing(ctx, &q, &p);
    image.0.iter().flat_map(|element| element.limbs().to_vec()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_hold() {
        base::tests::check_constraints(&Pairing, 14, Some(13), |builder| fill(builder, 3));
    }
}
