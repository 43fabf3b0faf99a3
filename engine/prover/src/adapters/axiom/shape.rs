//! The library's constraint system as a [`Shape`].

use halo2_axiom::halo2curves::bn256::{Fr, G1Affine};
use halo2_axiom::plonk::{self, Any, ConstraintSystem, VerifyingKey};
use parhelion_field_kernels::Bn254FrSpec;

use crate::Error;
use crate::adapters::cast;
use crate::shape::{Column, ColumnKind, Expression, Gate, Lookup, Shape};

/// The shape a key was made for.
///
/// The degree is the one of the key's domain. The library reads its degree limit from the
/// environment variable `MAX_DEGREE` whenever it is asked; the domain tells what it was when the
/// key was made. A constraint of higher degree, which that domain cannot hold, is an error.
pub(super) fn shape(vk: &VerifyingKey<G1Affine>) -> Result<Shape<Bn254FrSpec>, Error> {
    let (domain, cs) = (vk.get_domain(), vk.cs());
    let shape = Shape {
        k: domain.k,
        degree: domain.quotient_poly_degree as usize + 1,
        blinding_factors: cs.blinding_factors(),
        num_fixed: cs.num_fixed_columns(),
        num_instance: cs.num_instance_columns(),
        advice_phase: cs.advice_column_phase(),
        challenge_phase: cs.challenge_phase(),
        gates: gates(cs),
        lookups: lookups(cs),
        permutation: cs.permutation().get_columns().iter().map(column).collect(),
        advice_queries: cs.advice_queries().iter().map(|(c, at)| (c.index(), at.0)).collect(),
        // KZG verifiers know the instances, which are neither committed to nor opened.
        instance_queries: Vec::new(),
        fixed_queries: cs.fixed_queries().iter().map(|(c, at)| (c.index(), at.0)).collect(),
    };
    if shape.n() < cs.minimum_rows() {
        return Err(Error::NotEnoughRows { k: shape.k, rows: shape.n(), needed: cs.minimum_rows() });
    }
    let (what, degree) = shape.highest_constraint();
    if degree > shape.degree {
        return Err(Error::DegreeTooHigh { what, degree, key_degree: shape.degree });
    }
    Ok(shape)
}

fn gates(cs: &ConstraintSystem<Fr>) -> Vec<Gate<Bn254FrSpec>> {
    let named = |gate: &plonk::Gate<Fr>| {
        let name = gate.name().to_owned();
        gate.polynomials()
            .iter()
            .map(move |polynomial| Gate { name: name.clone(), polynomial: expression(polynomial) })
            .collect::<Vec<_>>()
    };
    cs.gates().iter().flat_map(named).collect()
}

fn lookups(cs: &ConstraintSystem<Fr>) -> Vec<Lookup<Bn254FrSpec>> {
    cs.lookups()
        .iter()
        .map(|lookup| Lookup {
            name: lookup.name().to_owned(),
            inputs: lookup.input_expressions().iter().map(expression).collect(),
            table: lookup.table_expressions().iter().map(expression).collect(),
        })
        .collect()
}

fn column(column: &plonk::Column<Any>) -> Column {
    let kind = match column.column_type() {
        Any::Advice(_) => ColumnKind::Advice,
        Any::Fixed => ColumnKind::Fixed,
        Any::Instance => ColumnKind::Instance,
    };
    Column { kind, index: column.index() }
}

fn expression(expression: &plonk::Expression<Fr>) -> Expression<Bn254FrSpec> {
    let query = |kind, index, rotation| Expression::Query(Column { kind, index }, rotation);
    expression.evaluate(
        &|value| Expression::Constant(cast::from_scalar(value)),
        // Key generation replaces every selector by a fixed column.
        &|selector| unreachable!("{selector:?} is left in a key's constraint system"),
        &|q| query(ColumnKind::Fixed, q.column_index(), q.rotation().0),
        &|q| query(ColumnKind::Advice, q.column_index(), q.rotation().0),
        &|q| query(ColumnKind::Instance, q.column_index(), q.rotation().0),
        &|challenge| Expression::Challenge(challenge.index()),
        &|a| Expression::Negated(Box::new(a)),
        &|a, b| Expression::Sum(Box::new(a), Box::new(b)),
        &|a, b| Expression::Product(Box::new(a), Box::new(b)),
        &|a, by| Expression::Scaled(Box::new(a), cast::from_scalar(by)),
    )
}
