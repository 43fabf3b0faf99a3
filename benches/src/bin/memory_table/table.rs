//! Records as tables.

use crate::record::{Costs, Limits, Report};

pub(crate) fn mib(bytes: u64) -> String {
    format!("{:.0}", bytes as f64 / f64::from(1 << 20))
}

/// Every allocator's rows, of the stock prover and of the engine, cold and warm.
pub(crate) fn matrix(reports: &[&Report]) -> String {
    let Report { threads, kernels, runs, .. } = reports[0];
    let mut text = format!(
        "Threads: {threads}, {kernels} kernels, runs: {runs}. Peaks in MiB, keys, SRS and circuit included.\n\n\
         | allocator | prover | proof | seconds | peak | page faults | allocations | system time |\n\
         |---|---|---|---|---|---|---|---|\n"
    );
    for report in reports {
        let rows = [
            ("stock", "cold", &report.stock),
            ("stock", "warm", &report.warm.stock),
            ("Parhelion", "cold", &report.parhelion),
            ("Parhelion", "warm", &report.warm.parhelion),
        ];
        for (prover, proof, costs) in rows {
            text += &row(&report.allocator, prover, proof, costs);
        }
    }
    text += "\nBeside the stock prover with the same allocator, and the whole process from its beginning:\n\n\
             | allocator | speed-up, cold | warm | peak, cold | warm | process: load | peak | stock: load | peak | ratio |\n\
             |---|---|---|---|---|---|---|---|---|---|\n";
    for report in reports {
        let speed = |stock: &Costs, ours: &Costs| stock.seconds.median / ours.seconds.median;
        let memory = |stock: &Costs, ours: &Costs| ours.peak_bytes as f64 / stock.peak_bytes as f64;
        let (stock, ours) = (&report.warm.stock, &report.warm.parhelion);
        let process = &report.process;
        text += &format!(
            "| {} | {:.2}x | {:.2}x | {:.2} | {:.2} | {} | {} | {} | {} | {:.2} |\n",
            report.allocator,
            speed(&report.stock, &report.parhelion),
            speed(stock, ours),
            memory(&report.stock, &report.parhelion),
            memory(stock, ours),
            mib(process.load_peak_bytes),
            mib(process.peak_bytes),
            mib(process.stock_load_peak_bytes),
            mib(process.stock_peak_bytes),
            process.peak_bytes as f64 / process.stock_peak_bytes as f64,
        );
    }
    text
}

fn row(allocator: &str, prover: &str, proof: &str, costs: &Costs) -> String {
    format!(
        "| {allocator} | {prover} | {proof} | {:.2} | {} | {} | {} | {:.1}% |\n",
        costs.seconds.median,
        mib(costs.peak_bytes),
        costs.minor_faults,
        costs.allocations,
        100.0 * costs.system_share
    )
}

/// A row for each limit.
pub(crate) fn limits(limits: &Limits) -> String {
    let Limits { threads, kernels, runs, allocator, stock_peak_bytes, stock_seconds, points, .. } = limits;
    let mut text = format!(
        "Threads: {threads}, {kernels} kernels, {allocator} allocator, runs: {runs}. The stock prover: {stock_seconds:.2} s, \
         peak {} MiB.\nA limit is for what a proof takes; peaks have keys, SRS and circuit in them. All in MiB.\n\n\
         | limit | cold, seconds | warm | slower | peak | of stock | before the proof | of the pool |\n\
         |---|---|---|---|---|---|---|---|\n",
        mib(*stock_peak_bytes)
    );
    let free = points.first().map_or(f64::NAN, |point| point.seconds.median);
    let bytes = |bytes: Option<u64>| bytes.map_or_else(String::new, mib);
    for point in points {
        let limit = point.limit.map_or_else(|| "none".to_owned(), mib);
        if let Some(error) = &point.error {
            text += &format!("| {limit} | after {:.2} s: {error} | | | | | | |\n", point.seconds.median);
            continue;
        }
        text += &format!(
            "| {limit} | {:.2} | {:.2} | {:.2}x | {} | {:.2} | {} | {} |\n",
            point.seconds.median,
            point.warm_seconds.as_ref().map_or(f64::NAN, |seconds| seconds.median),
            point.seconds.median / free,
            bytes(point.peak_bytes),
            point.peak_bytes.unwrap_or(0) as f64 / *stock_peak_bytes as f64,
            bytes(point.base_bytes),
            bytes(point.mapped_bytes),
        );
    }
    text
}
