//! Folders of proofs: resumed, damaged, of another run, on a disk that is full.
#![cfg(all(feature = "programs", unix))]

mod common;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use common::{Place, Run, cut, flip};
use halo2_axiom::SerdeFormat;
use halo2_axiom::halo2curves::bn256::Bn256;
use halo2_axiom::poly::kzg::commitment::ParamsKZG;
use parhelion_sbpf::Deployed;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

/// 76 instructions in four chunks.
const PROVE: [&str; 7] = ["prove", "--demo", "token-transfer", "--chunk-size", "20", "--out", "here"];
const CHUNKS: u32 = 4;

fn prove(place: &Place, extra: &[&str]) -> Run {
    place.run(&[&PROVE, extra, &["--json"]].concat())
}

fn chunk(place: &Place, index: u32) -> std::path::PathBuf {
    place.path(&format!("here/chunk-{index:06}"))
}

fn chunks(place: &Place) -> Vec<Option<Vec<u8>>> {
    (0..CHUNKS).map(|index| fs::read(chunk(place, index)).ok()).collect()
}

/// Chunks of the run that were there before.
fn kept(run: &Run) -> usize {
    run.json()["chunks"].as_array().unwrap().iter().filter(|chunk| chunk["seconds"].is_null()).count()
}

fn not_valid(run: Run, words: &str) {
    let run = run.failed(1, &["1 of 1 proofs are not valid"]);
    assert!(run.stdout.contains("NOT VALID") && run.stdout.contains(words), "{words}: {}", run.stdout);
}

