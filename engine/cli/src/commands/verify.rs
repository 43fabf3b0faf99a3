//! `parhelion verify`: proof files against the stock verifier, and executions.

use std::fs;
use std::path::{Path, PathBuf};

use parhelion::MultiOpen;
use parhelion_cli::circuits;
use parhelion_cli::stock;
use parhelion_cli::store::{CacheDir, KeyStore, Srs};
use parhelion_cli::{AnyProofFile, PastaProofFile};
use serde::Serialize;

use super::PROOF_SUFFIX;
use super::execution::{self, Folder};
use super::pasta::{self, with_pasta_demo};
use crate::args::{Common, VerifyArgs};
use crate::error::CommandError;
use crate::ui;

/// What `--json` prints.
#[derive(Serialize)]
struct Report {
    valid: bool,
    proofs: Vec<Verdict>,
}

#[derive(Serialize)]
struct Verdict {
    file: PathBuf,
    valid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    checked: Option<Checked>,
    #[serde(skip_serializing_if = "Option::is_none")]
    execution: Option<execution::verify::Checked>,
}

/// What a valid proof says.
#[derive(Serialize)]
struct Checked {
    circuit: String,
    k: u32,
    /// How commitments are opened, where there is a choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    multi_open: Option<String>,
    public_values: usize,
    proof_bytes: usize,
    seconds: f64,
}

pub(crate) fn run(common: &Common, args: &VerifyArgs) -> Result<(), CommandError> {
    let executions = executions(&args.path)?;
    if executions.first().is_none_or(|folder| folder.path() != args.path) {
        let options = [("--program", &args.program), ("--input", &args.input), ("--output", &args.output)];
        if let Some((option, _)) = options.iter().find(|(_, given)| given.is_some()) {
            return Err(CommandError::NotAnExecution { option, path: args.path.clone() });
        }
    }
    let files = match proof_files(&args.path) {
        Err(CommandError::NoProofs { .. }) if !executions.is_empty() => Vec::new(),
        files => files?,
    };
    let cache = common.cache()?;
    common.limit_library_threads()?;
    let mut warned = false;
    let verdict = |file: PathBuf, reason: Option<String>| Verdict {
        file,
        valid: reason.is_none(),
        reason,
        checked: None,
        execution: None,
    };
    let mut proofs: Vec<Verdict> = files
        .into_iter()
        .map(|file| match check(common, &cache, args, &file, &mut warned) {
            Ok(checked) => Verdict { checked: Some(checked), ..verdict(file, None) },
            Err(reason) => verdict(file, Some(reason)),
        })
        .collect();
    if !executions.is_empty() && args.srs.is_none() && !warned {
        ui::warn_of_testing_parameters();
    }
    proofs.extend(executions.iter().map(|folder| {
        let file = folder.path().to_owned();
        match execution::verify::check(common, args, folder) {
            Ok(checked) => Verdict { execution: Some(checked), ..verdict(file, None) },
            Err(error) => verdict(file, Some(error.to_string())),
        }
    }));
    let invalid = proofs.iter().filter(|proof| !proof.valid).count();
    let report = Report { valid: invalid == 0, proofs };
    if common.json {
        ui::say_json(&report);
    } else {
        report.proofs.iter().for_each(print);
    }
    match invalid {
        0 => Ok(()),
        _ => Err(CommandError::Invalid { invalid, checked: report.proofs.len() }),
    }
}

/// The folder itself, if it is that of an execution, or those in it that are.
fn executions(path: &Path) -> Result<Vec<Folder>, CommandError> {
    if let Some(folder) = Folder::find(path) {
        return Ok(vec![folder]);
    }
    let fail = |source| CommandError::Io { path: path.to_owned(), source };
    if !fs::metadata(path).map_err(fail)?.is_dir() {
        return Ok(Vec::new());
    }
    let entries: Result<Vec<_>, _> = fs::read_dir(path).map_err(fail)?.collect();
    let mut paths: Vec<PathBuf> = entries.map_err(fail)?.into_iter().map(|entry| entry.path()).collect();
    paths.sort();
    Ok(paths.iter().filter_map(|path| Folder::find(path)).collect())
}

