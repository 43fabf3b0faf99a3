//! What `profile` says: a page to look at, and a summary to compute with.

use std::error::Error;
use std::path::PathBuf;

use minijinja::value::Serde;
use minijinja::{Environment, context};
use serde::Serialize;

use super::account::Split;
use super::child::Sampled;
use super::plots::{self, Lengths};
use super::simulation::Simulated;
use super::timeline::StageTime;
use crate::ui;

/// The JSON object.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    pub(super) circuit: String,
    pub(super) k: u32,
    pub(super) threads: usize,
    pub(super) kernels: String,
    pub(super) multi_open: String,
    pub(super) allocator: &'static str,
    /// Samples per second of CPU time.
    pub(super) frequency: i32,
    /// `None` if it was left out.
    pub(super) stock: Option<Side>,
    pub(super) parhelion: Side,
    /// What the engine's workers did, by stage, in a proof that was not sampled.
    pub(super) workers: Vec<StageTime>,
    /// Seconds of that proof.
    pub(super) workers_seconds: f64,
    /// Events that were recorded but did not fit.
    pub(super) overwritten: u64,
    /// Nanoseconds by which a stolen task begins late in the simulation.
    pub(super) steal_cost: u64,
    /// Not measured: replays of recorded tasks.
    pub(super) simulation: Vec<Simulated>,
    pub(super) files: Vec<PathBuf>,
}

/// One prover.
#[derive(Debug, Serialize)]
pub(super) struct Side {
    /// Of a proof that was not sampled.
    plain_seconds: f64,
    /// Of one that was.
    seconds: f64,
    /// Proofs that were sampled.
    proofs: usize,
    /// Of the time of all threads.
    shares: Shares,
    total: Split,
    sections: Vec<Section>,
}

#[derive(Debug, Serialize)]
struct Section {
    name: String,
    shares: Shares,
    split: Split,
}

/// Parts of all thread-seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
struct Shares {
    memory: f64,
    field: f64,
    /// `scheduling` and `waiting`.
    synchronisation: f64,
    scheduling: f64,
    waiting: f64,
    other: f64,
}

impl Shares {
    fn of(split: &Split) -> Self {
        let all = split.total();
        let share = |seconds: f64| if all > 0.0 { seconds / all } else { 0.0 };
        Self {
            memory: share(split.memory),
            field: share(split.field),
            synchronisation: share(split.synchronisation()),
            scheduling: share(split.scheduling),
            waiting: share(split.waiting),
            other: share(split.other),
        }
    }
}

impl Side {
    pub(super) fn new(sampled: Sampled) -> Self {
        let total: Split = sampled.sections.iter().map(|(_, split)| *split).sum();
        let section = |(name, split): (String, Split)| Section { name, shares: Shares::of(&split), split };
        Self {
            plain_seconds: sampled.plain_seconds,
            seconds: sampled.seconds,
            proofs: sampled.proofs,
            shares: Shares::of(&total),
            total,
            sections: sampled.sections.into_iter().map(section).collect(),
        }
    }
}

impl Summary {
    /// Both provers, or one, with their names.
    fn sides(&self) -> Vec<(&'static str, &Side)> {
        let stock = self.stock.iter().map(|side| ("stock", side));
        stock.chain([("parhelion", &self.parhelion)]).collect()
    }

    /// One page with everything in it.
    pub(super) fn page(&self) -> Result<String, Box<dyn Error>> {
        let sides = self.sides();
        let totals: Vec<_> = sides.iter().map(|(name, side)| ((*name).to_owned(), side.total)).collect();
        let mut sections = Vec::new();
        for section in &self.parhelion.sections {
            for (name, side) in &sides {
                let found = side.sections.iter().find(|other| other.name == section.name);
                sections.extend(found.map(|other| (format!("{}, {name}", section.name), other.split)));
            }
        }
        let efficiency = match self.simulation.as_slice() {
            [] => None,
            points => Some(plots::efficiency(points, self.steal_cost)?),
        };
        let widest = self.simulation.last();
        let mut environment = Environment::new();
        environment.add_filter("percent", |share: f64| format!("{:.1}%", share * 100.0));
        environment.add_filter("seconds", |seconds: f64| format!("{seconds:.3}"));
        environment.add_template("report.html", include_str!("report.html"))?;
        let page = environment.get_template("report.html")?.render(context! {
            summary => Serde(self),
            sides => Serde(&sides),
            totals => plots::bars(&totals, Lengths::Seconds, self.threads)?,
            sections => plots::bars(&sections, Lengths::Shares, self.threads)?,
            efficiency,
            widest => Serde(widest),
            bottleneck => Serde(widest.and_then(Simulated::bottleneck)),
        })?;
        Ok(page)
    }

