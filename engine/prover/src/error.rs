//! What can go wrong, each case with what was expected and what was got.

use std::io;

use halo2_axiom::plonk;
use parhelion_allocators as allocators;
use parhelion_field_kernels as kernels;
use parhelion_scheduler as scheduler;

/// Why a proof or a key could not be made.
///
/// Every variant leaves the [`Prover`](crate::Prover) and the prepared keys usable. A
/// transcript that was being written to is in an unspecified state and must be dropped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The number of instance lists differs from the number of circuits.
    #[error("{circuits} circuits need {circuits} lists of instance columns, got {instances}")]
    CircuitCount {
        /// Circuits passed.
        circuits: usize,
        /// Instance lists passed.
        instances: usize,
    },
    /// A proof of no circuit at all was asked for.
    #[error("a proof needs at least 1 circuit, got 0")]
    NoCircuits,
    /// A circuit came with the wrong number of instance columns.
    #[error("circuit {circuit}: the key has {expected} instance columns, got {got}")]
    InstanceColumnCount {
        /// Which circuit of the proof.
        circuit: usize,
        /// Instance columns of the key.
        expected: usize,
        /// Instance columns passed.
        got: usize,
    },
    /// An instance column has more values than usable rows.
    #[error("circuit {circuit}, instance column {column}: {len} values do not fit {usable} usable rows")]
    InstanceTooLong {
        /// Which circuit of the proof.
        circuit: usize,
        /// Which instance column.
        column: usize,
        /// Values passed.
        len: usize,
        /// Rows that are not blinded.
        usable: usize,
    },
    /// The SRS and the key are for different sizes.
    #[error("the key is for k = {key}, the SRS for k = {params}")]
    ParamsMismatch {
        /// log2 rows of the key.
        key: u32,
        /// log2 size of the SRS.
        params: u32,
    },
    /// The memory limit is too small.
    #[error("the memory limit is {limit} bytes, a proof of {circuits} circuits needs {needed}")]
    MemoryLimit {
        /// Bytes of the limit.
        limit: usize,
        /// The smallest limit that does, as far as it is known: exact once the columns were there, or
        /// those of another proof with this key.
        needed: usize,
        /// Circuits of the proof.
        circuits: usize,
    },
    /// The proof's [token](crate::CancelToken) was cancelled.
    #[error("cancelled before the proof was complete")]
    Cancelled,
    /// The proof's deadline has passed.
    #[error("the deadline has passed before the proof was complete")]
    Deadline,
    /// Two settings contradict each other.
    #[error("{0}")]
    Settings(&'static str),
    /// There was not enough memory for a buffer.
    #[error("no memory for a buffer: {0}")]
    Memory(#[from] allocators::Error),
    /// The SRS is internally inconsistent.
    #[error("damaged SRS: {0}")]
    DamagedParams(String),
    /// The key is internally inconsistent.
    #[error("damaged key: {what}: expected {expected}, got {got}")]
    DamagedKey {
        /// What does not fit.
        what: &'static str,
        /// Its expected count.
        expected: usize,
        /// The count found.
        got: usize,
    },
    /// The key ends early or cannot be read.
    #[error("cannot read the key: {0}")]
    ReadKey(#[source] io::Error),
    /// The key is in another format.
    #[error("not a key in the library's raw format: {what}: expected {expected}, got {got}")]
    KeyFormat {
        /// Which part.
        what: &'static str,
        /// What this part is in a key.
        expected: u32,
        /// What was found.
        got: u32,
    },
    /// A scalar of the key is not reduced.
    #[error("damaged key: {what} {column}, row {row}: expected a scalar below the modulus")]
    KeyScalar {
        /// Kind of column.
        what: &'static str,
        /// Which column.
        column: usize,
        /// Its row.
        row: usize,
    },
    /// A commitment of the key is no point.
    #[error("damaged key: {what} {index}: expected a point on the curve")]
    KeyPoint {
        /// What it commits to.
        what: &'static str,
        /// Which of these.
        index: usize,
    },
    /// The key belongs to another circuit.
    #[error("the key belongs to another circuit: {what}: the circuit has {circuit}, the key has {key}")]
    KeyMismatch {
        /// What differs.
        what: &'static str,
        /// As configured by the circuit.
        circuit: String,
        /// As recorded in the key.
        key: String,
    },
    /// The circuit needs more rows than 2^k.
    #[error("k = {k} gives {rows} rows, the circuit needs at least {needed}")]
    NotEnoughRows {
        /// log2 rows.
        k: u32,
        /// 2^k.
        rows: usize,
        /// Rows the circuit needs.
        needed: usize,
    },
    /// A constraint has a higher degree than the key was made for.
    #[error(
        "{what} has degree {degree}, the key was made for degree {key_degree}: \
         set MAX_DEGREE to at least {degree} before making the key"
    )]
    DegreeTooHigh {
        /// Which constraint.
        what: String,
        /// Its degree.
        degree: usize,
        /// The degree the key's domain allows.
        key_degree: usize,
    },
    /// A cell was addressed outside the usable rows.
    #[error("{what}: row {row} is outside the {usable} usable rows")]
    RowOutOfRange {
        /// What was assigned or copied.
        what: &'static str,
        /// The row.
        row: usize,
        /// Rows that are not blinded.
        usable: usize,
    },
    /// A column was addressed that the key does not have.
    #[error("{what} column {column} does not exist, the key has {columns}")]
    ColumnOutOfRange {
        /// Kind of column.
        what: &'static str,
        /// Its index.
        column: usize,
        /// How many there are.
        columns: usize,
    },
    /// A copy constraint involves a column without equality enabled.
    #[error("column {column} is part of a copy constraint but not of the permutation: enable equality on it")]
    ColumnNotInPermutation {
        /// The column, as the library prints it.
        column: String,
    },
    /// The circuit assigned an unknown value while a proof was made.
    #[error("advice column {column}, row {row}: expected a known value, got an unknown one")]
    UnknownWitness {
        /// Advice column.
        column: usize,
        /// Row.
        row: usize,
    },
    /// More permutation cells than 32-bit labels can tell apart.
    #[error("a permutation over {columns} columns of {rows} rows has too many cells")]
    PermutationTooLarge {
        /// Columns with equality enabled.
        columns: usize,
        /// Rows of each.
        rows: usize,
    },
    /// The quotient's domain is larger than the field's roots of unity allow.
    #[error("k = {k} and degree {degree} need a domain of size 2^{extended_k}, the field has 2^{max}")]
    DomainTooLarge {
        /// log2 rows.
        k: u32,
        /// Degree of the constraint system.
        degree: usize,
        /// log2 of the domain's size.
        extended_k: u32,
        /// The field's 2-adicity.
        max: u32,
    },
    /// The circuit describes something the proof system does not have.
    #[error("invalid circuit: {0}")]
    InvalidCircuit(String),
    /// An environment variable has an unusable value.
    #[error("environment variable {variable}: expected {expected}, got {value:?}")]
    Environment {
        /// Its name.
        variable: &'static str,
        /// Its value.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
    /// The circuit's own synthesis failed.
    #[error("synthesis failed: {0}")]
    Synthesis(plonk::Error),
    /// The synthesis of a circuit of `halo2_proofs` failed.
    #[cfg(feature = "zcash")]
    #[error("synthesis failed: {0}")]
    ZcashSynthesis(halo2_proofs::plonk::Error),
    /// The pinned text of a verifying key of `halo2_proofs` does not hash to what stands for the key in
    /// transcripts.
    #[cfg(feature = "zcash")]
    #[error("the pinned text of the key hashes to {got}, the key says {expected}")]
    KeyHash {
        /// What the key says of itself.
        expected: String,
        /// The hash of its text.
        got: String,
    },
    /// The pinned text of a key of `halo2_proofs` reads otherwise than that of the version supported.
    #[cfg(feature = "zcash")]
    #[error("the pinned text of the key, from character {at} on: expected {expected}, got {got:?}")]
    KeyText {
        /// Bytes before the unexpected ones.
        at: usize,
        /// What was to come.
        expected: &'static str,
        /// The beginning of what is there.
        got: String,
    },
    /// A lookup input is not in its table.
    #[error(
        "circuit {circuit}, lookup {lookup} \"{name}\": the input of row {row} is not in the table (compressed value {value})"
    )]
    LookupValueMissing {
        /// Which circuit of the proof.
        circuit: usize,
        /// Which lookup argument.
        lookup: usize,
        /// Its name.
        name: String,
        /// First row whose input is missing.
        row: usize,
        /// The value, expressions compressed by theta.
        value: String,
    },
    /// Two cells that must be equal are not.
    #[error(
        "circuit {circuit}: the copy constraints are not satisfied: \
         the permutation product ends in {got} instead of 1"
    )]
    CopyConstraint {
        /// Which circuit of the proof.
        circuit: usize,
        /// The final value of the grand product.
        got: String,
    },
    /// The witness does not satisfy the gates.
    #[error(
        "the witness does not satisfy the circuit: at the challenge x the constraints sum to {expected}, \
         the quotient gives {got}; MockProver tells which gate and row"
    )]
    Unsatisfied {
        /// The combination of all constraints at x.
        expected: String,
        /// (x^n - 1) h(x).
        got: String,
    },
    /// A blinding or challenge value hit a degenerate case (probability about 2^-250).
    #[error("degenerate challenge: {0}")]
    Degenerate(&'static str),
    /// The transcript could not be written.
    #[error("transcript: {0}")]
    Transcript(#[from] io::Error),
    /// The drop-in functions were called for something other than KZG over BN254.
    #[error("expected {expected}, got {got}")]
    Unsupported {
        /// What this version proves.
        expected: &'static str,
        /// The type it was called with.
        got: &'static str,
    },
    /// Values to inject do not fit the proof.
    #[error("injection: {what}: expected {expected}, got {got}")]
    Injection {
        /// What does not fit.
        what: &'static str,
        /// The expected count.
        expected: usize,
        /// The count passed.
        got: usize,
    },
    /// The field kernels could not be set up.
    #[error(transparent)]
    Kernels(#[from] kernels::Error),
    /// The thread pool could not be started.
    #[error(transparent)]
    Scheduler(#[from] scheduler::Error),
}

impl From<scheduler::Interruption> for Error {
    fn from(interruption: scheduler::Interruption) -> Self {
        match interruption {
            scheduler::Interruption::Deadline => Self::Deadline,
            _ => Self::Cancelled,
        }
    }
}

impl From<Error> for plonk::Error {
    /// The closest library error. Where the library has none, the full message travels in
    /// `plonk::Error::Transcript`, the only variant that can carry text.
    fn from(error: Error) -> Self {
        match error {
            Error::CircuitCount { .. } | Error::InstanceColumnCount { .. } | Error::NoCircuits => {
                Self::InvalidInstances
            }
            Error::InstanceTooLong { .. } => Self::InstanceTooLarge,
            Error::NotEnoughRows { k, .. } => Self::NotEnoughRowsAvailable { current_k: k },
            Error::LookupValueMissing { .. } | Error::CopyConstraint { .. } | Error::Unsatisfied { .. } => {
                Self::ConstraintSystemFailure
            }
            Error::Synthesis(error) => error,
            Error::Transcript(error) => Self::Transcript(error),
            error @ Error::Unsupported { .. } => {
                Self::Transcript(io::Error::new(io::ErrorKind::Unsupported, error))
            }
            other => Self::Transcript(io::Error::other(other)),
        }
    }
}

#[cfg(feature = "zcash")]
impl From<Error> for halo2_proofs::plonk::Error {
    /// The closest library error. Where the library has none, the full message travels in
    /// `plonk::Error::Transcript`, the only variant that can carry text.
    fn from(error: Error) -> Self {
        match error {
            Error::CircuitCount { .. } | Error::InstanceColumnCount { .. } | Error::NoCircuits => {
                Self::InvalidInstances
            }
            Error::InstanceTooLong { .. } => Self::InstanceTooLarge,
            Error::NotEnoughRows { k, .. } => Self::NotEnoughRowsAvailable { current_k: k },
            Error::LookupValueMissing { .. } | Error::CopyConstraint { .. } | Error::Unsatisfied { .. } => {
                Self::ConstraintSystemFailure
            }
            Error::UnknownWitness { .. } => Self::Synthesis,
            Error::ZcashSynthesis(error) => error,
            Error::Transcript(error) => Self::Transcript(error),
            other => Self::Transcript(io::Error::other(other)),
        }
    }
}
