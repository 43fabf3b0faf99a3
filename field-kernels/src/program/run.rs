//! Running a program over tiles of rows.

use std::ops::Range;

use parhelion_scheduler::{ExecutorExt, checkpoint};

use super::{Operand, Operation, Program, TILE};
use crate::contract::Backend;
use crate::dispatch::with_backend;
use crate::{FieldSpec, Fp, Kernels};

/// Fewer rows than this are not worth handing to another thread.
const MIN_ROWS_PER_TASK: usize = 8 * TILE;

/// An operand resolved for one tile.
#[derive(Clone, Copy)]
enum Values<'a, S> {
    Rows(&'a [Fp<S>]),
    Splat(Fp<S>),
}

impl Kernels {
    /// Runs `program` on every row.
    ///
    /// `columns` and `uniforms` are what [`Program::column_indices`] and
    /// [`Program::uniform_indices`] list, `outputs[i]` is output column i. All columns have the same
    /// length; a rotation wraps around it.
    ///
    /// # Panics
    /// If the numbers of columns or uniforms are not the listed ones, there are fewer outputs than the
    /// program writes, or lengths differ.
    pub fn run_program<S: FieldSpec>(
        &self,
        program: &Program,
        columns: &[&[Fp<S>]],
        uniforms: &[Fp<S>],
        outputs: &mut [&mut [Fp<S>]],
    ) {
        let (reads, constants) = (program.column_indices.len(), program.uniform_indices.len());
        assert!(columns.len() == reads, "the program reads {reads} columns, got {}", columns.len());
        assert!(
            uniforms.len() == constants,
            "the program reads {constants} uniforms, got {}",
            uniforms.len()
        );
        assert!(
            outputs.len() >= program.output_columns,
            "program writes {} columns, got {}",
            program.output_columns,
            outputs.len()
        );
        let Some(rows) = outputs.first().map(|output| output.len()) else { return };
        assert!(outputs.iter().all(|output| output.len() == rows), "output columns differ in length");
        assert!(
            columns.iter().all(|column| column.len() == rows),
            "columns differ in length from the outputs"
        );
        if rows == 0 {
            return;
        }

        let executor = self.executor();
        let len = executor.chunk_len(rows, MIN_ROWS_PER_TASK).next_multiple_of(TILE);
        let mut tasks: Vec<Vec<&mut [Fp<S>]>> = (0..rows.div_ceil(len)).map(|_| Vec::new()).collect();
        for output in outputs.iter_mut() {
            for (task, piece) in tasks.iter_mut().zip(output.chunks_mut(len)) {
                task.push(piece);
            }
        }
        with_backend!(self, backend => executor.for_each(tasks, |index, mut pieces| {
            backend.run_rows(program, columns, uniforms, index * len, &mut pieces);
        }));
    }
}

/// The portable machine: runs `program` on the rows from `first` on, as many as each output has.
pub(crate) fn run_rows<S: FieldSpec>(
    program: &Program,
    columns: &[&[Fp<S>]],
    uniforms: &[Fp<S>],
    first: usize,
    outputs: &mut [&mut [Fp<S>]],
) {
    let rows = columns.first().map_or(0, |column| column.len());
    let mut machine = Machine::new(program, columns, uniforms, rows);
    let rows_here = outputs.first().map_or(0, |output| output.len());
    for offset in (0..rows_here).step_by(TILE) {
        if offset.is_multiple_of(8 * TILE) {
            checkpoint();
        }
        let tile = offset..(offset + TILE).min(rows_here);
        machine.run_tile(first + offset, tile, outputs);
    }
}

/// The registers of one task.
struct Machine<'a, S> {
    program: &'a Program,
    columns: &'a [&'a [Fp<S>]],
    uniforms: &'a [Fp<S>],
    rows: usize,
    registers: Vec<Vec<Fp<S>>>,
    /// Room for a column read across the end of its rows, one for each side of an instruction.
    wrapped: [Vec<Fp<S>>; 2],
}

