//! Where the time of all threads went: samples and clocks put together.

use serde::{Deserialize, Serialize};

use super::classify::{Class, Verdict};
use super::clocks::Stretch;

/// How many samples fell where.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Counts {
    memory: f64,
    field: f64,
    synchronisation: f64,
    other: f64,
    /// Those of the above that were in system calls, by class: memory, synchronisation, other.
    calls: [f64; 3],
}

/// Thread-seconds: the seconds of each thread added up. A proof of `wall` seconds on n threads has
/// n times as many to account for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Split {
    /// Of the clock.
    pub(super) wall: f64,
    /// Allocating, copying, zeroing, page faults.
    pub(super) memory: f64,
    /// Fields and curves.
    pub(super) field: f64,
    /// CPU time of the scheduler.
    pub(super) scheduling: f64,
    /// Asleep: no work for this thread.
    pub(super) waiting: f64,
    /// CPU time of anything else.
    pub(super) other: f64,
    /// Ready to run, but without a core. Counted as other.
    pub(super) delayed: f64,
    /// The part of `memory` that was inferred from kernel time, and not from samples.
    pub(super) faulting: f64,
    pub(super) faults: u64,
    pub(super) samples: u64,
}

impl Counts {
    pub(super) fn add(&mut self, verdict: Verdict, count: usize) {
        let count = count as f64;
        *match verdict.class {
            Class::Memory => &mut self.memory,
            Class::Field => &mut self.field,
            Class::Synchronisation => &mut self.synchronisation,
            Class::Other => &mut self.other,
        } += count;
        if verdict.system_call {
            let index = match verdict.class {
                Class::Memory => 0,
                Class::Synchronisation => 1,
                // No rule makes a system call arithmetic.
                Class::Field | Class::Other => 2,
            };
            self.calls[index] += count;
        }
    }

    fn total(&self) -> f64 {
        self.memory + self.field + self.synchronisation + self.other
    }

    /// Divides the time of `threads` threads during `stretch`.
    ///
    /// CPU time is divided as the samples are, kernel time of page faults apart: a sample sees
    /// only the instruction that faulted. What the kernel took and no sampled system call
    /// explains is taken from all samples outside of system calls alike, and given to memory. CPU time
    /// that is missing to `threads` times the wall is waiting, but for what the system calls delay.
    pub(super) fn split(&self, stretch: &Stretch, threads: usize) -> Split {
        let Stretch { wall, cpu, kernel, delayed, faults } = *stretch;
        let idle = (threads as f64 * wall - cpu).max(0.0);
        let delayed = delayed.min(idle);
        let outer = Split {
            wall,
            delayed,
            waiting: idle - delayed,
            faults,
            samples: self.total() as u64,
            ..Split::default()
        };
        if self.total() == 0.0 {
            // Too short to be sampled.
            return Split { other: cpu + delayed, ..outer };
        }
        let seconds = cpu / self.total();
        let in_calls = self.calls.iter().sum::<f64>() * seconds;
        let outside = cpu - in_calls;
        let faulting = if faults == 0 { 0.0 } else { (kernel - in_calls).clamp(0.0, outside) };
        let rest = if outside > 0.0 { 1.0 - faulting / outside } else { 1.0 };
        let [memory_calls, synchronising_calls, other_calls] = self.calls;
        let share = |all: f64, calls: f64| ((all - calls) * rest + calls) * seconds;
        Split {
            memory: share(self.memory, memory_calls) + faulting,
            field: share(self.field, 0.0),
            scheduling: share(self.synchronisation, synchronising_calls),
            other: share(self.other, other_calls) + delayed,
            faulting,
            ..outer
        }
    }
}

impl Split {
    /// All thread-seconds.
    pub(super) fn total(&self) -> f64 {
        self.memory + self.field + self.synchronisation() + self.other
    }

    /// Of the scheduler and without work.
    pub(super) fn synchronisation(&self) -> f64 {
        self.scheduling + self.waiting
    }

