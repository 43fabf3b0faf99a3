//! One circuit type for all demos.

use halo2_axiom::circuit::{Layouter, SimpleFloorPlanner};
use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::{Circuit, ConstraintSystem, Error};
use halo2_base::gates::circuit::{BaseCircuitParams, BaseConfig};
use parhelion::base::PackedCircuit;
use serde::{Deserialize, Serialize};

use super::plonk::{PlonkCircuit, PlonkConfig, PlonkParams};

/// Any demo's circuit. Passes everything on to the circuit inside.
#[derive(Clone, Debug)]
pub enum DemoCircuit {
    /// A circuit written against the proof system itself.
    Plonk(PlonkCircuit),
    /// A circuit built with halo2-base.
    Base(PackedCircuit),
}

/// The parameters from which a [`DemoCircuit`] is configured.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DemoParams {
    /// Of [`DemoCircuit::Plonk`].
    Plonk(PlonkParams),
    /// Of [`DemoCircuit::Base`].
    Base(BaseCircuitParams),
}

impl Default for DemoParams {
    fn default() -> Self {
        Self::Plonk(PlonkParams::default())
    }
}

/// The columns of a [`DemoCircuit`].
#[derive(Clone, Debug)]
pub enum DemoConfig {
    /// Of [`DemoCircuit::Plonk`].
    Plonk(PlonkConfig),
    /// Of [`DemoCircuit::Base`].
    Base(BaseConfig<Fr>),
}

/// What key generation decides and the prover must repeat. Kept beside the key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Layout {
    /// The parameters of the constraint system.
    pub params: DemoParams,
    /// Where halo2-base moves on to the next column, per phase and column.
    pub break_points: Vec<Vec<usize>>,
}

impl DemoCircuit {
    /// The layout of a circuit for key generation.
    #[must_use]
    pub fn layout(&self) -> Layout {
        let break_points = match self {
            Self::Plonk(_) => Vec::new(),
            Self::Base(circuit) => circuit.break_points(),
        };
        Layout { params: self.params(), break_points }
    }
}

impl Circuit<Fr> for DemoCircuit {
    type Config = DemoConfig;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = DemoParams;

    fn without_witnesses(&self) -> Self {
        match self {
            Self::Plonk(circuit) => Self::Plonk(circuit.without_witnesses()),
            Self::Base(circuit) => Self::Base(circuit.without_witnesses()),
        }
    }

    fn params(&self) -> DemoParams {
        match self {
            Self::Plonk(circuit) => DemoParams::Plonk(circuit.params()),
            Self::Base(circuit) => DemoParams::Base(circuit.params()),
        }
    }

    fn configure_with_params(meta: &mut ConstraintSystem<Fr>, params: DemoParams) -> DemoConfig {
        match params {
            DemoParams::Plonk(params) => DemoConfig::Plonk(PlonkCircuit::configure_with_params(meta, params)),
            DemoParams::Base(params) => DemoConfig::Base(PackedCircuit::configure_with_params(meta, params)),
        }
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> DemoConfig {
        Self::configure_with_params(meta, DemoParams::default())
    }

    fn synthesize(&self, config: DemoConfig, layouter: impl Layouter<Fr>) -> Result<(), Error> {
        match (self, config) {
            (Self::Plonk(circuit), DemoConfig::Plonk(config)) => circuit.synthesize(config, layouter),
            (Self::Base(circuit), DemoConfig::Base(config)) => circuit.synthesize(config, layouter),
            // The key was made for the other kind of circuit.
            _ => Err(Error::Synthesis),
        }
    }
}
