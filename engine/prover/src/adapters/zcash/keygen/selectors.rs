//! Selectors to fixed columns: which ones share a column, and what stands for each in expressions.
//!
//! Twin of the library's compression, which every verifying key went through; the rule is in "The
//! halo2 book", section "Selector combining".

use parhelion_field_kernels::{FieldSpec, Fp};

use super::super::pinned::{ConstraintSystem, Expression, Lookup, Selector};
use crate::Error;
use crate::shape::{Column, ColumnKind};

/// Simple selectors that are never on together.
struct Combination {
    members: Vec<usize>,
    /// The highest degree of a gate with one of them, less the selector itself.
    degree: usize,
}

/// Replaces the selectors of `system` by fixed columns, which are appended to it and returned.
/// `activations` says for each selector on which rows it is on.
pub(super) fn compress<S: FieldSpec>(
    mut system: ConstraintSystem<S>,
    activations: &[Vec<bool>],
) -> Result<(ConstraintSystem<S>, Vec<Vec<Fp<S>>>), Error> {
    let degrees = degrees(&system)?;
    let max_degree = system.degree();
    let mut columns = Vec::new();
    let mut replacements = vec![Expression::Constant(Fp::ZERO); activations.len()];
    let mut add_column = |values: Vec<Fp<S>>| {
        let column = Column { kind: ColumnKind::Fixed, index: system.fixed };
        system.fixed += 1;
        system.fixed_queries.push((column.index, 0));
        columns.push(values);
        Expression::Query(column, 0)
    };

    // Complex selectors, and those of no gate, have a column of their own.
    for (index, on) in activations.iter().enumerate().filter(|(index, _)| degrees[*index] == 0) {
        let column = on.iter().map(|&on| if on { Fp::ONE } else { Fp::ZERO }).collect();
        replacements[index] = add_column(column);
    }
    for Combination { members, .. } in combine(&degrees, activations, max_degree) {
        let mut column = vec![Fp::ZERO; activations[members[0]].len()];
        for (number, &member) in members.iter().enumerate() {
            let rows = column.iter_mut().zip(&activations[member]);
            rows.filter(|(_, on)| **on).for_each(|(value, _)| *value = Fp::from_u64(number as u64 + 1));
        }
        let query = add_column(column);
        for (number, &member) in members.iter().enumerate() {
            replacements[member] = indicator(&query, number, members.len());
        }
    }

    let replace = |expression: &Expression<S>| expression.replace_selectors(&replacements);
    system.gates = system.gates.iter().map(replace).collect();
    let lookup = |lookup: &Lookup<S>| Lookup {
        inputs: lookup.inputs.iter().map(replace).collect(),
        table: lookup.table.iter().map(replace).collect(),
    };
    system.lookups = system.lookups.iter().map(lookup).collect();
    Ok((system, columns))
}

/// The highest degree of a gate with each selector, 0 for complex ones.
fn degrees<S: FieldSpec>(system: &ConstraintSystem<S>) -> Result<Vec<usize>, Error> {
    let mut degrees = vec![0; system.selectors];
    for (gate, polynomial) in system.gates.iter().enumerate() {
        let mut simple = Vec::new();
        polynomial.for_each_selector(&mut |selector: Selector| {
            if selector.simple {
                simple.push(selector.index);
            }
        });
        match simple[..] {
            [] => {}
            [selector] => degrees[selector] = degrees[selector].max(polynomial.degree()),
            _ => {
                let selectors = simple.len();
                return Err(Error::InvalidCircuit(format!(
                    "gate polynomial {gate} has {selectors} simple selectors, expected at most 1"
                )));
            }
        }
    }
    Ok(degrees)
}

/// Combines simple selectors greedily, as far as no two are on together and the degree of the system
/// does not grow.
fn combine(degrees: &[usize], activations: &[Vec<bool>], max_degree: usize) -> Vec<Combination> {
    let exclude = |a: usize, b: usize| activations[a].iter().zip(&activations[b]).any(|(a, b)| *a && *b);
    let simple: Vec<usize> = (0..degrees.len()).filter(|&selector| degrees[selector] > 0).collect();
    let mut added = vec![false; degrees.len()];
    let mut combinations = Vec::new();
    for (position, &first) in simple.iter().enumerate() {
        if added[first] {
            continue;
        }
        let mut combination = Combination { members: vec![first], degree: degrees[first] - 1 };
        for &selector in &simple[position + 1..] {
            let Combination { members, degree } = &mut combination;
            if *degree + members.len() == max_degree {
                break;
            }
            let joined = (*degree).max(degrees[selector] - 1);
            let fits = joined + members.len() < max_degree;
            if added[selector] || !fits || members.iter().any(|&member| exclude(member, selector)) {
                continue;
            }
            *degree = joined;
            members.push(selector);
            added[selector] = true;
        }
        combinations.push(combination);
    }
    combinations
}

/// The expression that is not 0 only where `query` is `number` + 1, among the values 0..=`count`:
/// q · Π (i - q) over the other values i.
fn indicator<S: FieldSpec>(query: &Expression<S>, number: usize, count: usize) -> Expression<S> {
    let others = (0..count).filter(|&other| other != number);
    others.fold(query.clone(), |product, other| {
        let value = Box::new(Expression::Constant(Fp::from_u64(other as u64 + 1)));
        let difference = Expression::Sum(value, Box::new(Expression::Negated(Box::new(query.clone()))));
        Expression::Product(Box::new(product), Box::new(difference))
    })
}
