//! Random fork-join programs, each on pools of several sizes at once.
//!
//! `PARHELION_STRESS_SECONDS` sets how long (default 2). `ci/thread-sanitizer.sh` runs this for longer.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parhelion_scheduler::{Grain, WorkStealing};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// What a program does in one node; drawn from the seed, so that every run of it is the same.
fn program(pools: &[WorkStealing], seed: u64, depth: u32) -> u64 {
    let mut rng = StdRng::seed_from_u64(seed);
    if depth == 0 {
        (0..rng.gen_range(0..200)).for_each(|_| std::hint::spin_loop());
        return seed.rotate_left(9);
    }
    let pool = &pools[0];
    let mut child = || (rng.r#gen::<u64>(), rng.gen_range(0..depth));
    let (a, b) = (child(), child());
    let run = |(seed, depth): (u64, u32)| program(pools, seed, depth);
    match seed % 16 {
        // Most nodes are joins, of most kinds of balance.
        0..=8 => {
            let (x, y) = pool.join(|| run(a), || run(b));
            x.wrapping_mul(3).wrapping_add(y)
        }
        9..=10 => {
            let sum = AtomicU64::new(0);
            pool.scope(|scope| {
                for i in 0..seed % 7 {
                    let sum = &sum;
                    scope.spawn(move |scope| {
                        sum.fetch_add(run((a.0 ^ i, a.1)), Ordering::Relaxed);
                        scope.spawn(move |_| _ = sum.fetch_add(run((b.0 ^ i, b.1)), Ordering::Relaxed));
                    });
                }
            });
            sum.into_inner()
        }
        11..=12 => {
            let grain = if seed & 32 == 0 { Grain::Measured } else { Grain::Items(1 + (seed % 5) as usize) };
            let map = |range: std::ops::Range<usize>| {
                range.map(|i| run((a.0 ^ i as u64, a.1.min(1)))).fold(0, u64::wrapping_add)
            };
            pool.map_reduce((seed % 40) as usize, grain, map, u64::wrapping_add).unwrap_or(1)
        }
        // On to the next pool and back.
        13 if pools.len() > 1 => pools[1].enter(|| program(&pools[1..], a.0, a.1)),
        14 => {
            let caught = catch_unwind(AssertUnwindSafe(|| {
                pool.join(|| run(a), || -> u64 { resume_unwind(Box::new(seed)) })
            }));
            *caught.expect_err("the panic goes on").downcast::<u64>().expect("the seed")
        }
        _ => pool
            .submit({
                let pools = pools.to_vec();
                move || program(&pools, a.0, a.1.min(2))
            })
            .wait()
            .expect("no panic"),
    }
}

#[test]
fn random_programs_give_the_same_on_any_number_of_threads() {
    let seconds =
        std::env::var("PARHELION_STRESS_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(2);
    let builder = || WorkStealing::builder().spin(Duration::from_micros(20));
    let pools = |sizes: &[usize]| -> Vec<WorkStealing> {
        sizes.iter().map(|&threads| builder().threads(threads).build().expect("a pool")).collect()
    };
    let single = pools(&[1, 1]);
    let sets = [pools(&[2, 2]), pools(&[4, 1]), pools(&[1, 3])];
    let started = Instant::now();
    let mut programs = 0u64;
    while started.elapsed() < Duration::from_secs(seconds) {
        let seed = (0x5eed + programs).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let expected = single[0].enter(|| program(&single, seed, 14));
        std::thread::scope(|scope| {
            for set in &sets {
                scope.spawn(move || {
                    let got = program(set, seed, 14);
                    assert_eq!(got, expected, "program {seed:#x} on {set:?}");
                });
            }
        });
        programs += 1;
    }
    assert!(programs > 0);
    println!("{programs} programs");
}
