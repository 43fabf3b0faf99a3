//! Running a program over tiles of rows.

use std::marker::PhantomData;
use std::ops::Range;
use std::sync::atomic::AtomicUsize;

use parhelion_scheduler::{ExecutorExt, checkpoint};

use super::{Operand, Operation, Program, Store, TILE};
use crate::contract::Backend;
use crate::dispatch::with_backend;
use crate::parallel::claim;
use crate::scalar::limbs::{Wide, add_product, reduce_wide};
use crate::scratch::lines_of;
use crate::{FieldSpec, Fp, Kernels, Scratch};

/// Fewer rows than this are not worth handing to another thread.
const MIN_ROWS_PER_TASK: usize = 2 * TILE;

/// Columns of which tasks write some rows each.
pub(crate) struct Outputs<'a, S: FieldSpec> {
    columns: &'a [*mut [Fp<S>]],
    /// Rows in all, and rows of a task.
    rows: usize,
    len: usize,
    next: AtomicUsize,
    outputs: PhantomData<&'a mut Fp<S>>,
}

// SAFETY: what is shared is a counter; rows go to one thread each.
unsafe impl<S: FieldSpec> Sync for Outputs<'_, S> {}

impl<'a, S: FieldSpec> Outputs<'a, S> {
    /// Columns of as many rows each, in pieces of `len` rows.
    fn new(outputs: &'a mut [&mut [Fp<S>]], len: usize) -> Self {
        let rows = outputs.first().map_or(0, |output| output.len());
        assert!(outputs.iter().all(|output| output.len() == rows), "output columns differ in length");
        let (start, count) = (outputs.as_mut_ptr().cast::<*mut [Fp<S>]>(), outputs.len());
        // SAFETY: a reference to a slice is laid out like a pointer to it, and the references are not used as
        // such for as long as these pointers are.
        let columns = unsafe { std::slice::from_raw_parts(start, count) };
        Self { columns, rows, len, next: AtomicUsize::new(0), outputs: PhantomData }
    }

    /// How many pieces there are.
    fn count(&self) -> usize {
        self.rows.div_ceil(self.len)
    }

    /// The next piece.
    fn next(&self) -> Option<Rows<'_, S>> {
        let first = claim(&self.next, self.count())? * self.len;
        Some(Rows { columns: self.columns, range: first..(first + self.len).min(self.rows), of: PhantomData })
    }
}

/// Some rows of all outputs.
pub(crate) struct Rows<'a, S: FieldSpec> {
    columns: &'a [*mut [Fp<S>]],
    range: Range<usize>,
    of: PhantomData<&'a mut Fp<S>>,
}

impl<S: FieldSpec> Rows<'_, S> {
    /// Which rows these are.
    pub(crate) fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    /// `len` rows of a column from row `first` on.
    #[inline]
    pub(crate) fn column(&mut self, column: usize, first: usize, len: usize) -> &mut [Fp<S>] {
        assert!(self.range.start <= first && first + len <= self.range.end, "rows of another task");
        let start = self.columns[column].cast::<Fp<S>>();
        // SAFETY: columns have all rows of `Outputs`, whose borrow outlives this; each row is in one piece only, and
        // the result keeps this piece borrowed.
        unsafe { std::slice::from_raw_parts_mut(start.add(first), len) }
    }
}

/// An operand resolved for one tile.
#[derive(Clone, Copy)]
enum Values<'a, S> {
    Rows(&'a [Fp<S>]),
    Splat(Fp<S>),
}

/// Registers but for one that is written to.
#[derive(Clone, Copy)]
pub(crate) struct Others<'a, T> {
    before: &'a [T],
    after: &'a [T],
    /// Values of a register.
    size: usize,
}

impl<'a, T> Others<'a, T> {
    /// Register `target`, and the others.
    #[inline(always)]
    pub(crate) fn split(registers: &'a mut [T], target: u32, size: usize) -> (&'a mut [T], Self) {
        let (before, rest) = registers.split_at_mut(target as usize * size);
        let (target, after) = rest.split_at_mut(size);
        (target, Self { before, after, size })
    }

    /// All registers.
    #[inline(always)]
    pub(crate) fn all(registers: &'a [T], size: usize) -> Self {
        Self { before: registers, after: &[], size }
    }

