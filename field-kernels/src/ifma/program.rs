//! Running a program over tiles of 64 rows, eight rows at a time.
//!
//! Registers hold values times 2^260, so a product of two is again such a value, and a column is
//! loaded by a shift. Sums are not reduced: how large each value can get is known before the first row
//! is computed, and the few that could outgrow 2^260 are marked to be reduced. Scaled outputs are
//! summed up over a tile as unreduced products.

use parhelion_scheduler::checkpoint;

use super::field::Radix52;
use super::lanes::{Loose, Products, ProductsScratch, Scratch, Tight};
use super::{Ifma, with_features};
use crate::program::{Operand, Operation, Others, Program, Rows};
use crate::scratch::lines_of;
use crate::{FieldSpec, Fp};

/// Lanes of a register of the CPU.
const LANES: usize = 8;

/// Eights of rows a tile. A register of the program is then 2.5 KiB.
const EIGHTS: usize = 8;

/// Rows a tile.
const TILE: usize = LANES * EIGHTS;

/// Products that are summed up before they are reduced: 64-bit columns hold 400 and more.
const MAX_PRODUCTS: u32 = 400;

/// A bound on the value of a register, in multiples of p.
type Bound = u32;

/// An operand, and whether it must be reduced before it is used.
#[derive(Clone, Copy, Debug)]
struct Input {
    operand: Operand,
    reduce: bool,
}

/// An instruction that cannot overflow.
#[derive(Clone, Debug)]
struct Step {
    operation: Operation,
    target: u32,
    left: Input,
    right: Input,
    /// What keeps a difference from being negative.
    offset: [u64; 5],
}

/// An output that cannot overflow.
#[derive(Clone, Debug)]
struct Write {
    after: usize,
    column: u32,
    value: Input,
    scale: Option<u32>,
    /// Whether the sum must be reduced before this product is added.
    flush: bool,
}

/// The highest bound that stays below 2^260.
const fn limit<S: FieldSpec>() -> Bound {
    Radix52::<S>::CAPACITY
}

/// The steps and outputs of a program, given what columns and uniforms are bounded by.
#[derive(Clone, Debug, Default)]
pub(crate) struct LaneProgram {
    /// The field whose bounds these are.
    modulus: [u64; 4],
    steps: Vec<Step>,
    writes: Vec<Write>,
}

impl LaneProgram {
    /// For a program over the field `S`.
    pub(crate) fn new<S: FieldSpec>(program: &Program) -> Self {
        let (steps, writes) = plan::<S>(program);
        Self { modulus: S::MODULUS, steps, writes }
    }
}

fn plan<S: FieldSpec>(program: &Program) -> (Vec<Step>, Vec<Write>) {
    let mut bounds = vec![0; program.registers];
    let mut sums = vec![(0, 0); program.output_columns];
    let mut stores = program.stores.iter().peekable();
    let (mut steps, mut writes) = (Vec::new(), Vec::new());
    for done in 0..=program.instructions.len() {
        let bound = |bounds: &[Bound], operand| match operand {
            Operand::Column { .. } => 16,
            Operand::Uniform(_) => 1,
            Operand::Register(index) => bounds[index as usize],
        };
        while let Some(store) = stores.next_if(|store| store.after == done) {
            let bound = bound(&bounds, store.value);
            let (count, sum) = &mut sums[store.column as usize];
            // The sum times p over 2^260, and p more by its reduction, and p more of the column.
            let flush = *count == MAX_PRODUCTS || (*sum + bound) / limit::<S>() + 3 > limit::<S>();
            match store.scale {
                Some(_) if !flush => (*count, *sum) = (*count + 1, *sum + bound),
                Some(_) => (*count, *sum) = (1, bound),
                None => (*count, *sum) = (0, 0),
            }
            writes.push(Write {
                after: done,
                column: store.column,
                value: Input { operand: store.value, reduce: false },
                scale: store.scale,
                flush,
            });
        }
        let Some(instruction) = program.instructions.get(done) else { continue };
        let mut inputs =
            [instruction.left, instruction.right].map(|operand| (operand, bound(&bounds, operand)));
        let bound_of = |[(_, a), (_, b)]: [(Operand, Bound); 2]| match instruction.operation {
            Operation::Mul => a * b / limit::<S>() + 2,
            Operation::Add | Operation::Sub => a + b,
        };
        let mut reduce = [false; 2];
        while bound_of(inputs) > limit::<S>() {
            let larger = usize::from(inputs[1].1 > inputs[0].1);
            (reduce[larger], inputs[larger].1) = (true, 1);
        }
        let [left, right] = [0, 1].map(|side| Input { operand: inputs[side].0, reduce: reduce[side] });
        bounds[instruction.target as usize] = bound_of(inputs);
        let offset = Radix52::<S>::multiple(u64::from(inputs[1].1));
        steps.push(Step {
            operation: instruction.operation,
            target: instruction.target,
            left,
            right,
            offset,
        });
    }
    (steps, writes)
}

