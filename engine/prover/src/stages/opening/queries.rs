//! What is opened where, in the order the verifier expects it.

use std::collections::HashMap;

use parhelion_field_kernels::{FieldSpec, Fp};

use crate::key::KeyColumn;
use crate::memory::Buffer;
use crate::shape::Shape;
use crate::stages::quotient::CircuitColumns;
use crate::storage::StoredRef;

/// A committed polynomial. Circuits are numbered in the order of the proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Poly {
    Advice {
        circuit: usize,
        index: usize,
    },
    Instance {
        circuit: usize,
        index: usize,
    },
    PermutationProduct {
        circuit: usize,
        index: usize,
    },
    LookupProduct {
        circuit: usize,
        index: usize,
    },
    PermutedInput {
        circuit: usize,
        index: usize,
    },
    PermutedTable {
        circuit: usize,
        index: usize,
    },
    Fixed(usize),
    Sigma(usize),
    /// h with its pieces put together at x.
    Quotient,
    Random,
}

/// A polynomial at x * omega^rotation.
pub(crate) type PolyQuery = (Poly, i32);

/// All polynomials of a proof.
#[derive(Debug)]
pub(crate) struct Polys<'a, S: FieldSpec> {
    pub(crate) circuits: &'a [CircuitColumns<S>],
    pub(crate) fixed: &'a [KeyColumn<'a, S>],
    pub(crate) sigma: &'a [KeyColumn<'a, S>],
    /// As coefficients.
    pub(crate) quotient: Buffer<S>,
    /// As coefficients.
    pub(crate) random: Buffer<S>,
}

/// A polynomial in the form it is kept in.
#[derive(Debug)]
pub(crate) enum PolyRef<'a, S: FieldSpec> {
    /// By its values on the rows.
    Rows(StoredRef<'a, S>),
    Coefficients(&'a [Fp<S>]),
}

impl<S: FieldSpec> Polys<'_, S> {
    pub(crate) fn get(&self, poly: Poly) -> PolyRef<'_, S> {
        let stored = match poly {
            Poly::Advice { circuit, index } => &self.circuits[circuit].advice[index],
            Poly::Instance { circuit, index } => &self.circuits[circuit].instance[index],
            Poly::PermutationProduct { circuit, index } => {
                &self.circuits[circuit].permutation_products[index]
            }
            Poly::LookupProduct { circuit, index } => &self.circuits[circuit].lookup_products[index],
            Poly::PermutedInput { circuit, index } => &self.circuits[circuit].permuted_inputs[index],
            Poly::PermutedTable { circuit, index } => &self.circuits[circuit].permuted_tables[index],
            Poly::Fixed(index) => return PolyRef::Rows(self.fixed[index].rows),
            Poly::Sigma(index) => return PolyRef::Rows(self.sigma[index].rows),
            Poly::Quotient => return PolyRef::Coefficients(&self.quotient),
            Poly::Random => return PolyRef::Coefficients(&self.random),
        };
        PolyRef::Rows(stored.view())
    }
}

/// Polynomials with their evaluations, ready to be opened.
#[derive(Debug)]
pub(crate) struct Opened<'a, S: FieldSpec> {
    pub(crate) polys: Polys<'a, S>,
    /// The queries in the verifier's order.
    pub(crate) queries: Vec<PolyQuery>,
    pub(crate) evaluations: HashMap<PolyQuery, Fp<S>>,
    pub(crate) x: Fp<S>,
    pub(crate) omega: Fp<S>,
    pub(crate) omega_inv: Fp<S>,
}

impl<S: FieldSpec> Opened<'_, S> {
    /// x * omega^rotation
    pub(crate) fn point(&self, rotation: i32) -> Fp<S> {
        rotate(self.x, self.omega, self.omega_inv, rotation)
    }
}

pub(crate) fn rotate<S: FieldSpec>(x: Fp<S>, omega: Fp<S>, omega_inv: Fp<S>, rotation: i32) -> Fp<S> {
    let base = if rotation < 0 { omega_inv } else { omega };
    x * base.pow(u64::from(rotation.unsigned_abs()))
}

/// The evaluations that are written to the proof, in order.
pub(super) fn written<S: FieldSpec>(shape: &Shape<S>, circuits: usize) -> Vec<PolyQuery> {
    let mut queries = Vec::new();
    for circuit in 0..circuits {
        queries.extend(instance(shape, circuit));
    }
    for circuit in 0..circuits {
        queries.extend(advice(shape, circuit));
    }
    queries.extend(shape.fixed_queries.iter().map(|&(column, rotation)| (Poly::Fixed(column), rotation)));
    queries.push((Poly::Random, 0));
    queries.extend((0..shape.permutation.len()).map(|index| (Poly::Sigma(index), 0)));
    let sets = shape.permutation_sets();
    for circuit in 0..circuits {
        for index in 0..sets {
            let product = Poly::PermutationProduct { circuit, index };
            queries.extend([(product, 0), (product, 1)]);
            if index + 1 < sets {
                queries.push((product, shape.last_rotation()));
            }
        }
    }
    for circuit in 0..circuits {
        for index in 0..shape.lookups.len() {
            let product = Poly::LookupProduct { circuit, index };
            let input = Poly::PermutedInput { circuit, index };
            let table = Poly::PermutedTable { circuit, index };
            queries.extend([(product, 0), (product, 1), (input, 0), (input, -1), (table, 0)]);
        }
    }
    queries
}

/// What is opened, in the verifier's order.
pub(crate) fn opened<S: FieldSpec>(shape: &Shape<S>, circuits: usize) -> Vec<PolyQuery> {
    let mut queries = Vec::new();
    let sets = shape.permutation_sets();
    for circuit in 0..circuits {
        queries.extend(instance(shape, circuit));
        queries.extend(advice(shape, circuit));
        let product = |index| Poly::PermutationProduct { circuit, index };
        queries.extend((0..sets).flat_map(|index| [(product(index), 0), (product(index), 1)]));
        queries.extend((0..sets).rev().skip(1).map(|index| (product(index), shape.last_rotation())));
        for index in 0..shape.lookups.len() {
            let product = Poly::LookupProduct { circuit, index };
            let input = Poly::PermutedInput { circuit, index };
            let table = Poly::PermutedTable { circuit, index };
            queries.extend([(product, 0), (input, 0), (table, 0), (input, -1), (product, 1)]);
        }
    }
    queries.extend(shape.fixed_queries.iter().map(|&(column, rotation)| (Poly::Fixed(column), rotation)));
    queries.extend((0..shape.permutation.len()).map(|index| (Poly::Sigma(index), 0)));
    queries.extend([(Poly::Quotient, 0), (Poly::Random, 0)]);
    queries
}

fn advice<S: FieldSpec>(shape: &Shape<S>, circuit: usize) -> impl Iterator<Item = PolyQuery> + '_ {
    shape.advice_queries.iter().map(move |&(index, rotation)| (Poly::Advice { circuit, index }, rotation))
}

fn instance<S: FieldSpec>(shape: &Shape<S>, circuit: usize) -> impl Iterator<Item = PolyQuery> + '_ {
    shape.instance_queries.iter().map(move |&(index, rotation)| (Poly::Instance { circuit, index }, rotation))
}
