//! Bundles survive being killed, and notice everything else.

use std::{
    env, fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use parhelion_sbpf::{Bundle, BundleWriter, Chunk, Error};
use rand::{Rng, SeedableRng, rngs::StdRng};

const STATEMENT: &[u8] = b"a program, an input, the keys";
const CHUNKS: u32 = 60;

/// A proof that anyone can tell from all others.
fn chunk(index: u32) -> Chunk {
    let proof = (0..20_000u32).map(|at| (at.wrapping_mul(index + 7) >> 5) as u8).collect();
    Chunk { state: index.to_le_bytes().to_vec(), proof }
}

fn resume(folder: &Path) -> BundleWriter {
    BundleWriter::resume(folder, STATEMENT, CHUNKS).unwrap()
}

fn complete(folder: &Path) {
    let writer = resume(folder);
    for index in writer.survey().to_prove() {
        writer.write(index, &chunk(index)).unwrap();
    }
}

fn check(folder: &Path) {
    let bundle = Bundle::open(folder).unwrap();
    assert_eq!((bundle.statement(), bundle.chunks()), (STATEMENT, CHUNKS));
    assert!(bundle.survey().is_complete());
    assert!(bundle.iter().map(Result::unwrap).eq((0..CHUNKS).map(chunk)));
    let names = fs::read_dir(folder).unwrap().count();
    assert_eq!(names as u32, CHUNKS + 2, "lock, manifest, chunks and nothing else");
}

/// Not a test by itself: what the processes run that the next test kills.
#[test]
#[ignore = "run by killed_writers_resume"]
fn writer() {
    let Ok(folder) = env::var("PARHELION_BUNDLE") else { return };
    let writer = resume(Path::new(&folder));
    for index in writer.survey().to_prove() {
        writer.write(index, &chunk(index)).unwrap();
        println!("wrote {index}");
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn killed_writers_resume() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("bundle");
    let mut rng = StdRng::seed_from_u64(1);
    let (mut before, mut interrupted) = (0, 0);
    for _ in 0..20 {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "bundles::writer", "--ignored", "--nocapture"])
            .env("PARHELION_BUNDLE", &folder)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_millis(rng.gen_range(5..40)));
        child.kill().unwrap();
        interrupted += u32::from(!child.wait().unwrap().success());
        // Nothing that was whole is lost, and nothing is there that is not whole.
        if let Ok(bundle) = Bundle::open(&folder) {
            let survey = bundle.survey();
            assert!(survey.unusable.is_empty(), "{survey:?}");
            assert!(survey.whole.len() >= before);
            before = survey.whole.len();
        }
    }
    assert!(interrupted > 0);
    complete(&folder);
    check(&folder);
}

#[test]
fn damaged_chunks_are_proven_again_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    complete(folder);
    let path = |index: u32| folder.join(format!("chunk-{index:06}"));
    let damage = |index: u32, change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = fs::read(path(index)).unwrap();
        change(&mut bytes);
        fs::write(path(index), bytes).unwrap();
    };
    damage(3, &|bytes| bytes[500] ^= 4);
    damage(4, &|bytes| bytes.truncate(100));
    damage(5, &Vec::clear);
    damage(6, &|bytes| bytes.push(0));
    damage(7, &|bytes| bytes[20] ^= 1);
    fs::remove_file(path(8)).unwrap();
    // Whole, but not what belongs there.
    fs::copy(path(10), path(9)).unwrap();
    fs::copy(folder.join("manifest"), path(11)).unwrap();
    let other = tempfile::tempdir().unwrap();
    let other_run = BundleWriter::resume(other.path(), b"something else", CHUNKS).unwrap();
    other_run.write(12, &chunk(12)).unwrap();
    fs::copy(other_run.path(12), path(12)).unwrap();
    // Of a writer that was stopped.
    fs::write(folder.join("chunk-000013.99.0.tmp"), [1, 2, 3]).unwrap();

    let writer = resume(folder);
    let survey = writer.survey();
    assert_eq!(survey.missing, [8]);
    assert_eq!(survey.to_prove(), [3, 4, 5, 6, 7, 8, 9, 11, 12]);
    assert_eq!(survey.whole.len() as u32, CHUNKS - 9);
    let reason = |index: u32| {
        let found = survey.unusable.iter().find(|(at, _)| *at == index);
        found.unwrap().1.to_string()
    };
    assert!(reason(9).ends_with("it is chunk 10 instead of 9"), "{}", reason(9));
    assert!(reason(12).ends_with("it is a chunk of another run"), "{}", reason(12));
    for index in survey.to_prove() {
        writer.write(index, &chunk(index)).unwrap();
    }
    drop(writer);
    check(folder);
}

#[test]
fn a_damaged_manifest_costs_no_chunk() {
    let folder = tempfile::tempdir().unwrap();
    complete(folder.path());
    let path = folder.path().join("manifest");
    let mut bytes = fs::read(&path).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&path, bytes).unwrap();
    assert!(matches!(Bundle::open(folder.path()), Err(Error::Damaged { .. })));
    assert!(resume(folder.path()).survey().is_complete());
    check(folder.path());
}

#[test]
fn several_threads_write_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let writer = resume(folder.path());
    thread::scope(|scope| {
        for first in 0..4 {
            let writer = &writer;
            scope.spawn(move || {
                for index in (first..CHUNKS).step_by(4) {
                    writer.write(index, &chunk(index)).unwrap();
                }
            });
        }
    });
    check(folder.path());
}

#[test]
fn misuse_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let writer = resume(folder);
    assert!(matches!(BundleWriter::resume(folder, STATEMENT, CHUNKS), Err(Error::Locked { .. })));
    assert!(matches!(writer.write(CHUNKS, &chunk(0)), Err(Error::NoSuchChunk { index: CHUNKS, .. })));
    assert!(matches!(Bundle::open(&folder.join("nowhere")), Err(Error::Io { .. })));
    drop(writer);
    let error = BundleWriter::resume(folder, b"another statement", CHUNKS).unwrap_err();
    assert!(matches!(error, Error::Mismatch { what: "run", .. }), "{error}");
    let error = BundleWriter::resume(folder, STATEMENT, CHUNKS + 1).unwrap_err();
    assert!(matches!(error, Error::Mismatch { what: "run", .. }), "{error}");
    let error = BundleWriter::resume(folder, STATEMENT, u32::MAX).unwrap_err();
    assert!(matches!(error, Error::TooManyChunks { .. }), "{error}");
    // A file where the folder should be.
    fs::write(folder.join("file"), [0]).unwrap();
    let error = BundleWriter::resume(&folder.join("file"), STATEMENT, CHUNKS).unwrap_err();
    assert!(error.to_string().starts_with("cannot create "), "{error}");
}
