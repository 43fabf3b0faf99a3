//! What the user sees: results on stdout, everything else on stderr.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use parhelion::{Observer, Stage};
use parhelion_cli::store::{Srs, SrsOrigin};
use serde::Serialize;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Everything that draws on stderr, so that log lines can ask it to step aside.
static BARS: LazyLock<MultiProgress> = LazyLock::new(|| {
    let target =
        if io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    MultiProgress::with_draw_target(target)
});

/// Sends log lines to stderr: warnings, or what `RUST_LOG` asks for.
pub(crate) fn log_to_stderr() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(AroundBars)
        .finish();
    // Fails only if one is installed already, and this is the only place.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

struct AroundBars;

impl Write for AroundBars {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        BARS.suspend(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

impl MakeWriter<'_> for AroundBars {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        Self
    }
}

pub(crate) fn error(error: &dyn std::error::Error) {
    note(&format!("error: {error}"));
}

/// A line on stderr.
pub(crate) fn note(line: &str) {
    // Nowhere to report to if stderr is closed.
    let _ = BARS.suspend(|| writeln!(io::stderr(), "{line}"));
}

/// A line on stdout. A reader that went away is no failure of ours.
pub(crate) fn say(line: &str) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// One JSON object on stdout.
pub(crate) fn say_json(value: &impl Serialize) {
    // Reports are strings, numbers and lists, which always have a JSON form.
    say(&serde_json::to_string(value).unwrap_or_default());
}

/// What everyone has to know about parameters that are for testing only.
pub(crate) fn warn_if_testing(srs: &Srs) {
    if srs.origin == SrsOrigin::Testing {
        warn_of_testing_parameters();
    }
}

pub(crate) fn warn_of_testing_parameters() {
    note(
        "WARNING: these parameters (SRS) are for testing only. Their secret is public: anyone can forge\n\
         WARNING: proofs under them. Pass parameters from a trusted setup with --srs FILE.",
    );
}

pub(crate) fn seconds(duration: Duration) -> String {
    format!("{:.3} s", duration.as_secs_f64())
}

pub(crate) fn bytes(count: u64) -> String {
    HumanBytes(count).to_string()
}

/// Does something that takes long under a spinner, and says how long it took.
pub(crate) fn busy<R>(message: &'static str, work: impl FnOnce() -> R) -> (R, Duration) {
    let bar = BARS.add(ProgressBar::new_spinner().with_message(message));
    bar.set_style(style("{spinner} {msg} ({elapsed})"));
    bar.enable_steady_tick(Duration::from_millis(100));
    let start = Instant::now();
    let result = work();
    let elapsed = start.elapsed();
    bar.finish_and_clear();
    BARS.remove(&bar);
    (result, elapsed)
}

/// A bar over chunks; shown once it ticks.
pub(crate) fn chunk_bar() -> ProgressBar {
    let bar = BARS.add(ProgressBar::new(0));
    bar.set_style(style("{bar:24} {pos} of {len} chunks, {msg} ({elapsed}, {eta} to go)"));
    bar
}

/// Takes a bar away.
pub(crate) fn remove(bar: &ProgressBar) {
    bar.finish_and_clear();
    BARS.remove(bar);
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

/// Steps of the bar for each stage.
const STEPS: u64 = 100;

/// A bar that follows a proof through its stages, and the time each took.
pub(crate) struct StageBar {
    bar: ProgressBar,
    seconds: Mutex<[f64; Stage::ALL.len()]>,
}

impl StageBar {
    pub(crate) fn new() -> Arc<Self> {
        let bar = BARS.add(ProgressBar::new(Stage::ALL.len() as u64 * STEPS));
        bar.set_style(style("{bar:24} {msg} ({elapsed})"));
        Arc::new(Self { bar, seconds: Mutex::default() })
    }

    /// Shows the bar; until then it only exists.
    pub(crate) fn start(&self) {
        self.bar.reset_elapsed();
        self.bar.enable_steady_tick(Duration::from_millis(100));
    }

    /// Removes the bar and returns each stage's time.
    pub(crate) fn finish(&self) -> Vec<(Stage, f64)> {
        self.bar.finish_and_clear();
        BARS.remove(&self.bar);
        let seconds = *self.seconds.lock().unwrap_or_else(PoisonError::into_inner);
        Stage::ALL.into_iter().zip(seconds).collect()
    }
}

impl Observer for StageBar {
    fn stage_started(&self, stage: Stage) {
        self.bar.set_message(stage.name());
        self.stage_progressed(stage, 0.0);
    }

    fn stage_progressed(&self, stage: Stage, fraction: f64) {
        let index = Stage::ALL.iter().position(|other| *other == stage).unwrap_or_default() as u64;
        // Stages may be entered again; the bar never goes back.
        let position = index * STEPS + (fraction * STEPS as f64) as u64;
        self.bar.set_position(self.bar.position().max(position));
    }

    fn stage_finished(&self, stage: Stage, elapsed: Duration) {
        if let Some(index) = Stage::ALL.iter().position(|other| *other == stage) {
            self.seconds.lock().unwrap_or_else(PoisonError::into_inner)[index] += elapsed.as_secs_f64();
        }
    }
}
