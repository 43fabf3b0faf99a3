//! How much memory proving an execution takes: `chunk_memory LIMIT_MIB K AT_ONCE,... STEPS,...`.
//!
//! Proves a loop that writes to as many words of the heap as it can, for each number of steps and of chunks
//! at once in a process of its own, and tells the most memory that was resident there. A limit of 0 is none; a
//! K of 0 leaves the size of circuits to the engine, and 0 chunks at once leave that to it.

use std::error::Error;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use parhelion_sbpf::{
    Assembly, Choice, ChunkObserver, ChunkReport, ExecutionConfig, KeygenConfig, execute_and_trace,
    prove_execution_chunked_auto, verify_execution,
};

/// Adds to one word of the heap after the other, over and over.
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
/// Steps of a round.
const ROUND: u64 = 9;
const MAX_K: u32 = 16;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [child, limit, k, at_once, steps] if child == "child" => {
            prove(limit.parse()?, k.parse()?, at_once.parse()?, steps.parse()?)
        }
        [limit, k, at_once, steps] => {
            println!("| steps | at once | plan | seconds | before | keys | peak, MiB | buffers |");
            println!("|---|---|---|---|---|---|---|---|");
            for steps in steps.split(',') {
                for at_once in at_once.split(',') {
                    let me = std::env::current_exe()?;
                    let arguments = ["child", limit, k, at_once, steps];
                    let output = Command::new(me).args(arguments).output()?;
                    print!("{}", String::from_utf8_lossy(&output.stdout));
                    eprint!("{}", String::from_utf8_lossy(&output.stderr));
                }
            }
            Ok(())
        }
        _ => Err("usage: chunk_memory LIMIT_MIB K AT_ONCE,... STEPS,...".into()),
    }
}

/// Remembers what was resident when.
#[derive(Debug, Default)]
struct Notes(std::sync::Mutex<(Option<Choice>, f64, f64, usize)>);

impl ChunkObserver for Notes {
    fn chosen(&self, choice: &Choice) {
        let mut notes = self.0.lock().unwrap();
        (notes.0, notes.1) = (Some(*choice), resident("VmHWM:"));
    }

    fn keys(&self, _: std::time::Duration) {
        self.0.lock().unwrap().2 = resident("VmHWM:");
    }

    fn proven(&self, report: &ChunkReport) {
        self.0.lock().unwrap().3 = report.peak_buffer_bytes >> 20;
    }
}

fn prove(limit: usize, k: u32, at_once: usize, steps: u64) -> Result<(), Box<dyn Error>> {
    let program = Assembly::v0(LOOP).build()?;
    let words: u64 = if k == 0 { 1 << 15 } else { 1 << (k - 1) };
    let mut input = (steps / ROUND).max(1).to_le_bytes().to_vec();
    input.extend((8 * words - 1).to_le_bytes());
    let settings =
        ExecutionConfig::default().with_compute_units(u64::MAX).with_heap_size((8 * words).min(256 << 10));
    let trace = execute_and_trace(&program, &input, &settings)?;

    let notes = Arc::new(Notes::default());
    let cache = std::env::temp_dir().join("parhelion-chunk-memory");
    let max_k = if k == 0 { MAX_K } else { k };
    let mut config = KeygenConfig::new(max_k, cache, 8).with_observer(notes.clone());
    if k != 0 {
        config = config.with_chunk_size((1 << k) - 7);
    }
    if at_once != 0 {
        config = config.with_chunks_at_once(at_once);
    }
    if limit != 0 {
        config = config.with_memory_limit(limit << 20);
    }
    let begin = Instant::now();
    let proof = prove_execution_chunked_auto(&program, &trace, &config)?;
    let seconds = begin.elapsed().as_secs_f64();
    verify_execution(&program, &input, &proof, &config)?;
    let peak = resident("VmHWM:");
    let (choice, before, keys, buffers) = *notes.0.lock().unwrap();
    let choice = choice.ok_or("nothing was chosen")?;
    let Choice { k, chunks, at_once, threads, expected_bytes, .. } = choice;
    let expected = expected_bytes >> 20;
    println!(
        "| {} | {at_once} | k = {k}, {chunks} chunks, {threads} threads, {expected} MiB expected | {seconds:.1} \
         | {before:.0} | {keys:.0} | {peak:.0} | {buffers} |",
        choice.steps
    );
    Ok(())
}

/// MiB, as the system tells them.
fn resident(name: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.trim().trim_end_matches("kB").trim().parse::<f64>().map_or(f64::NAN, |kib| kib / 1024.0)
}
