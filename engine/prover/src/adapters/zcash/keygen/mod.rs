//! The columns of a key, which the library keeps to itself: generated from the circuit as the
//! library does, then held against the commitments in its verifying key.
//!
//! ```text
//! circuit ──assembly──▶ fixed columns, selectors, cycles ──selectors──▶ Layout ──check──▶ key
//!              ╰─ values of fixed cells by turns, where several threads synthesise it
//! ```

mod assembly;
mod check;
mod selectors;
mod turns;

pub(super) use assembly::known;
pub(super) use check::{same_columns, same_system};

use std::sync::atomic::AtomicUsize;

use ff_0_14::Field;
use halo2_proofs::plonk::{self, Circuit};
use parhelion_field_kernels::{Fp, Kernels};
use parhelion_scheduler::ExecutorExt;

use super::columns::Columns;
use super::pinned::{self, ConstraintSystem};
use crate::Error;
use crate::adapters::cast::{KernelScalar, PastaCurve};
use crate::adapters::columns::divide;
use crate::adapters::cycles::Permutation;
use assembly::Assembly;
use turns::Turns;

/// Everything about a circuit that is the same in every proof.
pub(super) struct Layout<C: PastaCurve> {
    /// Selectors are replaced by fixed columns.
    pub(super) system: ConstraintSystem<KernelScalar<C>>,
    /// Tells circuits apart that configure other constraints.
    pub(super) fingerprint: [u8; 32],
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
    lay_out_by::<C, ConcreteCircuit>(kernels, |system, columns, _| {
        let mut assembly = Assembly::new(k, system, columns)?;
        assembly.synthesize(circuit, system)?;
        Ok(assembly)
    })
}

/// The same on all threads. Each goes through the whole circuit, but asks for the values of those fixed cells only
/// that nobody else has asked for: they are what takes long.
///
/// # Errors
/// Also if the circuit needs to be asked for all of them in order.
pub(super) fn lay_out_shared<C: PastaCurve, ConcreteCircuit: Circuit<C::ScalarExt> + Sync>(
    kernels: &Kernels,
    k: u32,
    circuit: &ConcreteCircuit,
) -> Result<Layout<C>, Error> {
    lay_out_by::<C, ConcreteCircuit>(kernels, |system, columns, next| {
        let assemblies = kernels.executor().map(kernels.threads(), |_| {
            let mut assembly = Assembly::new(k, system, columns)?.taking(Turns::new(next));
            assembly.synthesize(circuit, system)?;
            Ok(assembly)
        });
        let mut assemblies = assemblies.into_iter().collect::<Result<Vec<Assembly<'_, C>>, Error>>()?;
        let notes = assemblies.iter_mut().flat_map(Assembly::taken).collect();
        // Selectors and copies are the same in all of them.
        let mut assembly = assemblies.swap_remove(0);
        assembly.replay(notes)?;
        Ok(assembly)
    })
}

/// Configures a circuit, and lays out what `assemble` makes of it.
fn lay_out_by<C: PastaCurve, ConcreteCircuit: Circuit<C::ScalarExt>>(
    kernels: &Kernels,
    assemble: impl for<'a> FnOnce(
        &'a ConstraintSystem<KernelScalar<C>>,
        &'a Columns,
        &'a AtomicUsize,
    ) -> Result<Assembly<'a, C>, Error>,
) -> Result<Layout<C>, Error> {
    let _span = tracing::info_span!("layout").entered();
    let (system, _) = configure::<C::ScalarExt, ConcreteCircuit>();
    let (system, fingerprint) = pinned::constraint_system::<C>(&system)?;
    let columns =
        Columns::new::<C::ScalarExt>(system.fixed, system.advice, system.instance, system.selectors);
    let next = AtomicUsize::new(0);
    let Assembly { mut fixed, denominators, selectors, cycles, .. } = assemble(&system, &columns, &next)?;
    divide(kernels, &mut fixed, denominators);

    let (system, selector_columns) = selectors::compress(system, &selectors)?;
    fixed.extend(selector_columns);
    Ok(Layout { system, fingerprint, fixed, permutation: cycles.finish() })
}
