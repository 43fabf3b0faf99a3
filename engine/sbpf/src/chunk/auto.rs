//! How to cut an execution and how many chunks to prove at once.

use std::fmt;

use super::config::{KeygenConfig, LOOKUP_BITS};
use super::error::ProveError;
use super::execution::{ChunkedExecution, steps_in};
use super::memory::Work;
use crate::circuit::{MAX_K, MIN_K};

/// How an execution is proven.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// log2 of the rows of a circuit.
    pub k: u32,
    /// Instructions in a chunk; the last may have fewer.
    pub chunk_size: u64,
    /// How many chunks there are.
    pub chunks: u64,
    /// Instructions executed, those of syscalls included.
    pub steps: u64,
    /// Chunks that are proven at the same time.
    pub at_once: usize,
    /// Threads, which they share.
    pub threads: usize,
    /// Whether memory is so short that a proof keeps no polynomials between the cosets of its quotient, and computes them
    /// anew, which takes longer.
    pub short_of_memory: bool,
    /// What is resident at most, about, in bytes: trace, keys, SRS, witnesses, proofs.
    pub expected_bytes: usize,
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { k, chunk_size, chunks, steps, at_once, threads, short_of_memory, expected_bytes } = self;
        let count =
            |number: u64, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
        let (steps, threads) = (count(*steps, "step"), count(*threads as u64, "thread"));
        let mebibytes = expected_bytes >> 20;
        if *chunks == 1 {
            write!(f, "{steps} in 1 chunk (k = {k}) on {threads}")?;
        } else {
            write!(
                f,
                "{steps} in {chunks} chunks of {chunk_size} (k = {k}), {at_once} at once on {threads}"
            )?;
        }
        let short = if *short_of_memory { ", short of memory" } else { "" };
        write!(f, "{short}, about {mebibytes} MiB")
    }
}

/// How chunks follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// One after the other.
    OneByOne,
    /// So many at once, which share the threads.
    AtOnce(usize),
    /// Whatever is best.
    Auto,
}

/// Chooses for an execution that was gone through once. `held` are the bytes that are held all the
/// time.
pub(super) fn choose(
    execution: &ChunkedExecution<'_>,
    config: &KeygenConfig,
    mode: Mode,
    held: usize,
) -> Result<Choice, ProveError> {
    if config.lookup_bits != LOOKUP_BITS {
        return Err(ProveError::LookupBits { expected: LOOKUP_BITS, got: config.lookup_bits });
    }
    if !(MIN_K..=MAX_K).contains(&config.k) {
        return Err(ProveError::Size(config.k));
    }
    if let Some(chunk) = config.chunk_size
        && !(1..=steps_in(config.k)).contains(&chunk)
    {
        let most = steps_in(config.k);
        return Err(ProveError::TooLarge { what: "steps in a chunk", k: config.k, most, got: chunk });
    }
    let fitting = fitting(execution, config)?;
    let words = execution.plan.listing.words.len();
    let chooser = Chooser { steps: execution.steps(), words, config, held };
    let (smallest, largest) = (fitting[0], fitting[fitting.len() - 1]);
    let choices: Vec<Choice> = match (mode, config.chunk_size) {
        (Mode::Auto, None) => fitting.iter().flat_map(|&k| chooser.shares(k)).collect(),
        (Mode::Auto, Some(_)) => chooser.shares(smallest),
        (Mode::OneByOne | Mode::AtOnce(_), size) => {
            // As large as allowed, but no larger than it takes.
            let enough = fitting.iter().copied().find(|&k| execution.steps() <= steps_in(k));
            let k = if size.is_some() { smallest } else { enough.unwrap_or(largest) };
            let at_once = if let Mode::AtOnce(chunks) = mode { chunks.max(1) } else { 1 };
            vec![chooser.choice(k, at_once)]
        }
    };
    let limit = config.memory_limit.unwrap_or(usize::MAX);
    let sufficient = |choice: &Choice| choice.work(held, chooser.words).sufficient();
    let needed = choices.iter().map(sufficient).min().unwrap_or(0);
    let within = choices.into_iter().filter(|choice| sufficient(choice) <= limit);
    within.min_by(|a, b| time(a).total_cmp(&time(b))).ok_or(ProveError::MemoryLimit { limit, needed })
}

