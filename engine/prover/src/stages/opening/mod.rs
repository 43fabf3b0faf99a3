//! Evaluations at x, and the argument that opens the commitments there.

mod evaluate;
mod grouped;
mod gwc;
mod ipa;
mod lagrange;
mod queries;
mod shplonk;

pub(crate) use evaluate::evaluate;
pub(crate) use grouped::Grouped;
pub(crate) use lagrange::batch;
pub(crate) use queries::{Opened, Poly, Polys, opened as queries};

use parhelion_field_kernels::CurveSpec;

use crate::session::Session;
use crate::{Error, MultiOpen};

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
