//! Buffers that several proofs use, one after the other.
//!
//!     cargo run --release -p parhelion-allocators --example pool

use parhelion_allocators::{Error, Pool};

fn main() -> Result<(), Error> {
    let pool = Pool::builder().retain(256 << 20).build();
    for proof in 1..=3 {
        // One workspace for a proof: what it wrote goes when it ends, the pages stay.
        let workspace = pool.workspace();
        let columns = (0..16)
            .map(|_| workspace.lease_zeroed::<[u64; 4]>(1 << 15))
            .collect::<Result<Vec<_>, Error>>()?;
        // Leases go to other threads, and come back on drop, wherever that is.
        std::thread::scope(|scope| {
            for mut column in columns {
                scope.spawn(move || column.fill([1, 2, 3, 4]));
            }
        });
        // Many small values are better off in an arena.
        let arena = workspace.arena()?;
        let cells: Vec<&u64> =
            (0..1000).map(|cell| arena.try_alloc(cell).map(|c| &*c)).collect::<Result<_, Error>>()?;
        assert_eq!(*cells[999], 999);
        println!("proof {proof}: {:?}", pool.stats());
    }
    println!("given back: {} bytes", pool.trim());
    Ok(())
}