/// Eights of rows in limbs, or the same value for all.
#[derive(Clone, Copy)]
struct Values<'a> {
    first: &'a [Scratch],
    /// 1, or 0 if there is one value for all.
    step: usize,
}

/// The registers of one task.
struct Machine<'a, S: FieldSpec> {
    token: Ifma,
    columns: &'a [&'a [Fp<S>]],
    uniforms: &'a [Scratch],
    /// One tile each.
    registers: &'a mut [Scratch],
    /// Columns in limbs, one for each side of an instruction.
    loaded: [&'a mut [Scratch]; 2],
    /// Room for rows that wrap around the end of their column.
    wrapped: [Fp<S>; TILE],
}

/// Runs `program` on some rows.
pub(super) fn run_rows<S: FieldSpec>(
    token: Ifma,
    scratch: &crate::Scratch,
    program: &Program,
    columns: &[&[Fp<S>]],
    uniforms: &[Fp<S>],
    outputs: &mut Rows<'_, S>,
) {
    let (fresh, lanes);
    if program.lanes.modulus == S::MODULUS {
        lanes = &program.lanes;
    } else {
        // Built with the constants of another field.
        fresh = LaneProgram::new::<S>(program);
        lanes = &fresh;
    }
    let registers = EIGHTS * (program.registers + 2);
    let lines = lines_of::<Scratch>(uniforms.len() + registers)
        + lines_of::<ProductsScratch>(EIGHTS * program.output_columns)
        + lines_of::<u8>(program.output_columns);
    scratch.with(lines, |carver| {
        let limbs = carver.cut(uniforms.len());
        load_uniforms(token, uniforms, limbs);
        let registers = carver.cut(EIGHTS * program.registers);
        let loaded = [carver.cut(EIGHTS), carver.cut(EIGHTS)];
        let sums = carver.cut(EIGHTS * program.output_columns);
        let used = carver.cut_filled(program.output_columns, 0);
        let wrapped = [Fp::ZERO; TILE];
        let mut machine = Machine { token, columns, uniforms: limbs, registers, loaded, wrapped };
        run_tiles(token, &mut machine, lanes, uniforms, outputs, sums, used);
    });
}

with_features! {
    /// Times 16, reduced: times 2^260.
    fn load_uniforms<S: FieldSpec>(token: Ifma, uniforms: &[Fp<S>], limbs: &mut [Scratch]) {
        for (limbs, uniform) in limbs.iter_mut().zip(uniforms) {
            token.splat_shifted(*uniform).canonical().to_scratch(limbs);
        }
    }
}

