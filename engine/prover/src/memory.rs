//! Where the large buffers of a proof come from.

use std::ops::{Deref, DerefMut};

use parhelion_field_kernels::{FieldSpec, Fp};

use crate::Error;

/// Lends buffers to the stages of one proof.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Memory;

/// Field elements, one for each row or coefficient.
#[derive(Clone, Debug)]
pub(crate) struct Buffer<S: FieldSpec>(Vec<Fp<S>>);

impl<S: FieldSpec> Default for Buffer<S> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl Memory {
    /// `len` zeros.
    pub(crate) fn zeros<S: FieldSpec>(&self, len: usize) -> Result<Buffer<S>, Error> {
        Ok(Buffer(vec![Fp::ZERO; len]))
    }

    /// `len` elements that will be written before they are read. What they are until then is whatever
    /// this proof left there.
    pub(crate) fn scratch<S: FieldSpec>(&self, len: usize) -> Result<Buffer<S>, Error> {
        self.zeros(len)
    }

    /// The elements of a slice.
    pub(crate) fn copy<S: FieldSpec>(&self, values: &[Fp<S>]) -> Result<Buffer<S>, Error> {
        let mut buffer = self.scratch(values.len())?;
        buffer.copy_from_slice(values);
        Ok(buffer)
    }
}

impl<S: FieldSpec> From<Vec<Fp<S>>> for Buffer<S> {
    /// Memory that is not a proof's, such as a key's.
    fn from(values: Vec<Fp<S>>) -> Self {
        Self(values)
    }
}

impl<S: FieldSpec> Deref for Buffer<S> {
    type Target = [Fp<S>];

    fn deref(&self) -> &[Fp<S>] {
        &self.0
    }
}

impl<S: FieldSpec> DerefMut for Buffer<S> {
    fn deref_mut(&mut self) -> &mut [Fp<S>] {
        &mut self.0
    }
}

/// Elements that are lent, or were computed for the occasion.
#[derive(Debug)]
pub(crate) enum Rows<'a, S: FieldSpec> {
    Lent(&'a [Fp<S>]),
    Computed(Buffer<S>),
}

impl<S: FieldSpec> Deref for Rows<'_, S> {
    type Target = [Fp<S>];

    fn deref(&self) -> &[Fp<S>] {
        match self {
            Self::Lent(values) => values,
            Self::Computed(values) => values,
        }
    }
}
