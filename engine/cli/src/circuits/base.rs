//! What the demos built with halo2-base share: the two stages of a builder, packed.

use std::panic::{AssertUnwindSafe, catch_unwind};

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_base::AssignedValue;
use halo2_base::gates::circuit::CircuitBuilderStage;
use halo2_base::gates::circuit::builder::BaseCircuitBuilder;
use parhelion::base::{PackError, PackedCircuit};

use super::{Demo, DemoCircuit, DemoError, DemoParams, Layout, Witness, check_k};

/// Rows kept free of witness values. The library needs fewer for blinding; the exact number is
/// known only once the columns are, and those depend on this.
const RESERVED_ROWS: usize = 20;

/// Fills a builder and returns the cells that become public.
pub(super) trait Fill: FnOnce(&mut BaseCircuitBuilder<Fr>) -> Vec<AssignedValue<Fr>> {}
impl<T: FnOnce(&mut BaseCircuitBuilder<Fr>) -> Vec<AssignedValue<Fr>>> Fill for T {}

/// The circuit for key generation: values unknown, as many columns as the cells need.
pub(super) fn keygen_circuit(
    demo: &dyn Demo,
    k: u32,
    lookup_bits: Option<usize>,
    fill: impl Fill,
) -> Result<DemoCircuit, DemoError> {
    check_k(demo, k)?;
    guarded(demo, k, || {
        let mut builder = BaseCircuitBuilder::from_stage(CircuitBuilderStage::Keygen)
            .use_k(k as usize)
            .use_instance_columns(1);
        if let Some(bits) = lookup_bits {
            builder.set_lookup_bits(bits);
        }
        builder.assigned_instances[0] = fill(&mut builder);
        builder.calculate_params(Some(RESERVED_ROWS));
        PackedCircuit::new(builder)
    })
    .map(DemoCircuit::Base)
}

/// The circuit of one witness, in the layout of the key.
pub(super) fn witness_circuit(
    demo: &dyn Demo,
    layout: &Layout,
    fill: impl Fill,
) -> Result<Witness, DemoError> {
    let DemoParams::Base(params) = layout.params.clone() else {
        return Err(DemoError::ForeignLayout { circuit: demo.name() });
    };
    if params.num_instance_columns != 1 || layout.break_points.is_empty() {
        return Err(DemoError::ForeignLayout { circuit: demo.name() });
    }
    let k = u32::try_from(params.k).unwrap_or(u32::MAX);
    check_k(demo, k)?;
    guarded(demo, k, || {
        let mut builder = BaseCircuitBuilder::prover(params, layout.break_points.clone());
        let public = fill(&mut builder);
        let instances = vec![public.iter().map(|cell| *cell.value()).collect()];
        builder.assigned_instances[0] = public;
        Ok(Witness { circuit: DemoCircuit::Base(PackedCircuit::new(builder)?), instances })
    })
}

/// halo2-base asserts where it could return errors. What can be checked beforehand is; this
/// turns the rest into an error.
fn guarded<R>(demo: &dyn Demo, k: u32, build: impl FnOnce() -> Result<R, PackError>) -> Result<R, DemoError> {
    let built = match catch_unwind(AssertUnwindSafe(build)) {
        Ok(built) => built.map_err(|error| error.to_string()),
        Err(panic) => Err(crate::panic_message(&*panic)),
    };
    built.map_err(|reason| DemoError::Build { circuit: demo.name(), k, reason })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use ff::Field;
    use halo2_axiom::dev::MockProver;

    /// Synthesises with values and constraints, and checks every constraint row by row: with
    /// the right public values all hold, with a wrong one they do not.
    pub(in crate::circuits) fn check_constraints(
        demo: &dyn Demo,
        k: u32,
        lookup_bits: Option<usize>,
        fill: impl Fill,
    ) {
        let mut builder = BaseCircuitBuilder::from_stage(CircuitBuilderStage::Mock)
            .use_k(k as usize)
            .use_instance_columns(1);
        if let Some(bits) = lookup_bits {
            builder.set_lookup_bits(bits);
        }
        builder.assigned_instances[0] = fill(&mut builder);
        builder.calculate_params(Some(RESERVED_ROWS));
        let mut public: Vec<Fr> = builder.assigned_instances[0].iter().map(|cell| *cell.value()).collect();
        assert_eq!(public.len(), demo.instance_len());
        let circuit = DemoCircuit::Base(PackedCircuit::new(builder).unwrap());
        MockProver::run(k, &circuit, vec![public.clone()]).unwrap().assert_satisfied();
        public[0] += Fr::ONE;
        MockProver::run(k, &circuit, vec![public]).unwrap().verify().unwrap_err();
    }
}
