//! Commitments to columns that are complete while others are still being synthesised.
//!
//! A circuit is synthesised on the thread that asked for the proof, and the executor's threads would have nothing to
//! do meanwhile. So a column that the witness closes is committed to and packed there, if one of them is free. A circuit may
//! turn back to it all the same: then it is committed to anew.
//!
//! ```text
//!  Witness::close_oldest ──values──▶ run ──▶ executor
//!        ▲                             │
//!        ├──────── packed column ──────┤
//!  commit_phase ◀──── commitment ──────┘
//! ```

use std::collections::HashMap;
use std::iter::once;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use parhelion_field_kernels::{Affine, CurveSpec, FieldSpec, Kernels, Projective};
use parhelion_scheduler::{Control, ExecutorExt, Sequential};

use crate::Error;
use crate::memory::{Buffer, Memory};
use crate::storage::Stored;

/// A column and its number.
type Sent<S> = (usize, Buffer<S>);
type Returned<S> = Result<(usize, Stored<S>), Error>;

/// Commitments by the numbers of their columns.
#[derive(Debug)]
pub(crate) struct Commitments<C: CurveSpec>(Mutex<HashMap<usize, Projective<C>>>);

impl<C: CurveSpec> Default for Commitments<C> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<C: CurveSpec> Commitments<C> {
    fn insert(&self, column: usize, commitment: Projective<C>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(column, commitment);
    }

    /// The commitment to a column, if there is one.
    pub(crate) fn take(&self, column: usize) -> Option<Projective<C>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&column)
    }
}

/// Where a witness leaves columns, and gets them back from.
#[derive(Debug)]
pub(crate) struct Outbox<S: FieldSpec> {
    columns: Sender<Sent<S>>,
    returned: Receiver<Returned<S>>,
    /// Columns that are away, and how many may be.
    away: usize,
    most: usize,
}

/// The other side.
#[derive(Debug)]
pub(crate) struct Inbox<S: FieldSpec> {
    columns: Receiver<Sent<S>>,
    returned: Sender<Returned<S>>,
}

/// Both sides, for `most` columns at a time.
pub(crate) fn boxes<S: FieldSpec>(most: usize) -> (Outbox<S>, Inbox<S>) {
    let (columns, inbox) = channel();
    let (returns, returned) = channel();
    (Outbox { columns, returned, away: 0, most }, Inbox { columns: inbox, returned: returns })
}

impl<S: FieldSpec> Outbox<S> {
    /// Sends a column, or gives it back if nobody is free to take it.
    pub(crate) fn send(&mut self, index: usize, column: Buffer<S>) -> Result<(), Buffer<S>> {
        if self.away == self.most {
            return Err(column);
        }
        self.columns.send((index, column)).map_err(|refused| refused.0.1)?;
        self.away += 1;
        Ok(())
    }

    /// A column that has come back; waits for one if asked to. None if there is none to wait for.
    pub(crate) fn receive(&mut self, wait: bool) -> Result<Option<(usize, Stored<S>)>, Error> {
        let returned = match wait && self.away > 0 {
            // If the other side has gone, it was by a panic, which is on its way to the caller.
            true => self.returned.recv().unwrap_or(Err(Error::Cancelled)),
            false => match self.returned.try_recv() {
                Ok(returned) => returned,
                Err(_) => return Ok(None),
            },
        };
        self.away -= 1;
        returned.map(Some)
    }
}

