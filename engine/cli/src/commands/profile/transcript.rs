//! Transcripts that tell when the prover comes to a challenge.

use std::io;

use halo2_axiom::halo2curves::bn256::{Fr, G1Affine};
use halo2_axiom::transcript::{Challenge255, Transcript, TranscriptWrite};
use halo2_proofs::pasta::{EqAffine, Fp};
use halo2_proofs::transcript as pasta;
use parhelion_cli::stock::ProofTranscript;

/// Is called before each challenge is squeezed, with its number.
pub(super) type AtChallenge<'a> = &'a mut (dyn FnMut(usize) + Send);

/// The transcript of a proof, of either library, and who listens. All provers squeeze the same challenges
/// between the same steps.
pub(super) struct Overheard<'a, T = ProofTranscript> {
    inner: T,
    squeezed: usize,
    at_challenge: AtChallenge<'a>,
}

/// The transcript of a proof of `halo2_proofs`.
pub(super) type PastaTranscript = pasta::Blake2bWrite<Vec<u8>, EqAffine, pasta::Challenge255<EqAffine>>;

impl<'a, T> Overheard<'a, T> {
    fn listened_to(inner: T, at_challenge: AtChallenge<'a>) -> Self {
        Self { inner, squeezed: 0, at_challenge }
    }

    fn tell(&mut self) {
        (self.at_challenge)(self.squeezed);
        self.squeezed += 1;
    }
}

impl<'a> Overheard<'a> {
    pub(super) fn new(at_challenge: AtChallenge<'a>) -> Self {
        Self::listened_to(ProofTranscript::new(), at_challenge)
    }

    /// The proof.
    pub(super) fn finalize(self) -> Vec<u8> {
        self.inner.finalize()
    }
}

impl<'a> Overheard<'a, PastaTranscript> {
    pub(super) fn of_pasta(at_challenge: AtChallenge<'a>) -> Self {
        Self::listened_to(PastaTranscript::init(Vec::new()), at_challenge)
    }

    /// The proof.
    pub(super) fn finalize(self) -> Vec<u8> {
        self.inner.finalize()
    }
}

impl Transcript<G1Affine, Challenge255<G1Affine>> for Overheard<'_> {
    fn squeeze_challenge(&mut self) -> Challenge255<G1Affine> {
        self.tell();
        self.inner.squeeze_challenge()
    }

    fn common_point(&mut self, point: G1Affine) -> io::Result<()> {
        self.inner.common_point(point)
    }

    fn common_scalar(&mut self, scalar: Fr) -> io::Result<()> {
        self.inner.common_scalar(scalar)
    }
}

impl TranscriptWrite<G1Affine, Challenge255<G1Affine>> for Overheard<'_> {
    fn write_point(&mut self, point: G1Affine) -> io::Result<()> {
        self.inner.write_point(point)
    }

    fn write_scalar(&mut self, scalar: Fr) -> io::Result<()> {
        self.inner.write_scalar(scalar)
    }
}

impl pasta::Transcript<EqAffine, pasta::Challenge255<EqAffine>> for Overheard<'_, PastaTranscript> {
    fn squeeze_challenge(&mut self) -> pasta::Challenge255<EqAffine> {
        self.tell();
        self.inner.squeeze_challenge()
    }

    fn common_point(&mut self, point: EqAffine) -> io::Result<()> {
        self.inner.common_point(point)
    }

    fn common_scalar(&mut self, scalar: Fp) -> io::Result<()> {
        self.inner.common_scalar(scalar)
    }
}

impl pasta::TranscriptWrite<EqAffine, pasta::Challenge255<EqAffine>> for Overheard<'_, PastaTranscript> {
    fn write_point(&mut self, point: EqAffine) -> io::Result<()> {
        self.inner.write_point(point)
    }

    fn write_scalar(&mut self, scalar: Fp) -> io::Result<()> {
        self.inner.write_scalar(scalar)
    }
}

/// The sections of a proof, as `bench` has them.
pub(super) const SECTIONS: [&str; 5] = ["witness", "lookup", "products", "quotient", "opening"];

/// The section that ends with challenge number `challenge`, of a circuit with `own` challenges of
/// its own: theta, then beta (gamma comes right after it), then y, then x.
pub(super) fn section_before(challenge: usize, own: usize) -> Option<&'static str> {
    match challenge.checked_sub(own)? {
        0 => Some(SECTIONS[0]),
        1 => Some(SECTIONS[1]),
        3 => Some(SECTIONS[2]),
        4 => Some(SECTIONS[3]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_counted_and_squeezed_as_without_a_listener() {
        let mut heard = Vec::new();
        let mut listen = |number| heard.push(number);
        let mut overheard = Overheard::new(&mut listen);
        let mut plain = ProofTranscript::new();
        for value in [1u64, 2] {
            overheard.common_scalar(Fr::from(value)).unwrap();
            plain.common_scalar(Fr::from(value)).unwrap();
            let (a, b) = (overheard.squeeze_challenge(), plain.squeeze_challenge());
            assert_eq!(a.as_ref(), b.as_ref());
        }
        overheard.write_scalar(Fr::from(3)).unwrap();
        plain.write_scalar(Fr::from(3)).unwrap();
        assert_eq!(overheard.finalize(), plain.finalize());
        assert_eq!(heard, [0, 1]);
    }

    #[test]
    fn sections_end_where_challenges_say() {
        let ends = |own| (0..8).map(|number| section_before(number, own)).collect::<Vec<_>>();
        let [a, b, c, d, _] = SECTIONS.map(Some);
        assert_eq!(ends(0), [a, b, None, c, d, None, None, None]);
        assert_eq!(ends(2), [None, None, a, b, None, c, d, None]);
    }
}
