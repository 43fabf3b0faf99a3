//! Columns to commitments.

use parhelion_field_kernels::{Affine, CurveSpec, Fp};

use super::synthesis::Witness;
use crate::Error;
use crate::session::Session;

/// Columns that are committed to between two reports of progress, for each thread.
const COLUMNS_PER_THREAD: usize = 16;

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
        // Enough at a time to keep all threads busy to the end.
        let batch = COLUMNS_PER_THREAD * self.kernels.threads();
        for (index, columns_at_once) in columns.chunks(batch).enumerate() {
            self.progress(index * batch, columns.len())?;
            let commitments = self.kernels.msm_columns(bases, columns_at_once);
            for commitment in self.kernels.normalize(&commitments) {
                self.transcript.write_point(commitment)?;
            }
        }
        Ok(())
    }

    /// Ends the current phase of all circuits: blinds and commits to its columns, then squeezes
    /// its challenges.
    pub(crate) fn commit_phase(&mut self, witnesses: &mut [&mut Witness<C::Scalar>]) -> Result<(), Error> {
        let (shape, kernels) = (self.key.shape(), self.kernels);
        for witness in witnesses.iter_mut() {
            witness.resolve_fractions(kernels);
            let columns = witness.current_columns();
            for &column in &columns {
                self.blinding.fill(&mut witness.column_mut(column)[shape.usable_rows()..]);
            }
            columns.iter().for_each(|_| self.skip_blind());
        }
        let columns: Vec<&[Fp<C::Scalar>]> = witnesses
            .iter()
            .flat_map(|witness| witness.current_columns().into_iter().map(|column| witness.column(column)))
            .collect();
        self.write_columns(&columns)?;

        let phase = witnesses.first().map_or(0, |witness| witness.phase);
        for (index, _) in shape.challenge_phase.iter().enumerate().filter(|(_, after)| **after == phase) {
            let challenge = self.transcript.challenge()?;
            witnesses.iter_mut().for_each(|witness| witness.challenges[index] = Some(challenge));
        }
        witnesses.iter_mut().try_for_each(|witness| witness.end_phase(kernels, self.memory))
    }
}
