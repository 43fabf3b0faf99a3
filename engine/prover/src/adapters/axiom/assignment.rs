//! The library's view of a [`Witness`]: where a circuit's synthesis writes to.

use ff::Field;
use halo2_axiom::circuit::Value;
use halo2_axiom::halo2curves::CurveAffine;
use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::{
    self, Advice, Any, Assigned, Assignment, Challenge, Circuit, Column, Fixed, FloorPlanner, Instance,
    Selector,
};
use parhelion_field_kernels::{Bn254Fr, Bn254FrSpec, Kernels};
use parhelion_scheduler::checkpoint;

use super::handed::{Handed, Opened};
use super::unsupported;
use crate::Error;
use crate::adapters::cast::{self, AssignedArena};
use crate::observer::{Observer, Stage};
use crate::stages::synthesis::{Cell, Circuits, EndPhase, Witness};

/// Circuits of the library with their instances.
pub(super) struct LibraryCircuits<'a, C: CurveAffine, ConcreteCircuit: Circuit<C::ScalarExt>> {
    pub(super) circuits: &'a [ConcreteCircuit],
    /// As the library does: one for all circuits, with the parameters of the first.
    pub(super) config: &'a ConcreteCircuit::Config,
    pub(super) instances: &'a [&'a [&'a [C::ScalarExt]]],
    pub(super) constants: Vec<Column<Fixed>>,
    pub(super) k: u32,
    pub(super) usable_rows: usize,
    pub(super) observer: &'a dyn Observer,
}

impl<C, ConcreteCircuit> Circuits<Bn254FrSpec> for LibraryCircuits<'_, C, ConcreteCircuit>
where
    C: CurveAffine,
    ConcreteCircuit: Circuit<C::ScalarExt>,
{
    fn count(&self) -> usize {
        self.circuits.len()
    }

    fn synthesize(
        &self,
        circuit: usize,
        witness: &mut Witness<'_, Bn254FrSpec>,
        end_phase: Option<EndPhase<'_, Bn254FrSpec>>,
    ) -> Result<(), Error> {
        // Dropped only after the synthesis, in which references to its values may be used.
        let arena = AssignedArena::new(witness.memory());
        let witness_cells = witness.current_columns().len() * self.usable_rows;
        let mut assignment = WitnessAssignment {
            witness,
            end_phase,
            instances: self.instances[circuit],
            usable_rows: self.usable_rows,
            k: self.k,
            arena,
            observer: self.observer,
            expected: witness_cells,
            assigned: 0,
            failure: None,
            handed: Opened::new(),
        };
        let result = ConcreteCircuit::FloorPlanner::synthesize(
            &mut assignment,
            &self.circuits[circuit],
            self.config.clone(),
            self.constants.clone(),
        );
        assignment.take_columns();
        let cells = &mut assignment.witness.taken.cells;
        *cells = assignment.arena.blocks().max(*cells);
        // What went wrong first says more than what the circuit made of it.
        match (assignment.failure.take(), result) {
            (Some(failure), _) => Err(failure),
            (None, result) => result.map_err(Error::Synthesis),
        }
    }
}

/// Cells between two looks whether the proof should end.
const CELLS: usize = 256;

struct WitnessAssignment<'a, 'm, 'e, F: Field> {
    witness: &'a mut Witness<'m, Bn254FrSpec>,
    end_phase: Option<EndPhase<'e, Bn254FrSpec>>,
    instances: &'a [&'a [F]],
    usable_rows: usize,
    k: u32,
    arena: AssignedArena<'a, F>,
    observer: &'a dyn Observer,
    /// Cells so far, and how many there are in the columns of the phase that it begins with.
    assigned: usize,
    expected: usize,
    /// The first error: most of the trait's methods cannot return one.
    failure: Option<Error>,
    /// What circuits hand over whole.
    handed: Opened,
}

