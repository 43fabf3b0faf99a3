//! Columns cut into tasks that keep all threads busy.

use std::cmp::Reverse;

use bytemuck::{AnyBitPattern, NoUninit, Zeroable};

use super::classes::{self, CLASS_BITS, Class, Column, classify, column_lines};
use super::digits::{best_window, cost, pass_cost, windows};
use super::shifted::{Bases, Shifts};
use super::window;
use crate::contract::Backend;
use crate::parallel::{for_each_chunk_mut, for_each_mut};
use crate::scratch::{Carver, Lent, Line, lines_of};
use crate::{Affine, CurveSpec, Fp, Kernels, Projective};

/// Tasks wanted for each thread, so that the last to finish is not far behind.
const TASKS_PER_THREAD: usize = 4;

/// Bases are copied into whole cache lines if each is read that many times.
const COPY_FROM: u64 = 3;

/// Some scalars of a class, for some windows.
#[derive(Clone, Copy)]
#[repr(C)]
struct Task<C: CurveSpec> {
    cost: u64,
    /// Which column, and which class of it.
    column: u32,
    class: u32,
    /// Which scalars of the class.
    first: u32,
    count: u32,
    /// Bits per window.
    window: u32,
    /// Which windows, the lowest of all first, and how many. With a table, which pass, and how many windows are in it.
    index: u32,
    windows: u32,
    /// 1 if the table is used.
    shifted: u32,
    sum: Projective<C>,
}

// SAFETY: integers and points, which may be zero.
unsafe impl<C: CurveSpec> Zeroable for Task<C> {}
// SAFETY: 40 bytes of integers and a point of 128, all aligned to 8: no padding.
unsafe impl<C: CurveSpec> NoUninit for Task<C> {}
// SAFETY: integers and points of any value.
unsafe impl<C: CurveSpec> AnyBitPattern for Task<C> {}

/// How many columns are in work at a time: enough to even out, few enough that their sorted scalars take
/// little memory.
fn wave(threads: usize) -> usize {
    if threads == 1 { 1 } else { 2 * threads }
}

/// The most tasks of some columns.
fn most_tasks(columns: usize, threads: usize) -> usize {
    // Windows of two bits at least; and pieces of them, each more than a share but for the last.
    let windows: u32 = CLASS_BITS.iter().map(|bits| windows(*bits, 2)).sum();
    columns * windows as usize + TASKS_PER_THREAD * threads
}

/// Lines of memory for a wave of columns.
fn wave_lines<C: CurveSpec>(columns: usize, scalars: usize, threads: usize) -> usize {
    columns * column_lines(scalars) + lines_of::<Task<C>>(most_tasks(columns, threads))
}

/// The most lines of memory that columns of `scalars` scalars take.
pub(super) fn most_lines<C: CurveSpec, B: Backend>(
    _: B,
    threads: usize,
    scalars: usize,
    columns: usize,
    shifts: Option<Shifts>,
) -> usize {
    let columns = wave(threads).min(columns);
    let task = window::most_lines::<C, B>(scalars).max(classes::lines(scalars));
    let shifted = shifts.map_or(0, |shifts| window::most_shifted_lines::<C, B>(scalars, shifts));
    // Tables need not be copied.
    let copy = if shifts.is_some() { 0 } else { lines_of::<Affine<C>>(scalars) };
    copy + wave_lines::<C>(columns, scalars, threads) + threads * task.max(shifted)
}

/// Bases where they are, or a copy in whole cache lines.
struct Aligned<'a, C: CurveSpec> {
    original: &'a [Affine<C>],
    copy: Option<Lent<'a>>,
}

impl<'a, C: CurveSpec> Aligned<'a, C> {
    /// The bases, to be read by these tasks. A copy stays for later tasks.
    fn reading(&mut self, kernels: &'a Kernels, tasks: &[Task<C>]) -> &[Affine<C>] {
        let reads: u64 = tasks.iter().map(|task| u64::from(task.count)).sum();
        let count = self.original.len();
        let in_lines = self.original.as_ptr().addr().is_multiple_of(align_of::<Line>());
        if self.copy.is_none() && !in_lines && reads >= COPY_FROM * count as u64 {
            let mut lent = kernels.scratch().lend(lines_of::<Affine<C>>(count));
            lent.carver().cut(count).copy_from_slice(self.original);
            self.copy = Some(lent);
        }
        match &mut self.copy {
            Some(copy) => copy.carver().cut(count),
            None => self.original,
        }
    }
}

