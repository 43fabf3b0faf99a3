//! The library's transcript and randomness as the stages see them.

use std::marker::PhantomData;

use ff::Field;
use halo2_axiom::halo2curves::CurveAffine;
use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::transcript::{EncodedChallenge, TranscriptWrite};
use parhelion_field_kernels::{Bn254Fr, Bn254FrSpec, Bn254G1Affine, Bn254G1Spec};
use rand_core::RngCore;

use super::unsupported;
use crate::Error;
use crate::adapters::cast;
use crate::transcript::{Blinding, ProofTranscript};

/// A library transcript over a curve that is BN254 G1, whatever name the caller's generics have
/// for it.
pub(super) struct LibraryTranscript<'t, C, E, T> {
    inner: &'t mut T,
    _types: PhantomData<(C, E)>,
}

impl<'t, C, E, T> LibraryTranscript<'t, C, E, T> {
    pub(super) fn new(inner: &'t mut T) -> Self {
        Self { inner, _types: PhantomData }
    }
}

impl<C, E, T> ProofTranscript<Bn254G1Spec> for LibraryTranscript<'_, C, E, T>
where
    C: CurveAffine,
    E: EncodedChallenge<C>,
    T: TranscriptWrite<C, E>,
{
    fn common_scalar(&mut self, scalar: Bn254Fr) -> Result<(), Error> {
        let scalar = cast::downcast(cast::into_scalar(scalar)).ok_or_else(unsupported)?;
        Ok(self.inner.common_scalar(scalar)?)
    }

    fn common_point(&mut self, point: Bn254G1Affine) -> Result<(), Error> {
        let point = cast::downcast(cast::into_point(point)).ok_or_else(unsupported)?;
        Ok(self.inner.common_point(point)?)
    }

    fn write_point(&mut self, point: Bn254G1Affine) -> Result<(), Error> {
        let point = cast::downcast(cast::into_point(point)).ok_or_else(unsupported)?;
        Ok(self.inner.write_point(point)?)
    }

    fn write_scalar(&mut self, scalar: Bn254Fr) -> Result<(), Error> {
        let scalar = cast::downcast(cast::into_scalar(scalar)).ok_or_else(unsupported)?;
        Ok(self.inner.write_scalar(scalar)?)
    }

    fn challenge(&mut self) -> Result<Bn254Fr, Error> {
        let challenge: C::ScalarExt = *self.inner.squeeze_challenge_scalar::<()>();
        Ok(cast::from_scalar(cast::downcast(challenge).ok_or_else(unsupported)?))
    }
}

/// The caller's generator.
pub(super) struct CallerRandomness<R>(pub(super) R);

impl<R: RngCore> Blinding<Bn254FrSpec> for CallerRandomness<R> {
    fn draw(&mut self) -> Bn254Fr {
        cast::from_scalar(Fr::random(&mut self.0))
    }
}
