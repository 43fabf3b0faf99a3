//! Time against memory limit.

use parhelion::Estimate;
use serde::Serialize;

use super::child::{Measured, Outcome, Refused};
use super::measure;
use super::report::{Spread, median};
use crate::args::{BenchArgs, Common, Side};
use crate::error::CommandError;
use crate::ui;

/// What `--json` prints. Times are those of first proofs.
#[derive(Debug, Serialize)]
struct Report {
    circuit: String,
    k: u32,
    threads: usize,
    kernels: String,
    runs: u32,
    allocator: &'static str,
    /// The stock prover, in one child process.
    stock_peak_bytes: Option<u64>,
    stock_seconds: f64,
    /// Whether all proofs have the same bytes.
    same_bytes: bool,
    points: Vec<Point>,
}

#[derive(Debug, Serialize)]
struct Point {
    /// `null` stands for no limit.
    limit: Option<u64>,
    /// Why there is no proof.
    error: Option<String>,
    /// If there is none, how long it took to say so.
    seconds: Spread,
    warm_seconds: Option<Spread>,
    peak_bytes: Option<u64>,
    base_bytes: Option<u64>,
    /// The most that was mapped by the pool.
    mapped_bytes: Option<u64>,
}

/// Proves under `steps` limits and without one, and is refused under one more.
pub(super) fn run(
    common: &Common,
    args: &BenchArgs,
    circuit: &str,
    k: u32,
    kernels: &str,
    estimate: Estimate,
    steps: u32,
) -> Result<(), CommandError> {
    let limits = std::iter::once(None).chain(spaced(estimate, steps).chain(too_small(estimate)).map(Some));
    let limits: Vec<Option<u64>> = limits.collect();
    let Outcome::Measured(stock) = measure(common, args, k, Side::Stock, None)? else {
        let reason = "it has no memory limit to refuse a proof for".to_owned();
        return Err(CommandError::Child { side: "stock".to_owned(), reason });
    };
    let mut outcomes: Vec<Vec<Outcome>> = limits.iter().map(|_| Vec::new()).collect();
    // In turn, so that a slow hour of the machine is everyone's.
    for _ in 0..args.runs {
        for (limit, outcomes) in limits.iter().zip(&mut outcomes) {
            outcomes.push(measure(common, args, k, Side::Parhelion, *limit)?);
        }
    }
    let mut digests = outcomes.iter().flatten().filter_map(|outcome| match outcome {
        Outcome::Measured(measured) => Some(&measured.digest),
        Outcome::Refused(_) => None,
    });
    let first = digests.next();
    let report = Report {
        same_bytes: digests.all(|digest| Some(digest) == first),
        circuit: circuit.to_owned(),
        k,
        threads: common.threads(),
        kernels: kernels.to_owned(),
        runs: args.runs,
        allocator: crate::ALLOCATOR.name(),
        stock_peak_bytes: stock.proofs.first().and_then(|proof| proof.peak_bytes),
        stock_seconds: stock.proofs.first().map_or(0.0, |proof| proof.seconds),
        points: limits.iter().zip(&outcomes).map(|(limit, outcomes)| Point::of(*limit, outcomes)).collect(),
    };
    if common.json {
        ui::say_json(&report);
    } else {
        report.print();
    }
    Ok(())
}

/// Limits from what a proof takes without one to the smallest that there may be, both included.
fn spaced(estimate: Estimate, steps: u32) -> impl Iterator<Item = u64> {
    let least = estimate.smallest.unwrap_or(estimate.at_least) as u64;
    let most = estimate.expected.unwrap_or(estimate.at_most) as u64;
    let intervals = u64::from(steps.max(2) - 1);
    (0..u64::from(steps)).rev().map(move |step| least + (most - least) * step / intervals)
}

/// A limit that no proof keeps to, a twentieth below the smallest.
fn too_small(estimate: Estimate) -> Option<u64> {
    estimate.smallest.map(|bytes| (bytes - bytes / 20) as u64)
}

