//! Reading a proof in a way that notices every bit.

use std::io;

use group::GroupEncoding;
use group::ff::PrimeField;
use halo2_axiom::halo2curves::bn256::{Fr, G1Affine};
use halo2_axiom::transcript::{EncodedChallenge, Transcript, TranscriptRead};

/// Writes down again, in the library's encoding, whatever is read through it.
///
/// The library's verifier takes two liberties: it does not look at what follows a proof, and
/// not at the flag "point at infinity" of points whose x is not zero. A proof is free of both
/// if it equals what was written down.
#[derive(Clone, Debug)]
pub struct Reencoding<T> {
    inner: T,
    written: Vec<u8>,
}

impl<T> Reencoding<T> {
    /// Reads through `inner`.
    pub const fn new(inner: T) -> Self {
        Self { inner, written: Vec::new() }
    }

    /// The encoding of what was read so far.
    pub fn written(&self) -> &[u8] {
        &self.written
    }
}

impl<E, T> Transcript<G1Affine, E> for Reencoding<T>
where
    E: EncodedChallenge<G1Affine>,
    T: Transcript<G1Affine, E>,
{
    fn squeeze_challenge(&mut self) -> E {
        self.inner.squeeze_challenge()
    }

    fn common_point(&mut self, point: G1Affine) -> io::Result<()> {
        self.inner.common_point(point)
    }

    fn common_scalar(&mut self, scalar: Fr) -> io::Result<()> {
        self.inner.common_scalar(scalar)
    }
}

impl<E, T> TranscriptRead<G1Affine, E> for Reencoding<T>
where
    E: EncodedChallenge<G1Affine>,
    T: TranscriptRead<G1Affine, E>,
{
    fn read_point(&mut self) -> io::Result<G1Affine> {
        let point = self.inner.read_point()?;
        self.written.extend_from_slice(point.to_bytes().as_ref());
        Ok(point)
    }

    fn read_scalar(&mut self) -> io::Result<Fr> {
        let scalar = self.inner.read_scalar()?;
        self.written.extend_from_slice(scalar.to_repr().as_ref());
        Ok(scalar)
    }
}
