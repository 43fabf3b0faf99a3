//! In which order constraints and cosets are gone through: whichever takes less memory.

use std::collections::HashSet;

use parhelion_field_kernels::CurveSpec;

use super::evaluate::is_shared;
use super::plan::Plan;
use crate::algebra::Source;
use crate::key::Key;
use crate::plan::ProofPlan;

/// Fewest cosets that may be taken one after the other: with less, the coefficients of all columns are hardly
/// kept before they are not needed any more.
const MIN_COSETS: usize = 3;

/// What is done for each of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Each group of constraints on all of so many cosets, a pass for each so many: a column has its coefficients while
    /// its first group is evaluated, and values on these cosets from then on for as long as groups read it. In one pass,
    /// for columns that are read by few; in more, columns are interpolated anew in each.
    Groups { cosets: usize },
    /// All groups on one coset after the other: all columns keep their coefficients, but have values on one coset
    /// at a time. For columns that are read by many.
    Cosets,
}

/// How the quotient's constraints are evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    /// Cosets that have values at once.
    pub(super) cosets: usize,
    /// Whether coefficients stay from coset to coset.
    pub(super) keeps: bool,
    /// Buffers of a column's size in use at most.
    pub(crate) buffers: usize,
}

impl Order {
    /// The order that takes the least memory of those that the plan allows; of equal ones, the fastest.
    pub(crate) fn new<C: CurveSpec>(
        key: &Key<'_, C>,
        (plan, program): (ProofPlan, &Plan<C::Scalar>),
        circuits: usize,
    ) -> Self {
        let pieces = key.shape().quotient_pieces().max(1);
        let order =
            |way, cosets, keeps| Self { cosets, keeps, buffers: buffers(key, program, circuits, way) };
        let by_group = order(Way::Groups { cosets: pieces }, pieces, false);
        let by_coset = (pieces >= MIN_COSETS).then(|| order(Way::Cosets, 1, true));
        let anew = plan.anew.then(|| order(Way::Groups { cosets: 1 }, 1, false));
        let others = by_coset.into_iter().chain(anew);
        others.fold(by_group, |best, other| if other.buffers < best.buffers { other } else { best })
    }
}

/// Buffers in use at the widest group.
fn buffers<C: CurveSpec>(key: &Key<'_, C>, plan: &Plan<C::Scalar>, circuits: usize, way: Way) -> usize {
    let pieces = key.shape().quotient_pieces();
    let owners = |source: &Source| if is_shared(*source) { 1 } else { circuits };
    let has_coefficients = |source: &Source| match source {
        Source::Fixed(index) => key.fixed[*index].coefficients.is_some(),
        Source::Sigma(index) => key.sigma[*index].coefficients.is_some(),
        _ => false,
    };
    let mut live: HashSet<Source> = HashSet::new();
    let mut seen: HashSet<Source> = HashSet::new();
    let (mut most, mut fresh) = (0, Vec::<Source>::new());
    for group in &plan.groups {
        let before: usize = live.iter().map(owners).sum();
        let columns = group.compiled.sources.iter().filter(|source| !source.is_at_hand());
        fresh.clear();
        fresh.extend(columns.filter(|source| !live.contains(source)));
        seen.extend(&fresh);
        let count = |of: &dyn Fn(&Source) -> bool| fresh.iter().filter(|source| of(source)).count();
        let stays = |source: &Source| !group.last_use.contains(source);
        let shared = count(&|source| is_shared(*source));
        let own = fresh.len() - shared;
        let own_that_stay = count(&|source| !is_shared(*source) && stays(source));
        let computed = fresh.len() - count(&has_coefficients);
        let others = shared + circuits.saturating_sub(1) * own_that_stay;
        most = most.max(match way {
            Way::Groups { cosets } => {
                // On the last coset there are all columns, on those before what stays of them.
                let first = if circuits == 1 {
                    computed + fresh.len() + (cosets - 1) * count(&stays)
                } else {
                    computed + fresh.len() + (cosets - 1) * (own_that_stay + shared)
                };
                // The last circuit finds the shared columns, and what stays of all other circuits.
                let last = cosets * others + 2 * own + (cosets - 1) * own_that_stay;
                cosets * before + if circuits == 1 { first } else { first.max(last) }
            }
            Way::Cosets => before + others + own,
        });
        live.extend(&fresh);
        live.retain(|source| !group.last_use.contains(source));
    }
    // l_0, the active rows and X on the cosets in work, and the sum on each.
    match way {
        Way::Groups { cosets } => 3 * cosets + pieces + most,
        Way::Cosets => {
            let coefficients = seen.iter().filter(|source| !has_coefficients(source)).map(owners);
            3 + pieces + coefficients.sum::<usize>() + most
        }
    }
}
