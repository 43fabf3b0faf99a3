//! What makes proofs of chunks the proof of an execution.

use halo2_axiom::halo2curves::bn256::{Bn256, Fr, G1Affine};
use halo2_axiom::halo2curves::ff::PrimeField;
use halo2_axiom::halo2curves::group::{Curve, GroupEncoding};
use halo2_axiom::plonk::{self, VerifyingKey, verify_proof};
use halo2_axiom::poly::commitment::{Blind, Params};
use halo2_axiom::poly::kzg::commitment::{KZGCommitmentScheme, ParamsKZG};
use halo2_axiom::poly::kzg::multiopen::VerifierSHPLONK;
use halo2_axiom::poly::kzg::strategy::SingleStrategy;
use halo2_axiom::transcript::{Blake2bRead, Challenge255, TranscriptReadBuffer};

use super::config::KeygenConfig;
use super::execution::hex;
use super::plan::initial_state;
use super::proof::{COMMITMENT, ChunkProof, ChunkState, Disclosure, ExecutionProof};
use super::srs;
use crate::circuit::{FRAMES, Image, Listing, MAX_K, MIN_K, MachineCircuit, RomRow, Unprovable, usable_rows};
use crate::{ExecutionConfig, Program, Region, WordAddress};

/// Why an execution is not believed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// A size of circuit that does not work.
    #[error("expected k from {min} to {max}, got {0}", min = MIN_K, max = MAX_K)]
    Size(u32),
    /// The list of instructions is not one.
    #[error("the list of instructions is wrong at entry {0}: expected ascending pcs")]
    Instructions(usize),
    /// A listed instruction that is none, or not provable.
    #[error(transparent)]
    Unprovable(#[from] Unprovable),
    /// The list of words is not one.
    #[error("the list of words is wrong at entry {0}: expected ascending addresses of the program's memory")]
    Words(usize),
    /// The last value of a word has more than 64 bits.
    #[error("the value of the word at {0:#x} has more than 64 bits")]
    Value(u64),
    /// Lists longer than the circuit has rows for.
    #[error("the lists have {got} entries; expected at most {most}")]
    TooLong {
        /// What fits.
        most: usize,
        /// What was given.
        got: usize,
    },
    /// No proofs.
    #[error("there are no chunks")]
    Empty,
    /// A proof in another's place.
    #[error("expected chunk {expected}, got chunk {got}")]
    Order {
        /// The place.
        expected: u64,
        /// What is there.
        got: u64,
    },
    /// A chunk that does not begin where the one before ended.
    #[error("chunk {chunk} does not begin in the expected state: expected {expected:?}, got {got:?}")]
    State {
        /// The chunk.
        chunk: u64,
        /// Where it should begin.
        expected: Box<ChunkState>,
        /// Where it says it begins.
        got: Box<ChunkState>,
    },
    /// The program does not return in the last chunk, or returns before it.
    #[error("chunk {chunk}: expected halted = {expected} at its end")]
    Halt {
        /// The chunk.
        chunk: u64,
        /// Whether it is the last.
        expected: bool,
    },
    /// A proof about another program, other addresses, input or result.
    #[error("chunk {chunk} is not about the {what} expected")]
    Commitment {
        /// The chunk.
        chunk: u64,
        /// What differs.
        what: &'static str,
    },
    /// A proof that is none.
    #[error("the proof of chunk {chunk} is not accepted: {source}")]
    Proof {
        /// The chunk.
        chunk: u64,
        /// What the library says.
        source: plonk::Error,
    },
    /// Bytes after the proof.
    #[error("the proof of chunk {chunk} has bytes that do not belong to it")]
    TrailingBytes {
        /// The chunk.
        chunk: u64,
    },
    /// Circuits of other sizes in one execution, or than the verifier is for.
    #[error("chunk {chunk} is of circuits with k = {got}; expected {expected}")]
    ChunkSize {
        /// The chunk.
        chunk: u64,
        /// The size of the others.
        expected: u32,
        /// Its size.
        got: u32,
    },
    /// A proof of something else, as it says itself.
    #[error("the proof is of another {what}: it is of {got}, expected {expected}")]
    Subject {
        /// What differs.
        what: &'static str,
        /// What was to be verified.
        expected: String,
        /// What the proof says.
        got: String,
    },
    /// Regions of memory that no machine has.
    #[error(transparent)]
    Regions(#[from] crate::Error),
    /// There is no SRS of that size.
    #[error(transparent)]
    Srs(#[from] Box<super::error::ProveError>),
    /// The verifying key could not be made.
    #[error(transparent)]
    Prover(#[from] parhelion::Error),
}

/// What was proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedExecution {
    /// What the program returned: r0.
    pub value: u64,
    /// Instructions executed, those of the code of syscalls included.
    pub steps: u64,
    /// The size of the heap that it had, in bytes.
    pub heap_size: u64,
    /// The input region at the end: what the program did to its accounts.
    pub output: Vec<u8>,
}

/// Verifies chunks and executions of one size of circuit.
#[derive(Debug)]
pub struct ChunkVerifier<'p> {
    params: &'p ParamsKZG<Bn256>,
    vk: VerifyingKey<G1Affine>,
}

impl<'p> ChunkVerifier<'p> {
    /// Makes the verifying key for circuits of `2^params.k()` rows itself, so that no one has to be
    /// trusted with it.
    ///
    /// # Errors
    /// If there can be no circuit of this size, or key generation fails.
    pub fn new(params: &'p ParamsKZG<Bn256>, prover: &parhelion::Prover) -> Result<Self, VerifyError> {
        let k = params.k();
        if !(MIN_K..=MAX_K).contains(&k) {
            return Err(VerifyError::Size(k));
        }
        Ok(Self { params, vk: prover.keygen_vk(params, &MachineCircuit::empty(k), false)? })
    }

    /// With a key known to be right: that of [`ChunkProver::verifying_key`](super::ChunkProver),
    /// or one kept in a place no one else can write to.
    #[must_use]
    pub fn with_key(params: &'p ParamsKZG<Bn256>, vk: VerifyingKey<G1Affine>) -> Self {
        Self { params, vk }
    }

    /// Verifies one chunk: that its steps lead from its state before to that after, by the program
    /// and in the memory that its proof is committed to. What these are, and how it fits its
    /// neighbours, is for [`Self::verify_execution`] to check.
    ///
    /// # Errors
    /// If the library does not accept the proof.
    pub fn verify_chunk(&self, chunk: &ChunkProof) -> Result<(), VerifyError> {
        let expected = self.params.k();
        if chunk.k != expected {
            return Err(VerifyError::ChunkSize { chunk: chunk.index, expected, got: chunk.k });
        }
        let instances = chunk.instances();
        let mut bytes = &chunk.proof[..];
        let mut transcript = Blake2bRead::<_, _, Challenge255<_>>::init(&mut bytes);
        verify_proof::<KZGCommitmentScheme<Bn256>, VerifierSHPLONK<'_, Bn256>, _, _, _>(
            self.params,
            &self.vk,
            SingleStrategy::new(self.params),
            &[&[&instances[..]]],
            &mut transcript,
        )
        .map_err(|source| VerifyError::Proof { chunk: chunk.index, source })?;
        if bytes.is_empty() { Ok(()) } else { Err(VerifyError::TrailingBytes { chunk: chunk.index }) }
    }

    /// Verifies that `program`, begun on `input` with the heap of `config`, returns: every proof,
    /// every link between them, the program, the input and the result.
    ///
    /// # Errors
    /// What does not hold.
    pub fn verify_execution(
        &self,
        program: &Program,
        input: &[u8],
        config: &ExecutionConfig,
        disclosure: &Disclosure,
        chunks: &[ChunkProof],
    ) -> Result<VerifiedExecution, VerifyError> {
        let image = Image::new(program, input, config.heap_size)?;
        let listing = self.listing(&image, disclosure)?;
        check_states(program, chunks)?;
        self.check_commitments(&image, &listing, disclosure, chunks)?;
        chunks.iter().try_for_each(|chunk| self.verify_chunk(chunk))?;
        let last = chunks.last().ok_or(VerifyError::Empty)?;
        Ok(VerifiedExecution {
            value: last.after.registers[0],
            steps: chunks.iter().map(|chunk| chunk.steps).sum(),
            heap_size: config.heap_size,
            output: output(input, disclosure),
        })
    }

    /// The tables that the lists stand for, from the program itself.
    fn listing(&self, image: &Image<'_>, disclosure: &Disclosure) -> Result<Listing, VerifyError> {
        let Disclosure { pcs, words } = disclosure;
        let most = usable_rows(self.params.k()) - 1;
        let got = pcs.len().max(words.len());
        if got > most {
            return Err(VerifyError::TooLong { most, got });
        }
        if let Some(index) = pcs.windows(2).position(|pair| pair[0] >= pair[1]) {
            return Err(VerifyError::Instructions(index + 1));
        }
        if let Some(index) = words.windows(2).position(|pair| pair[0].address >= pair[1].address) {
            return Err(VerifyError::Words(index + 1));
        }
        let rom = pcs.iter().map(|&pc| RomRow::of(image.program, pc)).collect::<Result<_, _>>()?;
        let limits = words.iter().enumerate().map(|(index, word)| {
            let limit = image.limit(word.address).ok_or(VerifyError::Words(index))?;
            let is_word = word.address >= FRAMES || low_u64(word.value).is_some();
            if is_word { Ok((word.address, limit)) } else { Err(VerifyError::Value(word.address)) }
        });
        Ok(Listing { rom, words: limits.collect::<Result<_, _>>()? })
    }

    fn check_commitments(
        &self,
        image: &Image<'_>,
        listing: &Listing,
        disclosure: &Disclosure,
        chunks: &[ChunkProof],
    ) -> Result<(), VerifyError> {
        let public: Vec<u8> =
            listing.public_columns().iter().flat_map(|column| self.commit(column)).collect();
        let initial: Vec<Fr> = listing.words.iter().map(|&(word, _)| Fr::from(image.word(word))).collect();
        let values: Vec<Fr> = disclosure.words.iter().map(|word| word.value).collect();
        let (first, last) = (self.commit(&initial), self.commit(&values));
        let mut memory: &[u8] = &first;
        for chunk in chunks {
            let wrong = |what| VerifyError::Commitment { chunk: chunk.index, what };
            if chunk.public() != Some(&public[..]) {
                return Err(wrong("program and addresses"));
            }
            if chunk.memory_in() != Some(memory) {
                return Err(wrong(if chunk.index == 0 { "input" } else { "memory of the chunk before" }));
            }
            memory = chunk.memory_out().ok_or_else(|| wrong("memory"))?;
        }
        match chunks.last() {
            Some(chunk) if memory != last => {
                Err(VerifyError::Commitment { chunk: chunk.index, what: "result" })
            }
            _ => Ok(()),
        }
    }

    /// The commitment to a column without blinding, as in a proof.
    fn commit(&self, values: &[Fr]) -> [u8; COMMITMENT] {
        let mut rows = values.to_vec();
        rows.resize(1 << self.params.k(), Fr::zero());
        let column = self.vk.get_domain().lagrange_from_vec(rows);
        let point = self.params.commit_lagrange(&column, Blind::default()).to_affine().to_bytes();
        let mut bytes = [0; COMMITMENT];
        bytes.copy_from_slice(point.as_ref());
        bytes
    }
}

