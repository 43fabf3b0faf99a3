//! Constraint systems as the library prints them.

use parhelion_field_kernels::FieldSpec;

use super::cursor::Cursor;
use super::expression::{Expression, rotation};
use crate::Error;
use crate::shape::{Column, ColumnKind, ColumnQuery, Gate, Shape};

/// Tuples of expressions: each of `inputs` must be among those of `table`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Lookup<S: FieldSpec> {
    pub(crate) inputs: Vec<Expression<S>>,
    pub(crate) table: Vec<Expression<S>>,
}

/// A constraint system, before or after selectors were replaced by fixed columns.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ConstraintSystem<S: FieldSpec> {
    pub(crate) fixed: usize,
    pub(crate) advice: usize,
    pub(crate) instance: usize,
    pub(crate) selectors: usize,
    /// The polynomials of all gates.
    pub(crate) gates: Vec<Expression<S>>,
    pub(crate) advice_queries: Vec<ColumnQuery>,
    pub(crate) instance_queries: Vec<ColumnQuery>,
    pub(crate) fixed_queries: Vec<ColumnQuery>,
    pub(crate) permutation: Vec<Column>,
    pub(crate) lookups: Vec<Lookup<S>>,
    /// Fixed columns that floor planners put constants in.
    pub(crate) constants: Vec<usize>,
    pub(crate) minimum_degree: Option<usize>,
}

impl<S: FieldSpec> ConstraintSystem<S> {
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Self, Error> {
        cursor.expect("PinnedConstraintSystem { num_fixed_columns: ")?;
        let fixed = cursor.number()?;
        cursor.expect(", num_advice_columns: ")?;
        let advice = cursor.number()?;
        cursor.expect(", num_instance_columns: ")?;
        let instance = cursor.number()?;
        cursor.expect(", num_selectors: ")?;
        let selectors = cursor.number()?;
        cursor.expect(", gates: ")?;
        let gates = cursor.list(Expression::parse)?;
        cursor.expect(", advice_queries: ")?;
        let advice_queries = cursor.list(|cursor| query(cursor, ColumnKind::Advice))?;
        cursor.expect(", instance_queries: ")?;
        let instance_queries = cursor.list(|cursor| query(cursor, ColumnKind::Instance))?;
        cursor.expect(", fixed_queries: ")?;
        let fixed_queries = cursor.list(|cursor| query(cursor, ColumnKind::Fixed))?;
        cursor.expect(", permutation: Argument { columns: ")?;
        let permutation = cursor.list(column)?;
        cursor.expect(" }, lookups: ")?;
        let lookups = cursor.list(lookup)?;
        cursor.expect(", constants: ")?;
        let constants = cursor.list(|cursor| column_of(cursor, ColumnKind::Fixed))?;
        cursor.expect(", minimum_degree: ")?;
        let minimum_degree = minimum_degree(cursor)?;
        cursor.expect(" }")?;
        let parsed = Self {
            fixed,
            advice,
            instance,
            selectors,
            gates,
            advice_queries,
            instance_queries,
            fixed_queries,
            permutation,
            lookups,
            constants,
            minimum_degree,
        };
        parsed.check()?;
        Ok(parsed)
    }

    /// Whether all columns and selectors exist that are spoken of.
    fn check(&self) -> Result<(), Error> {
        let [advice, instance, fixed] =
            [&self.advice_queries, &self.instance_queries, &self.fixed_queries].map(|queries| queries.iter());
        let queried =
            [(ColumnKind::Advice, advice), (ColumnKind::Instance, instance), (ColumnKind::Fixed, fixed)]
                .into_iter()
                .flat_map(|(kind, queries)| queries.map(move |&(index, _)| Column { kind, index }));
        let constants = self.constants.iter().map(|&index| Column { kind: ColumnKind::Fixed, index });
        for column in queried.chain(constants).chain(self.permutation.iter().copied()) {
            let (what, columns) = match column.kind {
                ColumnKind::Fixed => ("fixed", self.fixed),
                ColumnKind::Advice => ("advice", self.advice),
                ColumnKind::Instance => ("instance", self.instance),
            };
            if column.index >= columns {
                return Err(Error::ColumnOutOfRange { what, column: column.index, columns });
            }
        }
        let lookups = self.lookups.iter().flat_map(|lookup| lookup.inputs.iter().chain(&lookup.table));
        let mut beyond = None;
        for expression in self.gates.iter().chain(lookups) {
            let mut visit = |selector: super::Selector| {
                if selector.index >= self.selectors {
                    beyond = Some(selector.index);
                }
            };
            expression.for_each_selector(&mut visit);
        }
        match beyond {
            Some(column) => {
                Err(Error::ColumnOutOfRange { what: "selector", column, columns: self.selectors })
            }
            None => Ok(()),
        }
    }

