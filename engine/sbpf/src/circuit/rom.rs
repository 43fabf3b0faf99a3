//! Instructions as the program table has them.

use solana_sbpf::ebpf;

use super::flags::{self, *};
use super::layout::{MICROCODE, OFFSET_BIAS};
use super::{Unprovable, microcode};
use crate::{CallTarget, Instruction, Program, Version};

/// A row of the program table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RomRow {
    pub(crate) pc: u64,
    /// Bits by the numbers in [`flags`].
    pub(crate) flags: u64,
    pub(crate) imm: u64,
    pub(crate) off: u64,
}

impl RomRow {
    pub(crate) fn has(&self, flag: usize) -> bool {
        self.flags >> flag & 1 == 1
    }

    /// The register that two-hot flags beginning at `low` name.
    pub(crate) fn register(&self, low: usize) -> Option<usize> {
        let low_part = (0..4).find(|i| self.has(low + i))?;
        let high_part = (0..3).find(|i| self.has(low + 4 + i))?;
        Some(4 * high_part + low_part)
    }

    /// Bytes that a load, store or byte swap is about.
    pub(crate) fn size(&self) -> usize {
        (0..4).find(|i| self.has(SIZE1 + i)).map_or(0, |i| 1 << i)
    }

    /// The row of the instruction at `pc`.
    ///
    /// # Errors
    /// If there is none, or no constraints cover it: no row can be made that would let it pass.
    pub(crate) fn of(program: &Program, pc: u64) -> Result<Self, Unprovable> {
        let at = |reason| Unprovable { pc, reason };
        match program.version() {
            Version::V0 => {}
            other => return Err(at(format!("programs of SBPF {other:?}; those of V0 are"))),
        }
        let instruction = if pc >= MICROCODE {
            microcode::instruction(pc)
        } else {
            usize::try_from(pc).ok().and_then(|pc| program.instructions().get(pc))
        };
        let instruction = instruction.ok_or_else(|| at("a pc outside the program".to_owned()))?;
        let row = Builder::new(pc, instruction).encode(program).map_err(at)?;
        if row.has(WRITE) && row.register(DST_LOW).is_none_or(|register| register > 9) {
            return Err(at("an instruction that writes r10".to_owned()));
        }
        Ok(row)
    }
}

struct Builder<'a> {
    row: RomRow,
    instruction: &'a Instruction,
}

impl<'a> Builder<'a> {
    fn new(pc: u64, instruction: &'a Instruction) -> Self {
        Self { row: RomRow { pc, ..RomRow::default() }, instruction }
    }

    fn set(&mut self, flags: &[usize]) {
        flags.iter().for_each(|flag| self.row.flags |= 1 << flag);
    }

    fn dst(&mut self, register: u8) {
        self.set(&[DST_LOW + usize::from(register % 4), DST_HIGH + usize::from(register / 4)]);
    }

    fn src(&mut self, register: u8) {
        self.set(&[SRC_LOW + usize::from(register % 4), SRC_HIGH + usize::from(register / 4)]);
    }

    /// The second operand: a register if the opcode says so, else the immediate with its sign.
    fn second(&mut self) {
        if self.instruction.opcode & ebpf::BPF_X == 0 {
            self.row.imm = self.instruction.imm as u64;
        } else {
            self.src(self.instruction.src);
        }
    }

    fn encode(mut self, program: &Program) -> Result<RomRow, String> {
        if [self.instruction.dst, self.instruction.src].iter().any(|&register| register > 10) {
            return Err("an instruction with a register that does not exist".to_owned());
        }
        let class = self.instruction.opcode & 7;
        match class {
            ebpf::BPF_ALU32_LOAD | ebpf::BPF_ALU64_STORE => self.arithmetic(class == ebpf::BPF_ALU32_LOAD)?,
            ebpf::BPF_JMP64 => self.control(program)?,
            ebpf::BPF_LD => self.load_immediate()?,
            ebpf::BPF_LDX | ebpf::BPF_ST | ebpf::BPF_STX => self.memory(class)?,
            _ => return Err(self.unknown()),
        }
        Ok(self.row)
    }

    fn unknown(&self) -> String {
        format!("opcode {:#04x}", self.instruction.opcode)
    }

