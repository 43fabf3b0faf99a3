//! One child process of `profile`: a prover and nothing else, so that every sample is its own.

use std::sync::Arc;
use std::time::Instant;

use halo2_axiom::halo2curves::bn256::{Fr, G1Affine};
use halo2_axiom::plonk::VerifyingKey;
use parhelion::{Observer, PreparedKey, Prover};
use parhelion_cli::circuits::Witness;
use parhelion_cli::stock;
use parhelion_cli::store::{KeyStore, Keys, Srs};
use parhelion_scheduler::Executor;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use serde::{Deserialize, Serialize};

use super::account::Split;
use super::args::{ChildArgs, Side};
use super::recorded::{Ours, Recorded};
use super::sampler::Sampler;
use super::simulation::{self, Simulated};
use super::transcript::{Overheard, SECTIONS, section_before};
use crate::args::Common;
use crate::error::CommandError;
use crate::{ALLOCATOR, ui};

/// What a child that samples reports.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Sampled {
    /// Seconds of a proof that was not sampled, the first of the process.
    pub(super) plain_seconds: f64,
    /// How many proofs were sampled.
    pub(super) proofs: usize,
    /// Mean seconds of those, without the pauses between sections.
    pub(super) seconds: f64,
    /// Of each section, for one proof; samples are those of all proofs.
    pub(super) sections: Vec<(String, Split)>,
    /// An SVG document.
    pub(super) flamegraph: String,
    /// Ours only.
    pub(super) timeline: Option<Recorded>,
}

/// Circuit and keys.
pub(super) struct Subject<'a> {
    pub(super) args: &'a ChildArgs,
    srs: Srs,
    vk: VerifyingKey<G1Affine>,
    pub(super) witness: Witness,
}

pub(crate) fn run(common: &Common, args: &ChildArgs) -> Result<(), CommandError> {
    let (demo, k) = args.circuit.resolve()?;
    let cache = common.cache()?;
    common.limit_library_threads()?;
    let srs = Srs::load(&cache, args.circuit.srs.as_deref(), k)?;
    let keys =
        KeyStore::new(&cache, demo, k, &srs).proving(&common.prover(args.circuit.multi_open, None)?)?;
    let witness = demo.witness_circuit(&keys.layout, args.circuit.seed)?;
    let Keys { pk, .. } = keys;
    let subject = Subject { args, srs, vk: pk.get_vk().clone(), witness };
    let threads = common.threads();
    match args.side {
        Side::Stock => {
            ALLOCATOR.trim();
            let multi_open = args.circuit.multi_open;
            let sampled = subject.sample(threads, |transcript| {
                let Subject { srs, witness, .. } = &subject;
                stock::prove_into(&srs.params, &pk, multi_open, witness, subject.rng(), transcript)
                    .map_err(CommandError::Stock)
            })?;
            ui::say_json(&sampled);
        }
        Side::Parhelion => {
            let ours = Ours::start(common, args, threads)?;
            let key = ours.prover.prepare_compact(&subject.srs.params, pk)?;
            ALLOCATOR.trim();
            let mut sampled =
                subject.sample(threads, |transcript| subject.prove(&ours.prover, &key, transcript))?;
            sampled.timeline = Some(ours.record(&subject, &key)?);
            ui::say_json(&sampled);
        }
        Side::Graph => {
            let key =
                common.prover(args.circuit.multi_open, None)?.prepare_compact(&subject.srs.params, pk)?;
            ALLOCATOR.trim();
            let prover = |executor: Arc<dyn Executor>, observer| build(common, args, executor, observer);
            let simulated: Vec<Simulated> = simulation::run(&args.sampling, &subject, &key, prover)?;
            ui::say_json(&simulated);
        }
    }
    Ok(())
}

/// The engine as `prove` runs it, on an executor of ours.
pub(super) fn build(
    common: &Common,
    args: &ChildArgs,
    executor: Arc<dyn Executor>,
    observer: Arc<dyn Observer>,
) -> Result<Prover, CommandError> {
    let builder = Prover::builder().kernels(common.kernels()).executor(executor).observer(observer);
    let builder = match common.memory_limit {
        Some(limit) => builder.memory_limit(usize::try_from(limit.as_u64()).unwrap_or(usize::MAX)),
        None => builder,
    };
    Ok(builder.multi_open(args.circuit.multi_open).build()?)
}

impl Subject<'_> {
    pub(super) fn rng(&self) -> ChaCha20Rng {
        ChaCha20Rng::seed_from_u64(self.args.circuit.seed)
    }

    /// A proof of ours.
    pub(super) fn prove<F: FnMut(usize) + Send>(
        &self,
        prover: &Prover,
        key: &PreparedKey<'_>,
        transcript: &mut Overheard<F>,
    ) -> Result<(), CommandError> {
        let columns: Vec<&[Fr]> = self.witness.instances.iter().map(Vec::as_slice).collect();
        let circuits = std::slice::from_ref(&self.witness.circuit);
        Ok(prover.prove(key, circuits, &[&columns], self.rng(), transcript)?)
    }

    /// Asks the library's verifier.
    pub(super) fn verify(&self, proof: &[u8]) -> Result<(), CommandError> {
        stock::verify(
            &self.srs.params,
            &self.vk,
            self.args.circuit.multi_open,
            &self.witness.instances,
            proof,
        )
        .map_err(CommandError::OwnProof)
    }

    /// One proof as it is, then sampled ones until there is enough.
    fn sample(
        &self,
        threads: usize,
        mut prove: impl FnMut(&mut Overheard<&mut (dyn FnMut(usize) + Send)>) -> Result<(), CommandError>,
    ) -> Result<Sampled, CommandError> {
        let mut timed = |at_challenge: &mut (dyn FnMut(usize) + Send)| {
            let mut transcript = Overheard::new(at_challenge);
            let start = Instant::now();
            prove(&mut transcript)?;
            let seconds = start.elapsed().as_secs_f64();
            Ok::<_, CommandError>((transcript.finalize(), seconds))
        };
        let (proof, plain_seconds) = timed(&mut |_| ())?;
        self.verify(&proof)?;

        let own = self.vk.cs().num_challenges();
        let mut sampler = Sampler::new(self.args.sampling.frequency);
        let mut proofs = 0;
        let started = Instant::now();
        while proofs == 0 || started.elapsed().as_secs_f64() < self.args.sampling.seconds {
            sampler.start();
            let (proof, _) = timed(&mut |challenge| {
                if let Some(section) = section_before(challenge, own) {
                    sampler.stop(section);
                    sampler.start();
                }
            })?;
            sampler.stop(SECTIONS[SECTIONS.len() - 1]);
            self.verify(&proof)?;
            proofs += 1;
        }
        let profile = sampler.finish(threads)?;
        let title = format!(
            "{} k = {}, {:?} prover, {threads} threads",
            self.args.circuit.circuit,
            self.srs_k(),
            self.args.side
        );
        let flamegraph =
            profile.flamegraph(&title).map_err(|error| CommandError::Report(error.to_string()))?;
        let seconds = profile.sections.iter().map(|(_, split)| split.wall).sum::<f64>() / proofs as f64;
        let sections = profile.sections.into_iter().map(|(name, split)| (name.to_owned(), split.per(proofs)));
        Ok(Sampled {
            plain_seconds,
            proofs,
            seconds,
            sections: sections.collect(),
            flamegraph,
            timeline: None,
        })
    }

    fn srs_k(&self) -> u32 {
        self.vk.get_domain().k()
    }
}
