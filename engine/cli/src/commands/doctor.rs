//! `parhelion doctor`: what this machine has, and what the engine makes of it.

use std::path::PathBuf;

use parhelion::MultiOpen;
use parhelion_cli::proc;
use parhelion_cli::store::KEY_VERSIONS;
use serde::Serialize;

use crate::args::Common;
use crate::error::CommandError;
use crate::ui;

/// What `--json` prints. `null` where the system does not tell.
#[derive(Serialize)]
struct Report {
    version: &'static str,
    target: String,
    cpu: Cpu,
    kernels: KernelReport,
    threads: usize,
    memory_bytes: Option<u64>,
    transparent_huge_pages: Option<String>,
    allocator: &'static str,
    cache_dir: PathBuf,
    libraries: Vec<&'static str>,
}

#[derive(Serialize)]
struct Cpu {
    model: Option<String>,
    features: String,
    /// CPUs worth a thread each: affinity and quota counted in.
    available: usize,
    allowed: Option<String>,
    /// CPU time granted by the control group, in CPUs; `null` if not limited.
    quota: Option<f64>,
}

#[derive(Serialize)]
struct KernelReport {
    chosen: &'static str,
    asked_for: String,
    reason: &'static str,
}

pub(crate) fn run(common: &Common) -> Result<(), CommandError> {
    let prover = common.prover(MultiOpen::default(), None)?;
    let kernels = prover.kernel_report();
    let report = Report {
        version: env!("CARGO_PKG_VERSION"),
        target: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
        cpu: Cpu {
            model: proc::cpu_model(),
            features: kernels.features.to_string(),
            available: std::thread::available_parallelism().map_or(1, usize::from),
            allowed: proc::allowed_cpus(),
            quota: proc::cpu_quota(),
        },
        kernels: KernelReport {
            chosen: kernels.backend,
            asked_for: kernels.requested.to_string(),
            reason: kernels.reason,
        },
        threads: prover.threads(),
        memory_bytes: proc::total_memory(),
        transparent_huge_pages: proc::transparent_huge_pages(),
        allocator: parhelion_allocators::installed().unwrap_or("unknown"),
        cache_dir: common.cache()?.path().to_owned(),
        libraries: KEY_VERSIONS.split(", ").collect(),
    };
    if common.json {
        ui::say_json(&report);
    } else {
        print(&report);
    }
    Ok(())
}

fn print(report: &Report) {
    let unknown = || "unknown".to_owned();
    let line = |name: &str, text: String| ui::say(&format!("{name:<11} {text}"));
    let Report { cpu, kernels, .. } = report;
    line("parhelion", format!("{} on {}", report.version, report.target));
    line("CPU", cpu.model.clone().unwrap_or_else(unknown));
    line("features", cpu.features.clone());
    let KernelReport { chosen, asked_for, reason } = kernels;
    line("kernels", format!("{chosen} (asked for {asked_for}: {reason})"));
    let quota = cpu.quota.map_or_else(|| "no quota".to_owned(), |quota| format!("quota {quota:.2} CPUs"));
    let allowed = cpu.allowed.clone().unwrap_or_else(unknown);
    line(
        "CPUs",
        format!("{} available (allowed: {allowed}; {quota}), {} threads", cpu.available, report.threads),
    );
    line("memory", report.memory_bytes.map_or_else(unknown, ui::bytes));
    line(
        "huge pages",
        format!("transparent: {}", report.transparent_huge_pages.clone().unwrap_or_else(unknown)),
    );
    line("allocator", report.allocator.to_owned());
    line("cache", report.cache_dir.display().to_string());
    line("libraries", report.libraries.join(", "));
}
