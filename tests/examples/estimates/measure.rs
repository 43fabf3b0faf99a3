//! One shape, proven in a process of its own.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::Circuit;
use parhelion::{Estimate, MultiOpen, Observer, Pool, Prover, Stage};
use parhelion_cli::proc;
use parhelion_cli::store::{CacheDir, Srs};
use parhelion_tests::bench::{Bench, rng, with_slices};
use serde::{Deserialize, Serialize};

use crate::shapes::{Shape, Work};
use crate::{HEAP, Options};

/// How often memory is looked at.
const INTERVAL: Duration = Duration::from_micros(100);

/// What an estimate said and what a proof took. All in bytes.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Measured {
    pub(crate) name: String,
    pub(crate) k: u32,
    /// Bounds, known of a key that is new.
    pub(crate) at_least: usize,
    pub(crate) at_most: usize,
    /// Said after a rehearsal, and of its limit if that was to be the smallest.
    pub(crate) expected: usize,
    pub(crate) smallest: usize,
    /// Said after the proof.
    pub(crate) afterwards: usize,
    /// Of all these, charged for what is not leased.
    pub(crate) scratch: usize,
    /// The limit that the proof was under.
    pub(crate) limit: Option<usize>,
    /// The most that was leased at once.
    pub(crate) leases: usize,
    /// The most that was mapped by the pool at once.
    pub(crate) mapped: usize,
    /// The most that the proof had on the heap at once.
    pub(crate) heap: usize,
    /// The most that was seen in leases and on the heap at once.
    pub(crate) both: usize,
    /// By how much resident memory grew, at its peak.
    pub(crate) resident: usize,
    /// Resident before the proof: keys, SRS, circuits.
    pub(crate) base: usize,
    pub(crate) seconds: f64,
    /// For each stage the most that was seen in leases, and on the heap.
    pub(crate) stages: BTreeMap<String, [usize; 2]>,
}

/// Makes the keys and a proof, and measures the proof.
pub(crate) fn measure(shape: &Shape, options: &Options) -> Measured {
    shape.run(Measure { shape, options })
}

struct Measure<'a> {
    shape: &'a Shape,
    options: &'a Options,
}

impl Work for Measure<'_> {
    type Output = Measured;

    fn on<C: Circuit<Fr>>(self, keygen: &C, circuits: impl FnOnce() -> Vec<(C, Vec<Vec<Fr>>)>) -> Measured {
        let Self { shape, options } = self;
        let cache = CacheDir::open(options.cache.as_deref()).expect("a cache directory");
        let params = Arc::new(Srs::load(&cache, None, shape.k).expect("an SRS").params);
        let sampler = Arc::new(Sampler::default());
        let prover = |limit| {
            let builder = Prover::builder().threads(options.threads).multi_open(MultiOpen::Shplonk);
            let builder = builder.observer(Arc::clone(&sampler) as Arc<dyn Observer>);
            let builder = match limit {
                Some(limit) => builder.memory_limit(limit),
                None => builder,
            };
            builder.build().expect("a prover")
        };

        let free = prover(None);
        let vk = free.keygen_vk(&params, keygen, true).expect("a verifying key");
        let pk = free.keygen_pk(&params, vk.clone(), keygen).expect("a proving key");
        let (circuits, instances): (Vec<C>, Vec<_>) = circuits().into_iter().unzip();
        let key = free.prepare_compact(&params, pk).expect("a prepared key");
        let rehearsed = with_slices(&instances, |instances| free.rehearse(&key, &circuits, instances));
        let Estimate { at_least, at_most, smallest, scratch, .. } = rehearsed.expect("a rehearsal");
        let smallest = smallest.expect("known");
        let limit = if options.smallest { Some(smallest) } else { options.limit };
        let prover = prover(limit);
        drop(free);
        let expected = || prover.estimate(&key, circuits.len()).expected.expect("known");
        let before = expected();

        warm_up(&prover);
        prover.pool().trim();
        HEAP.trim();
        HEAP.reset_peak();
        let (heap, base) = (HEAP.stats().live, proc::resident().expect("resident memory") as usize);
        assert!(proc::reset_peak_resident(), "the system does not let peaks be reset");
        let start = Instant::now();
        let bytes = sampler.watch(prover.pool(), heap, || {
            Bench::prove(&prover, &key, &circuits, &instances, rng(1)).expect("a proof").bytes
        });
        let seconds = start.elapsed().as_secs_f64();
        let (pool, heap) = (prover.pool().stats(), HEAP.stats().peak.saturating_sub(heap));
        let resident = proc::peak_resident().expect("a peak") as usize - base;

        parhelion_tests::bench::verify(MultiOpen::Shplonk, &params, &vk, &instances, &bytes)
            .expect("the library accepts it");
        Measured {
            name: shape.name.to_owned(),
            k: shape.k,
            at_least,
            at_most,
            expected: before,
            smallest,
            afterwards: expected(),
            scratch,
            limit,
            leases: pool.peak,
            mapped: pool.peak_mapped,
            heap,
            both: sampler.both.load(Relaxed),
            resident,
            base,
            seconds,
            stages: sampler.stages(),
        }
    }
}

/// A small proof, so that the program's own pages and the stacks of threads are no part of what is
/// measured after it.
fn warm_up(prover: &Prover) {
    let case = parhelion_tests::zoo().into_iter().max_by_key(|case| case.k).expect("a case");
    let bench = Bench::of(&case, false);
    let key = prover.prepare(&bench.params, &bench.pk).expect("a prepared key");
    bench.ours_with(prover, &key, 1).expect("a proof");
}

/// Looks at the pool and the heap all the time.
#[derive(Default)]
struct Sampler {
    stage: Mutex<Option<Stage>>,
    peaks: Mutex<BTreeMap<Stage, [usize; 2]>>,
    both: AtomicUsize,
    done: AtomicBool,
}

impl Observer for Sampler {
    fn stage_started(&self, stage: Stage) {
        *self.stage.lock().expect("no panic") = Some(stage);
    }
}

impl Sampler {
    /// Runs `work`, looking at `pool` and at the heap beyond `base` meanwhile.
    fn watch<R>(&self, pool: &Pool, base: usize, work: impl FnOnce() -> R) -> R {
        thread::scope(|scope| {
            scope.spawn(|| {
                while !self.done.load(Relaxed) {
                    self.look(pool, base);
                    thread::sleep(INTERVAL);
                }
            });
            let result = work();
            self.done.store(true, Relaxed);
            result
        })
    }

    fn look(&self, pool: &Pool, base: usize) {
        let (leases, heap) = (pool.stats().live, HEAP.stats().live.saturating_sub(base));
        self.both.fetch_max(leases + heap, Relaxed);
        if let Some(stage) = *self.stage.lock().expect("no panic") {
            let mut peaks = self.peaks.lock().expect("no panic");
            let peak = peaks.entry(stage).or_default();
            *peak = [peak[0].max(leases), peak[1].max(heap)];
        }
    }

    fn stages(&self) -> BTreeMap<String, [usize; 2]> {
        let peaks = self.peaks.lock().expect("no panic");
        peaks.iter().map(|(stage, peaks)| (stage.name().to_owned(), *peaks)).collect()
    }
}
