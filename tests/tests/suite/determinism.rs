//! Our own proofs are a function of keys, witness, instances and seed: neither threads nor
//! kernels nor what was proven before may show.

use parhelion::{KernelChoice, MultiOpen, Prover};
use parhelion_tests::bench::{Bench, Blake2b, MULTI_OPENS, rng, with_slices};
use parhelion_tests::zoo;
use halo2_axiom::transcript::TranscriptWriterBuffer;

fn prover(threads: usize, multi_open: MultiOpen) -> Prover {
    Prover::builder().threads(threads).multi_open(multi_open).build().expect("prover")
}

#[test]
fn threads_do_not_show() {
    for multi_open in MULTI_OPENS {
        let provers = [1, 2, 3].map(|threads| prover(threads, multi_open));
        for case in zoo() {
            let bench = Bench::of(&case, false);
            let proofs = provers.each_ref().map(|prover| bench.ours(prover, 5).expect(case.name));
            assert!(proofs[0] == proofs[1], "{}: 1 and 2 threads differ", case.name);
            assert!(proofs[0] == proofs[2], "{}: 1 and 3 threads differ", case.name);
        }
    }
}

#[test]
fn kernels_do_not_show() {
    let scalar = Prover::builder().kernels(KernelChoice::Scalar).build().expect("every CPU runs scalar kernels");
    let auto = Prover::builder().kernels(KernelChoice::Auto).build().expect("prover");
    for case in zoo() {
        let bench = Bench::of(&case, true);
        let [a, b] = [&scalar, &auto].map(|prover| bench.ours(prover, 6).expect(case.name));
        assert!(a == b, "{}: scalar and automatic kernels differ", case.name);
    }
}

#[test]
fn earlier_proofs_do_not_show() {
    let prover = prover(2, MultiOpen::Shplonk);
    for case in zoo() {
        let bench = Bench::of(&case, false);
        let key = prover.prepare(&bench.params, &bench.pk).expect("prepared key");
        let prove = |seed| {
            let mut transcript = Blake2b::init(Vec::new());
            with_slices(&bench.instances, |instances| {
                prover.prove(&key, &bench.circuits, instances, rng(seed), &mut transcript)
            })
            .expect(case.name);
            transcript.finalize()
        };
        let proofs = [prove(1), prove(1), prove(2), prove(1)];
        assert!(proofs[0] == proofs[1] && proofs[0] == proofs[3], "{}: same seed, other bytes", case.name);
        // Nothing is blinded where there is nothing private, except by the random polynomial.
        assert!(proofs[0] != proofs[2], "{}: other seed, same bytes", case.name);
    }
}

#[test]
fn provers_do_not_disturb_each_other() {
    let case = zoo().into_iter().find(|case| case.name == "everything").expect("in the zoo");
    let bench = Bench::of(&case, false);
    let shared = prover(2, MultiOpen::Gwc);
    let alone = bench.ours(&shared, 9).expect("proof");
    let others: Vec<_> = std::thread::scope(|scope| {
        let own = || bench.ours(&prover(1, MultiOpen::Gwc), 9).expect("proof");
        let same = || bench.ours(&shared, 9).expect("proof");
        let threads = [scope.spawn(own), scope.spawn(same), scope.spawn(same)];
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    assert!(others.iter().all(|proof| *proof == alone));
}
