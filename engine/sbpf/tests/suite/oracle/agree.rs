//! The comparison: every step, the end, and all ways to come by them.

use parhelion_sbpf::{
    Error, ExecutionConfig, Machine, MicroStep, Program, Region, State, Step, Trap, Version, WordAccess,
    execute_and_trace,
};
use solana_sbpf::error::EbpfError;

use super::{Pair, Run, run, syscalls::Refused};

/// Runs assembly text in both and compares; returns the value and the number of steps, or the trap.
pub(crate) fn agree(
    version: Version,
    text: &str,
    input: &[u8],
    config: &ExecutionConfig,
) -> Result<(u64, u64), Error> {
    let pair = Pair::assemble(version, text);
    agree_with(&pair, input, config)
}

/// Runs a program in both and compares.
pub(crate) fn agree_with(pair: &Pair, input: &[u8], config: &ExecutionConfig) -> Result<(u64, u64), Error> {
    let theirs = run(&pair.theirs, input, config);
    let mut machine = Machine::new(&pair.ours, input, config).unwrap();
    let mut steps = Vec::new();
    let ours = loop {
        match machine.step() {
            Ok(Some(step)) => steps.push(step),
            Ok(None) => break Ok(machine.state().registers[0]),
            Err(error) => break Err(error),
        }
    };

    let expected = |at: usize| theirs.trace.get(at);
    for (index, step) in steps.iter().enumerate() {
        assert_eq!(Some(&registers(&step.before)), expected(index), "before step {index}: {step:x?}");
        assert_eq!(step.index, index as u64);
        let after = steps.get(index + 1).map_or(*machine.state(), |next| next.before);
        assert_eq!(step.after, after, "after step {index}");
        check_memory(step, pair.ours.version());
    }
    // The instruction that traps is in their trace as well.
    match theirs.trace.len() - steps.len() {
        0 => {}
        1 => assert_eq!(Some(&registers(machine.state())), expected(steps.len())),
        more => panic!("they went {more} steps further"),
    }
    assert_eq!(config.compute_units - machine.compute_units_left(), theirs.units, "compute units");
    let logs: Vec<_> = machine.logs().iter().map(ToString::to_string).collect();
    assert_eq!(logs, theirs.logs);
    for (region, bytes) in
        [(Region::Stack, &theirs.stack), (Region::Heap, &theirs.heap), (Region::Input, &theirs.input)]
    {
        assert!(machine.region(region) == bytes, "the {region} region differs");
    }

    match (ours, &theirs.result) {
        (Ok(value), Ok(theirs_value)) => {
            assert_eq!(value, *theirs_value);
            check_trace(pair, input, config, &steps, &theirs);
            Ok((value, steps.len() as u64))
        }
        (Err(error), Err(theirs)) => {
            assert!(same_trap(&error, theirs), "ours: {error}, theirs: {theirs}");
            let traced = execute_and_trace(&pair.ours, input, config).unwrap_err();
            assert_eq!(traced.to_string(), error.to_string());
            Err(error)
        }
        (ours, theirs) => panic!("ours: {ours:?}, theirs: {theirs:?}"),
    }
}

fn registers(state: &State) -> [u64; 12] {
    let mut registers = [0; 12];
    registers[..11].copy_from_slice(&state.registers);
    registers[11] = state.pc;
    registers
}

/// The fast path ends where the steps did, and any stretch is replayed as it was.
fn check_trace(pair: &Pair, input: &[u8], config: &ExecutionConfig, steps: &[Step], theirs: &Run) {
    let config = config.with_checkpoint_interval((steps.len() as u64 / 3).max(1));
    let trace = execute_and_trace(&pair.ours, input, &config).unwrap();
    let outcome = trace.outcome();
    assert_eq!((outcome.steps, outcome.compute_units), (steps.len() as u64, theirs.units));
    assert_eq!(trace.output(), theirs.input);
    let last = steps.len() as u64;
    for range in [0..last, last / 2..last, last / 2 + 1..last.max(last / 2 + 1), last / 4..last / 2] {
        if range.end > last {
            continue;
        }
        let replayed: Vec<_> =
            trace.replay_range(&pair.ours, range.clone()).unwrap().map(Result::unwrap).collect();
        assert!(replayed == steps[range.start as usize..range.end as usize], "replay of {range:?}");
    }
}

/// What a step says about memory fits to its instruction.
fn check_memory(step: &Step, version: Version) {
    let read_only = version.read_only_region();
    for WordAccess { address, before, after, written } in &step.accesses {
        let region = address.region().unwrap();
        assert!(*written || before == after);
        assert!(!(*written && region == read_only));
    }
    let frame = matches!(step.instruction.opcode, 0x85 | 0x8d | 0x95);
    let expected_region = |region| if frame { region == Region::Frames } else { region != Region::Frames };
    assert!(step.accesses.iter().all(|access| expected_region(access.address.region().unwrap())));
    assert!(step.before.depth < Program::MAX_DEPTH);
    for MicroStep { width, source, target } in &step.micro_steps {
        assert!([1, 2, 4, 8].contains(width));
        for lane in source.iter().chain(target) {
            assert!(lane.byte + width <= 8, "{lane:?}");
            let touched = (u64::MAX >> (64 - 8 * u32::from(*width))) << (8 * lane.byte);
            assert_eq!(lane.word.before & !touched, lane.word.after & !touched);
        }
        if let (Some(source), Some(target)) = (source, target) {
            let value = |word: u64, byte: u8| word >> (8 * byte) & (u64::MAX >> (64 - 8 * u32::from(*width)));
            if target.word.written {
                let read = value(source.word.before, source.byte);
                assert_eq!(read, value(target.word.after, target.byte));
            }
        }
    }
}

fn same_trap(ours: &Error, theirs: &EbpfError) -> bool {
    let refused = |error: &EbpfError, word: &str| match error {
        EbpfError::SyscallError(error) => {
            error.downcast_ref::<Refused>().is_some_and(|refused| refused.0 == word)
        }
        _ => false,
    };
    match ours {
        Error::NotProvable { .. } => refused(theirs, "unavailable"),
        Error::Trapped { trap, .. } => match trap {
            Trap::DivisionByZero => matches!(theirs, EbpfError::DivideByZero),
            Trap::AccessViolation { address, length, .. } => match theirs {
                EbpfError::AccessViolation(_, at, bytes, _)
                | EbpfError::StackAccessViolation(_, at, bytes, _) => (address, length) == (at, bytes),
                error => refused(error, &format!("violation {address:#x} {length}")),
            },
            Trap::CallDepthExceeded => matches!(theirs, EbpfError::CallDepthExceeded),
            Trap::BudgetExceeded { .. } => {
                matches!(theirs, EbpfError::ExceededMaxInstructions) || refused(theirs, "budget")
            }
            Trap::PastEnd => matches!(theirs, EbpfError::ExecutionOverrun),
            Trap::CallOutsideText { .. } => matches!(theirs, EbpfError::CallOutsideTextSegment),
            Trap::InvalidInstruction { .. } | Trap::UnresolvedCall { .. } => {
                matches!(theirs, EbpfError::UnsupportedInstruction)
            }
            Trap::OverlappingCopy { .. } => refused(theirs, "overlap"),
            Trap::UnalignedPointer { .. } => refused(theirs, "unaligned"),
            Trap::InvalidString { .. } => refused(theirs, "utf8"),
            Trap::Aborted => refused(theirs, "abort"),
            Trap::Panicked { file, line, column } => {
                refused(theirs, &format!("panic {file}:{line}:{column}"))
            }
            _ => false,
        },
        _ => false,
    }
}
