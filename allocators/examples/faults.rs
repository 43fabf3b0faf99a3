//! What a buffer of 64 MiB costs until every word of it is written: fresh, or used before.
//!
//!     cargo run --release -p parhelion-allocators --example faults

use std::hint::black_box;
use std::time::Instant;

use parhelion_allocators::{HugePages, Pool};

const WORDS: usize = (64 << 20) / 8;
const ROUNDS: usize = 21;

/// Seconds and page faults of every round.
#[derive(Default)]
struct Samples(Vec<(f64, u64)>);

impl Samples {
    fn measure(&mut self, work: impl FnOnce()) {
        let (faults, start) = (minor_faults(), Instant::now());
        work();
        self.0.push((start.elapsed().as_secs_f64(), minor_faults() - faults));
    }

    fn print(&mut self, name: &str) {
        self.0.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (seconds, faults) = self.0[self.0.len() / 2];
        let (min, max) = (self.0[0].0, self.0[self.0.len() - 1].0);
        let (ms, min, max) = (1e3 * seconds, 1e3 * min, 1e3 * max);
        println!("| {name} | {ms:.2} ({min:.2} to {max:.2}) | {faults} |");
    }
}

fn write(words: &mut [u64]) {
    black_box(words).fill(0x0123_4567_89ab_cdef);
}

fn main() {
    let kinds = [
        ("4 KiB pages", HugePages::Never),
        ("2 MiB advised", HugePages::Advised),
        ("2 MiB explicit", HugePages::Explicit),
    ];
    let pools = kinds.map(|(_, huge_pages)| Pool::builder().huge_pages(huge_pages).build());
    let (mut heap, mut samples) = (Samples::default(), <[[Samples; 4]; 3]>::default());
    // All kinds in each round, so that whatever else the machine does falls on all of them.
    for _ in 0..ROUNDS {
        heap.measure(|| write(&mut vec![0; WORDS]));
        for (pool, [fresh, recycled, zeroed, ended]) in pools.iter().zip(&mut samples) {
            pool.trim();
            let workspace = pool.workspace();
            // Leases cannot fail here: there is no limit, and 64 MiB are little.
            let lease = || workspace.lease::<u64>(WORDS).expect("64 MiB");
            fresh.measure(|| write(&mut lease()));
            recycled.measure(|| write(&mut lease()));
            zeroed.measure(|| write(&mut workspace.lease_zeroed(WORDS).expect("64 MiB")));
            ended.measure(|| {
                drop(workspace);
                write(&mut pool.workspace().lease(WORDS).expect("64 MiB"));
            });
        }
    }
    println!(
        "| 64 MiB, every word written | ms, median of {ROUNDS} (min to max) | page faults |\n|---|---|---|"
    );
    heap.print("`vec!` on the global allocator");
    for ((kind, _), mut samples) in kinds.into_iter().zip(samples) {
        let names =
            ["fresh", "leased again", "leased again, zeroed", "wiped, then leased by another workspace"];
        for (name, samples) in names.into_iter().zip(&mut samples) {
            samples.print(&format!("{kind}: {name}"));
        }
    }
    let refused = pools[2].stats().explicit_refused;
    println!("\nexplicit huge pages refused: {refused} of {ROUNDS}");
}

/// Minor page faults of this process, 0 where the system does not tell.
fn minor_faults() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // After the name, which may have anything in it but ends with the last bracket.
    let fields = stat.rsplit(')').next().unwrap_or_default();
    fields.split_whitespace().nth(7).and_then(|field| field.parse().ok()).unwrap_or(0)
}
