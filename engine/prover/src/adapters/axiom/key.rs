//! Keys of the library, prepared for many proofs.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use halo2_axiom::halo2curves::bn256::{Bn256, Fr, G1Affine};
use halo2_axiom::plonk::{ConstraintSystem, ProvingKey};
use halo2_axiom::poly::commitment::{Params, ParamsProver};
use halo2_axiom::poly::kzg::commitment::ParamsKZG;
use halo2_axiom::poly::{Coeff, LagrangeCoeff, Polynomial};
use parhelion_field_kernels::{Bn254Fr, Bn254FrSpec, Bn254G1Affine, Bn254G1Spec, Domain, Kernels};

use super::{params, shape};
use crate::Error;
use crate::adapters::cast;
use crate::key::{Derived, Key, KeyColumns};
use crate::programs::Programs;
use crate::shape::Shape;

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

/// Where the columns are.
enum Material<'k> {
    /// In the library's key and SRS.
    Library { params: Held<'k, ParamsKZG<Bn256>>, pk: Held<'k, ProvingKey<G1Affine>> },
    /// In the engine's own memory, each column once.
    Compact { bases: Vec<Bn254G1Affine>, fixed: Vec<Vec<Bn254Fr>>, sigma: Vec<Vec<Bn254Fr>> },
}

/// A proving key and its SRS, checked, with what the engine derives from them: compiled
/// constraints, twiddle factors, the SRS in Lagrange form.
///
/// Made once by [`Prover::prepare`](crate::Prover::prepare),
/// [`Prover::prepare_shared`](crate::Prover::prepare_shared) or
/// [`Prover::prepare_compact`](crate::Prover::prepare_compact), used by any number of proofs, from
/// any number of threads. Besides the columns of the key it holds 64 bytes per row for the SRS and
/// 32 for the twiddle factors.
pub struct PreparedKey<'k> {
    material: Material<'k>,
    pub(super) constraint_system: ConstraintSystem<Fr>,
    pub(super) derived: Derived<Bn254G1Spec>,
}

impl fmt::Debug for PreparedKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shape = &self.derived.shape;
        f.debug_struct("PreparedKey")
            .field("k", &shape.k)
            .field("degree", &shape.degree)
            .field("compact", &matches!(self.material, Material::Compact { .. }))
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

    pub(super) fn compact(
        kernels: &Kernels,
        params: &ParamsKZG<Bn256>,
        pk: ProvingKey<G1Affine>,
    ) -> Result<PreparedKey<'static>, Error> {
        let (derived, constraint_system) = derive(kernels, params, &pk)?;
        let copy =
            |polys: &[Polynomial<Fr, Coeff>]| polys.iter().map(|p| cast::scalars(p).to_vec()).collect();
        let material = Material::Compact {
            bases: cast::points(params.get_g()).to_vec(),
            fixed: copy(pk.fixed_polys()),
            sigma: copy(pk.permutation().polys()),
        };
        Ok(PreparedKey { material, constraint_system, derived })
    }

    fn new(
        kernels: &Kernels,
        params: Held<'k, ParamsKZG<Bn256>>,
        pk: Held<'k, ProvingKey<G1Affine>>,
    ) -> Result<Self, Error> {
        let (derived, constraint_system) = derive(kernels, &params, &pk)?;
        Ok(Self { material: Material::Library { params, pk }, constraint_system, derived })
    }

    /// log2 of the number of rows.
    #[must_use]
    pub fn k(&self) -> u32 {
        self.derived.shape.k
    }

    pub(super) fn key(&self) -> Key<'_, Bn254G1Spec> {
        fn slices<B>(polynomials: &[Polynomial<Fr, B>]) -> Vec<&[Bn254Fr]> {
            polynomials.iter().map(|polynomial| cast::scalars(polynomial.values())).collect()
        }
        fn columns<'a>(
            polys: &'a [Polynomial<Fr, Coeff>],
            values: &'a [Polynomial<Fr, LagrangeCoeff>],
        ) -> KeyColumns<'a, Bn254FrSpec> {
            KeyColumns { polys: slices(polys), values: Some(slices(values)) }
        }
        fn compact(polys: &[Vec<Bn254Fr>]) -> KeyColumns<'_, Bn254FrSpec> {
            KeyColumns { polys: polys.iter().map(Vec::as_slice).collect(), values: None }
        }
        let derived = &self.derived;
        match &self.material {
            Material::Library { params, pk } => Key {
                derived,
                bases: cast::points(params.get_g()),
                fixed: columns(pk.fixed_polys(), pk.fixed_values()),
                sigma: columns(pk.permutation().polys(), pk.permutation().permutations()),
            },
            Material::Compact { bases, fixed, sigma } => {
                Key { derived, bases, fixed: compact(fixed), sigma: compact(sigma) }
            }
        }
    }
}

/// Checks a key and its SRS and derives what proofs need besides their columns.
fn derive(
    kernels: &Kernels,
    params: &ParamsKZG<Bn256>,
    pk: &ProvingKey<G1Affine>,
) -> Result<(Derived<Bn254G1Spec>, ConstraintSystem<Fr>), Error> {
    let shape = shape::shape(pk)?;
    if params.k() != shape.k {
        return Err(Error::ParamsMismatch { key: shape.k, params: params.k() });
    }
    check_columns(pk, &shape)?;
    let derived = Derived {
        domain: Domain::new(shape.k)?,
        programs: Programs::new(&shape, kernels.threads()),
        lagrange_bases: params::lagrange_bases(params)?,
        transcript_repr: cast::from_scalar(pk.get_vk().transcript_repr()),
        shape,
    };
    Ok((derived, pk.get_vk().cs().clone()))
}

/// Checks that a key has the columns its constraint system speaks of: a key assembled or read
/// without checks may not.
fn check_columns(pk: &ProvingKey<G1Affine>, shape: &Shape<Bn254FrSpec>) -> Result<(), Error> {
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
