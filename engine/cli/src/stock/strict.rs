//! Reading a proof so that only one encoding of it is accepted.

use std::io;

use ff::PrimeField;
use group::GroupEncoding;
use halo2_axiom::halo2curves::bn256::{Fr, G1Affine};
use halo2_axiom::transcript::{Blake2bRead, Challenge255, Transcript, TranscriptRead, TranscriptReadBuffer};

type Challenge = Challenge255<G1Affine>;

/// The library's transcript reader, with a copy of what it has read, written again.
///
/// The library ignores the flag "point at infinity" of every other point, so flipping that bit
/// gives a second proof of the same statement. Comparing the copy with the proof refuses it,
/// and anything after the proof's end as well.
pub(super) struct StrictRead<'a> {
    library: Blake2bRead<&'a [u8], G1Affine, Challenge>,
    rewritten: Vec<u8>,
}

impl<'a> StrictRead<'a> {
    pub(super) fn new(proof: &'a [u8]) -> Self {
        Self { library: Blake2bRead::init(proof), rewritten: Vec::with_capacity(proof.len()) }
    }

    /// What the library's prover writes for the values read.
    pub(super) fn rewritten(self) -> Vec<u8> {
        self.rewritten
    }
}

impl Transcript<G1Affine, Challenge> for StrictRead<'_> {
    fn squeeze_challenge(&mut self) -> Challenge {
        self.library.squeeze_challenge()
    }

    fn common_point(&mut self, point: G1Affine) -> io::Result<()> {
        self.library.common_point(point)
    }

    fn common_scalar(&mut self, scalar: Fr) -> io::Result<()> {
        self.library.common_scalar(scalar)
    }
}

impl TranscriptRead<G1Affine, Challenge> for StrictRead<'_> {
    fn read_point(&mut self) -> io::Result<G1Affine> {
        let point = self.library.read_point()?;
        self.rewritten.extend(point.to_bytes().as_ref());
        Ok(point)
    }

    fn read_scalar(&mut self) -> io::Result<Fr> {
        let scalar = self.library.read_scalar()?;
        self.rewritten.extend(scalar.to_repr());
        Ok(scalar)
    }
}
