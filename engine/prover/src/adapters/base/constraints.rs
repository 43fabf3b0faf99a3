//! What a builder demands of its cells, by their places.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::PoisonError;

use ::halo2_base::gates::circuit::builder::BaseCircuitBuilder;
use ::halo2_base::gates::circuit::{BaseConfig, MaybeRangeConfig};
use ::halo2_base::{ContextCell, ContextTag};
use halo2_axiom::circuit::{self, Layouter, Region};
use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::{Any, Column, Error};

use super::segments::Segments;
use super::{Columns, PackError};

/// A cell: its column's number among gates, lookups and constants, in this order, times the rows of a column, and
/// its row.
type Place = u32;

/// Gates, constants and copies, in the order in which the library declares them: the order of copies decides which
/// permutation the key is about.
#[derive(Debug)]
pub(super) struct Constraints {
    /// Where gates begin.
    gates: Vec<Place>,
    /// What is looked up where it is.
    lookups: Vec<Place>,
    /// Row by row.
    constants: Vec<Fr>,
    copies: Vec<[Place; 2]>,
    /// Cells, and the rows of the instance column that they are equal to, by column.
    instances: Vec<Vec<Place>>,
}

impl Constraints {
    pub(super) fn of(
        builder: &BaseCircuitBuilder<Fr>,
        columns: &Columns,
        segments: &Segments,
    ) -> Result<Self, PackError> {
        let room = u32::MAX as usize / columns.rows;
        let got = columns.gates.len() + columns.lookups.len() + columns.constants;
        if got > room {
            return Err(PackError::Room { what: "columns", got, room });
        }
        let mut constraints = Self {
            gates: Vec::new(),
            lookups: Vec::new(),
            constants: Vec::new(),
            copies: Vec::new(),
            instances: Vec::new(),
        };
        let places = Places::new(builder, columns, segments, &mut constraints)?;
        constraints.look_up(builder, columns, &places)?;
        constraints.copy(builder, columns, &places)?;
        constraints.instances(builder, columns, &places)?;
        Ok(constraints)
    }

    /// Notes range checks.
    fn look_up(
        &mut self,
        builder: &BaseCircuitBuilder<Fr>,
        columns: &Columns,
        places: &Places,
    ) -> Result<(), PackError> {
        let Some(manager) = builder.lookup_manager().first() else { return Ok(()) };
        let cells = manager.cells_to_lookup.lock().unwrap_or_else(PoisonError::into_inner);
        for (index, [cell]) in cells.values().flatten().enumerate() {
            let cell = cell.cell.ok_or(FOREIGN).and_then(|cell| places.find(&cell))?;
            if columns.in_place {
                self.lookups.push(cell);
            } else {
                let (column, row) = (index % columns.lookups.len(), index / columns.lookups.len());
                self.copies.push([cell, place(columns, columns.gates.len() + column, row)]);
            }
        }
        Ok(())
    }

    /// Notes copies of cells, and of constants.
    fn copy(
        &mut self,
        builder: &BaseCircuitBuilder<Fr>,
        columns: &Columns,
        places: &Places,
    ) -> Result<(), PackError> {
        let manager = builder.core().copy_manager.lock().unwrap_or_else(PoisonError::into_inner);
        // Sorted as the library sorts them: by names of contexts, and cells in them.
        let mut equal: Vec<[u32; 2]> = Vec::with_capacity(manager.advice_equalities.len());
        for (left, right) in &manager.advice_equalities {
            equal.push([places.rank(left)?, places.rank(right)?]);
        }
        equal.sort_unstable();
        self.copies.extend(equal.into_iter().map(|pair| pair.map(|rank| places.of_rank[rank as usize])));

        let mut numbers: HashMap<Fr, u32> = HashMap::new();
        for (constant, _) in &manager.constant_equalities {
            numbers.entry(*constant).or_default();
        }
        let mut constants: Vec<Fr> = numbers.keys().copied().collect();
        constants.sort_unstable();
        (0..).zip(&constants).for_each(|(number, constant)| _ = numbers.insert(*constant, number));
        let room = columns.constants * columns.usable_rows;
        if constants.len() > room {
            return Err(PackError::Room { what: "constants", got: constants.len(), room });
        }
        let mut equal: Vec<[u32; 2]> = Vec::with_capacity(manager.constant_equalities.len());
        for (constant, cell) in &manager.constant_equalities {
            equal.push([numbers[constant], places.rank(cell)?]);
        }
        equal.sort_unstable();
        let first = columns.gates.len() + columns.lookups.len();
        self.copies.extend(equal.into_iter().map(|[number, rank]| {
            let (column, row) = (number as usize % columns.constants, number as usize / columns.constants);
            [place(columns, first + column, row), places.of_rank[rank as usize]]
        }));
        self.constants = constants;
        Ok(())
    }

    /// Notes which cells are public.
    fn instances(
        &mut self,
        builder: &BaseCircuitBuilder<Fr>,
        columns: &Columns,
        places: &Places,
    ) -> Result<(), PackError> {
        let (got, room) = (builder.assigned_instances.len(), columns.instances);
        if got != room {
            return Err(PackError::Room { what: "instance columns", got, room });
        }
        for column in &builder.assigned_instances {
            let cells =
                column.iter().map(|cell| cell.cell.ok_or(FOREIGN).and_then(|cell| places.find(&cell)));
            self.instances.push(cells.collect::<Result<_, _>>()?);
        }
        Ok(())
    }

