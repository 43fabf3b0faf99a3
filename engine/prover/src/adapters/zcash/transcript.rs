//! The library's transcript and randomness as the stages see them.

use std::marker::PhantomData;

use ff_0_14::Field;
use halo2_proofs::transcript::{EncodedChallenge, TranscriptWrite};
use parhelion_field_kernels::{Affine, Fp};
use rand_core_0_10::Rng;

use crate::Error;
use crate::adapters::cast::{self, KernelScalar, PastaCurve, Spec};
use crate::transcript::{Blinding, ProofTranscript};

/// A transcript of the library's.
pub(super) struct LibraryTranscript<'t, C, E, T> {
    inner: &'t mut T,
    _types: PhantomData<(C, E)>,
}

impl<'t, C, E, T> LibraryTranscript<'t, C, E, T> {
    pub(super) fn new(inner: &'t mut T) -> Self {
        Self { inner, _types: PhantomData }
    }
}

impl<C, E, T> ProofTranscript<Spec<C>> for LibraryTranscript<'_, C, E, T>
where
    C: PastaCurve,
    E: EncodedChallenge<C>,
    T: TranscriptWrite<C, E>,
{
    fn common_scalar(&mut self, scalar: Fp<KernelScalar<C>>) -> Result<(), Error> {
        Ok(self.inner.common_scalar(cast::to_pasta_scalar::<C>(scalar))?)
    }

    fn common_point(&mut self, point: Affine<Spec<C>>) -> Result<(), Error> {
        Ok(self.inner.common_point(cast::pasta_point(point))?)
    }

    fn write_point(&mut self, point: Affine<Spec<C>>) -> Result<(), Error> {
        Ok(self.inner.write_point(cast::pasta_point(point))?)
    }

    fn write_scalar(&mut self, scalar: Fp<KernelScalar<C>>) -> Result<(), Error> {
        Ok(self.inner.write_scalar(cast::to_pasta_scalar::<C>(scalar))?)
    }

    fn challenge(&mut self) -> Result<Fp<KernelScalar<C>>, Error> {
        Ok(cast::pasta_scalar::<C>(*self.inner.squeeze_challenge_scalar::<()>()))
    }
}

/// The caller's generator.
pub(super) struct CallerRandomness<C, R> {
    generator: R,
    _curve: PhantomData<C>,
}

impl<C, R> CallerRandomness<C, R> {
    pub(super) fn new(generator: R) -> Self {
        Self { generator, _curve: PhantomData }
    }
}

impl<C: PastaCurve, R: Rng> Blinding<KernelScalar<C>> for CallerRandomness<C, R> {
    fn draw(&mut self) -> Fp<KernelScalar<C>> {
        cast::pasta_scalar::<C>(C::ScalarExt::random(&mut self.generator))
    }
}
