//! What `bench` prints: one JSON object or a table.

use serde::Serialize;

use super::child::{Comparison, Measured, PoolUse, ProofCost};
use parhelion_cli::stock::Sections;

use crate::args::BenchArgs;
use crate::ui;

/// The JSON object. The fields up to `same_bytes` are the contract; the rest is extra.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    circuit: String,
    k: u32,
    threads: usize,
    kernels: String,
    /// Bytes that were allowed for tables of multiples of the SRS's points, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    tables: Option<u64>,
    runs: u32,
    /// First proofs of the stock prover.
    stock: Costs,
    /// First proofs of the engine.
    parhelion: Costs,
    /// Median seconds, stock / ours.
    speedup: f64,
    /// Median peak bytes, ours / stock.
    memory_ratio: Option<f64>,
    /// Whether ours, given the stock prover's private draws, writes its bytes; `null` with `--quick`.
    same_bytes: Option<bool>,
    multi_open: String,
    seed: u64,
    allocator: &'static str,
    proof_bytes: usize,
    /// BLAKE3 of our first proof; `null` if not all children made the same.
    proof_digest: Option<String>,
    /// First byte that differs, if one does.
    first_difference: Option<usize>,
    /// Whether every peak is that of the proof alone, not of what came before it.
    peak_reset: bool,
    warm: Warm,
    outside: Outside,
    /// Loading, building and all proofs of a child.
    process: Process,
    /// What the engine's pool did, and what was expected.
    pool: Option<PoolUse>,
}

/// Costs of proofs of one kind.
#[derive(Debug, Serialize)]
struct Costs {
    seconds: Spread,
    /// Median seconds of the parts of a proof.
    sections: Sections,
    /// Medians; `null` where the system does not tell.
    peak_bytes: Option<u64>,
    /// Before the proof.
    base_bytes: Option<u64>,
    minor_faults: Option<u64>,
    allocations: u64,
    /// CPU time of all threads.
    user_seconds: Option<f64>,
    system_seconds: Option<f64>,
    /// The kernel's part of the CPU time.
    system_share: Option<f64>,
}

#[derive(Debug, Serialize)]
pub(super) struct Spread {
    pub(super) median: f64,
    pub(super) min: f64,
    pub(super) max: f64,
}

/// The same for second proofs in the same process.
#[derive(Debug, Serialize)]
struct Warm {
    stock: Costs,
    parhelion: Costs,
    speedup: f64,
    memory_ratio: Option<f64>,
}

/// Median seconds of what is not part of a proof. Ours loads its key in compact form.
#[derive(Debug, Serialize)]
struct Outside {
    stock_load: f64,
    load: f64,
    build: f64,
    verify: f64,
}

/// Median high-water marks of resident memory, from the beginning of a child process.
#[derive(Debug, Serialize)]
struct Process {
    /// While SRS and keys were loaded.
    stock_load_peak_bytes: Option<u64>,
    load_peak_bytes: Option<u64>,
    /// Not a peak: what is resident after loading.
    stock_loaded_bytes: Option<u64>,
    loaded_bytes: Option<u64>,
    /// To the end of the last.
    stock_peak_bytes: Option<u64>,
    peak_bytes: Option<u64>,
    /// Ours / stock.
    memory_ratio: Option<f64>,
}

impl Process {
    fn of(stock: &[Measured], ours: &[Measured]) -> Self {
        let load = |runs: &[Measured]| known(runs.iter().map(|run| run.load_peak_bytes));
        let loaded = |runs: &[Measured]| known(runs.iter().map(|run| run.loaded_bytes));
        let peak = |run: &Measured| {
            run.proofs
                .iter()
                .map(|proof| proof.peak_bytes)
                .fold(run.start_peak_bytes, |a, b| Some(a?.max(b?)))
        };
        let peaks = [stock, ours].map(|runs| known(runs.iter().map(peak)));
        let [stock_peak_bytes, peak_bytes] = peaks;
        let memory_ratio = peak_bytes.zip(stock_peak_bytes).map(|(ours, stock)| ours as f64 / stock as f64);
        Self {
            stock_load_peak_bytes: load(stock),
            load_peak_bytes: load(ours),
            stock_loaded_bytes: loaded(stock),
            loaded_bytes: loaded(ours),
            stock_peak_bytes,
            peak_bytes,
            memory_ratio,
        }
    }
}

