//! SHPLONK (Boneh, Drake, Fisch, Gabizon, "Efficient polynomial commitment schemes for multiple
//! points and polynomials", ePrint 2020/081, section 4).
//!
//! Polynomials that are opened at the same set of points are combined once, by powers of y, and
//! that combination serves both halves of the argument.

use std::collections::BTreeSet;

use parhelion_field_kernels::{CurveSpec, FieldSpec, Fp};

use super::grouped::Grouped;
use super::lagrange;
use super::queries::{Opened, Poly};
use crate::Error;
use crate::memory::Buffer;
use crate::session::Session;

/// A polynomial with the rotations of x it is opened at.
type Rotations<'a> = (Poly, &'a [i32]);

/// Polynomials opened at the same points, combined: C = sum y^j P_j.
struct PointSet<S: FieldSpec> {
    points: Vec<Fp<S>>,
    combined: Buffer<S>,
    /// The polynomial of degree below the number of points that agrees with `combined` there.
    remainder: Vec<Fp<S>>,
}

pub(super) fn open<C: CurveSpec>(
    session: &mut Session<'_, C>,
    opened: &Opened<'_, C::Scalar>,
) -> Result<(), Error> {
    let tools = session.tools();
    let kernels = tools.kernels;
    let y = session.transcript.challenge()?;
    let v = session.transcript.challenge()?;
    let sets = combine(session, opened, y)?;

    // h = sum v^i (C_i - R_i) / Z_i
    let n = session.key.shape().n();
    let mut h = session.memory.zeros(n)?;
    let mut quotient = session.memory.scratch(n)?;
    let mut power = Fp::ONE;
    for (index, set) in sets.iter().enumerate() {
        session.progress(sets.len() + index, 3 * sets.len())?;
        tools.inside(|| {
            quotient.copy_from_slice(&set.combined);
            quotient.iter_mut().zip(&set.remainder).for_each(|(c, &r)| *c -= r);
            for &point in &set.points {
                kernels.divide_by_linear(&mut quotient, point);
            }
            kernels.add_scaled(&mut h, &quotient, power);
        });
        power *= v;
    }
    session.write_polynomials(&[&h], &[])?;

    // L = sum v^i z_i (C_i - R_i(u)) - Z_T(u) h, where z_i vanishes on the points outside set i
    // and Z_T on all of them.
    let u = session.transcript.challenge()?;
    let all_points = distinct(sets.iter().flat_map(|set| set.points.iter().copied()));
    let vanishing = |points: &[Fp<C::Scalar>]| points.iter().fold(Fp::ONE, |z, &point| z * (u - point));
    let mut terms: Vec<(&[Fp<C::Scalar>], Fp<C::Scalar>)> = Vec::new();
    let mut constant = Fp::ZERO;
    let mut first = None;
    let mut power = Fp::ONE;
    for set in &sets {
        let others: Vec<_> = all_points.iter().copied().filter(|point| !set.points.contains(point)).collect();
        let z = vanishing(&others);
        first.get_or_insert(z);
        terms.push((&set.combined, power * z));
        constant += power * z * horner(&set.remainder, u);
        power *= v;
    }
    terms.push((&h, -vanishing(&all_points)));
    let normalise = first.and_then(Fp::invert).ok_or(Error::Degenerate("u is one of the opened points"))?;
    let mut linearised = quotient;
    tools.inside(|| {
        kernels.linear_combination(&mut linearised, &terms);
        linearised[0] -= constant;
        kernels.divide_by_linear(&mut linearised, u);
        kernels.scale(&mut linearised, normalise);
    });
    let degree_bound = linearised.len() - 1;
    session.write_polynomials(&[&linearised[..degree_bound]], &[])
}

