//! The cells of one step.

use halo2_axiom::halo2curves::bn256::Fr;

use super::Builder;
use crate::circuit::flags::{self, *};
use crate::circuit::gates::power;
use crate::circuit::layout::{self, *};
use crate::circuit::run::{Access, Record, State};

impl Builder<'_> {
    fn set(&mut self, column: usize, value: u64) {
        self.witness.set(column, self.row, value);
    }

    fn bytes(&mut self, group: usize, value: u64) {
        for (i, byte) in value.to_le_bytes().into_iter().enumerate() {
            self.set(group + i, byte.into());
        }
    }

    pub(super) fn state(&mut self, row: usize, state: &State, clock: u64) {
        self.witness.set(PC, row, state.pc);
        self.witness.set(DEPTH, row, state.depth);
        self.witness.set(CLOCK, row, clock);
        for (register, &value) in state.registers.iter().enumerate() {
            self.witness.set(R + register, row, value);
        }
    }

    pub(super) fn step(&mut self, record: &Record) {
        let rom = record.rom;
        self.state(self.row, &record.before, self.row as u64);
        self.set(IMM, rom.imm);
        self.set(OFF, rom.off);
        for flag in (0..flags::COUNT).filter(|&flag| rom.has(flag)) {
            self.set(FLAGS + flag, 1);
        }
        if let Some(&row) = self.rom_rows.get(&rom.pc) {
            self.witness.add(M_ROM, row, 1);
        }
        self.set(A, record.a);
        self.set(B, record.b);
        self.set(C, record.c);
        self.set(TAKEN, record.taken.into());
        self.set(HALT, u64::from(rom.has(EXIT) && record.access.is_none()));
        self.operands(record);
        if [AND, OR, XOR, JSET].iter().any(|&flag| rom.has(flag)) {
            self.bitwise(record);
        } else if rom.has(LOAD) || rom.has(STORE) {
            self.transfer(record);
        } else if rom.has(EXIT) {
            self.pop(record);
        } else {
            self.arithmetic(record);
        }
        if let Some(access) = &record.access {
            self.access(access);
        }
        if rom.has(CALLX) {
            self.set(N + (record.b.wrapping_sub(rom.off) % 8) as usize, 1);
        }
        self.signs(record);
    }

    fn operands(&mut self, record: &Record) {
        let rom = record.rom;
        let narrow = rom.has(IS32);
        let cut = |value: u64| if narrow { value & 0xffff_ffff } else { value };
        self.set(X, cut(record.a));
        self.set(Y, cut(record.b));
        if rom.has(SHL) || rom.has(SHR) {
            let width = if narrow { 32 } else { 64 };
            let count = record.b % width;
            let factor = power(if rom.has(SHL) { count } else { width - count } as usize);
            self.witness.set_wide(Y, self.row, factor);
            self.set(POW, 1 << count);
            let column = if narrow { M_POW32 } else { M_POW64 };
            self.witness.add(column, usize::from(record.b as u8), 1);
        }
    }

    /// Limbs, carry and conditions of everything that is neither bitwise nor about memory.
    fn arithmetic(&mut self, record: &Record) {
        let rom = record.rom;
        let narrow = rom.has(IS32);
        let cut = |value: u64| if narrow { value & 0xffff_ffff } else { value };
        let (x, y) = (cut(record.a), cut(record.b));
        // Before its sign was extended.
        let z = cut(record.c);
        self.bytes(LA, record.a);
        self.bytes(LB, record.b);
        self.bytes(LC, z);
        let shift = if narrow { 32 } else { 64 };
        let count = record.b % shift;
        if rom.has(ADD) {
            self.set(CARRY, u64::from((u128::from(x) + u128::from(y)) >> shift != 0));
        } else if rom.has(SUB) {
            self.set(CARRY, u64::from(x < y));
        } else if rom.has(NEG) {
            self.set(CARRY, u64::from(x != 0));
        } else if rom.has(MUL) {
            self.bytes(LD, ((u128::from(x) * u128::from(y)) >> shift) as u64);
        } else if rom.has(SHL) {
            self.bytes(LD, ((u128::from(x) << count) >> shift) as u64);
        } else if rom.has(SHR) {
            self.bytes(LD, cut(((u128::from(x) << (shift - count)) & u128::from(u64::MAX)) as u64));
        } else if rom.has(DIV) || rom.has(MOD) {
            self.division(record, x, y);
        } else if rom.has(JUMP) {
            let less = if rom.has(SIGNED) { x.cast_signed() < y.cast_signed() } else { x < y };
            self.set(CARRY, less.into());
            self.bytes(LC, x.wrapping_sub(y));
            self.compare(x.wrapping_sub(y));
        }
    }

    /// The quotient and the remainder, one of which is the result, and what the remainder is short
    /// of the divisor.
    fn division(&mut self, record: &Record, x: u64, y: u64) {
        let (quotient, remainder) = (x.checked_div(y).unwrap_or(0), x.checked_rem(y).unwrap_or(0));
        let rest = if record.rom.has(DIV) { remainder } else { quotient };
        let slack = y.wrapping_sub(remainder).wrapping_sub(1);
        if record.rom.has(IS32) {
            self.bytes(LD, rest & 0xffff_ffff | slack << 32);
        } else {
            self.bytes(LD, rest);
            self.bytes(LA, slack);
        }
    }

    fn compare(&mut self, difference: u64) {
        self.set(EQUAL, u64::from(difference == 0));
        if difference != 0 {
            self.differences.push((self.row, Fr::from(difference)));
        }
    }

    fn bitwise(&mut self, record: &Record) {
        for j in 0..16 {
            let nibble = |value: u64| value >> (4 * j) & 15;
            let (a, b) = (nibble(record.a), nibble(record.b));
            self.set(a_nibble(j), a);
            self.set(b_nibble(j), b);
            self.set(and_nibble(j), a & b);
            self.witness.add(M_AND, (16 * a + b) as usize, 1);
        }
        if record.rom.has(JSET) {
            self.compare(record.a & record.b);
        }
    }

    fn transfer(&mut self, record: &Record) {
        let Some(access) = record.access else { return };
        let address = record.address;
        let (region, offset) = (address >> 32, address & 0xffff_ffff);
        let in_word = offset & 7;
        self.bytes(LA, access.window as u64);
        self.bytes(LB, (access.window >> 64) as u64);
        self.bytes(LC, if record.rom.has(LOAD) { record.c } else { record.b });
        let stack = region == 2;
        let middle = offset >> 8 & if stack { 15 } else { 255 };
        let [high, top] = if stack { [offset >> 13 & 255, 0] } else { [offset >> 16 & 255, offset >> 24] };
        let limbs = [offset >> 3 & 31, middle, high, top, if stack { middle << 4 } else { 0 }, offset & 255];
        for (i, limb) in limbs.into_iter().enumerate() {
            self.set(LD + i, limb);
        }
        self.set(N + in_word as usize, 1);
        self.set(IS_PROGRAM, u64::from(region == 1));
        self.set(IS_STACK, u64::from(stack));
        self.set(IS_HEAP, u64::from(region == 3));
        self.set(CROSS, access.second.into());
        let end = in_word + record.rom.size() as u64 - if access.second { 8 } else { 0 };
        if let Some(room) = access.limit.checked_sub(end) {
            self.witness.add(M_BYTE, room as usize, 1);
        }
    }

    fn pop(&mut self, record: &Record) {
        if record.access.is_some() {
            for (saved, group) in [LA, LB, LC, LD].into_iter().enumerate() {
                self.bytes(group, record.after.registers[6 + saved]);
            }
        }
    }

    fn access(&mut self, access: &Access) {
        self.set(WORD, access.word);
        self.set(LIMIT, access.limit);
        let is_frame = access.word >= FRAMES;
        self.set(LIMIT0, if access.second && !is_frame { 8 } else { access.limit });
        for (column, value) in [OLD0, OLD1, NEW0, NEW1].into_iter().zip(access.old.iter().chain(&access.new))
        {
            self.witness.set_wide(column, self.row, *value);
        }
        let clock = self.row as u64;
        for second in 0..=usize::from(access.second) {
            let last = self.touched.insert(access.word + second as u64, clock + 1).unwrap_or(0);
            let age = clock - last;
            self.set(AGE + 2 * second, age & 255);
            self.set(AGE + 2 * second + 1, age >> 8);
        }
    }

    fn signs(&mut self, record: &Record) {
        let rom = record.rom;
        let byte = |column: usize| self.witness.small(column, self.row).unwrap_or(0);
        let first = match () {
            () if rom.has(SIGNED) => byte(LA + if rom.has(IS32) { 3 } else { 7 }),
            () if rom.has(EXTEND) => byte(LC + 3),
            () => 0,
        };
        let second = if rom.has(SIGNED) && rom.has(JUMP) { byte(LB + 7) } else { 0 };
        for (sign, top, byte) in [(SIGN1, TOP1, first), (SIGN2, TOP2, second)] {
            self.set(sign, byte >> 7);
            self.set(top, byte << 1 & 255);
        }
    }
}

const _: () = assert!(layout::N + 16 == layout::NEW1 + 1);