/// Commits to columns, and packs them, on the threads of `kernels`, until the outbox is dropped or the
/// proof ends.
pub(crate) fn run<C: CurveSpec>(
    (kernels, memory): (&Kernels, &Memory),
    control: &Control,
    bases: &[Affine<C>],
    inbox: Inbox<C::Scalar>,
    commitments: &Commitments<C>,
) {
    let Inbox { columns, returned } = inbox;
    let executor = kernels.executor();
    let alone = kernels.with_executor(Arc::new(Sequential));
    while let Ok(first) = columns.recv() {
        let batch: Vec<Sent<C::Scalar>> = once(first).chain(columns.try_iter()).collect();
        let work = |_, (index, values): Sent<C::Scalar>| {
            if let [commitment] = alone.msm_columns(bases, &[&*values])[..] {
                commitments.insert(index, commitment);
            }
            let stored = Stored::pack(&alone, memory, values);
            // Nobody waits for it where the proof has failed.
            let _ = returned.send(stored.map(|stored| (index, stored)));
        };
        if let Err(interruption) = control.run(|| executor.enter_pool(|| executor.for_each(batch, work))) {
            let _ = returned.send(Err(interruption.into()));
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use parhelion_allocators::Pool;
    use parhelion_field_kernels::{Bn254Fr, Bn254FrSpec, Bn254G1Spec, Fp, KernelChoice};
    use parhelion_scheduler::{CancelToken, Interruptible, WorkStealing};

    use super::*;

    const N: usize = 64;

    /// Both sides at work, and what the kernels and the commitments are.
    fn with_boxes(
        threads: usize,
        control: &Control,
        test: impl FnOnce(Outbox<Bn254FrSpec>, &Kernels, &Memory, &[Affine<Bn254G1Spec>]),
    ) -> Commitments<Bn254G1Spec> {
        let pool = Arc::new(WorkStealing::new(threads).unwrap());
        let executor = Interruptible::new(pool, Some(control.clone()));
        let kernels = Kernels::new(KernelChoice::Auto, Arc::new(executor)).unwrap();
        let memory = Memory::new(Pool::default().workspace(), 6);
        let powers: Vec<Projective<Bn254G1Spec>> =
            (1..=N as u64).map(|i| Projective::from(Bn254G1Spec::generator()).mul(Fp::from_u64(i))).collect();
        let bases = kernels.normalize(&powers);
        let commitments = Commitments::default();
        thread::scope(|scope| {
            let (outbox, inbox) = boxes(threads - 1);
            scope.spawn(|| run((&kernels, &memory), control, &bases, inbox, &commitments));
            test(outbox, &kernels, &memory, &bases);
        });
        commitments
    }

    fn column(memory: &Memory, seed: u64) -> Buffer<Bn254FrSpec> {
        let values: Vec<Bn254Fr> = (0..N as u64).map(|row| Fp::from_u64(seed * 1000 + row)).collect();
        memory.copy(&values).unwrap()
    }

    #[test]
    fn columns_come_back_packed_and_committed_to() {
        for threads in [2, 4] {
            let mut expected = Vec::new();
            let commitments =
                with_boxes(threads, &Control::default(), |mut outbox, kernels, memory, bases| {
                    let (mut next, mut back) = (0, 0);
                    while back < 20 {
                        let values = column(memory, next);
                        let commitment = kernels.msm_columns(bases, &[&*values]);
                        if next < 20 && outbox.send(next as usize, values).is_ok() {
                            expected.extend(commitment);
                            next += 1;
                            assert!(outbox.away < threads);
                            continue;
                        }
                        let (index, stored) = outbox.receive(true).unwrap().unwrap();
                        let values = stored.unpack(kernels, memory, N).unwrap();
                        assert_eq!(*values, *column(memory, index as u64), "{threads} threads");
                        back += 1;
                    }
                    assert!(outbox.receive(true).unwrap().is_none(), "none is away");
                });
            for (index, expected) in expected.into_iter().enumerate() {
                let got = commitments.take(index).unwrap();
                let kernels = Kernels::sequential();
                assert_eq!(kernels.normalize(&[got]), kernels.normalize(&[expected]), "column {index}");
            }
        }
    }

    #[test]
    fn the_end_of_a_proof_comes_back_too() {
        let token = CancelToken::new();
        let control = Control::default().with_token(token.clone());
        with_boxes(2, &control, |mut outbox, _, memory, _| {
            token.cancel();
            outbox.send(0, column(memory, 0)).unwrap();
            assert!(matches!(outbox.receive(true), Err(Error::Cancelled)));
        });
    }
}
