//! Which constraints are evaluated together, and in which order.
//!
//! The combination sum y^i constraint_i may be summed in any order, so the constraints are sorted
//! such that columns are needed for as short a time as possible: a column's values on a coset are
//! computed when the first constraint needs them and dropped after the last one has read them.

use std::collections::{BTreeSet, HashMap};

use parhelion_field_kernels::{FieldSpec, Fp, Node, Output};

use super::constraints::constraints;
use crate::algebra::{Algebra, Compiled, Compiler, Source, Uniform};
use crate::shape::Shape;

/// Above this many constraints the order is left as it is: sorting takes quadratic time.
const MAX_SORTED: usize = 4096;

/// Constraints that are evaluated in one pass over the rows of a coset.
#[derive(Debug)]
pub(crate) struct Group<S: FieldSpec> {
    pub(crate) compiled: Compiled<S>,
    /// Columns no later group reads.
    pub(crate) last_use: Vec<Source>,
}

/// The constraints of a circuit, compiled.
#[derive(Debug)]
pub(crate) struct Plan<S: FieldSpec> {
    pub(crate) groups: Vec<Group<S>>,
    /// Number of constraints of one circuit.
    pub(crate) constraints: usize,
}

impl<S: FieldSpec> Plan<S> {
    /// Compiles the constraints of `shape`. A group reads about `columns_per_group` columns that
    /// the one before did not: enough to keep all threads busy with transforming them.
    pub(crate) fn new(shape: &Shape<S>, columns_per_group: usize) -> Self {
        let mut compiler = Compiler::new();
        let mut nodes: Vec<Node> = Vec::new();
        constraints(shape, &mut compiler, |_, node| nodes.push(node));
        let reads = reads(shape);
        let total = nodes.len();
        let order = if total <= MAX_SORTED { short_lived_order(&reads) } else { (0..total).collect() };

        let mut groups: Vec<(Vec<usize>, BTreeSet<Source>)> = Vec::new();
        let mut before = BTreeSet::new();
        for constraint in order {
            let fresh = |known: &BTreeSet<Source>, before: &BTreeSet<Source>| {
                known.union(&reads[constraint]).filter(|source| !before.contains(source)).count()
            };
            match groups.last_mut() {
                Some((members, sources)) if fresh(sources, &before) <= columns_per_group => {
                    members.push(constraint);
                    sources.extend(&reads[constraint]);
                }
                _ => {
                    before = groups.last().map(|(_, sources)| sources.clone()).unwrap_or_default();
                    groups.push((vec![constraint], reads[constraint].clone()));
                }
            }
        }

        let last_group: HashMap<Source, usize> = groups
            .iter()
            .enumerate()
            .flat_map(|(index, (_, sources))| sources.iter().map(move |&source| (source, index)))
            .collect();
        let groups = groups
            .into_iter()
            .enumerate()
            .map(|(index, (members, sources))| {
                let outputs: Vec<_> = members
                    .into_iter()
                    .map(|constraint| Output {
                        node: nodes[constraint],
                        column: 0,
                        // Horner in y gives the first constraint the highest power.
                        scale: Some(compiler.uniform_index(Uniform::YPower(total - 1 - constraint))),
                    })
                    .collect();
                let last_use = sources.into_iter().filter(|source| last_group[source] == index).collect();
                Group { compiled: compiler.compile(&outputs), last_use }
            })
            .collect();
        Self { groups, constraints: total }
    }
}

/// The columns each constraint reads, but for those that are at hand on every coset anyway.
fn reads<S: FieldSpec>(shape: &Shape<S>) -> Vec<BTreeSet<Source>> {
    let mut trace = Trace { sets: vec![BTreeSet::new()] };
    let mut reads = Vec::new();
    constraints(shape, &mut trace, |trace, value: usize| reads.push(trace.sets[value].clone()));
    reads
}

/// An algebra whose values are sets of columns.
struct Trace {
    sets: Vec<BTreeSet<Source>>,
}

impl Trace {
    fn union(&mut self, a: usize, b: usize) -> usize {
        if self.sets[b].is_subset(&self.sets[a]) {
            return a;
        }
        if self.sets[a].is_subset(&self.sets[b]) {
            return b;
        }
        self.sets.push(self.sets[a].union(&self.sets[b]).copied().collect());
        self.sets.len() - 1
    }
}

impl<S: FieldSpec> Algebra<S> for Trace {
    type Value = usize;

    fn load(&mut self, source: Source, _: i32) -> usize {
        if matches!(source, Source::FirstRow | Source::ActiveRows | Source::Identity) {
            return 0;
        }
        self.sets.push(BTreeSet::from([source]));
        self.sets.len() - 1
    }

    fn uniform(&mut self, _: Uniform<S>) -> usize {
        0
    }

    fn constant(&mut self, _: Fp<S>) -> usize {
        0
    }

    fn add(&mut self, a: usize, b: usize) -> usize {
        self.union(a, b)
    }

    fn sub(&mut self, a: usize, b: usize) -> usize {
        self.union(a, b)
    }

    fn mul(&mut self, a: usize, b: usize) -> usize {
        self.union(a, b)
    }
}

/// Greedily takes the constraint that makes the set of live columns grow least; among equals the
/// one that reads most live columns, so that their last reader comes soon.
fn short_lived_order(reads: &[BTreeSet<Source>]) -> Vec<usize> {
    let mut readers: HashMap<Source, usize> = HashMap::new();
    for source in reads.iter().flatten() {
        *readers.entry(*source).or_insert(0) += 1;
    }
    let mut live: BTreeSet<Source> = BTreeSet::new();
    let mut remaining: Vec<usize> = (0..reads.len()).collect();
    let mut order = Vec::with_capacity(reads.len());
    while !remaining.is_empty() {
        let cost = |constraint: usize| {
            let shared = reads[constraint].intersection(&live).count();
            let freed = reads[constraint].iter().filter(|source| readers[source] == 1).count();
            let fresh = reads[constraint].len() - shared;
            (fresh as isize - freed as isize, -(shared as isize), constraint)
        };
        let Some(position) = (0..remaining.len()).min_by_key(|&position| cost(remaining[position])) else {
            break;
        };
        let constraint = remaining.remove(position);
        for source in &reads[constraint] {
            live.insert(*source);
            if let Some(count) = readers.get_mut(source) {
                *count -= 1;
                if *count == 0 {
                    live.remove(source);
                }
            }
        }
        order.push(constraint);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(sources: &[Source]) -> BTreeSet<Source> {
        sources.iter().copied().collect()
    }

    #[test]
    fn order_closes_columns_early() {
        // Two gates on their own columns, and a permutation that reads both advice columns.
        let reads = [
            set(&[Source::Advice(0), Source::Fixed(0)]),
            set(&[Source::Advice(1), Source::Fixed(1)]),
            set(&[Source::Advice(2), Source::Fixed(2)]),
            set(&[Source::Advice(0), Source::Sigma(0)]),
            set(&[Source::Advice(1), Source::Sigma(1)]),
            set(&[Source::Advice(2), Source::Sigma(2)]),
        ];
        let order = short_lived_order(&reads);
        let position = |constraint| order.iter().position(|&c| c == constraint).unwrap();
        for gate in 0..3 {
            assert_eq!(position(gate).abs_diff(position(gate + 3)), 1, "{order:?}");
        }
    }
}
