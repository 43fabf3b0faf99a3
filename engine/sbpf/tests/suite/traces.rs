//! Traces: replayed from anywhere, saved, and refused when they are not what was saved.

use std::{fs, path::Path};

use parhelion_sbpf::{
    Assembly, Error, ExecutionConfig, ExecutionTrace, Program, Region, WordAddress, execute_and_trace,
};
use rand::{Rng, SeedableRng, rngs::StdRng};

/// Writes through stack, heap and input, calls, logs, and goes on for a while.
const TEXT: &str = "
    mov64 r6, r1
    mov64 r7, 300
    lddw r8, 0x300000000
    again:
    call function_work
    stxdw [r8+0], r0
    add64 r8, 3
    sub64 r7, 1
    jne r7, 0, again
    mov64 r1, r6
    mov64 r2, 3
    syscall sol_log_
    syscall sol_log_64_
    syscall sol_log_pubkey
    syscall sol_log_compute_units_
    exit
    function_work:
    ldxb r0, [r1+33]
    add64 r0, 7
    stxb [r1+33], r0
    stxw [r10-4], r0
    ldxdw r0, [r10-8]
    exit";

fn program() -> Program {
    Assembly::v0(TEXT).build().unwrap()
}

fn config() -> ExecutionConfig {
    ExecutionConfig::default().with_checkpoint_interval(256)
}

fn trace() -> ExecutionTrace {
    execute_and_trace(&program(), &[b'a'; 35], &config()).unwrap()
}

#[test]
fn any_stretch_is_replayed() {
    let (program, trace) = (program(), trace());
    let all: Vec<_> = trace.replay(&program).unwrap().map(Result::unwrap).collect();
    assert_eq!(all.len() as u64, trace.outcome().steps);
    assert!(trace.checkpoints().len() > 10);
    let mut rng = StdRng::seed_from_u64(5);
    for _ in 0..50 {
        let start = rng.gen_range(0..all.len());
        let end = rng.gen_range(start..=all.len());
        let part = trace.replay_range(&program, start as u64..end as u64).unwrap();
        assert!(part.map(Result::unwrap).eq(all[start..end].iter().cloned()), "{start}..{end}");
    }
    let mut replay = trace.replay_range(&program, 1_000..1_000).unwrap();
    assert_eq!((replay.machine().steps(), replay.machine().state()), (1_000, &all[1_000].before));
    assert!(replay.next().is_none());
}

/// The words a replay begins with are those that the steps before it left.
#[test]
fn memory_is_that_of_the_steps_before() {
    let (program, trace) = (program(), trace());
    let mut words = std::collections::BTreeMap::new();
    for step in trace.replay_range(&program, 0..1_500).unwrap() {
        for access in step.unwrap().accesses {
            words.insert(access.address, access.after);
        }
    }
    let replay = trace.replay_range(&program, 1_500..1_501).unwrap();
    for (address, value) in words {
        assert_eq!(replay.machine().word(address), Some(value));
    }
    assert_eq!(replay.machine().word(WordAddress(u64::MAX)), None);
    assert_eq!(replay.machine().word(WordAddress::new(Region::Input, 40)), None);
}

#[test]
fn a_trace_is_compact() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace");
    trace().save(&path).unwrap();
    let bytes_per_step = fs::metadata(&path).unwrap().len() as f64 / trace().outcome().steps as f64;
    assert!(bytes_per_step < 10.0, "{bytes_per_step}");
}

#[test]
fn saved_and_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace");
    let trace = trace();
    trace.save(&path).unwrap();
    assert_eq!(ExecutionTrace::load(&path).unwrap(), trace);
    // Again over the old one, and nothing is left beside it.
    trace.save(&path).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn damage_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace");
    trace().save(&path).unwrap();
    let whole = fs::read(&path).unwrap();
    let refused = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        match ExecutionTrace::load(&path) {
            Err(Error::Damaged { reason, .. }) => reason,
            other => panic!("{:?}", other.map(|trace| trace.outcome().steps)),
        }
    };
    let mut rng = StdRng::seed_from_u64(3);
    for _ in 0..300 {
        let mut bytes = whole.clone();
        let at = rng.gen_range(0..bytes.len());
        bytes[at] ^= 1 << rng.gen_range(0..8);
        refused(&bytes);
    }
    for length in [0, 1, 8, 63, 64, 65, whole.len() - 1] {
        refused(&whole[..length]);
    }
    assert!(refused(&[&whole[..], &[0]].concat()).contains("instead of"));
    assert_eq!(
        refused(b"something else entirely, and longer than the head of a file, which is 64 bytes"),
        "it is not an execution trace"
    );
    let mut newer = whole.clone();
    newer[16] = 2;
    assert_eq!(refused(&newer), "it is of version 2; this is version 1");
}

/// With a right checksum and wrong content: an error, or a trace, but no panic.
#[test]
fn made_up_files_do_not_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trace");
    let program = program();
    trace().save(&path).unwrap();
    let whole = fs::read(&path).unwrap();
    let mut rng = StdRng::seed_from_u64(8);
    let mut loaded = 0;
    for _ in 0..400 {
        let mut bytes = whole.clone();
        for _ in 0..rng.gen_range(1..4) {
            // Mostly where the lengths are.
            let at = if rng.gen_bool(0.5) { rng.gen_range(64..400) } else { rng.gen_range(64..bytes.len()) };
            bytes[at] = rng.r#gen();
        }
        let length = bytes.len() as u64 - 64;
        bytes[24..32].copy_from_slice(&length.to_le_bytes());
        let checksum = blake3::Hasher::new().update(&bytes[..32]).update(&bytes[64..]).finalize();
        bytes[32..64].copy_from_slice(checksum.as_bytes());
        fs::write(&path, &bytes).unwrap();
        if let Ok(trace) = ExecutionTrace::load(&path) {
            loaded += 1;
            trace.output();
            let steps = trace.outcome().steps.min(5_000);
            if let Ok(replay) = trace.replay_range(&program, steps / 2..steps) {
                replay.for_each(drop);
            }
        }
    }
    assert!(loaded > 20, "{loaded}");
}

#[test]
fn misuse_is_refused() {
    let other = Assembly::v0("exit").build().unwrap();
    let error = trace().replay(&other).unwrap_err();
    assert!(matches!(error, Error::Mismatch { what: "program", .. }), "{error}");
    let program = program();
    let steps = trace().outcome().steps;
    assert!(matches!(trace().replay_range(&program, 0..steps + 1), Err(Error::NoSuchStep { .. })));
    #[allow(clippy::reversed_empty_ranges)]
    let backwards = trace().replay_range(&program, 5..4).map(drop);
    assert!(matches!(backwards, Err(Error::NoSuchStep { step: 5, .. })));
    let heap = ExecutionConfig::default().with_heap_size(1 << 20);
    let error = execute_and_trace(&program, &[], &heap).unwrap_err();
    assert!(matches!(error, Error::RegionTooLarge { region: Region::Heap, .. }), "{error}");
}

#[test]
fn errors_of_the_file_system_are_told() {
    let error = ExecutionTrace::load(Path::new("/nonexistent/trace")).unwrap_err();
    assert!(error.to_string().starts_with("cannot read /nonexistent/trace: "), "{error}");
    let error = trace().save(Path::new("/nonexistent/trace")).unwrap_err();
    assert!(error.to_string().starts_with("cannot write /nonexistent/trace: "), "{error}");
}
