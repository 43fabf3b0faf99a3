//! Layouts to keys.

use halo2_axiom::halo2curves::bn256::{Bn256, Fr, G1Affine};
use halo2_axiom::plonk::{Circuit, ConstraintSystem, ProvingKey, VerifyingKey, permutation};
use halo2_axiom::poly::Polynomial;
use halo2_axiom::poly::kzg::commitment::ParamsKZG;
use parhelion_field_kernels::{
    Bn254Fr, Bn254FrSpec, Bn254G1Affine, Bn254G1Spec, Domain, Fp, Kernels, Projective,
};
use parhelion_scheduler::ExecutorExt;

use super::columns::{RowPolynomials, row_polynomials, sigma_columns};
use super::domain::evaluation_domain;
use super::layout::{Layout, lay_out};
use super::vk_check;
use crate::Error;
use crate::adapters::cast;
use crate::adapters::columns::divide;

/// A verifying key, given the SRS in Lagrange form.
pub(crate) fn generate_vk<ConcreteCircuit: Circuit<Fr>>(
    kernels: &Kernels,
    params: &ParamsKZG<Bn256>,
    lagrange: &[Bn254G1Affine],
    circuit: &ConcreteCircuit,
    compress_selectors: bool,
) -> Result<VerifyingKey<G1Affine>, Error> {
    let layout = lay_out(params, circuit, compress_selectors)?;
    vk_from_layout(kernels, lagrange, layout)
}

/// A proving key, around `vk` if there is one; a given `vk` must belong to the circuit.
pub(crate) fn generate_pk<ConcreteCircuit: Circuit<Fr>>(
    kernels: &Kernels,
    params: &ParamsKZG<Bn256>,
    lagrange: &[Bn254G1Affine],
    vk: Option<VerifyingKey<G1Affine>>,
    circuit: &ConcreteCircuit,
    compress_selectors: bool,
) -> Result<ProvingKey<G1Affine>, Error> {
    let layout = lay_out(params, circuit, compress_selectors)?;
    pk_from_layout(kernels, lagrange, vk, layout)
}

/// Commits to the columns of a layout.
pub(super) fn vk_from_layout(
    kernels: &Kernels,
    lagrange: &[Bn254G1Affine],
    layout: Layout<Fr>,
) -> Result<VerifyingKey<G1Affine>, Error> {
    let (columns, shape) = split(kernels, layout)?;
    shape.verifying_key(kernels, lagrange, &columns)
}

/// Commits to the columns of a layout, or checks that `vk` did, and interpolates them.
pub(super) fn pk_from_layout(
    kernels: &Kernels,
    lagrange: &[Bn254G1Affine],
    vk: Option<VerifyingKey<G1Affine>>,
    layout: Layout<Fr>,
) -> Result<ProvingKey<G1Affine>, Error> {
    if let Some(vk) = &vk {
        vk_check::same_shape(vk, &layout)?;
    }
    let (columns, shape) = split(kernels, layout)?;
    let domain = shape.domain.clone();
    let usable = domain.size() - shape.cs.blinding_factors() - 1;
    let vk = match vk {
        Some(vk) => {
            vk_check::same_commitments(kernels, lagrange, &vk, &columns.fixed, &columns.sigma)?;
            vk
        }
        None => shape.verifying_key(kernels, lagrange, &columns)?,
    };

    let _span = tracing::info_span!("interpolate").entered();
    let RowPolynomials { l0, l_last, mut l_active } = row_polynomials(kernels, &domain, usable);
    let mut polys = columns.copy(kernels);
    let all = polys.fixed.iter_mut().chain(&mut polys.sigma).chain([&mut l_active]);
    kernels.intt_columns(&domain, &mut all.map(Vec::as_mut_slice).collect::<Vec<_>>());
    Ok(ProvingKey::from_parts(
        vk,
        polynomial(l0),
        polynomial(l_last),
        polynomial(l_active),
        polynomials(columns.fixed),
        polynomials(polys.fixed),
        permutation::ProvingKey::from_parts(polynomials(columns.sigma), polynomials(polys.sigma)),
    ))
}

/// All columns of a key: values on the rows, or coefficients.
struct Columns {
    fixed: Vec<Vec<Bn254Fr>>,
    sigma: Vec<Vec<Bn254Fr>>,
}

impl Columns {
    /// A copy, made by all threads: most of the time goes into pages that are touched first.
    fn copy(&self, kernels: &Kernels) -> Self {
        let copy =
            |columns: &[Vec<Bn254Fr>]| kernels.executor().map(columns.len(), |index| columns[index].clone());
        Self { fixed: copy(&self.fixed), sigma: copy(&self.sigma) }
    }
}

