//! The batch opening of halo2 over an inner product argument: Bowe, Grigg and Hopwood, "Recursive
//! proof composition without a trusted setup" (ePrint 2019/1021), section 3, with the multi-point
//! opening of "The halo2 book", section "Multipoint opening argument".
//!
//! ```text
//! queries ▶ sets of points ▶ one polynomial for each set ▶ quotient q' ▶ one opening at x3
//!           x1                                             x2            x4 ▶ rounds.rs ▶ bases.rs ▶ fold.rs
//! ```

mod bases;
mod fold;
mod formulas;
mod rounds;

use parhelion_field_kernels::{CurveSpec, FieldSpec, Fp};

use super::lagrange;
use super::queries::{Opened, Poly};
use crate::Error;
use crate::key::Hiding;
use crate::memory::Buffer;
use crate::session::Session;

/// Polynomials that are opened at the same rotations of x, combined by powers of x1.
struct PointSet<S: FieldSpec> {
    rotations: Vec<i32>,
    combined: Buffer<S>,
    blind: Fp<S>,
}

pub(super) fn open<C: CurveSpec>(
    session: &mut Session<'_, C>,
    hiding: &Hiding<C>,
    opened: &Opened<'_, C::Scalar>,
) -> Result<(), Error> {
    let kernels = session.kernels;
    let x1 = session.transcript.challenge()?;
    let x2 = session.transcript.challenge()?;
    let sets = combine(session, opened, x1)?;

    // q' = Σ x2^i floor(P_i / Z_i), the first set with the highest power.
    let n = session.key.shape().n();
    let mut joined = session.memory.zeros(n)?;
    let mut quotient = session.memory.scratch(n)?;
    for set in &sets {
        quotient.copy_from_slice(&set.combined);
        for &rotation in &set.rotations {
            kernels.divide_by_linear(&mut quotient, opened.point(rotation));
        }
        kernels.horner_step(&mut joined, x2, &quotient);
    }
    drop(quotient);
    let mut blind = session.blinding.draw();
    session.write_polynomials(&[&joined], &[blind])?;

    let x3 = session.transcript.challenge()?;
    for set in &sets {
        session.transcript.write_scalar(kernels.evaluate(&set.combined, x3))?;
    }
    let x4 = session.transcript.challenge()?;
    for set in sets {
        kernels.horner_step(&mut joined, x4, &set.combined);
        blind = blind * x4 + set.blind;
    }
    rounds::prove(session, hiding, joined, blind, x3)
}

/// Groups polynomials by their points, sets and members in the order of first appearance, and combines
/// each group, its first member with the highest power.
fn combine<C: CurveSpec>(
    session: &Session<'_, C>,
    opened: &Opened<'_, C::Scalar>,
    x1: Fp<C::Scalar>,
) -> Result<Vec<PointSet<C::Scalar>>, Error> {
    let groups = point_sets(&opened.queries);
    let (tools, mut sets) = (session.tools(), Vec::with_capacity(groups.len()));
    for (rotations, members) in groups {
        let mut power = Fp::ONE;
        let mut blind = Fp::ZERO;
        let mut terms = Vec::with_capacity(members.len());
        for poly in members.into_iter().rev() {
            terms.push((poly, power));
            blind += power * session.blind(poly);
            power *= x1;
        }
        let combined = tools.inside(|| lagrange::combine(tools, &opened.polys, &terms))?;
        sets.push(PointSet { rotations, combined, blind });
    }
    Ok(sets)
}

/// The sorted rotations of each set with its polynomials.
fn point_sets(queries: &[(Poly, i32)]) -> Vec<(Vec<i32>, Vec<Poly>)> {
    let mut polys: Vec<(Poly, Vec<i32>)> = Vec::new();
    for &(poly, rotation) in queries {
        match polys.iter_mut().find(|(known, _)| *known == poly) {
            Some((_, rotations)) => rotations.push(rotation),
            None => polys.push((poly, vec![rotation])),
        }
    }
    let mut sets: Vec<(Vec<i32>, Vec<Poly>)> = Vec::new();
    for (poly, mut rotations) in polys {
        rotations.sort_unstable();
        match sets.iter_mut().find(|(known, _)| *known == rotations) {
            Some((_, members)) => members.push(poly),
            None => sets.push((rotations, vec![poly])),
        }
    }
    sets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_and_members_keep_the_order_of_first_appearance() {
        let (a, b, c, d) = (Poly::Fixed(0), Poly::Fixed(1), Poly::Sigma(0), Poly::Random);
        let queries = [(a, 0), (b, 1), (c, 0), (a, 1), (d, 0), (b, 0), (c, -1)];
        let expected = vec![(vec![0, 1], vec![a, b]), (vec![-1, 0], vec![c]), (vec![0], vec![d])];
        assert_eq!(point_sets(&queries), expected);
    }
}
