//! Commitments to columns that are complete while others are still being synthesised.
//!
//! A circuit is synthesised on the thread that asked for the proof, and the executor's threads would have nothing to
//! do meanwhile. So a column that the witness closes is committed to and packed there, if one of them is free. A circuit may
//! turn back to it all the same: then it is committed to anew.
//!
//! ```text
//!  Witness::close_oldest ──values──▶ a task of the executor's
//!        ▲                             │
//!        ├──────── packed column ──────┤
//!  commit_phase ◀──── commitment ──────┘
//! ```

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::mem::take;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::panicking;
use std::time::Duration;

use parhelion_field_kernels::{Bases, CurveSpec, FieldSpec, Kernels, Projective};
use parhelion_scheduler::{Spawn, checkpoint};

use crate::Error;
use crate::memory::{Buffer, Memory};
use crate::storage::Stored;

/// A column with its number, packed.
type Returned<S> = Result<(usize, Stored<S>), Error>;

/// What columns are committed to with, one at a time.
#[derive(Debug)]
pub(crate) struct Means<'a, C: CurveSpec> {
    pub(crate) bases: Bases<'a, C>,
    pub(crate) memory: &'a Memory,
    /// For one thread.
    pub(crate) alone: &'a Kernels,
}

impl<C: CurveSpec> Clone for Means<'_, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C: CurveSpec> Copy for Means<'_, C> {}

/// What is done ahead in a proof: the columns that wait for it, and commitments by the numbers of their columns.
#[derive(Debug)]
pub(crate) struct Ahead<C: CurveSpec> {
    queue: Mutex<Queue<C::Scalar>>,
    commitments: Mutex<HashMap<usize, Projective<C>>>,
}

/// Columns that wait, and how many tasks there are that take them.
#[derive(Debug)]
struct Queue<S: FieldSpec> {
    columns: VecDeque<Waiting<S>>,
    tasks: usize,
}

#[derive(Debug)]
struct Waiting<S: FieldSpec> {
    index: usize,
    values: Buffer<S>,
    back: Back<S>,
}

impl<C: CurveSpec> Default for Ahead<C> {
    fn default() -> Self {
        let queue = Mutex::new(Queue { columns: VecDeque::new(), tasks: 0 });
        Self { queue, commitments: Mutex::default() }
    }
}

impl<C: CurveSpec> Ahead<C> {
    /// The commitments that are new.
    pub(crate) fn take(&self) -> HashMap<usize, Projective<C>> {
        take(&mut lock(&self.commitments))
    }

    /// Commits to columns and packs them, until none waits.
    fn work(&self, Means { bases, memory, alone }: Means<'_, C>) {
        let _left = Left(self);
        while let Some(Waiting { index, values, mut back }) = self.next() {
            if let [commitment] = alone.msm_columns_of(bases, &[&*values])[..] {
                lock(&self.commitments).insert(index, commitment);
            }
            back.send(Stored::pack(alone, memory, values).map(|stored| (index, stored)));
        }
    }

    /// The column that has waited longest. If there is none, a task ends.
    fn next(&self) -> Option<Waiting<C::Scalar>> {
        let mut queue = lock(&self.queue);
        let next = queue.columns.pop_front();
        queue.tasks -= usize::from(next.is_none());
        next
    }
}

/// Lets go of the columns that wait when the task that would have taken them unwinds: nobody waits for them in vain.
struct Left<'a, C: CurveSpec>(&'a Ahead<C>);

impl<C: CurveSpec> Drop for Left<'_, C> {
    fn drop(&mut self) {
        if panicking() {
            let mut queue = lock(&self.0.queue);
            queue.tasks -= 1;
            let columns = take(&mut queue.columns);
            drop(queue);
            drop(columns);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where a witness leaves columns, and gets them back from.
pub(crate) struct Outbox<'a, S: FieldSpec> {
    send: Box<dyn Fn(usize, Buffer<S>) + Send + 'a>,
    /// Does what was sent and nobody has begun; false if there is nothing.
    help: Box<dyn Fn() -> bool + Send + 'a>,
    returned: Receiver<Returned<S>>,
    /// Columns that are away, and how many may be.
    away: usize,
    most: usize,
}

/// An outbox of which `most` columns are taken at a time, half of them by a task each, the others to follow at once.
pub(crate) fn outbox<'a, 'scope: 'a, C: CurveSpec>(
    aside: &'a dyn Spawn<'scope>,
    means: Means<'scope, C>,
    ahead: &'scope Ahead<C>,
    most: usize,
) -> Outbox<'a, C::Scalar> {
    let (returns, returned) = channel();
    let send = move |index, values: Buffer<C::Scalar>| {
        let mut queue = lock(&ahead.queue);
        queue.columns.push_back(Waiting { index, values, back: Back { returns: Some(returns.clone()) } });
        if queue.tasks < most.div_ceil(2) {
            queue.tasks += 1;
            // The task may run here.
            drop(queue);
            aside.spawn(Box::new(move || ahead.work(means)));
        }
    };
    Outbox { send: Box::new(send), help: Box::new(move || aside.help()), returned, away: 0, most }
}

/// The way back of one column.
#[derive(Debug)]
struct Back<S: FieldSpec> {
    returns: Option<Sender<Returned<S>>>,
}

impl<S: FieldSpec> Back<S> {
    fn send(&mut self, column: Returned<S>) {
        if let Some(returns) = self.returns.take() {
            // Nobody waits for it where the proof has failed.
            let _ = returns.send(column);
        }
    }
}

