//! Number-theoretic transforms of size 2^k.

mod domain;
mod transform;

pub use domain::Domain;

use parhelion_scheduler::{Executor, ExecutorExt, Sequential};

use crate::{FieldSpec, Fp, Kernels};
use transform::{bit_reverse, transform};

/// Coefficients, and where to put the values.
pub type CosetJob<'a, S> = (&'a [Fp<S>], &'a mut [Fp<S>]);

impl Kernels {
    /// Coefficients, lowest first, to values at 1, ω, ω², ...; both in natural order.
    ///
    /// # Panics
    /// If there are not as many values as the domain has points.
    pub fn ntt<S: FieldSpec>(&self, domain: &Domain<S>, values: &mut [Fp<S>]) {
        forward(self.executor().as_ref(), domain, values);
    }

    /// Values at 1, ω, ω², ... to coefficients, lowest first: the inverse of [`ntt`](Self::ntt).
    ///
    /// # Panics
    /// If there are not as many values as the domain has points.
    pub fn intt<S: FieldSpec>(&self, domain: &Domain<S>, values: &mut [Fp<S>]) {
        inverse(self.executor().as_ref(), domain, values);
        self.scale(values, domain.size_inv());
    }

    /// Coefficients, lowest first, to values at `shift`·ω^i, in `out`.
    ///
    /// # Panics
    /// If `coeffs` or `out` do not have as many elements as the domain has points.
    pub fn coset_ntt<S: FieldSpec>(
        &self,
        domain: &Domain<S>,
        coeffs: &[Fp<S>],
        shift: Fp<S>,
        out: &mut [Fp<S>],
    ) {
        self.coset_ntt_columns(domain, vec![(coeffs, out)], shift);
    }

    /// Values at s·ω^i to coefficients, lowest first, given `shift_inv` = 1/s: the inverse of
    /// [`coset_ntt`](Self::coset_ntt), in place.
    ///
    /// # Panics
    /// If there are not as many values as the domain has points.
    pub fn coset_intt<S: FieldSpec>(&self, domain: &Domain<S>, values: &mut [Fp<S>], shift_inv: Fp<S>) {
        inverse(self.executor().as_ref(), domain, values);
        let mut powers = vec![Fp::ZERO; values.len()];
        self.powers(shift_inv, domain.size_inv(), &mut powers);
        self.mul_assign(values, &powers);
    }

    /// [`ntt`](Self::ntt) of each column.
    ///
    /// # Panics
    /// If a column does not have as many values as the domain has points.
    pub fn ntt_columns<S: FieldSpec>(&self, domain: &Domain<S>, columns: &mut [&mut [Fp<S>]]) {
        self.for_each_column(columns.iter_mut(), |executor, column| forward(executor, domain, column));
    }

    /// [`intt`](Self::intt) of each column.
    ///
    /// # Panics
    /// If a column does not have as many values as the domain has points.
    pub fn intt_columns<S: FieldSpec>(&self, domain: &Domain<S>, columns: &mut [&mut [Fp<S>]]) {
        let scale = domain.size_inv();
        self.for_each_column(columns.iter_mut(), |executor, column| {
            inverse(executor, domain, column);
            column.iter_mut().for_each(|value| *value *= scale);
        });
    }

    /// [`coset_ntt`](Self::coset_ntt) of each pair of coefficients and output.
    ///
    /// # Panics
    /// If a slice does not have as many elements as the domain has points.
    pub fn coset_ntt_columns<S: FieldSpec>(
        &self,
        domain: &Domain<S>,
        jobs: Vec<CosetJob<'_, S>>,
        shift: Fp<S>,
    ) {
        if jobs.is_empty() {
            return;
        }
        // One table for all columns: f(shift·X) has the coefficients c_i·shift^i.
        let mut powers = vec![Fp::ZERO; domain.size()];
        self.powers(shift, Fp::ONE, &mut powers);
        self.for_each_column(jobs, |executor, (coeffs, out)| {
            check(domain, coeffs.len());
            check(domain, out.len());
            for ((value, &coefficient), &power) in out.iter_mut().zip(coeffs).zip(&powers) {
                *value = coefficient * power;
            }
            forward(executor, domain, out);
        });
    }

    /// Works on columns side by side where there is one for each thread at least, and with all
    /// threads on one after the other where there are fewer.
    fn for_each_column<T: Send>(
        &self,
        columns: impl IntoIterator<Item = T>,
        work: impl Fn(&dyn Executor, T) + Sync,
    ) {
        let (executor, columns) = (self.executor(), Vec::from_iter(columns));
        if columns.len() < executor.threads() {
            columns.into_iter().for_each(|column| work(executor.as_ref(), column));
        } else {
            executor.for_each(columns, |_, column| work(&Sequential, column));
        }
    }
}

fn check<S: FieldSpec>(domain: &Domain<S>, len: usize) {
    assert!(len == domain.size(), "the domain has {} points, got {len} elements", domain.size());
}

fn forward<S: FieldSpec>(executor: &dyn Executor, domain: &Domain<S>, values: &mut [Fp<S>]) {
    check(domain, values.len());
    transform(executor, values, domain.twiddles());
    bit_reverse(values);
}

/// The inverse but for the factor 1/n: evaluating at ω^-i is evaluating at ω^i in another order.
fn inverse<S: FieldSpec>(executor: &dyn Executor, domain: &Domain<S>, values: &mut [Fp<S>]) {
    forward(executor, domain, values);
    values[1..].reverse();
}