    /// A register that is not the target.
    #[inline(always)]
    pub(crate) fn at(self, index: u32) -> &'a [T] {
        let start = index as usize * self.size;
        match start.checked_sub(self.before.len()) {
            None => &self.before[start..][..self.size],
            Some(start) => &self.after[start - self.size..][..self.size],
        }
    }
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
        let executor = self.executor().as_ref();
        let rows = outputs.first().map_or(0, |output| output.len());
        let len = executor.chunk_len(rows, MIN_ROWS_PER_TASK).next_multiple_of(TILE);
        let outputs = Outputs::new(outputs, len);
        assert!(
            columns.iter().all(|column| column.len() == rows),
            "columns differ in length from the outputs"
        );
        with_backend!(self, backend => executor.run(outputs.count(), &|_| {
            if let Some(mut rows) = outputs.next() {
                backend.run_rows(self.scratch(), program, columns, uniforms, &mut rows);
            }
        }));
    }
}

/// The portable machine: runs `program` on some rows.
pub(crate) fn run_rows<S: FieldSpec>(
    scratch: &Scratch,
    program: &Program,
    columns: &[&[Fp<S>]],
    uniforms: &[Fp<S>],
    outputs: &mut Rows<'_, S>,
) {
    let lines = lines_of::<Fp<S>>(TILE * program.registers)
        + 2 * lines_of::<Fp<S>>(TILE)
        + lines_of::<Wide>(TILE * program.output_columns)
        + lines_of::<u8>(program.output_columns);
    scratch.with(lines, |carver| {
        let rows = columns.first().map_or(0, |column| column.len());
        let registers = carver.cut(TILE * program.registers);
        let wrapped = [carver.cut(TILE), carver.cut(TILE)];
        let sums = carver.cut(TILE * program.output_columns);
        let used = carver.cut_filled(program.output_columns, 0);
        let mut machine = Machine { program, columns, uniforms, rows, registers, wrapped, sums, used };
        let range = outputs.range();
        for first in range.clone().step_by(TILE) {
            if (first - range.start).is_multiple_of(8 * TILE) {
                checkpoint();
            }
            machine.run_tile(first, TILE.min(range.end - first), outputs);
        }
    });
}

/// The registers of one task.
struct Machine<'a, S> {
    program: &'a Program,
    columns: &'a [&'a [Fp<S>]],
    uniforms: &'a [Fp<S>],
    rows: usize,
    /// One tile each.
    registers: &'a mut [Fp<S>],
    /// Room for a column read across the end of its rows, one for each side of an instruction.
    wrapped: [&'a mut [Fp<S>]; 2],
    /// A tile of each output's scaled values, summed up unreduced.
    sums: &'a mut [Wide],
    /// Whether there are any.
    used: &'a mut [u8],
}

impl<S: FieldSpec> Machine<'_, S> {
    /// Runs all instructions on `len` rows from row `first` on.
    fn run_tile(&mut self, first: usize, len: usize, outputs: &mut Rows<'_, S>) {
        let program = self.program;
        let mut stores = program.stores.iter().peekable();
        for done in 0..=program.instructions.len() {
            while let Some(store) = stores.next_if(|store| store.after == done) {
                self.store(store, first, len, outputs);
            }
            if let Some(instruction) = program.instructions.get(done) {
                self.gather(0, instruction.left, first, len);
                self.gather(1, instruction.right, first, len);
                let (columns, uniforms, rows) = (self.columns, self.uniforms, self.rows);
                let wrapped = [&*self.wrapped[0], &*self.wrapped[1]];
                let inputs = Inputs { columns, uniforms, rows, wrapped };
                let (target, registers) = Others::split(self.registers, instruction.target, TILE);
                let left = inputs.values(registers, 0, instruction.left, first, len);
                let right = inputs.values(registers, 1, instruction.right, first, len);
                match instruction.operation {
                    Operation::Add => apply::<S, Sum>(&mut target[..len], left, right),
                    Operation::Sub => apply::<S, Difference>(&mut target[..len], left, right),
                    Operation::Mul => apply::<S, Product>(&mut target[..len], left, right),
                }
            }
        }
        for (column, used) in self.used.iter_mut().enumerate() {
            if std::mem::take(used) != 0 {
                let sums = &self.sums[column * TILE..][..len];
                let target = outputs.column(column, first, len);
                target.iter_mut().zip(sums).for_each(|(t, sum)| *t += Fp::from_raw(reduce_wide::<S>(*sum)));
            }
        }
    }

    /// Writes a value to its output, or adds it to the sum of scaled ones.
    fn store(&mut self, store: &Store, first: usize, len: usize, outputs: &mut Rows<'_, S>) {
        self.gather(0, store.value, first, len);
        let column = store.column as usize;
        let target = outputs.column(column, first, len);
        let scale = store.scale.map(|index| self.uniforms[index as usize]);
        let (columns, uniforms, rows) = (self.columns, self.uniforms, self.rows);
        let inputs = Inputs { columns, uniforms, rows, wrapped: [&*self.wrapped[0], &*self.wrapped[1]] };
        let value = inputs.values(Others::all(self.registers, TILE), 0, store.value, first, len);
        match (scale, value) {
            (None, value) => {
                match value {
                    Values::Rows(rows) => target.copy_from_slice(rows),
                    Values::Splat(value) => target.fill(value),
                }
                // What was to be added is overwritten, too.
                self.used[column] = 0;
            }
            (Some(by), Values::Rows(rows)) => {
                let sums = &mut self.sums[column * TILE..][..len];
                if std::mem::replace(&mut self.used[column], 1) == 0 {
                    sums.fill(Wide::default());
                }
                sums.iter_mut().zip(rows).for_each(|(sum, v)| *sum = add_product::<S>(*sum, v.0, by.0));
            }
            (Some(by), Values::Splat(value)) => {
                let term = value * by;
                target.iter_mut().for_each(|t| *t += term);
            }
        }
    }

    /// Copies the rows of an operand that wraps around the end of its column.
    fn gather(&mut self, side: usize, operand: Operand, first: usize, len: usize) {
        if let Operand::Column { index, rotation } = operand {
            let start = start(self.rows, first, rotation);
            if start + len > self.rows {
                let column = self.columns[index as usize];
                for (offset, cell) in self.wrapped[side][..len].iter_mut().enumerate() {
                    *cell = column[(start + offset) % self.rows];
                }
            }
        }
    }
}

