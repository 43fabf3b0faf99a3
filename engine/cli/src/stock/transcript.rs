//! The transcript that proofs are written to, with the time of every challenge.

use std::fmt;
use std::io;
use std::time::Instant;

use halo2_axiom::halo2curves::bn256::{Fr, G1Affine};
use halo2_axiom::transcript::{
    Blake2bWrite, Challenge255, Transcript, TranscriptWrite, TranscriptWriterBuffer,
};
use serde::{Deserialize, Serialize};

type Challenge = Challenge255<G1Affine>;

/// The library's Blake2b transcript, which notes when challenges are squeezed.
///
/// Every prover squeezes the same challenges between the same steps, so their times tell how long
/// the steps took, whoever proves.
pub struct ProofTranscript {
    library: Blake2bWrite<Vec<u8>, G1Affine, Challenge>,
    start: Instant,
    challenges: Vec<Instant>,
}

/// Seconds that a proof spent between challenges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sections {
    /// Up to theta: synthesis, and commitments to advice columns.
    pub witness: f64,
    /// From theta to beta: permuted inputs and tables of lookups.
    pub lookup: f64,
    /// From gamma to y: grand products, and the random polynomial.
    pub products: f64,
    /// From y to x: the quotient, and commitments to its pieces.
    pub quotient: f64,
    /// After x: evaluations and the opening argument.
    pub opening: f64,
}

/// Picks a part.
pub type Part = fn(&Sections) -> f64;

impl Sections {
    /// The parts with their names.
    pub const PARTS: [(&str, Part); 5] = [
        ("witness", |sections| sections.witness),
        ("lookup", |sections| sections.lookup),
        ("products", |sections| sections.products),
        ("quotient", |sections| sections.quotient),
        ("opening", |sections| sections.opening),
    ];

    /// The parts of a proof by the times of the challenges theta, beta, gamma, y and x, and whatever
    /// came after them. `None` if it has not come to x.
    #[must_use]
    pub fn between(start: Instant, challenges: &[Instant], end: Instant) -> Option<Self> {
        let &[theta, beta, gamma, y, x] = challenges.first_chunk()?;
        let seconds = |from: Instant, to: Instant| to.saturating_duration_since(from).as_secs_f64();
        Some(Self {
            witness: seconds(start, theta),
            lookup: seconds(theta, beta),
            products: seconds(gamma, y),
            quotient: seconds(y, x),
            opening: seconds(x, end),
        })
    }
}

impl ProofTranscript {
    /// An empty transcript.
    #[must_use]
    pub fn new() -> Self {
        Self { library: Blake2bWrite::init(Vec::new()), start: Instant::now(), challenges: Vec::new() }
    }

    /// The proof.
    #[must_use]
    pub fn finalize(self) -> Vec<u8> {
        self.library.finalize()
    }

    /// How long each part took until `end`, for a circuit with challenges of its own. `None` if the
    /// proof has not come to x.
    #[must_use]
    pub fn sections(&self, circuit_challenges: usize, end: Instant) -> Option<Sections> {
        Sections::between(self.start, self.challenges.get(circuit_challenges..)?, end)
    }
}

impl Default for ProofTranscript {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ProofTranscript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProofTranscript").field("challenges", &self.challenges.len()).finish_non_exhaustive()
    }
}

impl Transcript<G1Affine, Challenge> for ProofTranscript {
    fn squeeze_challenge(&mut self) -> Challenge {
        self.challenges.push(Instant::now());
        self.library.squeeze_challenge()
    }

    fn common_point(&mut self, point: G1Affine) -> io::Result<()> {
        self.library.common_point(point)
    }

    fn common_scalar(&mut self, scalar: Fr) -> io::Result<()> {
        self.library.common_scalar(scalar)
    }
}

impl TranscriptWrite<G1Affine, Challenge> for ProofTranscript {
    fn write_point(&mut self, point: G1Affine) -> io::Result<()> {
        self.library.write_point(point)
    }

    fn write_scalar(&mut self, scalar: Fr) -> io::Result<()> {
        self.library.write_scalar(scalar)
    }
}
