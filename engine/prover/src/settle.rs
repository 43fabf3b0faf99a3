//! Which plan a proof goes on by, once it is known how far its columns pack.

use parhelion_allocators::Error as MemoryError;
use parhelion_field_kernels::{Affine, CurveSpec, FieldSpec, Fp};

use crate::Error;
use crate::algebra::{Challenges, Compiled};
use crate::estimate::{CircuitSizes, Sizes, choose};
use crate::session::Session;
use crate::stages::permutation::Columns;
use crate::stages::quotient::CircuitColumns;
use crate::transcript::{Blinding, ProofTranscript};

impl<C: CurveSpec> Session<'_, C> {
    /// Chooses the fastest plan that keeps the rest of the proof within its limit, and leaves what that
    /// does not need to other proofs. The columns of all phases are there, those of the last one not yet
    /// committed to.
    ///
    /// # Errors
    /// If none does.
    pub(crate) fn settle(
        &mut self,
        circuits: &[CircuitColumns<C::Scalar>],
        challenges: &Challenges<C::Scalar>,
    ) -> Result<(), Error> {
        if self.limit == usize::MAX && !self.rehearsal {
            return Ok(());
        }
        let mut foreseen = true;
        let sizes = circuits.iter().map(|circuit| self.foresee(circuit, challenges, &mut foreseen));
        let sizes = self.sizes(sizes.collect::<Result<Vec<_>, Error>>()?);
        if foreseen {
            self.key.derived.seen.add(sizes.clone());
        }
        match choose(self.key, self.kernels, self.limit, &sizes) {
            Ok((plan, bytes)) => {
                self.plan = plan;
                self.memory.keep(bytes);
                Ok(())
            }
            Err(needed) => Err(Error::MemoryLimit { limit: self.limit, needed, circuits: circuits.len() }),
        }
    }

    /// Remembers how far columns packed, for estimates of later proofs.
    pub(crate) fn remember(&self, circuits: &[CircuitColumns<C::Scalar>]) {
        self.key.derived.seen.add(self.sizes(circuits.iter().map(CircuitSizes::of).collect()));
    }

    fn sizes(&self, circuits: Vec<CircuitSizes>) -> Sizes {
        Sizes { taken: self.taken, circuits }
    }

    /// How large the columns of a circuit are, and its permuted lookups will be: these hold the values
    /// of a column in another order.
    fn foresee(
        &self,
        circuit: &CircuitColumns<C::Scalar>,
        challenges: &Challenges<C::Scalar>,
        foreseen: &mut bool,
    ) -> Result<CircuitSizes, Error> {
        let (shape, programs) = (self.key.shape(), &self.key.derived.programs);
        let columns = Columns { key: self.key, advice: &circuit.advice, instance: &circuit.instance };
        let mut size = |compiled: &Compiled<C::Scalar>| -> Result<Option<usize>, Error> {
            match self.tools().compress(&columns, compiled, challenges) {
                Ok(mut values) => {
                    // Blinded, whatever the expression makes of blinded columns.
                    values[shape.usable_rows()..].fill(Fp::delta());
                    // Only the size is asked for: there is no place to pack to.
                    let packed = self.kernels.pack_in(&values, Err::<Vec<u8>, usize>);
                    Ok(packed.err())
                }
                Err(Error::Memory(MemoryError::ReservationExceeded { .. })) => {
                    *foreseen = false;
                    Ok(None)
                }
                Err(error) => Err(error),
            }
        };
        let mut sizes = CircuitSizes::of(circuit);
        let tables = programs.lookup_tables.iter().map(&mut size).collect::<Result<Vec<_>, Error>>()?;
        for (input, table) in &programs.lookup_inputs {
            sizes.permuted_inputs.push(size(input)?);
            sizes.permuted_tables.push(tables[*table]);
        }
        Ok(sizes)
    }
}

/// Stands for the transcript and the randomness of a proof that is only rehearsed: elements that are as
/// large as random ones.
#[derive(Debug)]
pub(crate) struct Rehearsal<S: FieldSpec>(Fp<S>);

impl<S: FieldSpec> Rehearsal<S> {
    pub(crate) fn new() -> Self {
        Self(Fp::delta())
    }

    fn next(&mut self) -> Fp<S> {
        self.0 *= Fp::delta();
        self.0
    }
}

impl<S: FieldSpec> Blinding<S> for Rehearsal<S> {
    fn draw(&mut self) -> Fp<S> {
        self.next()
    }
}

impl<C: CurveSpec> ProofTranscript<C> for Rehearsal<C::Scalar> {
    fn common_scalar(&mut self, _: Fp<C::Scalar>) -> Result<(), Error> {
        Ok(())
    }

    fn common_point(&mut self, _: Affine<C>) -> Result<(), Error> {
        Ok(())
    }

    fn write_point(&mut self, _: Affine<C>) -> Result<(), Error> {
        Ok(())
    }

    fn write_scalar(&mut self, _: Fp<C::Scalar>) -> Result<(), Error> {
        Ok(())
    }

    fn challenge(&mut self) -> Result<Fp<C::Scalar>, Error> {
        Ok(self.next())
    }
}
