//! A program as the machine and the circuit see it: decoded instructions and read-only bytes.

use std::{ptr::NonNull, sync::Arc};

use solana_sbpf::{
    ebpf,
    elf::{ElfError, Executable},
    error::EbpfError,
    memory_region::MemoryMapping,
    program::{BuiltinProgram, SBPFVersion},
    verifier::RequisiteVerifier,
    vm::{Config, ContextObject},
};

use crate::{Error, Region, Syscall};

/// A version of the instruction set and of the ELF format that goes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// What deployed programs are: relocations, calls by hash, gaps between stack frames.
    V0,
    /// Static syscalls, 32-bit jumps, no gaps, read-only data apart from the text at address 0.
    V3,
}

impl Version {
    /// How far r10 moves with a call, in bytes.
    pub fn frame_stride(self) -> u64 {
        match self {
            Self::V0 => 2 * Program::FRAME_SIZE,
            Self::V3 => Program::FRAME_SIZE,
        }
    }

    /// Where the bytes of [`Program::read_only`] begin.
    pub fn read_only_region(self) -> Region {
        match self {
            Self::V0 => Region::Program,
            Self::V3 => Region::Data,
        }
    }
}

/// What a `call` instruction calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallTarget {
    /// A function of the program, by the pc of its first instruction.
    Function(u32),
    /// A function outside.
    Syscall(Syscall),
    /// Neither: a trap if it is reached.
    Unresolved,
}

/// An instruction. `lddw` takes two slots: the first has all 64 bits of its immediate, the second
/// has opcode 0, and so would any pc that points there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Instruction {
    /// The opcode, as in [`solana_sbpf::ebpf`].
    pub opcode: u8,
    /// The destination register, at most 10.
    pub dst: u8,
    /// The source register, at most 10.
    pub src: u8,
    /// The offset of jumps in instructions, that of loads and stores in bytes.
    pub offset: i16,
    /// The immediate: 64 bits of `lddw`, 32 bits with sign of all others.
    pub imm: i64,
    /// Of `call`, what it calls.
    pub call: Option<CallTarget>,
}

/// A loaded, relocated, verified and decoded program.
#[derive(Clone, PartialEq, Eq)]
pub struct Program {
    version: Version,
    entry: u64,
    text_address: u64,
    instructions: Vec<Instruction>,
    read_only: Vec<u8>,
    id: [u8; 32],
}

impl Program {
    /// The size of a stack frame in bytes.
    pub const FRAME_SIZE: u64 = 4096;
    /// How many frames there are; a call in the last one traps.
    pub const MAX_DEPTH: u64 = 64;

    /// Loads an ELF file as a cluster does: relocations, then the verifier's rules.
    ///
    /// # Errors
    ///
    /// [`Error::Load`], [`Error::UnsupportedVersion`] or [`Error::Rejected`].
    pub fn from_elf(elf: &[u8]) -> Result<Self, Error> {
        let executable =
            Executable::from_elf(elf, loader(SBPFVersion::V3)?).map_err(|error| match error {
                EbpfError::ElfError(ElfError::UnsupportedSBPFVersion) => {
                    Error::UnsupportedVersion { found: elf_flags(elf) }
                }
                error => Error::Load(error),
            })?;
        Self::decode(&executable)
    }

    /// Verifies and decodes what was loaded.
    pub(crate) fn decode(executable: &Executable<Unused>) -> Result<Self, Error> {
        let version = match executable.get_sbpf_version() {
            SBPFVersion::V0 => Version::V0,
            SBPFVersion::V3 => Version::V3,
            other => return Err(Error::UnsupportedVersion { found: other as u32 }),
        };
        executable.verify::<RequisiteVerifier>().map_err(Error::Rejected)?;

        let (text_address, text) = executable.get_text_bytes();
        let count = text.len() / ebpf::INSN_SIZE;
        let mut instructions = Vec::with_capacity(count);
        while instructions.len() < count {
            let pc = instructions.len();
            let mut raw = ebpf::get_insn(text, pc);
            if raw.opc == ebpf::LD_DW_IMM {
                ebpf::augment_lddw_unchecked(text, &mut raw);
            }
            let call = (raw.opc == ebpf::CALL_IMM).then(|| call_target(executable, version, &raw, count));
            let (dst, src, offset, imm) = (raw.dst, raw.src, raw.off, raw.imm);
            instructions.push(Instruction { opcode: raw.opc, dst, src, offset, imm, call });
            if raw.opc == ebpf::LD_DW_IMM {
                instructions.push(Instruction { opcode: 0, dst: 0, src: 0, offset: 0, imm: 0, call: None });
            }
        }

        let mut program = Self {
            version,
            entry: executable.get_entrypoint_instruction_offset() as u64,
            text_address,
            instructions,
            read_only: executable.get_ro_section().to_vec(),
            id: [0; 32],
        };
        program.id = program.digest(text);
        Ok(program)
    }