impl Report {
    #[allow(clippy::too_many_arguments, reason = "called once; a struct for it would be this one again")]
    pub(super) fn new(
        args: &BenchArgs,
        circuit: &str,
        k: u32,
        threads: usize,
        kernels: &str,
        stock: &[Measured],
        ours: &[Measured],
        comparison: Option<Comparison>,
    ) -> Self {
        let costs =
            |runs: &[Measured], proof: usize| Costs::of(runs.iter().filter_map(|run| run.proofs.get(proof)));
        let cold = (costs(stock, 0), costs(ours, 0));
        let warm = (costs(stock, 1), costs(ours, 1));
        let of = |runs: &[Measured], field: fn(&Measured) -> f64| median(runs.iter().map(field).collect());
        Self {
            circuit: circuit.to_owned(),
            k,
            threads,
            kernels: kernels.to_owned(),
            tables: args.tables.map(|size| size.as_u64()),
            runs: args.runs,
            speedup: cold.0.speedup(&cold.1),
            memory_ratio: cold.0.memory_ratio(&cold.1),
            stock: cold.0,
            parhelion: cold.1,
            same_bytes: comparison.as_ref().map(|comparison| comparison.same_bytes),
            multi_open: args.circuit.multi_open.to_string(),
            seed: args.circuit.seed,
            allocator: crate::ALLOCATOR.name(),
            proof_bytes: ours.first().map_or(0, |run| run.proof_bytes),
            proof_digest: same_digest(ours),
            first_difference: comparison.and_then(|comparison| comparison.first_difference),
            peak_reset: stock.iter().chain(ours).flat_map(|run| &run.proofs).all(|proof| proof.peak_reset),
            warm: Warm {
                speedup: warm.0.speedup(&warm.1),
                memory_ratio: warm.0.memory_ratio(&warm.1),
                stock: warm.0,
                parhelion: warm.1,
            },
            outside: Outside {
                stock_load: of(stock, |run| run.load_seconds),
                load: of(ours, |run| run.load_seconds),
                build: of(ours, |run| run.build_seconds),
                verify: of(ours, |run| run.verify_seconds),
            },
            process: Process::of(stock, ours),
            pool: ours.first().and_then(|run| run.pool),
        }
    }

    pub(super) fn print(&self) {
        let Self { circuit, k, threads, kernels, runs, multi_open, allocator, .. } = self;
        ui::say(&format!(
            "{circuit}, k = {k}, {threads} threads, {kernels} kernels, {multi_open}, {allocator} allocator, {runs} runs"
        ));
        ui::say(&format!(
            "{:<6} {:<10} {:>9} {:>9} {:>9} {:>12} {:>12} {:>12} {:>7}",
            "proof", "prover", "median s", "min s", "max s", "peak", "minor faults", "allocations", "system"
        ));
        for (proof, stock, ours) in
            [("cold", &self.stock, &self.parhelion), ("warm", &self.warm.stock, &self.warm.parhelion)]
        {
            ui::say(&stock.row(proof, "stock"));
            ui::say(&ours.row(proof, "parhelion"));
        }
        for (name, part) in Sections::PARTS {
            let (stock, ours) = (part(&self.stock.sections), part(&self.parhelion.sections));
            ui::say(&format!(
                "{name:<9} stock {stock:>8.3} s, parhelion {ours:>8.3} s, {:.1}x",
                stock / ours
            ));
        }
        let ratio =
            |ratio: Option<f64>| ratio.map_or_else(|| "unknown".to_owned(), |ratio| format!("{ratio:.2}"));
        ui::say(&format!(
            "speedup {:.2} (warm {:.2}), stock / ours; memory ratio {} (warm {}), ours / stock",
            self.speedup,
            self.warm.speedup,
            ratio(self.memory_ratio),
            ratio(self.warm.memory_ratio)
        ));
        let bytes = match (self.same_bytes, self.first_difference) {
            (None, _) => "bytes not compared with the stock prover's".to_owned(),
            (_, None) => "the same bytes as the stock prover".to_owned(),
            (_, Some(at)) => format!("OTHER BYTES than the stock prover, from byte {at} on"),
        };
        ui::say(&format!("{bytes} ({} bytes, all proofs verified by the stock verifier)", self.proof_bytes));
        let Outside { stock_load, load, build, verify } = self.outside;
        ui::say(&format!(
            "outside the proof: load {load:.3} s (stock {stock_load:.3}), build {build:.3} s, verify {verify:.3} s"
        ));
        let peak = |bytes: Option<u64>| bytes.map_or_else(|| "unknown".to_owned(), ui::bytes);
        let process = &self.process;
        ui::say(&format!(
            "whole process: peak {} (stock {}), memory ratio {}; while loading {} (stock {}), after it {} (stock {})",
            peak(process.peak_bytes),
            peak(process.stock_peak_bytes),
            ratio(process.memory_ratio),
            peak(process.load_peak_bytes),
            peak(process.stock_load_peak_bytes),
            peak(process.loaded_bytes),
            peak(process.stock_loaded_bytes),
        ));
        if !self.peak_reset {
            ui::say(
                "peaks include what was resident before the proof: the system does not let them be reset",
            );
        }
    }
}

