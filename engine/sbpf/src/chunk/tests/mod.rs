//! Real proofs of small executions, and what one might try with them.

use std::sync::{Arc, OnceLock};

use halo2_axiom::halo2curves::bn256::{Bn256, Fr, G1Affine};
use halo2_axiom::plonk::{ProvingKey, create_proof, keygen_pk, keygen_vk_custom};
use halo2_axiom::poly::kzg::commitment::{KZGCommitmentScheme, ParamsKZG};
use halo2_axiom::poly::kzg::multiopen::ProverSHPLONK;
use halo2_axiom::transcript::{Blake2bWrite, Challenge255, TranscriptWriterBuffer};
use parhelion::Prover;
use parhelion_scheduler::{Executor, RayonExecutor, Sequential};
use rand_chacha::ChaCha20Rng;
use rand_core::{OsRng, RngCore, SeedableRng};

use super::links::LinkRng;
use super::proof::COMMITMENT;
use super::*;
use crate::circuit::{LINKED_COLUMNS, MachineCircuit, PUBLIC_COLUMNS};
use crate::{Assembly, ExecutionConfig, Program};

mod blinding;
mod refusals;
mod runs;

const K: u32 = 9;

fn srs(seed: u64) -> ParamsKZG<Bn256> {
    ParamsKZG::setup(K, ChaCha20Rng::seed_from_u64(seed))
}

struct Setup {
    params: ParamsKZG<Bn256>,
    prover: ChunkProver,
}

impl Setup {
    fn get() -> &'static Self {
        static SETUP: OnceLock<Setup> = OnceLock::new();
        SETUP.get_or_init(|| {
            let params = srs(1);
            let executor: Arc<dyn Executor> = Arc::new(RayonExecutor::new(2).unwrap());
            let prover = Prover::builder().executor(executor.clone()).build().unwrap();
            Self { prover: ChunkProver::new(&params, prover, executor).unwrap(), params }
        })
    }

    fn verifier(&self) -> ChunkVerifier<'_> {
        ChunkVerifier::with_key(&self.params, self.prover.verifying_key().clone())
    }
}

/// Everything about one proven execution.
#[derive(Clone)]
struct Run {
    program: Program,
    input: Vec<u8>,
    disclosure: Disclosure,
    chunks: Vec<ChunkProof>,
}

impl Run {
    fn new(text: &str, input: &[u8], chunk: u64, secret: &LinkSecret) -> Self {
        let program = Assembly::v0(text).build().unwrap();
        let config = ExecutionConfig::default();
        let execution = ChunkedExecution::new(&program, input, &config, chunk).unwrap();
        let prove = |index| Setup::get().prover.prove_chunk(&execution, index, secret).unwrap();
        let chunks = (0..execution.chunks()).map(prove).collect();
        let disclosure = execution.disclosure();
        Self { program, input: input.to_vec(), disclosure, chunks }
    }

    fn execution(&self, chunk: u64) -> ChunkedExecution<'_> {
        ChunkedExecution::new(&self.program, &self.input, &ExecutionConfig::default(), chunk).unwrap()
    }

    fn verify(&self) -> Result<VerifiedExecution, VerifyError> {
        self.verify_with(&Setup::get().verifier())
    }

    fn verify_with(&self, verifier: &ChunkVerifier<'_>) -> Result<VerifiedExecution, VerifyError> {
        let config = ExecutionConfig::default();
        verifier.verify_execution(&self.program, &self.input, &config, &self.disclosure, &self.chunks)
    }
}

/// Keeps a byte of the input, forgets it, and finds it again; three chunks of three steps.
const KEEP: &str = "
    ldxb r2, [r1+0]
    stxb [r10-1], r2
    mov64 r2, 0
    mov64 r3, 0
    mov64 r4, 0
    mov64 r5, 0
    ldxb r0, [r10-1]
    stxb [r1+1], r0
    exit";

fn run(byte: u8) -> Run {
    static RUNS: OnceLock<[Run; 2]> = OnceLock::new();
    // The same secret for both, as one who wants to splice would choose it.
    let runs = RUNS.get_or_init(|| {
        let secret = LinkSecret::from_bytes([3; 32]);
        [5, 6].map(|byte| Run::new(KEEP, &[byte, 0, 9], 3, &secret))
    });
    runs[usize::from(byte - 5)].clone()
}

#[test]
fn an_execution_is_verified() {
    let run = run(5);
    assert_eq!(run.chunks.len(), 3);
    let verified = run.verify().unwrap();
    assert_eq!(
        verified,
        VerifiedExecution { value: 5, steps: 9, heap_size: 32 << 10, output: vec![5, 5, 9] }
    );
    for pair in run.chunks.windows(2) {
        assert_eq!(pair[0].memory_out(), pair[1].memory_in());
        assert_eq!(pair[0].public(), pair[1].public());
        assert_ne!(pair[0].memory_in(), pair[1].memory_in());
    }
    println!("{} bytes a proof", run.chunks[0].proof.len());
}