/// What a verifying key takes besides commitments.
struct Shape {
    domain: Domain<Bn254FrSpec>,
    cs: ConstraintSystem<Fr>,
    selectors: Vec<Vec<bool>>,
    compress_selectors: bool,
}

/// A layout as columns of kernel scalars and the rest.
fn split(kernels: &Kernels, layout: Layout<Fr>) -> Result<(Columns, Shape), Error> {
    let _span = tracing::info_span!("columns").entered();
    let Layout { k, cs, fixed, uncompressed, denominators, permutation, selectors, compress_selectors } =
        layout;
    let domain = Domain::new(k)?;
    let mut fixed: Vec<Vec<Bn254Fr>> = fixed.into_iter().map(cast::from_scalars).collect();
    divide(
        kernels,
        &mut fixed,
        denominators.into_iter().map(|(cell, value)| (cell, cast::from_scalar(value))),
    );
    fixed.extend(kernels.executor().map(uncompressed.len(), |index| {
        uncompressed[index].iter().map(|&on| if on { Fp::ONE } else { Fp::ZERO }).collect::<Vec<_>>()
    }));
    drop(uncompressed);
    let sigma = sigma_columns(kernels, &domain, &permutation);
    Ok((Columns { fixed, sigma }, Shape { domain, cs, selectors, compress_selectors }))
}

impl Shape {
    fn verifying_key(
        self,
        kernels: &Kernels,
        lagrange: &[Bn254G1Affine],
        columns: &Columns,
    ) -> Result<VerifyingKey<G1Affine>, Error> {
        let domain = evaluation_domain(self.cs.degree(), self.domain.k())?;
        let mut commitments = {
            let _span = tracing::info_span!("commit").entered();
            let fixed: Vec<&[Bn254Fr]> = columns.fixed.iter().map(Vec::as_slice).collect();
            let mut points = kernels.msm_columns(lagrange, &fixed);
            points.extend(commit_sigma(kernels, &self.domain, lagrange, &columns.sigma));
            kernels.normalize(&points).into_iter().map(cast::into_point).collect::<Vec<G1Affine>>()
        };
        let sigma = permutation::VerifyingKey::from_commitments(commitments.split_off(columns.fixed.len()));
        Ok(VerifyingKey::from_parts(
            domain,
            commitments,
            sigma,
            self.cs,
            self.selectors,
            self.compress_selectors,
        ))
    }
}

/// Columns of the permutation that are committed to at a time.
const BATCH: usize = 16;

/// Commitments to the columns of a permutation.
///
/// Cells that are not copied stay where they are, and the i-th column is made of their labels, delta^i·omega^j, but
/// for the others. So only the differences take additions of bases: the labels of all columns are multiples of the
/// first one's.
fn commit_sigma(
    kernels: &Kernels,
    domain: &Domain<Bn254FrSpec>,
    lagrange: &[Bn254G1Affine],
    sigma: &[Vec<Bn254Fr>],
) -> Vec<Projective<Bn254G1Spec>> {
    let mut labels = vec![Fp::ZERO; domain.size()];
    kernels.powers(domain.omega(), Fp::ONE, &mut labels);
    let first = kernels.msm::<Bn254G1Spec>(lagrange, &labels);
    let mut deltas = vec![Fp::ZERO; sigma.len()];
    kernels.powers(Fp::delta(), Fp::ONE, &mut deltas);
    let mut points = Vec::with_capacity(sigma.len());
    for (sigma, deltas) in sigma.chunks(BATCH).zip(deltas.chunks(BATCH)) {
        let parts = kernels.executor().map(sigma.len(), |index| {
            let mut moved = labels.clone();
            kernels.horner_step(&mut moved, -deltas[index], &sigma[index]);
            (moved, first.mul(deltas[index]))
        });
        let moved: Vec<&[Bn254Fr]> = parts.iter().map(|(moved, _)| moved.as_slice()).collect();
        let moved = kernels.msm_columns(lagrange, &moved);
        points.extend(moved.into_iter().zip(&parts).map(|(moved, (_, labels))| moved + *labels));
    }
    points
}

fn polynomial<Basis>(values: Vec<Bn254Fr>) -> Polynomial<Fr, Basis> {
    Polynomial::new(cast::into_scalars(values))
}

fn polynomials<Basis>(columns: Vec<Vec<Bn254Fr>>) -> Vec<Polynomial<Fr, Basis>> {
    columns.into_iter().map(polynomial).collect()
}
