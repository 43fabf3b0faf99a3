//! Circuits of `halo2-base`, in a form that takes little memory and is quickly synthesised.
//!
//! A [`BaseCircuitBuilder`] keeps 72 bytes for each cell and 104 for each range check, all of them while its
//! proof is made; and for a key it finds each cell that is copied in a hash map of them all. [`PackedCircuit`]
//! settles once where everything goes:
//!
//! ```text
//!  builder ──segments──▶ rows of each gate column ──cells──▶ packed columns
//!                                   │
//!                                   └──constraints──▶ gates, constants, copies, as numbers
//! ```
//!
//! The engine takes its columns whole; to other provers it assigns cell by cell. It is a [`Circuit`] like the
//! builder, with its configuration and its keys: either's proofs are the other's, byte for byte, with any prover.

mod cells;
mod constraints;
mod segments;

use std::sync::Arc;

use ::halo2_base::gates::circuit::builder::BaseCircuitBuilder;
use ::halo2_base::gates::circuit::{BaseCircuitParams, BaseConfig, MaybeRangeConfig};
use ::halo2_base::gates::flex_gate::MultiPhaseThreadBreakPoints;
use halo2_axiom::circuit::{Layouter, Region, SimpleFloorPlanner, Value};
use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::{self, Advice, Circuit, Column, ConstraintSystem};
use parhelion_field_kernels::{KernelChoice, Kernels};
use parhelion_scheduler::Sequential;

use cells::Cells;
use constraints::Constraints;
use segments::Segments;

use crate::adapters::axiom::handed::{Handed, WholeColumns, hand};

