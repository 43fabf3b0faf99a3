//! Lookups in tables that are columns of the circuit like any other.

use ff::Field;
use halo2_axiom::circuit::{Region, Value};
use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::{Advice, Any, Column, ConstraintSystem, Error, Expression, Fixed, VirtualCells};
use halo2_axiom::poly::Rotation;

use super::{Chip, Exposed, Gadget, Witness};

/// Which columns hold the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableKind {
    /// Advice columns: the table is part of the witness.
    Advice,
    /// Fixed columns.
    Fixed,
    /// Instance columns: the table is public.
    Instance,
}

/// One `lookup_any` argument of tuples of advice cells.
#[derive(Clone, Debug)]
pub struct DynamicLookup {
    /// Where the table is.
    pub table: TableKind,
    /// Expressions in the tuple.
    pub width: usize,
    /// Rows of the table, and of the input.
    pub rows: usize,
    /// Multiplies each input expression by a fixed column.
    pub gated_input: bool,
    /// Multiplies each table expression by a fixed column.
    pub gated_table: bool,
}

#[derive(Clone, Debug)]
struct DynamicLookupChip {
    shape: DynamicLookup,
    inputs: Vec<Column<Advice>>,
    table: Vec<Column<Any>>,
    gate: Column<Fixed>,
}

impl Gadget for DynamicLookup {
    fn configure(&self, meta: &mut ConstraintSystem<Fr>) -> Box<dyn Chip> {
        let inputs: Vec<_> = (0..self.width).map(|_| meta.advice_column()).collect();
        let table: Vec<Column<Any>> = (0..self.width)
            .map(|_| match self.table {
                TableKind::Advice => meta.advice_column().into(),
                TableKind::Fixed => meta.fixed_column().into(),
                TableKind::Instance => meta.instance_column().into(),
            })
            .collect();
        let gate = meta.fixed_column();
        meta.lookup_any("dynamic", |meta| {
            let on = meta.query_fixed(gate, Rotation::cur());
            let read = |meta: &mut VirtualCells<'_, Fr>, column: Column<Any>, gated| -> Expression<Fr> {
                let cell = meta.query_any(column, Rotation::cur());
                if gated { on.clone() * cell } else { cell }
            };
            let pair = |meta: &mut VirtualCells<'_, Fr>, (input, table): (&Column<Advice>, &Column<Any>)| {
                (read(meta, (*input).into(), self.gated_input), read(meta, *table, self.gated_table))
            };
            inputs.iter().zip(&table).map(|columns| pair(meta, columns)).collect()
        });
        Box::new(DynamicLookupChip { shape: self.clone(), inputs, table, gate })
    }

    fn instances(&self, witness: &Witness) -> Vec<Vec<Fr>> {
        let columns = if self.table == TableKind::Instance { self.width } else { 0 };
        (0..columns).map(|c| (0..self.rows).map(|row| self.entry(witness, c, row)).collect()).collect()
    }
}

impl DynamicLookup {
    fn entry(&self, witness: &Witness, column: usize, row: usize) -> Fr {
        // A fixed table is part of the keys, which no witness may change.
        let seed = if self.table == TableKind::Fixed { 0 } else { witness.seed };
        Witness { seed, ..*witness }.scalar(0x7ab1e + column as u64, row)
    }
}

impl Chip for DynamicLookupChip {
    fn assign(
        &self,
        phase: u8,
        region: &mut Region<'_, Fr>,
        witness: &Witness,
    ) -> Result<Vec<Exposed>, Error> {
        if phase > 0 {
            return Ok(Vec::new());
        }
        let rows = self.shape.rows;
        for row in 0..rows {
            region.assign_fixed(self.gate, row, Fr::ONE);
            for (column, table) in self.table.iter().enumerate() {
                let value = self.shape.entry(witness, column, row);
                if let Ok(advice) = Column::<Advice>::try_from(*table) {
                    witness.put(region, advice, row, value);
                } else if let Ok(fixed) = Column::<Fixed>::try_from(*table) {
                    region.assign_fixed(fixed, row, value);
                }
            }
            let from = witness.below(self.gate.index() as u64, row, rows);
            for (column, input) in self.inputs.iter().enumerate() {
                witness.put(region, *input, row, self.shape.entry(witness, column, from));
            }
        }
        // Switched off, an input may hold anything.
        if self.shape.gated_input {
            let anything: Value<Fr> = witness.value(Fr::from(0xdead));
            witness.assign(region, self.inputs[0], rows, anything);
        }
        Ok(Vec::new())
    }
}
