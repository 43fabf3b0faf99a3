//! What a proof needs of a key and an SRS, in the engine's layout.

use std::borrow::Cow;

use parhelion_field_kernels::{Affine, CurveSpec, Domain, FieldSpec, Fp, Kernels};

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

/// Columns of a key, n field elements each.
#[derive(Debug)]
pub(crate) struct KeyColumns<'a, S: FieldSpec> {
    /// As coefficients.
    pub(crate) polys: Vec<&'a [Fp<S>]>,
    /// On the rows; recomputed from the coefficients where the key does not hold them.
    pub(crate) values: Option<Vec<&'a [Fp<S>]>>,
}

impl<'a, S: FieldSpec> KeyColumns<'a, S> {
    /// Column `index` on the rows.
    fn rows(&self, kernels: &Kernels, domain: &Domain<S>, index: usize) -> Cow<'a, [Fp<S>]> {
        match &self.values {
            Some(values) => Cow::Borrowed(values[index]),
            None => {
                let mut values = self.polys[index].to_vec();
                kernels.ntt(domain, &mut values);
                Cow::Owned(values)
            }
        }
    }
}

/// A prepared key as the stages see it.
#[derive(Debug)]
pub(crate) struct Key<'a, C: CurveSpec> {
    pub(crate) derived: &'a Derived<C>,
    /// SRS in monomial form.
    pub(crate) bases: &'a [Affine<C>],
    /// Fixed columns, selectors included.
    pub(crate) fixed: KeyColumns<'a, C::Scalar>,
    /// Permutation columns sigma.
    pub(crate) sigma: KeyColumns<'a, C::Scalar>,
}

impl<'a, C: CurveSpec> Key<'a, C> {
    pub(crate) fn shape(&self) -> &'a Shape<C::Scalar> {
        &self.derived.shape
    }

    pub(crate) fn domain(&self) -> &'a Domain<C::Scalar> {
        &self.derived.domain
    }

    /// Fixed column `index` on the rows.
    pub(crate) fn fixed_rows(&self, kernels: &Kernels, index: usize) -> Cow<'a, [Fp<C::Scalar>]> {
        self.fixed.rows(kernels, self.domain(), index)
    }

    /// Permutation column `index` on the rows.
    pub(crate) fn sigma_rows(&self, kernels: &Kernels, index: usize) -> Cow<'a, [Fp<C::Scalar>]> {
        self.sigma.rows(kernels, self.domain(), index)
    }
}
