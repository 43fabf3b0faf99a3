//! Executions cut into chunks.

use std::sync::Arc;

use halo2_axiom::halo2curves::bn256::Fr;
use parhelion_scheduler::Executor;

use super::error::ProveError;
use super::plan::Plan;
use super::proof::{ChunkProof, DisclosedWord, Disclosure};
use crate::circuit::{Image, MAX_K, MIN_K, MachineCircuit, usable_rows};
use crate::{ExecutionConfig, ExecutionTrace, Program};

/// An execution cut into chunks, ready to be proven in any order.
///
/// ```
/// use parhelion_sbpf::{Assembly, ChunkedExecution, ExecutionConfig};
///
/// let program = Assembly::v0("mov64 r0, 1\n add64 r0, 2\n exit").build()?;
/// let execution = ChunkedExecution::new(&program, &[], &ExecutionConfig::default(), 2)?;
/// assert_eq!(execution.chunks(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ChunkedExecution<'a> {
    pub(super) plan: Plan<'a>,
    chunk_size: u64,
}

impl<'a> ChunkedExecution<'a> {
    /// Executes a program on an input and cuts after every `chunk_size` instructions.
    ///
    /// # Errors
    /// If the program does not return within the budget of `config`, or does what no constraints
    /// cover; if `chunk_size` is more than any circuit holds, or 0; if input or heap are too large.
    pub fn new(
        program: &'a Program,
        input: &'a [u8],
        config: &ExecutionConfig,
        chunk_size: u64,
    ) -> Result<Self, ProveError> {
        let most = steps_in(MAX_K);
        if chunk_size == 0 || chunk_size > most {
            return Err(ProveError::TooLarge { what: "steps in a chunk", k: MAX_K, most, got: chunk_size });
        }
        let image = Image::new(program, input, config.heap_size)?;
        Ok(Self { plan: Plan::new(image, chunk_size, config.compute_units)?, chunk_size })
    }

    /// Goes through a trace again and cuts it. The program returned, so that there is no limit of
    /// steps.
    pub(super) fn of_trace(
        program: &'a Program,
        trace: &'a ExecutionTrace,
        chunk_size: u64,
    ) -> Result<Self, ProveError> {
        let differs = |what, expected: String, got: String| Err(ProveError::Trace { what, expected, got });
        if trace.program_id() != program.id() {
            let [expected, got] = [program.id(), trace.program_id()].map(|id| hex(&id));
            return differs("program", expected, got);
        }
        let image = Image::new(program, trace.input(), trace.config().heap_size)?;
        let execution = Self { plan: Plan::new(image, chunk_size, u64::MAX)?, chunk_size };
        let (value, traced) = (execution.value(), trace.outcome().value);
        if value != traced {
            return differs("result", format!("r0 = {value:#x}"), format!("r0 = {traced:#x}"));
        }
        Ok(execution)
    }

    /// How many chunks there are; the last may be shorter.
    #[must_use]
    pub fn chunks(&self) -> u64 {
        self.plan.chunks() as u64
    }

    /// Instructions executed, those of syscalls included.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.plan.steps()
    }

    /// What the program returned: r0.
    #[must_use]
    pub fn value(&self) -> u64 {
        self.plan.boundaries[self.plan.chunks()].state.registers[0]
    }

    /// The smallest circuit that holds every chunk, log2 of its rows.
    ///
    /// # Errors
    /// If the execution touches too many words or instructions for any.
    pub fn smallest_k(&self) -> Result<u32, ProveError> {
        let longest = self.chunk_size.min(self.steps());
        (MIN_K..=MAX_K).find(|&k| self.plan.fits(k, longest)).ok_or_else(|| ProveError::TooLarge {
            what: "instructions or words touched",
            k: MAX_K,
            most: steps_in(MAX_K),
            got: self.plan.table_rows() as u64,
        })
    }

    /// What the verifier is to be told.
    #[must_use]
    pub fn disclosure(&self) -> Disclosure {
        let Plan { listing, end, image, .. } = &self.plan;
        let words = listing
            .words
            .iter()
            .map(|&(address, _)| DisclosedWord { address, value: end.value(image, address) });
        let pcs = listing.rom.iter().map(|row| row.pc);
        Disclosure { pcs: pcs.collect(), words: words.collect() }
    }

    /// The circuit of a chunk and its instances, to prove by other means.
    ///
    /// # Errors
    /// If there is no such chunk or it does not fit `2^k` rows.
    pub fn circuit(
        &self,
        index: u64,
        k: u32,
        executor: Arc<dyn Executor>,
    ) -> Result<(MachineCircuit, Vec<Fr>), ProveError> {
        let (proof, circuit) = self.chunk(index, k, executor)?;
        Ok((circuit, proof.instances()))
    }

    /// A chunk's states, yet without its proof, and its circuit.
    pub(super) fn chunk(
        &self,
        index: u64,
        k: u32,
        executor: Arc<dyn Executor>,
    ) -> Result<(ChunkProof, MachineCircuit), ProveError> {
        let chunks = self.chunks();
        if index >= chunks {
            return Err(ProveError::NoSuchChunk { index, chunks });
        }
        let needed = self.smallest_k()?;
        if k < needed {
            return Err(ProveError::TooLarge {
                what: "rows, for steps and what they touch",
                k,
                most: usable_rows(k.max(MIN_K)) as u64,
                got: usable_rows(needed) as u64,
            });
        }
        let [before, after] = [0, 1].map(|end| &self.plan.boundaries[index as usize + end]);
        let proof = ChunkProof {
            k,
            index,
            before: before.state,
            after: after.state,
            steps: after.steps - before.steps,
            proof: Vec::new(),
        };
        let witness = self.plan.witness(index as usize, k)?;
        Ok((proof, MachineCircuit::new(k, witness.into(), executor)))
    }
}

impl ExecutionTrace {
    /// Goes through the execution as a proof of it does, and counts the steps to be proven: instructions,
    /// those of the code of syscalls included.
    ///
    /// ```
    /// use parhelion_sbpf::{Assembly, ExecutionConfig, execute_and_trace};
    ///
    /// let program = Assembly::v0("mov64 r1, 0\n mov64 r2, 0\n syscall sol_log_data\n exit").build()?;
    /// let trace = execute_and_trace(&program, &[], &ExecutionConfig::default())?;
    /// let error = trace.provable_steps(&program).unwrap_err();
    /// assert_eq!(error.to_string(), "not provable yet: sol_log_data (at pc 2)");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the trace is not one of this program, or the execution does what no constraints cover, or touches
    /// more than any circuit has rows for.
    pub fn provable_steps(&self, program: &Program) -> Result<u64, ProveError> {
        Ok(ChunkedExecution::of_trace(program, self, u64::MAX)?.steps())
    }
}

/// How many steps fit a circuit of `2^k` rows.
pub(super) fn steps_in(k: u32) -> u64 {
    usable_rows(k) as u64 - 1
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
