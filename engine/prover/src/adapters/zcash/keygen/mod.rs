//! The columns of a key, which the library keeps to itself: generated from the circuit as the
//! library does, then held against the commitments in its verifying key.
//!
//! ```text
//! circuit ──assembly──▶ fixed columns, selectors, cycles ──selectors──▶ Layout ──check──▶ key
//! ```

mod assembly;
mod check;
mod selectors;

pub(super) use assembly::known;
pub(super) use check::{same_columns, same_system};

use ff_0_14::Field;
use halo2_proofs::plonk::{self, Circuit, FloorPlanner};
use parhelion_field_kernels::{Fp, Kernels};

use super::columns::Columns;
use super::pinned::{self, ConstraintSystem};
use crate::Error;
use crate::adapters::cast::{KernelScalar, PastaCurve};
use crate::adapters::columns::divide;
use crate::adapters::cycles::Permutation;
use assembly::Assembly;

/// Everything about a circuit that is the same in every proof.
pub(super) struct Layout<C: PastaCurve> {
    /// Selectors are replaced by fixed columns.
    pub(super) system: ConstraintSystem<KernelScalar<C>>,
    /// Fixed columns of 2^k rows, those of selectors last.
    pub(super) fixed: Vec<Vec<Fp<KernelScalar<C>>>>,
    pub(super) permutation: Permutation,
}

/// The constraint system that a circuit configures, with its configuration.
pub(super) fn configure<F: Field, ConcreteCircuit: Circuit<F>>()
-> (plonk::ConstraintSystem<F>, ConcreteCircuit::Config) {
    let mut system = plonk::ConstraintSystem::default();
    let config = ConcreteCircuit::configure(&mut system);
    (system, config)
}

/// Configures and synthesises a circuit without its witness, on 2^k rows.
pub(super) fn lay_out<C: PastaCurve, ConcreteCircuit: Circuit<C::ScalarExt>>(
    kernels: &Kernels,
    k: u32,
    circuit: &ConcreteCircuit,
) -> Result<Layout<C>, Error> {
    let _span = tracing::info_span!("layout").entered();
    let (system, config) = configure::<C::ScalarExt, ConcreteCircuit>();
    let system = pinned::constraint_system::<C>(&system)?;
    let columns =
        Columns::new::<C::ScalarExt>(system.fixed, system.advice, system.instance, system.selectors);
    let constants = columns.fixed_columns(&system.constants);

    let mut assembly = Assembly::<C>::new(k, &system, &columns)?;
    let outcome = ConcreteCircuit::FloorPlanner::synthesize(&mut assembly, circuit, config, constants);
    let failure = assembly.failure.take();
    outcome.map_err(|error| failure.unwrap_or(Error::ZcashSynthesis(error)))?;
    let Assembly { mut fixed, denominators, selectors, cycles, .. } = assembly;
    divide(kernels, &mut fixed, denominators);

    let (system, selector_columns) = selectors::compress(system, &selectors)?;
    fixed.extend(selector_columns);
    Ok(Layout { system, fixed, permutation: cycles.finish() })
}