/// What a machine reads beside its registers.
struct Inputs<'a, S> {
    columns: &'a [&'a [Fp<S>]],
    uniforms: &'a [Fp<S>],
    rows: usize,
    wrapped: [&'a [Fp<S>]; 2],
}

/// The first row of a column of so many rows that a tile starting at `first` reads.
fn start(rows: usize, first: usize, rotation: i32) -> usize {
    (first as i64 + i64::from(rotation)).rem_euclid(rows as i64) as usize
}

impl<'a, S: FieldSpec> Inputs<'a, S> {
    fn values(
        &self,
        registers: Others<'a, Fp<S>>,
        side: usize,
        operand: Operand,
        first: usize,
        len: usize,
    ) -> Values<'a, S> {
        match operand {
            Operand::Column { index, rotation } => {
                let start = start(self.rows, first, rotation);
                if start + len > self.rows {
                    Values::Rows(&self.wrapped[side][..len])
                } else {
                    Values::Rows(&self.columns[index as usize][start..start + len])
                }
            }
            Operand::Uniform(index) => Values::Splat(self.uniforms[index as usize]),
            Operand::Register(index) => Values::Rows(&registers.at(index)[..len]),
        }
    }
}

/// An operation on two elements. Not a closure: the compiler must inline it into each loop.
trait Binary {
    fn of<S: FieldSpec>(a: Fp<S>, b: Fp<S>) -> Fp<S>;
}

struct Sum;
struct Difference;
struct Product;

impl Binary for Sum {
    #[inline(always)]
    fn of<S: FieldSpec>(a: Fp<S>, b: Fp<S>) -> Fp<S> {
        a + b
    }
}

impl Binary for Difference {
    #[inline(always)]
    fn of<S: FieldSpec>(a: Fp<S>, b: Fp<S>) -> Fp<S> {
        a - b
    }
}

impl Binary for Product {
    #[inline(always)]
    fn of<S: FieldSpec>(a: Fp<S>, b: Fp<S>) -> Fp<S> {
        a * b
    }
}

fn apply<S: FieldSpec, O: Binary>(target: &mut [Fp<S>], left: Values<'_, S>, right: Values<'_, S>) {
    match (left, right) {
        (Values::Rows(left), Values::Rows(right)) => {
            for ((t, &a), &b) in target.iter_mut().zip(left).zip(right) {
                *t = O::of(a, b);
            }
        }
        (Values::Rows(left), Values::Splat(b)) => {
            for (t, &a) in target.iter_mut().zip(left) {
                *t = O::of(a, b);
            }
        }
        (Values::Splat(a), Values::Rows(right)) => {
            for (t, &b) in target.iter_mut().zip(right) {
                *t = O::of(a, b);
            }
        }
        (Values::Splat(a), Values::Splat(b)) => target.fill(O::of(a, b)),
    }
}