impl<F: Field> WitnessAssignment<'_, '_, '_, F> {
    fn note(&mut self, result: Result<(), Error>) {
        if let (Err(error), None) = (result, &self.failure) {
            self.failure = Some(error);
        }
    }

    /// Done now and then: says how far this is, and leaves if the proof should end.
    fn look_around(&mut self) {
        checkpoint();
        if self.assigned.is_multiple_of(64 * CELLS) && self.assigned <= self.expected {
            let fraction = self.assigned as f64 / self.expected as f64;
            self.observer.stage_progressed(Stage::Synthesis, fraction);
        }
    }

    /// Sets the columns that the circuit has handed over.
    fn take_columns(&mut self) {
        for Handed { columns, values } in self.handed.take() {
            let rows: Vec<(usize, usize)> =
                columns.iter().enumerate().map(|(place, column)| (*column, values.rows(place))).collect();
            let write = |kernels: &Kernels, place, rows: &mut [Bn254Fr]| values.write(kernels, place, rows);
            let result = self.witness.assign_columns(&rows, write);
            self.note(result);
            self.assigned += rows.iter().map(|(_, rows)| rows).sum::<usize>();
            self.observer
                .stage_progressed(Stage::Synthesis, (self.assigned as f64 / self.expected as f64).min(1.0));
        }
    }

    fn set(&mut self, column: usize, row: usize, value: Option<&Assigned<F>>) -> Result<(), Error> {
        let cell = match value {
            None => None,
            Some(Assigned::Zero) => Some(Cell::Value(Bn254Fr::ZERO)),
            Some(Assigned::Trivial(value)) => Some(Cell::Value(scalar(value)?)),
            Some(Assigned::Rational(numerator, denominator)) => {
                Some(Cell::Fraction(scalar(numerator)?, scalar(denominator)?))
            }
        };
        self.witness.assign(column, row, cell)
    }
}

fn scalar<F: 'static>(value: &F) -> Result<Bn254Fr, Error> {
    cast::downcast_static_ref::<F, Fr>(value).map(|value| cast::from_scalar(*value)).ok_or_else(unsupported)
}

/// Spreads plain values; all others need not be told apart.
fn hash<F: Field>(value: &Assigned<F>) -> u64 {
    let Assigned::Trivial(value) = value else { return 0 };
    scalar(value).map_or(0, |value| {
        // Each limb of a Montgomery form depends on all of the value.
        let [low, _, high, _] = value.to_montgomery();
        (low ^ high.rotate_left(23)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32
    })
}

/// Whether these are the same scalars.
fn same<F: Field>(a: &F, b: &F) -> bool {
    matches!((scalar(a), scalar(b)), (Ok(a), Ok(b)) if a == b)
}

impl<F: Field> Assignment<F> for WitnessAssignment<'_, '_, '_, F> {
    fn enter_region<NR: Into<String>, N: FnOnce() -> NR>(&mut self, _: N) {}

    fn exit_region(&mut self) {
        self.take_columns();
    }

    fn annotate_column<A: FnOnce() -> AR, AR: Into<String>>(&mut self, _: A, _: Column<Any>) {}

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

    fn query_instance(&self, column: Column<Instance>, row: usize) -> Result<Value<F>, plonk::Error> {
        if row >= self.usable_rows {
            return Err(plonk::Error::NotEnoughRowsAvailable { current_k: self.k });
        }
        let value = self.instances.get(column.index()).and_then(|column| column.get(row));
        value.map(|value| Value::known(*value)).ok_or(plonk::Error::BoundsFailure)
    }

    fn assign_advice<'v>(
        &mut self,
        column: Column<Advice>,
        row: usize,
        to: Value<Assigned<F>>,
    ) -> Value<&'v Assigned<F>> {
        self.assigned += 1;
        if self.assigned.is_multiple_of(CELLS) {
            self.look_around();
        }
        let mut known = false;
        let stored = to.and_then(|value| {
            known = true;
            let result = self.set(column.index(), row, Some(&value));
            self.note(result);
            match self.arena.store(&value, hash(&value), same) {
                Ok(stored) => Value::known(stored),
                Err(error) => {
                    self.note(Err(error));
                    Value::unknown()
                }
            }
        });
        if !known {
            let result = self.set(column.index(), row, None);
            self.note(result);
        }
        stored
    }

    fn assign_fixed(&mut self, _: Column<Fixed>, _: usize, _: Assigned<F>) {}

    fn copy(&mut self, _: Column<Any>, _: usize, _: Column<Any>, _: usize) {}

    fn fill_from_row(
        &mut self,
        _: Column<Fixed>,
        _: usize,
        _: Value<Assigned<F>>,
    ) -> Result<(), plonk::Error> {
        Ok(())
    }

    fn get_challenge(&self, challenge: Challenge) -> Value<F> {
        let known = self.witness.challenges.get(challenge.index()).copied().flatten();
        let known = known.and_then(|value| cast::downcast(cast::into_scalar(value)));
        known.map_or_else(Value::unknown, Value::known)
    }

    fn next_phase(&mut self) {
        self.take_columns();
        if self.failure.is_some() {
            return;
        }
        if let Some(end_phase) = &mut self.end_phase
            && self.witness.has_phase()
        {
            let result = end_phase(self.witness);
            self.note(result);
        }
    }
}
