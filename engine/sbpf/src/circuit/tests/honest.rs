use std::sync::Arc;

use halo2_axiom::dev::MockProver;
use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::{Circuit, ConstraintSystem};
use parhelion_scheduler::Sequential;

use super::check::Checker;
use super::*;

#[test]
fn the_degree_is_5() {
    let mut cs = ConstraintSystem::<Fr>::default();
    MachineCircuit::configure_with_params(&mut cs, ());
    let degrees = cs.gates().iter().flat_map(|gate| gate.polynomials().iter().map(|p| p.degree())).max();
    assert_eq!(degrees, Some(5));
    assert_eq!(cs.degree(), 5);
    assert_eq!(cs.blinding_factors(), machine::BLINDED);
    assert!(cs.lookups().is_empty());
    let phase2 = lookups::helper_columns();
    println!("{} advice columns, {phase2} of them in the second phase", cs.num_advice_columns());
}

/// All programs, with the results that their texts imply, against the executor.
#[test]
fn honest_witnesses_satisfy() {
    let checker = Checker::new();
    for (name, text, input) in programs::all() {
        for (index, cells) in cells(&text, &input, 40).iter().enumerate() {
            let checked = checker.check(cells).and_then(|()| checker.multiplicities(cells));
            checked.unwrap_or_else(|error| panic!("{name}, chunk {index}: {error}"));
        }
    }
}

#[test]
fn all_opcodes_are_covered() {
    let mut seen = std::collections::BTreeSet::new();
    for (_, text, input) in programs::all() {
        let program = assemble(&text);
        let plan = crate::chunk::Plan::new(image(&program, &input), 1000, 10_000).unwrap();
        let own = plan.listing.rom.iter().filter(|row| row.pc < layout::MICROCODE);
        seen.extend(own.map(|row| program.instructions()[row.pc as usize].opcode));
    }
    assert_eq!(seen.len(), 91, "{seen:x?}");
}

#[test]
fn the_runner_agrees_with_the_executor() {
    for (name, text, input) in programs::all() {
        let program = assemble(&text);
        let plan = crate::chunk::Plan::new(image(&program, &input), 1000, 10_000).unwrap();
        let config = crate::ExecutionConfig::default();
        let trace = crate::execute_and_trace(&program, &input, &config).unwrap();
        let end = plan.boundaries.last().unwrap();
        let memory_after = &plan.end;
        // The code of syscalls has steps of its own.
        if name == "syscalls" {
            assert!(end.steps > trace.outcome().steps);
        } else {
            assert_eq!(end.steps, trace.outcome().steps, "{name}");
        }
        let memory = |region: crate::Region| {
            plan.listing
                .words
                .iter()
                .filter(move |(word, _)| crate::WordAddress(*word).region() == Some(region))
        };
        let mut output = input.clone();
        for (word, _) in memory(crate::Region::Input) {
            let value = memory_after.words.get(word).copied().unwrap_or_else(|| plan.image.word(*word));
            let offset = crate::WordAddress(*word).offset() as usize;
            output.iter_mut().skip(offset).zip(value.to_le_bytes()).for_each(|(byte, value)| *byte = value);
        }
        assert_eq!(output, trace.output(), "{name}");
        assert_eq!(end.state.registers[0], trace.outcome().value, "{name}");
        let last = trace.checkpoints().last().unwrap().state.registers;
        assert_eq!(end.state.registers[..], last[..10], "{name}");
    }
}

/// The circuit as halo2's own checker sees it, with both phases.
#[test]
fn the_mock_prover_agrees() {
    let (_, text, input) = programs::all().into_iter().find(|(name, ..)| *name == "calls").unwrap();
    let program = assemble(&text);
    let plan = crate::chunk::Plan::new(image(&program, &input), 1000, 10_000).unwrap();
    let [before, after] = [&plan.boundaries[0], &plan.boundaries[1]];
    let circuit = MachineCircuit::new(K, plan.witness(0, K).unwrap().into(), Arc::new(Sequential));
    let mut instances = instances(&before.state, &after.state, after.steps);
    let run = |instances: &[Fr]| MockProver::run(K, &circuit, vec![instances.to_vec()]).unwrap().verify();
    run(&instances).unwrap();
    instances[3] += Fr::one();
    run(&instances).unwrap_err();
}
