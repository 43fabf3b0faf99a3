//! Columns cut into tasks that keep all threads busy.

use std::sync::{Mutex, PoisonError};

use parhelion_scheduler::{Executor, ExecutorExt};

use super::digits::{Class, Signed, best_window, classify, pass_cost, windows};
use super::window::Workspace;
use crate::contract::{Backend, Slot};
use crate::{Affine, CurveSpec, Fp, Projective};

/// Tasks wanted for each thread, so that the last to finish is not far behind.
const TASKS_PER_THREAD: usize = 4;

/// Some scalars of a class, for one window.
struct Task<'a> {
    /// Which column, and which class of it.
    class: (usize, usize),
    scalars: &'a [Signed],
    /// Bits per window.
    window: u32,
    /// Which window, lowest first.
    index: u32,
    cost: u64,
}

/// Σ scalars\[i\]·bases\[i\] for each column.
pub(super) fn sum_columns<C: CurveSpec, B: Backend>(
    backend: B,
    executor: &dyn Executor,
    bases: &[Affine<C>],
    columns: &[&[Fp<C::Scalar>]],
) -> Vec<Projective<C>> {
    let longest = columns.iter().map(|column| column.len()).max().unwrap_or(0);
    // Each is read once a window, in no order.
    let bases: Vec<Slot<C>> = bases[..longest].iter().map(|base| Slot(*base)).collect();
    // Enough columns at a time to even out, few enough that their sorted scalars take little memory.
    let wave = if executor.threads() == 1 { 1 } else { 2 * executor.threads() };
    // As many workspaces as tasks run at once, handed from task to task.
    let idle: Mutex<Vec<Workspace<C, B>>> = Mutex::new(Vec::new());
    let sum_wave = |columns: &[&[Fp<C::Scalar>]]| {
        let classes: Vec<Vec<Class>> = executor.map(columns.len(), |index| classify(backend, columns[index]));
        let tasks = cut(&classes, executor.threads());
        // The costliest first, so that small ones fill the gaps at the end.
        let mut order: Vec<usize> = (0..tasks.len()).collect();
        order.sort_by_key(|task| std::cmp::Reverse(tasks[*task].cost));
        let mut sums = vec![Projective::IDENTITY; tasks.len()];
        let sums_in_order = executor.map(tasks.len(), |position| {
            let Task { scalars, window, index, .. } = tasks[order[position]];
            let found = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut workspace = found.unwrap_or_else(|| Workspace::new(backend));
            let sum = workspace.sum(&bases, scalars, index, window);
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(workspace);
            sum
        });
        order.into_iter().zip(sums_in_order).for_each(|(task, sum)| sums[task] = sum);
        join(&tasks, &sums, columns.len())
    };
    columns.chunks(wave).flat_map(sum_wave).collect()
}

/// The tasks of all columns: those of a column are neighbours, and among them those of a class,
/// lowest window first, and among them the pieces of a window.
fn cut(classes: &[Vec<Class>], threads: usize) -> Vec<Task<'_>> {
    let ids =
        classes.iter().enumerate().flat_map(|(column, of)| (0..of.len()).map(move |class| (column, class)));
    let all = || ids.clone().map(|id| (id, &classes[id.0][id.1]));
    let cost = |class: &Class| {
        pass_cost(class.scalars.len(), class.bits, best_window(class.scalars.len(), class.bits))
    };
    let share = all().map(|(_, class)| cost(class)).sum::<u64>() / (TASKS_PER_THREAD * threads) as u64 + 1;
    let mut tasks = Vec::new();
    for (id, class) in all() {
        let count = class.scalars.len();
        let window = best_window(count, class.bits);
        let windows = windows(class.bits, window);
        // A window is cut in pieces where it alone would be more than a thread's share, but not so
        // small that joining the buckets costs as much as filling them.
        let wanted = (cost(class) / u64::from(windows)).div_ceil(share) as usize;
        let pieces = if threads == 1 { 1 } else { wanted.clamp(1, (count >> (window + 1)).max(1)) };
        let len = count.div_ceil(pieces);
        for index in 0..windows {
            let pieces = class.scalars.chunks(len);
            tasks.extend(pieces.map(|scalars| {
                let cost = pass_cost(scalars.len(), window, window);
                Task { class: id, scalars, window, index, cost }
            }));
        }
    }
    tasks
}

/// The sums of whole columns from those of their tasks.
fn join<C: CurveSpec>(tasks: &[Task<'_>], sums: &[Projective<C>], columns: usize) -> Vec<Projective<C>> {
    let mut results = vec![Projective::IDENTITY; columns];
    // Of the windows of the class so far, the highest first, by Horner's rule.
    let mut sum = Projective::IDENTITY;
    for (position, (task, piece)) in tasks.iter().zip(sums).enumerate().rev() {
        sum += *piece;
        let below = position.checked_sub(1).map(|below| &tasks[below]);
        match below {
            Some(below) if below.class == task.class && below.index == task.index => {}
            Some(below) if below.class == task.class => sum = shift(sum, task.window),
            _ => results[task.class.0] += std::mem::take(&mut sum),
        }
    }
    results
}

/// 2^bits·point.
fn shift<C: CurveSpec>(point: Projective<C>, bits: u32) -> Projective<C> {
    if point.is_identity() { point } else { (0..bits).fold(point, |point, _| point.double()) }
}
