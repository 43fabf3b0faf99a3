//! Compact traces: how an execution went, from which any stretch of it is replayed.

mod encoding;
mod replay;

use std::collections::BTreeMap;
use std::path::Path;

use crate::{
    Error, ExecutionConfig, Log, Machine, Program, Region, State, WordAddress,
    files::{self, Kind},
};
pub use replay::Replay;

/// Checkpoints take so much, about, before there are fewer of them.
const MOST_BYTES: usize = 16 << 20;

/// Executes a program on an input and keeps what is needed to go through it again. However long the
/// execution is, its checkpoints take about 16 MiB, or 16 copies of the words it wrote if these are more: in a long one
/// they are further apart than the configuration says.
///
/// # Errors
///
/// [`Error::Trapped`] if the program does not return, [`Error::NotProvable`] if it needs what no
/// constraint covers, [`Error::RegionTooLarge`] if input or heap are.
pub fn execute_and_trace(
    program: &Program,
    input: &[u8],
    config: &ExecutionConfig,
) -> Result<ExecutionTrace, Error> {
    let mut interval = config.checkpoint_interval.max(1);
    let mut machine = Machine::new(program, input, config)?;
    let mut checkpoints = Vec::new();
    let mut bytes = 0;
    while !machine.state().halted {
        machine.run(interval)?;
        let checkpoint = Checkpoint {
            step: machine.steps(),
            state: *machine.state(),
            compute_units_left: machine.compute_units_left(),
            changed: machine.memory_mut().take_changed(),
        };
        bytes += checkpoint.bytes();
        checkpoints.push(checkpoint);
        if bytes > MOST_BYTES && checkpoints.len() >= 16 {
            checkpoints = thinned(checkpoints);
            bytes = checkpoints.iter().map(Checkpoint::bytes).sum();
            interval = interval.saturating_mul(2);
        }
    }
    checkpoints.shrink_to_fit();
    Ok(ExecutionTrace {
        program: program.id(),
        config: *config,
        input: input.to_vec(),
        outcome: Outcome {
            value: machine.state().registers[0],
            steps: machine.steps(),
            compute_units: config.compute_units - machine.compute_units_left(),
            logs: machine.logs().to_vec(),
        },
        checkpoints,
    })
}

/// How a program returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What it returned: r0.
    pub value: u64,
    /// The number of instructions executed; `lddw` is one.
    pub steps: u64,
    /// The compute units used.
    pub compute_units: u64,
    /// What it logged.
    pub logs: Vec<Log>,
}

/// The machine after so many steps. The last one is that of the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The number of instructions executed.
    pub step: u64,
    /// The registers.
    pub state: State,
    /// The compute units left.
    pub compute_units_left: u64,
    /// The words written since the checkpoint before, and their values now.
    pub changed: Vec<(WordAddress, u64)>,
}

impl Checkpoint {
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.changed.capacity() * size_of::<(WordAddress, u64)>()
    }

    /// This one, and what changed before it.
    fn after(self, earlier: Self) -> Self {
        let mut changed: BTreeMap<u64, u64> = BTreeMap::new();
        changed.extend(
            earlier.changed.into_iter().chain(self.changed).map(|(address, value)| (address.0, value)),
        );
        let changed = changed.into_iter().map(|(address, value)| (WordAddress(address), value)).collect();
        Self { changed, ..self }
    }
}

/// The second of every two, with what changed before it; the last in any case.
fn thinned(checkpoints: Vec<Checkpoint>) -> Vec<Checkpoint> {
    let mut all = checkpoints.into_iter();
    let mut kept = Vec::with_capacity(all.len().div_ceil(2));
    while let Some(first) = all.next() {
        kept.push(match all.next() {
            Some(second) => second.after(first),
            None => first,
        });
    }
    kept
}

/// A successful execution. It holds the input and a checkpoint every so many steps, and refers to the
/// program by its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecutionTrace {
    program: [u8; 32],
    config: ExecutionConfig,
    input: Vec<u8>,
    outcome: Outcome,
    checkpoints: Vec<Checkpoint>,
}

