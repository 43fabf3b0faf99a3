//! The machine: executes one instruction at a time.

mod arithmetic;
mod observer;
mod syscalls;

use solana_sbpf::ebpf;

use crate::{
    Access, CallTarget, Error, ExecutionConfig, Instruction, Log, Program, Region, State, Step, Syscall,
    Trap, Version, WordAddress,
    memory::{FRAME_SLOT, Memory, Place},
};
use arithmetic::{alu, compare};
use observer::{Observer, Recorder};

/// Why an instruction did not execute.
#[derive(Debug)]
enum Stop {
    Trap(Trap),
    NotProvable(Syscall),
}

impl From<Trap> for Stop {
    fn from(trap: Trap) -> Self {
        Self::Trap(trap)
    }
}

/// A program in execution.
#[derive(Clone, Debug)]
pub struct Machine<'p> {
    program: &'p Program,
    state: State,
    memory: Memory<'p>,
    steps: u64,
    budget: u64,
    units_left: u64,
    charge_syscalls: bool,
    logs: Vec<Log>,
}

impl<'p> Machine<'p> {
    /// A machine that stands before the first instruction: r1 points to the input, r10 to the end of
    /// the first stack frame, all other registers and all memory but the input are zero.
    ///
    /// # Errors
    ///
    /// [`Error::RegionTooLarge`] if the input or the heap is.
    pub fn new(program: &'p Program, input: &[u8], config: &ExecutionConfig) -> Result<Self, Error> {
        let mut registers = [0; 11];
        registers[1] = ebpf::MM_INPUT_START;
        registers[ebpf::FRAME_PTR_REG] = ebpf::MM_STACK_START + Program::FRAME_SIZE;
        Ok(Self {
            program,
            state: State { pc: program.entry(), depth: 0, registers, halted: false },
            memory: Memory::new(program, input, config.heap_size)?,
            steps: 0,
            budget: config.compute_units,
            units_left: config.compute_units,
            charge_syscalls: config.charge_syscalls,
            logs: Vec::new(),
        })
    }

    /// The registers before the next instruction.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The number of instructions executed.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The compute units left.
    pub fn compute_units_left(&self) -> u64 {
        self.units_left
    }

    /// What it has logged.
    pub fn logs(&self) -> &[Log] {
        &self.logs
    }

    /// The bytes of a region as they are now. Of [`Region::Stack`] without gaps.
    pub fn region(&self, region: Region) -> &[u8] {
        self.memory.region(region)
    }

    /// A word as it is now, or none if there is no such word. The last word of a region is filled up
    /// with zeros.
    pub fn word(&self, address: WordAddress) -> Option<u64> {
        self.memory.word(address)
    }

    /// Executes one instruction and says what it did; none once the program has returned.
    ///
    /// # Errors
    ///
    /// [`Error::Trapped`] or [`Error::NotProvable`]. The state is then still that before the
    /// instruction, and the next call fails in the same way unless the budget is used up.
    pub fn step(&mut self) -> Result<Option<Step>, Error> {
        if self.state.halted {
            return Ok(None);
        }
        let (index, before) = (self.steps, self.state);
        let mut seen = Recorder::default();
        self.advance(&mut seen).map_err(|stop| self.error(stop))?;
        let instruction = self.program.instructions()[before.pc as usize];
        let Recorder { accesses, micro_steps } = seen;
        Ok(Some(Step { index, instruction, before, after: self.state, accesses, micro_steps }))
    }

    /// Executes up to `steps` instructions, fewer if the program returns. Does the same as as many calls
    /// of [`Self::step`], sooner.
    ///
    /// # Errors
    ///
    /// As [`Self::step`].
    pub fn run(&mut self, steps: u64) -> Result<(), Error> {
        for _ in 0..steps {
            if self.state.halted {
                break;
            }
            self.advance(&mut ()).map_err(|stop| self.error(stop))?;
        }
        Ok(())
    }

    /// Stands where a checkpoint was taken.
    pub(crate) fn resume(&mut self, steps: u64, state: State, units_left: u64) {
        (self.steps, self.state, self.units_left) = (steps, state, units_left);
    }

