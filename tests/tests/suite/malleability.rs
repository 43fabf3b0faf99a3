//! No bit of a proof is free: the library's verifier rejects every change, except for two
//! liberties that it takes with encodings. It does not look at what follows a proof, nor at
//! the highest bit of a point that is not the point at infinity.

use parhelion::{MultiOpen, Prover};
use parhelion_tests::bench::{Bench, MULTI_OPENS};
use parhelion_tests::circuits::ZooCircuit;
use parhelion_tests::{Case, zoo};

fn setup(name: &str, multi_open: MultiOpen) -> (Bench<ZooCircuit>, Vec<u8>) {
    let case: Case = zoo().into_iter().find(|case| case.name == name).expect("in the zoo");
    let bench = Bench::of(&case, false);
    let prover = Prover::builder().multi_open(multi_open).build().expect("prover");
    let proof = bench.ours(&prover, 11).expect("proof");
    assert!(bench.accepts_strictly(multi_open, &proof.bytes), "the proof itself is accepted");
    (bench, proof.bytes)
}

/// The bits, of those offered, whose flip the verifier does not notice.
fn unnoticed(
    bench: &Bench<ZooCircuit>,
    multi_open: MultiOpen,
    proof: &[u8],
    bits: impl Iterator<Item = usize>,
) -> Vec<usize> {
    let accepted = |bit: &usize| {
        let mut flipped = proof.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        bench.accepts_strictly(multi_open, &flipped)
    };
    bits.filter(accepted).collect()
}

#[test]
fn every_bit_counts() {
    for multi_open in MULTI_OPENS {
        let (bench, proof) = setup("degree 3, smallest", multi_open);
        let halves = [0, 1].map(|half| (half..8 * proof.len()).step_by(2));
        let missed: Vec<usize> = std::thread::scope(|scope| {
            let threads = halves.map(|bits| scope.spawn(|| unnoticed(&bench, multi_open, &proof, bits)));
            threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
        });
        assert!(
            missed.is_empty(),
            "{multi_open}: the verifier accepts the proof with bits {missed:?} flipped"
        );
    }
}

#[test]
fn bits_of_a_large_proof_count() {
    let (bench, proof) = setup("everything", MultiOpen::Shplonk);
    // One bit of each point and scalar.
    let bits = (0..proof.len() / 32).map(|element| 256 * element + 37 * element % 256);
    let missed = unnoticed(&bench, MultiOpen::Shplonk, &proof, bits);
    assert!(missed.is_empty(), "the verifier accepts the proof with bits {missed:?} flipped");
}

/// If this fails, the library has become strict, and `parhelion_tests::strict` can go.
#[test]
fn the_library_alone_ignores_one_bit_of_each_point() {
    // It reads the flag "point at infinity" only where x is zero.
    let (bench, mut flipped) = setup("degree 3, smallest", MultiOpen::Shplonk);
    flipped[31] ^= 0x80;
    assert!(bench.verify(MultiOpen::Shplonk, &flipped).is_ok());
    assert!(!bench.accepts_strictly(MultiOpen::Shplonk, &flipped));
}

#[test]
fn length_counts() {
    for multi_open in MULTI_OPENS {
        let (bench, mut proof) = setup("one value of instance", multi_open);
        for length in 0..proof.len() {
            assert!(!bench.accepts_strictly(multi_open, &proof[..length]), "{multi_open}: {length} bytes");
        }
        proof.push(0);
        assert!(!bench.accepts_strictly(multi_open, &proof), "{multi_open}: one byte too many");
    }
}

#[test]
fn instances_count() {
    let (mut bench, proof) = setup("one value of instance", MultiOpen::Shplonk);
    bench.instances[0][0][0] += halo2_axiom::halo2curves::bn256::Fr::one();
    assert!(bench.verify(MultiOpen::Shplonk, &proof).is_err());
}
