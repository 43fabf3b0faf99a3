//! Stack samples of this process, section by section.

use std::collections::HashMap;
use std::{fmt, io};

use pprof::{ProfilerGuard, UnresolvedReport};

use super::account::{Counts, Split};
use super::classify::classify;
use super::clocks::{Moment, Stretch};
use super::symbols::Symbols;

/// Samples one proof after the other. Sections are cut where the caller says.
///
/// The signal that takes samples is sent by a timer of the process's CPU time to the thread whose tick
/// it was, so that samples fall on threads as CPU time does, and none on a thread asleep.
pub(super) struct Sampler {
    frequency: i32,
    /// The section now sampled.
    open: Option<(ProfilerGuard<'static>, Moment)>,
    failure: Option<pprof::Error>,
    sections: Vec<Section>,
}

/// Samples and clocks of one section.
struct Section {
    name: &'static str,
    stretch: Stretch,
    report: UnresolvedReport,
}

/// What is known of sections after symbols have been looked up.
#[derive(Debug, Default)]
pub(super) struct Profile {
    /// By name, in the order of their first appearance.
    pub(super) sections: Vec<(&'static str, Split)>,
    /// Stacks as flame graphs read them, outermost first, with their samples.
    pub(super) stacks: HashMap<String, usize>,
}

impl Sampler {
    /// A sampler of so many samples per second of CPU time. Takes none yet.
    pub(super) fn new(frequency: i32) -> Self {
        Self { frequency, open: None, failure: None, sections: Vec::new() }
    }

    /// Begins a section.
    pub(super) fn start(&mut self) {
        match ProfilerGuard::new(self.frequency) {
            // What it took to begin is not on the clocks.
            Ok(guard) => self.open = Some((guard, Moment::now())),
            Err(error) => self.failure = self.failure.take().or(Some(error)),
        }
    }

    /// Ends the section, as one called `name`.
    pub(super) fn stop(&mut self, name: &'static str) {
        let Some((guard, start)) = self.open.take() else { return };
        let stretch = start.elapsed();
        match guard.report().build_unresolved() {
            Ok(report) => self.sections.push(Section { name, stretch, report }),
            Err(error) => self.failure = self.failure.take().or(Some(error)),
        }
    }

    /// Looks all symbols up and divides the time of `threads` threads.
    ///
    /// # Errors
    /// If the system has refused to take samples.
    pub(super) fn finish(mut self, threads: usize) -> Result<Profile, pprof::Error> {
        if let Some(error) = self.failure.take() {
            return Err(error);
        }
        drop(self.open.take());
        let mut symbols = Symbols::new();
        let mut sections: Vec<(&'static str, Counts, Stretch)> = Vec::new();
        let mut stacks = HashMap::new();
        for section in std::mem::take(&mut self.sections) {
            let name = section.name;
            let index = sections.iter().position(|known| known.0 == name).unwrap_or_else(|| {
                sections.push((name, Counts::default(), Stretch::default()));
                sections.len() - 1
            });
            let (_, counts, stretch) = &mut sections[index];
            *stretch += section.stretch;
            for (sample, count) in section.report.data {
                let count = usize::try_from(count).unwrap_or_default();
                let addresses = sample.frames.iter().map(|frame| frame.ip() as usize);
                let names = symbols.stack(addresses);
                counts.add(classify(names.iter().map(String::as_str)), count);
                let thread = String::from_utf8_lossy(&sample.thread_name[..sample.thread_name_length]);
                *stacks.entry(fold(&thread, &names)).or_default() += count;
            }
        }
        let split = |(name, counts, stretch): (_, Counts, Stretch)| (name, counts.split(&stretch, threads));
        Ok(Profile { sections: sections.into_iter().map(split).collect(), stacks })
    }
}

/// A thread and its stack in one line, outermost first.
fn fold(thread: &str, innermost_first: &[String]) -> String {
    let mut line = thread.to_owned();
    for name in innermost_first.iter().rev() {
        line.push(';');
        // Semicolons part the names.
        line.extend(name.chars().map(|c| if c == ';' { ':' } else { c }));
    }
    line
}

impl Profile {
    /// A flame graph as an SVG document.
    pub(super) fn flamegraph(&self, title: &str) -> io::Result<String> {
        let mut lines: Vec<String> =
            self.stacks.iter().map(|(stack, count)| format!("{stack} {count}")).collect();
        lines.sort_unstable();
        if lines.is_empty() {
            lines.push("too short to be sampled 1".to_owned());
        }
        let mut options = pprof::flamegraph::Options::default();
        options.title = title.to_owned();
        options.min_width = 0.05;
        let mut svg = Vec::new();
        pprof::flamegraph::from_lines(&mut options, lines.iter().map(String::as_str), &mut svg)
            .map_err(io::Error::other)?;
        String::from_utf8(svg).map_err(io::Error::other)
    }
}

impl fmt::Debug for Sampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sampler")
            .field("frequency", &self.frequency)
            .field("open", &self.open.is_some())
            .field("sections", &self.sections.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[inline(never)]
    fn a_function_with_this_name_is_busy() -> u64 {
        // By the wall clock: CPU time is that of all threads, of other tests too.
        let start = std::time::Instant::now();
        let mut x = 1u64;
        while start.elapsed().as_secs_f64() < 0.5 {
            for _ in 0..100_000 {
                x = std::hint::black_box(x.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(7));
            }
        }
        x
    }

    #[test]
    fn sections_are_sampled_named_and_accounted_for() {
        let mut sampler = Sampler::new(500);
        for _ in 0..2 {
            sampler.start();
            a_function_with_this_name_is_busy();
            sampler.stop("busy");
            sampler.start();
            sampler.stop("nothing");
        }
        let profile = sampler.finish(1).unwrap();
        let names: Vec<_> = profile.sections.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["busy", "nothing"]);
        let busy = profile.sections[0].1;
        assert!(busy.samples >= 20, "{busy:?}");
        assert!(busy.total() >= 1.0, "{busy:?}");
        // Samples are of the whole process: there must be some of this thread.
        let named = |stack: &String| stack.contains("a_function_with_this_name_is_busy");
        assert!(profile.stacks.keys().any(named), "{:#?}", profile.stacks.keys());
        let svg = profile.flamegraph("a test").unwrap();
        assert!(svg.contains("<svg") && svg.contains("a_function_with_this_name_is_busy"));
    }

    #[test]
    fn stacks_fold_into_lines() {
        let names = ["inner;most".to_owned(), "outer".to_owned()];
        assert_eq!(fold("worker", &names), "worker;outer;inner:most");
    }
}
