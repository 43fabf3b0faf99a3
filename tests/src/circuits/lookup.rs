//! Lookups in loaded tables.

use halo2_axiom::circuit::{Region, Table, Value};
use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::{Advice, Column, ConstraintSystem, Error, Expression, Selector, TableColumn};
use halo2_axiom::poly::Rotation;

use super::{Chip, Exposed, Gadget, Witness};

/// Several lookup arguments, each of tuples of advice cells in a loaded table.
#[derive(Clone, Debug)]
pub struct Lookup {
    /// Number of lookup arguments.
    pub arguments: usize,
    /// Expressions in each tuple.
    pub width: usize,
    /// Whether all arguments share one table.
    pub shared_table: bool,
    /// Whether a complex selector switches the input.
    pub gated: bool,
    /// Rotation at which the input is read; other than 0 only for gated inputs.
    pub rotation: i32,
    /// Rows of a table before it is filled up with its first row.
    pub table_rows: usize,
    /// Rows with an input.
    pub rows: usize,
}

#[derive(Clone, Debug)]
struct LookupChip {
    shape: Lookup,
    /// Per argument: the tuple's columns.
    inputs: Vec<Vec<Column<Advice>>>,
    selectors: Vec<Selector>,
    tables: Vec<Vec<TableColumn>>,
}

/// Row `row` of a table; row 0 holds zeros, as do the input rows that are never assigned.
fn entry(table: usize, column: usize, row: usize) -> Fr {
    let row = row as u64;
    Fr::from((column as u64 + 3) * row + (table as u64) * row * row)
}

impl Gadget for Lookup {
    fn configure(&self, meta: &mut ConstraintSystem<Fr>) -> Box<dyn Chip> {
        let tables = if self.shared_table { 1 } else { self.arguments };
        let tables: Vec<Vec<_>> =
            (0..tables).map(|_| (0..self.width).map(|_| meta.lookup_table_column()).collect()).collect();
        let mut chip = LookupChip { shape: self.clone(), inputs: vec![], selectors: vec![], tables };
        for argument in 0..self.arguments {
            let inputs: Vec<_> = (0..self.width).map(|_| meta.advice_column()).collect();
            let selector = self.gated.then(|| meta.complex_selector());
            let table = chip.table(argument).to_vec();
            meta.lookup(format!("argument {argument}"), |meta| {
                let on = selector.map_or(Expression::Constant(Fr::one()), |s| meta.query_selector(s));
                let input = |meta: &mut halo2_axiom::plonk::VirtualCells<'_, Fr>, column| {
                    let cell = meta.query_advice(column, Rotation(self.rotation));
                    if self.gated { on.clone() * cell } else { cell }
                };
                inputs.iter().zip(table).map(|(column, table)| (input(meta, *column), table)).collect()
            });
            chip.selectors.extend(selector);
            chip.inputs.push(inputs);
        }
        Box::new(chip)
    }
}

impl LookupChip {
    fn table(&self, argument: usize) -> &[TableColumn] {
        &self.tables[if self.shape.shared_table { 0 } else { argument }]
    }
}

impl Chip for LookupChip {
    fn assign(
        &self,
        phase: u8,
        region: &mut Region<'_, Fr>,
        witness: &Witness,
    ) -> Result<Vec<Exposed>, Error> {
        if phase > 0 {
            return Ok(Vec::new());
        }
        // Rows at which the argument looks from `first` reach row 0 at the least.
        let first = self.shape.rotation.min(0).unsigned_abs() as usize;
        for (argument, inputs) in self.inputs.iter().enumerate() {
            let table = if self.shape.shared_table { 0 } else { argument };
            for row in first..first + self.shape.rows {
                let cell = row.checked_add_signed(self.shape.rotation as isize).expect("row in range");
                let tag = inputs[0].index() as u64;
                let off = self.shape.gated && row % 4 == 2;
                if let (Some(selector), false) = (self.selectors.get(argument), off) {
                    selector.enable(region, row)?;
                }
                let index = witness.below(tag, cell, self.shape.table_rows);
                for (column, input) in inputs.iter().enumerate() {
                    // What is switched off need not be in the table, and is not.
                    let value = if off { -Fr::from(1 + index as u64) } else { entry(table, column, index) };
                    witness.put(region, *input, cell, value);
                }
            }
        }
        Ok(Vec::new())
    }

    fn has_table(&self) -> bool {
        true
    }

    fn load_table(&self, table: &mut Table<'_, Fr>) -> Result<(), Error> {
        for (index, columns) in self.tables.iter().enumerate() {
            for (column, table_column) in columns.iter().enumerate() {
                for row in 0..self.shape.table_rows {
                    let value = Value::known(entry(index, column, row));
                    table.assign_cell(|| "entry", *table_column, row, || value)?;
                }
            }
        }
        Ok(())
    }
}
