//! `parhelion bench --keygen`: key generation, ours and the library's.

use std::time::Instant;

use blake3::Hasher;
use halo2_axiom::SerdeFormat;
use halo2_axiom::circuit::Value;
use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::{
    self, Advice, Any, Assigned, Assignment, Challenge, Circuit, Column, ConstraintSystem, Error, Fixed,
    FloorPlanner, Instance, Selector,
};
use parhelion::Prover;
use parhelion_cli::circuits::{Demo, DemoCircuit};
use parhelion_cli::proc;
use parhelion_cli::store::Srs;
use serde::{Deserialize, Serialize};

use super::measure as run_child;
use super::report::{Spread, median};
use crate::args::{BenchArgs, Common, Side};
use crate::error::CommandError;
use crate::{ALLOCATOR, ui};

/// How often the two functions synthesise the circuit together.
const SYNTHESES: f64 = 2.0;

/// What a child process reports.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct KeygenCost {
    /// Of `keygen_vk` and `keygen_pk` together.
    seconds: f64,
    /// Of the circuit's own code in them.
    synthesis_seconds: f64,
    /// High-water mark of resident memory.
    peak_bytes: Option<u64>,
    /// Hash of the proving key in the library's serialisation.
    digest: String,
}

/// The JSON object.
#[derive(Debug, Serialize)]
struct KeygenReport<'a> {
    circuit: &'a str,
    k: u32,
    threads: usize,
    kernels: &'a str,
    runs: u32,
    allocator: &'static str,
    stock: KeygenCosts,
    parhelion: KeygenCosts,
    /// Median seconds, stock / ours.
    speedup: f64,
    /// The same without what the circuit's own code takes on both sides.
    speedup_without_synthesis: f64,
    memory_ratio: Option<f64>,
    /// Whether both made the same proving key.
    same_bytes: bool,
}

#[derive(Debug, Serialize)]
struct KeygenCosts {
    seconds: Spread,
    /// Median seconds of the circuit's own code.
    synthesis: f64,
    /// Median.
    peak_bytes: Option<u64>,
}

