//! Which constraints are evaluated together, and in which order.
//!
//! The combination sum y^i constraint_i may be summed in any order, so the constraints are sorted
//! such that columns are needed for as short a time as possible: a column's values on a coset are
//! computed when the first constraint needs them and dropped after the last one has read them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

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
        if source.is_at_hand() {
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

/// Takes constraints that read live columns alone as soon as there are some: they cost nothing, and
/// columns end with them. Otherwise goes after the live column that has fewest readers left, and among
/// these readers takes the constraint that makes the set of live columns grow least. Starting from
/// any column this walks through everything connected to it before it turns to columns that have
/// many readers, such as a table that all lookups share.
fn short_lived_order(reads: &[BTreeSet<Source>]) -> Vec<usize> {
    let mut readers: BTreeMap<Source, BTreeSet<usize>> = BTreeMap::new();
    for (constraint, sources) in reads.iter().enumerate() {
        for source in sources {
            readers.entry(*source).or_default().insert(constraint);
        }
    }
    // In the order in which the columns became live.
    let mut live: Vec<Source> = Vec::new();
    // Those of them that became live last: only their readers can be at hand now and were not before.
    let mut fresh: Vec<Source> = Vec::new();
    let mut remaining: BTreeSet<usize> = (0..reads.len()).collect();
    let mut order = Vec::with_capacity(reads.len());
    while let Some(&first) = remaining.first() {
        let at_hand = |constraint: &usize| reads[*constraint].iter().all(|source| live.contains(source));
        let growth = |constraint: &usize| {
            let shared = reads[*constraint].iter().filter(|source| live.contains(source)).count();
            let freed = reads[*constraint].iter().filter(|source| readers[source].len() == 1).count();
            (reads[*constraint].len() as isize - (shared + freed) as isize, -(shared as isize), *constraint)
        };
        let free = fresh.iter().flat_map(|source| &readers[source]).copied().find(at_hand);
        let constraint = free.unwrap_or_else(|| {
            let closing = live.iter().min_by_key(|source| readers[source].len());
            closing.and_then(|source| readers[source].iter().copied().min_by_key(growth)).unwrap_or(first)
        });
        remaining.remove(&constraint);
        if free.is_none() {
            fresh = reads[constraint].iter().filter(|source| !live.contains(source)).copied().collect();
            live.extend(&fresh);
        }
        for source in &reads[constraint] {
            readers.entry(*source).or_default().remove(&constraint);
        }
        live.retain(|source| !readers[source].is_empty());
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

    /// The most columns that are live at once when constraints are evaluated in this order.
    fn peak(reads: &[BTreeSet<Source>], order: &[usize]) -> usize {
        let last = |source: &Source| order.iter().rposition(|&c| reads[c].contains(source));
        let first = |source: &Source| order.iter().position(|&c| reads[c].contains(source));
        let all: BTreeSet<Source> = reads.iter().flatten().copied().collect();
        (0..order.len())
            .map(|at| all.iter().filter(|s| first(s) <= Some(at) && last(s) >= Some(at)).count())
            .max()
            .unwrap_or(0)
    }

    #[test]
    fn columns_live_shortly() {
        // Gates on a column each, permutation sets over pairs of columns, their products linked.
        let columns = 40;
        let mut reads: Vec<_> = (0..columns).map(|i| set(&[Source::Advice(i), Source::Fixed(i)])).collect();
        reads.extend(
            (1..columns / 2)
                .map(|i| set(&[Source::PermutationProduct(i), Source::PermutationProduct(i - 1)])),
        );
        reads.extend((0..columns / 2).map(|i| {
            let (a, b) = (2 * i, 2 * i + 1);
            set(&[
                Source::PermutationProduct(i),
                Source::Sigma(a),
                Source::Sigma(b),
                Source::Advice(a),
                Source::Advice(b),
            ])
        }));
        let order = short_lived_order(&reads);
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..reads.len()).collect::<Vec<_>>(), "each constraint once");
        assert!(peak(&reads, &(0..reads.len()).collect::<Vec<_>>()) > columns);
        assert!(peak(&reads, &order) <= 8, "{}", peak(&reads, &order));
    }
}
