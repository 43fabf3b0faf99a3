//! A circuit laid out for key generation: all a key depends on, on rows, before any commitment.

use std::collections::HashMap;

use ff::Field;
use halo2_axiom::halo2curves::bn256::Bn256;
use halo2_axiom::plonk::{Circuit, ConstraintSystem, Expression, FloorPlanner};
use halo2_axiom::poly::commitment::Params;
use halo2_axiom::poly::kzg::commitment::ParamsKZG;

use super::assembly::Assembly;
use crate::Error;
use crate::adapters::axiom::params::checked_rows;
use crate::adapters::cycles::Permutation;

/// The constraint system of a circuit and everything about it that is the same in every proof.
///
/// Generic over the field, as the library's signatures are; made concrete by a cast of the whole.
#[derive(Debug)]
pub(crate) struct Layout<F: Field> {
    pub(super) k: u32,
    /// Selectors are replaced by fixed columns.
    pub(super) cs: ConstraintSystem<F>,
    /// Fixed columns of 2^k rows. Cells of `denominators` hold a numerator.
    pub(super) fixed: Vec<Vec<F>>,
    /// Where selectors are on that become the last fixed columns, one each.
    pub(super) uncompressed: Vec<Vec<bool>>,
    /// What cells, by column and row, are still to be divided by.
    pub(super) denominators: HashMap<(usize, usize), F>,
    pub(super) permutation: Permutation,
    /// Where selectors are on. The key keeps this if, and only if, they were compressed.
    pub(super) selectors: Vec<Vec<bool>>,
    pub(super) compress_selectors: bool,
}

/// Configures and synthesises a circuit without its witness, on as many rows as the SRS has points.
///
/// Runs on the calling thread: a circuit need not be `Sync`, and so cannot be lent to a pool.
pub(crate) fn lay_out<F: Field, ConcreteCircuit: Circuit<F>>(
    params: &ParamsKZG<Bn256>,
    circuit: &ConcreteCircuit,
    compress_selectors: bool,
) -> Result<Layout<F>, Error> {
    let _span = tracing::info_span!("layout").entered();
    let k = params.k();
    checked_rows(params)?;
    let mut cs = ConstraintSystem::default();
    let config = ConcreteCircuit::configure_with_params(&mut cs, circuit.params());
    check_constraints(&cs, compress_selectors)?;

    let mut assembly = Assembly::new(k, &cs)?;
    let constants = cs.constants().clone();
    let outcome = ConcreteCircuit::FloorPlanner::synthesize(&mut assembly, circuit, config, constants);
    let Assembly { mut fixed, denominators, selectors, copies, .. } = assembly.finish(outcome)?;
    let permutation = copies.finish();

    let (cs, selectors, uncompressed) = if compress_selectors {
        let (cs, columns) = cs.compress_selectors(selectors.clone());
        fixed.extend(columns);
        (cs, selectors, Vec::new())
    } else {
        // Only the constraint system is wanted of the library, which looks at the number of selectors for it.
        let (cs, _) = cs.directly_convert_selectors_to_fixed(vec![Vec::new(); selectors.len()]);
        (cs, Vec::new(), selectors)
    };
    Ok(Layout { k, cs, fixed, uncompressed, denominators, permutation, selectors, compress_selectors })
}

impl<F: Field> Layout<F> {
    /// How many fixed columns there are, those of selectors included.
    pub(super) fn fixed_columns(&self) -> usize {
        self.fixed.len() + self.uncompressed.len()
    }
}

/// Refuses what the library would panic on.
pub(crate) fn check_constraints<F: Field>(
    cs: &ConstraintSystem<F>,
    compress_selectors: bool,
) -> Result<(), Error> {
    for lookup in cs.lookups() {
        let mut expressions = lookup.input_expressions().iter().chain(lookup.table_expressions());
        if expressions.any(|expression| simple_selectors(expression) > 0) {
            return Err(Error::InvalidCircuit(format!(
                "lookup \"{}\" uses a simple selector, expected a complex one",
                lookup.name()
            )));
        }
    }
    // The library caps the degree by this variable.
    const DEGREE_CAP: &str = "MAX_DEGREE";
    if let Ok(value) = std::env::var(DEGREE_CAP)
        && value.parse::<usize>().is_err()
    {
        return Err(Error::Environment { variable: DEGREE_CAP, value, expected: "a number" });
    }
    if !compress_selectors {
        return Ok(());
    }
    let key_degree = cs.degree();
    for gate in cs.gates() {
        for polynomial in gate.polynomials() {
            let (selectors, degree) = (simple_selectors(polynomial), polynomial.degree());
            if selectors > 1 {
                return Err(Error::InvalidCircuit(format!(
                    "gate \"{}\" has {selectors} simple selectors in one polynomial, expected at most 1",
                    gate.name()
                )));
            }
            // Beyond the cap there is no degree left to combine selectors with.
            if selectors == 1 && degree > key_degree {
                let what = format!("gate \"{}\"", gate.name());
                return Err(Error::DegreeTooHigh { what, degree, key_degree });
            }
        }
    }
    Ok(())
}

/// How often simple selectors occur in an expression.
fn simple_selectors<F: Field>(expression: &Expression<F>) -> usize {
    expression.evaluate(
        &|_| 0,
        &|selector| usize::from(selector.is_simple()),
        &|_| 0,
        &|_| 0,
        &|_| 0,
        &|_| 0,
        &|a| a,
        &|a, b| a + b,
        &|a, b| a + b,
        &|a, _| a,
    )
}
