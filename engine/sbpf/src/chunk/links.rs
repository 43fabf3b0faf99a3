//! Randomness that makes commitments comparable.
//!
//! A KZG commitment depends on the values of a column alone, and those of the rows for blinding are
//! drawn from the generator that a prover is given: column by column, before anything else. So a
//! generator that knows this order decides which commitments can be computed again (public columns:
//! zeros) and which are equal in two proofs (memory at a boundary: a stream of its own).

use rand_chacha::ChaCha20Rng;
use rand_core::{OsRng, RngCore, SeedableRng};

use crate::circuit::{BLINDED_ROWS, PUBLIC_COLUMNS};

/// Numbers that one column takes: `Fr::random` reduces eight.
const PER_COLUMN: usize = BLINDED_ROWS * 8;

/// What an execution's boundaries are blinded with. Whoever knows it can open them.
///
/// Proofs of neighbouring chunks link only if they were made with the same secret. Keep it while
/// chunks are being proven, and to prove the rest after an interruption; then drop it.
#[derive(Clone)]
pub struct LinkSecret([u8; 32]);

impl LinkSecret {
    /// A fresh one, from the operating system.
    #[must_use]
    pub fn random() -> Self {
        let mut bytes = [0; 32];
        OsRng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// One that was kept.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// To keep it.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0
    }

    /// Tells chunks linked with it from others, and nothing else.
    pub(super) fn tag(&self) -> [u8; 32] {
        *blake3::keyed_hash(&self.0, b"parhelion sbpf tag").as_bytes()
    }

    /// The stream of a boundary between two chunks.
    fn stream(&self, boundary: u64) -> ChaCha20Rng {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(b"parhelion sbpf boundary").update(&boundary.to_le_bytes());
        ChaCha20Rng::from_seed(*hasher.finalize().as_bytes())
    }
}

impl std::fmt::Debug for LinkSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LinkSecret(..)")
    }
}

/// Whence a column of memory is blinded.
enum Carried {
    /// At the ends of an execution, which the verifier commits to itself.
    Public,
    Boundary(Box<ChaCha20Rng>),
}

impl Carried {
    fn next(&mut self) -> u64 {
        match self {
            Self::Public => 0,
            Self::Boundary(stream) => stream.next_u64(),
        }
    }
}

/// The generator for the proof of one chunk.
pub(crate) struct LinkRng<R> {
    drawn: usize,
    memory: [Carried; 2],
    rest: R,
}

impl<R: RngCore> LinkRng<R> {
    /// For chunk `index` of `chunks`; `rest` blinds everything else.
    pub(crate) fn new(secret: &LinkSecret, index: u64, chunks: u64, rest: R) -> Self {
        let carried = |boundary| {
            if boundary == 0 || boundary == chunks {
                Carried::Public
            } else {
                Carried::Boundary(Box::new(secret.stream(boundary)))
            }
        };
        Self { drawn: 0, memory: [carried(index), carried(index + 1)], rest }
    }
}

impl<R: RngCore> RngCore for LinkRng<R> {
    fn next_u32(&mut self) -> u32 {
        self.next_u64() as u32
    }

    fn next_u64(&mut self) -> u64 {
        let column = self.drawn / PER_COLUMN;
        self.drawn = self.drawn.saturating_add(1);
        match column.checked_sub(PUBLIC_COLUMNS) {
            None => 0,
            Some(column @ 0..2) => self.memory[column].next(),
            Some(_) => self.rest.next_u64(),
        }
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        rand_core::impls::fill_bytes_via_next(self, bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}
