//! Memory before the first instruction.

use super::layout::{FRAME_WORDS, FRAMES};
use crate::memory::{MAX_HEAP, MAX_INPUT};
use crate::{Error, Program, Region, WordAddress};

/// What memory holds when a program begins: read-only bytes and input; stack and heap are zero.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Image<'a> {
    pub(crate) program: &'a Program,
    pub(crate) input: &'a [u8],
    pub(crate) heap_bytes: u64,
}

impl<'a> Image<'a> {
    /// # Errors
    /// If a region is so large that it might run into the next.
    pub(crate) fn new(program: &'a Program, input: &'a [u8], heap_bytes: u64) -> Result<Self, Error> {
        let read_only = program.read_only().len() as u64;
        let lengths = [
            (Region::Program, read_only, u64::from(u32::MAX)),
            (Region::Input, input.len() as u64, MAX_INPUT),
            (Region::Heap, heap_bytes, MAX_HEAP),
        ];
        match lengths.into_iter().find(|(_, got, max)| got > max) {
            Some((region, got, max)) => Err(Error::RegionTooLarge { region, got, max }),
            None => Ok(Self { program, input, heap_bytes }),
        }
    }
}

impl Image<'_> {
    fn bytes(&self, region: Region) -> &[u8] {
        match region {
            Region::Program => self.program.read_only(),
            Region::Input => self.input,
            _ => &[],
        }
    }

    /// The length of a region in bytes.
    fn length(&self, region: Region) -> u64 {
        match region {
            Region::Program | Region::Input => self.bytes(region).len() as u64,
            Region::Stack => Program::FRAME_SIZE * Program::MAX_DEPTH,
            Region::Heap => self.heap_bytes,
            _ => 0,
        }
    }

    /// How many bytes of a word belong to its region: 1 to 8, 0 for the words of frames. `None` if
    /// there is no such word.
    pub(crate) fn limit(&self, word: u64) -> Option<u64> {
        if is_frame_word(word) {
            return Some(0);
        }
        let address = WordAddress(word);
        let rest = self.length(address.region()?).checked_sub(address.offset())?;
        (rest > 0).then_some(rest.min(8))
    }

    /// The value of a word.
    pub(crate) fn word(&self, word: u64) -> u64 {
        let address = WordAddress(word);
        let bytes = address.region().map_or(&[][..], |region| self.bytes(region));
        let from = usize::try_from(address.offset()).unwrap_or(usize::MAX).min(bytes.len());
        let bytes = &bytes[from..bytes.len().min(from + 8)];
        bytes.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte))
    }
}

/// Whether a word is one of the two of a frame that a call can use. The last frame calls no more.
fn is_frame_word(word: u64) -> bool {
    word.checked_sub(FRAMES)
        .is_some_and(|offset| offset / FRAME_WORDS < Program::MAX_DEPTH - 1 && offset % FRAME_WORDS < 2)
}
