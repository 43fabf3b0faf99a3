//! Inputs: random, at the edges of the field, and lengths at the edges of tiles.

use parhelion_field_kernels::{FieldSpec, Fp};
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;

/// Lengths around lanes (8), chains (16, 32), tiles (64, 128), tables (256), pieces for a thread (1024) and
/// batches (2048).
pub const LENGTHS: [usize; 39] = [
    0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 130, 136, 143, 144, 255, 256,
    257, 511, 512, 1023, 1024, 1025, 2047, 2048, 2049, 2064, 3071, 3072, 3073, 4105,
];

/// A generator that gives the same values on every run.
pub fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// Uniform elements.
pub fn random<S: FieldSpec>(len: usize, seed: u64) -> Vec<Fp<S>> {
    let mut rng = rng(seed);
    let shift = S::MODULUS[3].leading_zeros();
    let draws = std::iter::repeat_with(|| {
        let limbs: [u64; 4] = std::array::from_fn(|_| rng.next_u64());
        Fp::from_canonical([limbs[0], limbs[1], limbs[2], limbs[3] >> shift])
    });
    draws.flatten().take(len).collect()
}

/// The element with the largest Montgomery form, p - 1.
pub fn largest<S: FieldSpec>() -> Fp<S> {
    let mut limbs = S::MODULUS;
    limbs[0] -= 1;
    Fp::from_montgomery(limbs).expect("less than p")
}

/// An element whose Montgomery form has limbs of 52 bits with products that are large in their low and high
/// halves both, so that few of them fill a sum: (2^52 - a)² is 2^104 - 2a·2^52 + a², and a² is just less
/// than 2^52.
pub fn heaviest<S: FieldSpec>() -> Fp<S> {
    let limb = (1 << 52) - (1 << 26) + 1;
    Fp::from_montgomery(join([limb, limb, limb, limb, (S::MODULUS[3] >> 16) - 1])).expect("less than p")
}

/// Limbs of 52 bits as limbs of 64.
fn join([a, b, c, d, e]: [u64; 5]) -> [u64; 4] {
    [a | b << 52, b >> 12 | c << 40, c >> 24 | d << 28, d >> 36 | e << 16]
}

/// Elements at the edges of the field, of limbs of 64 and 52 bits and of their Montgomery forms, each
/// with its negative.
pub fn edges<S: FieldSpec>() -> Vec<Fp<S>> {
    let (one, two) = (Fp::ONE, Fp::from_u64(2));
    let mut edges = vec![Fp::ZERO, one, two, two.invert().expect("p is odd"), Fp::from_u64(u64::MAX)];
    for bit in [31, 32, 52, 63, 64, 104, 128, 191, 192, 208, 252] {
        edges.extend([two.pow(bit), two.pow(bit) - one]);
    }
    // Limbs all zeros or all ones below each highest limb that leaves room for them, or just does.
    let top = S::MODULUS[3];
    for highest in [0, 1, top - 1, top] {
        for pattern in 0..8u64 {
            let limb = |i: u32| (pattern >> i & 1) * u64::MAX;
            edges.extend(both_forms([limb(0), limb(1), limb(2), highest]));
        }
    }
    let ones = (1 << 52) - 1;
    let top = S::MODULUS[3] >> 16;
    for highest in [0, 1, top - 1, top] {
        for pattern in 0..16u64 {
            let limb = |i: u32| (pattern >> i & 1) * ones;
            edges.extend(both_forms(join([limb(0), limb(1), limb(2), limb(3), highest])));
        }
    }
    edges.extend([largest(), largest::<S>() + Fp::from_montgomery([1, 0, 0, 0]).expect("less than p")]);
    edges.extend(edges.clone().into_iter().map(|edge| -edge));
    edges.sort();
    edges.dedup();
    edges
}

/// The element of an integer, and the one with this Montgomery form; none if it is not less than p.
fn both_forms<S: FieldSpec>(limbs: [u64; 4]) -> impl Iterator<Item = Fp<S>> {
    [Fp::from_canonical(limbs), Fp::from_montgomery(limbs)].into_iter().flatten()
}

/// `values` over and over.
pub fn cycled<S: FieldSpec>(values: &[Fp<S>], len: usize) -> Vec<Fp<S>> {
    values.iter().copied().cycle().take(len).collect()
}

/// Vectors of one length that differ in kind.
pub fn shapes<S: FieldSpec>(len: usize) -> [(&'static str, Vec<Fp<S>>); 6] {
    let mut impulse = vec![Fp::ZERO; len];
    impulse.iter_mut().last().into_iter().for_each(|last| *last = -Fp::ONE);
    [
        ("random", random(len, len as u64)),
        ("edges", cycled(&edges(), len)),
        ("largest", vec![largest(); len]),
        ("heaviest", vec![heaviest(); len]),
        ("zeros", vec![Fp::ZERO; len]),
        ("impulse", impulse),
    ]
}
