//! Contests: the same work done by several libraries, checked, then timed in turn.

use std::fmt;
use std::time::{Duration, Instant};

use crate::Element;
use crate::Result;
use crate::element::{bytes_of, convert};

/// Rounds a contest has at least.
const MIN_ROUNDS: usize = 5;
/// Rounds a contest has at most.
const MAX_ROUNDS: usize = 25;
/// When to stop once there are enough rounds.
const BUDGET: Duration = Duration::from_secs(4);
/// A timing shorter than this is repeated within the round.
const SHORTEST: Duration = Duration::from_millis(2);

/// What a contestant is to the first one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The code under test.
    Ours,
    /// Another library with the same task, and the same result.
    Peer,
    /// Another task to compare with, such as our own with other scalars.
    Yardstick,
    /// The machine at its limit: as much of what is scarce as the task takes at least.
    Limit,
}

/// One library's way to do the work.
pub struct Contestant {
    /// What to call it.
    pub name: String,
    /// What it is to the others.
    pub role: Role,
    /// How many times its time should be ours at least.
    pub goal: Option<f64>,
    task: Box<dyn Task>,
}

impl fmt::Debug for Contestant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, role, goal, .. } = self;
        let mut debug = f.debug_struct("Contestant");
        debug.field("name", name).field("role", role).field("goal", goal).finish_non_exhaustive()
    }
}

/// Work that can be repeated, and the bytes of what it has computed.
trait Task {
    fn run(&mut self);
    fn bytes(&self) -> Vec<u8>;
}

struct Job<T, F, B> {
    state: T,
    run: F,
    bytes: B,
}

impl<T, F: FnMut(&mut T), B: Fn(&T) -> Vec<u8>> Task for Job<T, F, B> {
    fn run(&mut self) {
        (self.run)(&mut self.state);
    }

    fn bytes(&self) -> Vec<u8> {
        (self.bytes)(&self.state)
    }
}

impl Contestant {
    fn new<T: 'static>(
        name: impl Into<String>,
        role: Role,
        state: T,
        run: impl FnMut(&mut T) + 'static,
        bytes: impl Fn(&T) -> Vec<u8> + 'static,
    ) -> Self {
        Self { name: name.into(), role, goal: None, task: Box::new(Job { state, run, bytes }) }
    }

    /// A contestant that changes a vector in place, starting from `input`.
    pub fn in_place<A: Element, E: Element>(
        name: &str,
        role: Role,
        input: &[A],
        run: impl FnMut(&mut Vec<E>) + 'static,
    ) -> Self {
        Self::new(name, role, convert(input), run, |state| bytes_of(state))
    }

    /// A contestant that computes a value, of which `bytes` makes what is compared.
    pub fn value<T: 'static>(
        name: &str,
        role: Role,
        mut run: impl FnMut() -> T + 'static,
        bytes: impl Fn(&T) -> Vec<u8> + 'static,
    ) -> Self {
        let bytes = move |state: &Option<T>| state.as_ref().map_or(Vec::new(), &bytes);
        Self::new(name, role, None, move |state| *state = Some(run()), bytes)
    }

    /// Work without a result to compare.
    pub fn bare(name: &str, role: Role, mut run: impl FnMut() + 'static) -> Self {
        Self::new(name, role, (), move |()| run(), |()| Vec::new())
    }

    /// The same with a goal: how many times its time should be ours at least.
    #[must_use]
    pub fn goal(mut self, goal: f64) -> Self {
        self.goal = Some(goal);
        self
    }

    /// Does the work once.
    pub fn run(&mut self) {
        self.task.run();
    }
}

/// Builds the contestants of a contest, ours first.
type Build = Box<dyn Fn() -> Result<Vec<Contestant>> + Send>;

/// A contest that has not been prepared yet.
pub struct Contest {
    /// The group it belongs to.
    pub group: &'static str,
    /// Its name within the group.
    pub name: String,
    /// How many items a run works on.
    pub items: usize,
    rounds: usize,
    build: Build,
}

impl fmt::Debug for Contest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { group, name, items, .. } = self;
        let mut debug = f.debug_struct("Contest");
        debug.field("group", group).field("name", name).field("items", items).finish_non_exhaustive()
    }
}

/// What a contestant took, in nanoseconds for each item.
#[derive(Clone, Debug)]
pub struct Timing {
    /// Its name.
    pub name: String,
    /// What it is to the others.
    pub role: Role,
    /// How many times its time should be ours at least.
    pub goal: Option<f64>,
    /// In the shortest round.
    pub best: f64,
    /// In the median round.
    pub median: f64,
}

impl Contest {
    /// A contest of `group` over `items` items whose contestants `build` makes, ours first.
    pub fn new(
        group: &'static str,
        name: impl Into<String>,
        items: usize,
        build: impl Fn() -> Result<Vec<Contestant>> + Send + 'static,
    ) -> Self {
        Self { group, name: name.into(), items, rounds: MIN_ROUNDS, build: Box::new(build) }
    }

    /// At least this many rounds (0 counts as 1), instead of five: for work that takes seconds.
    #[must_use]
    pub fn rounds(mut self, rounds: usize) -> Self {
        self.rounds = rounds.max(1);
        self
    }

    /// The contestants, after one run each that has shown that ours and the peers agree.
    ///
    /// # Errors
    /// If they do not, or cannot be prepared.
    pub fn prepare(&self) -> Result<Vec<Contestant>> {
        let mut contestants = (self.build)()?;
        contestants.iter_mut().for_each(Contestant::run);
        let Some((ours, others)) = contestants.split_first() else { return Ok(contestants) };
        let expected = ours.task.bytes();
        for peer in others.iter().filter(|other| other.role == Role::Peer) {
            if expected.is_empty() || peer.task.bytes() != expected {
                return Err(
                    format!("{}, {}: {} gives another result", self.group, self.name, peer.name).into()
                );
            }
        }
        Ok(contestants)
    }

    /// Times all contestants in turn: ours, a peer, the next peer, and again from the first.
    ///
    /// # Errors
    /// Those of [`prepare`](Self::prepare).
    pub fn measure(&self) -> Result<Vec<Timing>> {
        let mut contestants = self.prepare()?;
        let repeats: Vec<u32> = contestants.iter_mut().map(repeats).collect();
        let mut rounds = vec![Vec::new(); contestants.len()];
        let start = Instant::now();
        for round in 0..MAX_ROUNDS {
            if round >= self.rounds && start.elapsed() > BUDGET {
                break;
            }
            for ((contestant, times), repeats) in contestants.iter_mut().zip(&mut rounds).zip(&repeats) {
                let time = timed(contestant, *repeats) / f64::from(*repeats);
                times.push(time * 1e9 / self.items as f64);
            }
        }
        let timings = contestants.into_iter().zip(rounds).map(|(contestant, mut times)| {
            times.sort_by(f64::total_cmp);
            let Contestant { name, role, goal, .. } = contestant;
            Timing { name, role, goal, best: times[0], median: times[times.len() / 2] }
        });
        Ok(timings.collect())
    }
}

/// Seconds for this many runs.
fn timed(contestant: &mut Contestant, repeats: u32) -> f64 {
    let start = Instant::now();
    (0..repeats).for_each(|_| contestant.run());
    start.elapsed().as_secs_f64()
}

/// How many runs to time at once.
fn repeats(contestant: &mut Contestant) -> u32 {
    let shortest = SHORTEST.as_secs_f64();
    let mut repeats = 1;
    while repeats < 1 << 20 && timed(contestant, repeats) < shortest {
        repeats *= 2;
    }
    repeats
}