    /// What execution depends on, hashed: version, entry, text and read-only bytes, and what calls mean.
    fn digest(&self, text: &[u8]) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_derive_key("parhelion sbpf program v1");
        hasher.update(&[self.version as u8]);
        hasher.update(&self.entry.to_le_bytes());
        hasher.update(&self.text_address.to_le_bytes());
        for bytes in [text, &self.read_only] {
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        }
        for (pc, instruction) in self.instructions.iter().enumerate() {
            if let Some(CallTarget::Function(target)) = instruction.call {
                hasher.update(&(pc as u64).to_le_bytes());
                hasher.update(&target.to_le_bytes());
            }
        }
        *hasher.finalize().as_bytes()
    }

    /// The version of its instruction set.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The pc at which it begins.
    pub fn entry(&self) -> u64 {
        self.entry
    }

    /// The address of its first instruction, which `callx` counts from.
    pub fn text_address(&self) -> u64 {
        self.text_address
    }

    /// All instructions, by pc.
    pub fn instructions(&self) -> &[Instruction] {
        &self.instructions
    }

    /// The bytes it can read but not write, from the beginning of [`Version::read_only_region`] on.
    /// In V0 they include the text.
    pub fn read_only(&self) -> &[u8] {
        &self.read_only
    }

    /// [`Self::read_only`] in words, little-endian, the last one filled up with zeros.
    pub fn read_only_words(&self) -> impl ExactSizeIterator<Item = u64> + '_ {
        self.read_only.chunks(8).map(|bytes| {
            let mut word = [0; 8];
            word[..bytes.len()].copy_from_slice(bytes);
            u64::from_le_bytes(word)
        })
    }

    /// What tells it from all other programs: a hash of all that execution depends on.
    pub fn id(&self) -> [u8; 32] {
        self.id
    }
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Program")
            .field("version", &self.version)
            .field("entry", &self.entry)
            .field("text_address", &self.text_address)
            .field("instructions", &self.instructions.len())
            .field("read_only", &self.read_only.len())
            .finish_non_exhaustive()
    }
}

fn call_target(
    executable: &Executable<Unused>,
    version: Version,
    raw: &ebpf::Insn,
    count: usize,
) -> CallTarget {
    let hash = raw.imm as u32;
    match version {
        Version::V0 => {
            if let Some(syscall) = Syscall::from_hash(hash) {
                return CallTarget::Syscall(syscall);
            }
            match executable.get_function_registry().lookup_by_key(hash) {
                Some((_, pc)) if pc < count => CallTarget::Function(pc as u32),
                _ => CallTarget::Unresolved,
            }
        }
        Version::V3 if raw.src == 0 => {
            Syscall::from_hash(hash).map_or(CallTarget::Unresolved, CallTarget::Syscall)
        }
        Version::V3 => {
            let target = raw.ptr as i64 + 1 + raw.imm;
            match usize::try_from(target) {
                Ok(pc) if pc < count && raw.src == 1 => CallTarget::Function(pc as u32),
                _ => CallTarget::Unresolved,
            }
        }
    }
}

/// The loader with the settings of a cluster and the names of all syscalls, so that none of them can be
/// taken for a function. The assembler assembles for the newest version.
pub(crate) fn loader(newest: SBPFVersion) -> Result<Arc<BuiltinProgram<Unused>>, Error> {
    let config = Config {
        enabled_sbpf_versions: SBPFVersion::V0..=newest,
        // Everything from the beginning of the region up to the last section is readable.
        optimize_rodata: false,
        ..Config::default()
    };
    let mut loader = BuiltinProgram::new_loader(config);
    for syscall in Syscall::ALL {
        loader
            .register_function(syscall.name(), (|_, _, _, _, _, _| {}, |_| {}))
            .map_err(|error| Error::Load(error.into()))?;
    }
    Ok(Arc::new(loader))
}

/// The version field of an ELF header.
fn elf_flags(elf: &[u8]) -> u32 {
    elf.get(48..52).map_or(0, |bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
}

/// What `solana-sbpf` wants for a virtual machine; only its loader is used here.
#[derive(Debug)]
pub(crate) struct Unused;

impl ContextObject for Unused {
    fn consume(&mut self, _: u64) {}

    fn get_remaining(&self) -> u64 {
        0
    }

    fn active_mapping_ptr(&mut self) -> NonNull<MemoryMapping> {
        NonNull::dangling()
    }
}