/// A proof by the library's own prover, with its own key.
fn stock_proof(circuit: MachineCircuit, instances: &[Fr], rng: impl RngCore + Send + Sync) -> Vec<u8> {
    static KEY: OnceLock<ProvingKey<G1Affine>> = OnceLock::new();
    let setup = Setup::get();
    let key = KEY.get_or_init(|| {
        let vk = keygen_vk_custom(&setup.params, &MachineCircuit::empty(K), false).unwrap();
        assert_eq!(format!("{:?}", vk.pinned()), format!("{:?}", setup.prover.verifying_key().pinned()));
        keygen_pk(&setup.params, vk, &MachineCircuit::empty(K)).unwrap()
    });
    let mut transcript = Blake2bWrite::<_, G1Affine, Challenge255<_>>::init(Vec::new());
    create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<'_, Bn256>, _, _, _, _>(
        &setup.params,
        key,
        &[circuit],
        &[&[instances]],
        rng,
        &mut transcript,
    )
    .unwrap();
    transcript.finalize()
}

/// Public and carried commitments come out the same from the library's own prover.
#[test]
fn the_stock_prover_links_too() {
    let run = run(5);
    let execution = run.execution(3);
    let (circuit, instances) = execution.circuit(1, K, Arc::new(Sequential)).unwrap();
    let rng = LinkRng::new(&LinkSecret::from_bytes([3; 32]), 1, 3, OsRng);
    let proof = stock_proof(circuit, &instances, rng);
    let mut mixed = run.clone();
    let linked = LINKED_COLUMNS * COMMITMENT;
    assert_eq!(proof[..linked], mixed.chunks[1].proof[..linked]);
    assert_ne!(proof[linked..], mixed.chunks[1].proof[linked..]);
    mixed.chunks[1].proof = proof;
    mixed.verify().unwrap();
}

/// The keys do not depend on what is proven.
#[test]
fn keys_are_for_all_programs() {
    let setup = Setup::get();
    let run = run(5);
    let execution = run.execution(3);
    let (circuit, _) = execution.circuit(0, K, Arc::new(Sequential)).unwrap();
    let prover = Prover::builder().threads(1).build().unwrap();
    let vk = prover.keygen_vk(&setup.params, &circuit, false).unwrap();
    assert_eq!(format!("{:?}", vk.pinned()), format!("{:?}", setup.prover.verifying_key().pinned()));
}

#[test]
fn chunks_are_hidden_where_they_meet() {
    // Another secret, other commitments: boundaries are blinded.
    let other = Run::new(KEEP, &[5, 0, 9], 3, &LinkSecret::random());
    assert_ne!(other.chunks[0].memory_out(), run(5).chunks[0].memory_out());
    other.verify().unwrap();
    // Chunks of both do not link.
    let mut mixed = run(5);
    mixed.chunks[1] = other.chunks[1].clone();
    assert!(matches!(mixed.verify(), Err(VerifyError::Commitment { chunk: 1, .. })));
}

#[test]
fn chunks_cannot_be_rearranged() {
    let mut swapped = run(5);
    swapped.chunks.swap(0, 1);
    assert!(matches!(swapped.verify(), Err(VerifyError::Order { .. })));
    (swapped.chunks[0].index, swapped.chunks[1].index) = (0, 1);
    assert!(matches!(swapped.verify(), Err(VerifyError::State { chunk: 0, .. })));

    let mut dropped = run(5);
    dropped.chunks.remove(1);
    dropped.chunks[1].index = 1;
    assert!(matches!(dropped.verify(), Err(VerifyError::State { chunk: 1, .. })));

    let mut duplicated = run(5);
    duplicated.chunks.insert(1, duplicated.chunks[0].clone());
    (1..).zip(&mut duplicated.chunks[1..]).for_each(|(index, chunk)| chunk.index = index);
    assert!(matches!(duplicated.verify(), Err(VerifyError::State { chunk: 1, .. })));

    let mut truncated = run(5);
    truncated.chunks.pop();
    assert!(matches!(truncated.verify(), Err(VerifyError::Halt { chunk: 1, expected: true })));
    truncated.chunks.clear();
    assert!(matches!(truncated.verify(), Err(VerifyError::Empty)));

    let mut extended = run(5);
    let mut extra = extended.chunks[2].clone();
    (extra.index, extra.before, extra.steps) = (3, extra.after, 0);
    extended.chunks.push(extra);
    assert!(matches!(extended.verify(), Err(VerifyError::Halt { chunk: 2, expected: false })));
}

/// Two runs whose registers agree at a boundary, and whose memory does not.
#[test]
fn chunks_of_another_run_do_not_fit() {
    let (five, six) = (run(5), run(6));
    assert_eq!(five.chunks[0].after, six.chunks[0].after);
    for (start, end) in [(1, 3), (2, 3), (0, 1), (1, 2)] {
        let mut spliced = five.clone();
        spliced.chunks[start..end].clone_from_slice(&six.chunks[start..end]);
        assert!(matches!(spliced.verify(), Err(VerifyError::Commitment { .. })), "{start}..{end}");
        spliced.disclosure = six.disclosure.clone();
        assert!(matches!(spliced.verify(), Err(VerifyError::Commitment { .. })), "{start}..{end}");
    }
}

