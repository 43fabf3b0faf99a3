//! What the chunks of an execution are: where they begin, and the program and addresses they share.

use std::collections::{BTreeMap, BTreeSet};

use crate::Program;
use crate::circuit::flags::{CALL, CALLX, STORE};
use crate::circuit::{
    Builder, Frame, Image, Listing, Memory, Record, RomRow, State, Unprovable, Witness, execute, usable_rows,
};

/// The machine at the beginning of a chunk, or at the end of the last. Of memory, only what changed
/// since the boundary before.
#[derive(Clone, Debug)]
pub(crate) struct Boundary {
    pub(crate) state: State,
    /// Steps so far.
    pub(crate) steps: u64,
    words: Vec<(u64, u64)>,
    frames: Vec<(u64, Frame)>,
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

/// What was written since the last boundary.
#[derive(Debug, Default)]
struct Changes {
    words: BTreeSet<u64>,
    frames: BTreeSet<u64>,
}

impl Changes {
    fn add(&mut self, record: &Record) {
        match record.access {
            Some(access) if record.rom.has(STORE) => {
                self.words.extend(access.word..=access.word + u64::from(access.second));
            }
            Some(_) if record.rom.has(CALL) || record.rom.has(CALLX) => {
                self.frames.insert(record.before.depth);
            }
            _ => {}
        }
    }

    /// The boundary here.
    fn take(&mut self, state: State, steps: u64, memory: &Memory) -> Boundary {
        let Self { words, frames } = std::mem::take(self);
        let words = words.into_iter().filter_map(|word| Some((word, *memory.words.get(&word)?)));
        let frames = frames.into_iter().filter_map(|depth| Some((depth, *memory.frames.get(&depth)?)));
        Boundary { state, steps, words: words.collect(), frames: frames.collect() }
    }
}

impl<'a> Plan<'a> {
    /// Executes a program, cutting after every `chunk` steps.
    ///
    /// # Errors
    /// If it does not return within `most` steps, or does what no constraints cover.
    pub(crate) fn new(image: Image<'a>, chunk: u64, most: u64) -> Result<Self, Unprovable> {
        let (mut rom, mut words) = (BTreeMap::new(), BTreeSet::new());
        let (mut state, mut steps) = (initial_state(image.program), 0);
        let (mut memory, mut changes) = (Memory::default(), Changes::default());
        let mut boundaries = vec![changes.take(state, steps, &memory)];
        while !state.is_halted() {
            let pc = state.pc;
            if steps == most {
                return Err(Unprovable { pc, reason: format!("more than {most} steps") });
            }
            let row = match rom.get(&pc) {
                Some(row) => *row,
                None => *rom.entry(pc).or_insert(RomRow::of(image.program, pc)?),
            };
            let record = execute(&row, &state, &mut memory, &image)
                .map_err(|trap| Unprovable { pc, reason: trap.to_owned() })?;
            if let Some(access) = record.access {
                words.extend(access.word..=access.word + u64::from(access.second));
            }
            changes.add(&record);
            state = record.after;
            steps += 1;
            if steps % chunk == 0 || state.is_halted() {
                boundaries.push(changes.take(state, steps, &memory));
            }
        }
        let words = words.into_iter().map(|word| (word, image.limit(word).unwrap_or(0))).collect();
        Ok(Self { image, listing: Listing { rom: rom.into_values().collect(), words }, boundaries })
    }

    pub(crate) fn chunks(&self) -> usize {
        self.boundaries.len() - 1
    }

    /// Steps of all chunks.
    pub(crate) fn steps(&self) -> u64 {
        self.boundaries[self.chunks()].steps
    }

    /// Memory at a boundary.
    pub(crate) fn memory(&self, boundary: usize) -> Memory {
        let mut memory = Memory::default();
        for boundary in &self.boundaries[..=boundary] {
            memory.words.extend(boundary.words.iter().copied());
            memory.frames.extend(boundary.frames.iter().copied());
        }
        memory
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
        let memory_before = self.memory(index);
        let (mut state, mut memory) = (before.state, memory_before.clone());
        for _ in before.steps..after.steps {
            let at = self.listing.rom.binary_search_by_key(&state.pc, |row| row.pc);
            let at = at.map_err(|_| Unprovable { pc: state.pc, reason: "another execution".to_owned() })?;
            let record = execute(&self.listing.rom[at], &state, &mut memory, &self.image)
                .map_err(|trap| Unprovable { pc: state.pc, reason: trap.to_owned() })?;
            builder.push(&record);
            state = record.after;
        }
        Ok(builder.finish(&state, &self.image, [&memory_before, &memory]))
    }
}
