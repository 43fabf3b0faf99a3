//! Steps to columns.

mod rows;

use std::collections::HashMap;

use ff::Field;
use halo2_axiom::halo2curves::bn256::Fr;

use super::image::Image;
use super::layout::*;
use super::lookups;
use super::machine::usable_rows;
use super::rom::RomRow;
use super::run::{Memory, Record, State};

/// The cells of the first phase. Most fit 64 bits.
#[derive(Clone, Debug)]
pub(crate) struct Witness {
    rows: usize,
    small: Vec<Vec<u64>>,
    wide: Vec<Vec<Fr>>,
    /// Where a wide column is in `wide`.
    wide_index: [Option<u8>; COLUMNS],
}

impl Witness {
    fn zero(rows: usize) -> Self {
        let mut wide_index = [None; COLUMNS];
        WIDE.iter().zip(0..).for_each(|(&column, index)| wide_index[column] = Some(index));
        let small = wide_index.iter().map(|index| vec![0; if index.is_none() { rows } else { 0 }]);
        Self { rows, small: small.collect(), wide: vec![vec![Fr::ZERO; rows]; WIDE.len()], wide_index }
    }

    /// Usable rows. Steps are in all but the last.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn get(&self, column: usize, row: usize) -> Fr {
        match self.wide_index[column] {
            Some(index) => self.wide[usize::from(index)][row],
            None => Fr::from(self.small[column][row]),
        }
    }

    /// The value of a cell that fits 64 bits in every row.
    pub(crate) fn small(&self, column: usize, row: usize) -> Option<u64> {
        self.small[column].get(row).copied()
    }

    fn set(&mut self, column: usize, row: usize, value: u64) {
        match self.wide_index[column] {
            Some(index) => self.wide[usize::from(index)][row] = Fr::from(value),
            None => self.small[column][row] = value,
        }
    }

    fn set_wide(&mut self, column: usize, row: usize, value: Fr) {
        if let Some(index) = self.wide_index[column] {
            self.wide[usize::from(index)][row] = value;
        }
    }

    /// Calls `assign(column, row, value)` for each cell that is not 0.
    pub(crate) fn for_each(&self, mut assign: impl FnMut(usize, usize, Fr)) {
        for column in 0..COLUMNS {
            match self.wide_index[column] {
                Some(index) => {
                    let values = self.wide[usize::from(index)].iter().enumerate();
                    values.filter(|(_, value)| !bool::from(value.is_zero())).for_each(|(row, &value)| {
                        assign(column, row, value);
                    });
                }
                None => {
                    let values = self.small[column].iter().enumerate();
                    values.filter(|(_, value)| **value != 0).for_each(|(row, &value)| {
                        assign(column, row, Fr::from(value));
                    });
                }
            }
        }
    }

    /// All values of a column.
    pub(crate) fn column(&self, column: usize) -> Vec<Fr> {
        (0..self.rows).map(|row| self.get(column, row)).collect()
    }
}

/// What all chunks of an execution have in common.
#[derive(Clone, Debug, Default)]
pub(crate) struct Listing {
    /// The instructions used, by pc.
    pub(crate) rom: Vec<RomRow>,
    /// The words used, by address, with their limits.
    pub(crate) words: Vec<(u64, u64)>,
}

impl Listing {
    /// The public columns, without their unused rows.
    pub(crate) fn public_columns(&self) -> [Vec<Fr>; PUBLIC] {
        let rom = |value: fn(&RomRow) -> u64| self.rom.iter().map(|row| Fr::from(value(row))).collect();
        let words = |value: fn(&(u64, u64)) -> u64| self.words.iter().map(|row| Fr::from(value(row))).collect();
        [
            rom(|row| row.pc),
            rom(|row| row.flags),
            rom(|row| row.imm),
            rom(|row| row.off),
            words(|row| row.0),
            words(|row| row.1),
        ]
    }
}

/// Builds the witness of a chunk, record by record.
pub(crate) struct Builder<'a> {
    pub(super) witness: Witness,
    listing: &'a Listing,
    /// Steps so far, which is the row of the next.
    row: usize,
    /// When each word was last touched.
    touched: HashMap<u64, u64>,
    rom_rows: HashMap<u64, usize>,
    /// Values to be inverted, with their rows.
    differences: Vec<(usize, Fr)>,
}

impl<'a> Builder<'a> {
    pub(crate) fn new(k: u32, listing: &'a Listing) -> Self {
        Self {
            witness: Witness::zero(usable_rows(k)),
            listing,
            row: 0,
            touched: HashMap::new(),
            rom_rows: listing.rom.iter().enumerate().map(|(row, rom)| (rom.pc, row)).collect(),
            differences: Vec::new(),
        }
    }

    /// Adds a step.
    pub(crate) fn push(&mut self, record: &Record) {
        self.step(record);
        self.row += 1;
    }

    /// Fills the rest: rows without steps, tables, and how often each of their rows was used.
    pub(crate) fn finish(
        mut self,
        after: &State,
        image: &Image<'_>,
        [memory_before, memory_after]: [&Memory; 2],
    ) -> Witness {
        for row in self.row..self.witness.rows {
            self.state(row, after, self.row as u64);
        }
        for (row, rom) in self.listing.rom.iter().enumerate() {
            for (column, value) in
                [(ROM_PC, rom.pc), (ROM_FLAGS, rom.flags), (ROM_IMM, rom.imm), (ROM_OFF, rom.off)]
            {
                self.witness.set(column, row, value);
            }
        }
        for (row, &(word, limit)) in self.listing.words.iter().enumerate() {
            self.witness.set(RAM_ADDRESS, row, word);
            self.witness.set(RAM_LIMIT, row, limit);
            self.witness.set_wide(RAM_IN, row, memory_before.value(image, word));
            self.witness.set_wide(RAM_OUT, row, memory_after.value(image, word));
            self.witness.set(RAM_LAST, row, self.touched.get(&word).copied().unwrap_or(0));
        }
        self.invert();
        self.count();
        self.witness
    }

    fn invert(&mut self) {
        let (rows, mut values): (Vec<usize>, Vec<Fr>) = self.differences.drain(..).unzip();
        super::second_phase::invert(&mut values);
        for (row, value) in rows.into_iter().zip(values) {
            self.witness.set_wide(INVERSE, row, value);
        }
    }

    /// How often bytes are looked up; everything else was counted step by step.
    fn count(&mut self) {
        let steps = self.witness.rows - 1;
        let mut counts = vec![0; 256];
        for column in lookups::byte_columns() {
            for &value in &self.witness.small[column][..steps] {
                if let Some(count) = counts.get_mut(value as usize) {
                    *count += 1;
                }
            }
        }
        for (byte, count) in counts.into_iter().enumerate() {
            self.witness.small[M_BYTE][byte] += count;
        }
    }
}
