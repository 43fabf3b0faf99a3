//! An oracle on the unmodified library prover, for byte-identity tests.
//!
//! halo2-axiom's prover is not a function of its inputs: it draws the random polynomial of
//! the vanishing argument from the thread's own generator, and orders the permuted lookup
//! columns by a randomly keyed hash map. Everything else follows from the keys, the
//! instances, the witness and the caller's RNG. [`capture`] runs the library's own
//! `create_proof` over a commitment scheme that remembers what it is asked to commit to,
//! finds those two things in the record, and returns them as an [`Injection`]. Replayed into
//! [`Prover::prove_injected`](crate::Prover::prove_injected) with the same RNG seed, every
//! byte of the two proofs must agree; [`RecordingTranscript`] and [`first_difference`] name
//! the stage in which they do not.
//!
//! This is test equipment, behind the feature `oracle`. The injected values are secrets of
//! the captured proof: never inject into a proof that is meant to hide its witness.

mod capture;
mod recording;
mod shape;
mod spy;

pub use capture::{CaptureError, Injection, capture};
pub use recording::{Event, RecordingTranscript};
pub use shape::{Difference, TranscriptShape, TranscriptStage, first_difference};
pub use spy::{Heard, SpyParams, SpyProver, SpyScheme};
