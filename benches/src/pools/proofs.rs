//! Whole proofs on different executors, and several at once.

use std::sync::Arc;
use std::thread;

use halo2_axiom::halo2curves::bn256::{Bn256, Fr, G1Affine};
use halo2_axiom::plonk::ProvingKey;
use halo2_axiom::poly::kzg::commitment::ParamsKZG;
use parhelion::{PreparedKey, Prover};
use parhelion_cli::circuits::{self, Witness};
use parhelion_cli::stock::ProofTranscript;
use parhelion_cli::store::{CacheDir, KeyStore, Srs};
use parhelion_scheduler::{Executor, Pin, RayonExecutor, Sequential, WorkStealing};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use crate::Result;
use crate::contest::{Contest, Contestant, Role};

const GROUP: &str = "proofs";

/// What two threads should gain over one.
const TWO_THREADS: f64 = 1.9;
/// What proofs at once should gain over proofs one after another.
const AT_ONCE: f64 = 1.25;

/// A circuit with its witness, and its prepared key, which contestants share.
#[derive(Clone)]
struct Subject {
    key: Arc<PreparedKey<'static>>,
    witness: Witness,
}

impl Subject {
    /// Keys come from the cache that `PARHELION_CACHE` names, and are made on first use.
    fn load(circuit: &str, k: u32) -> Result<Self> {
        let demo = circuits::find(circuit)?;
        circuits::check_k(demo, k)?;
        let directory = std::env::var_os("PARHELION_CACHE").map(std::path::PathBuf::from);
        let cache = CacheDir::open(directory.as_deref())?;
        let srs = Srs::load(&cache, None, k)?;
        let prover = Prover::builder().build()?;
        let keys = KeyStore::new(&cache, demo, k, &srs).proving(&prover)?;
        let witness = demo.witness_circuit(&keys.layout, 0)?;
        let (params, pk): (&ParamsKZG<Bn256>, ProvingKey<G1Affine>) = (&srs.params, keys.pk);
        Ok(Self { key: Arc::new(prover.prepare_compact(params, pk)?), witness })
    }

    /// The proof with this seed. Bytes depend on nothing else.
    fn prove(&self, prover: &Prover, seed: u64) -> Vec<u8> {
        let columns: Vec<&[Fr]> = self.witness.instances.iter().map(Vec::as_slice).collect();
        let mut transcript = ProofTranscript::new();
        let circuits = std::slice::from_ref(&self.witness.circuit);
        prover
            .prove(&self.key, circuits, &[&columns], ChaCha20Rng::seed_from_u64(seed), &mut transcript)
            .expect("a proof of a demo circuit");
        transcript.finalize()
    }
}

fn prover(executor: impl Executor + 'static) -> Result<Prover> {
    Ok(Prover::builder().executor(Arc::new(executor)).build()?)
}

fn ours(threads: usize, pin: Pin) -> Result<Prover> {
    prover(WorkStealing::builder().threads(threads).pin(pin).build()?)
}

/// One proof by each executor: ours pinned on all threads first, so that ratios say what that gains.
fn executors(circuit: &str, k: u32, threads: usize) -> Result<Vec<Contestant>> {
    let subject = Subject::load(circuit, k)?;
    let contestant = |name: &str, role, prover: Prover| {
        let subject = subject.clone();
        Contestant::value(name, role, move || subject.prove(&prover, 1), Clone::clone)
    };
    let several = |what: &str| format!("{what}, {threads} threads");
    let mut all = vec![
        contestant(&several("parhelion pinned"), Role::Ours, ours(threads, Pin::PhysicalCores)?),
        contestant("one thread, no pool", Role::Peer, prover(Sequential)?).goal(TWO_THREADS),
        contestant(&several("parhelion"), Role::Peer, ours(threads, Pin::None)?),
    ];
    if threads > 1 {
        let pinned = RayonExecutor::pinned(threads, &Pin::PhysicalCores)?;
        all.push(contestant(&several("rayon"), Role::Peer, prover(RayonExecutor::new(threads)?)?));
        all.push(contestant(&several("rayon pinned"), Role::Peer, prover(pinned)?));
    }
    Ok(all)
}

/// `count` proofs on one pool: at once, and one after another.
fn together(circuit: &str, k: u32, threads: usize, count: u64) -> Result<Vec<Contestant>> {
    let subject = Subject::load(circuit, k)?;
    let at_once = |name: &str, role, prover: Prover| {
        // Circuits cannot be shared by threads.
        let mut subjects = vec![subject.clone(); count as usize];
        let run = move || {
            thread::scope(|scope| {
                let prover = &prover;
                let proofs: Vec<_> = (0..count)
                    .zip(&mut subjects)
                    .map(|(seed, subject)| scope.spawn(move || subject.prove(prover, seed)))
                    .collect();
                proofs.into_iter().flat_map(|proof| proof.join().expect("a proof")).collect::<Vec<u8>>()
            })
        };
        Contestant::value(name, role, run, Clone::clone)
    };
    let in_turn = |name: &str, prover: Prover| {
        let subject = subject.clone();
        let run = move || (0..count).flat_map(|seed| subject.prove(&prover, seed)).collect::<Vec<u8>>();
        Contestant::value(name, Role::Peer, run, Clone::clone)
    };
    let default = Prover::builder().threads(threads).build()?;
    Ok(vec![
        at_once("at once", Role::Ours, ours(threads, Pin::PhysicalCores)?),
        in_turn("one after another", ours(threads, Pin::PhysicalCores)?).goal(AT_ONCE),
        in_turn("one after another, rayon", prover(RayonExecutor::new(threads)?)?),
        at_once("at once, rayon", Role::Peer, prover(RayonExecutor::new(threads)?)?),
        at_once("at once, as built", Role::Peer, default),
    ])
}

/// The contests of the group `proofs`.
#[must_use]
pub fn proofs(threads: usize) -> Vec<Contest> {
    let mut contests = Vec::new();
    for (circuit, k) in [("poseidon", 12), ("pairing", 15)] {
        let name = format!("{circuit}, k = {k}");
        contests.push(Contest::new(GROUP, name, 1, move || executors(circuit, k, threads)).rounds(3));
    }
    for count in [2, 8] {
        let build = move || together("poseidon", 12, threads, count);
        contests.push(Contest::new(GROUP, format!("{count} x poseidon, k = 12"), count as usize, build));
    }
    contests
}