#[test]
fn another_statement_is_not_proven() {
    let mut input = run(5);
    input.input[0] = 6;
    assert!(matches!(input.verify(), Err(VerifyError::Commitment { chunk: 0, what: "input" })));
    let mut longer = run(5);
    longer.input.push(0);
    assert!(matches!(longer.verify(), Err(VerifyError::Commitment { chunk: 0, .. })));

    for changed in ["mov64 r5, 1\n    ldxb r0", "mov64 r5, 0\n    ldxh r0"] {
        let mut program = run(5);
        let text = KEEP.replace("mov64 r5, 0\n    ldxb r0", changed);
        assert_ne!(text, KEEP);
        program.program = Assembly::v0(&text).build().unwrap();
        assert!(matches!(program.verify(), Err(VerifyError::Commitment { chunk: 0, .. })));
    }

    for word in 0..run(5).disclosure.words.len() {
        let mut result = run(5);
        result.disclosure.words[word].value += Fr::one();
        assert!(matches!(result.verify(), Err(VerifyError::Commitment { chunk: 2, what: "result" })));
        result.disclosure.words[word].value = -Fr::one();
        assert!(matches!(result.verify(), Err(VerifyError::Value(_))));
    }
}

#[test]
fn lists_that_are_none() {
    let wrong = |change: fn(&mut Disclosure)| {
        let mut run = run(5);
        change(&mut run.disclosure);
        run.verify().unwrap_err()
    };
    assert!(matches!(wrong(|d| d.pcs.swap(0, 1)), VerifyError::Instructions(1)));
    assert!(matches!(wrong(|d| d.pcs[1] = 0), VerifyError::Instructions(1)));
    assert!(matches!(wrong(|d| d.pcs.push(99)), VerifyError::Unprovable(_)));
    assert!(matches!(wrong(|d| _ = d.pcs.pop()), VerifyError::Commitment { chunk: 0, .. }));
    assert!(matches!(wrong(|d| d.words.push(d.words[0])), VerifyError::Words(_)));
    assert!(matches!(wrong(|d| d.words[0].address = 0), VerifyError::Words(0)));
    assert!(matches!(wrong(|d| _ = d.words.remove(0)), VerifyError::Commitment { chunk: 0, .. }));
    let beyond = wrong(|d| d.words.push(DisclosedWord { address: 7 << 29, value: Fr::zero() }));
    assert!(matches!(beyond, VerifyError::Words(_)));
    let many = wrong(|d| d.pcs = (0..2000).collect());
    assert!(matches!(many, VerifyError::TooLong { most: 505, got: 2000 }));
}

#[test]
fn damaged_proofs_are_rejected() {
    let (setup, good) = (Setup::get(), run(5));
    let verifier = setup.verifier();
    let length = good.chunks[0].proof.len();
    // Everywhere but in the commitments that are compared, which are asked first.
    let places = (LINKED_COLUMNS * COMMITMENT..length).step_by(length / 13);
    for place in places.chain([length - 1]) {
        let mut chunk = good.chunks[0].clone();
        chunk.proof[place] ^= 1;
        assert!(matches!(verifier.verify_chunk(&chunk), Err(VerifyError::Proof { .. })), "byte {place}");
    }
    for column in 0..LINKED_COLUMNS {
        let mut damaged = good.clone();
        damaged.chunks[1].proof[column * COMMITMENT] ^= 1;
        assert!(damaged.verify().is_err());
    }
    let mut chunk = good.chunks[0].clone();
    chunk.proof.pop();
    assert!(matches!(verifier.verify_chunk(&chunk), Err(VerifyError::Proof { .. })));
    chunk.proof.truncate(PUBLIC_COLUMNS);
    assert!(verifier.verify_chunk(&chunk).is_err());
    let mut chunk = good.chunks[0].clone();
    chunk.proof.push(0);
    assert!(matches!(verifier.verify_chunk(&chunk), Err(VerifyError::TrailingBytes { .. })));

    // Other instances.
    let changes: [fn(&mut ChunkProof); 6] = [
        |c| c.steps += 1,
        |c| c.before.pc += 1,
        |c| c.after.pc += 1,
        |c| c.after.registers[0] += 1,
        |c| c.before.registers[9] += 1,
        |c| c.after.depth += 1,
    ];
    for change in changes {
        let mut chunk = good.chunks[1].clone();
        change(&mut chunk);
        assert!(matches!(verifier.verify_chunk(&chunk), Err(VerifyError::Proof { chunk: 1, .. })));
    }

    // Another SRS, and with it another key.
    let params = srs(2);
    let other = ChunkVerifier::new(&params, &Prover::builder().threads(1).build().unwrap()).unwrap();
    assert!(good.verify_with(&other).is_err());
    assert!(other.verify_chunk(&good.chunks[0]).is_err());
}
