//! Number-theoretic transforms of size 2^k.

mod domain;
mod transform;

pub use domain::Domain;
#[cfg(target_arch = "x86_64")]
pub(crate) use domain::bit_reversed_powers;
pub(crate) use transform::Transform;

use std::sync::{Mutex, PoisonError};

use parhelion_scheduler::{Executor, ExecutorExt, Sequential};

use crate::contract::Backend;
use crate::dispatch::with_backend;
use crate::{FieldSpec, Fp, Kernels};

/// A kind of transform over a domain.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind<S: FieldSpec> {
    /// Coefficients to values at 1, ω, ω², ...
    Forward,
    /// Coefficients to values at s, sω, sω², ..., for this s.
    ForwardOnCoset(Fp<S>),
    /// The inverse of `Forward`.
    Inverse,
    /// The inverse of `ForwardOnCoset`, for this 1/s.
    InverseOnCoset(Fp<S>),
}

/// Coefficients, and where to put the values.
pub type CosetJob<'a, S> = (&'a [Fp<S>], &'a mut [Fp<S>]);

impl Kernels {
    /// Coefficients, lowest first, to values at 1, ω, ω², ...; both in natural order.
    ///
    /// # Panics
    /// If there are not as many values as the domain has points.
    pub fn ntt<S: FieldSpec>(&self, domain: &Domain<S>, values: &mut [Fp<S>]) {
        self.transform(domain, Kind::Forward, [(None, values)]);
    }

    /// Values at 1, ω, ω², ... to coefficients, lowest first: the inverse of [`ntt`](Self::ntt).
    ///
    /// # Panics
    /// If there are not as many values as the domain has points.
    pub fn intt<S: FieldSpec>(&self, domain: &Domain<S>, values: &mut [Fp<S>]) {
        self.transform(domain, Kind::Inverse, [(None, values)]);
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
        self.transform(domain, Kind::ForwardOnCoset(shift), [(Some(coeffs), out)]);
    }

    /// Values at s·ω^i to coefficients, lowest first, given `shift_inv` = 1/s: the inverse of
    /// [`coset_ntt`](Self::coset_ntt), in place.
    ///
    /// # Panics
    /// If there are not as many values as the domain has points.
    pub fn coset_intt<S: FieldSpec>(&self, domain: &Domain<S>, values: &mut [Fp<S>], shift_inv: Fp<S>) {
        self.transform(domain, Kind::InverseOnCoset(shift_inv), [(None, values)]);
    }

    /// [`ntt`](Self::ntt) of each column.
    ///
    /// # Panics
    /// If a column does not have as many values as the domain has points.
    pub fn ntt_columns<S: FieldSpec>(&self, domain: &Domain<S>, columns: &mut [&mut [Fp<S>]]) {
        self.transform(domain, Kind::Forward, columns.iter_mut().map(|column| (None, &mut **column)));
    }

    /// [`intt`](Self::intt) of each column.
    ///
    /// # Panics
    /// If a column does not have as many values as the domain has points.
    pub fn intt_columns<S: FieldSpec>(&self, domain: &Domain<S>, columns: &mut [&mut [Fp<S>]]) {
        self.transform(domain, Kind::Inverse, columns.iter_mut().map(|column| (None, &mut **column)));
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
        let jobs = jobs.into_iter().map(|(coeffs, out)| (Some(coeffs), out));
        self.transform(domain, Kind::ForwardOnCoset(shift), jobs);
    }

    /// Transforms what is in the first slice of each job, or else in the second, into the second.
    ///
    /// Works on columns side by side where there is one for each thread at least, and with all
    /// threads on one after the other where there are fewer.
    fn transform<'a, S: FieldSpec>(
        &self,
        domain: &Domain<S>,
        kind: Kind<S>,
        jobs: impl IntoIterator<Item = (Option<&'a [Fp<S>]>, &'a mut [Fp<S>])>,
    ) {
        let (executor, jobs) = (self.executor(), Vec::from_iter(jobs));
        if jobs.is_empty() {
            return;
        }
        for (from, out) in &jobs {
            check(domain, from.map_or(out.len(), <[_]>::len));
            check(domain, out.len());
        }
        with_backend!(self, backend => run(backend, executor.as_ref(), domain, kind, jobs));
    }
}

fn run<'a, S: FieldSpec, B: Backend>(
    backend: B,
    executor: &dyn Executor,
    domain: &Domain<S>,
    kind: Kind<S>,
    jobs: Vec<(Option<&'a [Fp<S>]>, &'a mut [Fp<S>])>,
) {
    let transform = backend.transform(executor, domain, kind);
    if jobs.len() < executor.threads() {
        let mut workspace = B::TransformScratch::default();
        for (from, out) in jobs {
            backend.run_transform(executor, &transform, from, out, &mut workspace);
        }
        return;
    }
    // As many workspaces as jobs run at once, handed from job to job.
    let idle = Mutex::new(Vec::<B::TransformScratch<S>>::new());
    executor.for_each(jobs, |_, (from, out)| {
        let found = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut workspace = found.unwrap_or_default();
        backend.run_transform(&Sequential, &transform, from, out, &mut workspace);
        idle.lock().unwrap_or_else(PoisonError::into_inner).push(workspace);
    });
}

fn check<S: FieldSpec>(domain: &Domain<S>, len: usize) {
    assert!(len == domain.size(), "the domain has {} points, got {len} elements", domain.size());
}