with_features! {
    /// Runs the program on tile after tile.
    fn run_tiles<S: FieldSpec>(
        token: Ifma,
        machine: &mut Machine<'_, S>,
        lanes: &LaneProgram,
        uniforms: &[Fp<S>],
        outputs: &mut Rows<'_, S>,
        sums: &mut [ProductsScratch],
        used: &mut [u8],
    ) {
        let LaneProgram { steps, writes, .. } = lanes;
        let sums = sums.as_chunks_mut::<EIGHTS>().0;
        let range = outputs.range();
        for first in range.clone().step_by(TILE) {
            if (first - range.start).is_multiple_of(16 * TILE) {
                checkpoint();
            }
            let len = TILE.min(range.end - first);
            let eights = len.div_ceil(LANES);
            let mut writes = writes.iter().peekable();
            for done in 0..=steps.len() {
                while let Some(write) = writes.next_if(|write| write.after == done) {
                    let column = write.column as usize;
                    let value = machine.read(write.value, first, len);
                    let target = outputs.column(column, first, len);
                    let Some(scale) = write.scale else {
                        overwrite(token, value, target);
                        used[column] = 0;
                        continue;
                    };
                    if write.flush && used[column] != 0 {
                        flush(token, &sums[column], target);
                        used[column] = 0;
                    }
                    let scale = token.splat_element(uniforms[scale as usize]);
                    accumulate(token, value, scale, &mut sums[column][..eights], used[column] == 0);
                    used[column] = 1;
                }
                if let Some(step) = steps.get(done) {
                    machine.step(step, first, len);
                }
            }
            for (column, (sums, used)) in sums.iter().zip(&mut *used).enumerate() {
                if std::mem::take(used) != 0 {
                    flush(token, sums, outputs.column(column, first, len));
                }
            }
        }
    }
}

impl<S: FieldSpec> Machine<'_, S> {
    /// Runs a step on `len` rows from row `first` on.
    #[inline(always)]
    fn step(&mut self, step: &Step, first: usize, len: usize) {
        let (token, eights) = (self.token, len.div_ceil(LANES));
        self.load(0, step.left, first, len);
        self.load(1, step.right, first, len);
        // The target is neither operand.
        let (target, registers) = Others::split(self.registers, step.target, EIGHTS);
        let (uniforms, [first, second]) = (self.uniforms, &self.loaded);
        let (left, right) =
            (values(step.left, uniforms, registers, first), values(step.right, uniforms, registers, second));
        let target_eights = target[..eights].iter_mut().enumerate();
        match step.operation {
            Operation::Mul => target_eights.for_each(|(index, target)| {
                multiply::<S>(token, left.at(index), right.at(index), target);
            }),
            Operation::Add => target_eights.for_each(|(index, target)| {
                add::<S>(token, left.at(index), right.at(index), target);
            }),
            Operation::Sub => {
                let offset = token.splat_limbs::<S>(step.offset);
                target_eights.for_each(|(index, target)| {
                    subtract::<S>(token, left.at(index), right.at(index), offset, target);
                });
            }
        }
    }

    #[inline(always)]
    fn read(&mut self, input: Input, first: usize, len: usize) -> Values<'_> {
        self.load(0, input, first, len);
        values(input, self.uniforms, Others::all(self.registers, EIGHTS), self.loaded[0])
    }

    /// Brings an operand that is a column, or that must be reduced, into limbs.
    #[inline(always)]
    fn load(&mut self, side: usize, input: Input, first: usize, len: usize) {
        let token = self.token;
        match input.operand {
            Operand::Column { index, rotation } => {
                let Self { columns, wrapped, loaded, .. } = self;
                let column = columns[index as usize];
                let start = (first as i64 + i64::from(rotation)).rem_euclid(column.len() as i64) as usize;
                let rows = match column.get(start..start + len) {
                    Some(rows) if len.is_multiple_of(LANES) => rows.as_chunks::<LANES>().0,
                    _ => {
                        for (offset, cell) in wrapped[..len].iter_mut().enumerate() {
                            *cell = column[(start + offset) % column.len()];
                        }
                        wrapped.as_chunks::<LANES>().0
                    }
                };
                for (rows, loaded) in rows.iter().zip(loaded[side].iter_mut()) {
                    load_eight(token, rows, input.reduce, loaded);
                }
            }
            Operand::Register(index) if input.reduce => {
                let register = &self.registers[index as usize * EIGHTS..][..EIGHTS];
                for (value, loaded) in register.iter().zip(self.loaded[side].iter_mut()) {
                    Tight::<S>::from_scratch(token, value).canonical().to_scratch(loaded);
                }
            }
            _ => {}
        }
    }
}

/// An operand that has been loaded, if it had to be.
#[inline(always)]
fn values<'a>(
    input: Input,
    uniforms: &'a [Scratch],
    registers: Others<'a, Scratch>,
    loaded: &'a [Scratch],
) -> Values<'a> {
    match input.operand {
        Operand::Uniform(index) => Values { first: &uniforms[index as usize..], step: 0 },
        Operand::Register(index) if !input.reduce => Values { first: registers.at(index), step: 1 },
        _ => Values { first: loaded, step: 1 },
    }
}

