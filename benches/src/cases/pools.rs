//! Joins, loops and trees on thread pools.

use std::hint::black_box;

use parhelion_scheduler::WorkStealing;
use rayon::prelude::*;

use crate::Result;
use crate::contest::{Contest, Contestant, Role};
use crate::pools::{CHILI, OURS, Pools, RAYON, units, work};

/// What a join of rayon's should cost at least, as a multiple of ours.
const JOIN: f64 = 2.0;

/// A contestant whose result is a number.
fn number(name: &str, role: Role, run: impl FnMut() -> u64 + 'static) -> Contestant {
    Contestant::value(name, role, run, |sum| sum.to_le_bytes().to_vec())
}

/// Ours, rayon's and chili's way to a number, each run from within its pool.
fn pools(
    pools: &Pools,
    ours: impl Fn(&WorkStealing) -> u64 + Send + Sync + 'static,
    rayon: impl Fn() -> u64 + Send + Sync + 'static,
    chili: impl Fn(&mut chili::Scope<'_>) -> u64 + 'static,
) -> Vec<Contestant> {
    let [a, b, c] = [(); 3].map(|()| pools.clone());
    vec![
        number(OURS, Role::Ours, move || a.ours.enter(|| ours(&a.ours))),
        number(RAYON, Role::Peer, move || b.rayon.install(&rayon)),
        number(CHILI, Role::Peer, move || c.with_chili(&chili)),
    ]
}

/// Goals for rayon alone.
fn with_goal(mut contestants: Vec<Contestant>, goal: f64) -> Vec<Contestant> {
    for contestant in contestants.iter_mut().filter(|contestant| contestant.name == RAYON) {
        contestant.goal = Some(goal);
    }
    contestants
}

const JOINS: usize = 10_000;

/// Joins on a pool of one thread: what they cost when there is nobody to help.
fn empty_joins() -> Result<Vec<Contestant>> {
    let step = |(a, b): (usize, usize)| a.wrapping_add(b) as u64;
    let all = pools(
        &Pools::new(1)?,
        move |pool| (0..JOINS).map(|i| step(pool.join(|| black_box(i), || black_box(i)))).sum(),
        move || (0..JOINS).map(|i| step(rayon::join(|| black_box(i), || black_box(i)))).sum(),
        move |scope| (0..JOINS).map(|i| step(scope.join(|_| black_box(i), |_| black_box(i)))).sum(),
    );
    Ok(with_goal(all, JOIN))
}

/// Pairs of tasks of some length.
fn pairs(threads: usize, count: u64, nanoseconds: f64) -> Result<Vec<Contestant>> {
    let units = units(nanoseconds);
    let step = |(a, b): (u64, u64)| a.wrapping_add(b);
    let add = u64::wrapping_add;
    let mut all = pools(
        &Pools::new(threads)?,
        move |pool| (0..count).map(|i| step(pool.join(|| work(i, units), || work(!i, units)))).fold(0, add),
        move || (0..count).map(|i| step(rayon::join(|| work(i, units), || work(!i, units)))).fold(0, add),
        move |scope| {
            (0..count).map(|i| step(scope.join(|_| work(i, units), |_| work(!i, units)))).fold(0, add)
        },
    );
    all.push(number("no pool", Role::Yardstick, move || {
        (0..count).map(|i| step((work(i, units), work(!i, units)))).fold(0, add)
    }));
    Ok(all)
}

/// Chunks of a slice, each of them one task of some length.
fn chunks(threads: usize, count: usize, nanoseconds: f64) -> Result<Vec<Contestant>> {
    const CHUNK: usize = 8;
    let units = units(nanoseconds);
    let task = move |index: usize, chunk: &mut [u64]| chunk[0] = work(index as u64, units);
    let sum = |data: &[u64]| data.iter().copied().fold(0, u64::wrapping_add);
    let pools = Pools::new(threads)?;
    let [a, b, c] = [(); 3].map(|()| pools.clone());
    let data = move || vec![0u64; CHUNK * count];
    let (mut for_ours, mut for_rayon, mut for_chili, mut for_none) = (data(), data(), data(), data());
    Ok(vec![
        number(OURS, Role::Ours, move || {
            a.ours.enter(|| a.ours.for_each_chunk_mut(&mut for_ours, CHUNK, task));
            sum(&for_ours)
        }),
        number(RAYON, Role::Peer, move || {
            let chunks = || for_rayon.par_chunks_mut(CHUNK).enumerate().for_each(|(i, chunk)| task(i, chunk));
            b.rayon.install(chunks);
            sum(&for_rayon)
        }),
        number(CHILI, Role::Peer, move || {
            c.with_chili(|scope| halve(scope, 0, &mut for_chili, CHUNK, &task));
            sum(&for_chili)
        }),
        number("no pool", Role::Yardstick, move || {
            for_none.chunks_mut(CHUNK).enumerate().for_each(|(i, chunk)| task(i, chunk));
            sum(&for_none)
        }),
    ])
}

/// Chunks by chili: halves down to single ones, of which `data` begins with number `first`.
fn halve(
    scope: &mut chili::Scope<'_>,
    first: usize,
    data: &mut [u64],
    chunk: usize,
    task: &(impl Fn(usize, &mut [u64]) + Sync),
) {
    let count = data.len() / chunk;
    if count <= 1 {
        return task(first, data);
    }
    let (left, right) = data.split_at_mut(count / 2 * chunk);
    scope.join(
        |scope| halve(scope, first, left, chunk, task),
        |scope| halve(scope, first + count / 2, right, chunk, task),
    );
}

/// A tree of `leaves` leaves, of which `left` of 16 parts are on the left at every node.
fn trees(threads: usize, leaves: u64, left: u64) -> Result<Vec<Contestant>> {
    Ok(pools(
        &Pools::new(threads)?,
        move |pool| tree_ours(pool, leaves, left),
        move || tree_rayon(leaves, left),
        move |scope| tree_chili(scope, leaves, left),
    ))
}

/// Units of work of a leaf.
const LEAF: u64 = 4;

fn part(leaves: u64, left: u64) -> u64 {
    (leaves * left / 16).clamp(1, leaves - 1)
}

fn tree_ours(pool: &WorkStealing, leaves: u64, left: u64) -> u64 {
    if leaves <= 1 {
        return work(leaves, LEAF);
    }
    let part = part(leaves, left);
    let (a, b) = pool.join(|| tree_ours(pool, part, left), || tree_ours(pool, leaves - part, left));
    a.wrapping_add(b)
}

fn tree_rayon(leaves: u64, left: u64) -> u64 {
    if leaves <= 1 {
        return work(leaves, LEAF);
    }
    let part = part(leaves, left);
    let (a, b) = rayon::join(|| tree_rayon(part, left), || tree_rayon(leaves - part, left));
    a.wrapping_add(b)
}

fn tree_chili(scope: &mut chili::Scope<'_>, leaves: u64, left: u64) -> u64 {
    if leaves <= 1 {
        return work(leaves, LEAF);
    }
    let part = part(leaves, left);
    let (a, b) =
        scope.join(|scope| tree_chili(scope, part, left), |scope| tree_chili(scope, leaves - part, left));
    a.wrapping_add(b)
}

/// Lengths of tasks, in nanoseconds, with how many of them make a run.
const TASKS: [(&str, f64, usize); 5] = [
    ("100 ns", 1e2, 10_000),
    ("1 us", 1e3, 2_000),
    ("10 us", 1e4, 500),
    ("100 us", 1e5, 64),
    ("1 ms", 1e6, 16),
];

/// The contests of the group `joins`.
#[must_use]
pub fn joins(threads: usize) -> Vec<Contest> {
    let mut contests = vec![Contest::new("joins", "empty join, 1 thread", JOINS, empty_joins)];
    contests.extend(TASKS.map(|(name, nanoseconds, count)| {
        let count = (count / 4).max(4);
        Contest::new("joins", format!("join of two tasks of {name}"), count, move || {
            pairs(threads, count as u64, nanoseconds)
        })
    }));
    contests
}

/// The contests of the group `loops`.
#[must_use]
pub fn loops(threads: usize) -> Vec<Contest> {
    let contest = |(name, nanoseconds, count): (&str, f64, usize)| {
        Contest::new("loops", format!("{count} chunks of {name}"), count, move || {
            chunks(threads, count, nanoseconds)
        })
    };
    TASKS.map(contest).into()
}

/// The contests of the group `trees`.
#[must_use]
pub fn skewed_trees(threads: usize) -> Vec<Contest> {
    let contest = |(name, left): (&str, u64)| {
        let leaves = 1 << 16;
        Contest::new("trees", format!("2^16 leaves, {name}"), leaves, move || {
            trees(threads, leaves as u64, left)
        })
    };
    [("even", 8), ("15/16 to the left", 15), ("15/16 to the right", 1)].map(contest).into()
}
