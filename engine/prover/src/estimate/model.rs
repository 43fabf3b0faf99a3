//! The leases of a proof, stage by stage.
//!
//! This follows the stages: what each one holds at most, and what it leaves behind.

use std::collections::HashSet;

use parhelion_field_kernels::CurveSpec;

use super::sizes::{CircuitSizes, Size, Sizes};
use crate::algebra::{Compiled, Source};
use crate::key::{Key, Synthesis};
use crate::memory::column_bytes;
use crate::plan::ProofPlan;
use crate::stages::opening;
use crate::stages::quotient::is_shared;
use crate::stages::synthesis::{Taken, widened};
use crate::storage::StoredRef;

/// How many buffers packed columns are read into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reads {
    /// None: for a lower bound.
    Never,
    /// One for each column that is packed.
    Packed,
    /// One for each column: for an upper bound.
    Always,
}

/// A proof whose memory is to be told.
#[derive(Debug)]
pub(super) struct Model<'k, C: CurveSpec> {
    pub(super) key: &'k Key<'k, C>,
    pub(super) plan: ProofPlan,
    pub(super) threads: usize,
    pub(super) reads: Reads,
}

/// Bytes that are leased.
#[derive(Clone, Copy, Debug)]
struct Tally {
    /// Of a buffer.
    column: usize,
    kept: usize,
    peak: usize,
    /// What is left of the buffer that packed columns are in.
    left: usize,
}

impl Tally {
    /// A stage that needs so many more buffers.
    fn stage(&mut self, buffers: usize) {
        self.peak = self.peak.max(self.kept + buffers * self.column);
    }

    /// Keeps columns, while so many more buffers are in use.
    fn keep(&mut self, sizes: &[Size], buffers: usize) {
        for size in sizes {
            match *size {
                None => self.kept += self.column,
                Some(packed) if packed > self.column => self.kept += packed,
                Some(packed) => {
                    if self.left < packed {
                        self.kept += self.column;
                        self.left = self.column;
                    }
                    self.left -= packed;
                }
            }
        }
        self.stage(buffers);
    }
}