impl<'a, S: FieldSpec> Machine<'a, S> {
    fn new(program: &'a Program, columns: &'a [&'a [Fp<S>]], uniforms: &'a [Fp<S>], rows: usize) -> Self {
        let tile = || vec![Fp::ZERO; TILE];
        Self {
            program,
            columns,
            uniforms,
            rows,
            registers: (0..program.registers).map(|_| tile()).collect(),
            wrapped: [tile(), tile()],
        }
    }

    /// Runs all instructions on the tile of rows that starts at row `first` and is range `tile` of
    /// the output pieces.
    fn run_tile(&mut self, first: usize, tile: Range<usize>, outputs: &mut [&mut [Fp<S>]]) {
        let (program, len) = (self.program, tile.len());
        let mut stores = program.stores.iter().peekable();
        for done in 0..=program.instructions.len() {
            while let Some(store) = stores.next_if(|store| store.after == done) {
                self.gather(0, store.value, first, len);
                let target = &mut outputs[store.column as usize][tile.clone()];
                let scale = store.scale.map(|index| self.uniforms[index as usize]);
                match (scale, self.values(0, store.value, first, len)) {
                    (None, Values::Rows(rows)) => target.copy_from_slice(rows),
                    (None, Values::Splat(value)) => target.fill(value),
                    (Some(by), Values::Rows(rows)) => {
                        target.iter_mut().zip(rows).for_each(|(t, &v)| *t += v * by);
                    }
                    (Some(by), Values::Splat(value)) => {
                        let term = value * by;
                        target.iter_mut().for_each(|t| *t += term);
                    }
                }
            }
            if let Some(instruction) = program.instructions.get(done) {
                self.gather(0, instruction.left, first, len);
                self.gather(1, instruction.right, first, len);
                // Taken out while it is written to; it is neither operand.
                let mut target = std::mem::take(&mut self.registers[instruction.target as usize]);
                let left = self.values(0, instruction.left, first, len);
                let right = self.values(1, instruction.right, first, len);
                match instruction.operation {
                    Operation::Add => apply(&mut target[..len], left, right, |a, b| a + b),
                    Operation::Sub => apply(&mut target[..len], left, right, |a, b| a - b),
                    Operation::Mul => apply(&mut target[..len], left, right, |a, b| a * b),
                }
                self.registers[instruction.target as usize] = target;
            }
        }
    }

    /// The first row of `column` that a tile starting at `first` reads.
    fn start(&self, first: usize, rotation: i32) -> usize {
        (first as i64 + i64::from(rotation)).rem_euclid(self.rows as i64) as usize
    }

    /// Copies the rows of an operand that wraps around the end of its column.
    fn gather(&mut self, side: usize, operand: Operand, first: usize, len: usize) {
        if let Operand::Column { index, rotation } = operand {
            let start = self.start(first, rotation);
            if start + len > self.rows {
                let column = self.columns[index as usize];
                for (offset, cell) in self.wrapped[side][..len].iter_mut().enumerate() {
                    *cell = column[(start + offset) % self.rows];
                }
            }
        }
    }

    fn values(&self, side: usize, operand: Operand, first: usize, len: usize) -> Values<'_, S> {
        match operand {
            Operand::Column { index, rotation } => {
                let start = self.start(first, rotation);
                if start + len > self.rows {
                    Values::Rows(&self.wrapped[side][..len])
                } else {
                    Values::Rows(&self.columns[index as usize][start..start + len])
                }
            }
            Operand::Uniform(index) => Values::Splat(self.uniforms[index as usize]),
            Operand::Register(index) => Values::Rows(&self.registers[index as usize][..len]),
        }
    }
}

#[inline(always)]
fn apply<S: FieldSpec>(
    target: &mut [Fp<S>],
    left: Values<'_, S>,
    right: Values<'_, S>,
    operation: impl Fn(Fp<S>, Fp<S>) -> Fp<S>,
) {
    match (left, right) {
        (Values::Rows(left), Values::Rows(right)) => {
            for ((t, &a), &b) in target.iter_mut().zip(left).zip(right) {
                *t = operation(a, b);
            }
        }
        (Values::Rows(left), Values::Splat(b)) => {
            target.iter_mut().zip(left).for_each(|(t, &a)| *t = operation(a, b));
        }
        (Values::Splat(a), Values::Rows(right)) => {
            target.iter_mut().zip(right).for_each(|(t, &b)| *t = operation(a, b));
        }
        (Values::Splat(a), Values::Splat(b)) => target.fill(operation(a, b)),
    }
}