    /// The same for each of `count` proofs.
    pub(super) fn per(&self, count: usize) -> Self {
        let by = count.max(1) as f64;
        Self {
            wall: self.wall / by,
            memory: self.memory / by,
            field: self.field / by,
            scheduling: self.scheduling / by,
            waiting: self.waiting / by,
            other: self.other / by,
            delayed: self.delayed / by,
            faulting: self.faulting / by,
            faults: self.faults / count.max(1) as u64,
            samples: self.samples,
        }
    }
}

impl std::iter::Sum for Split {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |a, b| Self {
            wall: a.wall + b.wall,
            memory: a.memory + b.memory,
            field: a.field + b.field,
            scheduling: a.scheduling + b.scheduling,
            waiting: a.waiting + b.waiting,
            other: a.other + b.other,
            delayed: a.delayed + b.delayed,
            faulting: a.faulting + b.faulting,
            faults: a.faults + b.faults,
            samples: a.samples + b.samples,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(samples: &[(Class, bool, usize)]) -> Counts {
        let mut counts = Counts::default();
        for &(class, system_call, count) in samples {
            counts.add(Verdict { class, system_call }, count);
        }
        counts
    }

    #[track_caller]
    fn close(got: f64, expected: f64) {
        assert!((got - expected).abs() < 1e-9, "expected {expected}, got {got}");
    }

    #[test]
    fn every_thread_second_is_accounted_for_once() {
        let counts =
            counts(&[(Class::Field, false, 60), (Class::Memory, true, 20), (Class::Other, false, 20)]);
        let stretch = Stretch { wall: 10.0, cpu: 16.0, kernel: 4.0, delayed: 1.0, faults: 9 };
        let split = counts.split(&stretch, 2);
        close(split.total(), 20.0);
        close(split.waiting, 3.0);
        close(split.delayed, 1.0);
        // The kernel's 4 s are more than the 3.2 s of sampled calls: 0.8 s of page faults.
        close(split.faulting, 0.8);
        close(split.memory, 3.2 + 0.8);
        close(split.field, 9.6 * (1.0 - 0.8 / 12.8));
        assert_eq!(split.samples, 100);
    }

    #[test]
    fn without_faults_kernel_time_is_not_memorys() {
        let counts = counts(&[(Class::Synchronisation, true, 1), (Class::Field, false, 3)]);
        let stretch = Stretch { wall: 1.0, cpu: 1.0, kernel: 0.9, ..Stretch::default() };
        let split = counts.split(&stretch, 1);
        close(split.memory, 0.0);
        close(split.scheduling, 0.25);
        close(split.synchronisation(), 0.25);
    }

    #[test]
    fn what_was_too_short_to_be_sampled_is_other() {
        let stretch = Stretch { wall: 1.0, cpu: 0.5, ..Stretch::default() };
        let split = Counts::default().split(&stretch, 2);
        close(split.other, 0.5);
        close(split.waiting, 1.5);
        close(split.total(), 2.0);
    }

    #[test]
    fn more_cpu_than_threads_is_no_negative_waiting() {
        let counts = counts(&[(Class::Field, false, 10)]);
        let stretch = Stretch { wall: 1.0, cpu: 2.5, delayed: 3.0, ..Stretch::default() };
        let split = counts.split(&stretch, 2);
        close(split.waiting, 0.0);
        close(split.total(), 2.5);
    }

    #[test]
    fn splits_add_up_and_are_shared_out() {
        let stretch = Stretch { wall: 1.0, cpu: 1.5, kernel: 0.1, faults: 4, ..Stretch::default() };
        let one = counts(&[(Class::Field, false, 10)]).split(&stretch, 2);
        let both: Split = [one, one].into_iter().sum();
        close(both.total(), 2.0 * one.total());
        let half = both.per(2);
        close(half.total(), one.total());
        assert_eq!((half.faults, half.samples), (4, 20));
    }
}