    /// The library's `ConstraintSystem::degree`.
    pub(crate) fn degree(&self) -> usize {
        let degree = |expressions: &[Expression<S>]| {
            expressions.iter().map(Expression::degree).max().unwrap_or(0).max(1)
        };
        let lookups = self.lookups.iter().map(|l| 4.max(2 + degree(&l.inputs) + degree(&l.table)));
        let gates = self.gates.iter().map(Expression::degree);
        // 3 is the permutation argument's.
        lookups.chain(gates).chain(self.minimum_degree).fold(3, usize::max)
    }

    /// The library's `ConstraintSystem::blinding_factors`: as many evaluations of an advice column as
    /// a proof shows, at least 3, and 2 more.
    pub(crate) fn blinding_factors(&self) -> usize {
        let queries = |column| self.advice_queries.iter().filter(|(index, _)| *index == column).count();
        (0..self.advice).map(queries).max().unwrap_or(0).max(3) + 2
    }

    /// The library's `ConstraintSystem::minimum_rows`.
    pub(crate) fn minimum_rows(&self) -> usize {
        self.blinding_factors() + 3
    }

    /// The engine's form. There are no selectors left.
    pub(crate) fn to_shape(&self, k: u32) -> Result<Shape<S>, Error> {
        let all = |expressions: &[Expression<S>]| {
            expressions.iter().map(Expression::to_shape).collect::<Result<Vec<_>, Error>>()
        };
        let gate = |(index, polynomial): (usize, &Expression<S>)| {
            Ok(Gate { name: index.to_string(), polynomial: polynomial.to_shape()? })
        };
        let lookup = |(index, lookup): (usize, &Lookup<S>)| {
            let (inputs, table) = (all(&lookup.inputs)?, all(&lookup.table)?);
            Ok::<_, Error>(crate::shape::Lookup { name: index.to_string(), inputs, table })
        };
        Ok(Shape {
            k,
            degree: self.degree(),
            blinding_factors: self.blinding_factors(),
            num_fixed: self.fixed,
            num_instance: self.instance,
            advice_phase: vec![0; self.advice],
            challenge_phase: Vec::new(),
            gates: self.gates.iter().enumerate().map(gate).collect::<Result<_, Error>>()?,
            lookups: self.lookups.iter().enumerate().map(lookup).collect::<Result<_, Error>>()?,
            permutation: self.permutation.clone(),
            advice_queries: self.advice_queries.clone(),
            instance_queries: self.instance_queries.clone(),
            fixed_queries: self.fixed_queries.clone(),
        })
    }
}

/// `Column { index: 0, column_type: Advice }`
fn column(cursor: &mut Cursor<'_>) -> Result<Column, Error> {
    cursor.expect("Column { index: ")?;
    let index = cursor.number()?;
    cursor.expect(", column_type: ")?;
    let kinds =
        [("Advice", ColumnKind::Advice), ("Fixed", ColumnKind::Fixed), ("Instance", ColumnKind::Instance)];
    let found = kinds.into_iter().find(|(name, _)| cursor.take(name));
    let (_, kind) = found.ok_or_else(|| cursor.error("a kind of column"))?;
    cursor.expect(" }")?;
    Ok(Column { kind, index })
}

/// The index of a column of one kind.
fn column_of(cursor: &mut Cursor<'_>, kind: ColumnKind) -> Result<usize, Error> {
    let before = *cursor;
    let column = column(cursor)?;
    if column.kind == kind { Ok(column.index) } else { Err(before.error("a column of another kind")) }
}

/// `(Column { ... }, Rotation(0))`
fn query(cursor: &mut Cursor<'_>, kind: ColumnKind) -> Result<ColumnQuery, Error> {
    cursor.expect("(")?;
    let index = column_of(cursor, kind)?;
    cursor.expect(", ")?;
    let rotation = rotation(cursor)?;
    cursor.expect(")")?;
    Ok((index, rotation))
}

/// `Argument { input_expressions: [...], table_expressions: [...] }`
fn lookup<S: FieldSpec>(cursor: &mut Cursor<'_>) -> Result<Lookup<S>, Error> {
    cursor.expect("Argument { input_expressions: ")?;
    let inputs = cursor.list(Expression::parse)?;
    cursor.expect(", table_expressions: ")?;
    let table = cursor.list(Expression::parse)?;
    cursor.expect(" }")?;
    Ok(Lookup { inputs, table })
}

/// `None` or `Some(5)`
fn minimum_degree(cursor: &mut Cursor<'_>) -> Result<Option<usize>, Error> {
    if cursor.take("None") {
        return Ok(None);
    }
    cursor.expect("Some(")?;
    let degree = cursor.number()?;
    cursor.expect(")")?;
    Ok(Some(degree))
}
