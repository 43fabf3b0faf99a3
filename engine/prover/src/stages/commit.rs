//! Columns to commitments.

use parhelion_field_kernels::{Affine, Bases, CurveSpec, Fp, Projective};
use parhelion_scheduler::ExecutorExt;

use super::ahead::Ahead;
use super::opening::Poly;
use super::synthesis::{Blinds, Witness};
use crate::Error;
use crate::algebra::Challenges;
use crate::session::{Session, Tools};
use crate::stages::quotient::CircuitColumns;
use crate::storage::StoredRef;

impl<C: CurveSpec> Session<'_, C> {
    /// Commits to columns given by their values on the rows, and writes the commitments in order.
    pub(crate) fn write_columns(&mut self, columns: &[(Poly, &[Fp<C::Scalar>])]) -> Result<(), Error> {
        let (polys, values): (Vec<_>, Vec<_>) = columns.iter().copied().unzip();
        let blinds: Vec<_> = polys.into_iter().map(|poly| self.blind(poly)).collect();
        let commitments = self.commit(self.key.lagrange_bases, &values, &blinds);
        commitments.into_iter().try_for_each(|commitment| self.transcript.write_point(commitment))
    }

    /// Commits to polynomials given by at most n coefficients, and writes the commitments in order.
    /// Those that have no blind hide nothing.
    pub(crate) fn write_polynomials(
        &mut self,
        polynomials: &[&[Fp<C::Scalar>]],
        blinds: &[Fp<C::Scalar>],
    ) -> Result<(), Error> {
        let commitments = self.commit(self.key.bases, polynomials, blinds);
        commitments.into_iter().try_for_each(|commitment| self.transcript.write_point(commitment))
    }

    /// Absorbs commitments to the instance columns of all circuits, where those are committed to, or
    /// their values.
    pub(crate) fn absorb_instances(&mut self, instances: &[Vec<&[Fp<C::Scalar>]>]) -> Result<(), Error> {
        let mut columns = instances.iter().flatten().copied();
        if self.key.hiding.is_none() {
            return columns.flatten().try_for_each(|value| self.transcript.common_scalar(*value));
        }
        let columns: Vec<_> = columns.by_ref().collect();
        let blinds = vec![Fp::ONE; columns.len()];
        let commitments = self.commit(self.key.lagrange_bases, &columns, &blinds);
        commitments.into_iter().try_for_each(|commitment| self.transcript.common_point(commitment))
    }

    fn commit(
        &self,
        bases: Bases<'_, C>,
        columns: &[&[Fp<C::Scalar>]],
        blinds: &[Fp<C::Scalar>],
    ) -> Vec<Affine<C>> {
        let tools = self.tools();
        tools.inside(|| tools.hide(tools.kernels.msm_columns_of(bases, columns), blinds))
    }

    /// [`write_columns`](Self::write_columns) of columns in any form, so many at a time as the plan says. Those of a
    /// single circuit may have been committed to ahead.
    pub(crate) fn write_stored(&mut self, columns: &[(Poly, StoredRef<'_, C::Scalar>)]) -> Result<(), Error> {
        if self.rehearsal {
            return Ok(());
        }
        let tools = self.tools();
        let known = |(poly, _): &(Poly, _)| match poly {
            Poly::Advice { circuit: 0, index } => self.ahead.remove(index),
            _ => None,
        };
        let mut commitments: Vec<Option<Projective<C>>> = columns.iter().map(known).collect();
        let missing: Vec<usize> =
            (0..columns.len()).filter(|&position| commitments[position].is_none()).collect();
        for (index, batch) in missing.chunks(self.plan.batch).enumerate() {
            self.progress(index * self.plan.batch, missing.len())?;
            let stored: Vec<_> = batch.iter().map(|&position| columns[position].1).collect();
            let computed = tools.inside(|| {
                let rows = tools.reader().all_rows(&stored)?;
                let rows: Vec<&[_]> = rows.iter().map(|rows| &**rows).collect();
                Ok::<_, Error>(tools.kernels.msm_columns_of(tools.key.lagrange_bases, &rows))
            })?;
            batch.iter().zip(computed).for_each(|(&position, sum)| commitments[position] = Some(sum));
        }
        let blinds: Vec<_> = columns.iter().map(|(poly, _)| self.blind(*poly)).collect();
        let commitments = tools.inside(|| tools.hide(commitments.into_iter().flatten().collect(), &blinds));
        commitments.into_iter().try_for_each(|commitment| self.transcript.write_point(commitment))
    }

    /// Takes commitments over that were made ahead, if they are to columns as they are now.
    pub(crate) fn take_ahead<'w, 'm: 'w>(
        &mut self,
        ahead: &Ahead<C>,
        witnesses: impl Iterator<Item = &'w Witness<'m, C::Scalar>>,
    ) {
        self.ahead.extend(ahead.take());
        witnesses.for_each(|witness| self.ahead.retain(|index, _| !witness.reopened.contains(index)));
    }

    /// Begins the current phase of all circuits: draws what its columns are blinded with. Nothing else
    /// is drawn before the phase ends, where the library does it.
    pub(crate) fn begin_phase(&mut self, witnesses: &mut [&mut Witness<'_, C::Scalar>]) {
        let blinding_rows = self.key.shape().n() - self.key.shape().usable_rows();
        for (circuit, witness) in witnesses.iter_mut().enumerate() {
            let columns = witness.current_columns();
            let mut blinds = vec![Blinds::<C::Scalar>::from_elem(Fp::ZERO, blinding_rows); columns.len()];
            blinds.iter_mut().for_each(|blinds| self.blinding.fill(blinds));
            columns.into_iter().for_each(|index| self.draw_blind(Poly::Advice { circuit, index }));
            witness.begin_phase(blinds);
        }
    }

    /// Ends the current phase of all circuits, which is not their last: commits to its columns, then
    /// squeezes its challenges. Begins the next. Some commitments may have been made `ahead`.
    pub(crate) fn commit_phase(
        &mut self,
        witnesses: &mut [&mut Witness<'_, C::Scalar>],
        ahead: &Ahead<C>,
    ) -> Result<(), Error> {
        witnesses.iter_mut().try_for_each(|witness| witness.close())?;
        self.take_ahead(ahead, witnesses.iter().map(|witness| &**witness));
        let columns = witnesses.iter().enumerate().flat_map(|(circuit, witness)| {
            witness.closed().map(move |(index, column)| (Poly::Advice { circuit, index }, column))
        });
        self.write_stored(&columns.collect::<Vec<_>>())?;

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
        let columns = circuits.iter().enumerate().flat_map(|(circuit, columns)| {
            let of_phase = columns.advice.iter().zip(&shape.advice_phase).enumerate();
            let of_phase = of_phase.filter(move |(_, (_, phase))| **phase == last);
            of_phase.map(move |(index, (column, _))| (Poly::Advice { circuit, index }, column.view()))
        });
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

impl<C: CurveSpec> Tools<'_, C> {
    /// Adds what hides commitments, where something does.
    fn hide(self, mut commitments: Vec<Projective<C>>, blinds: &[Fp<C::Scalar>]) -> Vec<Affine<C>> {
        if let Some(hiding) = self.key.hiding {
            self.kernels.executor().for_each(commitments.iter_mut().zip(blinds), |_, (commitment, blind)| {
                *commitment += hiding.blinding.mul(*blind);
            });
        }
        self.kernels.normalize(&commitments)
    }
}
