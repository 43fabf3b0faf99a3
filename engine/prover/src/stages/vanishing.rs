//! The random polynomial that blinds the evaluation of the quotient.

use parhelion_field_kernels::CurveSpec;

use crate::Error;
use crate::memory::Buffer;
use crate::session::Session;
use crate::stages::opening::Poly;

impl<C: CurveSpec> Session<'_, C> {
    /// Draws a uniform polynomial of n coefficients and commits to it.
    ///
    /// The stock prover draws it from the thread's own generator; here it comes from the caller's,
    /// so that a seed determines the proof.
    pub(crate) fn commit_random_polynomial(&mut self) -> Result<Buffer<C::Scalar>, Error> {
        let n = self.key.shape().n();
        let random = match &self.replay {
            Some(replay) => self.memory.copy(replay.random_poly)?,
            None => {
                let mut random = self.memory.scratch(n)?;
                self.blinding.fill(&mut random);
                random
            }
        };
        self.draw_blind(Poly::Random);
        self.write_polynomials(&[&random], &[self.blind(Poly::Random)])?;
        Ok(random)
    }
}