impl<C: CurveSpec> Model<'_, C> {
    /// The most bytes that are leased at once.
    pub(super) fn peak(&self, sizes: &Sizes) -> usize {
        let shape = self.key.shape();
        let mut tally = Tally { column: column_bytes(shape.k), kept: 0, peak: 0, left: 0 };
        if self.reads == Reads::Always {
            // Some packed columns may leave a part of a buffer.
            tally.keep(&[None], 0);
        }
        self.synthesis(&mut tally, sizes);
        self.lookups(&mut tally, sizes);
        self.products(&mut tally, sizes);

        // The random polynomial stays.
        tally.keep(&[None], 0);
        tally.stage(self.quotient(sizes.circuits.len()));
        tally.stage(2 * shape.quotient_pieces());
        // h is put together of its pieces.
        tally.stage(shape.quotient_pieces());
        tally.keep(&[None], 0);
        self.opening(&mut tally, sizes);
        tally.peak
    }

    /// Advice columns while circuits assign them, and while they are committed to.
    fn synthesis(&self, tally: &mut Tally, sizes: &Sizes) {
        let Taken { cells, reach, early, holes, .. } = sizes.taken;
        tally.kept += holes;
        let mut packed = 0;
        for CircuitSizes { advice, .. } in &sizes.circuits {
            let open = match self.key.derived.synthesis {
                Synthesis::Columns => widened(self.plan.batch, reach).min(advice.len()),
                Synthesis::Regions => advice.len(),
            };
            let mut closed = *tally;
            closed.keep(&advice[..advice.len() - open], 0);
            let ahead = match self.reads {
                Reads::Never => 0,
                Reads::Packed | Reads::Always => self.plan.ahead(self.threads).min(advice.len() - open),
            };
            closed.stage(cells + (open + early + ahead).min(advice.len()));
            tally.peak = closed.peak;
            // Each thread packs one at a time.
            tally.keep(advice, self.threads.min(open));
            packed += advice.iter().flatten().count();
        }
        for circuit in &sizes.circuits {
            tally.keep(&circuit.instance, usize::from(!circuit.instance.is_empty()));
        }
        let plain = sizes.circuits.iter().map(|circuit| circuit.advice.len()).sum::<usize>() - packed;
        let reading = self.buffers(packed, plain).min(self.plan.batch);
        // Circuits that go on after a phase keep their cells.
        let cells = if self.key.shape().phases() > 1 { cells } else { 0 };
        tally.stage(reading + cells);
    }

    /// Columns that need a buffer to be read: as many as are packed.
    fn buffers(&self, packed: usize, plain: usize) -> usize {
        match self.reads {
            Reads::Never => 0,
            Reads::Packed => packed,
            Reads::Always => packed + plain,
        }
    }

    /// Buffers that the sources of an expression are read into.
    fn sources(&self, circuit: &CircuitSizes, compiled: &Compiled<C::Scalar>) -> usize {
        let is_packed = |source: &&Source| match **source {
            Source::Advice(index) => circuit.advice[index].is_some(),
            Source::Instance(index) => circuit.instance[index].is_some(),
            Source::Fixed(index) => !matches!(self.key.fixed[index].rows, StoredRef::Plain(_)),
            Source::Sigma(index) => !matches!(self.key.sigma[index].rows, StoredRef::Plain(_)),
            _ => false,
        };
        let packed = compiled.sources.iter().filter(is_packed).count();
        self.buffers(packed, compiled.sources.len() - packed)
    }

    /// A' and S'.
    fn lookups(&self, tally: &mut Tally, sizes: &Sizes) {
        let programs = &self.key.derived.programs;
        let half = self.plan.batch.div_ceil(2);
        for circuit in &sizes.circuits {
            let widest = |compiled: &[&Compiled<C::Scalar>]| {
                compiled.iter().map(|compiled| self.sources(circuit, compiled)).max().unwrap_or(0)
            };
            let tables: Vec<_> = programs.lookup_tables.iter().collect();
            tally.stage(tables.len().min(self.plan.batch) + widest(&tables));
            for (index, lookups) in programs.lookup_inputs.chunks(half).enumerate() {
                let range = index * half..index * half + lookups.len();
                let inputs: Vec<_> = lookups.iter().map(|(input, _)| input).collect();
                tally.stage(lookups.len() + widest(&inputs));
                tally.stage(3 * lookups.len());
                // A' and S' are packed column by column, all A' before all S'.
                let plain = |sizes: &[Size]| sizes.iter().filter(|size| size.is_none()).count();
                let packing = self.threads.min(lookups.len());
                let sizes = &circuit.permuted_inputs[range.clone()];
                tally.keep(sizes, lookups.len() + (lookups.len() - plain(sizes)).min(packing));
                tally.keep(&circuit.permuted_tables[range], 0);
            }
        }
    }

    /// The grand products, each with its denominator and what it reads.
    fn products(&self, tally: &mut Tally, sizes: &Sizes) {
        let programs = &self.key.derived.programs;
        for circuit in &sizes.circuits {
            for fraction in &programs.permutation_fractions {
                tally.keep(&[None], 1 + self.sources(circuit, fraction));
            }
        }
        for circuit in &sizes.circuits {
            for (index, (input, table)) in programs.lookup_inputs.iter().enumerate() {
                let [input, table] = [input, &programs.lookup_tables[*table]];
                let reading = self.sources(circuit, input).max(self.sources(circuit, table));
                let permuted = [circuit.permuted_inputs[index], circuit.permuted_tables[index]];
                let packed = permuted.iter().flatten().count();
                let permuted = self.buffers(packed, 2 - packed);
                // The input and the table; then their permutations, the product's denominator.
                tally.stage(2 + reading);
                tally.keep(&[None], 3 + permuted);
            }
        }
    }

    /// Columns on the cosets at the widest group.
    fn quotient(&self, circuits: usize) -> usize {
        let (key, pieces) = (self.key, self.key.shape().quotient_pieces());
        let mut live: HashSet<Source> = HashSet::new();
        let (mut most, mut fresh) = (0, Vec::<Source>::new());
        let owners = |source: &Source| if is_shared(*source) { 1 } else { circuits };
        for group in &key.derived.programs.quotient(key.shape(), self.plan).groups {
            let before: usize = live.iter().map(owners).sum();
            let columns = group.compiled.sources.iter().filter(|source| !source.is_at_hand());
            fresh.clear();
            fresh.extend(columns.filter(|source| !live.contains(source)));
            // Coefficients and values of one circuit's columns; what stays has values on each coset.
            let stay: usize =
                fresh.iter().filter(|source| !group.last_use.contains(source)).map(owners).sum();
            let lent = fresh.iter().filter(|source| match source {
                Source::Fixed(index) => key.fixed[*index].coefficients.is_some(),
                Source::Sigma(index) => key.sigma[*index].coefficients.is_some(),
                _ => false,
            });
            // Shared columns stay until the last circuit has read them, too.
            let shared =
                if circuits > 1 { fresh.iter().filter(|source| is_shared(**source)).count() } else { 0 };
            let own = fresh.iter().filter(|source| !group.last_use.contains(source)).count();
            // On the last coset all of the group's columns, on those before what stays of them.
            let values = fresh.len() + (pieces - 1) * own.max(shared) + pieces * (stay - own.min(stay));
            most = most.max(pieces * before + values + fresh.len() - lent.count());
            live.extend(&fresh);
            live.retain(|source| !group.last_use.contains(source));
        }
        // l_0, the active rows, X and the sum, on each coset.
        4 * pieces + most
    }

    /// Evaluations and the opening: the basis, rows of some columns, combinations of sets.
    fn opening(&self, tally: &mut Tally, sizes: &Sizes) {
        let packed = sizes.circuits.iter().any(|circuit| circuit.advice.iter().any(Option::is_some))
            || self
                .key
                .fixed
                .iter()
                .chain(&self.key.sigma)
                .any(|column| !matches!(column.rows, StoredRef::Plain(_)));
        let reads =
            |count: usize| self.buffers(if packed { count } else { 0 }, if packed { 0 } else { count });
        tally.stage(1 + reads(self.threads));
        // Few sets, which hold few rotations.
        let grouped = opening::Grouped::new(&opening::queries(self.key.shape(), sizes.circuits.len()));
        let mut sets: Vec<Vec<i32>> = Vec::new();
        let mut sorted = Vec::new();
        for (_, rotations) in grouped.iter() {
            sorted.clear();
            sorted.extend_from_slice(rotations);
            sorted.sort_unstable();
            sorted.dedup();
            if !sets.contains(&sorted) {
                sets.push(sorted.clone());
            }
        }
        let batch = reads(opening::batch(self.threads));
        // The sum and the next one while columns are added; the quotient and h when they are there.
        tally.stage(sets.len() + 1 + batch.max(1));
        if self.key.hiding.is_some() {
            // What is opened, powers of x, multiples of the bases for both sides.
            tally.stage(4);
        }
    }
}
