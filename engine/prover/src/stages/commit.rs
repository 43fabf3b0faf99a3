//! Columns to commitments.

use parhelion_field_kernels::{Affine, CurveSpec, Fp};

use super::synthesis::Witness;
use crate::Error;
use crate::algebra::Challenges;
use crate::session::Session;
use crate::stages::quotient::CircuitColumns;
use crate::storage::StoredRef;

impl<C: CurveSpec> Session<'_, C> {
    /// Commits to columns given by their values on the rows, and writes the commitments in order.
    pub(crate) fn write_columns(&mut self, columns: &[&[Fp<C::Scalar>]]) -> Result<(), Error> {
        self.write_commitments(&self.key.derived.lagrange_bases, columns)
    }

    /// Commits to polynomials given by at most n coefficients, and writes the commitments in order.
    pub(crate) fn write_polynomials(&mut self, polynomials: &[&[Fp<C::Scalar>]]) -> Result<(), Error> {
        self.write_commitments(self.key.bases, polynomials)
    }

    fn write_commitments(&mut self, bases: &[Affine<C>], columns: &[&[Fp<C::Scalar>]]) -> Result<(), Error> {
        let commitments = self.kernels.msm_columns(bases, columns);
        for commitment in self.kernels.normalize(&commitments) {
            self.transcript.write_point(commitment)?;
        }
        Ok(())
    }

    /// [`write_columns`](Self::write_columns) of columns in any form, so many at a time as the plan says.
    pub(crate) fn write_stored(&mut self, columns: &[StoredRef<'_, C::Scalar>]) -> Result<(), Error> {
        if self.rehearsal {
            return Ok(());
        }
        for (index, batch) in columns.chunks(self.plan.batch).enumerate() {
            self.progress(index * self.plan.batch, columns.len())?;
            let rows = self.reader().all_rows(batch)?;
            self.write_columns(&rows.iter().map(|rows| &**rows).collect::<Vec<_>>())?;
        }
        Ok(())
    }

    /// Begins the current phase of all circuits: draws what its columns are blinded with. Nothing else
    /// is drawn before the phase ends, where the library does it.
    pub(crate) fn begin_phase(&mut self, witnesses: &mut [&mut Witness<'_, C::Scalar>]) {
        let blinding_rows = self.key.shape().n() - self.key.shape().usable_rows();
        for witness in witnesses.iter_mut() {
            let columns = witness.current_columns().len();
            let mut blinds = vec![vec![Fp::ZERO; blinding_rows]; columns];
            blinds.iter_mut().for_each(|blinds| self.blinding.fill(blinds));
            (0..columns).for_each(|_| self.skip_blind());
            witness.begin_phase(blinds);
        }
    }

    /// Ends the current phase of all circuits, which is not their last: commits to its columns, then
    /// squeezes its challenges. Begins the next.
    pub(crate) fn commit_phase(
        &mut self,
        witnesses: &mut [&mut Witness<'_, C::Scalar>],
    ) -> Result<(), Error> {
        witnesses.iter_mut().try_for_each(|witness| witness.close())?;
        self.write_stored(&witnesses.iter().flat_map(|witness| witness.closed()).collect::<Vec<_>>())?;

        let phase = witnesses.first().map_or(0, |witness| witness.phase);
        for (index, challenge) in self.phase_challenges(phase)? {
            witnesses.iter_mut().for_each(|witness| witness.challenges[index] = Some(challenge));
        }
        witnesses.iter_mut().for_each(|witness| witness.phase += 1);
        self.begin_phase(witnesses);
        Ok(())
    }

    /// Commits to the columns of the last phase of all circuits, then squeezes its challenges.
    pub(crate) fn commit_last_phase(
        &mut self,
        circuits: &[CircuitColumns<C::Scalar>],
        challenges: &mut Challenges<C::Scalar>,
    ) -> Result<(), Error> {
        let shape = self.key.shape();
        let last = shape.phases() - 1;
        let columns = circuits.iter().flat_map(|circuit| circuit.advice.iter().zip(&shape.advice_phase));
        let columns = columns.filter(|(_, phase)| **phase == last).map(|(column, _)| column.view());
        self.write_stored(&columns.collect::<Vec<_>>())?;
        for (index, challenge) in self.phase_challenges(last)? {
            challenges.circuit[index] = challenge;
        }
        Ok(())
    }

    /// Squeezes the challenges that follow a phase, with their indices.
    fn phase_challenges(&mut self, phase: u8) -> Result<Vec<(usize, Fp<C::Scalar>)>, Error> {
        let phases = self.key.shape().challenge_phase.iter().enumerate();
        let indices = phases.filter(|(_, after)| **after == phase).map(|(index, _)| index);
        indices.map(|index| Ok((index, self.transcript.challenge()?))).collect()
    }
}
