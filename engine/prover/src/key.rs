//! What a proof needs of a key and an SRS, in the engine's layout.

use parhelion_field_kernels::{Affine, CurveSpec, Domain, Fp};

use crate::programs::Programs;
use crate::shape::Shape;

/// The parts of a prepared key that the engine derived and owns.
#[derive(Debug)]
pub(crate) struct Derived<C: CurveSpec> {
    pub(crate) shape: Shape<C::Scalar>,
    pub(crate) domain: Domain<C::Scalar>,
    /// The circuit's expressions, compiled.
    pub(crate) programs: Programs<C::Scalar>,
    /// SRS in Lagrange form: commits to columns as they are, so that small witnesses stay small.
    pub(crate) lagrange_bases: Vec<Affine<C>>,
    /// What stands for the verifying key in the transcript.
    pub(crate) transcript_repr: Fp<C::Scalar>,
}

/// A prepared key as the stages see it: columns of n field elements each.
#[derive(Debug)]
pub(crate) struct Key<'a, C: CurveSpec> {
    pub(crate) derived: &'a Derived<C>,
    /// SRS in monomial form.
    pub(crate) bases: &'a [Affine<C>],
    /// Fixed columns (selectors included) on the rows.
    pub(crate) fixed_values: Vec<&'a [Fp<C::Scalar>]>,
    /// Fixed columns as coefficients.
    pub(crate) fixed_polys: Vec<&'a [Fp<C::Scalar>]>,
    /// Permutation columns sigma on the rows.
    pub(crate) sigma_values: Vec<&'a [Fp<C::Scalar>]>,
    /// Permutation columns sigma as coefficients.
    pub(crate) sigma_polys: Vec<&'a [Fp<C::Scalar>]>,
}

impl<C: CurveSpec> Key<'_, C> {
    pub(crate) fn shape(&self) -> &Shape<C::Scalar> {
        &self.derived.shape
    }

    pub(crate) fn domain(&self) -> &Domain<C::Scalar> {
        &self.derived.domain
    }
}
