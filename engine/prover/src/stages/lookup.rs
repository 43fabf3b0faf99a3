//! The lookup argument: permuted columns A' and S', and their grand product.
//!
//! A' is the compressed input sorted by canonical integer, S' the table arranged such that each
//! row of A' equals its row of S' or the row of A' before. Any such arrangement verifies; this one
//! is a function of the values alone.

use std::borrow::Cow;
use std::ops::Range;

use parhelion_field_kernels::{CurveSpec, FieldSpec, Fp, Output, Program, ProgramBuilder};
use parhelion_scheduler::ExecutorExt;

use super::opening::Poly;
use super::permutation::Columns;
use super::quotient::CircuitColumns;
use crate::Error;
use crate::algebra::{Challenges, Compiled};
use crate::collect::try_collect;
use crate::memory::Buffer;
use crate::session::{Replayed, Session, Tools};

/// One lookup after theta: n rows each.
#[derive(Debug)]
pub(crate) struct Permuted<S: FieldSpec> {
    /// A'.
    pub(crate) input: Buffer<S>,
    /// S'.
    pub(crate) table: Buffer<S>,
}

/// Canonical integers in ascending order; single words where all of them fit.
#[derive(Debug)]
pub(crate) enum Sorted {
    Narrow(Vec<u64>),
    Wide(Vec<[u64; 4]>),
}

impl Sorted {
    fn of<S: FieldSpec>(values: &[Fp<S>]) -> Self {
        let canonical = |value: &Fp<S>| value.to_canonical();
        let mut narrow = Vec::with_capacity(values.len());
        narrow.extend(values.iter().map_while(|value| match canonical(value) {
            [low, 0, 0, 0] => Some(low),
            _ => None,
        }));
        if narrow.len() == values.len() {
            narrow.sort_unstable();
            return Self::Narrow(narrow);
        }
        drop(narrow);
        // Most significant word first, so that arrays compare as integers.
        let mut wide: Vec<[u64; 4]> = values
            .iter()
            .map(|value| {
                let [a, b, c, d] = canonical(value);
                [d, c, b, a]
            })
            .collect();
        wide.sort_unstable();
        Self::Wide(wide)
    }

    fn widen(&self) -> Cow<'_, [[u64; 4]]> {
        match self {
            Self::Narrow(values) => values.iter().map(|&value| [0, 0, 0, value]).collect(),
            Self::Wide(values) => values.into(),
        }
    }
}

/// Calls `place` with each row and its entry when the sorted table is arranged beside the sorted input; an
/// input that is not in the table is `Err`.
fn arrange<K: Ord + Copy>(input: &[K], table: &[K], mut place: impl FnMut(usize, K)) -> Result<(), K> {
    let repeats = |row: &usize| *row > 0 && input[*row] == input[*row - 1];
    // As many table entries are left as rows repeat an input; the smallest goes to the last row.
    let mut repeated = (0..input.len()).rev().filter(repeats);
    let mut leave = |entry, place: &mut dyn FnMut(usize, K)| {
        if let Some(row) = repeated.next() {
            place(row, entry);
        }
    };
    let mut rest = table.iter().copied().peekable();
    for (row, &value) in input.iter().enumerate() {
        if repeats(&row) {
            continue;
        }
        while let Some(smaller) = rest.next_if(|&entry| entry < value) {
            leave(smaller, &mut place);
        }
        rest.next_if_eq(&value).ok_or(value)?;
        place(row, value);
    }
    rest.for_each(|entry| leave(entry, &mut place));
    Ok(())
}

/// Writes (A', S') to the usable rows, or tells the canonical integer of an input that the table lacks.
fn permute<S: FieldSpec>(
    input: &[Fp<S>],
    table: &Sorted,
    permuted_input: &mut [Fp<S>],
    permuted_table: &mut [Fp<S>],
) -> Result<(), [u64; 4]> {
    let sorted = Sorted::of(input);
    if let (Sorted::Narrow(input), Sorted::Narrow(table)) = (&sorted, table) {
        input.iter().zip(permuted_input).for_each(|(&integer, out)| *out = Fp::from_u64(integer));
        let place = |row: usize, integer| permuted_table[row] = Fp::from_u64(integer);
        return arrange(input, table, place).map_err(|value| [value, 0, 0, 0]);
    }
    let (input, table) = (sorted.widen(), table.widen());
    let limbs = |[d, c, b, a]: [u64; 4]| [a, b, c, d];
    // These integers were field elements before, so each of them is one again.
    let element = |integer| Fp::from_canonical(limbs(integer)).unwrap_or(Fp::ZERO);
    input.iter().zip(permuted_input).for_each(|(&integer, out)| *out = element(integer));
    arrange(&input, &table, |row, integer| permuted_table[row] = element(integer)).map_err(limbs)
}

