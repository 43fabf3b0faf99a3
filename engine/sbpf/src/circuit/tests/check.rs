//! The constraints on the first phase, row by row, and what the sum of fractions says.
//!
//! Lookups are checked as what they are for: a message looked up must be in its table, as often as
//! a prover likes (it chooses the multiplicities); words of memory must be left as often as found.

use std::collections::{BTreeMap, HashMap, HashSet};

use ff::{Field, PrimeField};
use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::{Circuit, ConstraintSystem, Expression};

use super::*;
use crate::circuit::layout::*;
use crate::circuit::linear::{Cell, Linear};
use crate::circuit::lookups::{self, Table, Term};
use crate::circuit::tables;

/// All cells of the first phase, as one may change them.
#[derive(Clone)]
pub(super) struct Cells {
    pub(super) columns: Vec<Vec<Fr>>,
    pub(super) instances: Vec<Fr>,
}

impl Cells {
    pub(super) fn new(witness: &Witness, instances: Vec<Fr>) -> Self {
        Self { columns: (0..COLUMNS).map(|column| witness.column(column)).collect(), instances }
    }

    pub(super) fn last(&self) -> usize {
        self.columns[0].len() - 1
    }

    fn linear(&self, linear: &Linear, row: usize) -> Fr {
        linear.evaluate(|cell| match cell {
            Cell::Advice(column) => self.columns[column][row],
            Cell::Fixed(column) => tables::value(column, row, self.last()),
        })
    }

    /// Whether a step's row has this flag.
    pub(super) fn has(&self, row: usize, flag: usize) -> bool {
        self.columns[FLAGS + flag][row] == Fr::ONE
    }
}

type Message = (Table, [[u8; 32]; 4]);

pub(super) struct Checker {
    gates: Vec<(String, Expression<Fr>)>,
    /// Gates by the columns they read: in their row, and in the next.
    readers: [Vec<Vec<usize>>; 2],
    terms: Vec<Term>,
    /// First of the terms that are tables.
    tables: usize,
}

impl Checker {
    pub(super) fn new() -> Self {
        let mut cs = ConstraintSystem::<Fr>::default();
        MachineCircuit::configure_with_params(&mut cs, ());
        let mut gates = Vec::new();
        for gate in cs.gates().iter().filter(|gate| gate.name() != "lookups") {
            for (index, polynomial) in gate.polynomials().iter().enumerate() {
                gates.push((gate.constraint_name(index).to_owned(), polynomial.clone()));
            }
        }
        let mut readers = [(); 2].map(|()| vec![Vec::new(); COLUMNS]);
        for (index, (_, gate)) in gates.iter().enumerate() {
            for (column, rotation) in queries(gate) {
                readers[rotation as usize][column].push(index);
            }
        }
        let terms = lookups::terms();
        let is_table = |term: &Term| {
            let advice = |(cell, _): &(Cell, Fr)| match cell {
                Cell::Advice(column) => *column < PC,
                Cell::Fixed(_) => true,
            };
            term.message.iter().all(|linear| linear.terms.iter().all(advice))
        };
        let tables = terms.iter().position(is_table).unwrap();
        Self { gates, readers, terms, tables }
    }

    fn gate(&self, cells: &Cells, row: usize, gate: usize) -> Result<(), String> {
        let n = 1 << K;
        let at = |rotation: i32| (row as i32 + rotation) as usize % n;
        let value = self.gates[gate].1.evaluate(
            &|constant| constant,
            &|_| Fr::ZERO,
            &|query| tables::value(query.column_index(), at(query.rotation().0), cells.last()),
            &|query| {
                cells.columns[query.column_index()].get(at(query.rotation().0)).copied().unwrap_or(Fr::ZERO)
            },
            &|query| cells.instances.get(at(query.rotation().0)).copied().unwrap_or(Fr::ZERO),
            &|_| Fr::ZERO,
            &|value| -value,
            &|a, b| a + b,
            &|a, b| a * b,
            &|a, b| a * b,
        );
        if value == Fr::ZERO { Ok(()) } else { Err(format!("row {row}: {}", self.gates[gate].0)) }
    }

    fn message(&self, cells: &Cells, row: usize, term: &Term) -> Message {
        let coefficients = [0, 1, 2, 3].map(|i| cells.linear(&term.message[i], row).to_repr());
        (term.table, coefficients)
    }

    /// What is in the tables: rows that count.
    fn entries(&self, cells: &Cells) -> HashSet<Message> {
        let mut entries = HashSet::new();
        for term in self.terms[self.tables..].iter().filter(|term| term.table != Table::Memory) {
            entries.extend((0..cells.last()).map(|row| self.message(cells, row, term)));
        }
        entries
    }

