//! Keys of the library, prepared for many proofs.

use std::fmt;

use ff_0_14::FromUniformBytes;
use halo2_proofs::plonk::{self, ConstraintSystem};
use parhelion_field_kernels::{CurveSpec, Domain, FieldSpec, Fp, Kernels};
use parhelion_scheduler::ExecutorExt;

use super::columns::Columns;
use super::keygen::{self, Layout};
use super::{PreparedParams, pinned};
use crate::Error;
use crate::adapters::cast::{KernelScalar, PastaCurve, Spec};
use crate::adapters::cycles::Permutation;
use crate::estimate::Seen;
use crate::key::{Derived, Key, KeyColumn, Synthesis};
use crate::programs::Programs;
use crate::shape::Shape;
use crate::storage::{Labels, Stored};

/// A verifying key with what proofs need besides: the columns of the proving key, generated from
/// the circuit and checked against the commitments in the verifying key, and compiled constraints.
///
/// Made once by [`Prover::prepare_zcash`](crate::Prover::prepare_zcash), used by any number of
/// proofs, from any number of threads. Takes the place of the library's `ProvingKey`, whose columns
/// nobody but the library can read, and is smaller: a few bytes per cell instead of the columns three
/// times over.
pub struct PreparedKey<C: PastaCurve> {
    params: PreparedParams<C>,
    fixed: Vec<Stored<KernelScalar<C>>>,
    sigma: Vec<Stored<KernelScalar<C>>>,
    /// Fixed columns for constants.
    pub(super) constants: Vec<usize>,
    pub(super) columns: Columns,
    /// Tells circuits apart that configure other constraints.
    fingerprint: [u8; 32],
    pub(super) derived: Derived<Spec<C>>,
}

impl<C: PastaCurve> fmt::Debug for PreparedKey<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shape = &self.derived.shape;
        f.debug_struct("PreparedKey")
            .field("curve", &Spec::<C>::NAME)
            .field("k", &shape.k)
            .field("degree", &shape.degree)
            .field("advice_columns", &shape.num_advice())
            .field("fixed_columns", &shape.num_fixed)
            .field("instance_columns", &shape.num_instance)
            .field("permutation_columns", &shape.permutation.len())
            .field("lookups", &shape.lookups.len())
            .finish_non_exhaustive()
    }
}

impl<C: PastaCurve> PreparedKey<C> {
    /// The key of a circuit that was laid out.
    pub(super) fn new(
        kernels: &Kernels,
        params: &PreparedParams<C>,
        reading: Reading<C>,
        layout: Layout<C>,
    ) -> Result<Self, Error> {
        let Reading { vk, hash, domain, shape, labels, programs } = reading;
        keygen::same_system(&layout.system, &vk.system)?;
        {
            let rows = sigma_rows(kernels, &labels, &layout.permutation);
            let columns: Vec<&[_]> = layout.fixed.iter().chain(&rows).map(Vec::as_slice).collect();
            let (bases, hiding) = (&params.inner().lagrange_bases, &params.inner().hiding);
            keygen::same_columns(kernels, bases, hiding, &vk, hash, &columns)?;
        }

        let executor = kernels.executor();
        let fixed = executor.map(layout.fixed.len(), |index| Stored::keep(kernels, &layout.fixed[index]));
        let next = layout.permutation.next.chunks(layout.permutation.rows);
        let sigma = next.map(|cells| Stored::Cells(cells.to_vec())).collect();
        Ok(Self {
            params: params.clone(),
            fixed,
            sigma,
            constants: vk.system.constants,
            columns: Columns::new::<C::ScalarExt>(shape.num_fixed, shape.num_advice(), shape.num_instance, 0),
            fingerprint: layout.fingerprint,
            derived: Derived {
                labels,
                domain,
                programs,
                synthesis: Synthesis::Regions,
                seen: Seen::default(),
                transcript_repr: hash,
                shape,
            },
        })
    }

    /// log2 of the number of rows.
    #[must_use]
    pub fn k(&self) -> u32 {
        self.derived.shape.k
    }

    pub(super) fn key(&self) -> Key<'_, Spec<C>> {
        fn columns<S: FieldSpec>(columns: &[Stored<S>]) -> Vec<KeyColumn<'_, S>> {
            columns.iter().map(|rows| KeyColumn { rows: rows.view(), coefficients: None }).collect()
        }
        let params = self.params.inner();
        Key {
            derived: &self.derived,
            bases: self.params.bases(),
            lagrange_bases: self.params.lagrange_bases(),
            hiding: Some(&params.hiding),
            fixed: columns(&self.fixed),
            sigma: columns(&self.sigma),
        }
    }

    /// Compares what a circuit configures with what the key was prepared for.
    pub(super) fn check_circuit(&self, system: &ConstraintSystem<C::ScalarExt>) -> Result<(), Error> {
        let got = pinned::fingerprint(system);
        if got == self.fingerprint {
            return Ok(());
        }
        let hex = |bytes: [u8; 32]| bytes.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let (circuit, key) = (hex(got), hex(self.fingerprint));
        Err(Error::KeyMismatch { what: "hash of the constraint system", circuit, key })
    }
}

/// What a verifying key tells by itself.
pub(super) struct Reading<C: PastaCurve> {
    vk: pinned::VerifyingKey<Spec<C>>,
    hash: Fp<KernelScalar<C>>,
    domain: Domain<KernelScalar<C>>,
    shape: Shape<KernelScalar<C>>,
    labels: Labels<KernelScalar<C>>,
    programs: Programs<KernelScalar<C>>,
}

impl<C: PastaCurve> Reading<C>
where
    C::ScalarExt: FromUniformBytes<64>,
{
    /// Takes the key apart, and compiles its constraints.
    pub(super) fn new(
        kernels: &Kernels,
        params: &PreparedParams<C>,
        vk: &plonk::VerifyingKey<C>,
    ) -> Result<Self, Error> {
        let _span = tracing::info_span!("read_key").entered();
        let (vk, hash) = pinned::verifying_key(vk)?;
        if vk.k != params.k() {
            return Err(Error::ParamsMismatch { key: vk.k, params: params.k() });
        }
        let domain = Domain::new(vk.k)?;
        if domain.omega() != vk.omega {
            let (circuit, key) = (format!("{:?}", domain.omega()), format!("{:?}", vk.omega));
            return Err(Error::KeyMismatch { what: "root of unity", circuit, key });
        }
        let shape = vk.system.to_shape(vk.k)?;
        let labels = Labels::new(kernels, &domain, shape.permutation.len());
        let programs = Programs::new(&shape, kernels.threads());
        Ok(Self { vk, hash, domain, shape, labels, programs })
    }
}

/// The permutation as columns of labels.
fn sigma_rows<S: FieldSpec>(
    kernels: &Kernels,
    labels: &Labels<S>,
    permutation: &Permutation,
) -> Vec<Vec<Fp<S>>> {
    let columns: Vec<&[u32]> = permutation.next.chunks(permutation.rows).collect();
    kernels.executor().map(columns.len(), |index| {
        let mut rows = vec![Fp::ZERO; permutation.rows];
        labels.read(kernels, columns[index], &mut rows);
        rows
    })
}
