//! Evaluations and combinations of polynomials that are kept by their values on the rows.
//!
//! A polynomial with values p_i on the rows is sum_i p_i l_i, where l_i is 1 on row i and 0 on the
//! others. So its value at x is an inner product with the l_i(x), and at x·omega^r with the same
//! numbers, r rows further on. No column is turned into coefficients for that.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use parhelion_field_kernels::{CurveSpec, FieldSpec, Fp, Kernels};
use parhelion_scheduler::ExecutorExt;

use super::grouped::Grouped;
use super::queries::{Poly, PolyQuery, PolyRef, Polys, rotate};
use crate::Error;
use crate::memory::Buffer;
use crate::session::Tools;
use crate::storage::StoredRef;

/// Columns that are read at once by so many threads.
pub(crate) fn batch(threads: usize) -> usize {
    4 * threads
}

/// The l_i(x), i = 0..n.
pub(super) fn lagrange_basis<C: CurveSpec>(
    tools: Tools<'_, C>,
    x: Fp<C::Scalar>,
) -> Result<Buffer<C::Scalar>, Error> {
    let Tools { kernels, key, .. } = tools;
    let (n, omegas) = (key.shape().n(), &key.derived.labels.omegas);
    let mut basis = tools.memory.scratch(n)?;
    let vanishing = x.pow(n as u64) - Fp::ONE;
    if vanishing.is_zero() {
        // x is a row.
        let is_row = |omega: &Fp<C::Scalar>| if *omega == x { Fp::ONE } else { Fp::ZERO };
        basis.iter_mut().zip(omegas).for_each(|(value, omega)| *value = is_row(omega));
        return Ok(basis);
    }
    // l_i(x) = (x^n - 1)/n · omega^i / (x - omega^i)
    basis.fill(x);
    kernels.sub_assign(&mut basis, omegas);
    kernels.batch_invert(&mut basis);
    kernels.mul_assign(&mut basis, omegas);
    kernels.scale(&mut basis, vanishing * key.domain().size_inv());
    Ok(basis)
}

/// Evaluates polynomials at x and its rotations. `basis` is that of x.
pub(super) fn evaluate<C: CurveSpec>(
    tools: Tools<'_, C>,
    polys: &Polys<'_, C::Scalar>,
    queries: &[PolyQuery],
    basis: &[Fp<C::Scalar>],
    x: Fp<C::Scalar>,
) -> Result<HashMap<PolyQuery, Fp<C::Scalar>>, Error> {
    let Tools { kernels, key, .. } = tools;
    let grouped = Grouped::new(queries);
    let reader = tools.reader();
    let (omega, omega_inv) = (key.domain().omega(), key.domain().omega_inv());
    let mut values = vec![Fp::ZERO; queries.len()];
    let failure = Mutex::new(None);
    let mut rest = &mut values[..];
    let of_polys = grouped.iter().map(|(poly, rotations)| {
        let own;
        (own, rest) = std::mem::take(&mut rest).split_at_mut(rotations.len());
        (poly, rotations, own)
    });
    kernels.executor().for_each(of_polys, |_, (poly, rotations, values)| match polys.get(poly) {
        PolyRef::Coefficients(poly) => {
            for (value, rotation) in values.iter_mut().zip(rotations) {
                *value = kernels.evaluate(poly, rotate(x, omega, omega_inv, *rotation));
            }
        }
        PolyRef::Rows(column) => match reader.rows(column) {
            Ok(rows) => {
                for (value, rotation) in values.iter_mut().zip(rotations) {
                    *value = rotated_product(kernels, basis, &rows, *rotation);
                }
            }
            Err(error) => {
                failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            }
        },
    });
    if let Some(error) = failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error);
    }
    let mut evaluations = HashMap::with_capacity(queries.len());
    let asked = grouped.iter().flat_map(|(poly, rotations)| rotations.iter().map(move |of| (poly, *of)));
    evaluations.extend(asked.zip(values));
    Ok(evaluations)
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
    tools: Tools<'_, C>,
    polys: &Polys<'_, C::Scalar>,
    members: &[(Poly, Fp<C::Scalar>)],
) -> Result<Buffer<C::Scalar>, Error> {
    let Tools { kernels, key, .. } = tools;
    let (mut rows, mut coefficients) = (Vec::with_capacity(members.len()), Vec::new());
    for &(poly, weight) in members {
        match polys.get(poly) {
            PolyRef::Rows(column) => rows.push((column, weight)),
            PolyRef::Coefficients(poly) => coefficients.push((poly, weight)),
        }
    }
    let mut combined = tools.memory.zeros(key.shape().n())?;
    if !rows.is_empty() {
        combine_rows(tools, &rows, &mut combined)?;
        kernels.intt(key.domain(), &mut combined);
    }
    for (poly, weight) in coefficients {
        kernels.add_scaled(&mut combined, poly, weight);
    }
    Ok(combined)
}

/// Adds the columns up, some at a time.
fn combine_rows<C: CurveSpec>(
    tools: Tools<'_, C>,
    columns: &[(StoredRef<'_, C::Scalar>, Fp<C::Scalar>)],
    sum: &mut Buffer<C::Scalar>,
) -> Result<(), Error> {
    let mut next = tools.memory.scratch(sum.len())?;
    let mut stored = Vec::new();
    for batch in columns.chunks(batch(tools.kernels.threads())) {
        stored.clear();
        stored.extend(batch.iter().map(|(column, _)| *column));
        let rows = tools.reader().all_rows(&stored)?;
        let weighted = rows.iter().map(|rows| &**rows).zip(batch.iter().map(|(_, weight)| *weight));
        let terms: Vec<_> = weighted.chain([(&**sum, Fp::ONE)]).collect();
        tools.kernels.linear_combination(&mut next, &terms);
        std::mem::swap(sum, &mut next);
    }
    Ok(())
}