/// sums\[i\] = Σ scalars\[j\]·bases\[j\] for each column i.
pub(super) fn sum_columns<C: CurveSpec, B: Backend>(
    backend: B,
    kernels: &Kernels,
    bases: Bases<'_, C>,
    columns: &[&[Fp<C::Scalar>]],
    sums: &mut [Projective<C>],
) {
    let threads = kernels.threads();
    let longest = columns.iter().map(|column| column.len()).max().unwrap_or(0);
    let Bases { points, shifts } = bases;
    let original = if shifts.is_some() { points } else { &points[..longest] };
    let mut bases = (Aligned { original, copy: None }, shifts);
    let wave = wave(threads).min(columns.len()).max(1);
    let mut lent = kernels.scratch().lend(wave_lines::<C>(wave, longest, threads));
    for (columns, sums) in columns.chunks(wave).zip(sums.chunks_mut(wave)) {
        sum_wave(backend, kernels, &mut bases, columns, lent.carver(), sums);
    }
}

/// [`sum_columns`] for columns whose scalars are sorted at the same time.
fn sum_wave<'a, C: CurveSpec, B: Backend>(
    backend: B,
    kernels: &'a Kernels,
    (bases, shifts): &mut (Aligned<'a, C>, Option<Shifts>),
    columns: &[&[Fp<C::Scalar>]],
    mut carver: Carver<'_>,
    sums: &mut [Projective<C>],
) {
    let (executor, scratch) = (kernels.executor().as_ref(), kernels.scratch());
    let longest = columns.iter().map(|column| column.len()).max().unwrap_or(0);
    let memory = carver.cut::<Line>(columns.len() * column_lines(longest));
    for_each_chunk_mut(executor, memory, column_lines(longest), |index, memory| {
        let scalars = columns[index];
        scratch.with(classes::lines(scalars.len()), |carver| classify(backend, scalars, memory, carver));
    });
    let memory = &*memory;
    let column = |index: usize| {
        let memory = &memory[index * column_lines(longest)..][..column_lines(longest)];
        Column::read(memory, columns[index].len())
    };
    let room = carver.cut(most_tasks(columns.len(), executor.threads()));
    let shifts = *shifts;
    let count = cut(column, columns.len(), (executor.threads(), shifts), room);
    let tasks: &mut [Task<C>] = &mut room[..count];
    let bases = bases.reading(kernels, tasks);
    // The costliest first, so that small ones fill the gaps at the end.
    tasks.sort_unstable_by_key(|task| Reverse(task.cost));
    let of = |task: &Task<C>| {
        let column = column(task.column as usize);
        (column, column.classes[task.class as usize])
    };
    let lines = |task: &Task<C>| match task.shifted {
        0 => window::lines::<C, B>(task.count as usize, of(task).1, task.window, task.windows),
        _ => window::shifted_lines::<C, B>(task.count as usize, task.window, task.windows),
    };
    // Every thread has one block, whatever its tasks: blocks that grow leave gaps behind.
    let most = tasks.iter().map(lines).max().unwrap_or(0);
    for_each_mut(executor, tasks, |_, task| {
        let (column, class) = of(task);
        let scalars = column.piece(class, task.first, task.count);
        let range = task.index..task.index + task.windows;
        task.sum = scratch.with(most, |carver| match shifts.filter(|_| task.shifted == 1) {
            Some(shifts) => window::sum_shifted(backend, carver, (bases, shifts), scalars, task.index),
            None => window::sum(backend, carver, bases, scalars, range, task.window),
        });
    });
    tasks.sort_unstable_by_key(|task| (task.column, task.class, task.index, task.first));
    let tasks = &*tasks;
    for_each_mut(executor, sums, |column, sum| {
        let first = tasks.partition_point(|task| (task.column as usize) < column);
        let count = tasks[first..].partition_point(|task| task.column as usize == column);
        *sum = join(&tasks[first..][..count]);
    });
}

