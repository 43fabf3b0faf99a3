//! All constraints of one circuit, in the order the verifier combines them with y.

use parhelion_field_kernels::{FieldSpec, Fp};

use crate::algebra::{Algebra, Source, Uniform};
use crate::shape::Shape;

/// Calls `emit` with every constraint of a circuit of this shape.
pub(crate) fn constraints<S: FieldSpec, A: Algebra<S>>(
    shape: &Shape<S>,
    algebra: &mut A,
    mut emit: impl FnMut(&mut A, A::Value),
) {
    for gate in &shape.gates {
        let value = gate.polynomial.write(algebra);
        emit(algebra, value);
    }
    permutation(shape, algebra, &mut emit);
    for index in 0..shape.lookups.len() {
        lookup(shape, algebra, index, &mut emit);
    }
}

/// l_last is l_0 rotated: l_0 is 1 on row 0, and row `usable` plus this rotation is row 0.
fn last_row<S: FieldSpec, A: Algebra<S>>(shape: &Shape<S>, algebra: &mut A) -> A::Value {
    algebra.load(Source::FirstRow, shape.blinding_factors as i32 + 1)
}

/// factor * (1 - z)
fn starts_at_one<S: FieldSpec, A: Algebra<S>>(algebra: &mut A, factor: A::Value, z: A::Value) -> A::Value {
    let one = algebra.constant(Fp::ONE);
    let difference = algebra.sub(one, z);
    algebra.mul(factor, difference)
}

/// factor * (z^2 - z)
fn is_boolean<S: FieldSpec, A: Algebra<S>>(algebra: &mut A, factor: A::Value, z: A::Value) -> A::Value {
    let square = algebra.mul(z, z);
    let difference = algebra.sub(square, z);
    algebra.mul(factor, difference)
}

fn permutation<S: FieldSpec, A: Algebra<S>>(
    shape: &Shape<S>,
    algebra: &mut A,
    emit: &mut impl FnMut(&mut A, A::Value),
) {
    let sets = shape.permutation_sets();
    if sets == 0 {
        return;
    }
    let first_row = algebra.load(Source::FirstRow, 0);
    let z = algebra.load(Source::PermutationProduct(0), 0);
    let value = starts_at_one(algebra, first_row, z);
    emit(algebra, value);

    let last_row = last_row(shape, algebra);
    let z = algebra.load(Source::PermutationProduct(sets - 1), 0);
    let value = is_boolean(algebra, last_row, z);
    emit(algebra, value);

    for set in 1..sets {
        // l_0 (z_i - z_{i-1}(omega^last X)): each product goes on where the one before ended.
        let z = algebra.load(Source::PermutationProduct(set), 0);
        let before = algebra.load(Source::PermutationProduct(set - 1), shape.last_rotation());
        let difference = algebra.sub(z, before);
        let value = algebra.mul(first_row, difference);
        emit(algebra, value);
    }

    let active = algebra.load(Source::ActiveRows, 0);
    for set in 0..sets {
        let (numerator, denominator) = permutation_fraction(shape, algebra, set);
        let z_next = algebra.load(Source::PermutationProduct(set), 1);
        let z = algebra.load(Source::PermutationProduct(set), 0);
        let left = algebra.mul(z_next, denominator);
        let right = algebra.mul(z, numerator);
        let difference = algebra.sub(left, right);
        let value = algebra.mul(active, difference);
        emit(algebra, value);
    }
}

