//! The interpreter of `solana-sbpf`, with registers at every step, and what it is to agree with.

mod agree;
mod syscalls;

use std::{ptr::NonNull, sync::Arc};

use parhelion_sbpf::{Assembly, Error, ExecutionConfig, Program, Syscall, Version};
use solana_sbpf::{
    aligned_memory::AlignedMemory,
    assembler::assemble,
    ebpf,
    elf::Executable,
    error::{EbpfError, ProgramResult},
    memory_region::{MemoryMapping, MemoryRegion},
    program::{BuiltinProgram, FunctionRegistry, SBPFVersion},
    verifier::RequisiteVerifier,
    vm::{CallFrame, Config, ContextObject, EbpfVm, ExecutionMode},
};

pub(crate) use agree::{agree, agree_with};

/// What the interpreter sees of the world.
pub(crate) struct Context {
    remaining: u64,
    charge_syscalls: bool,
    mapping: MemoryMapping,
    pub(crate) logs: Vec<String>,
}

impl ContextObject for Context {
    fn consume(&mut self, amount: u64) {
        self.remaining = self.remaining.saturating_sub(amount);
    }

    fn get_remaining(&self) -> u64 {
        self.remaining
    }

    fn active_mapping_ptr(&mut self) -> NonNull<MemoryMapping> {
        NonNull::from_mut(&mut self.mapping)
    }
}

/// One program, loaded by both.
pub(crate) struct Pair {
    pub(crate) ours: Program,
    pub(crate) theirs: Executable<Context>,
}

impl Pair {
    pub(crate) fn assemble(version: Version, text: &str) -> Self {
        let assembly = match version {
            Version::V0 => Assembly::v0(text),
            Version::V3 => Assembly::v3(text),
        };
        let ours = assembly.build().unwrap_or_else(|error| panic!("{error}\n{text}"));
        let theirs = assemble(text, loader(version)).unwrap();
        Self { ours, theirs }
    }

    /// Instructions as they are, if the verifier lets them pass. Both must, or neither.
    pub(crate) fn from_text(version: Version, text: &[u8], entry: usize) -> Option<Self> {
        let sbpf = match version {
            Version::V0 => SBPFVersion::V0,
            Version::V3 => SBPFVersion::V3,
        };
        let mut functions = FunctionRegistry::default();
        functions.register_function(ebpf::hash_symbol_name(b"entrypoint"), *b"entrypoint", entry).unwrap();
        let theirs = Executable::from_text_bytes(text, loader(version), sbpf, functions).unwrap();
        let ours = Program::from_text(version, text, entry as u64);
        match (ours, theirs.verify::<RequisiteVerifier>()) {
            (Ok(ours), Ok(())) => Some(Self { ours, theirs }),
            (Err(Error::Rejected(_)), Err(_)) => None,
            (ours, theirs) => panic!("ours: {ours:?}, theirs: {theirs:?}"),
        }
    }

    /// Loads an ELF file. Both must take it, or neither.
    pub(crate) fn from_elf(elf: &[u8]) -> Result<Self, Error> {
        let ours = Program::from_elf(elf);
        let theirs = Executable::from_elf(elf, loader(Version::V3)).and_then(|executable| {
            executable.verify::<RequisiteVerifier>()?;
            Ok(executable)
        });
        match (ours, theirs) {
            (Ok(ours), Ok(theirs)) => Ok(Self { ours, theirs }),
            (Err(ours), Err(_)) => Err(ours),
            // They take versions that we do not.
            (Err(error @ Error::UnsupportedVersion { .. }), _) => Err(error),
            (ours, theirs) => panic!("ours: {ours:?}, theirs: {:?}", theirs.map(|_| ())),
        }
    }
}

/// How it went there.
pub(crate) struct Run {
    /// Registers and pc before every instruction.
    pub(crate) trace: Vec<[u64; 12]>,
    pub(crate) result: Result<u64, EbpfError>,
    /// Compute units used.
    pub(crate) units: u64,
    pub(crate) stack: Vec<u8>,
    pub(crate) heap: Vec<u8>,
    pub(crate) input: Vec<u8>,
    pub(crate) logs: Vec<String>,
}

/// A cluster's settings.
fn loader(newest: Version) -> Arc<BuiltinProgram<Context>> {
    let newest = match newest {
        Version::V0 => SBPFVersion::V0,
        Version::V3 => SBPFVersion::V3,
    };
    let config = Config {
        enabled_sbpf_versions: SBPFVersion::V0..=newest,
        optimize_rodata: false,
        ..Config::default()
    };
    let mut loader = BuiltinProgram::new_loader(config);
    syscalls::register(&mut loader);
    for syscall in Syscall::ALL {
        if !syscall.is_provable() {
            syscalls::register_unavailable(&mut loader, syscall.name());
        }
    }
    Arc::new(loader)
}

pub(crate) fn run(executable: &Executable<Context>, input: &[u8], config: &ExecutionConfig) -> Run {
    let settings = executable.get_config();
    let version = executable.get_sbpf_version();
    let mut stack = AlignedMemory::<{ ebpf::HOST_ALIGN }>::zero_filled(settings.stack_size());
    let mut heap = AlignedMemory::<{ ebpf::HOST_ALIGN }>::zero_filled(config.heap_size as usize);
    let mut input = AlignedMemory::<{ ebpf::HOST_ALIGN }>::from_slice(input);
    let gap = if version.stack_frame_gaps() { settings.stack_frame_size as u64 } else { 0 };
    let stack_region = match gap {
        0 => MemoryRegion::new(&mut stack, ebpf::MM_STACK_START),
        gap => MemoryRegion::new_gapped(&mut stack, ebpf::MM_STACK_START, gap),
    };
    let regions = vec![
        executable.get_ro_region(),
        stack_region,
        MemoryRegion::new(&mut heap, ebpf::MM_HEAP_START),
        MemoryRegion::new(&mut input, ebpf::MM_INPUT_START),
    ];
    // SAFETY: the three buffers and the executable outlive the mapping, which is dropped with the context
    // before they are looked at again; the writable ones are plain bytes.
    #[allow(unsafe_code)]
    let mapping = unsafe { MemoryMapping::new(regions, settings, version) }.unwrap();
    let mut context = Context {
        remaining: config.compute_units,
        charge_syscalls: config.charge_syscalls,
        mapping,
        logs: Vec::new(),
    };
    let mut vm = EbpfVm::new(executable.get_loader().clone(), version, &mut context, settings.stack_size());
    vm.registers[1] = ebpf::MM_INPUT_START;
    let mut frames = vec![CallFrame::default(); settings.max_call_depth];
    let (units, result) = vm.execute_program(executable, &mut ExecutionMode::Interpreted, &mut frames);
    let trace = std::mem::take(&mut vm.register_trace);
    let result = match result {
        ProgramResult::Ok(value) => Ok(value),
        ProgramResult::Err(error) => Err(error),
    };
    drop(vm);
    let logs = std::mem::take(&mut context.logs);
    drop(context);
    let [stack, heap, input] = [stack, heap, input].map(|memory| memory.as_slice().to_vec());
    Run { trace, result, units, stack, heap, input, logs }
}