/// Groups polynomials by their points, sets and members in the order of first appearance.
fn combine<C: CurveSpec>(
    session: &Session<'_, C>,
    opened: &Opened<'_, C::Scalar>,
    y: Fp<C::Scalar>,
) -> Result<Vec<PointSet<C::Scalar>>, Error> {
    let grouped = Grouped::new(&opened.queries);
    let mut groups: Vec<(Vec<Fp<C::Scalar>>, Vec<Rotations<'_>>)> = Vec::new();
    let mut points = Vec::new();
    for (poly, rotations) in grouped.iter() {
        points.clear();
        points.extend(rotations.iter().map(|&rotation| opened.point(rotation)));
        points.sort_unstable();
        points.dedup();
        match groups.iter_mut().find(|(known, _)| *known == points) {
            Some((_, members)) => members.push((poly, rotations)),
            None => groups.push((points.clone(), vec![(poly, rotations)])),
        }
    }
    let (tools, mut sets) = (session.tools(), Vec::with_capacity(groups.len()));
    let count = groups.len();
    for (index, (points, members)) in groups.into_iter().enumerate() {
        session.progress(index, 3 * count)?;
        let mut terms = Vec::with_capacity(members.len());
        let mut values = vec![Fp::ZERO; points.len()];
        let mut power = Fp::ONE;
        for &(poly, rotations) in &members {
            terms.push((poly, power));
            for (value, point) in values.iter_mut().zip(&points) {
                let rotation = rotations.iter().find(|&&rotation| opened.point(rotation) == *point);
                let evaluation = rotation.and_then(|&rotation| opened.evaluations.get(&(poly, rotation)));
                *value += power * *evaluation.ok_or(Error::Degenerate("two opened points coincide"))?;
            }
            power *= y;
        }
        let combined = tools.inside(|| lagrange::combine(tools, &opened.polys, &terms))?;
        let remainder = interpolate(&points, &values)?;
        sets.push(PointSet { points, combined, remainder });
    }
    Ok(sets)
}

/// The polynomial of degree below `points.len()` through (points, values).
fn interpolate<S: FieldSpec>(points: &[Fp<S>], values: &[Fp<S>]) -> Result<Vec<Fp<S>>, Error> {
    let mut result = vec![Fp::ZERO; points.len()];
    for (i, (&point, &value)) in points.iter().zip(values).enumerate() {
        let mut basis = vec![Fp::ONE];
        let mut scale = Fp::ONE;
        for (_, &other) in points.iter().enumerate().filter(|(j, _)| *j != i) {
            basis.insert(0, Fp::ZERO);
            for degree in 0..basis.len() - 1 {
                let higher = basis[degree + 1];
                basis[degree] -= higher * other;
            }
            scale *= point - other;
        }
        let scale = value * scale.invert().ok_or(Error::Degenerate("two opened points coincide"))?;
        result.iter_mut().zip(basis).for_each(|(r, b)| *r += b * scale);
    }
    Ok(result)
}

fn horner<S: FieldSpec>(coefficients: &[Fp<S>], at: Fp<S>) -> Fp<S> {
    coefficients.iter().rev().fold(Fp::ZERO, |sum, &c| sum * at + c)
}

fn distinct<S: FieldSpec>(points: impl Iterator<Item = Fp<S>>) -> Vec<Fp<S>> {
    points.collect::<BTreeSet<_>>().into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use parhelion_field_kernels::Bn254Fr;

    #[test]
    fn interpolation_goes_through_its_points() {
        for n in 1..6u64 {
            let points: Vec<Bn254Fr> = (0..n).map(|i| Fp::from_u64(3 * i + 1)).collect();
            let values: Vec<Bn254Fr> = (0..n).map(|i| Fp::from_u64(i * i * 7 + 5)).collect();
            let polynomial = interpolate(&points, &values).unwrap();
            assert_eq!(polynomial.len(), points.len());
            for (point, value) in points.iter().zip(&values) {
                assert_eq!(horner(&polynomial, *point), *value);
            }
        }
        let twice = [Bn254Fr::ONE, Bn254Fr::ONE];
        assert!(matches!(interpolate(&twice, &twice), Err(Error::Degenerate(_))));
    }
}
