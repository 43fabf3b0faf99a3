//! Multi-scalar multiplication: sums of scalars times points.
//!
//! Pippenger's bucket method. Scalars are split by size (`digits.rs`), so that the small ones that
//! make up most witness columns cost a window or two; the points of a window are sorted by digit and
//! added up within their buckets in affine coordinates, many additions to an inversion (`tree.rs`);
//! the buckets are joined the same way (`window.rs`).

mod digits;
mod tree;
mod window;

use std::sync::{Mutex, PoisonError};

use parhelion_scheduler::ExecutorExt;

use crate::{Affine, CurveSpec, Fp, Kernels, Projective};
use digits::{Class, best_window, classify, windows};
use window::Workspace;

/// A column is cut into windows only where there are fewer columns than this for each thread.
const COLUMNS_PER_THREAD: usize = 3;

impl Kernels {
    /// Σ scalars[i]·bases[i]. Bases beyond the scalars are not used.
    ///
    /// # Panics
    /// If there are more scalars than bases, or 2^31 scalars or more.
    pub fn msm<C: CurveSpec>(&self, bases: &[Affine<C>], scalars: &[Fp<C::Scalar>]) -> Projective<C> {
        self.msm_columns(bases, &[scalars]).pop().unwrap_or_default()
    }

    /// [`msm`](Self::msm) of each column with the same bases. Threads work on whole columns where
    /// there are many, and on their windows where there are few.
    ///
    /// Each thread needs about three times the memory of the column it works on.
    ///
    /// # Panics
    /// If there are more scalars in a column than bases, or 2^31 scalars or more.
    pub fn msm_columns<C: CurveSpec>(
        &self,
        bases: &[Affine<C>],
        columns: &[&[Fp<C::Scalar>]],
    ) -> Vec<Projective<C>> {
        for column in columns {
            let (scalars, bases) = (column.len(), bases.len());
            assert!(scalars <= bases, "a column has {scalars} scalars for {bases} bases");
            assert!(scalars < 1 << 31, "a column has {scalars} scalars, 2^31 or more");
        }
        let executor = self.executor();
        // As many workspaces as tasks run at once, handed from task to task.
        let idle: Mutex<Vec<Workspace<C>>> = Mutex::new(Vec::new());
        let with_workspace = |task: &dyn Fn(&mut Workspace<C>) -> Projective<C>| {
            let found = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut workspace = found.unwrap_or_else(Workspace::new);
            let sum = task(&mut workspace);
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(workspace);
            sum
        };
        if columns.len() >= COLUMNS_PER_THREAD * executor.threads() || executor.threads() == 1 {
            return executor.map(columns.len(), |index| {
                let classes = classify(columns[index]);
                with_workspace(&|space| classes.iter().map(|class| sum_class(bases, class, space)).sum())
            });
        }

        let classes: Vec<Vec<Class>> = executor.map(columns.len(), |index| classify(columns[index]));
        let mut tasks = Vec::new();
        for (column, class) in classes.iter().enumerate().flat_map(|(i, c)| c.iter().map(move |c| (i, c))) {
            let window = best_window(class.scalars.len(), class.bits);
            tasks.extend((0..windows(class.bits, window)).map(|index| (column, class, window, index)));
        }
        let sums = executor.map(tasks.len(), |task| {
            let (_, class, window, index) = tasks[task];
            with_workspace(&|space| space.sum(bases, &class.scalars, index, window))
        });
        // The windows of a class are neighbours, lowest first: Horner's rule from the top.
        let mut results = vec![Projective::IDENTITY; columns.len()];
        let mut windows_above = Projective::IDENTITY;
        for ((column, _, window, index), sum) in tasks.into_iter().zip(sums).rev() {
            windows_above = shift(windows_above, window) + sum;
            if index == 0 {
                results[column] += std::mem::take(&mut windows_above);
            }
        }
        results
    }

    /// The points in affine coordinates, with one inversion for all.
    #[must_use]
    pub fn normalize<C: CurveSpec>(&self, points: &[Projective<C>]) -> Vec<Affine<C>> {
        let mut inverses: Vec<Fp<C::Base>> = points.iter().map(|point| point.zzz).collect();
        self.batch_invert(&mut inverses);
        points.iter().zip(inverses).map(|(point, inverse)| point.scaled_down(inverse)).collect()
    }
}

fn sum_class<C: CurveSpec>(
    bases: &[Affine<C>],
    class: &Class,
    workspace: &mut Workspace<C>,
) -> Projective<C> {
    let window = best_window(class.scalars.len(), class.bits);
    (0..windows(class.bits, window)).rev().fold(Projective::IDENTITY, |sum, index| {
        shift(sum, window) + workspace.sum(bases, &class.scalars, index, window)
    })
}

/// point * 2^bits
fn shift<C: CurveSpec>(point: Projective<C>, bits: u32) -> Projective<C> {
    if point.is_identity() { point } else { (0..bits).fold(point, |point, _| point.double()) }
}
