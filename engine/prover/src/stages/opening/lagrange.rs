//! Evaluations and combinations of polynomials that are kept by their values on the rows.
//!
//! A polynomial with values p_i on the rows is sum_i p_i l_i, where l_i is 1 on row i and 0 on the
//! others. So its value at x is an inner product with the l_i(x), and at x·omega^r with the same
//! numbers, r rows further on. No column is turned into coefficients for that.

use std::collections::HashMap;

use parhelion_field_kernels::{CurveSpec, FieldSpec, Fp, Kernels};
use parhelion_scheduler::ExecutorExt;

use super::queries::{Poly, PolyQuery, PolyRef, Polys, rotate};
use crate::key::Key;
use crate::storage::StoredRef;

/// Columns that are read at once, for each thread.
const BATCH: usize = 4;

/// The l_i(x), i = 0..n.
pub(super) fn lagrange_basis<C: CurveSpec>(
    kernels: &Kernels,
    key: &Key<'_, C>,
    x: Fp<C::Scalar>,
) -> Vec<Fp<C::Scalar>> {
    let (n, omegas) = (key.shape().n(), &key.derived.labels.omegas);
    let vanishing = x.pow(n as u64) - Fp::ONE;
    if vanishing.is_zero() {
        // x is a row.
        return omegas.iter().map(|omega| if *omega == x { Fp::ONE } else { Fp::ZERO }).collect();
    }
    // l_i(x) = (x^n - 1)/n · omega^i / (x - omega^i)
    let mut basis = vec![x; n];
    kernels.sub_assign(&mut basis, omegas);
    kernels.batch_invert(&mut basis);
    kernels.mul_assign(&mut basis, omegas);
    kernels.scale(&mut basis, vanishing * key.domain().size_inv());
    basis
}

/// Evaluates polynomials at x and its rotations. `basis` is that of x.
pub(super) fn evaluate<C: CurveSpec>(
    kernels: &Kernels,
    key: &Key<'_, C>,
    polys: &Polys<'_, C::Scalar>,
    queries: &[PolyQuery],
    basis: &[Fp<C::Scalar>],
    x: Fp<C::Scalar>,
) -> HashMap<PolyQuery, Fp<C::Scalar>> {
    let mut rotations: Vec<(Poly, Vec<i32>)> = Vec::new();
    let mut places: HashMap<Poly, usize> = HashMap::new();
    for &(poly, rotation) in queries {
        let place = *places.entry(poly).or_insert_with(|| {
            rotations.push((poly, Vec::new()));
            rotations.len() - 1
        });
        rotations[place].1.push(rotation);
    }
    let reader = key.reader(kernels);
    let (omega, omega_inv) = (key.domain().omega(), key.domain().omega_inv());
    let values = kernels.executor().map(rotations.len(), |index| {
        let (poly, rotations) = &rotations[index];
        match polys.get(*poly) {
            PolyRef::Coefficients(poly) => rotations
                .iter()
                .map(|&rotation| kernels.evaluate(poly, rotate(x, omega, omega_inv, rotation)))
                .collect::<Vec<_>>(),
            PolyRef::Rows(column) => {
                let rows = reader.rows(column);
                rotations.iter().map(|&rotation| rotated_product(kernels, basis, &rows, rotation)).collect()
            }
        }
    });
    let values = rotations.into_iter().zip(values).flat_map(|((poly, rotations), values)| {
        rotations.into_iter().map(move |rotation| (poly, rotation)).zip(values)
    });
    values.collect()
}

/// sum_j basis\[j\]·rows\[j + rotation\], indices modulo n.
fn rotated_product<S: FieldSpec>(kernels: &Kernels, basis: &[Fp<S>], rows: &[Fp<S>], rotation: i32) -> Fp<S> {
    let shift = rotation.rem_euclid(rows.len() as i32) as usize;
    let (wrapped, straight) = rows.split_at(shift);
    let (head, tail) = basis.split_at(straight.len());
    kernels.inner_product(head, straight) + kernels.inner_product(tail, wrapped)
}

/// sum of weight·polynomial as n coefficients.
pub(super) fn combine<C: CurveSpec>(
    kernels: &Kernels,
    key: &Key<'_, C>,
    polys: &Polys<'_, C::Scalar>,
    members: &[(Poly, Fp<C::Scalar>)],
) -> Vec<Fp<C::Scalar>> {
    let (mut rows, mut coefficients) = (Vec::new(), Vec::new());
    for &(poly, weight) in members {
        match polys.get(poly) {
            PolyRef::Rows(column) => rows.push((column, weight)),
            PolyRef::Coefficients(poly) => coefficients.push((poly, weight)),
        }
    }
    let mut combined = vec![Fp::ZERO; key.shape().n()];
    if !rows.is_empty() {
        combine_rows(kernels, key, &rows, &mut combined);
        kernels.intt(key.domain(), &mut combined);
    }
    for (poly, weight) in coefficients {
        kernels.add_scaled(&mut combined, poly, weight);
    }
    combined
}

/// Adds the columns up, some at a time.
fn combine_rows<C: CurveSpec>(
    kernels: &Kernels,
    key: &Key<'_, C>,
    columns: &[(StoredRef<'_, C::Scalar>, Fp<C::Scalar>)],
    sum: &mut Vec<Fp<C::Scalar>>,
) {
    let reader = key.reader(kernels);
    let mut next = vec![Fp::ZERO; sum.len()];
    for batch in columns.chunks(BATCH * kernels.threads()) {
        let rows = reader.all_rows(&batch.iter().map(|(column, _)| *column).collect::<Vec<_>>());
        let weighted = rows.iter().map(AsRef::as_ref).zip(batch.iter().map(|(_, weight)| *weight));
        let terms: Vec<_> = weighted.chain([(sum.as_slice(), Fp::ONE)]).collect();
        kernels.linear_combination(&mut next, &terms);
        std::mem::swap(sum, &mut next);
    }
}
