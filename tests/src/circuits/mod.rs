//! A zoo of circuits, put together from gadgets.
//!
//! A [`Recipe`] is a list of gadgets, each with columns of its own, all starting at row 0.
//! Recipes are the parameters of the one circuit type [`ZooCircuit`], so that a test can walk
//! through very different circuits in a plain loop.

mod copies;
mod dynamic_lookup;
mod fixed;
mod gate;
mod instances;
mod lookup;
mod phases;
mod rational;
mod selectors;
mod square;
mod witness;

use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use halo2_axiom::circuit::{Cell, Layouter, Region, SimpleFloorPlanner, Table};
use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::{Circuit, Column, ConstraintSystem, Error, Instance};

pub use copies::Copies;
pub use dynamic_lookup::{DynamicLookup, TableKind};
pub use fixed::{Constants, FixedOnly};
pub use gate::{Gate, GateSelector};
pub use instances::Instances;
pub use lookup::Lookup;
pub use phases::{PhaseStyle, Phases};
pub use rational::Rational;
pub use selectors::Selectors;
pub use square::{Square, SquareConfig};
pub use witness::{Fault, Witness};

/// A piece of a circuit: adds columns and constraints to a constraint system.
pub trait Gadget: fmt::Debug + Send + Sync {
    /// Adds this gadget's columns, gates and lookups.
    fn configure(&self, meta: &mut ConstraintSystem<Fr>) -> Box<dyn Chip>;

    /// The values of the instance columns it adds, in the order it adds them.
    fn instances(&self, witness: &Witness) -> Vec<Vec<Fr>> {
        let _ = witness;
        Vec::new()
    }
}

/// A cell that must equal a row of an instance column.
pub type Exposed = (Cell, Column<Instance>, usize);

/// A configured gadget: assigns cells.
pub trait Chip: fmt::Debug {
    /// Assigns the columns of one phase. Fixed cells, selectors and copies belong to phase 0.
    ///
    /// # Errors
    /// What the layouter returns.
    fn assign(
        &self,
        phase: u8,
        region: &mut Region<'_, Fr>,
        witness: &Witness,
    ) -> Result<Vec<Exposed>, Error>;

    /// Whether there is a lookup table to load.
    fn has_table(&self) -> bool {
        false
    }

    /// Assigns the lookup table.
    ///
    /// # Errors
    /// What the layouter returns.
    fn load_table(&self, table: &mut Table<'_, Fr>) -> Result<(), Error> {
        let _ = table;
        Ok(())
    }
}

/// What a zoo circuit consists of.
#[derive(Clone, Debug, Default)]
pub struct Recipe {
    gadgets: Vec<Arc<dyn Gadget>>,
    /// See [`ConstraintSystem::set_minimum_degree`].
    pub minimum_degree: Option<usize>,
    /// How the circuit moves from phase to phase.
    pub phase_style: PhaseStyle,
}

impl Recipe {
    /// A recipe with one more gadget.
    #[must_use]
    pub fn with(mut self, gadget: impl Gadget + 'static) -> Self {
        self.gadgets.push(Arc::new(gadget));
        self
    }

    /// The recipe with a minimum degree.
    #[must_use]
    pub const fn degree(mut self, degree: usize) -> Self {
        self.minimum_degree = Some(degree);
        self
    }

    /// The recipe with a way to move from phase to phase.
    #[must_use]
    pub const fn style(mut self, style: PhaseStyle) -> Self {
        self.phase_style = style;
        self
    }
}

/// A circuit made from a recipe, with a witness.
#[derive(Clone, Debug)]
pub struct ZooCircuit {
    recipe: Recipe,
    witness: Witness,
}

impl ZooCircuit {
    /// The circuit with a good witness.
    #[must_use]
    pub const fn new(recipe: Recipe, seed: u64) -> Self {
        Self { recipe, witness: Witness { seed, known: true, fault: None } }
    }

    /// The same circuit with one advice cell spoilt.
    #[must_use]
    pub const fn with_fault(mut self, fault: Fault) -> Self {
        self.witness.fault = Some(fault);
        self
    }

    /// The instance columns that belong to the witness.
    #[must_use]
    pub fn instances(&self) -> Vec<Vec<Fr>> {
        self.recipe.gadgets.iter().flat_map(|gadget| gadget.instances(&self.witness)).collect()
    }
}

/// The configured gadgets of a zoo circuit.
#[derive(Clone, Debug)]
pub struct ZooConfig {
    chips: Rc<[Box<dyn Chip>]>,
    phases: u8,
}

impl Circuit<Fr> for ZooCircuit {
    type Config = ZooConfig;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = Recipe;

    fn params(&self) -> Recipe {
        self.recipe.clone()
    }

    fn without_witnesses(&self) -> Self {
        Self { recipe: self.recipe.clone(), witness: Witness { known: false, ..self.witness } }
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> ZooConfig {
        Self::configure_with_params(meta, Recipe::default())
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, recipe: Recipe) -> ZooConfig {
        if let Some(degree) = recipe.minimum_degree {
            meta.set_minimum_degree(degree);
        }
        let chips = recipe.gadgets.iter().map(|gadget| gadget.configure(meta)).collect();
        let phases = 1 + meta.advice_column_phase().into_iter().max().unwrap_or(0);
        ZooConfig { chips, phases }
    }

    fn synthesize(&self, config: ZooConfig, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        for chip in config.chips.iter().filter(|chip| chip.has_table()) {
            layouter.assign_table(|| "table", |mut table| chip.load_table(&mut table))?;
        }
        let assign = |phase: u8, region: &mut Region<'_, Fr>| -> Result<Vec<Exposed>, Error> {
            let mut exposed = Vec::new();
            for chip in config.chips.iter() {
                exposed.extend(chip.assign(phase, region, &self.witness)?);
            }
            Ok(exposed)
        };
        let mut exposed = Vec::new();
        let phases = config.phases;
        match self.recipe.phase_style {
            PhaseStyle::Layouter => {
                for phase in 0..phases {
                    exposed
                        .extend(layouter.assign_region(|| "phase", |mut region| assign(phase, &mut region))?);
                    // Ending the last phase too is allowed, and then left out by the library.
                    layouter.next_phase();
                }
            }
            style => {
                exposed = layouter.assign_region(
                    || "all phases",
                    |mut region| {
                        let mut exposed = assign(0, &mut region)?;
                        for phase in 1..phases {
                            if style == PhaseStyle::Region {
                                region.next_phase();
                            }
                            exposed.extend(assign(phase, &mut region)?);
                        }
                        Ok(exposed)
                    },
                )?;
            }
        }
        for (cell, column, row) in exposed {
            layouter.constrain_instance(cell, column, row);
        }
        Ok(())
    }
}
