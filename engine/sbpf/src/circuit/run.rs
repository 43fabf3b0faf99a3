//! Executes the rows of the program table: what a witness is made from.

use std::collections::HashMap;

use halo2_axiom::halo2curves::bn256::Fr;

use super::flags::*;
use super::gates::power;
use super::image::Image;
use super::layout::{FRAME_WORDS, FRAMES, HALTED, OFFSET_BIAS};
use super::rom::RomRow;
use crate::Program;

/// All but memory that the next step depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct State {
    /// The next instruction, in slots of eight bytes; `2^63` once the program has returned.
    pub pc: u64,
    /// Calls that have not returned.
    pub depth: u64,
    /// r0 to r9; r10 follows from the depth.
    pub registers: [u64; 10],
}

impl State {
    /// Whether the program has returned.
    #[must_use]
    pub fn is_halted(&self) -> bool {
        self.pc == HALTED
    }

    pub(crate) fn register(&self, index: usize) -> u64 {
        match self.registers.get(index) {
            Some(&value) => value,
            None => (2 << 32) + Program::FRAME_SIZE + 2 * Program::FRAME_SIZE * self.depth,
        }
    }
}

/// The trap of a division by zero, which the code of syscalls uses where it gives up.
pub(crate) const DIVISION: &str = "division by zero";

/// What a call saves: r6 to r9 and the pc to return to.
pub(crate) type Frame = [u64; 5];

/// The two words of a frame in the memory argument.
pub(crate) fn pack([r6, r7, r8, r9, pc]: Frame) -> [Fr; 2] {
    let [r6, r7, r8, r9, pc] = [r6, r7, r8, r9, pc].map(Fr::from);
    [r6 + r7 * power(64) + r8 * power(128), r9 + pc * power(64)]
}

/// Memory as far as it was touched.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    pub(crate) words: HashMap<u64, u64>,
    /// By depth of the caller; what returned frames saved stays.
    pub(crate) frames: HashMap<u64, Frame>,
}

impl Memory {
    /// The value of a word in the memory argument.
    pub(crate) fn value(&self, image: &Image<'_>, word: u64) -> Fr {
        match word.checked_sub(FRAMES) {
            Some(offset) => {
                let frame = self.frames.get(&(offset / FRAME_WORDS)).copied().unwrap_or_default();
                pack(frame)[(offset % 2) as usize]
            }
            None => Fr::from(self.read(image, word)),
        }
    }

    /// What it takes, in bytes: a hash table keeps an eighth of its places free, and a byte for each.
    pub(crate) fn bytes(&self) -> usize {
        let places = |capacity: usize, entry: usize| (capacity * 8 / 7).next_power_of_two() * (entry + 1);
        places(self.words.capacity(), 16) + places(self.frames.capacity(), 8 + size_of::<Frame>())
    }

    fn read(&self, image: &Image<'_>, word: u64) -> u64 {
        self.words.get(&word).copied().unwrap_or_else(|| image.word(word))
    }
}

/// The words an instruction touched.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access {
    pub(crate) word: u64,
    /// Whether the next word is touched too.
    pub(crate) second: bool,
    /// Bytes of the last word that are in its region.
    pub(crate) limit: u64,
    pub(crate) old: [Fr; 2],
    pub(crate) new: [Fr; 2],
    /// The bytes of both words before, if it is a load or store.
    pub(crate) window: u128,
}

/// What a step did.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) rom: RomRow,
    pub(crate) before: State,
    pub(crate) after: State,
    pub(crate) a: u64,
    pub(crate) b: u64,
    /// What is written to the first register.
    pub(crate) c: u64,
    /// Of loads and stores, the program's address.
    pub(crate) address: u64,
    pub(crate) access: Option<Access>,
    pub(crate) taken: bool,
}

/// Executes one instruction.
///
/// # Errors
/// What a machine traps at, in words.
pub(crate) fn execute(
    rom: &RomRow,
    state: &State,
    memory: &mut Memory,
    image: &Image<'_>,
) -> Result<Record, &'static str> {
    let read = |low| rom.register(low).map_or(0, |register| state.register(register));
    let (a, b) = (read(DST_LOW), rom.imm.wrapping_add(read(SRC_LOW)));
    let mut record = Record {
        rom: *rom,
        before: *state,
        after: *state,
        a,
        b,
        c: 0,
        address: 0,
        access: None,
        taken: false,
    };
    record.after.pc += if rom.has(WIDE) { 2 } else { 1 };
    if rom.has(LOAD) || rom.has(STORE) {
        transfer(&mut record, memory, image)?;
    } else if rom.has(CALL) || rom.has(CALLX) || rom.has(EXIT) {
        frame(&mut record, memory)?;
    } else if rom.has(JUMP) || rom.has(JSET) {
        record.taken = condition(rom, a, b) != rom.has(INVERT);
        if record.taken {
            record.after.pc = rom.off;
        }
    } else {
        record.c = arithmetic(rom, a, b).ok_or(DIVISION)?;
    }
    if rom.has(WRITE)
        && let Some(register) = rom.register(DST_LOW).and_then(|index| record.after.registers.get_mut(index))
    {
        *register = record.c;
    }
    Ok(record)
}

