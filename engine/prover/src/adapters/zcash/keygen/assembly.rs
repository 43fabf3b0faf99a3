//! What a circuit tells key generation while it is synthesised.

use std::collections::HashMap;

use halo2_proofs::circuit::Value;
use halo2_proofs::plonk::{
    self, Advice, Any, Assigned, Assignment, Circuit, Column, Fixed, FloorPlanner, Instance, Selector,
};
use parhelion_field_kernels::Fp;

use super::super::columns::Columns;
use super::super::pinned::ConstraintSystem;
use super::configure;
use super::turns::{Note, Turns};
use crate::Error;
use crate::adapters::cast::{self, KernelScalar, PastaCurve};
use crate::adapters::cycles::Cycles;
use crate::shape;

/// Collects fixed values, selectors and copy constraints. There is no witness.
pub(super) struct Assembly<'a, C: PastaCurve> {
    k: u32,
    /// Rows that are not blinded.
    usable: usize,
    columns: &'a Columns,
    /// Fixed columns on the rows. Cells of `denominators` hold a numerator.
    pub(super) fixed: Vec<Vec<Fp<KernelScalar<C>>>>,
    /// What cells, by column and row, are still to be divided by.
    pub(super) denominators: HashMap<(usize, usize), Fp<KernelScalar<C>>>,
    pub(super) selectors: Vec<Vec<bool>>,
    /// Position of each column in the permutation.
    positions: HashMap<shape::Column, usize>,
    pub(super) cycles: Cycles,
    /// The mistake that made a call fail last: it says more than what the library can be told.
    failure: Option<Error>,
    /// Which regions' fixed values to ask for, if not all.
    turns: Option<Turns<'a, C::ScalarExt>>,
}

impl<'a, C: PastaCurve> Assembly<'a, C> {
    /// Empty columns of 2^k rows.
    pub(super) fn new(
        k: u32,
        system: &ConstraintSystem<KernelScalar<C>>,
        columns: &'a Columns,
    ) -> Result<Self, Error> {
        let (rows, needed) = (1usize << k, system.minimum_rows());
        if rows < needed {
            return Err(Error::NotEnoughRows { k, rows, needed });
        }
        let positions = system.permutation.iter().enumerate().map(|(position, column)| (*column, position));
        Ok(Self {
            k,
            usable: rows - (system.blinding_factors() + 1),
            columns,
            fixed: vec![vec![Fp::ZERO; rows]; system.fixed],
            denominators: HashMap::new(),
            selectors: vec![vec![false; rows]; system.selectors],
            positions: positions.collect(),
            cycles: Cycles::new(system.permutation.len(), rows)?,
            failure: None,
            turns: None,
        })
    }

    /// Asks for fixed values by turns with other threads, and only notes them.
    pub(super) fn taking(self, turns: Turns<'a, C::ScalarExt>) -> Self {
        Self { turns: Some(turns), ..self }
    }

    /// What this thread was told at its turns, if it took any.
    pub(super) fn taken(&mut self) -> Vec<(usize, Note<C::ScalarExt>)> {
        self.turns.take().map(Turns::into_notes).unwrap_or_default()
    }

    /// Does what all threads have noted.
    pub(super) fn replay(&mut self, mut notes: Vec<(usize, Note<C::ScalarExt>)>) -> Result<(), Error> {
        // Notes of one region are in order: one thread has taken them.
        notes.sort_by_key(|(region, _)| *region);
        notes.into_iter().try_for_each(|(_, note)| self.perform(note))
    }

    /// Goes through a circuit of this constraint system.
    pub(super) fn synthesize<ConcreteCircuit: Circuit<C::ScalarExt>>(
        &mut self,
        circuit: &ConcreteCircuit,
        system: &ConstraintSystem<KernelScalar<C>>,
    ) -> Result<(), Error> {
        // Of this thread: a configuration may be bound to one.
        let (_, config) = configure::<C::ScalarExt, ConcreteCircuit>();
        let constants = self.columns.fixed_columns(&system.constants);
        let outcome = ConcreteCircuit::FloorPlanner::synthesize(self, circuit, config, constants);
        // What went wrong here says more than what the circuit made of it.
        let failure = self.failure.take();
        outcome.map_err(|error| failure.unwrap_or(Error::ZcashSynthesis(error)))
    }

    /// Whether others ask for the values of this region.
    fn is_passing_by(&self) -> bool {
        self.turns.as_ref().is_some_and(|turns| !turns.is_taking())
    }

    /// Notes what is to be done, or does it.
    fn perform(&mut self, note: Note<C::ScalarExt>) -> Result<(), Error> {
        match (&mut self.turns, note) {
            (Some(turns), note) => {
                turns.note(note);
                Ok(())
            }
            (None, Note::Cell(column, row, value)) => self.try_assign(column, row, value),
            (None, Note::Fill(column, from, value)) => self.try_fill(column, from, value),
        }
    }

    fn check_row(&self, what: &'static str, row: usize) -> Result<(), Error> {
        if row < self.usable { Ok(()) } else { Err(Error::RowOutOfRange { what, row, usable: self.usable }) }
    }

    /// The index of a fixed column.
    fn column(&self, column: Column<Fixed>) -> Result<usize, Error> {
        let columns = self.fixed.len();
        self.columns.fixed(column).ok_or(Error::ColumnOutOfRange { what: "fixed", column: columns, columns })
    }

    fn try_enable(&mut self, selector: &Selector, row: usize) -> Result<(), Error> {
        self.check_row("selector", row)?;
        let columns = self.selectors.len();
        let index = self.columns.selector(selector);
        let index = index.ok_or(Error::ColumnOutOfRange { what: "selector", column: columns, columns })?;
        self.selectors[index][row] = true;
        Ok(())
    }

