//! The library's view of a [`Witness`]: where a circuit's synthesis writes to.

use halo2_proofs::circuit::Value;
use halo2_proofs::plonk::{
    self, Advice, Any, Assigned, Assignment, Circuit, Column, Fixed, FloorPlanner, Instance, Selector,
};
use parhelion_field_kernels::{FieldSpec, Fp};
use parhelion_scheduler::checkpoint;

use super::columns::Columns;
use super::keygen::known;
use crate::Error;
use crate::adapters::cast::{self, KernelScalar, PastaCurve};
use crate::observer::{Observer, Stage};
use crate::stages::synthesis::{Cell, Circuits, EndPhase, Witness};

/// Circuits of the library with their instances.
pub(super) struct LibraryCircuits<'a, C: PastaCurve, ConcreteCircuit, Configure> {
    pub(super) circuits: &'a [ConcreteCircuit],
    pub(super) instances: &'a [&'a [&'a [C::ScalarExt]]],
    /// Makes the configuration of a circuit.
    pub(super) configure: Configure,
    pub(super) columns: &'a Columns,
    pub(super) constants: &'a [usize],
    pub(super) k: u32,
    pub(super) usable_rows: usize,
    pub(super) observer: &'a dyn Observer,
}

impl<C, ConcreteCircuit, Configure> Circuits<KernelScalar<C>>
    for LibraryCircuits<'_, C, ConcreteCircuit, Configure>
where
    C: PastaCurve,
    ConcreteCircuit: Circuit<C::ScalarExt>,
    Configure: Fn() -> ConcreteCircuit::Config,
{
    fn count(&self) -> usize {
        self.circuits.len()
    }

    fn synthesize(
        &self,
        circuit: usize,
        witness: &mut Witness<'_, KernelScalar<C>>,
        _: Option<EndPhase<'_, KernelScalar<C>>>,
    ) -> Result<(), Error> {
        let expected = witness.columns() * self.usable_rows;
        let mut assignment = WitnessAssignment::<C> {
            witness,
            observer: self.observer,
            assigned: 0,
            expected,
            instances: self.instances[circuit],
            columns: self.columns,
            usable_rows: self.usable_rows,
            k: self.k,
            failure: None,
        };
        let result = ConcreteCircuit::FloorPlanner::synthesize(
            &mut assignment,
            &self.circuits[circuit],
            (self.configure)(),
            self.columns.fixed_columns(self.constants),
        );
        // What went wrong here says more than what the circuit made of it.
        let failure = assignment.failure.take();
        result.map_err(|error| failure.unwrap_or(Error::ZcashSynthesis(error)))
    }
}

/// Circuits that threads may synthesise at once.
pub(super) struct Shared<T>(pub(super) T);

impl<S: FieldSpec, T: Circuits<S> + Sync> Circuits<S> for Shared<T> {
    fn count(&self) -> usize {
        self.0.count()
    }

    fn synthesize(
        &self,
        circuit: usize,
        witness: &mut Witness<'_, S>,
        end_phase: Option<EndPhase<'_, S>>,
    ) -> Result<(), Error> {
        self.0.synthesize(circuit, witness, end_phase)
    }

    fn shared(&self) -> Option<&(dyn Circuits<S> + Sync)> {
        Some(&self.0)
    }
}

/// Cells between two looks whether the proof should end.
const CELLS: usize = 1024;

struct WitnessAssignment<'a, 'm, C: PastaCurve> {
    witness: &'a mut Witness<'m, KernelScalar<C>>,
    instances: &'a [&'a [C::ScalarExt]],
    columns: &'a Columns,
    usable_rows: usize,
    k: u32,
    observer: &'a dyn Observer,
    /// Cells so far, and how many there are.
    assigned: usize,
    expected: usize,
    /// The mistake that made a call fail last.
    failure: Option<Error>,
}

