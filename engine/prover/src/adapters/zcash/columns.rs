//! The indices of the library's columns and selectors, which it does not show.

use std::collections::HashMap;

use ff_0_14::Field;
use halo2_proofs::plonk::{Advice, Any, Column, ConstraintSystem, Fixed, Instance, Selector};

use crate::shape::{self, ColumnKind};

/// Columns as a constraint system hands them out, each kind in ascending order. What is equal to one
/// of them has its index.
#[derive(Debug)]
pub(super) struct Columns {
    fixed: Vec<Column<Fixed>>,
    advice: Vec<Column<Advice>>,
    instance: Vec<Column<Instance>>,
    selectors: HashMap<Selector, usize>,
}

impl Columns {
    /// So many columns of each kind, and selectors, simple or not.
    pub(super) fn new<F: Field>(fixed: usize, advice: usize, instance: usize, selectors: usize) -> Self {
        let mut system = ConstraintSystem::<F>::default();
        let mut other = ConstraintSystem::<F>::default();
        Self {
            fixed: (0..fixed).map(|_| system.fixed_column()).collect(),
            advice: (0..advice).map(|_| system.advice_column()).collect(),
            instance: (0..instance).map(|_| system.instance_column()).collect(),
            selectors: (0..selectors)
                .flat_map(|index| [(system.selector(), index), (other.complex_selector(), index)])
                .collect(),
        }
    }

    pub(super) fn fixed(&self, column: Column<Fixed>) -> Option<usize> {
        self.fixed.binary_search(&column).ok()
    }

    pub(super) fn advice(&self, column: Column<Advice>) -> Option<usize> {
        self.advice.binary_search(&column).ok()
    }

    pub(super) fn instance(&self, column: Column<Instance>) -> Option<usize> {
        self.instance.binary_search(&column).ok()
    }

    pub(super) fn selector(&self, selector: &Selector) -> Option<usize> {
        self.selectors.get(selector).copied()
    }

    /// The library's fixed columns of these indices.
    pub(super) fn fixed_columns(&self, indices: &[usize]) -> Vec<Column<Fixed>> {
        indices.iter().filter_map(|&index| self.fixed.get(index).copied()).collect()
    }

    /// The engine's name of a column.
    pub(super) fn any(&self, column: Column<Any>) -> Option<shape::Column> {
        let (kind, index) = match column.column_type() {
            Any::Advice => (ColumnKind::Advice, self.advice(column.try_into().ok()?)?),
            Any::Fixed => (ColumnKind::Fixed, self.fixed(column.try_into().ok()?)?),
            Any::Instance => (ColumnKind::Instance, self.instance(column.try_into().ok()?)?),
        };
        Some(shape::Column { kind, index })
    }
}
