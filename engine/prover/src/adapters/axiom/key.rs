//! Keys of the library, prepared for many proofs.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use halo2_axiom::halo2curves::bn256::{Bn256, Fr, G1Affine};
use halo2_axiom::plonk::{ConstraintSystem, ProvingKey, VerifyingKey};
use halo2_axiom::poly::commitment::{Params, ParamsProver};
use halo2_axiom::poly::kzg::commitment::ParamsKZG;
use halo2_axiom::poly::{Coeff, LagrangeCoeff, Polynomial};
use parhelion_field_kernels::{
    Bn254Fr, Bn254FrSpec, Bn254G1Affine, Bn254G1Spec, Domain, Kernels, ShiftedBases,
};
use parhelion_scheduler::ExecutorExt;

use super::{params, shape};
use crate::Error;
use crate::adapters::cast;
use crate::estimate::Seen;
use crate::key::{Derived, Key, KeyColumn, Synthesis};
use crate::programs::Programs;
use crate::shape::Shape;
use crate::storage::{Labels, Stored, StoredRef};

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
    Compact { bases: Vec<Bn254G1Affine>, fixed: Vec<Stored<Bn254FrSpec>>, sigma: Vec<Stored<Bn254FrSpec>> },
}

/// A proving key and its SRS, checked, with what the engine derives from them: compiled
/// constraints, twiddle factors, the SRS in Lagrange form.
///
/// Made once by [`Prover::prepare`](crate::Prover::prepare),
/// [`Prover::prepare_shared`](crate::Prover::prepare_shared),
/// [`Prover::prepare_compact`](crate::Prover::prepare_compact) or
/// [`Prover::read_compact`](crate::Prover::read_compact), used by any number of proofs, from
/// any number of threads. Besides the columns of the key it holds 64 bytes per row for the SRS and
/// 32 for the twiddle factors.
pub struct PreparedKey<'k> {
    material: Material<'k>,
    pub(super) constraint_system: ConstraintSystem<Fr>,
    pub(super) derived: Derived<Bn254G1Spec>,
    lagrange_bases: Vec<Bn254G1Affine>,
    /// The same with multiples of each, if there is memory for them.
    table: Option<ShiftedBases<Bn254G1Spec>>,
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
        let (derived, constraint_system) = derive(kernels, params, pk.get_vk())?;
        check_columns(&pk, &derived.shape)?;
        let (fixed, sigma) = (slices(pk.fixed_values()), slices(pk.permutation().permutations()));
        let executor = kernels.executor();
        let fixed = executor.map(fixed.len(), |index| Stored::keep(kernels, fixed[index]));
        let sigma = permutation_columns(kernels, &derived, &sigma).collect();
        Self::of_columns(params, derived, constraint_system, fixed, sigma)
    }

    /// A key in the engine's own memory.
    pub(super) fn of_columns(
        params: &ParamsKZG<Bn256>,
        derived: Derived<Bn254G1Spec>,
        constraint_system: ConstraintSystem<Fr>,
        fixed: Vec<Stored<Bn254FrSpec>>,
        sigma: Vec<Stored<Bn254FrSpec>>,
    ) -> Result<PreparedKey<'static>, Error> {
        let material = Material::Compact { bases: cast::points(params.get_g()).to_vec(), fixed, sigma };
        let lagrange_bases = params::lagrange_bases(params)?;
        Ok(PreparedKey { material, constraint_system, derived, lagrange_bases, table: None })
    }

    fn new(
        kernels: &Kernels,
        params: Held<'k, ParamsKZG<Bn256>>,
        pk: Held<'k, ProvingKey<G1Affine>>,
    ) -> Result<Self, Error> {
        let (derived, constraint_system) = derive(kernels, &params, pk.get_vk())?;
        check_columns(&pk, &derived.shape)?;
        let lagrange_bases = params::lagrange_bases(&params)?;
        let material = Material::Library { params, pk };
        Ok(Self { material, constraint_system, derived, lagrange_bases, table: None })
    }

    /// Makes a table of multiples of the points that columns are committed to with, of at most `bytes`. What it takes.
    pub(super) fn make_table(&mut self, kernels: &Kernels, bytes: usize) -> usize {
        self.table = kernels.shift_bases(&self.lagrange_bases, bytes);
        self.table.as_ref().map_or(0, ShiftedBases::bytes)
    }

    /// log2 of the number of rows.
    #[must_use]
    pub fn k(&self) -> u32 {
        self.derived.shape.k
    }

    pub(super) fn key(&self) -> Key<'_, Bn254G1Spec> {
        fn columns<'a>(
            polys: &'a [Polynomial<Fr, Coeff>],
            values: &'a [Polynomial<Fr, LagrangeCoeff>],
        ) -> Vec<KeyColumn<'a, Bn254FrSpec>> {
            let columns = slices(values).into_iter().zip(slices(polys));
            columns
                .map(|(rows, polynomial)| KeyColumn {
                    rows: StoredRef::Plain(rows),
                    coefficients: Some(polynomial),
                })
                .collect()
        }
        fn compact(columns: &[Stored<Bn254FrSpec>]) -> Vec<KeyColumn<'_, Bn254FrSpec>> {
            columns.iter().map(|rows| KeyColumn { rows: rows.view(), coefficients: None }).collect()
        }
        let derived = &self.derived;
        let table = self.table.as_ref().map(ShiftedBases::bases);
        let lagrange_bases = table.unwrap_or_else(|| self.lagrange_bases[..].into());
        match &self.material {
            Material::Library { params, pk } => Key {
                derived,
                bases: cast::points(params.get_g()).into(),
                lagrange_bases,
                hiding: None,
                fixed: columns(pk.fixed_polys(), pk.fixed_values()),
                sigma: columns(pk.permutation().polys(), pk.permutation().permutations()),
            },
            Material::Compact { bases, fixed, sigma } => Key {
                derived,
                bases: bases[..].into(),
                lagrange_bases,
                hiding: None,
                fixed: compact(fixed),
                sigma: compact(sigma),
            },
        }
    }
}

fn slices<B>(polynomials: &[Polynomial<Fr, B>]) -> Vec<&[Bn254Fr]> {
    polynomials.iter().map(|polynomial| cast::scalars(polynomial.values())).collect()
}

/// Permutation columns as they are kept.
pub(super) fn permutation_columns(
    kernels: &Kernels,
    derived: &Derived<Bn254G1Spec>,
    columns: &[&[Bn254Fr]],
) -> impl Iterator<Item = Stored<Bn254FrSpec>> {
    let cells = derived.labels.find(kernels, columns).into_iter().zip(columns);
    cells.map(|(cells, rows)| cells.map_or_else(|| Stored::Plain(rows.to_vec().into()), Stored::Cells))
}

/// Checks a key and its SRS and derives what proofs need besides their columns.
pub(super) fn derive(
    kernels: &Kernels,
    params: &ParamsKZG<Bn256>,
    vk: &VerifyingKey<G1Affine>,
) -> Result<(Derived<Bn254G1Spec>, ConstraintSystem<Fr>), Error> {
    let shape = shape::shape(vk)?;
    if params.k() != shape.k {
        return Err(Error::ParamsMismatch { key: shape.k, params: params.k() });
    }
    let domain = Domain::new(shape.k)?;
    let derived = Derived {
        labels: Labels::new(kernels, &domain, shape.permutation.len()),
        domain,
        programs: Programs::new(&shape, kernels.threads()),
        synthesis: Synthesis::Columns,
        seen: Seen::default(),
        transcript_repr: cast::from_scalar(vk.transcript_repr()),
        shape,
    };
    Ok((derived, vk.cs().clone()))
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