impl Spread {
    pub(super) fn of(seconds: Vec<f64>) -> Self {
        Self {
            min: seconds.iter().copied().fold(f64::INFINITY, f64::min),
            max: seconds.iter().copied().fold(0.0, f64::max),
            median: median(seconds),
        }
    }
}

impl Costs {
    fn of<'a>(proofs: impl Iterator<Item = &'a ProofCost> + Clone) -> Self {
        let seconds: Vec<f64> = proofs.clone().map(|proof| proof.seconds).collect();
        let known = |field: fn(&ProofCost) -> Option<u64>| known(proofs.clone().map(field));
        let seconds_of = |field: fn(&ProofCost) -> Option<f64>| {
            proofs.clone().map(field).collect::<Option<Vec<f64>>>().map(median)
        };
        let user_seconds = seconds_of(|proof| proof.user_seconds);
        let system_seconds = seconds_of(|proof| proof.system_seconds);
        let section =
            |part: fn(&Sections) -> f64| median(proofs.clone().map(|proof| part(&proof.sections)).collect());
        Self {
            peak_bytes: known(|proof| proof.peak_bytes),
            base_bytes: known(|proof| proof.base_bytes),
            minor_faults: known(|proof| proof.minor_faults),
            allocations: known(|proof| Some(proof.allocations)).unwrap_or_default(),
            sections: Sections {
                witness: section(|sections| sections.witness),
                lookup: section(|sections| sections.lookup),
                products: section(|sections| sections.products),
                quotient: section(|sections| sections.quotient),
                opening: section(|sections| sections.opening),
            },
            user_seconds,
            system_seconds,
            system_share: user_seconds.zip(system_seconds).map(|(user, system)| system / (user + system)),
            seconds: Spread::of(seconds),
        }
    }

    fn speedup(&self, ours: &Self) -> f64 {
        self.seconds.median / ours.seconds.median
    }

    fn memory_ratio(&self, ours: &Self) -> Option<f64> {
        Some(ours.peak_bytes? as f64 / self.peak_bytes? as f64)
    }

    fn row(&self, proof: &str, prover: &str) -> String {
        let count =
            |count: Option<u64>| count.map_or_else(|| "unknown".to_owned(), |count| count.to_string());
        format!(
            "{proof:<6} {prover:<10} {:>9.3} {:>9.3} {:>9.3} {:>12} {:>12} {:>12} {:>7}",
            self.seconds.median,
            self.seconds.min,
            self.seconds.max,
            self.peak_bytes.map_or_else(|| "unknown".to_owned(), ui::bytes),
            count(self.minor_faults),
            self.allocations,
            self.system_share.map_or_else(|| "unknown".to_owned(), |share| format!("{:.1}%", 100.0 * share))
        )
    }
}

/// The digest that all have.
fn same_digest(runs: &[Measured]) -> Option<String> {
    let first = runs.first()?;
    runs.iter().all(|run| run.digest == first.digest).then(|| first.digest.clone())
}

/// The median of counts that are all known.
fn known(counts: impl Iterator<Item = Option<u64>>) -> Option<u64> {
    let counts: Option<Vec<f64>> = counts.map(|count| count.map(|count| count as f64)).collect();
    counts.map(|counts| median(counts) as u64)
}

/// The middle value, or the mean of the two in the middle.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match (values.len() / 2, values.len() % 2) {
        (0, 0) => 0.0,
        (middle, 0) => (values[middle - 1] + values[middle]) / 2.0,
        (middle, _) => values[middle],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(median(vec![]), 0.0);
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 3.0, 2.0]), 2.5);
    }
}
