//! Steps to columns.

mod columns;
mod rows;

use std::collections::HashMap;

use halo2_axiom::halo2curves::bn256::Fr;

use super::image::Image;
use super::layout::*;
use super::lookups;
use super::machine::usable_rows;
use super::rom::RomRow;
use super::run::{Memory, Record, State};
pub(crate) use columns::Witness;

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
        let words =
            |value: fn(&(u64, u64)) -> u64| self.words.iter().map(|row| Fr::from(value(row))).collect();
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
        for row in self.row..self.witness.rows() {
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
        let steps = self.witness.rows() - 1;
        let mut counts = [0; 256];
        for column in lookups::byte_columns() {
            self.witness.count_bytes(column, steps, &mut counts);
        }
        for (byte, count) in counts.into_iter().enumerate() {
            self.witness.add(M_BYTE, byte, count);
        }
    }
}
