//! From values on cosets to the pieces of the quotient.

use parhelion_field_kernels::{FieldSpec, Fp, Kernels};

use crate::Error;
use crate::memory::{Buffer, Memory};

/// Turns the interpolations of h on q cosets into its q pieces h_0, ..., h_{q-1},
/// h = sum X^{jn} h_j.
///
/// On coset i, X^n is the constant t_i = `points[i]`, so the polynomial of degree below n that
/// agrees with h there is sum_j t_i^j h_j: coefficient by coefficient a Vandermonde system.
pub(super) fn split<S: FieldSpec>(
    kernels: &Kernels,
    memory: &Memory,
    points: &[Fp<S>],
    interpolations: &[Buffer<S>],
) -> Result<Vec<Buffer<S>>, Error> {
    let mut pieces = Vec::with_capacity(interpolations.len());
    for weights in vandermonde_inverse(points)? {
        let mut piece = memory.scratch(interpolations.first().map_or(0, |values| values.len()))?;
        let terms: Vec<(&[Fp<S>], Fp<S>)> =
            interpolations.iter().map(|values| &**values).zip(weights).collect();
        kernels.linear_combination(&mut piece, &terms);
        pieces.push(piece);
    }
    Ok(pieces)
}

/// Row j holds the weights that make h_j of the interpolations: the coefficient of X^j in the
/// Lagrange polynomials of the points.
fn vandermonde_inverse<S: FieldSpec>(points: &[Fp<S>]) -> Result<Vec<Vec<Fp<S>>>, Error> {
    let q = points.len();
    let mut inverse = vec![vec![Fp::ZERO; q]; q];
    for (i, &point) in points.iter().enumerate() {
        let mut basis = vec![Fp::ONE];
        let mut scale = Fp::ONE;
        for &other in points.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, other)| other) {
            // basis *= (X - other)
            let mut next = vec![Fp::ZERO; basis.len() + 1];
            for (degree, &coefficient) in basis.iter().enumerate() {
                next[degree + 1] += coefficient;
                next[degree] -= coefficient * other;
            }
            basis = next;
            scale *= point - other;
        }
        let scale = scale.invert().ok_or(Error::Degenerate("two cosets of the quotient domain coincide"))?;
        for (row, coefficient) in inverse.iter_mut().zip(basis) {
            row[i] = coefficient * scale;
        }
    }
    Ok(inverse)
}

#[cfg(test)]
mod tests {
    use super::*;
    use parhelion_allocators::Pool;
    use parhelion_field_kernels::{Bn254Fr, Bn254FrSpec};

    #[test]
    fn pieces_come_back() {
        let kernels = Kernels::sequential();
        for q in 1..=8usize {
            let points: Vec<Bn254Fr> = (1..=q as u64).map(|i| Fp::generator().pow(i)).collect();
            let n = 5;
            let pieces: Vec<Vec<Bn254Fr>> =
                (0..q).map(|j| (0..n).map(|m| Fp::from_u64((j * 100 + m) as u64)).collect()).collect();
            let values: Vec<Buffer<Bn254FrSpec>> = points
                .iter()
                .map(|point| {
                    let value = |m| (0..q).map(|j| point.pow(j as u64) * pieces[j][m]).sum();
                    Buffer::from((0..n).map(value).collect::<Vec<Bn254Fr>>())
                })
                .collect();
            let split =
                split(&kernels, &Memory::new(Pool::default().workspace(), 3), &points, &values).unwrap();
            assert!(split.iter().map(|piece| &**piece).eq(pieces.iter().map(Vec::as_slice)));
        }
    }
}
