//! Records of what was measured: `record/<cpu>/kernels-<threads>.json`.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::contest::{Contest, Role, Timing};
use crate::limits::{Ifma, Stream, clock};
use crate::setup::kernels;

/// All that was measured on a machine with some number of threads.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    /// Threads that ours and the peers had.
    pub threads: usize,
    /// The backend of our kernels.
    pub backend: String,
    /// Groups of contests, each from one run of the program.
    pub groups: Vec<Group>,
}

/// A group of contests, measured in one run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// What the machine could do at the beginning of the run.
    pub machine: Machine,
    /// Its contests.
    pub contests: Vec<Outcome>,
}

/// What the machine could do.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Machine {
    /// Cycles of a core, in GHz.
    pub clock: f64,
    /// 52-bit multiply-adds of 512 bits, all threads together, in 10^9 a second; 0 where there are none.
    pub ifma: f64,
    /// Memory read and written, all threads together, in GB a second.
    pub bandwidth: f64,
}

/// How a contest ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Outcome {
    /// The contest's name.
    pub name: String,
    /// Items of a run.
    pub items: usize,
    /// Our time for an item, in nanoseconds: the shortest round.
    pub best_ns: f64,
    /// Our time for an item, in nanoseconds: the median round.
    pub median_ns: f64,
    /// The others.
    pub others: Vec<Other>,
}

/// Somebody beside us.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Other {
    /// Its name.
    pub name: String,
    /// Whether it is a peer, a yardstick or a limit.
    pub role: String,
    /// Its time for an item, in nanoseconds: the shortest round.
    pub best_ns: f64,
    /// Its time for an item, in nanoseconds: the median round.
    pub median_ns: f64,
    /// Its time divided by ours, medians.
    pub ratio: f64,
    /// Its time divided by ours, shortest rounds.
    pub best_ratio: f64,
    /// What the ratio should be at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goal: Option<f64>,
}

impl Machine {
    /// Measures all three.
    #[must_use]
    pub fn measure() -> Self {
        let ifma = Ifma::detect().map_or(0.0, Ifma::rate);
        Self { clock: clock(), ifma, bandwidth: Stream::new().bandwidth() }
    }
}

impl Outcome {
    /// The outcome of a contest; `timings` begins with ours.
    ///
    /// # Errors
    /// If there are no timings.
    pub fn new(contest: &Contest, timings: &[Timing]) -> Result<Self> {
        Self::of(contest.name.clone(), contest.items, timings)
    }

    /// The outcome of something else than a contest; `timings` begins with ours.
    ///
    /// # Errors
    /// If there are no timings.
    pub fn of(name: String, items: usize, timings: &[Timing]) -> Result<Self> {
        let (ours, others) = timings.split_first().ok_or("a contest without contestants")?;
        let others = others.iter().map(|other| Other {
            name: other.name.clone(),
            role: match other.role {
                Role::Ours | Role::Yardstick => "yardstick",
                Role::Peer => "peer",
                Role::Limit => "limit",
            }
            .to_owned(),
            best_ns: other.best,
            median_ns: other.median,
            ratio: other.median / ours.median,
            best_ratio: other.best / ours.best,
            goal: other.goal,
        });
        Ok(Self { name, items, best_ns: ours.best, median_ns: ours.median, others: others.collect() })
    }
}

impl Group {
    /// Measures the contests of a group, telling each as it ends.
    ///
    /// # Errors
    /// If a contest fails.
    pub fn measure(name: &str, contests: &[Contest], mut tell: impl FnMut(&Outcome)) -> Result<Self> {
        let machine = Machine::measure();
        let outcomes = contests.iter().map(|contest| {
            let outcome = Outcome::new(contest, &contest.measure()?)?;
            tell(&outcome);
            Ok(outcome)
        });
        Ok(Self { name: name.to_owned(), machine, contests: outcomes.collect::<Result<_>>()? })
    }
}

impl Record {
    /// The file for some CPU and number of threads.
    #[must_use]
    pub fn path(cpu: &str, threads: usize) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("record").join(cpu).join(format!("kernels-{threads}.json"))
    }

    /// A record without groups.
    ///
    /// # Errors
    /// If there are no kernels.
    pub fn new(threads: usize) -> Result<Self> {
        Ok(Self { threads, backend: kernels()?.backend_name().to_owned(), groups: Vec::new() })
    }

    /// Reads a record.
    ///
    /// # Errors
    /// If the file cannot be read or is no record.
    pub fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()).into())
    }

    /// Writes the record.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        Ok(fs::write(path, serde_json::to_string_pretty(self)? + "\n")?)
    }

    /// Adds a group, in place of one measured before: whole, or the contests that were measured again.
    pub fn put(&mut self, group: Group) {
        let Some(old) = self.groups.iter_mut().find(|old| old.name == group.name) else {
            return self.groups.push(group);
        };
        for outcome in group.contests {
            match old.contests.iter_mut().find(|old| old.name == outcome.name) {
                Some(old) => *old = outcome,
                None => old.contests.push(outcome),
            }
        }
        old.machine = group.machine;
    }
}