    fn arithmetic(&mut self, is32: bool) -> Result<(), String> {
        let operation = self.instruction.opcode & 0xf0;
        let by_register = self.instruction.opcode & ebpf::BPF_X != 0;
        self.dst(self.instruction.dst);
        self.set(&[WRITE]);
        if operation == ebpf::BPF_END && is32 {
            self.set(&[if by_register { BE } else { LE }]);
            return self.set_size(match self.instruction.imm {
                16 => 2,
                32 => 4,
                64 => 8,
                _ => return Err("a byte swap of another width than 16, 32 and 64".to_owned()),
            });
        }
        if is32 {
            self.set(&[IS32]);
        }
        let extends = [ebpf::BPF_ADD, ebpf::BPF_SUB, ebpf::BPF_MUL].contains(&operation);
        if is32 && extends {
            self.set(&[EXTEND]);
        }
        self.set(&[match operation {
            ebpf::BPF_ADD => ADD,
            ebpf::BPF_SUB => SUB,
            ebpf::BPF_MUL => MUL,
            ebpf::BPF_DIV => DIV,
            ebpf::BPF_OR => OR,
            ebpf::BPF_AND => AND,
            ebpf::BPF_LSH => SHL,
            ebpf::BPF_RSH | ebpf::BPF_ARSH => SHR,
            ebpf::BPF_NEG if !by_register => NEG,
            ebpf::BPF_MOD => MOD,
            ebpf::BPF_XOR => XOR,
            ebpf::BPF_MOV => MOV,
            _ => return Err(self.unknown()),
        }]);
        match operation {
            ebpf::BPF_NEG => {}
            ebpf::BPF_ARSH => {
                self.set(&[SIGNED]);
                self.second();
            }
            _ => self.second(),
        }
        Ok(())
    }

    fn set_size(&mut self, bytes: usize) -> Result<(), String> {
        self.set(&[SIZE1 + bytes.trailing_zeros() as usize]);
        Ok(())
    }

    fn load_immediate(&mut self) -> Result<(), String> {
        if self.instruction.opcode != ebpf::LD_DW_IMM {
            return Err(self.unknown());
        }
        self.set(&[MOV, flags::WIDE, WRITE]);
        self.dst(self.instruction.dst);
        self.row.imm = self.instruction.imm as u64;
        Ok(())
    }

    fn memory(&mut self, class: u8) -> Result<(), String> {
        let instruction = self.instruction;
        if instruction.opcode & 0xe0 != ebpf::BPF_MEM {
            return Err(self.unknown());
        }
        let size = match instruction.opcode & 0x18 {
            ebpf::BPF_W => 4,
            ebpf::BPF_H => 2,
            ebpf::BPF_B => 1,
            _ => 8,
        };
        self.set_size(size)?;
        self.row.off = OFFSET_BIAS.wrapping_add_signed(instruction.offset.into());
        self.dst(instruction.dst);
        match class {
            ebpf::BPF_LDX => {
                self.set(&[LOAD, WRITE]);
                self.src(instruction.src);
            }
            ebpf::BPF_STX => {
                self.set(&[STORE]);
                self.src(instruction.src);
            }
            _ => {
                self.set(&[STORE]);
                self.row.imm = instruction.imm as u64;
            }
        }
        Ok(())
    }

    fn control(&mut self, program: &Program) -> Result<(), String> {
        let instruction = self.instruction;
        match instruction.opcode {
            ebpf::CALL_IMM => match instruction.call {
                Some(CallTarget::Function(target)) => {
                    self.set(&[CALL]);
                    self.row.off = target.into();
                }
                Some(CallTarget::Syscall(syscall)) => {
                    self.set(&[CALL]);
                    self.row.off = microcode::entry(syscall).ok_or_else(|| syscall.to_string())?;
                }
                Some(CallTarget::Unresolved) | None => return Err("a call of nothing known".to_owned()),
            },
            ebpf::CALL_REG => {
                let register = u8::try_from(instruction.imm).ok().filter(|&register| register <= 10);
                let register = register.ok_or("a call through a register that does not exist")?;
                self.set(&[CALLX]);
                self.src(register);
                self.row.off = program.text_address();
            }
            ebpf::EXIT => self.set(&[EXIT]),
            _ => self.jump()?,
        }
        Ok(())
    }

    fn jump(&mut self) -> Result<(), String> {
        let instruction = self.instruction;
        let target = (self.row.pc + 1).checked_add_signed(instruction.offset.into());
        self.row.off = target.ok_or("a jump to before the program")?;
        let flags: &[usize] = match instruction.opcode & 0xf0 {
            ebpf::BPF_JA if instruction.opcode == ebpf::JA => {
                self.set(&[JUMP, INVERT]);
                return Ok(());
            }
            ebpf::BPF_JEQ => &[JUMP, ON_EQUAL],
            ebpf::BPF_JNE => &[JUMP, ON_EQUAL, INVERT],
            ebpf::BPF_JLT => &[JUMP, ON_CARRY],
            ebpf::BPF_JGE => &[JUMP, ON_CARRY, INVERT],
            ebpf::BPF_JLE => &[JUMP, ON_CARRY, ON_EQUAL],
            ebpf::BPF_JGT => &[JUMP, ON_CARRY, ON_EQUAL, INVERT],
            ebpf::BPF_JSLT => &[JUMP, SIGNED, ON_CARRY],
            ebpf::BPF_JSGE => &[JUMP, SIGNED, ON_CARRY, INVERT],
            ebpf::BPF_JSLE => &[JUMP, SIGNED, ON_CARRY, ON_EQUAL],
            ebpf::BPF_JSGT => &[JUMP, SIGNED, ON_CARRY, ON_EQUAL, INVERT],
            ebpf::BPF_JSET => &[JSET, ON_EQUAL, INVERT],
            _ => return Err(self.unknown()),
        };
        self.set(flags);
        self.dst(instruction.dst);
        self.second();
        Ok(())
    }
}
