//! Evaluation and division of polynomials. Coefficients are in order, lowest first.

use std::collections::{BTreeMap, BTreeSet};

use parhelion_scheduler::ExecutorExt;

use crate::contract::Backend;
use crate::dispatch::with_backend;
use crate::{FieldSpec, Fp, Kernels};

impl Kernels {
    /// The value of a polynomial at `x`; 0 for no coefficients.
    pub fn evaluate<S: FieldSpec>(&self, poly: &[Fp<S>], x: Fp<S>) -> Fp<S> {
        self.evaluate_many(&[(poly, x)])[0]
    }

    /// The value of each polynomial at its point, in order.
    pub fn evaluate_many<S: FieldSpec>(&self, queries: &[(&[Fp<S>], Fp<S>)]) -> Vec<Fp<S>> {
        let points: BTreeSet<Fp<S>> = queries.iter().map(|(_, x)| *x).collect();
        with_backend!(self, backend => {
            let points: BTreeMap<Fp<S>, _> = points.into_iter().map(|x| (x, backend.point(x))).collect();
            self.executor().map(queries.len(), |index| {
                let (poly, x) = queries[index];
                backend.evaluate(poly, &points[&x])
            })
        })
    }

    /// Divides a polynomial by X - `root` in place and returns the remainder, its value at `root`. The
    /// quotient has one coefficient less; the last element becomes 0.
    pub fn divide_by_linear<S: FieldSpec>(&self, poly: &mut [Fp<S>], root: Fp<S>) -> Fp<S> {
        with_backend!(self, backend => backend.divide_by_linear(poly, root))
    }
}
