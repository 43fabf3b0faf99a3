//! Who watches the machine touch memory: nobody when it only runs, a recorder when every step counts.

use arrayvec::ArrayVec;

use crate::{
    Lane, MicroStep, WordAccess, WordAddress,
    memory::{Memory, Place},
};

/// Carries out accesses, and may take notes.
pub(super) trait Observer {
    /// Whether memory syscalls are to be taken apart into [`MicroStep`]s.
    const RECORDS: bool;

    /// Reads up to eight bytes.
    fn load(&mut self, memory: &Memory<'_>, place: Place, width: usize) -> u64;

    /// Writes up to eight bytes.
    fn store(&mut self, memory: &mut Memory<'_>, place: Place, width: usize, value: u64);

    /// A part of a memory syscall happened.
    fn micro_step(&mut self, step: MicroStep);
}

impl Observer for () {
    const RECORDS: bool = false;

    #[inline]
    fn load(&mut self, memory: &Memory<'_>, place: Place, width: usize) -> u64 {
        memory.load(place, width)
    }

    #[inline]
    fn store(&mut self, memory: &mut Memory<'_>, place: Place, width: usize, value: u64) {
        memory.store(place, width, value);
    }

    fn micro_step(&mut self, _: MicroStep) {}
}

/// Keeps what a [`Step`](crate::Step) says about memory.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    pub(super) accesses: ArrayVec<WordAccess, 5>,
    pub(super) micro_steps: Vec<MicroStep>,
}

impl Observer for Recorder {
    const RECORDS: bool = true;

    fn load(&mut self, memory: &Memory<'_>, place: Place, width: usize) -> u64 {
        for address in words(place, width) {
            self.accesses.push(read(memory, address));
        }
        memory.load(place, width)
    }

    fn store(&mut self, memory: &mut Memory<'_>, place: Place, width: usize, value: u64) {
        let first = self.accesses.len();
        for address in words(place, width) {
            self.accesses.push(read(memory, address));
        }
        memory.store(place, width, value);
        for access in &mut self.accesses[first..] {
            *access = WordAccess { after: word(memory, access.address), written: true, ..*access };
        }
    }

    fn micro_step(&mut self, step: MicroStep) {
        self.micro_steps.push(step);
    }
}

/// The words that hold the bytes: one or two.
fn words(place: Place, width: usize) -> impl Iterator<Item = WordAddress> {
    let last = Place { offset: place.offset + width - 1, ..place };
    (place.word().0..=last.word().0).map(WordAddress)
}

fn word(memory: &Memory<'_>, address: WordAddress) -> u64 {
    memory.word(address).unwrap_or_default()
}

fn read(memory: &Memory<'_>, address: WordAddress) -> WordAccess {
    let value = word(memory, address);
    WordAccess { address, before: value, after: value, written: false }
}

/// Bytes of one word that are read.
pub(super) fn lane_read(memory: &Memory<'_>, place: Place) -> Lane {
    Lane { word: read(memory, place.word()), byte: (place.offset % 8) as u8 }
}

/// Writes bytes of one word.
pub(super) fn lane_write(memory: &mut Memory<'_>, place: Place, width: usize, value: u64) -> Lane {
    let mut lane = lane_read(memory, place);
    memory.store(place, width, value);
    lane.word.after = word(memory, place.word());
    lane.word.written = true;
    lane
}