/// Verifies one chunk under the SRS of `config`: that its steps lead from its state before to that
/// after. Which program, which input and how it fits its neighbours is for [`verify_execution`].
///
/// # Errors
/// If the library does not accept the proof, or there is no SRS of its size.
pub fn verify_chunk(chunk: &ChunkProof, config: &KeygenConfig) -> Result<(), VerifyError> {
    with_verifier(chunk.k, config, |verifier| verifier.verify_chunk(chunk))
}

/// Verifies under the SRS of `config` that `program`, begun on `input`, returns: every proof, every
/// link between them, the program, the input, and the result that is handed back. The verifying key is
/// made anew from the SRS.
///
/// ```no_run
/// use parhelion_sbpf::{ExecutionProof, KeygenConfig, Program, verify_execution};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let program = Program::from_elf(&std::fs::read("program.so")?)?;
/// let input = std::fs::read("input.bin")?;
/// let proof = ExecutionProof::load("proofs".as_ref())?;
/// let config = KeygenConfig::new(16, "cache", 8);
/// let verified = verify_execution(&program, &input, &proof, &config)?;
/// assert_eq!(verified.value, 0);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// What does not hold.
pub fn verify_execution(
    program: &Program,
    input: &[u8],
    proof: &ExecutionProof,
    config: &KeygenConfig,
) -> Result<VerifiedExecution, VerifyError> {
    let input_hash = *blake3::hash(input).as_bytes();
    for (what, expected, got) in
        [("program", program.id(), proof.program), ("input", input_hash, proof.input)]
    {
        if expected != got {
            return Err(VerifyError::Subject { what, expected: hex(&expected), got: hex(&got) });
        }
    }
    let execution = ExecutionConfig::default().with_heap_size(proof.heap_size);
    with_verifier(proof.k, config, |verifier| {
        verifier.verify_execution(program, input, &execution, &proof.disclosure, &proof.chunks)
    })
}

