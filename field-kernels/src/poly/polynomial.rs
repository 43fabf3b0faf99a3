//! Evaluation and division of polynomials. Coefficients are in order, lowest first.

use crate::contract::Backend;
use crate::dispatch::with_backend;
use crate::parallel::for_each_mut;
use crate::{FieldSpec, Fp, Kernels};

impl Kernels {
    /// The value of a polynomial at `x`; 0 for no coefficients.
    pub fn evaluate<S: FieldSpec>(&self, poly: &[Fp<S>], x: Fp<S>) -> Fp<S> {
        with_backend!(self, backend => backend.evaluate(poly, &backend.point(x)))
    }

    /// The value of each polynomial at its point, in order.
    pub fn evaluate_many<S: FieldSpec>(&self, queries: &[(&[Fp<S>], Fp<S>)]) -> Vec<Fp<S>> {
        let mut points: Vec<Fp<S>> = queries.iter().map(|(_, x)| *x).collect();
        points.sort_unstable();
        points.dedup();
        let mut values = vec![Fp::ZERO; queries.len()];
        with_backend!(self, backend => {
            let tables: Vec<_> = points.iter().map(|x| backend.point(*x)).collect();
            for_each_mut(self.executor().as_ref(), &mut values, |index, value| {
                let (poly, x) = queries[index];
                let place = points.partition_point(|point| *point < x);
                *value = backend.evaluate(poly, &tables[place]);
            });
        });
        values
    }

    /// Divides a polynomial by X - `root` in place and returns the remainder, its value at `root`. The
    /// quotient has one coefficient less; the last element becomes 0.
    pub fn divide_by_linear<S: FieldSpec>(&self, poly: &mut [Fp<S>], root: Fp<S>) -> Fp<S> {
        with_backend!(self, backend => backend.divide_by_linear(poly, root))
    }
}
