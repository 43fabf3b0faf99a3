//! A program as the machine and the circuit see it: decoded instructions and read-only bytes.

mod instruction;
mod loader;

use solana_sbpf::{
    ebpf,
    elf::{ElfError, Executable},
    error::EbpfError,
    program::{FunctionRegistry, SBPFVersion},
    verifier::RequisiteVerifier,
};

use crate::Error;
pub use instruction::{CallTarget, Instruction, Version};
pub(crate) use loader::loader;
use loader::{Unused, call_target, elf_flags};

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
                error => Error::Load(error.into()),
            })?;
        Self::decode(&executable)
    }

    /// Takes instructions as they are: no ELF file, no relocations, no read-only data but the text. In V0
    /// no function of the program can be called but by `callx`.
    ///
    /// # Errors
    ///
    /// [`Error::Load`] or [`Error::Rejected`].
    pub fn from_text(version: Version, text: &[u8], entry: u64) -> Result<Self, Error> {
        let mut functions = FunctionRegistry::default();
        let entry = usize::try_from(entry).unwrap_or(usize::MAX);
        let registered =
            functions.register_function(ebpf::hash_symbol_name(b"entrypoint"), *b"entrypoint", entry);
        registered.map_err(|error| Error::Load(EbpfError::from(error).into()))?;
        let loader = loader(version.sbpf())?;
        let executable = Executable::from_text_bytes(text, loader, version.sbpf(), functions);
        Self::decode(&executable.map_err(|error| Error::Load(error.into()))?)
    }

    /// Verifies and decodes what was loaded.
    pub(crate) fn decode(executable: &Executable<Unused>) -> Result<Self, Error> {
        let version = match executable.get_sbpf_version() {
            SBPFVersion::V0 => Version::V0,
            SBPFVersion::V3 => Version::V3,
            other => return Err(Error::UnsupportedVersion { found: other as u32 }),
        };
        executable.verify::<RequisiteVerifier>().map_err(|error| Error::Rejected(error.into()))?;

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
