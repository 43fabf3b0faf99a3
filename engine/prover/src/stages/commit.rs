//! Columns to commitments.

use parhelion_field_kernels::{Affine, CurveSpec, Fp, Projective};

use super::ahead::Commitments;
use super::synthesis::Witness;
use crate::Error;
use crate::session::Session;
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
        self.write_points(&commitments)
    }

    fn write_points(&mut self, points: &[Projective<C>]) -> Result<(), Error> {
        self.kernels.normalize(points).into_iter().try_for_each(|point| self.transcript.write_point(point))
    }

    /// [`write_columns`](Self::write_columns) of columns in any form, so many at a time as the plan says. With each
    /// comes its commitment, if that was made already.
    fn write_stored(
        &mut self,
        columns: &[(StoredRef<'_, C::Scalar>, Option<Projective<C>>)],
    ) -> Result<(), Error> {
        let missing: Vec<StoredRef<'_, C::Scalar>> =
            columns.iter().filter(|(_, known)| known.is_none()).map(|(column, _)| *column).collect();
        let mut computed = Vec::with_capacity(missing.len());
        for batch in missing.chunks(self.plan.batch) {
            self.progress(computed.len(), missing.len())?;
            let rows = self.reader().all_rows(batch)?;
            let rows: Vec<&[_]> = rows.iter().map(|rows| &**rows).collect();
            computed.extend(self.kernels.msm_columns(&self.key.derived.lagrange_bases, &rows));
        }
        let mut computed = computed.into_iter();
        let commitments = columns.iter().filter_map(|(_, known)| known.or_else(|| computed.next()));
        self.write_points(&commitments.collect::<Vec<_>>())
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

    /// Ends the current phase of all circuits: commits to its columns, then squeezes its challenges.
    /// Begins the next. Some commitments to columns of a single circuit may have been made `ahead`.
    pub(crate) fn commit_phase(
        &mut self,
        witnesses: &mut [&mut Witness<'_, C::Scalar>],
        ahead: &Commitments<C>,
    ) -> Result<(), Error> {
        witnesses.iter_mut().try_for_each(|witness| witness.close())?;
        if !self.rehearsal {
            let known = |witness: &Witness<'_, _>, index| {
                ahead.take(index).filter(|_| !witness.reopened.contains(&index))
            };
            let columns = witnesses
                .iter()
                .flat_map(|witness| witness.closed().map(|(index, column)| (column, known(witness, index))));
            self.write_stored(&columns.collect::<Vec<_>>())?;
        }

        let shape = self.key.shape();
        let phase = witnesses.first().map_or(0, |witness| witness.phase);
        for (index, _) in shape.challenge_phase.iter().enumerate().filter(|(_, after)| **after == phase) {
            let challenge = self.transcript.challenge()?;
            witnesses.iter_mut().for_each(|witness| witness.challenges[index] = Some(challenge));
        }
        witnesses.iter_mut().for_each(|witness| witness.phase += 1);
        self.begin_phase(witnesses);
        Ok(())
    }
}
