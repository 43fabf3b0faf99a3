//! A transcript that tells when the prover comes to a challenge.

use std::io;

use halo2_axiom::halo2curves::bn256::{Fr, G1Affine};
use halo2_axiom::transcript::{Challenge255, Transcript, TranscriptWrite};
use parhelion_cli::stock::ProofTranscript;

type Challenge = Challenge255<G1Affine>;

/// The transcript of a proof. `at_challenge` is called before each challenge is squeezed, with its
/// number. All provers squeeze the same challenges between the same steps.
pub(super) struct Overheard<F> {
    inner: ProofTranscript,
    squeezed: usize,
    at_challenge: F,
}

impl<F: FnMut(usize)> Overheard<F> {
    pub(super) fn new(at_challenge: F) -> Self {
        Self { inner: ProofTranscript::new(), squeezed: 0, at_challenge }
    }

    /// The proof.
    pub(super) fn finalize(self) -> Vec<u8> {
        self.inner.finalize()
    }
}

impl<F: FnMut(usize)> Transcript<G1Affine, Challenge> for Overheard<F> {
    fn squeeze_challenge(&mut self) -> Challenge {
        (self.at_challenge)(self.squeezed);
        self.squeezed += 1;
        self.inner.squeeze_challenge()
    }

    fn common_point(&mut self, point: G1Affine) -> io::Result<()> {
        self.inner.common_point(point)
    }

    fn common_scalar(&mut self, scalar: Fr) -> io::Result<()> {
        self.inner.common_scalar(scalar)
    }
}

impl<F: FnMut(usize)> TranscriptWrite<G1Affine, Challenge> for Overheard<F> {
    fn write_point(&mut self, point: G1Affine) -> io::Result<()> {
        self.inner.write_point(point)
    }

    fn write_scalar(&mut self, scalar: Fr) -> io::Result<()> {
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
        let mut overheard = Overheard::new(|number| heard.push(number));
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
