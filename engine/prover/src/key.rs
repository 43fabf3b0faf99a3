//! What a proof needs of a key and an SRS, in the engine's layout.

use parhelion_field_kernels::{Bases, CurveSpec, Domain, FieldSpec, Fp, Kernels};

use crate::estimate::Seen;
use crate::fixed_base::FixedBase;
use crate::memory::Memory;
use crate::programs::Programs;
use crate::shape::Shape;
use crate::storage::{Labels, Reader, StoredRef};

/// How a library has circuits assign their cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Synthesis {
    /// One column after the other, or some side by side. Values may be read back: they are kept.
    Columns,
    /// Region by region, each across many columns: all of them are open. Nothing is read back.
    #[cfg_attr(not(feature = "zcash"), allow(dead_code, reason = "of the other dialect"))]
    Regions,
}

/// The parts of a prepared key that the engine derived and owns.
#[derive(Debug)]
pub(crate) struct Derived<C: CurveSpec> {
    pub(crate) shape: Shape<C::Scalar>,
    pub(crate) domain: Domain<C::Scalar>,
    /// Labels of the cells of the permutation's columns.
    pub(crate) labels: Labels<C::Scalar>,
    /// The circuit's expressions, compiled.
    pub(crate) programs: Programs<C::Scalar>,
    /// How the library has circuits assign their cells.
    pub(crate) synthesis: Synthesis,
    /// How large the columns of earlier proofs were.
    pub(crate) seen: Seen,
    /// What stands for the verifying key in the transcript.
    pub(crate) transcript_repr: Fp<C::Scalar>,
}

/// The points of an SRS besides its bases, where commitments are blinded and opened by an inner
/// product argument.
#[derive(Debug)]
pub(crate) struct Hiding<C: CurveSpec> {
    /// W: a commitment is a sum of multiples of bases, and of this one by its blind.
    pub(crate) blinding: FixedBase<C>,
    /// U: what values of inner products are committed to with.
    pub(crate) product: FixedBase<C>,
}

/// A column of a key.
#[derive(Debug)]
pub(crate) struct KeyColumn<'a, S: FieldSpec> {
    pub(crate) rows: StoredRef<'a, S>,
    /// As n coefficients, where the key holds them.
    pub(crate) coefficients: Option<&'a [Fp<S>]>,
}

impl<S: FieldSpec> Clone for KeyColumn<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: FieldSpec> Copy for KeyColumn<'_, S> {}

/// A prepared key as the stages see it.
#[derive(Debug)]
pub(crate) struct Key<'a, C: CurveSpec> {
    pub(crate) derived: &'a Derived<C>,
    /// SRS in monomial form.
    pub(crate) bases: Bases<'a, C>,
    /// SRS in Lagrange form: commits to columns as they are, so that small witnesses stay small.
    pub(crate) lagrange_bases: Bases<'a, C>,
    /// How commitments hide what is committed to, if they do.
    pub(crate) hiding: Option<&'a Hiding<C>>,
    /// Fixed columns, selectors included.
    pub(crate) fixed: Vec<KeyColumn<'a, C::Scalar>>,
    /// Permutation columns sigma.
    pub(crate) sigma: Vec<KeyColumn<'a, C::Scalar>>,
}

impl<'a, C: CurveSpec> Key<'a, C> {
    pub(crate) fn shape(&self) -> &'a Shape<C::Scalar> {
        &self.derived.shape
    }

    pub(crate) fn domain(&self) -> &'a Domain<C::Scalar> {
        &self.derived.domain
    }

    pub(crate) fn reader(&self, kernels: &'a Kernels, memory: &'a Memory) -> Reader<'a, C::Scalar> {
        Reader { kernels, memory, labels: &self.derived.labels }
    }
}