impl Point {
    fn of(limit: Option<u64>, outcomes: &[Outcome]) -> Self {
        let measured: Vec<&Measured> = outcomes
            .iter()
            .filter_map(|outcome| match outcome {
                Outcome::Measured(measured) => Some(&**measured),
                Outcome::Refused(_) => None,
            })
            .collect();
        let refused = outcomes.iter().find_map(|outcome| match outcome {
            Outcome::Measured(_) => None,
            Outcome::Refused(Refused { refused, seconds }) => Some((refused.clone(), *seconds)),
        });
        let proofs = |number: usize| measured.iter().filter_map(move |measured| measured.proofs.get(number));
        let known = |values: Option<Vec<f64>>| values.map(|values| median(values) as u64);
        let cold: Vec<_> = proofs(0).collect();
        let bytes = |bytes: Option<u64>| bytes.map(|bytes| bytes as f64);
        if let Some((error, seconds)) = refused {
            let (seconds, error) = (Spread::of(vec![seconds]), Some(error));
            let (warm_seconds, peak_bytes, base_bytes, mapped_bytes) = (None, None, None, None);
            return Self { limit, error, seconds, warm_seconds, peak_bytes, base_bytes, mapped_bytes };
        }
        Self {
            limit,
            error: None,
            seconds: Spread::of(cold.iter().map(|proof| proof.seconds).collect()),
            warm_seconds: Some(Spread::of(proofs(1).map(|proof| proof.seconds).collect())),
            peak_bytes: known(cold.iter().map(|proof| bytes(proof.peak_bytes)).collect()),
            base_bytes: known(cold.iter().map(|proof| bytes(proof.base_bytes)).collect()),
            mapped_bytes: known(measured.iter().map(|m| Some(m.pool?.peak_mapped as f64)).collect()),
        }
    }
}

impl Report {
    fn print(&self) {
        let Self { circuit, k, threads, kernels, runs, allocator, .. } = self;
        ui::say(&format!(
            "{circuit}, k = {k}, {threads} threads, {kernels} kernels, {allocator} allocator, {runs} runs"
        ));
        let bytes = |count: Option<u64>| count.map_or_else(|| "unknown".to_owned(), ui::bytes);
        ui::say(&format!("stock prover: {:.3} s, peak {}", self.stock_seconds, bytes(self.stock_peak_bytes)));
        ui::say(&format!(
            "{:>12} {:>9} {:>9} {:>12} {:>12} {:>9} {:>9}",
            "limit", "cold s", "warm s", "peak", "of the pool", "of stock", "slower"
        ));
        let free = self.points.first().map_or(f64::NAN, |point| point.seconds.median);
        for point in &self.points {
            let limit = point.limit.map_or_else(|| "none".to_owned(), ui::bytes);
            if let Some(error) = &point.error {
                ui::say(&format!("{limit:>12} after {:.3} s: {error}", point.seconds.median));
                continue;
            }
            let warm = point.warm_seconds.as_ref().map_or(f64::NAN, |seconds| seconds.median);
            let share = point.peak_bytes.zip(self.stock_peak_bytes);
            let share = share.map_or(f64::NAN, |(ours, stock)| ours as f64 / stock as f64);
            ui::say(&format!(
                "{limit:>12} {:>9.3} {warm:>9.3} {:>12} {:>12} {share:>9.2} {:>8.2}x",
                point.seconds.median,
                bytes(point.peak_bytes),
                bytes(point.mapped_bytes),
                point.seconds.median / free
            ));
        }
        if !self.same_bytes {
            ui::say("OTHER BYTES under one limit than under another");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_evenly_spaced() {
        let bounds = Estimate {
            at_least: 90,
            sufficient: 300,
            at_most: 500,
            expected: None,
            smallest: None,
            scratch: 10,
        };
        let estimate = Estimate { expected: Some(400), smallest: Some(100), ..bounds };
        assert_eq!(spaced(estimate, 4).collect::<Vec<_>>(), [400, 300, 200, 100]);
        assert_eq!(spaced(estimate, 1).collect::<Vec<_>>(), [100]);
        assert_eq!(too_small(estimate), Some(95));
        assert_eq!(spaced(bounds, 2).collect::<Vec<_>>(), [500, 90]);
    }
}
