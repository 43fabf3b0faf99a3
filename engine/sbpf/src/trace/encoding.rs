//! The bytes of a trace.

use crate::{
    Checkpoint, ExecutionConfig, ExecutionTrace, Log, Outcome, Program, State, WordAddress,
    files::{Reader, Writer},
};

/// Numbers in eight bytes, little-endian; lists and byte strings with their length before them.
pub(super) fn encode(trace: &ExecutionTrace) -> Vec<u8> {
    let ExecutionTrace { program, config, input, outcome, checkpoints } = trace;
    let mut to = Writer::default();
    to.array(program);
    to.numbers([config.compute_units, config.heap_size, config.checkpoint_interval]);
    to.numbers([config.charge_syscalls.into()]);
    to.bytes(input);
    to.numbers([outcome.value, outcome.steps, outcome.compute_units]);
    to.list(&outcome.logs, write_log);
    to.list(checkpoints, |to, checkpoint| {
        to.numbers([checkpoint.step, checkpoint.compute_units_left]);
        let State { pc, depth, registers, halted } = checkpoint.state;
        to.numbers([pc, depth, halted.into()]);
        to.numbers(registers);
        to.list(&checkpoint.changed, |to, (address, value)| to.numbers([address.0, *value]));
    });
    to.finish()
}

pub(super) fn decode(bytes: &[u8]) -> Result<ExecutionTrace, String> {
    let mut from = Reader::new(bytes);
    let program = from.array()?;
    let [compute_units, heap_size, checkpoint_interval] = from.numbers()?;
    let charge_syscalls = from.flag()?;
    let config = ExecutionConfig { compute_units, heap_size, charge_syscalls, checkpoint_interval };
    let input = from.bytes()?.to_vec();
    let [value, steps, compute_units] = from.numbers()?;
    let logs = from.list(8, read_log)?;
    let checkpoints = from.list(17 * 8, |from| {
        let [step, compute_units_left, pc, depth] = from.numbers()?;
        let halted = from.flag()?;
        let state = State { pc, depth, registers: from.numbers()?, halted };
        let changed = from.list(16, |from| {
            let [address, value] = from.numbers()?;
            Ok((WordAddress(address), value))
        })?;
        Ok(Checkpoint { step, state, compute_units_left, changed })
    })?;
    from.finish()?;
    let trace = ExecutionTrace {
        program,
        config,
        input,
        outcome: Outcome { value, steps, compute_units, logs },
        checkpoints,
    };
    check(&trace)?;
    Ok(trace)
}

/// What every trace fulfils that was recorded, so that no other one is replayed.
fn check(trace: &ExecutionTrace) -> Result<(), String> {
    let ascending = trace.checkpoints.windows(2).all(|pair| pair[0].step < pair[1].step);
    let only_the_last_halted =
        trace.checkpoints.iter().rev().enumerate().all(|(back, at)| at.state.halted == (back == 0));
    let shallow = trace.checkpoints.iter().all(|at| at.state.depth < Program::MAX_DEPTH);
    let ends = trace.checkpoints.last().is_some_and(|last| {
        last.step == trace.outcome.steps && last.state.registers[0] == trace.outcome.value
    });
    if ascending && only_the_last_halted && shallow && ends {
        Ok(())
    } else {
        Err("its checkpoints are not those of an execution".into())
    }
}

fn write_log(to: &mut Writer, log: &Log) {
    match log {
        Log::Message(message) => {
            to.numbers([0]);
            to.bytes(message.as_bytes());
        }
        Log::Numbers(numbers) => {
            to.numbers([1]);
            to.numbers(*numbers);
        }
        Log::ComputeUnits(left) => to.numbers([2, *left]),
        Log::Pubkey(key) => {
            to.numbers([3]);
            to.array(key);
        }
        Log::Data(slices) => {
            to.numbers([4]);
            to.list(slices, |to, slice| to.bytes(slice));
        }
    }
}

fn read_log(from: &mut Reader<'_>) -> Result<Log, String> {
    Ok(match from.numbers()? {
        [0] => {
            let bytes = from.bytes()?.to_vec();
            Log::Message(String::from_utf8(bytes).map_err(|_| "a log message is not UTF-8")?)
        }
        [1] => Log::Numbers(from.numbers()?),
        [2] => {
            let [left] = from.numbers()?;
            Log::ComputeUnits(left)
        }
        [3] => Log::Pubkey(from.array()?),
        [4] => Log::Data(from.list(8, |from| Ok(from.bytes()?.to_vec()))?),
        [other] => return Err(format!("there is no log entry of kind {other}")),
    })
}
