//! How much memory a proof takes, told before it begins.

mod model;
mod scratch;
mod sizes;
mod tally;

pub(crate) use scratch::Scratch;
pub(crate) use sizes::{CircuitSizes, Seen, Sizes};

use parhelion_field_kernels::{CurveSpec, Kernels};

use crate::key::{Key, Synthesis};
use crate::memory::column_bytes;
use crate::plan::ProofPlan;
use crate::stages::synthesis::Taken;
use model::{Model, Reads};

/// Bytes of memory that a proof takes, beside its key, its SRS and its circuits: what it leases from the
/// pool, the kernels' own working memory, and what is on the heap.
///
/// How far columns can be packed depends on the witness. So there are bounds for any witness, and what
/// the witnesses seen so far would take, which is close: most cells are as large in one witness of a
/// circuit as in another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// No proof takes less: a limit below is refused before work begins.
    pub at_least: usize,
    /// Under this limit no proof fails for want of memory, though it may take longer.
    pub sufficient: usize,
    /// No proof takes more: a larger limit makes nothing faster.
    pub at_most: usize,
    /// What a proof takes, if one was made with this key, or
    /// [rehearsed](crate::Prover::rehearse): the most so far. Under a limit of the prover, by the plan
    /// that the limit leads to.
    pub expected: Option<usize>,
    /// The smallest limit for such a proof: as the leanest plan takes, and something to spare; at most
    /// `sufficient`.
    pub smallest: Option<usize>,
    /// Of all these, what is charged beside the leases: for the kernels' own working memory, and for what
    /// is on the heap.
    pub scratch: usize,
}

/// Bounds for a proof of so many circuits, and what is known of earlier ones.
pub(crate) fn estimate<C: CurveSpec>(
    key: &Key<'_, C>,
    circuits: usize,
    kernels: &Kernels,
    limit: usize,
) -> Estimate {
    let (threads, scratch) = (kernels.threads(), Scratch::of(key, kernels, circuits).bytes());
    let bound = |plan: ProofPlan, least: bool| {
        let reads = if least { Reads::Never } else { Reads::Always };
        let mut sizes = Sizes::bound(key.shape(), circuits, least);
        if key.derived.synthesis == Synthesis::Regions {
            sizes.taken = Taken::default();
        }
        scratch + Model { key, plan, threads, reads }.peak(&sizes)
    };
    let smallest = |least: bool| {
        let plans = ProofPlan::all(threads).into_iter();
        plans.map(|plan| bound(plan, least)).min().unwrap_or(usize::MAX)
    };
    let seen = key.derived.seen.get(circuits);
    // No plan keeps to a limit of 0.
    let seen = seen.map(|sizes| [limit, 0].map(|limit| choose(key, kernels, limit, &sizes)));
    let sufficient = smallest(false);
    Estimate {
        at_least: smallest(true),
        sufficient,
        at_most: bound(ProofPlan::fast(threads), false),
        expected: seen.map(|[chosen, _]| chosen.map_or_else(|smallest| smallest, |(_, bytes)| bytes)),
        smallest: seen.and_then(|[_, none]| none.err()).map(|smallest| smallest.min(sufficient)),
        scratch,
    }
}

/// The fastest plan that keeps a proof of these sizes within the limit, with the bytes it takes;
/// otherwise the smallest limit. That has room for a buffer more than the leanest plan takes: another
/// witness may be a few bytes larger, and packed columns may share buffers in another way.
pub(crate) fn choose<C: CurveSpec>(
    key: &Key<'_, C>,
    kernels: &Kernels,
    limit: usize,
    sizes: &Sizes,
) -> Result<(ProofPlan, usize), usize> {
    let (threads, scratch) = (kernels.threads(), Scratch::of(key, kernels, sizes.circuits.len()).bytes());
    let mut least = usize::MAX;
    for plan in ProofPlan::all(threads) {
        let peak = scratch + Model { key, plan, threads, reads: Reads::Packed }.peak(sizes);
        if peak <= limit {
            return Ok((plan, peak));
        }
        least = least.min(peak);
    }
    Err(least.saturating_add(column_bytes(key.shape().k)))
}
