//! How much memory a proof takes, told before it begins.

use std::collections::HashSet;

use parhelion_field_kernels::CurveSpec;

use crate::algebra::Source;
use crate::key::Key;
use crate::memory::column_bytes;
use crate::stages::opening;
use crate::stages::quotient::is_shared;

/// Bytes of a value in the library's form, which synthesis keeps for circuits to read.
const ASSIGNED: usize = 72;

/// The smallest buffer of a pool.
const PAGE: usize = 4096;

/// Columns that a thread works with besides those leased: digits and sums of a multi-scalar
/// multiplication, the matrix of a transform.
const SCRATCH_PER_THREAD: usize = 4;

/// Bytes that a proof takes from the pool, beside its key, its SRS and its circuits.
///
/// How far columns can be packed depends on the witness, so that only bounds are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// No proof takes less: a limit below is refused before work begins.
    pub at_least: usize,
    /// No proof takes more: under this limit it never fails for want of memory.
    pub at_most: usize,
    /// Of these, what is charged for the kernels' own working memory.
    pub scratch: usize,
}

/// What a number of columns is at each stage, if columns pack as well as can be, or not at all.
#[derive(Clone, Copy, Debug)]
struct Columns {
    kept: usize,
    peak: usize,
}

impl Columns {
    /// `more` columns for a stage, of which `kept` stay.
    fn stage(&mut self, more: usize, kept: usize) {
        self.peak = self.peak.max(self.kept + more);
        self.kept += kept;
    }
}

/// Bounds for a proof of so many circuits.
pub(crate) fn estimate<C: CurveSpec>(key: &Key<'_, C>, circuits: usize, threads: usize) -> Estimate {
    let column = column_bytes(key.shape().k);
    let scratch = SCRATCH_PER_THREAD * threads * column;
    let bytes = |column: usize, packs| scratch + column * columns(key, circuits, threads, packs);
    // Packed columns of small circuits are in blocks larger than a column.
    let smallest = (size_of::<[u64; 4]>() << key.shape().k).max(PAGE);
    Estimate { at_least: bytes(smallest, true), at_most: bytes(column, false), scratch }
}

/// The most columns that are leased at once.
fn columns<C: CurveSpec>(key: &Key<'_, C>, circuits: usize, threads: usize, packs: bool) -> usize {
    let (shape, programs) = (key.shape(), &key.derived.programs);
    let (advice, instance) = (circuits * shape.num_advice(), circuits * shape.num_instance);
    let (lookups, sets) = (circuits * shape.lookups.len(), circuits * shape.permutation_sets());
    let pieces = shape.quotient_pieces();
    let block = column_bytes(shape.k);
    // Columns of a packed table: a byte for each value, in shared buffers.
    let packed = |columns: usize| if packs { columns / 32 } else { columns + 1 };
    // Leases that may be needed, or not.
    let perhaps = |columns: usize| if packs { 0 } else { columns };

    let mut count = Columns { kept: 0, peak: 0 };
    // Synthesis: the columns, and values for the circuit to read. Then they are packed one by one.
    let values = perhaps((shape.num_advice() << shape.k).div_ceil(block / ASSIGNED));
    count.stage(advice + values, 0);
    count.stage(advice + perhaps(threads), packed(advice));
    count.stage(usize::from(instance > 0), packed(instance));
    // Lookups: inputs, tables, A' and S'.
    let sources = |sources: &[Source]| perhaps(sources.len() + 1);
    let compressed =
        programs.lookup_tables.iter().chain(programs.lookup_inputs.iter().map(|(input, _)| input));
    let widest = compressed.map(|program| sources(&program.sources)).max().unwrap_or(0);
    let tables = programs.lookup_tables.len();
    if lookups > 0 {
        count.stage(tables + 3 * lookups + widest, packed(2 * lookups));
    }
    // Products, each with its denominator and what it reads.
    let widest_set = programs.permutation_fractions.iter().map(|program| sources(&program.sources)).max();
    count.stage(sets + 1 + widest_set.unwrap_or(0), sets);
    if lookups > 0 {
        count.stage(tables + lookups + perhaps(widest.max(5)), lookups);
    }
    // The random polynomial stays; so do the pieces.
    count.stage(1, 1);
    count.stage(quotient(key, circuits, pieces), 0);
    count.stage(2 * pieces, pieces);
    // Evaluations and the opening: the basis, rows of some columns, combinations of sets.
    count.stage(1 + perhaps(4 * threads), 1);
    let sets = if key.hiding.is_some() { opening::point_sets(shape) } else { 6 };
    count.stage(perhaps(2 + sets + 4 * threads), 0);
    count.peak
}

/// Columns on the cosets at the widest group.
fn quotient<C: CurveSpec>(key: &Key<'_, C>, circuits: usize, pieces: usize) -> usize {
    let mut live: HashSet<Source> = HashSet::new();
    let mut most = 0;
    let owners = |source: &Source| if is_shared(*source) { 1 } else { circuits };
    for group in &key.derived.programs.quotient.groups {
        let before: usize = live.iter().map(owners).sum();
        let columns = group.compiled.sources.iter().filter(|source| !source.is_at_hand());
        let fresh = columns.filter(|source| !live.contains(source));
        // Coefficients and values of one circuit's columns; what stays has values on each coset.
        let fresh: Vec<Source> = fresh.copied().collect();
        let stay: usize = fresh.iter().filter(|source| !group.last_use.contains(source)).map(owners).sum();
        // Shared columns stay until the first circuit has read them, too.
        let lent = fresh.iter().filter(|source| match source {
            Source::Fixed(index) => key.fixed[*index].coefficients.is_some(),
            Source::Sigma(index) => key.sigma[*index].coefficients.is_some(),
            _ => false,
        });
        let shared = if circuits > 1 { fresh.iter().filter(|source| is_shared(**source)).count() } else { 0 };
        most = most.max(pieces * (before + stay + shared) + 2 * fresh.len() - lent.count());
        live.extend(fresh);
        live.retain(|source| !group.last_use.contains(source));
    }
    // l_0, the active rows, X and the sum, on each coset.
    4 * pieces + most
}
