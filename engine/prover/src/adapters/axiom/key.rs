//! Keys of the library, prepared for many proofs.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use halo2_axiom::halo2curves::bn256::{Bn256, Fr, G1Affine};
use halo2_axiom::plonk::ProvingKey;
use halo2_axiom::poly::Polynomial;
use halo2_axiom::poly::commitment::{Params, ParamsProver};
use halo2_axiom::poly::kzg::commitment::ParamsKZG;
use parhelion_field_kernels::{Bn254Fr, Bn254G1Spec, Domain, Kernels};

use super::{params, shape};
use crate::Error;
use crate::adapters::cast;
use crate::key::{Derived, Key};
use crate::programs::Programs;

/// Borrowed, or shared with the caller.
enum Held<'k, T> {
    Borrowed(&'k T),
    Shared(Arc<T>),
}

impl<T> Deref for Held<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        match self {
            Self::Borrowed(value) => value,
            Self::Shared(value) => value,
        }
    }
}

/// A proving key and its SRS, checked, with what the engine derives from them: compiled
/// constraints, twiddle factors, the SRS in Lagrange form.
///
/// Made once by [`Prover::prepare`](crate::Prover::prepare) or
/// [`Prover::prepare_shared`](crate::Prover::prepare_shared), used by any number of proofs, from
/// any number of threads. Besides the key it holds 64 bytes per row for the SRS and 32 for the
/// twiddle factors.
pub struct PreparedKey<'k> {
    params: Held<'k, ParamsKZG<Bn256>>,
    pk: Held<'k, ProvingKey<G1Affine>>,
    pub(super) derived: Derived<Bn254G1Spec>,
}

impl fmt::Debug for PreparedKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shape = &self.derived.shape;
        f.debug_struct("PreparedKey")
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

impl<'k> PreparedKey<'k> {
    pub(super) fn borrowed(
        kernels: &Kernels,
        params: &'k ParamsKZG<Bn256>,
        pk: &'k ProvingKey<G1Affine>,
    ) -> Result<Self, Error> {
        Self::new(kernels, Held::Borrowed(params), Held::Borrowed(pk))
    }

    pub(super) fn shared(
        kernels: &Kernels,
        params: Arc<ParamsKZG<Bn256>>,
        pk: Arc<ProvingKey<G1Affine>>,
    ) -> Result<PreparedKey<'static>, Error> {
        PreparedKey::new(kernels, Held::Shared(params), Held::Shared(pk))
    }

    fn new(
        kernels: &Kernels,
        params: Held<'k, ParamsKZG<Bn256>>,
        pk: Held<'k, ProvingKey<G1Affine>>,
    ) -> Result<Self, Error> {
        let shape = shape::shape(&pk)?;
        if params.k() != shape.k {
            return Err(Error::ParamsMismatch { key: shape.k, params: params.k() });
        }
        check_columns(&pk, &shape)?;
        let derived = Derived {
            domain: Domain::new(shape.k)?,
            programs: Programs::new(&shape, kernels.threads()),
            lagrange_bases: params::lagrange_bases(&params)?,
            transcript_repr: cast::from_scalar(pk.get_vk().transcript_repr()),
            shape,
        };
        Ok(Self { params, pk, derived })
    }

    /// log2 of the number of rows.
    #[must_use]
    pub fn k(&self) -> u32 {
        self.derived.shape.k
    }

    /// The library's key.
    #[must_use]
    pub fn proving_key(&self) -> &ProvingKey<G1Affine> {
        &self.pk
    }

    pub(super) fn key(&self) -> Key<'_, Bn254G1Spec> {
        fn columns<B>(polynomials: &[Polynomial<Fr, B>]) -> Vec<&[Bn254Fr]> {
            polynomials.iter().map(|polynomial| cast::scalars(polynomial.values())).collect()
        }
        Key {
            derived: &self.derived,
            bases: cast::points(self.params.get_g()),
            fixed_values: columns(self.pk.fixed_values()),
            fixed_polys: columns(self.pk.fixed_polys()),
            sigma_values: columns(self.pk.permutation().permutations()),
            sigma_polys: columns(self.pk.permutation().polys()),
        }
    }
}

/// Checks that a key has the columns its constraint system speaks of: a key assembled or read
/// without checks may not.
fn check_columns(
    pk: &ProvingKey<G1Affine>,
    shape: &crate::shape::Shape<parhelion_field_kernels::Bn254FrSpec>,
) -> Result<(), Error> {
    fn check<B>(
        what: &'static str,
        columns: &[Polynomial<Fr, B>],
        expected: usize,
        n: usize,
    ) -> Result<(), Error> {
        if columns.len() != expected {
            return Err(Error::DamagedKey { what, expected, got: columns.len() });
        }
        match columns.iter().find(|column| column.len() != n) {
            Some(column) => {
                Err(Error::DamagedKey { what: "rows of a column", expected: n, got: column.len() })
            }
            None => Ok(()),
        }
    }
    let n = shape.n();
    let sigmas = shape.permutation.len();
    check("fixed columns", pk.fixed_values(), shape.num_fixed, n)?;
    check("fixed polynomials", pk.fixed_polys(), shape.num_fixed, n)?;
    check("permutation columns", pk.permutation().permutations(), sigmas, n)?;
    check("permutation polynomials", pk.permutation().polys(), sigmas, n)
}
