//! What `solana-sbpf` does for programs: it loads, relocates and resolves.

use std::{ptr::NonNull, sync::Arc};

use solana_sbpf::{
    ebpf,
    elf::Executable,
    memory_region::MemoryMapping,
    program::{BuiltinProgram, SBPFVersion},
    vm::{Config, ContextObject},
};

use super::{CallTarget, Version};
use crate::{Error, Syscall};

/// What a `call` at `raw.ptr` in a text of `count` slots calls.
pub(super) fn call_target(
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
            .map_err(|error| Error::Load(solana_sbpf::error::EbpfError::from(error).into()))?;
    }
    Ok(Arc::new(loader))
}

/// The version field of an ELF header.
pub(super) fn elf_flags(elf: &[u8]) -> u32 {
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