/// Why a builder's circuit cannot be packed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackError {
    /// A builder for witnesses has to be told where each column ends, as key generation has found it.
    #[error("the builder has no break points: they are those of the circuit that its key was made for")]
    NoBreakPoints,
    /// The builder was given other break points than its cells lead to.
    #[error("the break points {given:?} are not those of the circuit, {found:?}")]
    BreakPoints {
        /// Of the builder.
        given: Vec<usize>,
        /// Of its cells.
        found: Vec<usize>,
    },
    /// Something does not fit the columns that the builder's parameters say.
    #[error("{got} {what} do not fit: the builder's parameters leave room for {room}")]
    Room {
        /// What does not fit.
        what: &'static str,
        /// As many as there are.
        got: usize,
        /// As many as fit.
        room: usize,
    },
    /// The builder is in a state that the library's own synthesis would panic at, or ignore.
    #[error("not a circuit that halo2-base would synthesise whole: {0}")]
    Builder(&'static str),
    /// The kernels that `PARHELION_KERNELS` names cannot be had.
    #[error(transparent)]
    Kernels(#[from] parhelion_field_kernels::Error),
}

/// The circuit of a [`BaseCircuitBuilder`], settled and packed. Cheap to clone: what it holds is shared.
///
/// A builder for keys gives a circuit for keys, one for witnesses a circuit for proofs, and one of the stage
/// `Mock` a circuit for both, which `MockProver` can check.
///
/// ```no_run
/// use halo2_base::gates::circuit::builder::BaseCircuitBuilder;
/// # use halo2_axiom::halo2curves::bn256::Fr;
/// use parhelion::base::PackedCircuit;
/// # fn fill(builder: &mut BaseCircuitBuilder<Fr>) {}
/// # fn run(params: halo2_base::gates::circuit::BaseCircuitParams, break_points: Vec<Vec<usize>>)
/// #     -> Result<(), parhelion::base::PackError> {
///
/// let mut builder = BaseCircuitBuilder::prover(params, break_points);
/// fill(&mut builder);
/// let circuit = PackedCircuit::new(builder)?; // and prove it in the builder's place
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct PackedCircuit {
    params: BaseCircuitParams,
    segments: Segments,
    /// None where values are unknown.
    cells: Option<Arc<Cells>>,
    /// None where only values matter.
    constraints: Option<Arc<Constraints>>,
}

impl PackedCircuit {
    /// Takes the builder apart, as it would be synthesised.
    ///
    /// # Errors
    /// As [`PackError`] says: where the library's synthesis would panic, and for builders with cells in a
    /// second or third phase, which it ignores, or with cells of another circuit's.
    pub fn new(mut builder: BaseCircuitBuilder<Fr>) -> Result<Self, PackError> {
        let params = builder.config_params.clone();
        let mut cs = ConstraintSystem::default();
        let config = BaseConfig::configure(&mut cs, params.clone());
        let columns = Columns::of(&config);
        let segments = Segments::of(&builder, &columns)?;
        check_lookups(&builder, &columns)?;

        let constraints = match builder.witness_gen_only() {
            true => None,
            false => Some(Arc::new(Constraints::of(&builder, &columns, &segments)?)),
        };
        let unknown = builder.core().use_unknown();
        let cells = match unknown {
            true => None,
            false => {
                let kernels = Kernels::new(KernelChoice::Auto, Arc::new(Sequential))?;
                Some(Arc::new(Cells::take(&kernels, &mut builder, &columns, &segments)))
            }
        };
        // The builder complains if it is dropped before it was synthesised.
        builder.clear();
        Ok(Self { params, segments, cells, constraints })
    }

    /// Where the gate columns end, by phase: what [`BaseCircuitBuilder::prover`] needs to know.
    #[must_use]
    pub fn break_points(&self) -> MultiPhaseThreadBreakPoints {
        vec![self.segments.break_points.clone()]
    }

    /// Bytes of what it holds.
    #[must_use]
    pub fn size(&self) -> usize {
        self.cells.as_ref().map_or(0, |cells| cells.size())
            + self.constraints.as_ref().map_or(0, |constraints| constraints.size())
    }
}

/// The columns of a configuration that cells go to.
struct Columns {
    gates: Vec<Column<Advice>>,
    /// Of cells that are copied there to be looked up.
    lookups: Vec<Column<Advice>>,
    /// Whether cells are looked up where they are.
    in_place: bool,
    constants: usize,
    instances: usize,
    usable_rows: usize,
    /// Rows of a column, a power of two.
    rows: usize,
}

impl Columns {
    fn of(config: &BaseConfig<Fr>) -> Self {
        let gate = config.gate();
        let (lookups, in_place) = match &config.base {
            MaybeRangeConfig::WithRange(range) => (
                range.lookup_advice.first().cloned().unwrap_or_default(),
                range.q_lookup.first().is_some_and(Option::is_some),
            ),
            MaybeRangeConfig::WithoutRange(_) => (Vec::new(), false),
        };
        Self {
            gates: gate.basic_gates.first().into_iter().flatten().map(|gate| gate.value).collect(),
            lookups,
            in_place,
            constants: gate.constants.len(),
            instances: config.instance.len(),
            usable_rows: gate.max_rows,
            rows: gate.max_rows.next_power_of_two(),
        }
    }

    /// Those that have cells.
    fn advice(&self) -> impl Iterator<Item = Column<Advice>> {
        self.gates.iter().chain(&self.lookups).copied()
    }
}

impl Circuit<Fr> for PackedCircuit {
    type Config = BaseConfig<Fr>;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = BaseCircuitParams;

    fn params(&self) -> BaseCircuitParams {
        self.params.clone()
    }

    fn without_witnesses(&self) -> Self {
        Self { cells: None, ..self.clone() }
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, params: BaseCircuitParams) -> BaseConfig<Fr> {
        BaseConfig::configure(meta, params)
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> BaseConfig<Fr> {
        Self::configure_with_params(meta, BaseCircuitParams::default())
    }

    fn synthesize(
        &self,
        config: BaseConfig<Fr>,
        mut layouter: impl Layouter<Fr>,
    ) -> Result<(), plonk::Error> {
        let columns = Columns::of(&config);
        if !self.segments.fit(&columns) {
            // Another circuit's configuration.
            return Err(plonk::Error::Synthesis);
        }
        config.initialize(&mut layouter);
        layouter.assign_region(
            || "packed circuit",
            |mut region| {
                if let Some(cells) = &self.cells {
                    assign(cells, &columns, &mut region);
                }
                match &self.constraints {
                    Some(constraints) => constraints.declare(&config, &columns, &mut region),
                    None => Ok(()),
                }
            },
        )?;
        if let Some(constraints) = &self.constraints {
            constraints.expose(&config, &columns, &mut layouter);
        }
        Ok(())
    }
}

/// Refuses more range checks than there is room for.
fn check_lookups(builder: &BaseCircuitBuilder<Fr>, columns: &Columns) -> Result<(), PackError> {
    let got = builder.lookup_manager().first().map_or(0, |manager| manager.total_rows());
    let room = columns.lookups.len() * columns.usable_rows;
    match got > room && !columns.in_place {
        true => Err(PackError::Room { what: "range checks", got, room }),
        false => Ok(()),
    }
}

/// Assigns all cells: column by column to the engine, one by one to others.
fn assign(cells: &Arc<Cells>, columns: &Columns, region: &mut Region<'_, Fr>) {
    debug_assert_eq!(cells.columns(), columns.advice().count());
    let whole = || Handed {
        columns: columns.advice().map(|column| column.index()).collect(),
        values: Arc::clone(cells) as Arc<dyn WholeColumns>,
    };
    if hand(whole) {
        return;
    }
    cells.for_each(columns.advice(), |column, row, value| {
        region.assign_advice(column, row, Value::known(value));
    });
}
