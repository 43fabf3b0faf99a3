//! How much memory a proof takes, told before it begins.

mod model;
mod sizes;

pub(crate) use sizes::{CircuitSizes, Seen, Sizes};

use parhelion_field_kernels::CurveSpec;

use crate::key::{Key, Synthesis};
use crate::memory::column_bytes;
use crate::plan::ProofPlan;
use model::{Model, Reads};

/// Columns that a thread works with besides those leased: digits and sums of a multi-scalar
/// multiplication, the matrix of a transform.
const SCRATCH_PER_THREAD: usize = 4;

/// Bytes that a proof takes from the pool, beside its key, its SRS and its circuits.
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
    /// The smallest limit for such a proof.
    pub smallest: Option<usize>,
    /// Of all these, what is charged for the kernels' own working memory.
    pub scratch: usize,
}

/// What the kernels' own working memory is taken to be.
pub(crate) fn scratch(k: u32, threads: usize) -> usize {
    SCRATCH_PER_THREAD * threads * column_bytes(k)
}

/// Bounds for a proof of so many circuits, and what is known of earlier ones.
pub(crate) fn estimate<C: CurveSpec>(
    key: &Key<'_, C>,
    circuits: usize,
    threads: usize,
    limit: usize,
) -> Estimate {
    let scratch = scratch(key.shape().k, threads);
    let bound = |plan: ProofPlan, least: bool| {
        let reads = if least { Reads::Never } else { Reads::Always };
        let mut sizes = Sizes::bound(key.shape(), circuits, least);
        if key.derived.synthesis == Synthesis::Regions {
            (sizes.cells, sizes.window) = (0, None);
        }
        scratch + Model { key, plan, threads, reads }.peak(&sizes)
    };
    let smallest = |least: bool| {
        let plans = ProofPlan::all(threads).into_iter();
        plans.map(|plan| bound(plan, least)).min().unwrap_or(usize::MAX)
    };
    let seen = key.derived.seen.get(circuits);
    let seen = seen.map(|sizes| (choose(key, threads, limit, &sizes), choose(key, threads, 0, &sizes)));
    let bytes =
        |choice: Result<(ProofPlan, usize), usize>| choice.map_or_else(|least| least, |(_, bytes)| bytes);
    Estimate {
        at_least: smallest(true),
        sufficient: smallest(false),
        at_most: bound(ProofPlan::fast(threads), false),
        expected: seen.map(|(chosen, _)| bytes(chosen)),
        smallest: seen.map(|(_, least)| bytes(least)),
        scratch,
    }
}

/// The fastest plan that keeps a proof of these sizes within the limit, with the bytes it takes;
/// otherwise the bytes that the leanest takes.
pub(crate) fn choose<C: CurveSpec>(
    key: &Key<'_, C>,
    threads: usize,
    limit: usize,
    sizes: &Sizes,
) -> Result<(ProofPlan, usize), usize> {
    let scratch = scratch(key.shape().k, threads);
    let mut least = usize::MAX;
    for plan in ProofPlan::all(threads) {
        let peak = scratch + Model { key, plan, threads, reads: Reads::Packed }.peak(sizes);
        if peak <= limit {
            return Ok((plan, peak));
        }
        least = least.min(peak);
    }
    Err(least)
}
