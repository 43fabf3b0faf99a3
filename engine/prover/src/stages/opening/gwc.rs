//! The batch opening of PLONK (Gabizon, Williamson, Ciobotaru, ePrint 2019/953, section 3): one
//! commitment per point.

use parhelion_field_kernels::{CurveSpec, Fp};

use super::lagrange::combine;
use super::queries::{Opened, PolyQuery};
use crate::Error;
use crate::session::Session;

pub(super) fn open<C: CurveSpec>(
    session: &mut Session<'_, C>,
    opened: &Opened<'_, C::Scalar>,
) -> Result<(), Error> {
    let tools = session.tools();
    let v = session.transcript.challenge()?;
    let mut points: Vec<(Fp<C::Scalar>, Vec<PolyQuery>)> = Vec::new();
    for &query in &opened.queries {
        let point = opened.point(query.1);
        match points.iter_mut().find(|(known, _)| *known == point) {
            Some((_, queries)) => queries.push(query),
            None => points.push((point, vec![query])),
        }
    }
    let count = points.len();
    for (index, (point, queries)) in points.into_iter().enumerate() {
        session.progress(index, count)?;
        let mut terms = Vec::with_capacity(queries.len());
        let mut value = Fp::ZERO;
        let mut power = Fp::ONE;
        for query in &queries {
            terms.push((query.0, power));
            value += power * opened.evaluations[query];
            power *= v;
        }
        let combined = tools.inside(|| {
            let mut combined = combine(tools, &opened.polys, &terms)?;
            combined[0] -= value;
            tools.kernels.divide_by_linear(&mut combined, point);
            Ok::<_, Error>(combined)
        })?;
        let degree_bound = combined.len() - 1;
        session.write_polynomials(&[&combined[..degree_bound]], &[])?;
    }
    Ok(())
}
