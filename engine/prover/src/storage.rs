//! How columns are kept between stages: by their values on the rows, in few bytes.
//!
//! Coefficients of most polynomials take 32 bytes each, whatever the column was. So columns stay as
//! they are on the rows, where most values are small, and are transformed when a stage works on them.

use std::collections::HashMap;
use std::convert::Infallible;

use parhelion_field_kernels::{Domain, FieldSpec, Fp, Kernels, Packed};
use parhelion_scheduler::ExecutorExt;
use smallvec::SmallVec;

use crate::Error;
use crate::collect::try_collect;
use crate::memory::{Buffer, Memory, Owned, Rows};

/// Rows that are read at a time where labels are computed: they stay in the first-level cache.
const TILE: usize = 512;

/// Columns that are read at a time, mostly: a list of so many needs no heap.
const FEW: usize = 16;

/// Pieces of them, mostly.
const PIECES: usize = 64;

/// Fewest rows of a column worth a task of their own.
const PIECE: usize = 8 * TILE;

/// A column of n rows.
#[derive(Debug)]
pub(crate) enum Stored<S: FieldSpec> {
    /// As field elements.
    Plain(Buffer<S>),
    /// As integers of as many bytes as they need.
    Packed(Packed<S, Owned<u8>>),
    /// As the numbers of cells, of which the labels are meant: a permutation column.
    Cells(Vec<u32>),
}

impl<S: FieldSpec> Stored<S> {
    /// Packs a column if that saves enough.
    pub(crate) fn pack(kernels: &Kernels, memory: &Memory, values: Buffer<S>) -> Result<Self, Error> {
        let packed = kernels.pack_in(&values, |len| memory.bytes(len))?;
        Ok(packed.map_or(Self::Plain(values), Self::Packed))
    }

    /// A column of something that outlives proofs.
    pub(crate) fn keep(kernels: &Kernels, values: &[Fp<S>]) -> Self {
        let Ok(packed) = kernels.pack_in(values, |len| Ok::<_, Infallible>(vec![0; len].into()));
        packed.map_or_else(|| Self::Plain(values.to_vec().into()), Self::Packed)
    }

    /// [`pack`](Self::pack), for many columns.
    pub(crate) fn pack_all(
        kernels: &Kernels,
        memory: &Memory,
        columns: Vec<Buffer<S>>,
    ) -> Result<Vec<Self>, Error> {
        // An empty column stands for each of them.
        let mut stored: Vec<Result<Self, Error>> =
            columns.iter().map(|_| Ok(Self::Plain(Buffer::default()))).collect();
        kernels.executor().for_each(columns.into_iter().zip(&mut stored), |_, (values, stored)| {
            *stored = Self::pack(kernels, memory, values);
        });
        try_collect(stored)
    }

    /// The n values of a column that was [`pack`](Self::pack)ed.
    pub(crate) fn unpack(self, kernels: &Kernels, memory: &Memory, n: usize) -> Result<Buffer<S>, Error> {
        match self {
            Self::Plain(values) => Ok(values),
            Self::Packed(packed) => {
                let mut values = memory.scratch(n)?;
                kernels.unpack(&packed, 0, &mut values);
                Ok(values)
            }
            Self::Cells(_) => unreachable!("labels are not packed values"),
        }
    }

    /// Bytes that a column was packed to.
    pub(crate) fn packed_bytes(&self) -> Option<usize> {
        match self {
            Self::Packed(packed) => Some(packed.size()),
            Self::Plain(_) | Self::Cells(_) => None,
        }
    }

    pub(crate) fn view(&self) -> StoredRef<'_, S> {
        match self {
            Self::Plain(values) => StoredRef::Plain(values),
            Self::Packed(packed) => StoredRef::Packed(packed),
            Self::Cells(cells) => StoredRef::Cells(cells),
        }
    }
}

