//! What all stages of one proof share.

use std::cell::Cell;
use std::collections::HashMap;

use parhelion_field_kernels::{CurveSpec, Fp, Kernels, Projective};
use parhelion_scheduler::{Control, ExecutorExt};

use crate::Error;
use crate::key::Key;
use crate::memory::Memory;
use crate::observer::{Observer, Stage, watched};
use crate::plan::ProofPlan;
use crate::stages::opening::Poly;
use crate::stages::synthesis::Taken;
use crate::storage::Reader;
use crate::transcript::{Blinding, ProofTranscript};

/// Values of the stock prover's that it does not draw from the caller's randomness, to be used
/// instead of our own. For comparisons byte by byte.
#[derive(Debug)]
pub(crate) struct Replay<'a, C: CurveSpec> {
    /// The random polynomial of the vanishing argument.
    pub(crate) random_poly: &'a [Fp<C::Scalar>],
    /// (A', S') with their blinded rows, by circuit, then lookup.
    pub(crate) permuted_lookups: Vec<Replayed<'a, C::Scalar>>,
}

/// A' and S' of a lookup.
pub(crate) type Replayed<'a, S> = (&'a [Fp<S>], &'a [Fp<S>]);

/// What the stages of a proof compute with, on whatever thread: all of a session that does not stay where the
/// proof was asked for.
#[derive(Debug)]
pub(crate) struct Tools<'a, C: CurveSpec> {
    pub(crate) kernels: &'a Kernels,
    pub(crate) memory: &'a Memory,
    pub(crate) key: &'a Key<'a, C>,
}

impl<C: CurveSpec> Clone for Tools<'_, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C: CurveSpec> Copy for Tools<'_, C> {}

impl<'a, C: CurveSpec> Tools<'a, C> {
    /// Runs `work` on a thread of the executor. Its loops need no hand-over there, and what is between them is not
    /// done by a thread more than there are: a stage does as much as it can in one call.
    pub(crate) fn inside<R: Send>(self, work: impl FnOnce() -> R + Send) -> R {
        self.kernels.executor().enter_pool(work)
    }

    /// Reads the columns of the key and of the proof.
    pub(crate) fn reader(self) -> Reader<'a, C::Scalar> {
        self.key.reader(self.kernels, self.memory)
    }
}

/// One proof in the making.
pub(crate) struct Session<'a, C: CurveSpec> {
    pub(crate) kernels: &'a Kernels,
    pub(crate) memory: &'a Memory,
    pub(crate) key: &'a Key<'a, C>,
    pub(crate) plan: ProofPlan,
    /// The limit that the memory is under, in bytes.
    pub(crate) limit: usize,
    /// Whether it is so much that no plan takes more.
    pub(crate) ample: bool,
    /// Whether there are no commitments: the columns are only looked at.
    pub(crate) rehearsal: bool,
    /// What synthesis took.
    pub(crate) taken: Taken,
    pub(crate) observer: &'a dyn Observer,
    /// What may end this proof early.
    pub(crate) control: &'a Control,
    /// The stage that the proof is in.
    pub(crate) stage: Option<Stage>,
    /// How much of it the observer was told to be done.
    pub(crate) fraction: Cell<f64>,
    /// Commitments to columns of this phase that were made ahead.
    pub(crate) ahead: HashMap<usize, Projective<C>>,
    pub(crate) transcript: &'a mut dyn ProofTranscript<C>,
    pub(crate) blinding: &'a mut dyn Blinding<C::Scalar>,
    pub(crate) replay: Option<Replay<'a, C>>,
    /// The blinds of the commitments so far, where commitments hide.
    pub(crate) blinds: HashMap<Poly, Fp<C::Scalar>>,
}

impl<'a, C: CurveSpec> Session<'a, C> {
    /// Runs one stage, telling the observer.
    pub(crate) fn stage<R>(
        &mut self,
        stage: Stage,
        work: impl FnOnce(&mut Self) -> Result<R, Error>,
    ) -> Result<R, Error> {
        self.control.check()?;
        let outer = (self.stage.replace(stage), self.fraction.replace(0.0));
        let observer = self.observer;
        let result = watched(observer, stage, || work(self));
        self.stage = outer.0;
        self.fraction.set(outer.1);
        result
    }

    /// Tells the observer that `done` of `all` parts of the stage are done.
    ///
    /// # Errors
    /// If the proof should end.
    pub(crate) fn progress(&self, done: usize, all: usize) -> Result<(), Error> {
        self.control.check()?;
        let fraction = done as f64 / all.max(1) as f64;
        if let Some(stage) = self.stage
            && fraction > self.fraction.get()
        {
            self.fraction.set(fraction);
            self.observer.stage_progressed(stage, fraction);
        }
        Ok(())
    }

    /// What other threads may have of this.
    pub(crate) fn tools(&self) -> Tools<'a, C> {
        Tools { kernels: self.kernels, memory: self.memory, key: self.key }
    }

    /// Draws the blind of the commitment to a polynomial. KZG commitments ignore it, but it is drawn
    /// all the same, so that the randomness that follows is the stock prover's.
    pub(crate) fn draw_blind(&mut self, poly: Poly) {
        let blind = self.blinding.draw();
        if self.key.hiding.is_some() {
            self.blinds.insert(poly, blind);
        }
    }

    /// The blind of a commitment: what was drawn for it, or 1 if it is to something that is public.
    pub(crate) fn blind(&self, poly: Poly) -> Fp<C::Scalar> {
        self.blinds.get(&poly).copied().unwrap_or(Fp::ONE)
    }
}
