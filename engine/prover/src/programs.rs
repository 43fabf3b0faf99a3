//! Every expression of a circuit, compiled once when its key is prepared.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use parhelion_field_kernels::{FieldSpec, Output, Program};

use crate::algebra::{Algebra, Compiled, Compiler, Uniform};
use crate::plan::ProofPlan;
use crate::shape::{Expression, Shape};
use crate::stages::lookup;
use crate::stages::quotient::{Plan, permutation_fraction};

/// Columns of a small group of constraints that those before did not read.
const SMALL_GROUP: usize = 4;

#[derive(Debug)]
pub(crate) struct Programs<S: FieldSpec> {
    /// The constraints in groups of about so many columns, once they are asked for.
    quotients: Mutex<BTreeMap<usize, Arc<Plan<S>>>>,
    /// For each permutation set: numerator (output 0) and denominator (output 1) of its product.
    pub(crate) permutation_fractions: Vec<Compiled<S>>,
    /// For each lookup: its input compressed by theta, and which of the tables it looks into.
    pub(crate) lookup_inputs: Vec<(Compiled<S>, usize)>,
    /// Numerator and denominator of a lookup's product.
    pub(crate) lookup_fraction: Program,
    /// The distinct tables, compressed by theta. Lookups often share one.
    pub(crate) lookup_tables: Vec<Compiled<S>>,
}

impl<S: FieldSpec> Programs<S> {
    /// Compiles the expressions of `shape` for `threads` threads.
    pub(crate) fn new(shape: &Shape<S>, threads: usize) -> Self {
        let permutation_fractions = (0..shape.permutation_sets())
            .map(|set| {
                let mut compiler = Compiler::new();
                let (numerator, denominator) = permutation_fraction(shape, &mut compiler, set);
                compiler.compile(&[store(numerator, 0), store(denominator, 1)])
            })
            .collect();
        let mut tables: Vec<&[Expression<S>]> = Vec::new();
        let lookup_inputs = shape
            .lookups
            .iter()
            .map(|lookup| {
                let known = tables.iter().position(|table| *table == lookup.table.as_slice());
                let table = known.unwrap_or_else(|| {
                    tables.push(&lookup.table);
                    tables.len() - 1
                });
                (compressed(&lookup.inputs), table)
            })
            .collect();
        let programs = Self {
            quotients: Mutex::default(),
            permutation_fractions,
            lookup_inputs,
            lookup_fraction: lookup::fraction::<S>(),
            lookup_tables: tables.into_iter().map(compressed).collect(),
        };
        programs.quotient(shape, ProofPlan::fast(threads));
        programs
    }
}

impl<S: FieldSpec> Programs<S> {
    /// The constraints of `shape`, which these are the programs of, as `plan` takes them.
    pub(crate) fn quotient(&self, shape: &Shape<S>, plan: ProofPlan) -> Arc<Plan<S>> {
        // Otherwise some columns for each thread, so that none waits long for the others. Three times as many were no
        // faster, and took 40 columns more.
        let columns = if plan.small_groups { SMALL_GROUP } else { plan.batch / 2 };
        let mut quotients = self.quotients.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(quotients.entry(columns).or_insert_with(|| Arc::new(Plan::new(shape, columns))))
    }
}

fn compressed<S: FieldSpec>(expressions: &[Expression<S>]) -> Compiled<S> {
    let mut compiler = Compiler::new();
    let values: Vec<_> = expressions.iter().map(|expression| expression.write(&mut compiler)).collect();
    let node = compiler.horner(&values, Uniform::Theta);
    compiler.compile(&[store(node, 0)])
}

fn store(node: parhelion_field_kernels::Node, column: usize) -> Output {
    Output { node, column, scale: None }
}