/// A column of n rows that somebody else keeps.
#[derive(Debug)]
pub(crate) enum StoredRef<'a, S: FieldSpec> {
    Plain(&'a [Fp<S>]),
    Packed(&'a Packed<S, Owned<u8>>),
    Cells(&'a [u32]),
}

impl<S: FieldSpec> Clone for StoredRef<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: FieldSpec> Copy for StoredRef<'_, S> {}

/// The labels of cells: delta^i·omega^j is that of row j of the i-th permutation column.
#[derive(Debug)]
pub(crate) struct Labels<S: FieldSpec> {
    k: u32,
    pub(crate) omegas: Vec<Fp<S>>,
    pub(crate) deltas: Vec<Fp<S>>,
}

impl<S: FieldSpec> Labels<S> {
    pub(crate) fn new(kernels: &Kernels, domain: &Domain<S>, columns: usize) -> Self {
        let mut omegas = vec![Fp::ZERO; domain.size()];
        kernels.powers(domain.omega(), Fp::ONE, &mut omegas);
        let mut deltas = vec![Fp::ZERO; columns];
        kernels.powers(Fp::delta(), Fp::ONE, &mut deltas);
        Self { k: domain.k(), omegas, deltas }
    }

    /// The cells that these are the labels of; `None` if one is no label.
    pub(crate) fn find(&self, kernels: &Kernels, columns: &[&[Fp<S>]]) -> Vec<Option<Vec<u32>>> {
        // (delta^i·omega^j)^n is delta^(i·n): from it i is known, and j from what is left.
        let rows: HashMap<u64, usize> = index(&self.omegas);
        let raised: Vec<Fp<S>> = self.deltas.iter().map(|delta| delta.pow(1 << self.k)).collect();
        let of_column: HashMap<u64, usize> = index(&raised);
        let mut delta_inverses = self.deltas.clone();
        kernels.batch_invert(&mut delta_inverses);

        let cell = |label: Fp<S>, power: Fp<S>| {
            let column = *of_column.get(&power.to_montgomery()[0])?;
            let omega = label * delta_inverses[column];
            let row = *rows.get(&omega.to_montgomery()[0])?;
            let found = raised[column] == power && self.omegas[row] == omega;
            found.then_some(((column << self.k) + row) as u32)
        };
        kernels.executor().map(columns.len(), |index| {
            let labels = columns[index];
            let mut powers = labels.to_vec();
            (0..self.k).for_each(|_| kernels.square(&mut powers));
            labels.iter().zip(powers).map(|(label, power)| cell(*label, power)).collect()
        })
    }

    /// The labels of `cells`, numbered i·n + j.
    pub(crate) fn read(&self, kernels: &Kernels, cells: &[u32], out: &mut [Fp<S>]) {
        let mut deltas = [Fp::ZERO; TILE];
        for (cells, out) in cells.chunks(TILE).zip(out.chunks_mut(TILE)) {
            let deltas = &mut deltas[..cells.len()];
            for ((cell, out), delta) in cells.iter().zip(out.iter_mut()).zip(deltas.iter_mut()) {
                let cell = *cell as usize;
                *out = self.omegas[cell & (self.omegas.len() - 1)];
                *delta = self.deltas[cell >> self.k];
            }
            kernels.mul_assign(out, deltas);
        }
    }
}

/// Where elements are, by a word that tells those few apart.
fn index<S: FieldSpec>(elements: &[Fp<S>]) -> HashMap<u64, usize> {
    elements.iter().enumerate().map(|(index, element)| (element.to_montgomery()[0], index)).collect()
}

/// Reads columns of any kind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a, S: FieldSpec> {
    pub(crate) kernels: &'a Kernels,
    pub(crate) memory: &'a Memory,
    pub(crate) labels: &'a Labels<S>,
}

impl<S: FieldSpec> Reader<'_, S> {
    /// Writes rows of a column to `out`, from the `first` on: a multiple of [`TILE`].
    fn read(&self, column: StoredRef<'_, S>, first: usize, out: &mut [Fp<S>]) {
        let rows = first..first + out.len();
        match column {
            StoredRef::Plain(values) => out.copy_from_slice(&values[rows]),
            StoredRef::Packed(packed) => self.kernels.unpack(packed, first, out),
            StoredRef::Cells(cells) => self.labels.read(self.kernels, &cells[rows], out),
        }
    }

    /// Writes all rows of columns. There often are fewer columns than threads, so the rows are shared out.
    pub(crate) fn read_all<'c, 'o>(&self, columns: impl Iterator<Item = (StoredRef<'c, S>, &'o mut [Fp<S>])>)
    where
        S: 'c,
    {
        let executor = self.kernels.executor();
        let columns: SmallVec<[_; FEW]> = columns.collect();
        let rows: usize = columns.iter().map(|(_, out)| out.len()).sum();
        let len = executor.chunk_len(rows, PIECE).next_multiple_of(TILE);
        // Of a known length, so that the executor asks for memory once.
        let pieces: SmallVec<[_; PIECES]> = columns
            .into_iter()
            .flat_map(|(column, out)| {
                out.chunks_mut(len).enumerate().map(move |(index, out)| (column, index * len, out))
            })
            .collect();
        executor.for_each(pieces, |_, (column, first, out)| self.read(column, first, out));
    }

    /// The rows of a column, where they are if they are plain.
    pub(crate) fn rows<'c>(&self, column: StoredRef<'c, S>) -> Result<Rows<'c, S>, Error> {
        if let StoredRef::Plain(values) = column {
            return Ok(Rows::Lent(values));
        }
        let mut values = self.memory.scratch(self.labels.omegas.len())?;
        self.read(column, 0, &mut values);
        Ok(Rows::Computed(values))
    }

    /// [`rows`](Self::rows) of several columns.
    pub(crate) fn all_rows<'c>(&self, columns: &[StoredRef<'c, S>]) -> Result<Vec<Rows<'c, S>>, Error> {
        let mut rows = try_collect(columns.iter().map(|column| match column {
            StoredRef::Plain(values) => Ok(Rows::Lent(values)),
            _ => self.memory.scratch(self.labels.omegas.len()).map(Rows::Computed),
        }))?;
        let computed = rows.iter_mut().zip(columns).filter_map(|(rows, column)| match rows {
            Rows::Computed(values) => Some((*column, &mut **values)),
            Rows::Lent(_) => None,
        });
        self.read_all(computed);
        Ok(rows)
    }
}