impl ExecutionTrace {
    /// The [`Program::id`] of the program.
    pub fn program_id(&self) -> [u8; 32] {
        self.program
    }

    /// What the execution was allowed to use.
    pub fn config(&self) -> &ExecutionConfig {
        &self.config
    }

    /// The input region at the beginning.
    pub fn input(&self) -> &[u8] {
        &self.input
    }

    /// How it ended.
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// The state every [`ExecutionConfig::checkpoint_interval`] steps, or fewer times if that would be
    /// too much to keep, and that of the end.
    pub fn checkpoints(&self) -> &[Checkpoint] {
        &self.checkpoints
    }

    /// What the trace takes in memory, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let logs = self.outcome.logs.iter().map(Log::bytes).sum::<usize>();
        self.input.len() + self.checkpoints.iter().map(Checkpoint::bytes).sum::<usize>() + logs
    }

    /// The input region at the end: what the program did to its accounts.
    pub fn output(&self) -> Vec<u8> {
        let mut output = self.input.clone();
        let changes = self.checkpoints.iter().flat_map(|checkpoint| &checkpoint.changed);
        for (address, value) in changes.filter(|(address, _)| address.region() == Some(Region::Input)) {
            let offset = address.offset() as usize;
            // The last word may reach beyond the end.
            for (byte, value) in output.iter_mut().skip(offset).zip(value.to_le_bytes()) {
                *byte = value;
            }
        }
        output
    }

    /// Goes through all steps again.
    ///
    /// # Errors
    ///
    /// [`Error::Mismatch`] if the program is another one.
    pub fn replay<'p>(&self, program: &'p Program) -> Result<Replay<'p>, Error> {
        self.replay_range(program, 0..self.outcome.steps)
    }

    /// Goes through steps `range` again, beginning from the last checkpoint before them.
    ///
    /// # Errors
    ///
    /// [`Error::Mismatch`] if the program is another one, [`Error::NoSuchStep`] if the range ends
    /// beyond the trace, [`Error::Trapped`] if the trace was made up.
    pub fn replay_range<'p>(
        &self,
        program: &'p Program,
        range: std::ops::Range<u64>,
    ) -> Result<Replay<'p>, Error> {
        Replay::new(self, program, range)
    }

    /// Writes it to a file: to a temporary one beside it first, which then takes its name, so that a file
    /// of that name is always whole.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the file system refuses.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        files::write(path, Kind::Trace, &encoding::encode(self))
    }

    /// Reads what [`Self::save`] wrote.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if it cannot be read, [`Error::Damaged`] if it is not a trace of this version, or
    /// not all of it, or changed in any bit.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let bytes = files::read(path, Kind::Trace)?;
        encoding::decode(&bytes).map_err(|reason| Error::Damaged { path: path.to_owned(), reason })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Assembly;

    /// With fewer checkpoints, every stretch is what it was.
    #[test]
    fn thinned_traces_are_replayed_alike() {
        let text = "
            mov64 r6, 60
            again:
            stxb [r1+3], r6
            add64 r1, 1
            stxdw [r10-8], r6
            sub64 r6, 1
            jne r6, 0, again
            exit";
        let program = Assembly::v0(text).build().unwrap();
        let config = ExecutionConfig::default().with_checkpoint_interval(7);
        let trace = execute_and_trace(&program, &[1; 70], &config).unwrap();
        let all: Vec<_> = trace.replay(&program).unwrap().map(Result::unwrap).collect();
        let (output, mut thin) = (trace.output(), trace.clone());
        for times in 1..5 {
            let before = thin.checkpoints.len();
            thin.checkpoints = thinned(thin.checkpoints);
            assert_eq!(thin.checkpoints.len(), before.div_ceil(2), "{times} times");
            assert_eq!(thin.checkpoints.last().unwrap().step, trace.outcome().steps);
            assert_eq!(thin.output(), output);
            for start in (0..all.len()).step_by(13) {
                let steps = thin.replay_range(&program, start as u64..all.len() as u64).unwrap();
                assert!(steps.map(Result::unwrap).eq(all[start..].iter().cloned()), "from {start}");
            }
        }
    }
}
