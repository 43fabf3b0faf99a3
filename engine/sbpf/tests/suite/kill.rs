//! Proving that is killed at any moment goes on where it was.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use parhelion_sbpf::{
    Assembly, ExecutionConfig, ExecutionProof, KeygenConfig, execute_and_trace,
    prove_execution_chunked_parallel, verify_execution,
};
use rand::{Rng, SeedableRng, rngs::StdRng};

/// Names the folder to the process that is killed.
const FOLDER: &str = "PARHELION_TEST_KILL";
const CHUNKS: usize = 16;
const KILLS: usize = 20;

const PROGRAM: &str = "
    ldxdw r2, [r1+0]
again:
    add64 r0, r2
    stxdw [r10-8], r0
    sub64 r2, 1
    jne r2, 0, again
    stxdw [r1+0], r0
    exit";
const INPUT: [u8; 8] = 15_u64.to_le_bytes();

fn config(folder: &Path) -> KeygenConfig {
    KeygenConfig::new(9, folder.join("cache"), 8)
        .with_chunk_size(4)
        .with_threads(2)
        .with_folder(folder.join("proofs"))
}

fn prove(folder: &Path) -> ExecutionProof {
    let program = Assembly::v0(PROGRAM).build().unwrap();
    let trace = execute_and_trace(&program, &INPUT, &ExecutionConfig::default()).unwrap();
    prove_execution_chunked_parallel(&program, &trace, &config(folder), 2).unwrap()
}

/// What the other test kills. By itself it does nothing.
#[test]
fn victim() {
    if let Some(folder) = env::var_os(FOLDER) {
        prove(Path::new(&folder));
    }
}

/// The chunks that have their names, and what is in them.
fn finished(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = fs::read_dir(folder.join("proofs")).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    let is_chunk = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name.starts_with("chunk-") && !name.ends_with(".tmp")
    };
    paths.filter(is_chunk).map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

#[test]
fn a_killed_run_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut rng = StdRng::seed_from_u64(1);
    let (mut killed, mut before) = (0, BTreeMap::new());
    for _ in 0..KILLS {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["kill::victim", "--exact"])
            .env(FOLDER, folder)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // Not before it found what is there, mostly, and before it could finish.
        let (begin, patience) = (Instant::now(), Duration::from_millis(rng.gen_range(0..400)));
        while begin.elapsed() < patience && finished(folder).len() + 1 < CHUNKS {
            thread::sleep(Duration::from_millis(1));
        }
        child.kill().unwrap();
        killed += usize::from(!child.wait().unwrap().success());
        let after = finished(folder);
        // Nothing that was finished is lost, or proven twice.
        assert!(before.iter().all(|(path, bytes)| after.get(path) == Some(bytes)));
        before = after;
    }
    assert!(killed > KILLS / 2, "{killed}");
    let proof = prove(folder);
    assert_eq!(proof.chunks.len(), CHUNKS);
    let after = finished(folder);
    assert!(before.iter().all(|(path, bytes)| after.get(path) == Some(bytes)));
    println!("{killed} kills; {} of {CHUNKS} chunks were there for the last run", before.len());
    let proof = ExecutionProof::load(&folder.join("proofs")).unwrap();
    let program = Assembly::v0(PROGRAM).build().unwrap();
    let verified = verify_execution(&program, &INPUT, &proof, &config(folder)).unwrap();
    assert_eq!(verified.value, 15 * 16 / 2);
}
