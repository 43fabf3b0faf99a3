//! What the stages need of a transcript and of randomness, free of any dialect's types.

use parhelion_field_kernels::{Affine, CurveSpec, FieldSpec, Fp};

use crate::Error;

/// The prover's side of a Fiat-Shamir transcript.
pub(crate) trait ProofTranscript<C: CurveSpec> {
    /// Absorbs a scalar both sides know.
    fn common_scalar(&mut self, scalar: Fp<C::Scalar>) -> Result<(), Error>;
    /// Absorbs a point both sides know.
    fn common_point(&mut self, point: Affine<C>) -> Result<(), Error>;
    /// Absorbs a point and appends it to the proof.
    fn write_point(&mut self, point: Affine<C>) -> Result<(), Error>;
    /// Absorbs a scalar and appends it to the proof.
    fn write_scalar(&mut self, scalar: Fp<C::Scalar>) -> Result<(), Error>;
    /// Squeezes the next challenge.
    fn challenge(&mut self) -> Result<Fp<C::Scalar>, Error>;
}

/// The caller's randomness. Drawn from on one thread and in the order of the stock prover,
/// so that the same seed gives the same proof.
pub(crate) trait Blinding<S: FieldSpec> {
    /// A uniform field element.
    fn draw(&mut self) -> Fp<S>;

    /// Overwrites `cells` with uniform field elements, in order.
    fn fill(&mut self, cells: &mut [Fp<S>]) {
        cells.iter_mut().for_each(|cell| *cell = self.draw());
    }
}
