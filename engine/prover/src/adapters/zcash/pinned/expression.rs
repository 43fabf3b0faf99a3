//! Expressions as the library prints them.

use parhelion_field_kernels::{FieldSpec, Fp};

use super::cursor::Cursor;
use crate::Error;
use crate::shape::{self, Column, ColumnKind};

/// A selector, before key generation replaces it by an expression over a fixed column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Selector {
    pub(crate) index: usize,
    /// Simple selectors may share a column.
    pub(crate) simple: bool,
}

/// An expression of a gate or a lookup.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expression<S: FieldSpec> {
    Constant(Fp<S>),
    Selector(Selector),
    Query(Column, i32),
    Negated(Box<Self>),
    Sum(Box<Self>, Box<Self>),
    Product(Box<Self>, Box<Self>),
    Scaled(Box<Self>, Fp<S>),
}

impl<S: FieldSpec> Expression<S> {
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Self, Error> {
        let queries = [
            ("Fixed { query_index: ", ColumnKind::Fixed),
            ("Advice { query_index: ", ColumnKind::Advice),
            ("Instance { query_index: ", ColumnKind::Instance),
        ];
        if let Some((_, kind)) = queries.into_iter().find(|(start, _)| cursor.take(start)) {
            // The number of the query among those of its kind; it follows from column and rotation.
            cursor.number::<usize>()?;
            cursor.expect(", column_index: ")?;
            let index = cursor.number()?;
            cursor.expect(", rotation: ")?;
            let rotation = rotation(cursor)?;
            cursor.expect(" }")?;
            return Ok(Self::Query(Column { kind, index }, rotation));
        }
        let part = |cursor: &mut Cursor<'_>| Ok::<_, Error>(Box::new(Self::parse(cursor)?));
        let parsed = match () {
            () if cursor.take("Product(") => {
                let left = part(cursor)?;
                cursor.expect(", ")?;
                Self::Product(left, part(cursor)?)
            }
            () if cursor.take("Sum(") => {
                let left = part(cursor)?;
                cursor.expect(", ")?;
                Self::Sum(left, part(cursor)?)
            }
            () if cursor.take("Scaled(") => {
                let scaled = part(cursor)?;
                cursor.expect(", ")?;
                Self::Scaled(scaled, cursor.element()?)
            }
            () if cursor.take("Negated(") => Self::Negated(part(cursor)?),
            () if cursor.take("Constant(") => Self::Constant(cursor.element()?),
            () if cursor.take("Selector(Selector(") => {
                let index = cursor.number()?;
                cursor.expect(", ")?;
                let simple = cursor.boolean()?;
                cursor.expect(")")?;
                Self::Selector(Selector { index, simple })
            }
            () => return Err(cursor.error("an expression")),
        };
        cursor.expect(")")?;
        Ok(parsed)
    }

    pub(crate) fn degree(&self) -> usize {
        match self {
            Self::Constant(_) => 0,
            Self::Selector(_) | Self::Query(..) => 1,
            Self::Negated(a) | Self::Scaled(a, _) => a.degree(),
            Self::Sum(a, b) => a.degree().max(b.degree()),
            Self::Product(a, b) => a.degree() + b.degree(),
        }
    }

    /// Calls `visit` with every selector in the expression.
    pub(crate) fn for_each_selector(&self, visit: &mut impl FnMut(Selector)) {
        match self {
            Self::Constant(_) | Self::Query(..) => {}
            Self::Selector(selector) => visit(*selector),
            Self::Negated(a) | Self::Scaled(a, _) => a.for_each_selector(visit),
            Self::Sum(a, b) | Self::Product(a, b) => {
                a.for_each_selector(visit);
                b.for_each_selector(visit);
            }
        }
    }

    /// The same expression with selectors replaced.
    pub(crate) fn replace_selectors(&self, by: &[Self]) -> Self {
        let replaced = |a: &Self| Box::new(a.replace_selectors(by));
        match self {
            Self::Constant(_) | Self::Query(..) => self.clone(),
            Self::Selector(selector) => by[selector.index].clone(),
            Self::Negated(a) => Self::Negated(replaced(a)),
            Self::Scaled(a, factor) => Self::Scaled(replaced(a), *factor),
            Self::Sum(a, b) => Self::Sum(replaced(a), replaced(b)),
            Self::Product(a, b) => Self::Product(replaced(a), replaced(b)),
        }
    }

    /// The engine's form. There are no selectors left in a key.
    pub(crate) fn to_shape(&self) -> Result<shape::Expression<S>, Error> {
        type To<S> = shape::Expression<S>;
        let part = |a: &Self| Ok::<_, Error>(Box::new(a.to_shape()?));
        Ok(match self {
            Self::Constant(value) => To::Constant(*value),
            Self::Selector(Selector { index, .. }) => {
                return Err(Error::InvalidCircuit(format!("selector {index} is left in the key")));
            }
            Self::Query(column, rotation) => To::Query(*column, *rotation),
            Self::Negated(a) => To::Negated(part(a)?),
            Self::Scaled(a, factor) => To::Scaled(part(a)?, *factor),
            Self::Sum(a, b) => To::Sum(part(a)?, part(b)?),
            Self::Product(a, b) => To::Product(part(a)?, part(b)?),
        })
    }
}

/// `Rotation(-1)`
pub(super) fn rotation(cursor: &mut Cursor<'_>) -> Result<i32, Error> {
    cursor.expect("Rotation(")?;
    let rotation = cursor.number()?;
    cursor.expect(")")?;
    Ok(rotation)
}
