//! Which worker runs where.

use std::fmt;
use std::str::FromStr;

use super::topology::{Cpu, Topology, parse_range};
use crate::Error;

/// Which CPUs the threads of a pool are pinned to.
///
/// CPUs outside of the affinity mask of the thread that builds the pool are never used. Two pools
/// that pin pick the same CPUs first, so give them sets of their own, or none.
///
/// As text: `physical`, `logical`, `none`, or a list such as `0,2,4-7`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pin {
    /// One thread to a physical core while there are enough, then their SMT siblings. Threads
    /// beyond the number of CPUs are not pinned.
    #[default]
    PhysicalCores,
    /// SMT siblings side by side, so that few threads use few cores. Threads beyond the number of CPUs are not
    /// pinned.
    LogicalCpus,
    /// These CPUs, in this order, over and over if there are more threads.
    Cpus(Vec<usize>),
    /// The operating system moves threads as it likes.
    None,
}

impl Pin {
    /// The CPU of each of `threads` threads; `None` for a thread that is not pinned.
    ///
    /// # Errors
    /// [`Error::NoCpus`] and [`Error::CpuNotAllowed`] for a given set that is empty or not part of `topology`.
    pub fn place(&self, threads: usize, topology: &Topology) -> Result<Vec<Option<usize>>, Error> {
        let mut cpus: Vec<Cpu> = topology.cpus().to_vec();
        match self {
            Self::None => return Ok(vec![None; threads]),
            Self::Cpus(wanted) => return given(wanted, threads, &cpus),
            Self::LogicalCpus => cpus.sort_by_key(|cpu| (cpu.node, cpu.cache, cpu.core, cpu.id)),
            Self::PhysicalCores => {
                let rank = |cpu: &Cpu| {
                    topology.cpus().iter().filter(|c| c.core == cpu.core && c.id < cpu.id).count()
                };
                cpus.sort_by_key(|cpu| (rank(cpu), cpu.node, cpu.cache, cpu.core));
            }
        }
        Ok((0..threads).map(|thread| cpus.get(thread).map(|cpu| cpu.id)).collect())
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PhysicalCores => f.pad("physical"),
            Self::LogicalCpus => f.pad("logical"),
            Self::Cpus(cpus) => {
                let cpus: Vec<String> = cpus.iter().map(usize::to_string).collect();
                f.pad(&cpus.join(","))
            }
            Self::None => f.pad("none"),
        }
    }
}

impl FromStr for Pin {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "physical" => Ok(Self::PhysicalCores),
            "logical" => Ok(Self::LogicalCpus),
            "none" => Ok(Self::None),
            list => {
                let ranges: Option<Vec<_>> = list.split(',').map(parse_range).collect();
                let ranges = ranges.ok_or_else(|| Error::UnknownPin { got: text.to_owned() })?;
                Ok(Self::Cpus(ranges.into_iter().flatten().collect()))
            }
        }
    }
}

fn given(wanted: &[usize], threads: usize, allowed: &[Cpu]) -> Result<Vec<Option<usize>>, Error> {
    let stranger = wanted.iter().find(|&&cpu| allowed.iter().all(|allowed| allowed.id != cpu));
    match (wanted, stranger) {
        ([], _) => Err(Error::NoCpus),
        (_, Some(&cpu)) => {
            Err(Error::CpuNotAllowed { cpu, allowed: allowed.iter().map(|cpu| cpu.id).collect() })
        }
        (_, None) => Ok((0..threads).map(|thread| Some(wanted[thread % wanted.len()])).collect()),
    }
}

/// For each thread the others, near ones first. Among equals each begins with the next one, so
/// that not all come to the same door.
pub(crate) fn neighbours(places: &[Option<usize>], topology: &Topology) -> Vec<Vec<usize>> {
    let threads = places.len();
    let distance = |a: usize, b: usize| match (places[a], places[b]) {
        (Some(a), Some(b)) => topology.distance(a, b),
        _ => 0,
    };
    let others = |thread: usize| {
        let mut others: Vec<usize> = (1..threads).map(|step| (thread + step) % threads).collect();
        others.sort_by_key(|&other| distance(thread, other));
        others
    };
    (0..threads).map(others).collect()
}

