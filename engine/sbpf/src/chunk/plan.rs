//! What the chunks of an execution are: where they begin, and the program and addresses they share.

use std::collections::{BTreeMap, BTreeSet};

use crate::Program;
use crate::circuit::{Builder, Image, Listing, Memory, RomRow, State, Unprovable, Witness, execute, usable_rows};

/// The machine at the beginning of a chunk, or at the end of the last.
#[derive(Clone, Debug)]
pub(crate) struct Boundary {
    pub(crate) state: State,
    pub(crate) memory: Memory,
    /// Steps so far.
    pub(crate) steps: u64,
}

/// An execution, gone through once.
#[derive(Clone, Debug)]
pub(crate) struct Plan<'a> {
    pub(crate) image: Image<'a>,
    pub(crate) listing: Listing,
    /// One more than there are chunks.
    pub(crate) boundaries: Vec<Boundary>,
}

/// Where execution begins.
pub(crate) fn initial_state(program: &Program) -> State {
    let mut registers = [0; 10];
    registers[1] = 4 << 32;
    State { pc: program.entry(), depth: 0, registers }
}

impl<'a> Plan<'a> {
    /// Executes a program, cutting after every `chunk` steps.
    ///
    /// # Errors
    /// If it does not return within `most` steps, or does what no constraints cover.
    pub(crate) fn new(image: Image<'a>, chunk: u64, most: u64) -> Result<Self, Unprovable> {
        let mut rom = BTreeMap::new();
        let mut words = BTreeSet::new();
        let mut boundary =
            Boundary { state: initial_state(image.program), memory: Memory::default(), steps: 0 };
        let mut boundaries = vec![boundary.clone()];
        while !boundary.state.is_halted() {
            let pc = boundary.state.pc;
            if boundary.steps == most {
                return Err(Unprovable { pc, reason: format!("more than {most} steps") });
            }
            let row = match rom.get(&pc) {
                Some(row) => *row,
                None => *rom.entry(pc).or_insert(RomRow::of(image.program, pc)?),
            };
            let record = execute(&row, &boundary.state, &mut boundary.memory, &image)
                .map_err(|trap| Unprovable { pc, reason: trap.to_owned() })?;
            if let Some(access) = record.access {
                words.extend(access.word..=access.word + u64::from(access.second));
            }
            boundary.state = record.after;
            boundary.steps += 1;
            if boundary.steps % chunk == 0 || boundary.state.is_halted() {
                boundaries.push(boundary.clone());
            }
        }
        let words = words.into_iter().map(|word| (word, image.limit(word).unwrap_or(0))).collect();
        Ok(Self { image, listing: Listing { rom: rom.into_values().collect(), words }, boundaries })
    }

    pub(crate) fn chunks(&self) -> usize {
        self.boundaries.len() - 1
    }

    /// Rows that the shared tables need.
    pub(crate) fn table_rows(&self) -> usize {
        self.listing.rom.len().max(self.listing.words.len())
    }

    /// Whether a circuit of `2^k` rows holds every chunk and the tables. The last usable row is for
    /// the final state.
    pub(crate) fn fits(&self, k: u32, chunk: u64) -> bool {
        let rows = usable_rows(k) - 1;
        self.table_rows() <= rows && chunk <= rows as u64
    }

    /// The cells of a chunk.
    pub(crate) fn witness(&self, index: usize, k: u32) -> Result<Witness, Unprovable> {
        let [before, after] = [&self.boundaries[index], &self.boundaries[index + 1]];
        let mut builder = Builder::new(k, &self.listing);
        let (mut state, mut memory) = (before.state, before.memory.clone());
        for _ in before.steps..after.steps {
            let at = self.listing.rom.binary_search_by_key(&state.pc, |row| row.pc);
            let at = at.map_err(|_| Unprovable { pc: state.pc, reason: "another execution".to_owned() })?;
            let record = execute(&self.listing.rom[at], &state, &mut memory, &self.image)
                .map_err(|trap| Unprovable { pc: state.pc, reason: trap.to_owned() })?;
            builder.push(&record);
            state = record.after;
        }
        Ok(builder.finish(&state, &self.image, [&before.memory, &memory]))
    }
}
