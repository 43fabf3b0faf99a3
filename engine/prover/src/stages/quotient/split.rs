//! From values on cosets to the pieces of the quotient.

use parhelion_field_kernels::{FieldSpec, Fp, Kernels};
use parhelion_scheduler::ExecutorExt;

use crate::Error;

/// Turns, in place, the interpolations of h on q cosets into its q pieces h_0, ..., h_{q-1},
/// h = sum X^{jn} h_j.
///
/// On coset i, X^n is the constant t_i = `points[i]`, so the polynomial of degree below n that
/// agrees with h there is sum_j t_i^j h_j: coefficient by coefficient a Vandermonde system.
pub(super) fn split<S: FieldSpec>(
    kernels: &Kernels,
    points: &[Fp<S>],
    interpolations: &mut [Vec<Fp<S>>],
) -> Result<(), Error> {
    let inverse = vandermonde_inverse(points)?;
    let executor = kernels.executor();
    let n = interpolations.first().map_or(0, Vec::len);
    let len = executor.chunk_len(n, 512);
    let mut tasks: Vec<Vec<&mut [Fp<S>]>> = (0..n.div_ceil(len)).map(|_| Vec::new()).collect();
    for column in interpolations.iter_mut() {
        for (task, piece) in tasks.iter_mut().zip(column.chunks_mut(len)) {
            task.push(piece);
        }
    }
    executor.for_each(tasks, |_, mut pieces| {
        let mut values = vec![Fp::ZERO; pieces.len()];
        for row in 0..pieces[0].len() {
            values.iter_mut().zip(&pieces).for_each(|(value, piece)| *value = piece[row]);
            for (piece, weights) in pieces.iter_mut().zip(&inverse) {
                piece[row] = kernels_dot(weights, &values);
            }
        }
    });
    Ok(())
}

fn kernels_dot<S: FieldSpec>(a: &[Fp<S>], b: &[Fp<S>]) -> Fp<S> {
    a.iter().zip(b).fold(Fp::ZERO, |sum, (&a, &b)| sum + a * b)
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
    use parhelion_field_kernels::{Bn254Fr, Bn254FrSpec};

    #[test]
    fn pieces_come_back() {
        let kernels = Kernels::sequential();
        for q in 1..=8usize {
            let points: Vec<Bn254Fr> = (1..=q as u64).map(|i| Fp::generator().pow(i)).collect();
            let n = 5;
            let pieces: Vec<Vec<Bn254Fr>> =
                (0..q).map(|j| (0..n).map(|m| Fp::from_u64((j * 100 + m) as u64)).collect()).collect();
            let mut values: Vec<Vec<Bn254Fr>> = points
                .iter()
                .map(|point| {
                    (0..n).map(|m| (0..q).map(|j| point.pow(j as u64) * pieces[j][m]).sum()).collect()
                })
                .collect();
            split::<Bn254FrSpec>(&kernels, &points, &mut values).unwrap();
            assert_eq!(values, pieces);
        }
    }
}
