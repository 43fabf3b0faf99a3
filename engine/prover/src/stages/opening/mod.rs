//! Evaluations at x, and the argument that opens the commitments there.

mod evaluate;
mod gwc;
mod ipa;
mod lagrange;
mod queries;
mod shplonk;

pub(crate) use evaluate::evaluate;
pub(crate) use queries::{Opened, Poly, Polys};

use parhelion_field_kernels::{CurveSpec, FieldSpec};

use crate::session::Session;
use crate::shape::Shape;
use crate::{Error, MultiOpen};

/// Sets of points that polynomials of this shape are opened at, if by an inner product argument.
pub(crate) fn point_sets<S: FieldSpec>(shape: &Shape<S>) -> usize {
    ipa::point_sets(&queries::opened(shape, 1)).len()
}

/// Proves that the commitments open to the evaluations: those that hide with an inner product
/// argument, KZG's by `scheme`.
pub(crate) fn open<C: CurveSpec>(
    session: &mut Session<'_, C>,
    scheme: MultiOpen,
    opened: &Opened<'_, C::Scalar>,
) -> Result<(), Error> {
    if let Some(hiding) = session.key.hiding {
        return ipa::open(session, hiding, opened);
    }
    match scheme {
        MultiOpen::Shplonk => shplonk::open(session, opened),
        MultiOpen::Gwc => gwc::open(session, opened),
    }
}