/// Times the children of both sides in turn, and reports.
pub(super) fn run(
    common: &Common,
    args: &BenchArgs,
    circuit: &str,
    k: u32,
    kernels: &str,
) -> Result<(), CommandError> {
    let (mut stock, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..args.runs {
        stock.push(run_child::<KeygenCost>(common, args, k, Side::StockKeygen, None)?);
        ours.push(run_child::<KeygenCost>(common, args, k, Side::ParhelionKeygen, None)?);
    }
    let same_bytes = stock.iter().chain(&ours).all(|cost| cost.digest == stock[0].digest);
    let (stock, parhelion) = (KeygenCosts::of(&stock), KeygenCosts::of(&ours));
    let report = KeygenReport {
        circuit,
        k,
        threads: common.threads(),
        kernels,
        runs: args.runs,
        allocator: ALLOCATOR.name(),
        speedup: stock.seconds.median / parhelion.seconds.median,
        speedup_without_synthesis: (stock.seconds.median - stock.synthesis)
            / (parhelion.seconds.median - parhelion.synthesis),
        memory_ratio: parhelion
            .peak_bytes
            .zip(stock.peak_bytes)
            .map(|(ours, stock)| ours as f64 / stock as f64),
        same_bytes,
        stock,
        parhelion,
    };
    if common.json {
        ui::say_json(&report);
    } else {
        report.print();
    }
    Ok(())
}

/// Makes the keys of a circuit as `side` does.
pub(super) fn measure(
    side: Side,
    demo: &dyn Demo,
    k: u32,
    srs: &Srs,
    prover: &Prover,
) -> Result<KeygenCost, CommandError> {
    let circuit = demo.keygen_circuit(k)?;
    // Before and after, so that neither side finds memory that the other does not.
    let synthesis_before = time_synthesis(&circuit)?;
    ALLOCATOR.trim();
    proc::reset_peak_resident();
    let start = Instant::now();
    let pk = if side == Side::StockKeygen {
        let vk = plonk::keygen_vk(&srs.params, &circuit).map_err(CommandError::Stock)?;
        plonk::keygen_pk(&srs.params, vk, &circuit).map_err(CommandError::Stock)?
    } else {
        let vk = prover.keygen_vk(&srs.params, &circuit, false)?;
        prover.keygen_pk(&srs.params, vk, &circuit)?
    };
    let seconds = start.elapsed().as_secs_f64();
    let peak_bytes = proc::peak_resident();
    let synthesis = synthesis_before.min(time_synthesis(&circuit)?);

    let mut hasher = Hasher::new();
    pk.write(&mut hasher, SerdeFormat::RawBytesUnchecked)
        .map_err(|error| CommandError::Child { side: "keygen".to_owned(), reason: error.to_string() })?;
    let digest = hasher.finalize().to_hex().to_string();
    Ok(KeygenCost { seconds, synthesis_seconds: SYNTHESES * synthesis, peak_bytes, digest })
}

/// Seconds the circuit takes to lay itself out for somebody who does not listen.
fn time_synthesis(circuit: &DemoCircuit) -> Result<f64, CommandError> {
    let start = Instant::now();
    let mut cs = ConstraintSystem::<Fr>::default();
    let config = DemoCircuit::configure_with_params(&mut cs, circuit.params());
    let constants = cs.constants().clone();
    <DemoCircuit as Circuit<Fr>>::FloorPlanner::synthesize(&mut Deaf, circuit, config, constants)
        .map_err(CommandError::Stock)?;
    Ok(start.elapsed().as_secs_f64())
}

impl KeygenCosts {
    fn of(costs: &[KeygenCost]) -> Self {
        let peaks: Option<Vec<f64>> =
            costs.iter().map(|cost| cost.peak_bytes.map(|bytes| bytes as f64)).collect();
        Self {
            seconds: Spread::of(costs.iter().map(|cost| cost.seconds).collect()),
            synthesis: median(costs.iter().map(|cost| cost.synthesis_seconds).collect()),
            peak_bytes: peaks.map(|peaks| median(peaks) as u64),
        }
    }
}

impl KeygenReport<'_> {
    fn print(&self) {
        let Self { circuit, k, threads, kernels, runs, allocator, .. } = self;
        ui::say(&format!(
            "keys of {circuit}, k = {k}, {threads} threads, {kernels} kernels, {allocator} allocator, {runs} runs"
        ));
        ui::say(&format!(
            "{:<10} {:>9} {:>9} {:>9} {:>11} {:>12}",
            "keygen", "median s", "min s", "max s", "synthesis s", "peak"
        ));
        for (name, costs) in [("stock", &self.stock), ("parhelion", &self.parhelion)] {
            ui::say(&format!(
                "{name:<10} {:>9.3} {:>9.3} {:>9.3} {:>11.3} {:>12}",
                costs.seconds.median,
                costs.seconds.min,
                costs.seconds.max,
                costs.synthesis,
                costs.peak_bytes.map_or_else(|| "unknown".to_owned(), ui::bytes),
            ));
        }
        ui::say(&format!(
            "speedup {:.2}, without the circuit's own synthesis {:.2}, stock / ours; {}",
            self.speedup,
            self.speedup_without_synthesis,
            if self.same_bytes { "the same proving key" } else { "OTHER BYTES than the stock key" }
        ));
    }
}

/// Takes everything a circuit says, and keeps nothing.
struct Deaf;

impl Assignment<Fr> for Deaf {
    fn enter_region<NR: Into<String>, N: FnOnce() -> NR>(&mut self, _: N) {}

    fn exit_region(&mut self) {}

    fn enable_selector<A, AR>(&mut self, _: A, _: &Selector, _: usize) -> Result<(), Error>
    where
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
        Ok(())
    }

    fn annotate_column<A, AR>(&mut self, _: A, _: Column<Any>)
    where
        A: FnOnce() -> AR,
        AR: Into<String>,
    {
    }

    fn query_instance(&self, _: Column<Instance>, _: usize) -> Result<Value<Fr>, Error> {
        Ok(Value::unknown())
    }

    fn assign_advice<'v>(
        &mut self,
        _: Column<Advice>,
        _: usize,
        _: Value<Assigned<Fr>>,
    ) -> Value<&'v Assigned<Fr>> {
        Value::unknown()
    }

    fn assign_fixed(&mut self, _: Column<Fixed>, _: usize, _: Assigned<Fr>) {}

    fn copy(&mut self, _: Column<Any>, _: usize, _: Column<Any>, _: usize) {}

    fn fill_from_row(&mut self, _: Column<Fixed>, _: usize, _: Value<Assigned<Fr>>) -> Result<(), Error> {
        Ok(())
    }

    fn get_challenge(&self, _: Challenge) -> Value<Fr> {
        Value::unknown()
    }

    fn push_namespace<NR: Into<String>, N: FnOnce() -> NR>(&mut self, _: N) {}

    fn pop_namespace(&mut self, _: Option<String>) {}
}