impl<C: PastaCurve> WitnessAssignment<'_, '_, C> {
    /// Done now and then: says how far this is, and leaves if the proof should end.
    fn look_around(&mut self) {
        checkpoint();
        if self.assigned <= self.expected {
            let fraction = self.assigned as f64 / self.expected as f64;
            self.observer.stage_progressed(Stage::Synthesis, fraction);
        }
    }

    fn try_assign(
        &mut self,
        column: Column<Advice>,
        row: usize,
        to: impl FnOnce() -> Option<Assigned<C::ScalarExt>>,
    ) -> Result<(), Error> {
        self.assigned += 1;
        if self.assigned.is_multiple_of(CELLS) {
            self.look_around();
        }
        if row >= self.usable_rows {
            return Err(Error::RowOutOfRange { what: "advice cell", row, usable: self.usable_rows });
        }
        let columns = self.witness.columns();
        let index = self.columns.advice(column);
        let index = index.ok_or(Error::ColumnOutOfRange { what: "advice", column: columns, columns })?;
        let scalar = |value: C::ScalarExt| -> Fp<KernelScalar<C>> { cast::pasta_scalar::<C>(value) };
        let cell = to().map(|value| match value {
            Assigned::Zero => Cell::Value(Fp::ZERO),
            Assigned::Trivial(value) => Cell::Value(scalar(value)),
            Assigned::Rational(numerator, denominator) => {
                Cell::Fraction(scalar(numerator), scalar(denominator))
            }
        });
        self.witness.assign(index, row, cell)
    }
}

impl<C: PastaCurve> Assignment<C::ScalarExt> for WitnessAssignment<'_, '_, C> {
    fn enter_region<NR: Into<String>, N: FnOnce() -> NR>(&mut self, _: N) {}

    fn exit_region(&mut self) {}

    fn push_namespace<NR: Into<String>, N: FnOnce() -> NR>(&mut self, _: N) {}

    fn pop_namespace(&mut self, _: Option<String>) {}

    fn enable_selector<A: FnOnce() -> AR, AR: Into<String>>(
        &mut self,
        _: A,
        _: &Selector,
        _: usize,
    ) -> Result<(), plonk::Error> {
        Ok(())
    }

    fn query_instance(
        &self,
        column: Column<Instance>,
        row: usize,
    ) -> Result<Value<C::ScalarExt>, plonk::Error> {
        if row >= self.usable_rows {
            return Err(plonk::Error::NotEnoughRowsAvailable { current_k: self.k });
        }
        let column = self.columns.instance(column).and_then(|index| self.instances.get(index));
        let value = column.and_then(|column| column.get(row));
        value.map(|value| Value::known(*value)).ok_or(plonk::Error::BoundsFailure)
    }

    fn assign_advice<V, VR, A, AR>(
        &mut self,
        _: A,
        column: Column<Advice>,
        row: usize,
        to: V,
    ) -> Result<(), plonk::Error>
    where
        V: FnOnce() -> Value<VR>,
        VR: Into<Assigned<C::ScalarExt>>,
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
        self.try_assign(column, row, || known(to()).map(Into::into)).map_err(|error| {
            let library = match error {
                Error::RowOutOfRange { .. } => plonk::Error::NotEnoughRowsAvailable { current_k: self.k },
                Error::UnknownWitness { .. } => plonk::Error::Synthesis,
                _ => plonk::Error::BoundsFailure,
            };
            self.failure = Some(error);
            library
        })
    }

    fn assign_fixed<V, VR, A, AR>(
        &mut self,
        _: A,
        _: Column<Fixed>,
        _: usize,
        _: V,
    ) -> Result<(), plonk::Error>
    where
        V: FnOnce() -> Value<VR>,
        VR: Into<Assigned<C::ScalarExt>>,
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
        Ok(())
    }

    fn copy(&mut self, _: Column<Any>, _: usize, _: Column<Any>, _: usize) -> Result<(), plonk::Error> {
        Ok(())
    }

    fn fill_from_row(
        &mut self,
        _: Column<Fixed>,
        _: usize,
        _: Value<Assigned<C::ScalarExt>>,
    ) -> Result<(), plonk::Error> {
        Ok(())
    }
}
