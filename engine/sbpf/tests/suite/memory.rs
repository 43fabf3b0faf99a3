//! Memory of proving, as the system counts it, in processes of their own.
#![cfg(target_os = "linux")]

use std::process::{Command, Stdio};
use std::{env, fs};

use parhelion_sbpf::{
    Assembly, ExecutionConfig, ExecutionTrace, KeygenConfig, Program, ProveError, execute_and_trace,
    prove_execution_chunked_auto,
};

/// What a child is to prove: `LIMIT K STEPS AT_ONCE`.
const TASK: &str = "PARHELION_TEST_MEMORY";
const RESULT: &str = "peak in KiB: ";

/// Adds to one word of the heap after the other, over and over: nine steps a round.
const LOOP: &str = "
    ldxdw r6, [r1+0]
    ldxdw r7, [r1+8]
    lddw r9, 0x300000000
    mov64 r8, 0
again:
    mov64 r2, r9
    add64 r2, r8
    ldxdw r0, [r2+0]
    add64 r0, r6
    stxdw [r2+0], r0
    add64 r8, 8
    and64 r8, r7
    sub64 r6, 1
    jne r6, 0, again
    exit
";

fn execution(k: u32, steps: u64) -> (Program, ExecutionTrace) {
    let program = Assembly::v0(LOOP).build().unwrap();
    let bytes = 8 << (k - 1);
    let input = [(steps / 9).to_le_bytes(), (bytes - 1_u64).to_le_bytes()].concat();
    let config = ExecutionConfig::default().with_compute_units(u64::MAX).with_heap_size(bytes);
    let trace = execute_and_trace(&program, &input, &config).unwrap();
    (program, trace)
}

fn config(limit: usize, k: u32, at_once: usize) -> KeygenConfig {
    KeygenConfig::new(k, env::temp_dir().join("parhelion-test-memory"), 8)
        .with_threads(2)
        .with_chunk_size((1 << k) - 7)
        .with_chunks_at_once(at_once)
        .with_memory_limit(limit)
}

/// What a process of its own does. By itself it does nothing.
#[test]
fn child() {
    let Ok(task) = env::var(TASK) else { return };
    let numbers: Vec<u64> = task.split(' ').map(|number| number.parse().unwrap()).collect();
    let (limit, k, steps, at_once) = (numbers[0], numbers[1] as u32, numbers[2], numbers[3]);
    let (program, trace) = execution(k, steps);
    let proof = prove_execution_chunked_auto(&program, &trace, &config(limit as usize, k, at_once as usize));
    assert_eq!(proof.unwrap().steps(), trace.outcome().steps);
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    println!("\n{RESULT}{}", peak.trim().trim_end_matches("kB").trim());
}

/// Proves in a process of its own and returns the most bytes that were resident there.
fn peak(limit: usize, k: u32, steps: u64, at_once: usize) -> usize {
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "memory::child", "--nocapture", "--test-threads=1"])
        .env(TASK, format!("{limit} {k} {steps} {at_once}"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let result = text.lines().find_map(|line| line.strip_prefix(RESULT));
    let result = result.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)));
    println!("limit {limit}, k = {k}, {steps} steps, {at_once} at once: {result} KiB");
    1024 * result.parse::<usize>().unwrap()
}

/// The smallest limit that is accepted.
fn smallest_limit(k: u32, steps: u64, at_once: usize) -> usize {
    let (program, trace) = execution(k, steps);
    match prove_execution_chunked_auto(&program, &trace, &config(1, k, at_once)) {
        Err(ProveError::MemoryLimit { limit: 1, needed }) => needed,
        other => panic!("{:?}", other.map(|proof| proof.steps())),
    }
}

/// However long the execution, and even under the smallest limit that is accepted.
#[test]
fn memory_stays_under_its_limit() {
    let k = 11;
    for at_once in 1..=3 {
        let limit = smallest_limit(k, 10_000, at_once);
        assert!(peak(limit, k, 10_000, at_once) <= limit, "{limit}");
    }
    // What is left of 60,000 more steps is a proof for every 2041.
    let (short, long) = (smallest_limit(k, 4_000, 2), smallest_limit(k, 64_000, 2));
    assert!(long - short < 4 << 20, "{short} and {long}");
    let (short, long) = (peak(long, k, 4_000, 2), peak(long, k, 64_000, 2));
    assert!(long <= short + (4 << 20), "{short} and {long}");
}

/// Each further chunk in work adds less than half of what the first takes.
#[test]
fn further_chunks_share_what_the_first_has() {
    let k = 12;
    let [one, two, three] = [1, 2, 3].map(|at_once| peak(1 << 30, k, 12_000, at_once));
    assert!(two < one + one / 2 && three < two + one / 2, "{one}, {two}, {three}");
}