/// Writes the tasks of all columns, and tells how many there are.
fn cut<'a, C: CurveSpec>(
    column: impl Fn(usize) -> Column<'a>,
    columns: usize,
    (threads, shifts): (usize, Option<Shifts>),
    tasks: &mut [Task<C>],
) -> usize {
    let all = || {
        let classes =
            |index: usize| (0..).zip(*column(index).classes).map(move |of| (index as u32, of.0, of.1));
        (0..columns).flat_map(classes).filter(|(_, _, class)| class.count > 0)
    };
    // The table, for scalars that it is cheaper for: those of several windows.
    let shifts_of = |class: Class| {
        let (count, bits) = (class.count as usize, class.bits);
        shifts
            .filter(|shifts| windows(bits, shifts.window) > 1 && shifts.cost(count, bits) < cost(count, bits))
    };
    let of_class = |class: Class| {
        let (count, bits) = (class.count as usize, class.bits);
        shifts_of(class).map_or_else(|| cost(count, bits), |shifts| shifts.cost(count, bits))
    };
    let total: u64 = all().map(|(_, _, class)| of_class(class)).sum();
    let share = total / (TASKS_PER_THREAD * threads) as u64 + 1;
    let mut filled = 0;
    for (column, number, class) in all() {
        let count = class.count as usize;
        if let Some(shifts) = shifts_of(class) {
            let (window, passes) = (shifts.window, shifts.passes(class.bits));
            for index in 0..passes {
                let windows = shifts.windows_of(class.bits, index);
                let wanted = (of_class(class) / u64::from(passes)).div_ceil(share) as usize;
                let most = ((count * windows as usize) >> (window + 1)).clamp(1, count);
                let pieces = if threads == 1 { 1 } else { wanted.clamp(1, most) };
                let len = class.count.div_ceil(pieces as u32);
                for first in (0..class.count).step_by(len as usize) {
                    let count = len.min(class.count - first);
                    let cost = u64::from(count) * u64::from(windows) + (1 << (window - 1)) + 60;
                    let (class, sum) = (number, Projective::IDENTITY);
                    tasks[filled] =
                        Task { cost, column, class, first, count, window, index, windows, shifted: 1, sum };
                    filled += 1;
                }
            }
            continue;
        }
        let window = best_window(count, class.bits);
        let windows = windows(class.bits, window);
        // A window is cut in pieces where it alone would be more than a thread's share, but not so
        // small that joining the buckets costs as much as filling them.
        let wanted = (of_class(class) / u64::from(windows)).div_ceil(share) as usize;
        let pieces = if threads == 1 { 1 } else { wanted.clamp(1, (count >> (window + 1)).max(1)) };
        let len = class.count.div_ceil(pieces as u32);
        // Windows of few points go together, but no more of them than make a thread's share.
        let together = match (pieces, threads) {
            (1, 1) => window::together(count, window),
            (1, _) => {
                let share = (share * u64::from(windows)).div_ceil(of_class(class).max(1));
                window::together(count, window).min(u32::try_from(share).unwrap_or(u32::MAX))
            }
            _ => 1,
        };
        // As many in each task.
        let together = windows.div_ceil(windows.div_ceil(together));
        for index in (0..windows).step_by(together as usize) {
            let windows = together.min(windows - index);
            for first in (0..class.count).step_by(len as usize) {
                let count = len.min(class.count - first);
                let cost = u64::from(windows) * pass_cost(count as usize, window, window);
                let (class, sum) = (number, Projective::IDENTITY);
                tasks[filled] =
                    Task { cost, column, class, first, count, window, index, windows, shifted: 0, sum };
                filled += 1;
            }
        }
    }
    filled
}

/// The sum of a whole column from those of its tasks: those of a class are neighbours, lowest window first, and
/// among them the pieces of a window.
fn join<C: CurveSpec>(tasks: &[Task<C>]) -> Projective<C> {
    let mut column = Projective::IDENTITY;
    // Of the windows of the class so far, the highest first, by Horner's rule.
    let mut sum = Projective::IDENTITY;
    for (position, task) in tasks.iter().enumerate().rev() {
        sum += task.sum;
        match position.checked_sub(1).map(|below| &tasks[below]) {
            Some(below) if below.class == task.class => {
                sum = shift(sum, (task.index - below.index) * task.window);
            }
            _ => column += std::mem::take(&mut sum),
        }
    }
    column
}

/// 2^bits·point.
fn shift<C: CurveSpec>(point: Projective<C>, bits: u32) -> Projective<C> {
    if point.is_identity() { point } else { (0..bits).fold(point, |point, _| point.double()) }
}
