//! Random programs: what both interpreters agree on satisfies the circuit.

use std::sync::Arc;

use halo2_axiom::dev::MockProver;
use halo2_axiom::halo2curves::bn256::Fr;
use parhelion_sbpf::{ChunkedExecution, Disclosure, Error, ExecutionConfig, ProveError, Version};
use parhelion_scheduler::Sequential;

use crate::{
    generator::Generator,
    oracle::{Pair, agree_with},
};

/// Executes a program in both machines, then checks the circuits of all its chunks. Whether it
/// returned.
fn check(text: &str, input: &[u8], config: &ExecutionConfig, chunk: u64) -> bool {
    let pair = Pair::assemble(Version::V0, text);
    let (value, steps) = match agree_with(&pair, input, config) {
        Ok(outcome) => outcome,
        Err(Error::Trapped { .. }) => {
            // Nothing is provable about it.
            let refused = ChunkedExecution::new(&pair.ours, input, config, chunk);
            assert!(matches!(refused, Err(ProveError::Unprovable(_))), "{text}");
            return false;
        }
        Err(error) => panic!("{error}"),
    };
    // The code of a syscall has steps of its own, and stops where it cannot do as the machine does.
    let calls = text.contains("syscall");
    let execution = match ChunkedExecution::new(&pair.ours, input, config, chunk) {
        Ok(execution) => execution,
        Err(ProveError::Unprovable(_)) if calls => return false,
        Err(error) => panic!("{error}: {text}"),
    };
    assert_eq!(execution.value(), value, "{text}");
    assert!(execution.steps() == steps || calls && execution.steps() > steps, "{text}");
    let k = execution.smallest_k().unwrap();
    for index in 0..execution.chunks() {
        let (circuit, instances) = execution.circuit(index, k, Arc::new(Sequential)).unwrap();
        let mock = MockProver::run(k, &circuit, vec![instances.clone()]).unwrap();
        mock.verify().unwrap_or_else(|failures| panic!("{text}: {:?}", failures.first()));
        let mut other = instances;
        other[3] += Fr::one();
        let mock = MockProver::run(k, &circuit, vec![other]).unwrap();
        assert!(mock.verify().is_err());
    }
    let Disclosure { pcs, words } = execution.disclosure();
    assert!(pcs.is_sorted() && words.is_sorted_by_key(|word| word.address));
    true
}

#[test]
fn random_programs_satisfy_the_circuit() {
    let mut returned = 0;
    let config = ExecutionConfig::default().with_compute_units(2_000).with_heap_size(1024);
    for seed in 0.. {
        let mut generator = Generator::new(Version::V0, seed);
        let text = generator.program();
        returned += u64::from(check(&text, &generator.input(), &config, 150));
        if returned == 6 {
            break;
        }
    }
}
