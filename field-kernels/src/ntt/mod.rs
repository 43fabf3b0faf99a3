//! Number-theoretic transforms of size 2^k.

mod domain;
mod transform;

pub use domain::Domain;
#[cfg(target_arch = "x86_64")]
pub(crate) use domain::bit_reversed_powers;
pub(crate) use transform::Transform;

use parhelion_scheduler::Sequential;

use crate::contract::Backend;
use crate::dispatch::with_backend;
use crate::parallel::for_each_mut;
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
        self.transform(domain, Kind::Forward, &mut [values]);
    }

    /// Values at 1, ω, ω², ... to coefficients, lowest first: the inverse of [`ntt`](Self::ntt).
    ///
    /// # Panics
    /// If there are not as many values as the domain has points.
    pub fn intt<S: FieldSpec>(&self, domain: &Domain<S>, values: &mut [Fp<S>]) {
        self.transform(domain, Kind::Inverse, &mut [values]);
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
        self.transform(domain, Kind::ForwardOnCoset(shift), &mut [(coeffs, out)]);
    }

    /// Values at s·ω^i to coefficients, lowest first, given `shift_inv` = 1/s: the inverse of
    /// [`coset_ntt`](Self::coset_ntt), in place.
    ///
    /// # Panics
    /// If there are not as many values as the domain has points.
    pub fn coset_intt<S: FieldSpec>(&self, domain: &Domain<S>, values: &mut [Fp<S>], shift_inv: Fp<S>) {
        self.transform(domain, Kind::InverseOnCoset(shift_inv), &mut [values]);
    }

    /// [`ntt`](Self::ntt) of each column.
    ///
    /// # Panics
    /// If a column does not have as many values as the domain has points.
    pub fn ntt_columns<S: FieldSpec>(&self, domain: &Domain<S>, columns: &mut [&mut [Fp<S>]]) {
        self.transform(domain, Kind::Forward, columns);
    }

    /// [`intt`](Self::intt) of each column.
    ///
    /// # Panics
    /// If a column does not have as many values as the domain has points.
    pub fn intt_columns<S: FieldSpec>(&self, domain: &Domain<S>, columns: &mut [&mut [Fp<S>]]) {
        self.transform(domain, Kind::Inverse, columns);
    }

    /// [`coset_ntt`](Self::coset_ntt) of each pair of coefficients and output.
    ///
    /// # Panics
    /// If a slice does not have as many elements as the domain has points.
    pub fn coset_ntt_columns<S: FieldSpec>(
        &self,
        domain: &Domain<S>,
        jobs: &mut [CosetJob<'_, S>],
        shift: Fp<S>,
    ) {
        self.transform(domain, Kind::ForwardOnCoset(shift), jobs);
    }

    /// Transforms each job.
    ///
    /// Works on columns side by side while there is one for each thread, and with all threads on one after the other
    /// where there are fewer.
    fn transform<S: FieldSpec>(&self, domain: &Domain<S>, kind: Kind<S>, jobs: &mut [impl Job<S>]) {
        if jobs.is_empty() {
            return;
        }
        for job in &mut *jobs {
            let (from, out) = job.parts();
            check(domain, from.map_or(out.len(), <[_]>::len));
            check(domain, out.len());
        }
        with_backend!(self, backend => run(backend, self, domain, kind, jobs));
    }
}

/// Where a transform reads and writes.
trait Job<S: FieldSpec>: Send {
    /// What is transformed, if that is not what the second slice holds, and where the result goes.
    fn parts(&mut self) -> (Option<&[Fp<S>]>, &mut [Fp<S>]);
}

impl<S: FieldSpec> Job<S> for &mut [Fp<S>] {
    fn parts(&mut self) -> (Option<&[Fp<S>]>, &mut [Fp<S>]) {
        (None, self)
    }
}

impl<S: FieldSpec> Job<S> for CosetJob<'_, S> {
    fn parts(&mut self) -> (Option<&[Fp<S>]>, &mut [Fp<S>]) {
        (Some(self.0), self.1)
    }
}

fn run<S: FieldSpec, B: Backend>(
    backend: B,
    kernels: &Kernels,
    domain: &Domain<S>,
    kind: Kind<S>,
    jobs: &mut [impl Job<S>],
) {
    let (executor, scratch) = (kernels.executor().as_ref(), kernels.scratch());
    let mut tables = scratch.lend(B::transform_lines(domain, kind));
    let transform = backend.transform(executor, &mut tables.carver(), domain, kind);
    let (each, shared) = jobs.split_at_mut(jobs.len() - jobs.len() % executor.threads());
    for_each_mut(executor, each, |_, job| {
        let (from, out) = job.parts();
        backend.run_transform(&Sequential, scratch, &transform, from, out);
    });
    for job in shared {
        let (from, out) = job.parts();
        backend.run_transform(executor, scratch, &transform, from, out);
    }
}

fn check<S: FieldSpec>(domain: &Domain<S>, len: usize) {
    assert!(len == domain.size(), "the domain has {} points, got {len} elements", domain.size());
}
