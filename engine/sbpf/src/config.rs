//! What an execution may use.

/// What an execution may use, and how finely its trace is kept.
///
/// ```
/// use parhelion_sbpf::ExecutionConfig;
///
/// let config = ExecutionConfig::default().with_compute_units(10_000_000).with_heap_size(64 * 1024);
/// assert_eq!(config.compute_units, 10_000_000);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExecutionConfig {
    /// Compute units: one for each instruction, more for syscalls. A program that needs more traps.
    pub compute_units: u64,
    /// The size of the heap in bytes, at most 256 KiB.
    pub heap_size: u64,
    /// Whether syscalls cost compute units, as on a cluster: 10 or a 250th of the bytes for memory, 100
    /// or the bytes for logs.
    pub charge_syscalls: bool,
    /// Instructions between two checkpoints of a trace.
    pub checkpoint_interval: u64,
}

impl Default for ExecutionConfig {
    /// The limits of a transaction: 1.4 million compute units, 32 KiB of heap.
    fn default() -> Self {
        Self {
            compute_units: 1_400_000,
            heap_size: 32 * 1024,
            charge_syscalls: true,
            checkpoint_interval: 1 << 14,
        }
    }
}

impl ExecutionConfig {
    /// With another budget.
    pub fn with_compute_units(self, compute_units: u64) -> Self {
        Self { compute_units, ..self }
    }

    /// With another heap, in bytes.
    pub fn with_heap_size(self, heap_size: u64) -> Self {
        Self { heap_size, ..self }
    }

    /// With syscalls that cost what they should, or nothing beyond their instruction.
    pub fn with_charged_syscalls(self, charge_syscalls: bool) -> Self {
        Self { charge_syscalls, ..self }
    }

    /// With checkpoints closer together or further apart; at least one instruction.
    pub fn with_checkpoint_interval(self, instructions: u64) -> Self {
        Self { checkpoint_interval: instructions.max(1), ..self }
    }
}
