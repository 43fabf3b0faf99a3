//! What all stages of one proof share.

use parhelion_field_kernels::{CurveSpec, Fp, Kernels};

use crate::Error;
use crate::key::Key;
use crate::memory::Memory;
use crate::observer::{Observer, Stage, watched};
use crate::plan::ProofPlan;
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
    pub(crate) permuted_lookups: Vec<(&'a [Fp<C::Scalar>], &'a [Fp<C::Scalar>])>,
}

/// One proof in the making.
pub(crate) struct Session<'a, C: CurveSpec> {
    pub(crate) kernels: &'a Kernels,
    pub(crate) memory: &'a Memory,
    pub(crate) key: &'a Key<'a, C>,
    pub(crate) plan: ProofPlan,
    /// The limit that the memory is under, in bytes.
    pub(crate) limit: usize,
    /// Whether there are no commitments: the columns are only looked at.
    pub(crate) rehearsal: bool,
    /// What synthesis took.
    pub(crate) taken: Taken,
    pub(crate) observer: &'a dyn Observer,
    pub(crate) transcript: &'a mut dyn ProofTranscript<C>,
    pub(crate) blinding: &'a mut dyn Blinding<C::Scalar>,
    pub(crate) replay: Option<Replay<'a, C>>,
}

impl<C: CurveSpec> Session<'_, C> {
    /// Runs one stage, telling the observer.
    pub(crate) fn stage<R>(
        &mut self,
        stage: Stage,
        work: impl FnOnce(&mut Self) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let observer = self.observer;
        watched(observer, stage, || work(self))
    }

    /// Reads the columns of the key and of this proof.
    pub(crate) fn reader(&self) -> Reader<'_, C::Scalar> {
        self.key.reader(self.kernels, self.memory)
    }

    /// Draws the blind of a commitment. KZG commitments ignore it, but it is drawn all the same,
    /// so that the randomness that follows is the stock prover's.
    pub(crate) fn skip_blind(&mut self) {
        let _: Fp<C::Scalar> = self.blinding.draw();
    }
}
