//! The smallest loop that several threads do faster than one.

use std::time::{Duration, Instant};

use super::{CHILI, OURS, Pools, RAYON, loop_alone, loop_chili, loop_ours, loop_rayon, units};
use crate::contest::{Role, Timing};

/// How much faster than one thread is a gain.
const GAIN: f64 = 1.05;
/// Loops of this many items at first, and then of a third more each time.
const FIRST: f64 = 16.0;
const STEPS: i32 = 26;
const ROUNDS: usize = 7;

/// Whether loops follow each other at once, or find a pool that has gone to sleep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// Without a pause.
    BackToBack,
    /// After a millisecond of silence.
    Cold,
}

impl Pace {
    /// In words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BackToBack => "back to back",
            Self::Cold => "after 1 ms of silence",
        }
    }
}

/// The time on one thread, in nanoseconds, of the smallest loop that each pool gains from, ours first: the
/// first of three sizes in a row that are faster than on one thread by a twentieth. A peer that gains from
/// none of the loops is left out. If ours does, it is given the largest loop, of which it needs more.
#[must_use]
pub fn smallest_loops(pools: &Pools, pace: Pace) -> Vec<Timing> {
    let units = units(20.0);
    let sizes = (0..STEPS).map(|step| (FIRST * 1.3f64.powi(step)) as usize);
    let times: Vec<[f64; 4]> = sizes.map(|items| medians(pools, items, units, pace)).collect();
    let largest = times.last().map(|times| times[0]);
    let timing = |(index, (name, role)): (usize, (&str, Role))| {
        let smallest = smallest_gain(&times, index + 1).or(largest.filter(|_| role == Role::Ours))?;
        // The goal is that of rayon's loop: twice as long as ours.
        let goal = (name == RAYON).then_some(2.0);
        Some(Timing { name: name.to_owned(), role, goal, best: smallest, median: smallest })
    };
    let pools = [(OURS, Role::Ours), (RAYON, Role::Peer), (CHILI, Role::Peer)];
    pools.into_iter().enumerate().filter_map(timing).collect()
}

fn smallest_gain(times: &[[f64; 4]], pool: usize) -> Option<f64> {
    let gains = |times: &[f64; 4]| times[pool] < times[0] / GAIN;
    times.windows(3).find(|window| window.iter().all(gains)).map(|window| window[0][0])
}

/// Nanoseconds that one thread, ours, rayon and chili need for a loop, in turn.
fn medians(pools: &Pools, items: usize, units: u64, pace: Pace) -> [f64; 4] {
    let mut samples = [const { Vec::new() }; 4];
    for _ in 0..ROUNDS {
        let timed = |run: &mut dyn FnMut() -> u64| timed(pace, items, run);
        samples[0].push(timed(&mut || loop_alone(items, units)));
        samples[1].push(pools.ours.enter(|| timed(&mut || loop_ours(&pools.ours, items, units))));
        samples[2].push(pools.rayon.install(|| timed(&mut || loop_rayon(items, units))));
        samples[3].push(pools.with_chili(|scope| timed(&mut || loop_chili(scope, 0..items, units))));
    }
    samples.map(median)
}

/// The median call, on the thread that makes it.
fn timed(pace: Pace, items: usize, run: &mut dyn FnMut() -> u64) -> f64 {
    let calls = if pace == Pace::Cold { 5 } else { (100_000 / items).clamp(10, 1000) };
    let times = (0..calls).map(|_| {
        if pace == Pace::Cold {
            std::thread::sleep(Duration::from_millis(1));
        }
        let start = Instant::now();
        std::hint::black_box(run());
        start.elapsed().as_nanos() as f64
    });
    median(times.collect())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gain_has_to_last_for_three_sizes() {
        let row = |alone: f64, pool: f64| [alone, pool, alone, alone];
        let times = [
            row(10.0, 5.0),
            row(20.0, 21.0),
            row(30.0, 20.0),
            row(40.0, 30.0),
            row(50.0, 47.0),
            row(60.0, 1.0),
        ];
        assert_eq!(smallest_gain(&times, 1), Some(30.0));
        assert_eq!(smallest_gain(&times[..4], 1), None);
        assert_eq!(smallest_gain(&times, 2), None);
    }
}