    /// Tells all that concerns the circuit's one region.
    pub(super) fn declare(
        &self,
        config: &BaseConfig<Fr>,
        columns: &Columns,
        region: &mut Region<'_, Fr>,
    ) -> Result<(), Error> {
        let selectors: Vec<_> =
            config.gate().basic_gates.iter().take(1).flatten().map(|gate| gate.q_enable).collect();
        for gate in &self.gates {
            let (column, row) = split(columns, *gate);
            selectors[column].enable(region, row)?;
        }
        if let MaybeRangeConfig::WithRange(range) = &config.base
            && let Some(Some(selector)) = range.q_lookup.first()
        {
            for lookup in &self.lookups {
                selector.enable(region, split(columns, *lookup).1)?;
            }
        }
        for (index, constant) in self.constants.iter().enumerate() {
            let column = config.constants()[index % columns.constants];
            region.assign_fixed(column, index / columns.constants, *constant);
        }
        let names = names(config, columns);
        for pair in &self.copies {
            let [left, right] = pair.map(|place| cell(&names, columns, place));
            region.constrain_equal(left, right);
        }
        Ok(())
    }

    /// Makes cells public.
    pub(super) fn expose(
        &self,
        config: &BaseConfig<Fr>,
        columns: &Columns,
        layouter: &mut impl Layouter<Fr>,
    ) {
        let names = names(config, columns);
        for (cells, instance) in self.instances.iter().zip(&config.instance) {
            for (row, place) in cells.iter().enumerate() {
                layouter.constrain_instance(cell(&names, columns, *place), *instance, row);
            }
        }
    }

    /// Bytes.
    pub(super) fn size(&self) -> usize {
        let instances: usize = self.instances.iter().map(|cells| size_of_val(&cells[..])).sum();
        size_of_val(&self.gates[..])
            + size_of_val(&self.lookups[..])
            + size_of_val(&self.constants[..])
            + size_of_val(&self.copies[..])
            + instances
    }
}

/// A cell that is not in the builder's contexts.
const FOREIGN: PackError = PackError::Builder("it refers to a cell that is in none of its contexts");

/// Where the cells of contexts are.
struct Places {
    /// Contexts, sorted as the library sorts their cells.
    contexts: Vec<Known>,
    /// The one that was asked for last: often, it is asked for again.
    last: Cell<usize>,
    /// The place of each cell, contexts sorted.
    of_rank: Vec<Place>,
}

/// A context by its name and number.
struct Known {
    tag: ContextTag,
    /// The rank of its first cell.
    first: usize,
    cells: usize,
}

impl Places {
    /// Walks through all cells as they are assigned; notes gates, and copies from column to column.
    fn new(
        builder: &BaseCircuitBuilder<Fr>,
        columns: &Columns,
        segments: &Segments,
        constraints: &mut Constraints,
    ) -> Result<Self, PackError> {
        let threads = || {
            let first = builder.core().phase_manager.iter().take(1);
            first.flat_map(|phase| &phase.threads).filter(|context| !context.advice.is_empty())
        };
        let mut contexts: Vec<Known> = threads()
            .map(|context| Known { tag: context.tag(), first: 0, cells: context.advice.len() })
            .collect();
        contexts.sort_unstable_by_key(|context| context.tag);
        let mut rank = 0;
        for context in &mut contexts {
            context.first = rank;
            rank += context.cells;
        }
        if contexts.windows(2).any(|pair| pair[0].tag == pair[1].tag) {
            return Err(PackError::Builder("two contexts have the same name"));
        }

        let mut places = Self { contexts, last: Cell::new(0), of_rank: vec![0; segments.cells] };
        let (mut column, mut row) = (0, 0);
        for context in threads() {
            let first = places.context(&context.tag()).map_or(0, |known| known.first);
            for (rank, &gate) in (first..).zip(&context.selector) {
                let here = place(columns, column, row);
                places.of_rank[rank] = here;
                if segments.break_points.get(column) == Some(&row) {
                    (column, row) = (column + 1, 0);
                    constraints.copies.push([place(columns, column, 0), here]);
                }
                if gate {
                    constraints.gates.push(place(columns, column, row));
                }
                row += 1;
            }
        }
        Ok(places)
    }

    fn context(&self, tag: &ContextTag) -> Option<&Known> {
        let last = self.contexts.get(self.last.get()).filter(|last| last.tag == *tag);
        last.or_else(|| {
            let found = self.contexts.binary_search_by_key(tag, |context| context.tag).ok()?;
            self.last.set(found);
            self.contexts.get(found)
        })
    }

    fn rank(&self, cell: &ContextCell) -> Result<u32, PackError> {
        match self.context(&(cell.type_id, cell.context_id)) {
            Some(context) if cell.offset < context.cells => Ok((context.first + cell.offset) as u32),
            _ => Err(FOREIGN),
        }
    }

    fn find(&self, cell: &ContextCell) -> Result<Place, PackError> {
        Ok(self.of_rank[self.rank(cell)? as usize])
    }
}

fn place(columns: &Columns, column: usize, row: usize) -> Place {
    (column * columns.rows + row) as Place
}

fn split(columns: &Columns, place: Place) -> (usize, usize) {
    (place as usize / columns.rows, place as usize % columns.rows)
}

/// The columns that places are in.
fn names(config: &BaseConfig<Fr>, columns: &Columns) -> Vec<Column<Any>> {
    columns
        .advice()
        .map(Column::from)
        .chain(config.constants().iter().map(|column| (*column).into()))
        .collect()
}

fn cell(names: &[Column<Any>], columns: &Columns, place: Place) -> circuit::Cell {
    let (column, row_offset) = split(columns, place);
    circuit::Cell { row_offset, column: names[column] }
}