/// Of columns A, S, A', S' and uniforms beta, gamma: numerator (output 0) and denominator (output 1) of
/// the grand product.
pub(crate) fn fraction<S: FieldSpec>() -> Program {
    let mut builder = ProgramBuilder::<S>::new();
    let ((_, beta), (_, gamma)) = (builder.uniform(), builder.uniform());
    let outputs = [(0, 1), (2, 3)].map(|(a, s)| {
        let (a, s) = (builder.column(a, 0), builder.column(s, 0));
        let (a, s) = (builder.add(a, beta), builder.add(s, gamma));
        builder.mul(a, s)
    });
    let [numerator, denominator] = outputs;
    builder.build(&[
        Output { node: numerator, column: 0, scale: None },
        Output { node: denominator, column: 1, scale: None },
    ])
}

impl<C: CurveSpec> Session<'_, C> {
    /// The usable rows of the tables of one circuit, compressed and sorted.
    pub(crate) fn sort_tables(
        &self,
        columns: &Columns<'_, C>,
        challenges: &Challenges<C::Scalar>,
    ) -> Result<Vec<Sorted>, Error> {
        let (tools, usable) = (self.tools(), self.key.shape().usable_rows());
        let programs = &self.key.derived.programs.lookup_tables;
        let mut sorted = Vec::with_capacity(programs.len());
        for batch in programs.chunks(self.plan.batch) {
            sorted.extend(tools.inside(|| {
                let tables = batch.iter().map(|table| tools.compress(columns, table, challenges));
                let tables = try_collect(tables)?;
                let executor = tools.kernels.executor();
                Ok::<_, Error>(executor.map(tables.len(), |table| Sorted::of(&tables[table][..usable])))
            })?);
        }
        Ok(sorted)
    }

    /// Compresses and permutes some lookups of one circuit, and blinds A' and S'.
    pub(crate) fn permute_lookups(
        &mut self,
        circuit: usize,
        batch: Range<usize>,
        columns: &Columns<'_, C>,
        tables: &[Sorted],
        challenges: &Challenges<C::Scalar>,
    ) -> Result<Vec<Permuted<C::Scalar>>, Error> {
        let (tools, shape, replay) = (self.tools(), self.key.shape(), self.replay.as_ref());
        let (n, usable, first) = (shape.n(), shape.usable_rows(), batch.start);
        let replayed = replay.map(|replay| &replay.permuted_lookups[circuit * shape.lookups.len() + first..]);
        let mut lookups = tools.inside(|| match replayed {
            Some(replayed) => tools.copy_lookups(&replayed[..batch.len()]),
            None => tools.permute_lookups(circuit, batch, columns, tables, challenges),
        })?;

        let replayed = self.replay.is_some();
        let mut blinds = vec![Fp::ZERO; n - usable];
        for (index, lookup) in (first..).zip(&mut lookups) {
            for column in [&mut lookup.input, &mut lookup.table] {
                self.blinding.fill(&mut blinds);
                // The blinds of a replayed column are in it.
                if !replayed {
                    column[usable..].copy_from_slice(&blinds);
                }
            }
            self.draw_blind(Poly::PermutedInput { circuit, index });
            self.draw_blind(Poly::PermutedTable { circuit, index });
        }
        Ok(lookups)
    }
}

