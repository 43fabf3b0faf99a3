//! Four proofs on four threads, under a limit that fits two.
//!
//!     cargo run --release -p parhelion-allocators --example limit

use std::time::{Duration, Instant};

use parhelion_allocators::{Error, MemoryLimit, Pool};

const MIB: usize = 1 << 20;

/// Reserves its peak before it begins, so that it never stops half way.
fn prove(pool: &Pool, estimate: usize) -> Result<usize, Error> {
    let reservation = pool.limit().reserve_timeout(estimate, Duration::from_secs(60))?;
    let workspace = pool.workspace_in(reservation)?;
    let columns = (0..40).map(|_| workspace.lease_zeroed::<u8>(MIB)).collect::<Result<Vec<_>, _>>()?;
    std::thread::sleep(Duration::from_millis(100));
    drop(columns);
    Ok(workspace.reservation().peak())
}

fn main() -> Result<(), Error> {
    let pool = Pool::builder().limit(MemoryLimit::new(100 * MIB)).build();
    let start = Instant::now();
    std::thread::scope(|scope| {
        for proof in 1..=4 {
            let pool = &pool;
            scope.spawn(move || match prove(pool, 45 * MIB) {
                Ok(peak) => println!("{:?}: proof {proof} used {} MiB", start.elapsed(), peak / MIB),
                Err(error) => println!("proof {proof}: {error}"),
            });
        }
    });
    if let Err(error) = prove(&pool, 200 * MIB) {
        println!("{:?}: {error}", start.elapsed());
    }
    println!("{:?}", pool.limit());
    Ok(())
}
