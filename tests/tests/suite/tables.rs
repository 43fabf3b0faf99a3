//! Tables of multiples of an SRS.

use parhelion::{KernelChoice, Prover};
use parhelion_tests::bench::Bench;
use parhelion_tests::{heavy_zoo, zoo};

#[test]
fn proofs_are_the_same() {
    for case in zoo() {
        let bench = Bench::of(&case, false);
        for (threads, kernels) in
            [(1, KernelChoice::Auto), (2, KernelChoice::Auto), (2, KernelChoice::Scalar)]
        {
            let prover = Prover::builder().threads(threads).kernels(kernels).build().expect("prover");
            let mut key = prover.prepare(&bench.params, &bench.pk).expect("key");
            let expected = bench.ours_with(&prover, &key, 5).expect(case.name);
            for multiples in [2, 4, 64] {
                let bytes = (multiples * 64) << case.k;
                assert!(prover.make_table(&mut key, bytes) <= bytes, "{}", case.name);
                assert!(bench.ours_with(&prover, &key, 5).expect(case.name) == expected, "{}", case.name);
            }
            assert_eq!(prover.make_table(&mut key, 0), 0);
            assert!(bench.ours_with(&prover, &key, 5).expect(case.name) == expected, "{}", case.name);
        }
    }
}

/// What multiplications with a table work in is part of the estimate, which the smallest limit follows from.
#[test]
fn the_smallest_limit_is_enough_with_a_table() {
    let case = heavy_zoo().into_iter().find(|case| case.k == 9).expect("in the zoo");
    let bench = Bench::of(&case, false);
    let free = Prover::builder().threads(2).build().expect("prover");
    let mut key = free.prepare_shared(bench.params.clone(), bench.pk.clone()).expect("key");
    assert!(free.make_table(&mut key, 1 << 20) > 0);
    let expected = bench.ours_with(&free, &key, 5).expect("proof");
    let smallest = free.estimate(&key, 1).smallest.expect("a proof was made");
    let prover = Prover::builder().threads(2).memory_limit(smallest).build().expect("prover");
    assert!(bench.ours_with(&prover, &key, 5).expect("proof") == expected);
}