    pub(super) fn print(&self) {
        let Self { circuit, k, threads, kernels, multi_open, allocator, .. } = self;
        ui::say(&format!(
            "{circuit}, k = {k}, {threads} threads, {kernels} kernels, {multi_open}, {allocator} allocator"
        ));
        ui::say(&format!(
            "{:<20} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}",
            "", "seconds", "memory", "field", "sync", "(sched.", "waiting)", "other"
        ));
        for (name, side) in self.sides() {
            row(name, side.seconds, side.shares);
            for section in &side.sections {
                row(&format!("  {}", section.name), section.split.wall, section.shares);
            }
        }
        for point in &self.simulation {
            let Simulated { workers, efficiency, efficiency_free, efficiency_dear, .. } = point;
            let bottleneck = point.bottleneck().map_or("", |stage| stage.name.as_str());
            ui::say(&format!(
                "simulated, {workers:>3} workers: {:.3} s, efficiency {:.1}% ({:.1}% to {:.1}%), critical path {:.3} s, longest in {bottleneck}",
                point.seconds,
                efficiency * 100.0,
                efficiency_dear * 100.0,
                efficiency_free * 100.0,
                point.critical_path,
            ));
        }
        for file in &self.files {
            ui::say(&format!("written  {}", file.display()));
        }
    }
}

fn row(name: &str, seconds: f64, shares: Shares) {
    let Shares { memory, field, synchronisation, scheduling, waiting, other } = shares;
    let shares = [memory, field, synchronisation, scheduling, waiting, other];
    let shares: String = shares.iter().map(|share| format!(" {:>8.1}%", share * 100.0)).collect();
    ui::say(&format!("{name:<20} {seconds:>9.3}{shares}"));
}

#[cfg(test)]
mod tests {
    use super::super::simulation::SimulatedStage;
    use super::*;

    fn side(field: f64) -> Side {
        let split = Split { wall: field, field, memory: 1.0, waiting: 1.0, ..Split::default() };
        let sections = vec![("witness".to_owned(), split), ("quotient".to_owned(), split)];
        Side::new(Sampled {
            plain_seconds: 1.0,
            proofs: 1,
            seconds: 2.0,
            sections,
            flamegraph: String::new(),
            timeline: None,
        })
    }

    fn summary(circuit: &str) -> Summary {
        let stage = |name: &str, critical_path| SimulatedStage {
            name: name.to_owned(),
            work: 2.0,
            critical_path,
            seconds: critical_path,
        };
        Summary {
            circuit: circuit.to_owned(),
            k: 9,
            threads: 2,
            kernels: "scalar".to_owned(),
            multi_open: "shplonk".to_owned(),
            allocator: "system",
            frequency: 99,
            stock: Some(side(2.0)),
            parhelion: side(6.0),
            workers: vec![StageTime {
                name: "commit".to_owned(),
                seconds: 1.5,
                parked: 0.25,
                tasks: 7,
                steals: 3,
            }],
            workers_seconds: 1.75,
            overwritten: 0,
            steal_cost: 5000,
            simulation: vec![Simulated {
                workers: 16,
                tasks: 100,
                work: 4.0,
                critical_path: 0.75,
                seconds: 1.0,
                steals: 50,
                efficiency: 0.875,
                efficiency_free: 0.9,
                efficiency_dear: 0.8,
                stages: vec![stage("synthesis", 0.5), stage("open", 0.25)],
            }],
            files: vec![PathBuf::from("out/report.html")],
        }
    }

    #[test]
    fn shares_are_of_all_thread_seconds() {
        let side = side(6.0);
        assert_eq!(
            side.shares,
            Shares {
                memory: 0.125,
                field: 0.75,
                synchronisation: 0.125,
                waiting: 0.125,
                ..Shares::default()
            }
        );
        assert_eq!(Shares::of(&Split::default()), Shares::default());
    }

    #[test]
    fn the_page_stands_alone_and_escapes_what_it_is_given() {
        let page = summary("<script>alert(1)</script>").page().unwrap();
        assert!(!page.contains("<script") && page.contains("&lt;script"), "{page}");
        for outside in ["http://", "https://", "<link", "<img", "src="] {
            let allowed = page.matches("http://www.w3.org/2000/svg").count();
            let found = page.matches(outside).count();
            assert!(found == 0 || (outside == "http://" && found == allowed), "{outside} is in the page");
        }
        for words in ["synthesis", "87.5%", "75.0%", "witness, parhelion", "simulation", "commit", "0.250"] {
            assert!(page.contains(words), "{words} is missing");
        }
        assert_eq!(page.matches("<svg").count(), 3);
    }

    #[test]
    fn a_page_without_the_stock_prover_has_half_the_bars() {
        let page = Summary { stock: None, ..summary("plonk") }.page().unwrap();
        assert!(page.contains("witness, parhelion") && !page.contains("stock</text>"));
        assert!(!page.contains("witness, stock"));
    }

    #[test]
    fn a_page_without_a_simulation_has_no_curve() {
        let page = Summary { simulation: Vec::new(), ..summary("plonk") }.page().unwrap();
        assert_eq!(page.matches("<svg").count(), 2);
        assert!(!page.contains("efficiency"));
    }

    #[test]
    fn the_summary_is_json() {
        let json = serde_json::to_value(summary("plonk")).unwrap();
        assert_eq!(json["parhelion"]["shares"]["synchronisation"], 0.125);
        assert_eq!(json["simulation"][0]["efficiency"], 0.875);
        assert_eq!(json["stock"]["sections"][1]["name"], "quotient");
    }
}
