//! What the chunks of an execution are: where they begin, and the program and addresses they share.

use std::collections::{BTreeMap, BTreeSet};

use super::error::ProveError;
use super::savepoints::{self, Savepoints};
use crate::Program;
use crate::circuit::flags::{CALL, CALLX, STORE};
use crate::circuit::{
    Builder, Image, Listing, MAX_K, MICROCODE, Memory, Record, RomRow, State, Unprovable, Witness, execute,
    microcode, usable_rows,
};

/// The machine at the beginning of a chunk, or at the end of the last, without its memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Boundary {
    pub(crate) state: State,
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
    savepoints: Savepoints,
    /// Memory at the end.
    pub(crate) end: Memory,
}

/// Where execution begins.
pub(crate) fn initial_state(program: &Program) -> State {
    let mut registers = [0; 10];
    registers[1] = 4 << 32;
    State { pc: program.entry(), depth: 0, registers }
}

/// What was written since the last savepoint.
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

    /// The savepoint here.
    fn take(&mut self, memory: &Memory) -> savepoints::Changes {
        let Self { words, frames } = std::mem::take(self);
        let mut changes = savepoints::Changes {
            words: Vec::with_capacity(words.len()),
            frames: Vec::with_capacity(frames.len()),
        };
        changes.words.extend(words.into_iter().filter_map(|word| Some((word, *memory.words.get(&word)?))));
        changes
            .frames
            .extend(frames.into_iter().filter_map(|depth| Some((depth, *memory.frames.get(&depth)?))));
        changes
    }
}

impl<'a> Plan<'a> {
    /// Executes a program, cutting after every `chunk` steps.
    ///
    /// # Errors
    /// If it does not return within `most` steps, does what no constraints cover, or uses more
    /// instructions or words than any circuit has rows for.
    pub(crate) fn new(image: Image<'a>, chunk: u64, most: u64) -> Result<Self, ProveError> {
        let (mut rom, mut words) = (BTreeMap::new(), BTreeSet::new());
        let (mut state, mut steps) = (initial_state(image.program), 0);
        let (mut memory, mut changes) = (Memory::default(), Changes::default());
        let mut boundaries = vec![Boundary { state, steps }];
        let mut savepoints = Savepoints::default();
        while !state.is_halted() {
            let pc = state.pc;
            if steps == most {
                return Err(Unprovable { pc, reason: format!("more than {most} steps") }.into());
            }
            let row = match rom.get(&pc) {
                Some(row) => *row,
                None => *rom.entry(pc).or_insert(RomRow::of(image.program, pc)?),
            };
            let record = execute(&row, &state, &mut memory, &image)
                .map_err(|trap| refusal(&row, &state, &memory, trap))?;
            if let Some(access) = record.access {
                words.extend(access.word..=access.word + u64::from(access.second));
                if words.len() > MOST_ROWS {
                    return Err(too_many(words.len()));
                }
            }
            changes.add(&record);
            state = record.after;
            steps += 1;
            if steps % chunk == 0 || state.is_halted() {
                if savepoints.wants(boundaries.len()) {
                    savepoints.push(changes.take(&memory));
                }
                boundaries.push(Boundary { state, steps });
            }
        }
        if rom.len() > MOST_ROWS {
            return Err(too_many(rom.len()));
        }
        let words = words.into_iter().map(|word| (word, image.limit(word).unwrap_or(0))).collect();
        let listing = Listing { rom: rom.into_values().collect(), words };
        boundaries.shrink_to_fit();
        Ok(Self { image, listing, boundaries, savepoints, end: memory })
    }

    pub(crate) fn chunks(&self) -> usize {
        self.boundaries.len() - 1
    }

    /// Steps of all chunks.
    pub(crate) fn steps(&self) -> u64 {
        self.boundaries[self.chunks()].steps
    }

    /// Memory at a boundary.
    fn memory(&self, boundary: usize) -> Result<Memory, Unprovable> {
        let (at, mut memory) = self.savepoints.before(boundary);
        self.go(at, boundary, &mut memory, |_| ())?;
        Ok(memory)
    }

    /// Executes from one boundary to another, whose state it returns.
    fn go(
        &self,
        from: usize,
        to: usize,
        memory: &mut Memory,
        mut each: impl FnMut(&Record),
    ) -> Result<State, Unprovable> {
        let [begin, end] = [from, to].map(|index| self.boundaries[index]);
        let mut state = begin.state;
        for _ in begin.steps..end.steps {
            let pc = state.pc;
            let at = self.listing.rom.binary_search_by_key(&pc, |row| row.pc);
            let at = at.map_err(|_| Unprovable { pc, reason: "another execution".to_owned() })?;
            let row = &self.listing.rom[at];
            let record = execute(row, &state, memory, &self.image)
                .map_err(|trap| refusal(row, &state, memory, trap))?;
            each(&record);
            state = record.after;
        }
        Ok(state)
    }

    /// What the plan takes, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.boundaries.capacity() * size_of::<Boundary>()
            + self.listing.rom.capacity() * size_of::<RomRow>()
            + self.listing.words.capacity() * size_of::<(u64, u64)>()
            + self.savepoints.bytes()
            + self.end.bytes()
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
        let memory_before = self.memory(index)?;
        let mut memory = memory_before.clone();
        let mut builder = Builder::new(k, &self.listing);
        let state = self.go(index, index + 1, &mut memory, |record| builder.push(record))?;
        Ok(builder.finish(&state, &self.image, [&memory_before, &memory]))
    }
}

/// Rows of the largest circuit that a table can use.
const MOST_ROWS: usize = usable_rows(MAX_K) - 1;

/// Why an execution stopped here: the trap, or what the code of a syscall cannot do.
fn refusal(row: &RomRow, before: &State, memory: &Memory, trap: &str) -> Unprovable {
    let caller = before.depth.checked_sub(1).and_then(|depth| memory.frames.get(&depth));
    match (microcode::refusal(before.pc, row.off, trap), caller) {
        (Some(reason), Some([.., back])) if before.pc >= MICROCODE => Unprovable { pc: back - 1, reason },
        (Some(reason), _) => Unprovable { pc: before.pc, reason },
        (None, _) => Unprovable { pc: before.pc, reason: trap.to_owned() },
    }
}

fn too_many(got: usize) -> ProveError {
    let (most, got) = (MOST_ROWS as u64, got as u64);
    ProveError::TooLarge { what: "instructions or words touched", k: MAX_K, most, got }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Assembly;

    /// Without savepoints, what is before a chunk is executed again, to the same cells.
    #[test]
    fn witnesses_do_not_depend_on_savepoints() {
        let text = "
            mov64 r6, 40
            lddw r7, 0x300000000
            again:
            mov64 r1, r6
            call function_work
            stxdw [r7+0], r0
            add64 r7, 3
            sub64 r6, 1
            jne r6, 0, again
            exit
            function_work:
            stxdw [r10-8], r1
            ldxdw r0, [r10-9]
            exit";
        let program = Assembly::v0(text).build().unwrap();
        let plan = Plan::new(Image::new(&program, &[], 1024).unwrap(), 50, 10_000).unwrap();
        let bare = Plan { savepoints: Savepoints::default(), ..plan.clone() };
        assert!(plan.chunks() > 6 && bare.bytes() < plan.bytes());
        for index in 0..plan.chunks() {
            let [saved, executed] = [&plan, &bare].map(|plan| plan.witness(index, 9).unwrap());
            for column in 0..crate::circuit::layout::COLUMNS {
                assert!(saved.column(column) == executed.column(column), "chunk {index}, column {column}");
            }
        }
    }
}