    pub(crate) fn memory_mut(&mut self) -> &mut Memory<'p> {
        &mut self.memory
    }

    fn error(&self, stop: Stop) -> Error {
        let (pc, step) = (self.state.pc, self.steps);
        match stop {
            Stop::Trap(trap) => Error::Trapped { trap, pc, step },
            Stop::NotProvable(syscall) => Error::NotProvable { syscall, pc, step },
        }
    }

    fn consume(&mut self, units: u64) -> Result<(), Trap> {
        let Some(left) = self.units_left.checked_sub(units) else {
            self.units_left = 0;
            return Err(Trap::BudgetExceeded { budget: self.budget });
        };
        self.units_left = left;
        Ok(())
    }

    #[inline]
    fn advance<O: Observer>(&mut self, seen: &mut O) -> Result<(), Stop> {
        self.consume(1)?;
        let pc = self.state.pc;
        let instruction = usize::try_from(pc).ok().and_then(|pc| self.program.instructions().get(pc));
        let instruction = *instruction.ok_or(Trap::PastEnd)?;
        let Instruction { opcode, dst, src, offset, imm, .. } = instruction;
        let (dst, src) = (usize::from(dst), usize::from(src));
        let registers = &self.state.registers;
        let operand = if opcode & ebpf::BPF_X != 0 { registers[src] } else { imm as u64 };
        let at = |register: u64| register.wrapping_add(offset as u64);

        let mut next = pc + 1;
        match opcode & 7 {
            ebpf::BPF_LD if opcode == ebpf::LD_DW_IMM => {
                self.state.registers[dst] = imm as u64;
                next += 1;
            }
            ebpf::BPF_LDX => {
                let width = width(opcode);
                let place = self.memory.translate(Access::Load, at(registers[src]), width as u64)?;
                self.state.registers[dst] = seen.load(&self.memory, place, width);
            }
            ebpf::BPF_ST | ebpf::BPF_STX => {
                let value = if opcode & 7 == ebpf::BPF_ST { imm as u64 } else { registers[src] };
                let width = width(opcode);
                let place = self.memory.translate(Access::Store, at(registers[dst]), width as u64)?;
                seen.store(&mut self.memory, place, width, value);
            }
            ebpf::BPF_ALU32_LOAD | ebpf::BPF_ALU64_STORE => {
                // The immediate of an endianness conversion is its width, in both of its opcodes.
                let operand = if matches!(opcode, ebpf::LE | ebpf::BE) { imm as u64 } else { operand };
                self.state.registers[dst] = alu(opcode, registers[dst], operand)?;
            }
            ebpf::BPF_JMP32 => {
                let signed = |value: u64| value as i32 as i64 as u64;
                if compare(opcode, signed(registers[dst]), signed(operand))? {
                    next = at(next);
                }
            }
            _ => match opcode {
                ebpf::JA => next = at(next),
                ebpf::CALL_IMM => next = self.call(&instruction, next, seen)?,
                ebpf::CALL_REG => {
                    let register = match self.program.version() {
                        Version::V0 => imm as usize,
                        Version::V3 => dst,
                    };
                    let address = registers[register];
                    self.check_depth()?;
                    let target = address.wrapping_sub(self.program.text_address()) / ebpf::INSN_SIZE as u64;
                    if target >= self.program.instructions().len() as u64 {
                        return Err(Trap::CallOutsideText { address }.into());
                    }
                    self.enter(next, seen);
                    next = target;
                }
                ebpf::EXIT if self.state.depth == 0 => {
                    self.state.halted = true;
                    next = pc;
                }
                ebpf::EXIT => next = self.leave(seen),
                _ => {
                    if compare(opcode, registers[dst], operand)? {
                        next = at(next);
                    }
                }
            },
        }
        self.state.pc = next;
        self.steps += 1;
        Ok(())
    }

    /// Returns the pc after a `call`.
    fn call<O: Observer>(&mut self, call: &Instruction, next: u64, seen: &mut O) -> Result<u64, Stop> {
        match call.call {
            Some(CallTarget::Function(target)) => {
                self.check_depth()?;
                self.enter(next, seen);
                Ok(target.into())
            }
            Some(CallTarget::Syscall(syscall)) => {
                self.state.registers[0] = self.syscall(syscall, seen)?;
                Ok(next)
            }
            _ => Err(Trap::UnresolvedCall { hash: call.imm as u32 }.into()),
        }
    }

    fn check_depth(&self) -> Result<(), Trap> {
        if self.state.depth + 1 >= Program::MAX_DEPTH { Err(Trap::CallDepthExceeded) } else { Ok(()) }
    }

    /// Saves r6 to r9 and where to return to.
    fn enter<O: Observer>(&mut self, return_pc: u64, seen: &mut O) {
        let registers = &self.state.registers;
        let saved = [registers[6], registers[7], registers[8], registers[9], return_pc];
        for (place, value) in frame(self.state.depth).zip(saved) {
            seen.store(&mut self.memory, place, 8, value);
        }
        self.state.depth += 1;
        let r10 = &mut self.state.registers[ebpf::FRAME_PTR_REG];
        *r10 = r10.wrapping_add(self.program.version().frame_stride());
    }

    /// Restores r6 to r9 and says where to return to.
    fn leave<O: Observer>(&mut self, seen: &mut O) -> u64 {
        self.state.depth -= 1;
        let mut saved = [0; 5];
        for (value, place) in saved.iter_mut().zip(frame(self.state.depth)) {
            *value = seen.load(&self.memory, place, 8);
        }
        self.state.registers[6..10].copy_from_slice(&saved[..4]);
        let r10 = &mut self.state.registers[ebpf::FRAME_PTR_REG];
        *r10 = r10.wrapping_sub(self.program.version().frame_stride());
        saved[4]
    }
}

/// The five words of a saved frame.
fn frame(depth: u64) -> impl Iterator<Item = Place> {
    (0..5).map(move |word| Place { region: Region::Frames, offset: (depth * FRAME_SLOT + word * 8) as usize })
}

/// The number of bytes a load or store moves.
fn width(opcode: u8) -> usize {
    match opcode & 0x18 {
        ebpf::BPF_B => 1,
        ebpf::BPF_H => 2,
        ebpf::BPF_W => 4,
        _ => 8,
    }
}