/// (prod(v + delta^j beta X + gamma), prod(v + beta sigma + gamma)) over the columns of a set.
pub(crate) fn permutation_fraction<S: FieldSpec, A: Algebra<S>>(
    shape: &Shape<S>,
    algebra: &mut A,
    set: usize,
) -> (A::Value, A::Value) {
    let chunk = shape.permutation_chunk();
    let first = set * chunk;
    let columns = &shape.permutation[first..shape.permutation.len().min(first + chunk)];
    let (beta, gamma) = (algebra.uniform(Uniform::Beta), algebra.uniform(Uniform::Gamma));
    let identity = algebra.load(Source::Identity, 0);
    let mut fraction = None;
    for (offset, &column) in columns.iter().enumerate() {
        let index = first + offset;
        let value = algebra.load(column.into(), 0);
        let value = algebra.add(value, gamma);
        let beta_delta = algebra.uniform(Uniform::BetaDelta(index));
        let label = algebra.mul(identity, beta_delta);
        let sigma = algebra.load(Source::Sigma(index), 0);
        let sigma = algebra.mul(sigma, beta);
        let (numerator, denominator) = (algebra.add(value, label), algebra.add(value, sigma));
        fraction = Some(match fraction {
            None => (numerator, denominator),
            Some((n, d)) => (algebra.mul(n, numerator), algebra.mul(d, denominator)),
        });
    }
    fraction.unwrap_or_else(|| {
        let one = algebra.constant(Fp::ONE);
        (one, one)
    })
}

/// (A, S): input and table of a lookup, each compressed by theta.
pub(crate) fn compressed_lookup<S: FieldSpec, A: Algebra<S>>(
    shape: &Shape<S>,
    algebra: &mut A,
    index: usize,
) -> (A::Value, A::Value) {
    let lookup = &shape.lookups[index];
    let inputs: Vec<_> = lookup.inputs.iter().map(|expression| expression.write(algebra)).collect();
    let table: Vec<_> = lookup.table.iter().map(|expression| expression.write(algebra)).collect();
    (algebra.horner(&inputs, Uniform::Theta), algebra.horner(&table, Uniform::Theta))
}

fn lookup<S: FieldSpec, A: Algebra<S>>(
    shape: &Shape<S>,
    algebra: &mut A,
    index: usize,
    emit: &mut impl FnMut(&mut A, A::Value),
) {
    let first_row = algebra.load(Source::FirstRow, 0);
    let active = algebra.load(Source::ActiveRows, 0);
    let z = algebra.load(Source::LookupProduct(index), 0);
    let value = starts_at_one(algebra, first_row, z);
    emit(algebra, value);

    let last_row = last_row(shape, algebra);
    let value = is_boolean(algebra, last_row, z);
    emit(algebra, value);

    // active (z(omega X)(A' + beta)(S' + gamma) - z (A + beta)(S + gamma))
    let (input, table) = compressed_lookup(shape, algebra, index);
    let (beta, gamma) = (algebra.uniform(Uniform::Beta), algebra.uniform(Uniform::Gamma));
    let permuted_input = algebra.load(Source::PermutedInput(index), 0);
    let permuted_table = algebra.load(Source::PermutedTable(index), 0);
    let z_next = algebra.load(Source::LookupProduct(index), 1);
    let left = product(algebra, z_next, permuted_input, beta, permuted_table, gamma);
    let right = product(algebra, z, input, beta, table, gamma);
    let difference = algebra.sub(left, right);
    let value = algebra.mul(active, difference);
    emit(algebra, value);

    // l_0 (A' - S'): the first row starts a run.
    let difference = algebra.sub(permuted_input, permuted_table);
    let value = algebra.mul(first_row, difference);
    emit(algebra, value);

    // active (A' - S')(A' - A'(omega^-1 X)): each row starts a run or goes on with one.
    let before = algebra.load(Source::PermutedInput(index), -1);
    let step = algebra.sub(permuted_input, before);
    let value = algebra.mul(difference, step);
    let value = algebra.mul(active, value);
    emit(algebra, value);
}

/// z (a + beta)(s + gamma)
fn product<S: FieldSpec, A: Algebra<S>>(
    algebra: &mut A,
    z: A::Value,
    a: A::Value,
    beta: A::Value,
    s: A::Value,
    gamma: A::Value,
) -> A::Value {
    let (a, s) = (algebra.add(a, beta), algebra.add(s, gamma));
    let product = algebra.mul(a, s);
    algebra.mul(z, product)
}
