//! This crate's pool beside rayon and chili, in one run:
//!
//! ```text
//! cargo run --release -p parhelion-scheduler --features peers --example compare [-- THREADS [ROUNDS [pinned]]]
//! ```
//!
//! Each line is measured round by round, ours, rayon, chili, and again; what is shown are medians. All
//! calls are made from within the pools, so that none pays for a hand-over. With `pinned`, rayon's threads are
//! pinned as ours are; chili's cannot be. `VERBOSE=1` shows every step of the search for the smallest loop.

use std::hint::black_box;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use parhelion_scheduler::{Grain, Pin, Topology, WorkStealing};

/// The pools that are compared.
struct Peers {
    ours: WorkStealing,
    rayon: rayon::ThreadPool,
    chili: chili::ThreadPool,
}

impl Peers {
    fn new(threads: usize, pin: &Pin) -> Self {
        let places = pin.place(threads, &Topology::read()).expect("CPUs");
        let config = chili::Config { thread_count: NonZeroUsize::new(threads), ..chili::Config::default() };
        Self {
            ours: WorkStealing::builder().threads(threads).pin(pin.clone()).build().expect("a pool"),
            rayon: rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .start_handler(move |index| {
                    if let Some(id) = places[index] {
                        core_affinity::set_for_current(core_affinity::CoreId { id });
                    }
                })
                .build()
                .expect("a pool"),
            chili: chili::ThreadPool::with_config(config),
        }
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |index: usize| arguments.get(index).map(|text| text.parse().expect("a number"));
    let threads = number(0).unwrap_or_else(parhelion_scheduler::available_threads);
    let rounds = number(1).unwrap_or(15);
    let pin =
        if arguments.get(2).is_some_and(|text| text == "pinned") { Pin::PhysicalCores } else { Pin::None };
    println!("{pin:?}, medians of {rounds} rounds");
    let one = Peers::new(1, &pin);
    println!("{:<44} {:>10} {:>10} {:>10} {:>12}", "", "ours", "rayon", "chili", "ours/rayon");
    joins(&one, rounds);
    drop(one);
    let peers = Peers::new(threads, &pin);
    println!("-- {threads} threads");
    busy_join(&peers, rounds, threads);
    trees(&peers, rounds);
    loops(&peers, rounds);
    break_even(&peers, rounds);
}

/// Prints medians, in `unit` nanoseconds.
fn line(name: &str, unit: (f64, &str), rounds: usize, mut measure: [&mut dyn FnMut() -> f64; 3]) -> [f64; 3] {
    let mut samples = [const { Vec::new() }; 3];
    for _ in 0..rounds {
        for (samples, measure) in samples.iter_mut().zip(&mut measure) {
            samples.push(measure());
        }
    }
    let [ours, rayon, chili] = samples.map(median);
    let u = unit.0;
    println!(
        "{:<44} {:>10.2} {:>10.2} {:>10.2} {:>12.2}",
        format!("{name}, {}", unit.1),
        ours / u,
        rayon / u,
        chili / u,
        ours / rayon
    );
    [ours, rayon, chili]
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn nanoseconds(work: impl FnOnce()) -> f64 {
    let started = Instant::now();
    work();
    started.elapsed().as_nanos() as f64
}

const JOINS: usize = 100_000;

/// Joins with nobody to steal.
fn joins(peers: &Peers, rounds: usize) {
    let each = JOINS as f64;
    line(
        "empty join, alone",
        (1.0, "ns"),
        rounds,
        [
            &mut || peers.ours.enter(|| many_joins_ours(&peers.ours)) / each,
            &mut || peers.rayon.install(many_joins_rayon) / each,
            &mut || many_joins_chili(&peers.chili) / each,
        ],
    );
    let each = ((1u64 << TREE) - 1) as f64;
    line(
        "join inside of a tree of empty joins",
        (1.0, "ns"),
        rounds,
        [
            &mut || peers.ours.enter(|| nanoseconds(|| tree_ours(&peers.ours, TREE))) / each,
            &mut || peers.rayon.install(|| nanoseconds(|| tree_rayon(TREE))) / each,
            &mut || nanoseconds(|| tree_chili(&mut peers.chili.scope(), TREE)) / each,
        ],
    );
}

fn many_joins_ours(pool: &WorkStealing) -> f64 {
    nanoseconds(|| {
        for i in 0..JOINS {
            black_box(pool.join(|| black_box(i), || black_box(i)));
        }
    })
}

fn many_joins_rayon() -> f64 {
    nanoseconds(|| {
        for i in 0..JOINS {
            black_box(rayon::join(|| black_box(i), || black_box(i)));
        }
    })
}

fn many_joins_chili(pool: &chili::ThreadPool) -> f64 {
    let mut scope = pool.scope();
    nanoseconds(|| {
        for i in 0..JOINS {
            black_box(scope.join(|_| black_box(i), |_| black_box(i)));
        }
    })
}

/// Joins on one worker while the others are busy: nobody searches, nobody sleeps.
fn busy_join(peers: &Peers, rounds: usize, threads: usize) {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    let each = JOINS as f64;
    let keep_busy = |stop: &AtomicBool, started: &AtomicUsize| {
        started.fetch_add(1, Ordering::Relaxed);
        while !stop.load(Ordering::Relaxed) {
            std::hint::spin_loop();
        }
    };
    let all_started = |started: &AtomicUsize| {
        while started.load(Ordering::Relaxed) < threads - 1 {
            std::hint::spin_loop();
        }
    };
    let mut ours = || {
        let (stop, started) = (AtomicBool::new(false), AtomicUsize::new(0));
        peers.ours.scope(|scope| {
            (1..threads).for_each(|_| scope.spawn(|_| keep_busy(&stop, &started)));
            all_started(&started);
            let time = many_joins_ours(&peers.ours);
            stop.store(true, Ordering::Relaxed);
            time / each
        })
    };
    let mut rayon = || {
        let (stop, started) = (AtomicBool::new(false), AtomicUsize::new(0));
        peers.rayon.scope(|scope| {
            (1..threads).for_each(|_| scope.spawn(|_| keep_busy(&stop, &started)));
            all_started(&started);
            let time = many_joins_rayon();
            stop.store(true, Ordering::Relaxed);
            time / each
        })
    };
    line(
        "empty join, other workers busy (chili: idle)",
        (1.0, "ns"),
        rounds,
        [&mut ours, &mut rayon, &mut || many_joins_chili(&peers.chili) / each],
    );
}

const TREE: u32 = 16;

fn tree_ours(pool: &WorkStealing, depth: u32) {
    if depth > 0 {
        pool.join(|| tree_ours(pool, depth - 1), || tree_ours(pool, depth - 1));
    }
}

fn tree_rayon(depth: u32) {
    if depth > 0 {
        rayon::join(|| tree_rayon(depth - 1), || tree_rayon(depth - 1));
    }
}

fn tree_chili(scope: &mut chili::Scope<'_>, depth: u32) {
    if depth > 0 {
        scope.join(|scope| tree_chili(scope, depth - 1), |scope| tree_chili(scope, depth - 1));
    }
}

/// `left` of 16 parts go left. Stops at single units of work.
fn skewed_ours(pool: &WorkStealing, size: u64, left: u64) -> u64 {
    if size <= 1 {
        return work(4);
    }
    let part = (size * left / 16).clamp(1, size - 1);
    let (a, b) = pool.join(|| skewed_ours(pool, part, left), || skewed_ours(pool, size - part, left));
    a.wrapping_add(b)
}

fn skewed_rayon(size: u64, left: u64) -> u64 {
    if size <= 1 {
        return work(4);
    }
    let part = (size * left / 16).clamp(1, size - 1);
    let (a, b) = rayon::join(|| skewed_rayon(part, left), || skewed_rayon(size - part, left));
    a.wrapping_add(b)
}

fn skewed_chili(scope: &mut chili::Scope<'_>, size: u64, left: u64) -> u64 {
    if size <= 1 {
        return work(4);
    }
    let part = (size * left / 16).clamp(1, size - 1);
    let (a, b) =
        scope.join(|scope| skewed_chili(scope, part, left), |scope| skewed_chili(scope, size - part, left));
    a.wrapping_add(b)
}

fn trees(peers: &Peers, rounds: usize) {
    for (name, left) in
        [("tree of 2^16 leaves, even", 8), ("15/16 to the left", 15), ("15/16 to the right", 1)]
    {
        let size = 1 << 16;
        line(
            name,
            (1e3, "us"),
            rounds,
            [
                &mut || {
                    peers.ours.enter(|| nanoseconds(|| _ = black_box(skewed_ours(&peers.ours, size, left))))
                },
                &mut || peers.rayon.install(|| nanoseconds(|| _ = black_box(skewed_rayon(size, left)))),
                &mut || nanoseconds(|| _ = black_box(skewed_chili(&mut peers.chili.scope(), size, left))),
            ],
        );
    }
}

/// Dependent multiplications: about a nanosecond a unit.
#[inline(never)]
fn work(units: u64) -> u64 {
    let mut x = black_box(units) | 1;
    for _ in 0..units {
        x = x.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(7);
    }
    black_box(x)
}

fn loop_ours(pool: &WorkStealing, items: usize, units: u64) {
    pool.for_each_batch(items, Grain::Measured, |batch| batch.for_each(|_| _ = work(units)));
}

fn tasks_ours(pool: &WorkStealing, items: usize, units: u64) {
    pool.for_each_batch(items, Grain::Items(1), |batch| batch.for_each(|_| _ = work(units)));
}

fn loop_rayon(items: usize, units: u64) {
    use rayon::prelude::*;
    (0..items).into_par_iter().for_each(|_| _ = work(units));
}

fn loop_chili(scope: &mut chili::Scope<'_>, items: usize, units: u64) {
    match items {
        0 => {}
        1 => _ = work(units),
        _ => {
            let half = items / 2;
            scope
                .join(|scope| loop_chili(scope, half, units), |scope| loop_chili(scope, items - half, units));
        }
    }
}

/// Nanoseconds per unit of work, alone.
fn unit() -> f64 {
    let units = 1_000_000;
    median((0..9).map(|_| nanoseconds(|| _ = work(units))).collect()) / units as f64
}

fn loops(peers: &Peers, rounds: usize) {
    let unit = unit();
    for (name, task, items) in [
        ("loop of 100 ns tasks, a task", 1e2, 10_000),
        ("loop of 1 us tasks, a task", 1e3, 2_000),
        ("loop of 10 us tasks, a task", 1e4, 500),
        ("loop of 100 us tasks, a task", 1e5, 64),
        ("loop of 1 ms tasks, a task", 1e6, 16),
    ] {
        let units = (task / unit) as u64;
        let each = items as f64;
        line(
            name,
            (1.0, "ns"),
            rounds,
            [
                &mut || peers.ours.enter(|| nanoseconds(|| tasks_ours(&peers.ours, items, units))) / each,
                &mut || peers.rayon.install(|| nanoseconds(|| loop_rayon(items, units))) / each,
                &mut || nanoseconds(|| loop_chili(&mut peers.chili.scope(), items, units)) / each,
            ],
        );
    }
}

/// The smallest loop, in microseconds of work, from which on each pool beats one thread by a twentieth.
fn break_even(peers: &Peers, rounds: usize) {
    // Items of about 20 ns.
    let units = (20.0 / unit()) as u64;
    for (name, pause) in [("back to back", None), ("after 1 ms of silence", Some(Duration::from_millis(1)))] {
        let least: f64 = if pause.is_some() { 1000.0 } else { 16.0 };
        let sizes = (0..25).map(|step| (least * 1.3f64.powi(step)) as usize);
        let times: Vec<[f64; 4]> = sizes.map(|items| speeds(peers, items, units, rounds, pause)).collect();
        if std::env::var_os("VERBOSE").is_some() {
            for [alone, peers @ ..] in &times {
                println!("    {alone:>12.0} ns alone, gains {:.2?}", peers.map(|time| alone / time));
            }
        }
        let smallest: [Option<f64>; 3] = std::array::from_fn(|peer| smallest_gain(&times, peer + 1));
        let [ours, rayon, chili] =
            smallest.map(|time| time.map_or("none".to_owned(), |time| format!("{:.2}", time / 1e3)));
        let ratio = match smallest {
            [Some(ours), Some(rayon), _] => format!("{:.2}", ours / rayon),
            _ => "-".to_owned(),
        };
        println!(
            "{:<44} {ours:>10} {rayon:>10} {chili:>10} {ratio:>12}",
            format!("smallest loop that gains, {name}, us")
        );
    }
}

/// The time alone of the first of three sizes in a row that a peer does at least a twentieth faster.
fn smallest_gain(times: &[[f64; 4]], peer: usize) -> Option<f64> {
    let gains = |times: &[f64; 4]| times[peer] < times[0] / 1.05;
    times.windows(3).find(|window| window.iter().all(gains)).map(|window| window[0][0])
}

/// Nanoseconds that one thread, ours, rayon and chili need for the loop.
fn speeds(peers: &Peers, items: usize, units: u64, rounds: usize, pause: Option<Duration>) -> [f64; 4] {
    // About three milliseconds in a row, or a few loops from cold.
    let repeats = if pause.is_some() { 5 } else { (150_000 / items).clamp(10, 2000) };
    // Measured on the thread that does the loop, call by call.
    let timed = |run: &mut dyn FnMut()| {
        if pause.is_none() {
            (0..repeats).for_each(|_| run());
        }
        let times = (0..repeats).map(|_| {
            pause.into_iter().for_each(std::thread::sleep);
            nanoseconds(&mut *run)
        });
        median(times.collect())
    };
    let mut samples = [const { Vec::new() }; 4];
    for _ in 0..rounds {
        samples[0].push(timed(&mut || (0..items).for_each(|_| _ = work(units))));
        samples[1].push(peers.ours.enter(|| timed(&mut || loop_ours(&peers.ours, items, units))));
        samples[2].push(peers.rayon.install(|| timed(&mut || loop_rayon(items, units))));
        let mut scope = peers.chili.scope();
        samples[3].push(timed(&mut || loop_chili(&mut scope, items, units)));
    }
    samples.map(median)
}
