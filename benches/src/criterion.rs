//! Contests as criterion benchmarks.

use criterion::{Criterion, Throughput};

use crate::Result;
use crate::contest::Contest;
use crate::setup;

/// Runs contests as criterion benchmarks named `group/contest/contestant`. Every contest is prepared, and so
/// checked, whatever the filter of the command line lets through.
///
/// # Errors
/// If the threads cannot be set up or a contest cannot be prepared.
pub fn run(contests: fn() -> Vec<Contest>) -> Result<()> {
    setup::run(|| run_here(contests()))
}

/// The same on the calling thread, for contests that bring threads of their own.
///
/// # Errors
/// If a contest cannot be prepared.
pub fn run_here(contests: Vec<Contest>) -> Result<()> {
    let mut criterion = Criterion::default().sample_size(10).configure_from_args();
    for contest in contests {
        let mut group = criterion.benchmark_group(contest.group);
        group.throughput(Throughput::Elements(contest.items as u64));
        for mut contestant in contest.prepare()? {
            let name = format!("{}/{}", contest.name, contestant.name);
            group.bench_function(name, |bencher| bencher.iter(|| contestant.run()));
        }
        group.finish();
    }
    criterion.final_summary();
    Ok(())
}
