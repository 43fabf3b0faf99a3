//! What the tests share: seeded inputs, and the library's types seen as the crate's and back.
#![allow(dead_code, unreachable_pub, reason = "each test file uses a part")]

use std::sync::Arc;

use ff::{Field, PrimeField};
use halo2curves_axiom::bn256::{Fq, Fr, G1, G1Affine};
use halo2curves_axiom::group::{Curve, Group};
use parhelion_field_kernels::{
    Affine, Bn254FqSpec, Bn254FrSpec, Bn254G1Affine, FieldSpec, Fp, KernelChoice, Kernels,
};
use parhelion_scheduler::RayonExecutor;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

/// A generator that gives the same values on every run.
pub fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// Kernels on each number of threads that results must agree over.
pub fn all_kernels() -> Vec<Kernels> {
    let parallel = [2, 3].map(|threads| {
        let executor = Arc::new(RayonExecutor::new(threads).expect("threads"));
        Kernels::new(KernelChoice::Auto, executor).expect("kernels")
    });
    [vec![Kernels::sequential()], parallel.to_vec()].concat()
}

/// A library field that mirrors `S`.
pub trait Mirror: FieldSpec {
    type Library: PrimeField<Repr = [u8; 32]>;

    /// The crate's element equal to the library's, by way of the canonical integer.
    fn ours(value: &Self::Library) -> Fp<Self> {
        let bytes = value.to_repr();
        let (limbs, _) = bytes.as_chunks::<8>();
        let limbs = std::array::from_fn(|i| u64::from_le_bytes(limbs[i]));
        Fp::from_canonical(limbs).expect("the library's integers are reduced")
    }

    /// The library's element equal to the crate's.
    fn theirs(value: Fp<Self>) -> Self::Library {
        let mut bytes = [0; 32];
        for (chunk, limb) in bytes.chunks_mut(8).zip(value.to_canonical()) {
            chunk.copy_from_slice(&limb.to_le_bytes());
        }
        Self::Library::from_repr(bytes).expect("the crate's integers are reduced")
    }

    /// Random elements.
    fn random(len: usize, seed: u64) -> Vec<Fp<Self>> {
        let mut rng = rng(seed);
        (0..len).map(|_| Self::ours(&Self::Library::random(&mut rng))).collect()
    }

    /// 0, 1, 2, p-1, p-2, (p-1)/2 and elements with long runs of zeros or ones.
    fn edges() -> Vec<Fp<Self>> {
        let one = Fp::ONE;
        let half = Fp::from_u64(2).invert().expect("odd characteristic");
        let mut edges = vec![Fp::ZERO, one, one + one, -one, -one - one, half, -half, Fp::from_u64(u64::MAX)];
        for bit in [31, 32, 63, 64, 65, 127, 128, 191, 192, 252] {
            let power = Fp::from_u64(2).pow(bit);
            edges.extend([power, power - one, -power]);
        }
        // Edges of the Montgomery form itself.
        edges.extend(
            [[1, 0, 0, 0], [u64::MAX, u64::MAX, u64::MAX, 0], [0, 0, 0, 1]]
                .map(|limbs| Fp::from_montgomery(limbs).expect("less than p")),
        );
        edges
    }
}

impl Mirror for Bn254FrSpec {
    type Library = Fr;
}

impl Mirror for Bn254FqSpec {
    type Library = Fq;
}

/// The crate's point equal to the library's.
pub fn our_point(point: &G1Affine) -> Bn254G1Affine {
    Affine { x: Bn254FqSpec::ours(&point.x), y: Bn254FqSpec::ours(&point.y) }
}

/// Random points.
pub fn random_points(len: usize, seed: u64) -> Vec<G1Affine> {
    let mut rng = rng(seed);
    let start = G1::random(&mut rng);
    let step = G1::random(&mut rng);
    let points: Vec<G1> = std::iter::successors(Some(start), |point| Some(point + step)).take(len).collect();
    let mut affine = vec![G1Affine::default(); len];
    G1::batch_normalize(&points, &mut affine);
    affine
}