impl<'a> Values<'a> {
    #[inline(always)]
    fn at(self, index: usize) -> &'a Scratch {
        &self.first[index * self.step]
    }
}

#[inline(always)]
fn load_eight<S: FieldSpec>(token: Ifma, rows: &[Fp<S>; LANES], reduce: bool, to: &mut Scratch) {
    let value = Tight::load_shifted(token, rows);
    (if reduce { value.canonical() } else { value }).to_scratch(to);
}

#[inline(always)]
fn multiply<S: FieldSpec>(token: Ifma, left: &Scratch, right: &Scratch, target: &mut Scratch) {
    let (left, right) = (Tight::<S>::from_scratch(token, left), Tight::from_scratch(token, right));
    left.mul(right).carry().to_scratch(target);
}

#[inline(always)]
fn add<S: FieldSpec>(token: Ifma, left: &Scratch, right: &Scratch, target: &mut Scratch) {
    let (left, right) = (Loose::<S>::from_scratch(token, left), Loose::from_scratch(token, right));
    (left + right).carry().to_scratch(target);
}

#[inline(always)]
fn subtract<S: FieldSpec>(
    token: Ifma,
    left: &Scratch,
    right: &Scratch,
    offset: Tight<S>,
    target: &mut Scratch,
) {
    let (left, right) = (Loose::<S>::from_scratch(token, left), Loose::from_scratch(token, right));
    (left - right + offset.loose()).carry().to_scratch(target);
}

/// sum += value·scale, or sum = value·scale if it is `fresh`.
#[inline(always)]
fn accumulate<S: FieldSpec>(
    token: Ifma,
    value: Values<'_>,
    scale: Tight<S>,
    sums: &mut [ProductsScratch],
    fresh: bool,
) {
    for (index, sum) in sums.iter_mut().enumerate() {
        let value = Tight::from_scratch(token, value.at(index));
        let before = if fresh { Products::none(token) } else { Products::from_scratch(token, sum) };
        before.plus(value, scale).to_scratch(sum);
    }
}

/// Adds the sums to the column.
#[inline(always)]
fn flush<S: FieldSpec>(token: Ifma, sums: &[ProductsScratch; EIGHTS], target: &mut [Fp<S>]) {
    let (eights, rest) = target.as_chunks_mut::<LANES>();
    for (sum, rows) in sums.iter().zip(eights.iter_mut()) {
        flush_eight(token, sum, rows);
    }
    if !rest.is_empty() {
        let mut padded = [Fp::ZERO; LANES];
        padded[..rest.len()].copy_from_slice(rest);
        flush_eight(token, &sums[eights.len()], &mut padded);
        rest.copy_from_slice(&padded[..rest.len()]);
    }
}

#[inline(always)]
fn flush_eight<S: FieldSpec>(token: Ifma, sum: &ProductsScratch, rows: &mut [Fp<S>; LANES]) {
    let sum = Products::<S>::from_scratch(token, sum).reduce();
    (sum + Tight::load(token, rows).loose()).store(rows);
}

/// Overwrites the column with the value.
#[inline(always)]
fn overwrite<S: FieldSpec>(token: Ifma, value: Values<'_>, target: &mut [Fp<S>]) {
    let (eights, rest) = target.as_chunks_mut::<LANES>();
    for (index, rows) in eights.iter_mut().enumerate() {
        overwrite_eight(token, value.at(index), rows);
    }
    if !rest.is_empty() {
        let mut padded = [Fp::ZERO; LANES];
        overwrite_eight(token, value.at(eights.len()), &mut padded);
        rest.copy_from_slice(&padded[..rest.len()]);
    }
}

#[inline(always)]
fn overwrite_eight<S: FieldSpec>(token: Ifma, value: &Scratch, rows: &mut [Fp<S>; LANES]) {
    // Times 2^256 over 2^260.
    Tight::<S>::from_scratch(token, value).mul(token.splat_element(Fp::ONE)).store(rows);
}
