//! Our own proofs are a function of keys, witness, instances and seed: neither threads nor
//! kernels nor what was proven before may show.

use std::sync::Arc;

use parhelion::{KernelChoice, MultiOpen, PreparedKey, Prover};
use parhelion_scheduler::{Executor, Pin, RayonExecutor, Sequential, WorkStealing, allowed_cpus};
use parhelion_tests::bench::{Bench, MULTI_OPENS};
use parhelion_tests::zoo;

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
    let choices = [KernelChoice::Auto, KernelChoice::Avx2, KernelChoice::Avx512Ifma];
    let provers: Vec<Prover> = choices
        .into_iter()
        .flat_map(|choice| [1, 2, 3].map(|threads| Prover::builder().kernels(choice).threads(threads)))
        // What this CPU cannot run is an error.
        .filter_map(|builder| builder.build().ok())
        .collect();
    assert!(provers.len() >= 3, "every CPU runs some kernels");
    let scalar = Prover::builder().kernels(KernelChoice::Scalar).build().expect("scalar kernels");
    for case in zoo() {
        let bench = Bench::of(&case, true);
        let expected = bench.ours(&scalar, 6).expect(case.name);
        for prover in &provers {
            let proof = bench.ours(prover, 6).expect(case.name);
            assert!(proof == expected, "{}: {}", case.name, prover.kernel_report());
        }
    }
}

#[test]
fn earlier_proofs_do_not_show() {
    let prover = prover(2, MultiOpen::Shplonk);
    for case in zoo() {
        let bench = Bench::of(&case, false);
        let key = prover.prepare(&bench.params, &bench.pk).expect("prepared key");
        let proofs = [1, 1, 2, 1].map(|seed| bench.ours_with(&prover, &key, seed).expect(case.name));
        assert!(proofs[0] == proofs[1] && proofs[0] == proofs[3], "{}: same seed, other bytes", case.name);
        assert!(proofs[0] != proofs[2], "{}: other seed, same bytes", case.name);
    }
}

#[test]
fn the_form_of_the_key_does_not_show() {
    let provers = [1, 3].map(|threads| prover(threads, MultiOpen::Shplonk));
    for case in zoo() {
        let bench = Bench::of(&case, false);
        let expected = bench.ours(&provers[0], 8).expect(case.name);
        // A key is not bound to the prover that prepared it.
        for (preparing, proving) in [(0, 1), (1, 0), (1, 1)] {
            let (params, pk) = (&bench.params, &bench.pk);
            let keys: [PreparedKey<'_>; 3] = [
                provers[preparing].prepare(params, pk).expect(case.name),
                provers[preparing].prepare_shared(Arc::clone(params), Arc::clone(pk)).expect(case.name),
                provers[preparing].prepare_compact(params, (**pk).clone()).expect(case.name),
            ];
            for (form, key) in keys.iter().enumerate() {
                let proof = bench.ours_with(&provers[proving], key, 8).expect(case.name);
                assert!(proof == expected, "{}: form {form} of the key shows", case.name);
            }
        }
    }
}

#[test]
fn the_executor_does_not_show() {
    let mut executors: Vec<Arc<dyn Executor>> =
        vec![Arc::new(Sequential), Arc::new(RayonExecutor::ambient())];
    for threads in 1..=3 {
        executors.push(Arc::new(RayonExecutor::new(threads).expect("threads")));
        executors.push(Arc::new(RayonExecutor::pinned(threads, &Pin::PhysicalCores).expect("threads")));
        for pin in pins() {
            let pool = WorkStealing::builder().threads(threads).pin(pin).build().expect("threads");
            executors.push(Arc::new(pool));
        }
    }
    let prover = |executor| Prover::builder().executor(executor).build().expect("prover");
    let provers: Vec<Prover> = executors.into_iter().map(prover).collect();
    for case in zoo() {
        let bench = Bench::of(&case, false);
        let expected = bench.ours(&provers[0], 5).expect(case.name);
        for prover in &provers[1..] {
            assert!(bench.ours(prover, 5).expect(case.name) == expected, "{}: {prover:?}", case.name);
        }
    }
}

/// One of each policy, with the CPUs this process may use.
fn pins() -> [Pin; 4] {
    [Pin::PhysicalCores, Pin::LogicalCpus, Pin::Cpus(allowed_cpus()), Pin::None]
}

#[test]
fn more_threads_than_cores_do_not_show() {
    let one = prover(1, MultiOpen::Shplonk);
    let many = prover(64, MultiOpen::Shplonk);
    for case in zoo().into_iter().step_by(4) {
        let bench = Bench::of(&case, false);
        let proof = bench.ours(&many, 5).expect(case.name);
        assert!(proof == bench.ours(&one, 5).expect(case.name), "{}", case.name);
    }
}

#[test]
fn an_affinity_mask_of_one_core_does_not_show() {
    let case = zoo().into_iter().find(|case| case.name == "everything").expect("in the zoo");
    let bench = Bench::of(&case, false);
    let expected = bench.ours(&prover(1, MultiOpen::Shplonk), 5).expect("proof");
    let id = allowed_cpus()[0];
    let narrow = || {
        if !core_affinity::set_for_current(core_affinity::CoreId { id }) {
            println!("the affinity mask cannot be set here");
            return;
        }
        let default = Prover::builder().build().expect("prover");
        assert_eq!(default.threads(), 1);
        for prover in [default, prover(2, MultiOpen::Shplonk), prover(8, MultiOpen::Shplonk)] {
            assert!(bench.ours(&prover, 5).expect("proof") == expected, "{prover:?}");
        }
    };
    // The mask is of this thread and those that it starts.
    std::thread::scope(|scope| scope.spawn(narrow).join()).expect("no panic");
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