impl<S: FieldSpec> Drop for Back<S> {
    /// Nobody waits for a column that does not come back: what its task was left with is on its way to the caller.
    fn drop(&mut self) {
        self.send(Err(Error::Cancelled));
    }
}

/// How long to wait for a column before looking whether the proof should end.
const LOOK: Duration = Duration::from_millis(10);

impl<S: FieldSpec> Outbox<'_, S> {
    /// Whether somebody is free to take a column.
    pub(crate) fn has_room(&self) -> bool {
        self.away < self.most
    }

    /// Sends a column, or gives it back if nobody is free to take it.
    pub(crate) fn send(&mut self, index: usize, column: Buffer<S>) -> Result<(), Buffer<S>> {
        if !self.has_room() {
            return Err(column);
        }
        self.away += 1;
        (self.send)(index, column);
        Ok(())
    }

    /// A column that has come back; waits for one if asked to. None if there is none to wait for.
    pub(crate) fn receive(&mut self, wait: bool) -> Result<Option<(usize, Stored<S>)>, Error> {
        let returned = loop {
            match self.returned.try_recv() {
                Ok(returned) => break returned,
                Err(_) if !wait || self.away == 0 => return Ok(None),
                Err(_) => {}
            }
            if !(self.help)()
                && let Ok(returned) = self.returned.recv_timeout(LOOK)
            {
                break returned;
            }
            checkpoint();
        };
        self.away -= 1;
        returned.map(Some)
    }
}

impl<S: FieldSpec> fmt::Debug for Outbox<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox").field("away", &self.away).field("most", &self.most).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parhelion_allocators::Pool;
    use parhelion_field_kernels::{Bn254Fr, Bn254FrSpec, Bn254G1Spec, Fp, KernelChoice};
    use parhelion_scheduler::{
        CancelToken, Control, Executor, ExecutorExt, Interruptible, Interruption, Sequential, WorkStealing,
    };

    use super::*;

    const N: usize = 64;

    fn column(memory: &Memory, seed: u64) -> Buffer<Bn254FrSpec> {
        let values: Vec<Bn254Fr> = (0..N as u64).map(|row| Fp::from_u64(seed * 1000 + row)).collect();
        memory.copy(&values).unwrap()
    }

    /// An outbox of an executor, and what it came to.
    fn with_outbox<R>(
        executor: Arc<dyn Executor>,
        control: &Control,
        test: impl FnOnce(Outbox<'_, Bn254FrSpec>, Means<'_, Bn254G1Spec>) -> R,
    ) -> (R, HashMap<usize, Projective<Bn254G1Spec>>) {
        let most = 2 * executor.threads();
        let executor = Interruptible::new(executor, Some(control.clone()));
        let alone = Kernels::new(KernelChoice::Auto, Arc::new(Sequential)).unwrap();
        let generator = Projective::from(Bn254G1Spec::generator());
        let powers: Vec<_> = (1..=N as u64).map(|i| generator.mul(Fp::from_u64(i))).collect();
        let (memory, bases) = (Memory::new(Pool::default().workspace(), 6), alone.normalize(&powers));
        let (means, ahead) =
            (Means { bases: bases[..].into(), memory: &memory, alone: &alone }, Ahead::default());
        let result = executor.alongside_of(|aside| test(outbox(aside, means, &ahead, most), means));
        (result, ahead.take())
    }

    fn executors() -> Vec<Arc<dyn Executor>> {
        vec![
            Arc::new(Sequential),
            Arc::new(WorkStealing::new(1).unwrap()),
            Arc::new(WorkStealing::new(3).unwrap()),
        ]
    }

    #[test]
    fn columns_come_back_packed_and_committed_to() {
        for executor in executors() {
            let (expected, commitments) =
                with_outbox(executor, &Control::default(), |mut outbox, Means { bases, memory, alone }| {
                    let (mut expected, mut back) = (Vec::new(), 0);
                    while back < 20 {
                        if expected.len() < 20 && outbox.has_room() {
                            let values = column(memory, expected.len() as u64);
                            let commitment = alone.msm_columns_of(bases, &[&*values]);
                            outbox.send(expected.len(), values).unwrap();
                            expected.extend(commitment);
                            continue;
                        }
                        let (index, stored) = outbox.receive(true).unwrap().unwrap();
                        let values = stored.unpack(alone, memory, N).unwrap();
                        assert_eq!(*values, *column(memory, index as u64));
                        back += 1;
                    }
                    assert!(outbox.receive(true).unwrap().is_none(), "none is away");
                    expected
                });
            for (index, expected) in expected.into_iter().enumerate() {
                let kernels = Kernels::sequential();
                let got = kernels.normalize(&[commitments[&index]]);
                assert_eq!(got, kernels.normalize(&[expected]), "column {index}");
            }
        }
    }

    #[test]
    fn nobody_waits_in_vain_for_a_column() {
        for executor in executors() {
            let token = CancelToken::new();
            let control = Control::default().with_token(token.clone());
            let work = || {
                with_outbox(Arc::clone(&executor), &control, |mut outbox, means| {
                    token.cancel();
                    (0..2).for_each(|index| _ = outbox.send(index, column(means.memory, 0)));
                    while outbox.receive(true).is_ok() {}
                })
            };
            assert_eq!(control.run(work).err(), Some(Interruption::Cancelled), "{executor:?}");
        }
    }
}
