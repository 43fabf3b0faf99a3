//! Columns to commitments.

use std::collections::HashMap;

use parhelion_field_kernels::{Affine, CurveSpec, Fp, Projective};

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
        let commitments = self.commit(bases, columns)?;
        self.write_points(&commitments)
    }

    fn write_points(&mut self, points: &[Projective<C>]) -> Result<(), Error> {
        self.kernels.normalize(points).into_iter().try_for_each(|point| self.transcript.write_point(point))
    }

    fn commit(&self, bases: &[Affine<C>], columns: &[&[Fp<C::Scalar>]]) -> Result<Vec<Projective<C>>, Error> {
        let mut commitments = Vec::with_capacity(columns.len());
        // Enough at a time to keep all threads busy to the end.
        for columns_at_once in columns.chunks(COLUMNS_PER_THREAD * self.kernels.threads()) {
            self.progress(commitments.len(), columns.len())?;
            commitments.extend(self.kernels.msm_columns(bases, columns_at_once));
        }
        Ok(commitments)
    }

    /// Draws what blinds the columns of all circuits, phase by phase, and puts it into the rows
    /// that no circuit assigns.
    pub(crate) fn blind_columns(&mut self, witnesses: &mut [Witness<C::Scalar>]) {
        let shape = self.key.shape();
        for phase in 0..shape.phases() {
            for witness in witnesses.iter_mut() {
                let columns = witness.columns_of(phase);
                for &column in &columns {
                    self.blinding.fill(&mut witness.column_mut(column)[shape.usable_rows()..]);
                }
                columns.iter().for_each(|_| self.skip_blind());
            }
        }
    }

    /// Ends the current phase of all circuits: commits to its columns, then squeezes its challenges.
    /// `ahead` are commitments to columns of the first circuit that were made already.
    pub(crate) fn commit_phase(
        &mut self,
        witnesses: &mut [&mut Witness<C::Scalar>],
        ahead: Vec<(usize, Projective<C>)>,
    ) -> Result<(), Error> {
        let (shape, kernels) = (self.key.shape(), self.kernels);
        for witness in witnesses.iter_mut() {
            witness.resolve_fractions(kernels);
        }
        let mut known: HashMap<usize, Projective<C>> = ahead.into_iter().collect();
        if let Some(first) = witnesses.first() {
            known.retain(|column, _| !first.rewritten.contains(column));
        }
        let all: Vec<(usize, usize)> = (witnesses.iter().enumerate())
            .flat_map(|(circuit, witness)| witness.current_columns().into_iter().map(move |c| (circuit, c)))
            .collect();
        let is_known = |&(circuit, column): &(usize, usize)| circuit == 0 && known.contains_key(&column);
        let missing = all.iter().filter(|column| !is_known(column));
        let missing: Vec<&[Fp<C::Scalar>]> =
            missing.map(|&(circuit, column)| witnesses[circuit].column(column)).collect();
        let mut computed = self.commit(&self.key.derived.lagrange_bases, &missing)?.into_iter();
        let next = |place: &(usize, usize)| match is_known(place) {
            true => known.get(&place.1).copied(),
            false => computed.next(),
        };
        let commitments: Vec<Projective<C>> = all.iter().filter_map(next).collect();
        self.write_points(&commitments)?;

        let phase = witnesses.first().map_or(0, |witness| witness.phase);
        for (index, _) in shape.challenge_phase.iter().enumerate().filter(|(_, after)| **after == phase) {
            let challenge = self.transcript.challenge()?;
            witnesses.iter_mut().for_each(|witness| witness.challenges[index] = Some(challenge));
        }
        witnesses.iter_mut().try_for_each(|witness| witness.end_phase(kernels, self.memory))
    }
}