fn condition(rom: &RomRow, a: u64, b: u64) -> bool {
    if rom.has(JSET) {
        return a & b == 0;
    }
    let less = if rom.has(SIGNED) { a.cast_signed() < b.cast_signed() } else { a < b };
    rom.has(ON_EQUAL) && a == b || rom.has(ON_CARRY) && less
}

fn arithmetic(rom: &RomRow, a: u64, b: u64) -> Option<u64> {
    if rom.has(LE) || rom.has(BE) {
        let low = a & (u64::MAX >> (64 - 8 * rom.size()));
        return Some(if rom.has(LE) { low } else { low.swap_bytes() >> (64 - 8 * rom.size()) });
    }
    let narrow = rom.has(IS32);
    let cut = |value: u64| if narrow { value & 0xffff_ffff } else { value };
    let (x, y) = (cut(a), cut(b));
    let count = (b & if narrow { 31 } else { 63 }) as u32;
    let result = match () {
        () if rom.has(ADD) => x.wrapping_add(y),
        () if rom.has(SUB) => x.wrapping_sub(y),
        () if rom.has(NEG) => x.wrapping_neg(),
        () if rom.has(MUL) => x.wrapping_mul(y),
        () if rom.has(SHL) => x << count,
        () if rom.has(SHR) && rom.has(SIGNED) && narrow => {
            (x as u32).cast_signed().wrapping_shr(count) as u64
        }
        () if rom.has(SHR) && rom.has(SIGNED) => (x.cast_signed() >> count).cast_unsigned(),
        () if rom.has(SHR) => x >> count,
        () if rom.has(DIV) => x.checked_div(y)?,
        () if rom.has(MOD) => x.checked_rem(y)?,
        () if rom.has(AND) => x & y,
        () if rom.has(OR) => x | y,
        () if rom.has(XOR) => x ^ y,
        () => y,
    };
    let result = cut(result);
    Some(if rom.has(EXTEND) { i64::from((result as u32).cast_signed()).cast_unsigned() } else { result })
}

/// The word and the offset in it of an address; the stack without its gaps.
pub(crate) fn locate(address: u64) -> Option<(u64, usize)> {
    let (region, offset) = (address >> 32, address & 0xffff_ffff);
    let offset = match region {
        2 if offset & 0x1000 != 0 => return None,
        2 => (offset >> 13 << 12) + (offset & 0xfff),
        1 | 3 | 4 => offset,
        _ => return None,
    };
    Some(((region << 29) + (offset >> 3), (offset & 7) as usize))
}

fn transfer(record: &mut Record, memory: &mut Memory, image: &Image<'_>) -> Result<(), &'static str> {
    let rom = record.rom;
    let base = if rom.has(LOAD) { record.b } else { record.a };
    record.address = base.wrapping_add(rom.off).wrapping_sub(OFFSET_BIAS);
    let (word, offset) = locate(record.address).ok_or("an access outside memory")?;
    let size = rom.size();
    let second = offset + size > 8;
    let end = offset + size - if second { 8 } else { 0 };
    if second && image.limit(word) != Some(8) {
        return Err("an access outside memory");
    }
    let limit = image.limit(word + u64::from(second)).ok_or("an access outside memory")?;
    if (limit as usize) < end {
        return Err("an access outside memory");
    }
    let low = memory.read(image, word);
    let high = if second { memory.read(image, word + 1) } else { 0 };
    let window = u128::from(high) << 64 | u128::from(low);
    let mask = u128::from(u64::MAX >> (64 - 8 * size)) << (8 * offset);
    let mut after = window;
    if rom.has(LOAD) {
        record.c = ((window & mask) >> (8 * offset)) as u64;
    } else if record.address >> 32 == 1 {
        return Err("a write to read-only memory");
    } else {
        after = window & !mask | (u128::from(record.b) << (8 * offset)) & mask;
        memory.words.insert(word, after as u64);
        if second {
            memory.words.insert(word + 1, (after >> 64) as u64);
        }
    }
    let words = |both: u128| [Fr::from(both as u64), Fr::from((both >> 64) as u64)];
    record.access = Some(Access { word, second, limit, old: words(window), new: words(after), window });
    Ok(())
}

fn frame(record: &mut Record, memory: &mut Memory) -> Result<(), &'static str> {
    let (rom, before) = (record.rom, record.before);
    let (depth, old, new);
    if rom.has(EXIT) {
        let Some(caller) = before.depth.checked_sub(1) else {
            record.after.pc = HALTED;
            return Ok(());
        };
        let frame = memory.frames.get(&caller).copied().unwrap_or_default();
        record.after.depth = caller;
        record.after.registers[6..].copy_from_slice(&frame[..4]);
        record.after.pc = frame[4];
        (depth, old, new) = (caller, frame, frame);
    } else {
        if before.depth + 1 >= Program::MAX_DEPTH {
            return Err("too many nested calls");
        }
        let r = before.registers;
        let frame = [r[6], r[7], r[8], r[9], before.pc + 1];
        let replaced = memory.frames.insert(before.depth, frame).unwrap_or_default();
        record.after.depth += 1;
        record.after.pc = if rom.has(CALL) { rom.off } else { record.b.wrapping_sub(rom.off) / 8 };
        (depth, old, new) = (before.depth, replaced, frame);
    }
    let word = FRAMES + FRAME_WORDS * depth;
    record.access = Some(Access { word, second: true, limit: 0, old: pack(old), new: pack(new), window: 0 });
    Ok(())
}