    /// Whether what a row looks up is in the tables.
    fn lookups(&self, cells: &Cells, entries: &HashSet<Message>, row: usize) -> Result<(), String> {
        for term in self.terms[..self.tables].iter().filter(|term| term.table != Table::Memory) {
            if cells.linear(&term.numerator, row) != Fr::ZERO
                && !entries.contains(&self.message(cells, row, term))
            {
                return Err(format!("row {row}: not in table {:?}", term.table));
            }
        }
        Ok(())
    }

    fn add_memory(&self, cells: &Cells, row: usize, sign: Fr, balance: &mut BTreeMap<[[u8; 32]; 4], Fr>) {
        for term in self.terms.iter().filter(|term| term.table == Table::Memory) {
            let numerator = cells.linear(&term.numerator, row);
            if numerator != Fr::ZERO {
                *balance.entry(self.message(cells, row, term).1).or_default() += sign * numerator;
            }
        }
    }

    /// Everything, on all rows.
    pub(super) fn check(&self, cells: &Cells) -> Result<(), String> {
        for row in 0..=cells.last() {
            (0..self.gates.len()).try_for_each(|gate| self.gate(cells, row, gate))?;
        }
        self.check_tables(cells)
    }

    /// The lookups and memory, on all rows.
    pub(super) fn check_tables(&self, cells: &Cells) -> Result<(), String> {
        let entries = self.entries(cells);
        let mut balance = BTreeMap::new();
        for row in 0..cells.last() {
            self.lookups(cells, &entries, row)?;
            self.add_memory(cells, row, Fr::ONE, &mut balance);
        }
        balanced(&balance)
    }

    /// Whether a constraint on steps or on the boundaries reads a column.
    pub(super) fn is_read(&self, column: usize) -> bool {
        self.readers.iter().any(|readers| !readers[column].is_empty())
    }

    /// How often each entry of a table is used: what the columns of multiplicities must say.
    pub(super) fn multiplicities(&self, cells: &Cells) -> Result<(), String> {
        let mut counts: HashMap<Message, Fr> = HashMap::new();
        for row in 0..cells.last() {
            for term in self.terms.iter().filter(|term| term.table != Table::Memory) {
                let numerator = cells.linear(&term.numerator, row);
                if numerator != Fr::ZERO {
                    *counts.entry(self.message(cells, row, term)).or_default() += numerator;
                }
            }
        }
        match counts.iter().find(|(_, count)| **count != Fr::ZERO) {
            Some((message, count)) => Err(format!("{:?} is {count:?} times too often", message.0)),
            None => Ok(()),
        }
    }

    /// Whether `cells`, which were right before `column` was changed in `row`, still are.
    pub(super) fn check_change(
        &self,
        before: &Cells,
        cells: &Cells,
        entries: &HashSet<Message>,
        column: usize,
        row: usize,
    ) -> Result<(), String> {
        for gate in &self.readers[0][column] {
            self.gate(cells, row, *gate)?;
        }
        for gate in self.readers[1][column].iter().filter(|_| row > 0) {
            self.gate(cells, row - 1, *gate)?;
        }
        if row == cells.last() {
            return Ok(());
        }
        self.lookups(cells, entries, row)?;
        let mut balance = BTreeMap::new();
        self.add_memory(before, row, -Fr::ONE, &mut balance);
        self.add_memory(cells, row, Fr::ONE, &mut balance);
        balanced(&balance)
    }

    pub(super) fn table_entries(&self, cells: &Cells) -> HashSet<Message> {
        self.entries(cells)
    }
}

fn balanced(balance: &BTreeMap<[[u8; 32]; 4], Fr>) -> Result<(), String> {
    match balance.iter().find(|(_, count)| **count != Fr::ZERO) {
        Some((message, _)) => Err(format!("memory at word {:x?} is not left as found", &message[0][..5])),
        None => Ok(()),
    }
}

/// The columns an expression reads, with 0 for its row and 1 for the next.
fn queries(expression: &Expression<Fr>) -> HashSet<(usize, i32)> {
    expression.evaluate(
        &|_| HashSet::new(),
        &|_| HashSet::new(),
        &|_| HashSet::new(),
        &|query| HashSet::from([(query.column_index(), query.rotation().0)]),
        &|_| HashSet::new(),
        &|_| HashSet::new(),
        &|set| set,
        &|a, b| a.union(&b).copied().collect(),
        &|a, b| a.union(&b).copied().collect(),
        &|set, _| set,
    )
}