/// The sizes of circuits that the tables fit, and a chunk if its size is told; at least one.
fn fitting(execution: &ChunkedExecution<'_>, config: &KeygenConfig) -> Result<Vec<u32>, ProveError> {
    let sizes = match config.srs.fixed_k() {
        Some(k) if !(MIN_K..=config.k).contains(&k) => return Err(ProveError::Size(k)),
        Some(k) => k..=k,
        None => MIN_K..=config.k,
    };
    let table = execution.plan.table_rows() as u64;
    let rows = table.max(config.chunk_size.unwrap_or(1).min(execution.steps()));
    let fitting: Vec<u32> = sizes.filter(|&k| rows <= steps_in(k)).collect();
    if fitting.is_empty() {
        let (k, most) = (config.k, steps_in(config.k));
        return Err(ProveError::TooLarge { what: "instructions or words touched", k, most, got: table });
    }
    Ok(fitting)
}

/// What choices are made from.
struct Chooser<'a> {
    steps: u64,
    words: usize,
    config: &'a KeygenConfig,
    held: usize,
}

impl Chooser<'_> {
    /// The numbers of chunks at once that make sense for chunks of a size.
    fn shares(&self, k: u32) -> Vec<Choice> {
        let most = self.config.thread_count().max(2);
        let numbers = self.config.at_once.map_or(1..=most, |at_once| at_once..=at_once);
        numbers.map(|at_once| self.choice(k, at_once)).collect()
    }

    fn choice(&self, k: u32, at_once: usize) -> Choice {
        let Self { steps, words, config, held } = *self;
        let chunk_size = config.chunk_size.unwrap_or(steps_in(k)).min(steps);
        let chunks = steps.div_ceil(chunk_size);
        let at_once = at_once.min(usize::try_from(chunks).unwrap_or(usize::MAX));
        let threads = config.thread_count();
        let mut work = Work { held, words, k, chunks, at_once, threads, short_of_memory: false };
        // Proofs that are made at the same time set aside what they would like, so this is for one.
        let short = config.memory_limit.is_some_and(|limit| limit < work.sufficient());
        work.short_of_memory = short && at_once == 1;
        let (short_of_memory, expected_bytes) = (work.short_of_memory, work.expected());
        Choice { k, chunk_size, chunks, steps, at_once, threads, short_of_memory, expected_bytes }
    }
}

impl Choice {
    /// What is to be proven, as far as memory goes.
    pub(super) fn work(&self, held: usize, words: usize) -> Work {
        let Self { k, chunks, at_once, threads, short_of_memory, .. } = *self;
        Work { held, words, k, chunks, at_once, threads, short_of_memory }
    }
}

/// How long it takes, about, in the time that a row takes one thread.
fn time(choice: &Choice) -> f64 {
    // See decision 12, which says what was measured: what a chunk takes besides its rows, the part of a proof that only one
    // thread can do, and how much of further threads is of use for the rest.
    const ROWS_OF_A_CHUNK: f64 = 800.0;
    const SERIAL: f64 = 0.12;
    const USE_OF_THREADS: f64 = 0.93;
    const SHORT_OF_MEMORY: f64 = 1.25;
    let longer = if choice.short_of_memory { SHORT_OF_MEMORY } else { 1.0 };
    let chunk = longer * (ROWS_OF_A_CHUNK + (1_u64 << choice.k) as f64);
    let threads = if choice.threads == 1 { 1.0 } else { USE_OF_THREADS * choice.threads as f64 };
    let alone = chunk * (SERIAL + (1.0 - SERIAL) / threads);
    // As many as are in work share the threads, and take no less than all threads need for them.
    let round = |chunks: f64| alone.max(chunk * chunks / threads);
    let (rounds, rest) = (choice.chunks / choice.at_once as u64, choice.chunks % choice.at_once as u64);
    let last = if rest == 0 { 0.0 } else { round(rest as f64) };
    rounds as f64 * round(choice.at_once as f64) + last
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(chunks: impl Fn(u32) -> u64, threads: usize) -> (u32, usize) {
        let choices = (MIN_K..=MAX_K).flat_map(|k| {
            let chunks = chunks(k);
            (1..=threads.max(2)).map(move |at_once| Choice {
                k,
                chunks,
                at_once: at_once.min(chunks as usize),
                threads,
                ..Choice::default()
            })
        });
        let best = choices.min_by(|a, b| time(a).total_cmp(&time(b))).unwrap();
        (best.k, best.at_once)
    }

    #[test]
    fn choices_follow_length_and_threads() {
        let of = |steps: u64| move |k| steps.div_ceil(steps_in(k));
        // One small chunk; one that holds it all rather than two halves that end together.
        assert_eq!(best(of(76), 2), (9, 1));
        assert_eq!(best(of(1_452), 2).1, 1);
        // A long one: two chunks at once fill two threads, and more fill more.
        let (k, at_once) = best(of(1_000_000), 2);
        assert!(k >= 13 && at_once == 2, "{k}, {at_once}");
        assert!(best(of(1_000_000), 16).1 > 2);
        assert_eq!(best(of(1_000_000), 1).1, 1);
    }
}