/// The file itself, or all proof files in a directory, by name.
fn proof_files(path: &Path) -> Result<Vec<PathBuf>, CommandError> {
    let fail = |source| CommandError::Io { path: path.to_owned(), source };
    if !fs::metadata(path).map_err(fail)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries: Result<Vec<_>, _> = fs::read_dir(path).map_err(fail)?.collect();
    let mut files: Vec<PathBuf> = entries
        .map_err(fail)?
        .into_iter()
        .filter(|entry| entry.file_name().to_string_lossy().ends_with(PROOF_SUFFIX))
        .map(|entry| entry.path())
        .collect();
    files.sort();
    if files.is_empty() {
        return Err(CommandError::NoProofs { path: path.to_owned(), expected: PROOF_SUFFIX });
    }
    Ok(files)
}

/// Checks one file. Whatever is wrong with it is a reason not to accept it.
fn check(
    common: &Common,
    cache: &CacheDir,
    args: &VerifyArgs,
    path: &Path,
    warned: &mut bool,
) -> Result<Checked, String> {
    let file = match AnyProofFile::read(path).map_err(|error| error.to_string())? {
        AnyProofFile::Bn254(file) => file,
        AnyProofFile::Pasta(file) => return check_pasta(file),
    };
    let demo = circuits::find(&file.circuit).map_err(|error| error.to_string())?;
    circuits::check_k(demo, file.k).map_err(|error| error.to_string())?;
    let lengths: Vec<usize> = file.instances.iter().map(Vec::len).collect();
    if lengths != [demo.instance_len()] {
        return Err(format!("expected one column of {} public values, got {lengths:?}", demo.instance_len()));
    }

    let (srs, _) = ui::busy("parameters", || Srs::load(cache, args.srs.as_deref(), file.k));
    let srs = srs.map_err(|error| error.to_string())?;
    if !std::mem::replace(warned, true) {
        ui::warn_if_testing(&srs);
    }
    if *srs.digest.as_bytes() != file.srs {
        let got = blake3::Hash::from_bytes(file.srs);
        return Err(format!("expected a proof under the SRS {}, got one under {got}; see --srs", srs.digest));
    }
    let prover = common.prover(MultiOpen::default(), None).map_err(|error| error.to_string())?;
    let (key, _) = ui::busy("verifying key", || KeyStore::new(cache, demo, file.k, &srs).verifying(&prover));
    let key = key.map_err(|error| error.to_string())?;
    let (verdict, time) = ui::busy("verification", || {
        stock::verify(&srs.params, &key.vk, file.multi_open, &file.instances, &file.proof)
    });
    verdict.map_err(|error| error.to_string())?;
    Ok(Checked {
        circuit: file.circuit,
        k: file.k,
        multi_open: Some(file.multi_open.to_string()),
        public_values: demo.instance_len(),
        proof_bytes: file.proof.len(),
        seconds: time.as_secs_f64(),
    })
}

/// Checks a proof of circuits of `halo2_proofs`.
fn check_pasta(file: PastaProofFile) -> Result<Checked, String> {
    let name = file.circuit.as_str();
    let seconds = with_pasta_demo!(name, D => pasta::verify::<D>(&file))
        .ok_or_else(|| format!("no circuit of halo2_proofs is called {name:?}"))??;
    Ok(Checked {
        k: file.k,
        multi_open: None,
        public_values: file.instances.iter().map(Vec::len).sum(),
        proof_bytes: file.proof.len(),
        seconds,
        circuit: file.circuit,
    })
}

fn print(verdict: &Verdict) {
    let file = verdict.file.display();
    match (&verdict.checked, &verdict.execution, &verdict.reason) {
        (_, Some(execution), _) => {
            ui::say(&format!("{file}: valid ({})", execution.summary()));
            execution.print();
        }
        (Some(checked), ..) => {
            let Checked { circuit, k, multi_open, proof_bytes, seconds, .. } = checked;
            let multi_open = multi_open.as_deref().map(|scheme| format!("{scheme}, ")).unwrap_or_default();
            ui::say(&format!(
                "{file}: valid ({circuit}, k = {k}, {multi_open}{proof_bytes} bytes, {seconds:.3} s)"
            ));
        }
        (None, None, reason) => {
            ui::say(&format!("{file}: NOT VALID: {}", reason.as_deref().unwrap_or("unknown")))
        }
    }
}