fn with_verifier<T>(
    k: u32,
    config: &KeygenConfig,
    verify: impl FnOnce(&ChunkVerifier<'_>) -> Result<T, VerifyError>,
) -> Result<T, VerifyError> {
    if !(MIN_K..=MAX_K).contains(&k) {
        return Err(VerifyError::Size(k));
    }
    let params = srs::params(config, k).map_err(Box::new)?;
    let prover =
        parhelion::Prover::builder().kernels(config.kernels).threads(config.thread_count()).build()?;
    verify(&ChunkVerifier::new(&params, &prover)?)
}

/// Chunks are in order, each begins where the one before ended, and only the last halts.
fn check_states(program: &Program, chunks: &[ChunkProof]) -> Result<(), VerifyError> {
    let mut expected = initial_state(program);
    for (index, chunk) in (0..).zip(chunks) {
        if chunk.index != index {
            return Err(VerifyError::Order { expected: index, got: chunk.index });
        }
        if chunk.before != expected {
            let (expected, got) = (expected.into(), chunk.before.into());
            return Err(VerifyError::State { chunk: index, expected, got });
        }
        let is_last = index + 1 == chunks.len() as u64;
        if chunk.after.is_halted() != is_last {
            return Err(VerifyError::Halt { chunk: index, expected: is_last });
        }
        expected = chunk.after;
    }
    if chunks.is_empty() { Err(VerifyError::Empty) } else { Ok(()) }
}

fn low_u64(value: Fr) -> Option<u64> {
    let bytes = value.to_repr();
    let (low, high) = bytes.as_ref().split_at(8);
    high.iter()
        .all(|&byte| byte == 0)
        .then(|| low.iter().rev().fold(0, |sum, &byte| sum << 8 | u64::from(byte)))
}

fn output(input: &[u8], disclosure: &Disclosure) -> Vec<u8> {
    let mut output = input.to_vec();
    for word in &disclosure.words {
        let address = WordAddress(word.address);
        if address.region() != Some(Region::Input) {
            continue;
        }
        let from = usize::try_from(address.offset()).unwrap_or(usize::MAX);
        for (byte, value) in output.iter_mut().skip(from).zip(word.value.to_repr().as_ref().iter().take(8)) {
            *byte = *value;
        }
    }
    output
}