    fn try_assign(
        &mut self,
        column: Column<Fixed>,
        row: usize,
        to: Assigned<C::ScalarExt>,
    ) -> Result<(), Error> {
        self.check_row("fixed cell", row)?;
        let column = self.column(column)?;
        self.fixed[column][row] = cast::pasta_scalar::<C>(to.numerator());
        match to.denominator() {
            Some(denominator) => {
                self.denominators.insert((column, row), cast::pasta_scalar::<C>(denominator));
            }
            // A cell may be assigned twice: the last value counts, whole or fraction.
            None => {
                self.denominators.remove(&(column, row));
            }
        }
        Ok(())
    }

    fn try_fill(
        &mut self,
        column: Column<Fixed>,
        from: usize,
        to: Assigned<C::ScalarExt>,
    ) -> Result<(), Error> {
        self.check_row("fixed cells filled", from)?;
        let column = self.column(column)?;
        self.fixed[column][from..self.usable].fill(cast::pasta_scalar::<C>(to.evaluate()));
        self.denominators.retain(|&(other, row), _| other != column || row < from);
        Ok(())
    }

    fn cell(&self, column: Column<Any>, row: usize) -> Result<usize, Error> {
        let position = self.columns.any(column).and_then(|column| self.positions.get(&column));
        let position =
            position.ok_or_else(|| Error::ColumnNotInPermutation { column: format!("{column:?}") })?;
        Ok((position << self.k) + row)
    }

    fn try_copy(&mut self, left: (Column<Any>, usize), right: (Column<Any>, usize)) -> Result<(), Error> {
        self.check_row("copy constraint", left.1)?;
        self.check_row("copy constraint", right.1)?;
        let (left, right) = (self.cell(left.0, left.1)?, self.cell(right.0, right.1)?);
        self.cycles.join(left, right);
        Ok(())
    }

    /// Tells the circuit of a mistake in the library's terms, and keeps it in ours.
    fn report(
        &mut self,
        outcome: Result<(), Error>,
        column: Option<Column<Any>>,
    ) -> Result<(), plonk::Error> {
        let Err(error) = outcome else { return Ok(()) };
        let library = match (&error, column) {
            (Error::RowOutOfRange { .. }, _) => plonk::Error::NotEnoughRowsAvailable { current_k: self.k },
            (Error::ColumnNotInPermutation { .. }, Some(column)) => {
                plonk::Error::ColumnNotInPermutation(column)
            }
            _ => plonk::Error::BoundsFailure,
        };
        self.failure = Some(error);
        Err(library)
    }
}

/// The value itself, which a circuit cannot see.
pub(crate) fn known<V>(value: Value<V>) -> Option<V> {
    let mut known = None;
    value.map(|value| known = Some(value));
    known
}

impl<C: PastaCurve> Assignment<C::ScalarExt> for Assembly<'_, C> {
    fn enable_selector<A, AR>(&mut self, _: A, selector: &Selector, row: usize) -> Result<(), plonk::Error>
    where
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
        let outcome = self.try_enable(selector, row);
        self.report(outcome, None)
    }

    fn query_instance(&self, _: Column<Instance>, row: usize) -> Result<Value<C::ScalarExt>, plonk::Error> {
        // The same answer as the library's: whether the row exists, not what it holds.
        if row < self.usable {
            Ok(Value::unknown())
        } else {
            Err(plonk::Error::NotEnoughRowsAvailable { current_k: self.k })
        }
    }

    fn assign_advice<V, VR, A, AR>(
        &mut self,
        _: A,
        _: Column<Advice>,
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

    fn assign_fixed<V, VR, A, AR>(
        &mut self,
        _: A,
        column: Column<Fixed>,
        row: usize,
        to: V,
    ) -> Result<(), plonk::Error>
    where
        V: FnOnce() -> Value<VR>,
        VR: Into<Assigned<C::ScalarExt>>,
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
        // In the library's order: the row counts before the value.
        let outcome = self.check_row("fixed cell", row);
        self.report(outcome, None)?;
        if self.is_passing_by() {
            return Ok(());
        }
        let value = known(to()).ok_or(plonk::Error::Synthesis)?;
        let outcome = self.perform(Note::Cell(column, row, value.into()));
        self.report(outcome, None)
    }

    fn copy(
        &mut self,
        left: Column<Any>,
        left_row: usize,
        right: Column<Any>,
        right_row: usize,
    ) -> Result<(), plonk::Error> {
        let outcome = self.try_copy((left, left_row), (right, right_row));
        let missing = if self.cell(left, 0).is_err() { left } else { right };
        self.report(outcome, Some(missing))
    }

    fn fill_from_row(
        &mut self,
        column: Column<Fixed>,
        from: usize,
        to: Value<Assigned<C::ScalarExt>>,
    ) -> Result<(), plonk::Error> {
        let outcome = self.check_row("fixed cells filled", from);
        self.report(outcome, None)?;
        if self.is_passing_by() {
            return Ok(());
        }
        let value = known(to).ok_or(plonk::Error::Synthesis)?;
        let outcome = self.perform(Note::Fill(column, from, value));
        self.report(outcome, None)
    }

    // Names serve debugging tools; no key depends on them.

    fn enter_region<NR: Into<String>, N: FnOnce() -> NR>(&mut self, _: N) {
        if let Some(turns) = &mut self.turns {
            turns.advance();
        }
    }

    fn exit_region(&mut self) {}

    fn push_namespace<NR: Into<String>, N: FnOnce() -> NR>(&mut self, _: N) {}

    fn pop_namespace(&mut self, _: Option<String>) {}
}
