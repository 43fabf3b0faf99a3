//! Cells of the first phase, column by column, in no more bytes than their values need.

use ff::Field;
use halo2_axiom::halo2curves::bn256::Fr;

use crate::circuit::layout::COLUMNS;

/// A column. It begins with bytes, which is what most cells are, and grows with its values.
#[derive(Clone, Debug)]
enum Column {
    Bytes(Vec<u8>),
    Words(Vec<u64>),
    Wide(Vec<Fr>),
}

impl Column {
    fn get(&self, row: usize) -> Fr {
        match self {
            Self::Bytes(values) => Fr::from(u64::from(values[row])),
            Self::Words(values) => Fr::from(values[row]),
            Self::Wide(values) => values[row],
        }
    }

    fn set(&mut self, row: usize, value: u64) {
        match self {
            Self::Bytes(values) => match u8::try_from(value) {
                Ok(byte) => values[row] = byte,
                Err(_) => {
                    let mut words: Vec<u64> = values.iter().map(|&byte| byte.into()).collect();
                    words[row] = value;
                    *self = Self::Words(words);
                }
            },
            Self::Words(values) => values[row] = value,
            Self::Wide(values) => values[row] = Fr::from(value),
        }
    }

    fn set_wide(&mut self, row: usize, value: Fr) {
        if let Self::Bytes(_) | Self::Words(_) = self {
            let rows = match self {
                Self::Bytes(values) => values.len(),
                Self::Words(values) => values.len(),
                Self::Wide(values) => values.len(),
            };
            *self = Self::Wide((0..rows).map(|row| self.get(row)).collect());
        }
        if let Self::Wide(values) = self {
            values[row] = value;
        }
    }
}

/// The cells of the first phase.
#[derive(Clone, Debug)]
pub(crate) struct Witness {
    rows: usize,
    columns: Vec<Column>,
}

impl Witness {
    pub(super) fn zero(rows: usize) -> Self {
        Self { rows, columns: vec![Column::Bytes(vec![0; rows]); COLUMNS] }
    }

    /// Usable rows. Steps are in all but the last.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn get(&self, column: usize, row: usize) -> Fr {
        self.columns[column].get(row)
    }

    /// The value of a cell, if its column is of values that fit 64 bits.
    pub(crate) fn small(&self, column: usize, row: usize) -> Option<u64> {
        match &self.columns[column] {
            Column::Bytes(values) => values.get(row).map(|&byte| byte.into()),
            Column::Words(values) => values.get(row).copied(),
            Column::Wide(_) => None,
        }
    }

    pub(crate) fn set(&mut self, column: usize, row: usize, value: u64) {
        self.columns[column].set(row, value);
    }

    /// Values that need not fit 64 bits.
    pub(super) fn set_wide(&mut self, column: usize, row: usize, value: Fr) {
        self.columns[column].set_wide(row, value);
    }

    /// Adds to a number that fits 64 bits.
    pub(super) fn add(&mut self, column: usize, row: usize, more: u64) {
        let before = self.small(column, row).unwrap_or(0);
        self.set(column, row, before + more);
    }

    /// Adds to `counts` how often each byte is in the first rows of a column.
    pub(super) fn count_bytes(&self, column: usize, rows: usize, counts: &mut [u64; 256]) {
        for row in 0..rows {
            let value = self.small(column, row).and_then(|value| usize::try_from(value).ok());
            if let Some(count) = value.and_then(|value| counts.get_mut(value)) {
                *count += 1;
            }
        }
    }

    /// Calls `assign(column, row, value)` for each cell that is not 0.
    pub(crate) fn for_each(&self, mut assign: impl FnMut(usize, usize, Fr)) {
        for (index, column) in self.columns.iter().enumerate() {
            for row in 0..self.rows {
                let value = column.get(row);
                if !bool::from(value.is_zero()) {
                    assign(index, row, value);
                }
            }
        }
    }

    /// All values of a column.
    #[cfg(test)]
    pub(crate) fn column(&self, column: usize) -> Vec<Fr> {
        (0..self.rows).map(|row| self.get(column, row)).collect()
    }
}
