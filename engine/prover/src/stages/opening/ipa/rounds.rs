//! The inner product argument that a polynomial has a value at a point.

use parhelion_field_kernels::{CurveSpec, Fp};
use parhelion_scheduler::ExecutorExt;

use super::bases::Bases;
use crate::Error;
use crate::key::Hiding;
use crate::memory::Buffer;
use crate::session::Session;

/// Proves the value of `poly`, which was committed to with `blind`, at `x`. Both are known to the
/// verifier's side of the transcript.
pub(super) fn prove<C: CurveSpec>(
    session: &mut Session<'_, C>,
    hiding: &Hiding<C>,
    mut poly: Buffer<C::Scalar>,
    blind: Fp<C::Scalar>,
    x: Fp<C::Scalar>,
) -> Result<(), Error> {
    let (tools, kernels, memory, key) = (session.tools(), session.kernels, session.memory, session.key);
    let n = poly.len();

    // A random polynomial with a root at x hides the one to be opened.
    let mut random = memory.scratch(n)?;
    session.blinding.fill(&mut random);
    let value = kernels.evaluate(&random, x);
    random[0] -= value;
    let random_blind = session.blinding.draw();
    session.write_polynomials(&[&random], &[random_blind])?;
    let xi = session.transcript.challenge()?;
    let z = session.transcript.challenge()?;
    kernels.add_scaled(&mut poly, &random, xi);
    drop(random);
    let value = kernels.evaluate(&poly, x);
    poly[0] -= value;
    let mut blind = blind + xi * random_blind;

    // The powers of x: their inner product with the coefficients is the value.
    let mut powers = memory.scratch(n)?;
    kernels.powers(x, Fp::ONE, &mut powers);
    let mut bases = Bases::new(key.bases.points(), memory.scratch(n)?, memory.scratch(n)?);
    let mut half = n / 2;
    while half > 0 {
        session.progress(n.ilog2() as usize - half.ilog2() as usize, n.ilog2() as usize)?;
        let (poly_low, poly_high) = poly[..2 * half].split_at_mut(half);
        let (powers_low, powers_high) = powers[..2 * half].split_at_mut(half);

        let blinds: [Fp<C::Scalar>; 2] = [session.blinding.draw(), session.blinding.draw()];
        let points = tools.inside(|| {
            let values = [(&*poly_high, &*powers_low), (&*poly_low, &*powers_high)]
                .map(|(scalars, powers)| z * kernels.inner_product(scalars, powers));
            let sums = bases.commit(kernels, poly_high, poly_low);
            kernels.normalize(&kernels.executor().map(sums.len(), |side| {
                sums[side] + hiding.product.mul(values[side]) + hiding.blinding.mul(blinds[side])
            }))
        });
        for point in points {
            session.transcript.write_point(point)?;
        }

        let u = session.transcript.challenge()?;
        let u_inverse = u.invert().ok_or(Error::Degenerate("a challenge of the inner product is zero"))?;
        blind += blinds[0] * u_inverse + blinds[1] * u;
        tools.inside(|| {
            kernels.add_scaled(poly_low, poly_high, u_inverse);
            kernels.add_scaled(powers_low, powers_high, u);
            bases.fold(kernels, u);
        });
        half /= 2;
    }
    session.transcript.write_scalar(poly[0])?;
    session.transcript.write_scalar(blind)
}
