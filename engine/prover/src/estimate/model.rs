//! The leases of a proof, stage by stage.
//!
//! This follows the stages: what each one holds at most, and what it leaves behind.

use parhelion_field_kernels::CurveSpec;

use super::sizes::{CircuitSizes, Size, Sizes};
use super::tally::Tally;
use crate::algebra::{Compiled, Source};
use crate::key::{Key, Synthesis};
use crate::memory::column_bytes;
use crate::plan::ProofPlan;
use crate::stages::opening;
use crate::stages::quotient::Order;
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

impl<C: CurveSpec> Model<'_, C> {
    /// The most bytes that are leased at once.
    pub(super) fn peak(&self, sizes: &Sizes) -> usize {
        let shape = self.key.shape();
        let mut tally = Tally::new(column_bytes(shape.k));
        if self.reads == Reads::Always {
            // Some packed columns may leave a part of a buffer.
            tally.keep(&[None], 0);
        }
        self.synthesis(&mut tally, sizes);
        self.lookups(&mut tally, sizes);
        self.products(&mut tally, sizes);

        // The random polynomial stays.
        tally.keep(&[None], 0);
        let plan = self.key.derived.programs.quotient(shape, self.plan);
        tally.stage(Order::new(self.key, (self.plan, &plan), sizes.circuits.len()).buffers);
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
        let phases = self.key.shape().phases();
        tally.kept += holes;
        let mut packed = 0;
        for CircuitSizes { advice, .. } in &sizes.circuits {
            let open = match self.key.derived.synthesis {
                Synthesis::Columns => widened(self.plan.batch, reach).min(advice.len()),
                Synthesis::Regions => advice.len(),
            };
            let (closed, last) = advice.split_at(advice.len() - open);
            let ahead = match self.reads {
                Reads::Never => 0,
                Reads::Packed | Reads::Always => self.plan.ahead(self.threads).min(closed.len()),
            };
            tally.keep(closed, 0);
            tally.stage(cells + (open + early + ahead).min(advice.len()));
            match self.reads {
                Reads::Never => tally.keep(last, 0),
                // Circuits that end a phase on their way still have their cells.
                Reads::Packed => tally.pack(last, self.threads, if phases > 1 { cells } else { 0 }),
                Reads::Always => tally.keep(last, self.threads.min(open)),
            }
            packed += advice.iter().flatten().count();
        }
        for circuit in &sizes.circuits {
            tally.keep(&circuit.instance, usize::from(!circuit.instance.is_empty()));
        }
        let plain = sizes.circuits.iter().map(|circuit| circuit.advice.len()).sum::<usize>() - packed;
        let reading = self.buffers(packed, plain).min(self.plan.batch);
        // Circuits that go on after a phase keep their cells.
        let cells = if phases > 1 { cells } else { 0 };
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

    /// Evaluations and the opening: the basis, rows of some columns, combinations of sets.
    fn opening(&self, tally: &mut Tally, sizes: &Sizes) {
        let of_circuits = sizes.circuits.iter().flat_map(|circuit| &circuit.advice).flatten().count();
        let of_key = self.key.fixed.iter().chain(&self.key.sigma);
        let of_key = of_key.filter(|column| !matches!(column.rows, StoredRef::Plain(_))).count();
        let packed = of_circuits + of_key;
        let reads = |count: usize| self.buffers(count.min(packed), count - count.min(packed));
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
