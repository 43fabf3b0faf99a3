//! What proofs of all dialects have in common around their stages: memory, a plan, a session.

use std::cell::Cell;
use std::collections::HashMap;

use parhelion_allocators::{Error as MemoryError, Workspace};
use parhelion_field_kernels::{CurveSpec, Fp};

use crate::estimate::{Estimate, Scratch, estimate};
use crate::key::Key;
use crate::memory::Memory;
use crate::plan::ProofPlan;
use crate::prove::{prove, rehearse};
use crate::session::{Replay, Session};
use crate::stages::synthesis::{Circuits, Taken};
use crate::transcript::{Blinding, ProofTranscript};
use crate::{Error, Prover};

/// Where a proof goes, and what it draws from.
pub(crate) struct Io<'a, C: CurveSpec> {
    pub(crate) transcript: &'a mut dyn ProofTranscript<C>,
    pub(crate) blinding: &'a mut dyn Blinding<C::Scalar>,
    pub(crate) replay: Option<Replay<'a, C>>,
}

/// A proof that may begin.
pub(crate) struct Admitted {
    /// Of its memory, under a limit.
    estimate: Option<Estimate>,
    workspace: Workspace,
}

impl Prover {
    pub(crate) fn estimate_of<C: CurveSpec>(&self, key: &Key<'_, C>, circuits: usize) -> Estimate {
        estimate(key, circuits, &self.kernels, self.pool.limit().bytes())
    }

    /// The memory of one proof. Under a limit, waits for its turn.
    fn workspace(&self, estimate: Option<Estimate>, circuits: usize) -> Result<Workspace, Error> {
        let limit = self.pool.limit();
        let Some(estimate) = estimate else {
            return Ok(self.pool.workspace());
        };
        let needed = estimate.smallest.unwrap_or(estimate.at_least);
        if needed > limit.bytes() {
            return Err(Error::MemoryLimit { limit: limit.bytes(), needed, circuits });
        }
        // Set aside before work begins, so that no two proofs ever wait for each other.
        let reserved =
            limit.reserve_while(estimate.at_most.min(limit.bytes()), || self.control.check().is_ok());
        // If it was given up, this is why.
        self.control.check()?;
        let reservation = reserved?;
        Ok(self.pool.workspace_in(reservation)?)
    }

    /// Makes a proof, or rehearses it. Counts and lengths were checked against the key.
    pub(crate) fn run<C: CurveSpec>(
        &self,
        key: &Key<'_, C>,
        circuits: &dyn Circuits<C::Scalar>,
        instances: &[Vec<&[Fp<C::Scalar>]>],
        io: Io<'_, C>,
        rehearsal: bool,
    ) -> Result<(), Error> {
        let admitted = self.admit(key, circuits.count())?;
        self.run_admitted(admitted, key, circuits, instances, io, rehearsal)
    }

    /// Waits until there is memory for a proof of so many circuits. On none of the pool's threads: another proof
    /// may need that one to come to its end.
    pub(crate) fn admit<C: CurveSpec>(&self, key: &Key<'_, C>, circuits: usize) -> Result<Admitted, Error> {
        self.control.run(|| {
            let limited = self.pool.limit().bytes() != usize::MAX;
            let estimate = limited.then(|| self.estimate_of(key, circuits));
            Ok(Admitted { estimate, workspace: self.workspace(estimate, circuits)? })
        })?
    }

    /// [`run`](Self::run) with memory that is there.
    pub(crate) fn run_admitted<C: CurveSpec>(
        &self,
        admitted: Admitted,
        key: &Key<'_, C>,
        circuits: &dyn Circuits<C::Scalar>,
        instances: &[Vec<&[Fp<C::Scalar>]>],
        io: Io<'_, C>,
        rehearsal: bool,
    ) -> Result<(), Error> {
        self.control.run(|| self.run_interruptible(admitted, key, circuits, instances, io, rehearsal))?
    }

    /// A proof that checkpoints in it may leave.
    fn run_interruptible<C: CurveSpec>(
        &self,
        Admitted { estimate, workspace }: Admitted,
        key: &Key<'_, C>,
        circuits: &dyn Circuits<C::Scalar>,
        instances: &[Vec<&[Fp<C::Scalar>]>],
        io: Io<'_, C>,
        rehearsal: bool,
    ) -> Result<(), Error> {
        let (k, count, limit) = (key.shape().k, circuits.count(), self.pool.limit().bytes());
        let memory = Memory::new(workspace, k);
        let scratch = Scratch::of(key, &self.kernels, count);
        let _scratch = memory.charge(scratch.bytes())?;
        let kernels = self.kernels_for_a_proof(scratch.kernels);
        let ample = estimate.is_none_or(|estimate| limit >= estimate.at_most);
        let mut session = Session {
            kernels: &kernels,
            memory: &memory,
            key,
            plan: if ample { ProofPlan::fast(self.threads()) } else { ProofPlan::lean(self.threads()) },
            limit,
            ample,
            rehearsal,
            taken: key.derived.seen.get(count).map_or_else(Taken::default, |known| known.taken),
            observer: self.observer.as_ref(),
            control: &self.control,
            stage: None,
            fraction: Cell::new(0.0),
            ahead: HashMap::new(),
            transcript: io.transcript,
            blinding: io.blinding,
            replay: io.replay,
            blinds: HashMap::new(),
        };
        let done = if rehearsal {
            rehearse(&mut session, circuits, instances)
        } else {
            prove(&mut session, self.multi_open, circuits, instances)
        };
        done.map_err(|error| match error {
            Error::Memory(MemoryError::ReservationExceeded { .. }) => match estimate {
                Some(Estimate { sufficient: needed, .. }) if limit < needed => {
                    Error::MemoryLimit { limit, needed, circuits: count }
                }
                _ => error,
            },
            error => error,
        })
    }
}