impl<C: CurveSpec> Tools<'_, C> {
    /// Compresses and permutes some lookups of one circuit.
    fn permute_lookups(
        self,
        circuit: usize,
        batch: Range<usize>,
        columns: &Columns<'_, C>,
        tables: &[Sorted],
        challenges: &Challenges<C::Scalar>,
    ) -> Result<Vec<Permuted<C::Scalar>>, Error> {
        let (executor, shape) = (self.kernels.executor(), self.key.shape());
        let programs = &self.key.derived.programs.lookup_inputs[batch.clone()];
        let inputs = programs.iter().map(|(input, _)| self.compress(columns, input, challenges));
        let inputs = try_collect(inputs)?;
        let mut lookups = try_collect(inputs.iter().map(|_| self.lookup()))?;
        let mut outcomes = vec![Ok(()); lookups.len()];
        executor.for_each(lookups.iter_mut().zip(&mut outcomes), |index, (lookup, outcome)| {
            let (input, table) = (&inputs[index][..shape.usable_rows()], &tables[programs[index].1]);
            *outcome = permute(input, table, &mut lookup.input, &mut lookup.table);
        });
        for ((lookup, input), outcome) in batch.zip(&inputs).zip(outcomes) {
            outcome.map_err(|value| {
                let row = input.iter().position(|v| v.to_canonical() == value).unwrap_or_default();
                let (name, value) = (shape.lookups[lookup].name.clone(), format!("{:?}", input[row]));
                Error::LookupValueMissing { circuit, lookup, name, row, value }
            })?;
        }
        Ok(lookups)
    }

    /// The same, if what comes of it is known.
    fn copy_lookups(self, replayed: &[Replayed<'_, C::Scalar>]) -> Result<Vec<Permuted<C::Scalar>>, Error> {
        let copy = |(input, table): &Replayed<'_, C::Scalar>| {
            Ok(Permuted { input: self.memory.copy(input)?, table: self.memory.copy(table)? })
        };
        replayed.iter().map(copy).collect()
    }

    /// Room for A' and S'.
    fn lookup(self) -> Result<Permuted<C::Scalar>, Error> {
        let n = self.key.shape().n();
        Ok(Permuted { input: self.memory.scratch(n)?, table: self.memory.scratch(n)? })
    }

    /// An input or a table, compressed by theta: n rows. Cheaper to compute again than to keep.
    pub(crate) fn compress(
        self,
        columns: &Columns<'_, C>,
        compiled: &Compiled<C::Scalar>,
        challenges: &Challenges<C::Scalar>,
    ) -> Result<Buffer<C::Scalar>, Error> {
        let mut values = self.memory.scratch(self.key.shape().n())?;
        columns.run(self, compiled, challenges, &mut [&mut values])?;
        Ok(values)
    }

    /// The grand products of some lookups of a circuit, not blinded yet. `table` is the one that was compressed
    /// last, with its number: lookups into the same one mostly follow each other.
    pub(crate) fn lookup_products(
        self,
        batch: Range<usize>,
        circuit: &CircuitColumns<C::Scalar>,
        table: &mut Option<(usize, Buffer<C::Scalar>)>,
        challenges: &Challenges<C::Scalar>,
    ) -> Result<Vec<Buffer<C::Scalar>>, Error> {
        let programs = &self.key.derived.programs;
        let columns = Columns { key: self.key, advice: &circuit.advice, instance: &circuit.instance };
        let product = |index: usize| {
            let (input, of) = &programs.lookup_inputs[index];
            // Another one makes room first.
            let values = match table.take().filter(|known| known.0 == *of) {
                Some((_, values)) => values,
                None => self.compress(&columns, &programs.lookup_tables[*of], challenges)?,
            };
            let input = self.compress(&columns, input, challenges)?;
            let permuted = [circuit.permuted_inputs[index].view(), circuit.permuted_tables[index].view()];
            let permuted = self.reader().all_rows(&permuted)?;
            let product = self.lookup_product([&input, &values, &permuted[0], &permuted[1]], challenges);
            *table = Some((*of, values));
            product
        };
        batch.map(product).collect()
    }

    /// The grand product of (A + beta)(S + gamma) / ((A' + beta)(S' + gamma)).
    fn lookup_product(
        self,
        [input, table, permuted_input, permuted_table]: [&[Fp<C::Scalar>]; 4],
        challenges: &Challenges<C::Scalar>,
    ) -> Result<Buffer<C::Scalar>, Error> {
        let program = &self.key.derived.programs.lookup_fraction;
        let columns: [&[Fp<C::Scalar>]; 4] = [input, table, permuted_input, permuted_table];
        let columns: Vec<_> = program.column_indices().iter().map(|&index| columns[index]).collect();
        let uniforms = [challenges.beta, challenges.gamma];
        let uniforms: Vec<_> = program.uniform_indices().iter().map(|&index| uniforms[index]).collect();

        let n = self.key.shape().n();
        let (mut z, mut denominator) = (self.memory.scratch(n)?, self.memory.scratch(n)?);
        self.kernels.run_program(program, &columns, &uniforms, &mut [&mut z, &mut denominator]);
        self.grand_product(&mut z, denominator, Fp::ONE);
        Ok(z)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arranged<K: Ord + Copy + Default>(input: &[K], table: &[K]) -> Result<Vec<K>, K> {
        let mut arranged = vec![K::default(); input.len()];
        arrange(input, table, |row, entry| arranged[row] = entry).map(|()| arranged)
    }

    #[test]
    fn table_entries_are_arranged_from_the_end() {
        // Distinct inputs 1, 4; rows 1, 2 and 4 repeat; leftovers 0, 2, 4 ascend from the last row.
        assert_eq!(arranged(&[1, 1, 1, 4, 4], &[0, 1, 2, 4, 4]), Ok(vec![1, 4, 2, 4, 0]));
        assert_eq!(arranged::<u64>(&[], &[]), Ok(vec![]));
        assert_eq!(arranged(&[7], &[7]), Ok(vec![7]));
    }

    #[test]
    fn missing_inputs_are_named() {
        assert_eq!(arranged(&[1, 3], &[1, 2]), Err(3));
        assert_eq!(arranged(&[5, 5], &[1, 2]), Err(5));
        assert_eq!(arranged(&[0, 0], &[1, 2]), Err(0));
    }
}
