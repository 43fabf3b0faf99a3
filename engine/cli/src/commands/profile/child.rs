//! One child process of `profile`: a prover and nothing else, so that every sample is its own.

use std::sync::Arc;
use std::time::Instant;

use halo2_proofs::poly::commitment::Params;
use parhelion::{Observer, Prover};
use parhelion_cli::circuits::pasta::PastaDemo;
use parhelion_cli::stock;
use parhelion_cli::store::{KeyStore, Keys, Srs};
use parhelion_scheduler::Executor;
use serde::{Deserialize, Serialize};

use super::account::Split;
use super::args::{ChildArgs, Side};
use super::recorded::{Ours, Recorded};
use super::sampler::Sampler;
use super::simulation::{self, Simulated};
use super::subject::{Kzg, Pasta, Subject};
use super::transcript::{AtChallenge, Overheard, SECTIONS, section_before};
use crate::args::Common;
use crate::commands::pasta::{self, Setting, with_pasta_demo};
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

pub(crate) fn run(common: &Common, args: &ChildArgs) -> Result<(), CommandError> {
    common.limit_library_threads()?;
    let name = args.circuit.circuit.as_str();
    if let Some(done) = with_pasta_demo!(name, D => run_pasta::<D>(common, args)) {
        return done;
    }
    let (demo, k) = args.circuit.resolve()?;
    let cache = common.cache()?;
    let (seed, multi_open) = (args.circuit.seed, args.circuit.multi_open);
    let srs = Srs::load(&cache, args.circuit.srs.as_deref(), k)?;
    let keys = KeyStore::new(&cache, demo, k, &srs).proving(&common.prover(multi_open, None)?)?;
    let witness = demo.witness_circuit(&keys.layout, seed)?;
    let Keys { pk, .. } = keys;
    let subject = Kzg { circuit: name, seed, multi_open, vk: pk.get_vk().clone(), srs, witness };
    match args.side {
        Side::Stock => sample_stock(common, args, &subject, |at_challenge| {
            let Kzg { srs, witness, .. } = &subject;
            let mut transcript = Overheard::new(at_challenge);
            stock::prove_into(&srs.params, &pk, multi_open, witness, subject.rng(), &mut transcript)
                .map_err(CommandError::Stock)?;
            Ok(transcript.finalize())
        }),
        Side::Parhelion => {
            let ours = Ours::start(common, args)?;
            let key = ours.prover.prepare_compact(&subject.srs.params, pk)?;
            sample_ours(common, args, &subject, &ours, &key)
        }
        Side::Graph => {
            let key = common.prover(multi_open, None)?.prepare_compact(&subject.srs.params, pk)?;
            simulate(common, args, &subject, &key)
        }
    }
}

fn run_pasta<D: PastaDemo>(common: &Common, args: &ChildArgs) -> Result<(), CommandError> {
    let (seed, k) = (args.circuit.seed, pasta::resolve::<D>(&args.circuit)?);
    let demo = D::build(k, args.circuit.actions, seed)?;
    let subject = Pasta { setting: Setting::new(demo, D::keygen_circuit(k)?, Params::new(k))?, seed };
    match args.side {
        Side::Stock => {
            let pk = subject.setting.stock_key()?;
            sample_stock(common, args, &subject, |at_challenge| {
                let mut transcript = Overheard::of_pasta(at_challenge);
                subject.setting.stock(&pk, subject.setting.rng(seed), &mut transcript)?;
                Ok(transcript.finalize())
            })
        }
        Side::Parhelion => {
            let ours = Ours::start(common, args)?;
            let key = subject.setting.key(&ours.prover, 0)?;
            sample_ours(common, args, &subject, &ours, &key)
        }
        Side::Graph => {
            let key = subject.setting.key(&common.prover(args.circuit.multi_open, None)?, 0)?;
            simulate(common, args, &subject, &key)
        }
    }
}

/// Samples the library's prover, which `prove` calls.
fn sample_stock<S: Subject>(
    common: &Common,
    args: &ChildArgs,
    subject: &S,
    prove: impl FnMut(AtChallenge<'_>) -> Result<Vec<u8>, CommandError>,
) -> Result<(), CommandError> {
    ALLOCATOR.trim();
    ui::say_json(&sample(args, subject, common.threads(), prove)?);
    Ok(())
}

/// Samples the engine, and records its workers.
fn sample_ours<S: Subject>(
    common: &Common,
    args: &ChildArgs,
    subject: &S,
    ours: &Ours,
    key: &S::Key,
) -> Result<(), CommandError> {
    ALLOCATOR.trim();
    let prove = |at_challenge: AtChallenge<'_>| subject.prove(&ours.prover, key, at_challenge);
    let mut sampled = sample(args, subject, common.threads(), prove)?;
    sampled.timeline = Some(ours.record(subject, key)?);
    ui::say_json(&sampled);
    Ok(())
}

/// Records the engine's tasks, and replays them.
fn simulate<S: Subject>(
    common: &Common,
    args: &ChildArgs,
    subject: &S,
    key: &S::Key,
) -> Result<(), CommandError> {
    ALLOCATOR.trim();
    let prover = |executor: Arc<dyn Executor>, observer| build(common, args, executor, observer);
    let simulated: Vec<Simulated> = simulation::run(&args.sampling, subject, key, prover)?;
    ui::say_json(&simulated);
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

/// One proof as it is, then sampled ones until there is enough.
fn sample(
    args: &ChildArgs,
    subject: &impl Subject,
    threads: usize,
    mut prove: impl FnMut(AtChallenge<'_>) -> Result<Vec<u8>, CommandError>,
) -> Result<Sampled, CommandError> {
    let start = Instant::now();
    let proof = prove(&mut |_| ())?;
    let plain_seconds = start.elapsed().as_secs_f64();
    subject.verify(&proof)?;

    let own = subject.own_challenges();
    let mut sampler = Sampler::new(args.sampling.frequency);
    let mut proofs = 0;
    let started = Instant::now();
    while proofs == 0 || started.elapsed().as_secs_f64() < args.sampling.seconds {
        sampler.start();
        let proof = prove(&mut |challenge| {
            if let Some(section) = section_before(challenge, own) {
                sampler.stop(section);
                sampler.start();
            }
        })?;
        sampler.stop(SECTIONS[SECTIONS.len() - 1]);
        subject.verify(&proof)?;
        proofs += 1;
    }
    let profile = sampler.finish(threads)?;
    let title = format!("{}, {:?} prover, {threads} threads", subject.title(), args.side);
    let flamegraph = profile.flamegraph(&title).map_err(|error| CommandError::Report(error.to_string()))?;
    let seconds = profile.sections.iter().map(|(_, split)| split.wall).sum::<f64>() / proofs as f64;
    let sections = profile.sections.into_iter().map(|(name, split)| (name.to_owned(), split.per(proofs)));
    Ok(Sampled { plain_seconds, proofs, seconds, sections: sections.collect(), flamegraph, timeline: None })
}
