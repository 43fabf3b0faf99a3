//! What a circuit tells key generation while it is synthesised.

use std::collections::HashMap;

use ff::Field;
use halo2_axiom::circuit::Value;
use halo2_axiom::plonk::{
    self, Advice, Any, Assigned, Assignment, Challenge, Column, ConstraintSystem, Fixed, Instance, Selector,
};

use super::copies::Copies;
use crate::Error;

/// Collects fixed values, selectors and copy constraints. There is no witness.
///
/// Half of the library's callbacks return nothing, so a mistake of the circuit is kept here until
/// synthesis has ended; the first one is the one reported.
#[derive(Debug)]
pub(super) struct Assembly<F> {
    k: u32,
    /// Rows that are not blinded.
    usable: usize,
    /// Fixed columns on the rows. Cells of `denominators` hold a numerator.
    pub(super) fixed: Vec<Vec<F>>,
    /// What cells, by column and row, are still to be divided by. Fractions are rare in fixed
    /// columns; keeping them aside saves the library's 72 bytes a cell.
    pub(super) denominators: HashMap<(usize, usize), F>,
    pub(super) selectors: Vec<Vec<bool>>,
    pub(super) copies: Copies,
    failure: Option<Error>,
}

impl<F: Field> Assembly<F> {
    /// Empty columns for a constraint system with at most 2^k rows.
    pub(super) fn new(k: u32, cs: &ConstraintSystem<F>) -> Result<Self, Error> {
        let (rows, needed) = (1usize << k, cs.minimum_rows());
        if rows < needed {
            return Err(Error::NotEnoughRows { k, rows, needed });
        }
        Ok(Self {
            k,
            usable: rows - (cs.blinding_factors() + 1),
            fixed: vec![vec![F::ZERO; rows]; cs.num_fixed_columns()],
            denominators: HashMap::new(),
            selectors: vec![vec![false; rows]; cs.num_selectors()],
            copies: Copies::new(&cs.permutation().get_columns(), rows)?,
            failure: None,
        })
    }

    /// The first mistake, if there was one; else what synthesis itself returned.
    pub(super) fn finish(mut self, outcome: Result<(), plonk::Error>) -> Result<Self, Error> {
        match self.failure.take() {
            Some(error) => Err(error),
            None => outcome.map(|()| self).map_err(Error::Synthesis),
        }
    }

    fn check_row(&self, what: &'static str, row: usize) -> Result<(), Error> {
        if row < self.usable { Ok(()) } else { Err(Error::RowOutOfRange { what, row, usable: self.usable }) }
    }

    /// A fixed column by its index.
    fn column(&mut self, column: Column<Fixed>) -> Result<&mut Vec<F>, Error> {
        let columns = self.fixed.len();
        let index = column.index();
        self.fixed.get_mut(index).ok_or(Error::ColumnOutOfRange { what: "fixed", column: index, columns })
    }

    fn try_enable(&mut self, selector: usize, row: usize) -> Result<(), Error> {
        self.check_row("selector", row)?;
        let columns = self.selectors.len();
        match self.selectors.get_mut(selector) {
            Some(activations) => activations[row] = true,
            None => return Err(Error::ColumnOutOfRange { what: "selector", column: selector, columns }),
        }
        Ok(())
    }

    fn try_assign(&mut self, column: Column<Fixed>, row: usize, to: Assigned<F>) -> Result<(), Error> {
        self.check_row("fixed cell", row)?;
        self.column(column)?[row] = to.numerator();
        match to.denominator() {
            Some(denominator) => {
                self.denominators.insert((column.index(), row), denominator);
            }
            // A cell may be assigned twice: the last value counts, whole or fraction.
            None if !self.denominators.is_empty() => {
                self.denominators.remove(&(column.index(), row));
            }
            None => {}
        }
        Ok(())
    }

    fn try_copy(&mut self, left: (Column<Any>, usize), right: (Column<Any>, usize)) -> Result<(), Error> {
        self.check_row("copy constraint", left.1)?;
        self.check_row("copy constraint", right.1)?;
        self.copies.copy(left, right)
    }

    fn try_fill(&mut self, column: Column<Fixed>, from: usize, to: Assigned<F>) -> Result<(), Error> {
        self.check_row("fixed cells filled", from)?;
        let usable = self.usable;
        // One inversion for the whole column, and none for whole numbers.
        self.column(column)?[from..usable].fill(to.evaluate());
        self.denominators.retain(|&(c, row), _| c != column.index() || row < from);
        Ok(())
    }

    /// Keeps the first mistake.
    fn keep(&mut self, outcome: Result<(), Error>) {
        if let Err(error) = outcome {
            self.failure.get_or_insert(error);
        }
    }

    /// Keeps the first mistake, and tells the circuit of it in the library's terms.
    fn report(&mut self, outcome: Result<(), Error>) -> Result<(), plonk::Error> {
        let library = match &outcome {
            Ok(()) => return Ok(()),
            Err(Error::RowOutOfRange { .. }) => plonk::Error::NotEnoughRowsAvailable { current_k: self.k },
            Err(_) => plonk::Error::BoundsFailure,
        };
        self.keep(outcome);
        Err(library)
    }
}

impl<F: Field> Assignment<F> for Assembly<F> {
    fn enable_selector<A, AR>(&mut self, _: A, selector: &Selector, row: usize) -> Result<(), plonk::Error>
    where
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
        let outcome = self.try_enable(selector.index(), row);
        self.report(outcome)
    }

    fn query_instance(&self, _: Column<Instance>, row: usize) -> Result<Value<F>, plonk::Error> {
        // The same answer as the library's: whether the row exists, not what it holds.
        if row < self.usable {
            Ok(Value::unknown())
        } else {
            Err(plonk::Error::NotEnoughRowsAvailable { current_k: self.k })
        }
    }

    fn assign_advice<'v>(
        &mut self,
        _: Column<Advice>,
        _: usize,
        _: Value<Assigned<F>>,
    ) -> Value<&'v Assigned<F>> {
        Value::unknown()
    }

    fn assign_fixed(&mut self, column: Column<Fixed>, row: usize, to: Assigned<F>) {
        let outcome = self.try_assign(column, row, to);
        self.keep(outcome);
    }

    fn copy(&mut self, left: Column<Any>, left_row: usize, right: Column<Any>, right_row: usize) {
        let outcome = self.try_copy((left, left_row), (right, right_row));
        self.keep(outcome);
    }

    fn fill_from_row(
        &mut self,
        column: Column<Fixed>,
        from: usize,
        to: Value<Assigned<F>>,
    ) -> Result<(), plonk::Error> {
        let mut known = None;
        to.map(|to| known = Some(to));
        let outcome = match known {
            Some(to) => self.try_fill(column, from, to),
            // A fixed column cannot depend on a witness.
            None => Err(Error::Synthesis(plonk::Error::Synthesis)),
        };
        self.report(outcome)
    }

    fn get_challenge(&self, _: Challenge) -> Value<F> {
        Value::unknown()
    }

    // Names serve debugging tools; no key depends on them.

    fn enter_region<NR: Into<String>, N: FnOnce() -> NR>(&mut self, _: N) {}

    fn exit_region(&mut self) {}

    fn annotate_column<A, AR>(&mut self, _: A, _: Column<Any>)
    where
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
    }

    fn push_namespace<NR: Into<String>, N: FnOnce() -> NR>(&mut self, _: N) {}

    fn pop_namespace(&mut self, _: Option<String>) {}
}
