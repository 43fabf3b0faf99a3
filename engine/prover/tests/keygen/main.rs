//! Keys against the library's, byte for byte, and what key generation refuses.

mod errors;
mod proof;
mod random_circuit;

use halo2_axiom::SerdeFormat;
use halo2_axiom::halo2curves::bn256::{Bn256, G1Affine};
use halo2_axiom::plonk::{self, ProvingKey, VerifyingKey};
use halo2_axiom::poly::kzg::commitment::ParamsKZG;
use parhelion::{Prover, axiom};
use rand_core::SeedableRng;
use random_circuit::{RandomCircuit, Shape, TestRng};

const THREADS: [usize; 3] = [1, 2, 3];

fn params(k: u32) -> ParamsKZG<Bn256> {
    ParamsKZG::setup(k, TestRng::seed_from_u64(u64::from(k)))
}

fn vk_bytes(vk: &VerifyingKey<G1Affine>) -> [Vec<u8>; 2] {
    [SerdeFormat::RawBytes, SerdeFormat::Processed].map(|format| vk.to_bytes(format))
}

fn pk_bytes(pk: &ProvingKey<G1Affine>) -> [Vec<u8>; 2] {
    [SerdeFormat::RawBytes, SerdeFormat::Processed].map(|format| pk.to_bytes(format))
}

/// Generates all keys there are for a circuit, with the library and with every number of threads.
fn check(what: &str, params: &ParamsKZG<Bn256>, circuit: &RandomCircuit) {
    for compress in [false, true] {
        let stock_vk = plonk::keygen_vk_custom(params, circuit, compress).expect("the library makes the key");
        let stock_pk =
            plonk::keygen_pk(params, stock_vk.clone(), circuit).expect("the library makes the key");
        let (vk_expected, pk_expected) = (vk_bytes(&stock_vk), pk_bytes(&stock_pk));
        for threads in THREADS {
            let context = format!("{what}, compress {compress}, {threads} threads");
            let prover = Prover::builder().threads(threads).build().unwrap();
            let vk = prover.keygen_vk(params, circuit, compress).expect(&context);
            // One number stands for the constraint system, which the bytes leave out.
            assert_eq!(vk.transcript_repr(), stock_vk.transcript_repr(), "{context}");
            assert!(vk_bytes(&vk) == vk_expected, "verifying key, {context}");
            let pk = prover.keygen_pk(params, vk, circuit).expect(&context);
            assert!(pk_bytes(&pk) == pk_expected, "proving key, {context}");

            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let (vk, pk2) = pool.install(|| {
                let vk = match compress {
                    false => axiom::keygen_vk(params, circuit),
                    true => axiom::keygen_vk_custom(params, circuit, true),
                };
                (vk.expect(&context), axiom::keygen_pk2(params, circuit, compress).expect(&context))
            });
            assert!(vk_bytes(&vk) == vk_expected, "drop-in verifying key, {context}");
            assert!(pk_bytes(&pk2) == pk_expected, "drop-in proving key, {context}");
            let pk = pool.install(|| axiom::keygen_pk(params, stock_vk.clone(), circuit)).expect(&context);
            assert!(pk_bytes(&pk) == pk_expected, "drop-in proving key of the library's vk, {context}");
        }
    }
}

#[test]
fn keys_of_random_circuits_are_the_librarys() {
    for seed in 0..12 {
        let rng = &mut TestRng::seed_from_u64(seed);
        let shape = Shape {
            seed,
            advice: 1 + rng.below(6),
            fixed: 1 + rng.below(4),
            simple_selectors: rng.below(9),
            complex_selectors: 1 + rng.below(3),
            tables: rng.below(3),
            instance: rng.below(2) == 0,
            second_phase: rng.below(3) == 0,
            minimum_degree: [None, None, Some(4), Some(6), Some(9)][rng.below(5)],
        };
        let k = 5 + rng.below(3) as u32;
        let circuit = RandomCircuit { rows: (1 << k) - 10 - rng.below(8), content: seed, shape };
        check(&format!("{circuit:?} at k = {k}"), &params(k), &circuit);
    }
}

#[test]
fn keys_of_long_columns_are_the_librarys() {
    let shape = Shape {
        advice: 3,
        fixed: 2,
        simple_selectors: 4,
        complex_selectors: 1,
        tables: 1,
        instance: true,
        ..Shape::default()
    };
    // Long enough for every kernel to split its work.
    let circuit = RandomCircuit { rows: (1 << 13) - 20, content: 1, shape };
    check("2^13 rows", &params(13), &circuit);
}

#[test]
fn keys_of_a_circuit_with_one_column_are_the_librarys() {
    let shape = Shape { advice: 1, fixed: 1, complex_selectors: 0, ..Shape::default() };
    check("almost nothing", &params(4), &RandomCircuit { rows: 8, content: 0, shape });
}

#[test]
fn a_key_is_read_back() {
    let shape = Shape {
        advice: 2,
        fixed: 2,
        simple_selectors: 3,
        complex_selectors: 1,
        tables: 1,
        ..Shape::default()
    };
    let circuit = RandomCircuit { rows: 40, content: 3, shape: shape.clone() };
    let params = params(6);
    for compress in [false, true] {
        let pk = axiom::keygen_pk2::<G1Affine, _, _>(&params, &circuit, compress).unwrap();
        let bytes = pk.to_bytes(SerdeFormat::RawBytes);
        let read =
            ProvingKey::<G1Affine>::from_bytes::<RandomCircuit>(&bytes, SerdeFormat::RawBytes, shape.clone());
        let read = read.expect("the library reads the key");
        assert_eq!(read.get_vk().transcript_repr(), pk.get_vk().transcript_repr());
        assert!(pk_bytes(&read) == pk_bytes(&pk));
    }
}