#[cfg(test)]
mod tests {
    use super::{Pin, neighbours};
    use crate::{Cpu, Error, Topology};

    /// Two nodes of two cores of two threads; CPU n and n + 4 are siblings.
    fn machine() -> Topology {
        let cpu = |id| Cpu { id, core: id % 4, cache: id % 4 / 2 * 2, node: id % 4 / 2 };
        Topology::from_cpus((0..8).map(cpu).collect())
    }

    fn cpus(pin: &Pin, threads: usize) -> Vec<Option<usize>> {
        pin.place(threads, &machine()).expect("the machine has these CPUs")
    }

    #[test]
    fn physical_cores_come_before_siblings() {
        let places = cpus(&Pin::PhysicalCores, 9);
        assert_eq!(places[..8], [0, 1, 2, 3, 4, 5, 6, 7].map(Some));
        assert_eq!(places[8], None, "there is no ninth CPU");
        assert_eq!(cpus(&Pin::PhysicalCores, 2), [Some(0), Some(1)]);
        // The lower sibling of a core may be outside of the mask.
        let some = Topology::from_cpus(machine().cpus().iter().copied().filter(|c| c.id > 1).collect());
        let places = Pin::PhysicalCores.place(6, &some).expect("six CPUs");
        assert_eq!(places, [4, 5, 2, 3, 6, 7].map(Some));
    }

    #[test]
    fn logical_cpus_fill_one_core_after_the_other() {
        assert_eq!(cpus(&Pin::LogicalCpus, 5), [0, 4, 1, 5, 2].map(Some));
    }

    #[test]
    fn a_given_set_is_used_in_its_order_and_checked() {
        assert_eq!(cpus(&Pin::Cpus(vec![6, 2]), 3), [6, 2, 6].map(Some));
        assert_eq!(cpus(&Pin::None, 2), [None, None]);
        let error = |set| Pin::Cpus(set).place(1, &machine()).expect_err("impossible");
        assert!(matches!(error(vec![]), Error::NoCpus));
        assert!(matches!(error(vec![1, 8]), Error::CpuNotAllowed { cpu: 8, .. }));
    }

    #[test]
    fn policies_have_a_text_form() {
        for (text, pin) in [
            ("physical", Pin::PhysicalCores),
            ("logical", Pin::LogicalCpus),
            ("none", Pin::None),
            ("3", Pin::Cpus(vec![3])),
            ("6,0,2", Pin::Cpus(vec![6, 0, 2])),
        ] {
            assert_eq!(text.parse::<Pin>().expect("a policy"), pin);
            assert_eq!(pin.to_string(), text);
        }
        assert_eq!("0,4-6".parse::<Pin>().expect("a list"), Pin::Cpus(vec![0, 4, 5, 6]));
        for text in ["", "all", "1,", "2-1", "-1", "1-", "0,x", "0-999999999"] {
            assert!(matches!(text.parse::<Pin>(), Err(Error::UnknownPin { got }) if got == text));
        }
    }

    #[test]
    fn near_workers_come_first_and_all_begin_elsewhere() {
        let places = [0, 1, 2, 3, 4, 5, 6, 7].map(Some);
        let order = neighbours(&places, &machine());
        assert_eq!(order[0], [4, 1, 5, 2, 3, 6, 7]);
        assert_eq!(order[6], [2, 7, 3, 0, 1, 4, 5]);
        // Nobody pinned: all are equally near, and each begins with the next.
        assert_eq!(neighbours(&[None; 3], &machine()), [[1, 2], [2, 0], [0, 1]]);
        assert_eq!(neighbours(&[None], &machine()), [[0usize; 0]]);
    }
}
