//! Going through a trace again, step by step.

use std::ops::Range;

use crate::{Error, ExecutionTrace, Machine, Program, Step};

/// An iterator over the steps of a stretch of a trace.
///
/// ```
/// use parhelion_sbpf::{execute_and_trace, Assembly, ExecutionConfig};
///
/// let program = Assembly::v0("mov64 r0, 5
///     stxb [r1+3], r0
///     exit").build()?;
/// let trace = execute_and_trace(&program, &[0; 8], &ExecutionConfig::default())?;
/// let steps = trace.replay(&program)?.collect::<Result<Vec<_>, _>>()?;
/// assert_eq!(steps[1].accesses[0].after, 5 << 24);
/// # Ok::<(), parhelion_sbpf::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Replay<'p> {
    machine: Machine<'p>,
    end: u64,
}

impl<'p> Replay<'p> {
    pub(super) fn new(
        trace: &ExecutionTrace,
        program: &'p Program,
        range: Range<u64>,
    ) -> Result<Self, Error> {
        if program.id() != trace.program {
            let hex = |id: [u8; 32]| id.iter().map(|byte| format!("{byte:02x}")).collect();
            let (expected, got) = (hex(trace.program), hex(program.id()));
            return Err(Error::Mismatch { what: "program", expected, got });
        }
        let steps = trace.outcome.steps;
        if range.end > steps || range.start > range.end {
            return Err(Error::NoSuchStep { step: range.end.max(range.start), steps });
        }
        let mut machine = Machine::new(program, &trace.input, &trace.config)?;
        for checkpoint in trace.checkpoints.iter().take_while(|checkpoint| checkpoint.step <= range.start) {
            for (address, value) in &checkpoint.changed {
                machine.memory_mut().set_word(*address, *value);
            }
            machine.resume(checkpoint.step, checkpoint.state, checkpoint.compute_units_left);
        }
        machine.run(range.start - machine.steps())?;
        Ok(Self { machine, end: range.end })
    }

    /// The machine before the next step: registers and memory.
    pub fn machine(&self) -> &Machine<'p> {
        &self.machine
    }
}

impl Iterator for Replay<'_> {
    type Item = Result<Step, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.machine.steps() >= self.end {
            return None;
        }
        let step = self.machine.step().transpose();
        if !matches!(step, Some(Ok(_))) {
            self.end = 0;
        }
        step
    }
}
