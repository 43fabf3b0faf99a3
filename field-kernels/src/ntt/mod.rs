//! Number-theoretic transforms of size 2^k.

mod domain;

pub use domain::Domain;

use parhelion_scheduler::ExecutorExt;

use crate::{FieldSpec, Fp, Kernels};

/// Coefficients, and where to put the values.
pub type CosetJob<'a, S> = (&'a [Fp<S>], &'a mut [Fp<S>]);

impl Kernels {
    /// Coefficients, lowest first, to values at 1, ω, ω², ...; both in natural order.
    ///
    /// # Panics
    /// If there are not as many values as the domain has points.
    pub fn ntt<S: FieldSpec>(&self, domain: &Domain<S>, values: &mut [Fp<S>]) {
        check(domain, values.len());
        transform(values, domain.omega());
    }

    /// Values at 1, ω, ω², ... to coefficients, lowest first: the inverse of [`ntt`](Self::ntt).
    ///
    /// # Panics
    /// If there are not as many values as the domain has points.
    pub fn intt<S: FieldSpec>(&self, domain: &Domain<S>, values: &mut [Fp<S>]) {
        check(domain, values.len());
        transform(values, domain.omega_inv());
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
        check(domain, coeffs.len());
        check(domain, out.len());
        self.powers(shift, Fp::ONE, out);
        self.mul_assign(out, coeffs);
        self.ntt(domain, out);
    }

    /// Values at s·ω^i to coefficients, lowest first, given `shift_inv` = 1/s: the inverse of
    /// [`coset_ntt`](Self::coset_ntt), in place.
    ///
    /// # Panics
    /// If there are not as many values as the domain has points.
    pub fn coset_intt<S: FieldSpec>(&self, domain: &Domain<S>, values: &mut [Fp<S>], shift_inv: Fp<S>) {
        self.intt(domain, values);
        let mut powers = vec![Fp::ZERO; values.len()];
        self.powers(shift_inv, Fp::ONE, &mut powers);
        self.mul_assign(values, &powers);
    }

    /// [`ntt`](Self::ntt) of each column.
    ///
    /// # Panics
    /// If a column does not have as many values as the domain has points.
    pub fn ntt_columns<S: FieldSpec>(&self, domain: &Domain<S>, columns: &mut [&mut [Fp<S>]]) {
        self.executor().for_each(columns.iter_mut(), |_, column| self.ntt(domain, column));
    }

    /// [`intt`](Self::intt) of each column.
    ///
    /// # Panics
    /// If a column does not have as many values as the domain has points.
    pub fn intt_columns<S: FieldSpec>(&self, domain: &Domain<S>, columns: &mut [&mut [Fp<S>]]) {
        self.executor().for_each(columns.iter_mut(), |_, column| self.intt(domain, column));
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
        self.executor().for_each(jobs, |_, (coeffs, out)| self.coset_ntt(domain, coeffs, shift, out));
    }
}

fn check<S: FieldSpec>(domain: &Domain<S>, len: usize) {
    assert!(len == domain.size(), "the domain has {} points, got {len} elements", domain.size());
}

/// Decimation in time, radix 2.
fn transform<S: FieldSpec>(values: &mut [Fp<S>], omega: Fp<S>) {
    let n = values.len();
    if n == 1 {
        return;
    }
    let shift = usize::BITS - n.trailing_zeros();
    for i in 0..n {
        let j = i.reverse_bits() >> shift;
        if i < j {
            values.swap(i, j);
        }
    }
    let mut half = 1;
    while half < n {
        let step = omega.pow((n / (2 * half)) as u64);
        for block in values.chunks_mut(2 * half) {
            let (low, high) = block.split_at_mut(half);
            let mut twiddle = Fp::ONE;
            for (a, b) in low.iter_mut().zip(high) {
                let t = *b * twiddle;
                (*a, *b) = (*a + t, *a - t);
                twiddle *= step;
            }
        }
        half *= 2;
    }
}
