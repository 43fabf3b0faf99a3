//! `parhelion bench --circuit orchard`: the engine against the prover of `halo2_proofs`.

use std::io;
use std::time::Instant;

use halo2_proofs::pasta::{EqAffine, Fp};
use halo2_proofs::plonk::{Circuit, ProvingKey, create_proof, keygen_pk, keygen_vk};
use halo2_proofs::poly::commitment::Params;
use halo2_proofs::transcript::{Blake2bWrite, Challenge255, EncodedChallenge, Transcript, TranscriptWrite};
use orchard::Proof;
use orchard::circuit::VerifyingKey;
use parhelion_cli::circuits::orchard::{Actions, K, NAME, VERSION};
use parhelion_cli::stock::Sections;
use rand_chacha_0_10::ChaCha20Rng;
use rand_chacha_0_10::rand_core::SeedableRng;

use super::child::{Comparison, Measured, time_proofs};
use super::report::Report;
use super::{measure, spawn};
use crate::args::{BenchArgs, BenchChildArgs, CircuitArgs, Common, Side};
use crate::error::CommandError;
use crate::ui;

/// Whether this is the circuit asked for.
pub(super) fn is_meant(args: &CircuitArgs) -> bool {
    args.circuit == NAME
}

/// Alternates child processes of both sides, and reports.
pub(super) fn run(common: &Common, args: &BenchArgs) -> Result<(), CommandError> {
    if args.keygen {
        return Err(failed("key generation of orchard is not measured by this command"));
    }
    let kernels = common.prover(args.circuit.multi_open, None)?.kernel_report().backend;
    let (mut stock, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..args.runs {
        stock.push(measure::<Measured>(common, args, K, Side::Stock)?);
        ours.push(measure::<Measured>(common, args, K, Side::Parhelion)?);
    }
    let (comparison, _) =
        ui::busy("comparison of bytes", || spawn::<Comparison>(common, args, K, Side::Oracle));
    let name = format!("{NAME}, {} actions", args.circuit.actions);
    let report = Report::new(args, &name, K, common.threads(), kernels, &stock, &ours, comparison?);
    if common.json {
        ui::say_json(&report);
    } else {
        report.print();
    }
    Ok(())
}

/// Everything both sides need.
struct Setting {
    params: Params<EqAffine>,
    vk: halo2_proofs::plonk::VerifyingKey<EqAffine>,
    actions: Actions,
    seed: u64,
}

/// One side of the comparison.
pub(super) fn child(common: &Common, args: &BenchChildArgs) -> Result<(), CommandError> {
    let (seed, count) = (args.circuit.seed, args.circuit.actions);
    common.limit_library_threads()?;
    let prover = common.prover(args.circuit.multi_open, None)?;
    let start = Instant::now();
    let actions = Actions::build(count, seed)?;
    let build_seconds = start.elapsed().as_secs_f64();

    let start = Instant::now();
    let empty = actions.circuits[0].without_witnesses();
    let params = Params::new(K);
    let vk = keygen_vk(&params, &empty).map_err(failed)?;
    let setting = Setting { params, vk, actions, seed };
    let stock_key = || keygen_pk(&setting.params, setting.vk.clone(), &empty).map_err(failed);
    let our_key = || {
        let params = prover.prepare_zcash_params(&setting.params)?;
        prover.prepare_zcash(&params, &setting.vk, &empty)
    };
    match args.side {
        Side::Stock => {
            let pk = stock_key()?;
            let load_seconds = start.elapsed().as_secs_f64();
            let measured = setting.measure(|transcript| setting.stock(&pk, transcript))?;
            ui::say_json(&Measured { load_seconds, build_seconds, ..measured });
        }
        Side::Parhelion => {
            let load_seconds = start.elapsed().as_secs_f64();
            let start = Instant::now();
            let key = our_key()?;
            let prepare_seconds = start.elapsed().as_secs_f64();
            let measured = setting.measure(|transcript| setting.ours(&prover, &key, transcript))?;
            ui::say_json(&Measured { load_seconds, build_seconds, prepare_seconds, ..measured });
        }
        Side::Oracle => {
            let (mut theirs, mut ours) = (TimedTranscript::new(), TimedTranscript::new());
            setting.stock(&stock_key()?, &mut theirs)?;
            setting.ours(&prover, &our_key()?, &mut ours)?;
            let (theirs, ours) = (theirs.finalize(), ours.finalize());
            let same = ours.iter().zip(&theirs).take_while(|(a, b)| a == b).count();
            let same_bytes = ours == theirs;
            ui::say_json(&Comparison { same_bytes, first_difference: (!same_bytes).then_some(same) });
        }
        Side::StockKeygen | Side::ParhelionKeygen => return Err(failed("no such side for orchard")),
    }
    Ok(())
}

fn failed(reason: impl ToString) -> CommandError {
    CommandError::Child { side: NAME.to_owned(), reason: reason.to_string() }
}

impl Setting {
    fn rng(&self) -> ChaCha20Rng {
        ChaCha20Rng::seed_from_u64(self.seed)
    }

    fn with_instances<T>(&self, work: impl FnOnce(&[&[&[Fp]]]) -> T) -> T {
        let columns: Vec<[&[Fp]; 1]> =
            self.actions.instances.iter().map(|column| [column.as_slice()]).collect();
        work(&columns.iter().map(|columns| columns.as_slice()).collect::<Vec<_>>())
    }

    fn stock(&self, pk: &ProvingKey<EqAffine>, transcript: &mut TimedTranscript) -> Result<(), CommandError> {
        self.with_instances(|instances| {
            create_proof(&self.params, pk, &self.actions.circuits, instances, self.rng(), transcript)
        })
        .map_err(failed)
    }

    fn ours(
        &self,
        prover: &parhelion::Prover,
        key: &parhelion::zcash::PreparedKey<EqAffine>,
        transcript: &mut TimedTranscript,
    ) -> Result<(), CommandError> {
        let circuits = &self.actions.circuits;
        self.with_instances(|instances| {
            prover.prove_zcash(key, circuits, instances, self.rng(), transcript)
        })?;
        Ok(())
    }

    /// Times proofs and has orchard verify them.
    fn measure(
        &self,
        prove: impl Fn(&mut TimedTranscript) -> Result<(), CommandError>,
    ) -> Result<Measured, CommandError> {
        let (proofs, outputs) = time_proofs(
            || {
                let mut transcript = TimedTranscript::new();
                prove(&mut transcript)?;
                Ok(transcript)
            },
            TimedTranscript::sections,
        )?;
        let verifier = VerifyingKey::build(VERSION);
        let mut measured = Measured { proofs, ..Measured::default() };
        for transcript in outputs {
            let proof = Proof::new(transcript.finalize());
            measured.proof_bytes = proof.as_ref().len();
            let start = Instant::now();
            proof.verify(&verifier, &self.actions.statements).map_err(failed)?;
            measured.verify_seconds = start.elapsed().as_secs_f64();
        }
        Ok(measured)
    }
}

/// The library's Blake2b transcript, which notes when challenges are squeezed.
struct TimedTranscript {
    library: Blake2bWrite<Vec<u8>, EqAffine, Challenge255<EqAffine>>,
    start: Instant,
    challenges: Vec<Instant>,
}

impl TimedTranscript {
    fn new() -> Self {
        Self { library: Blake2bWrite::init(Vec::new()), start: Instant::now(), challenges: Vec::new() }
    }

    fn finalize(self) -> Vec<u8> {
        self.library.finalize()
    }

    fn sections(&self, end: Instant) -> Sections {
        Sections::between(self.start, &self.challenges, end).unwrap_or_default()
    }
}

impl Transcript<EqAffine, Challenge255<EqAffine>> for TimedTranscript {
    fn squeeze_challenge(&mut self) -> Challenge255<EqAffine> {
        self.challenges.push(Instant::now());
        self.library.squeeze_challenge()
    }

    fn common_point(&mut self, point: EqAffine) -> io::Result<()> {
        self.library.common_point(point)
    }

    fn common_scalar(&mut self, scalar: Fp) -> io::Result<()> {
        self.library.common_scalar(scalar)
    }
}

impl TranscriptWrite<EqAffine, Challenge255<EqAffine>> for TimedTranscript {
    fn write_point(&mut self, point: EqAffine) -> io::Result<()> {
        self.library.write_point(point)
    }

    fn write_scalar(&mut self, scalar: Fp) -> io::Result<()> {
        self.library.write_scalar(scalar)
    }
}