#[test]
fn killed_runs_go_on() {
    let place = Place::new();
    // Keys and parameters, so that the run to be killed soon proves.
    place.run(&["prove", "--demo", "token-transfer", "--chunk-size", "20", "--out", "elsewhere"]).succeeded();
    let mut child = Command::new(env!("CARGO_BIN_EXE_parhelion"))
        .args(PROVE)
        .args(["--threads", "1"])
        .current_dir(place.path("."))
        .env("PARHELION_CACHE", place.cache())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let begin = Instant::now();
    while !chunk(&place, 0).exists() {
        assert!(begin.elapsed() < Duration::from_secs(120), "no chunk in two minutes");
        thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let before = chunks(&place);
    let whole = before.iter().flatten().count();
    assert!((1..CHUNKS as usize).contains(&whole), "{whole}");
    not_valid(place.run(&["verify", "here"]), "are not proven yet");

    let run = prove(&place, &[]).succeeded();
    assert_eq!(kept(&run), whole);
    let after = chunks(&place);
    assert!(before.iter().zip(&after).all(|(before, after)| before.is_none() || before == after));
    place.run(&["verify", "here"]).succeeded();

    // Nothing is left to do, unless all is to be done anew.
    assert_eq!(kept(&prove(&place, &[]).succeeded()), CHUNKS as usize);
    assert_eq!(chunks(&place), after);
    assert_eq!(kept(&prove(&place, &["--fresh"]).succeeded()), 0);
    place.run(&["verify", "here"]).succeeded();
}

#[test]
fn damage_is_noticed_and_repaired() {
    let place = Place::new();
    prove(&place, &[]).succeeded();
    let damages: [(&str, &dyn Fn(&Path), &str); 9] = [
        ("chunk-000001", &|path| flip(path, 100), "checksum"),
        ("chunk-000002", &|path| cut(path, 90), "its content is of"),
        ("chunk-000003", &|path| fs::write(path, "").unwrap(), "not usable"),
        ("chunk-000000", &|path| fs::remove_file(path).unwrap(), "1 of 4 chunks are not proven yet"),
        (
            "chunk-000001",
            &|path| {
                fs::copy(path.with_file_name("chunk-000002"), path).unwrap();
            },
            "chunk 2",
        ),
        ("manifest", &|path| flip(path, 80), "checksum"),
        ("input.bin", &|path| flip(path, 5), "another input"),
        ("program.so", &|path| flip(path, 50_000), ""),
        ("program.so", &|path| fs::remove_file(path).unwrap(), "No such file"),
    ];
    for (name, damage, words) in damages {
        let path = place.path("here").join(name);
        let good = fs::read(&path).unwrap();
        damage(&path);
        not_valid(place.run(&["verify", "here"]), words);
        match name {
            "program.so" | "input.bin" => {
                fs::write(&path, good).unwrap();
            }
            _ => {
                prove(&place, &[]).succeeded();
            }
        }
        place.run(&["verify", "here"]).succeeded();
    }
}

#[test]
fn proofs_are_about_one_program_and_one_input() {
    let place = Place::new();
    prove(&place, &[]).succeeded();
    let before = chunks(&place);
    let other = ["prove", "--demo", "token-2022-transfer", "--out", "here"];
    place.run(&other).failed(1, &["program.so", "another run", "--fresh"]);
    assert_eq!(chunks(&place), before);

    fs::write(place.path("other.so"), Deployed::Token2022.elf().unwrap()).unwrap();
    fs::write(place.path("other.bin"), [0; 64]).unwrap();
    not_valid(place.run(&["verify", "here", "--program", "other.so"]), "another program");
    not_valid(place.run(&["verify", "here", "--input", "other.bin"]), "another input");
    place.run(&["verify", ".", "--program", "other.so"]).failed(2, &["--program", "one execution"]);
    place.run(&["verify", "nowhere"]).failed(1, &["nowhere"]);

    let params = ParamsKZG::<Bn256>::setup(12, ChaCha20Rng::seed_from_u64(1));
    let mut file = fs::File::create(place.path("12.params")).unwrap();
    params.write_custom(&mut file, SerdeFormat::RawBytes).unwrap();
    not_valid(place.run(&["verify", "here", "--srs", "12.params"]), "under the SRS");
    let run = prove(&place, &["--fresh", "--srs", "12.params"]).succeeded();
    assert!(!run.stderr.contains("WARNING"), "{}", run.stderr);
    place.run(&["verify", "here", "--srs", "12.params"]).succeeded();
    not_valid(place.run(&["verify", "here"]), "under the SRS");
}

#[test]
fn another_size_of_chunks_is_another_run() {
    let place = Place::new();
    prove(&place, &[]).succeeded();
    let other = ["prove", "--demo", "token-transfer", "--chunk-size", "25", "--out", "here"];
    place.run(&other).failed(1, &["here", "another run", "--fresh"]);
    place.run(&["verify", "here"]).succeeded();
    place.run(&[&other[..], &["--fresh"]].concat()).succeeded();
    place.run(&["verify", "here"]).succeeded();
}

#[test]
fn folders_that_cannot_be_written_are_errors() {
    let place = Place::new();
    fs::write(place.path("file"), "not a directory").unwrap();
    let demo = ["prove", "--demo", "token-transfer", "--out"];
    place.run(&[&demo[..], &["file"]].concat()).failed(1, &["file"]);
    if cfg!(target_os = "linux") {
        // Nobody can make a directory there, not even root.
        place.run(&[&demo[..], &["/proc/proofs"]].concat()).failed(1, &["/proc/proofs"]);
    }
    place
        .run(&[&demo[..], &["here", "--memory-limit", "1MB"]].concat())
        .failed(1, &["memory limit", "1000000"]);
}

/// No file may grow beyond a block or two, as if the disk were full: nothing that was finished is lost.
#[test]
fn a_full_disk_costs_nothing_that_was_finished() {
    let place = Place::new();
    prove(&place, &[]).succeeded();
    let before = chunks(&place);
    fs::remove_file(chunk(&place, 3)).unwrap();
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 2; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_parhelion")])
        .args(PROVE)
        .current_dir(place.path("."))
        .env("PARHELION_CACHE", place.cache())
        .output()
        .unwrap();
    Run::from(output).failed(1, &["cannot write", "chunk-"]);
    assert_eq!(chunks(&place)[..3], before[..3]);
    let names = fs::read_dir(place.path("here")).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(
        !names.into_iter().any(|name| name.to_string_lossy().ends_with(".tmp")),
        "a file is left half-written"
    );
    prove(&place, &[]).succeeded();
    place.run(&["verify", "here"]).succeeded();
}
