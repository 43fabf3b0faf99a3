//! Where the large buffers of a proof come from.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

use parhelion_allocators::{self as allocators, Charge, Lease, Workspace};
use parhelion_field_kernels::{FieldSpec, Fp};

use crate::Error;

mod lender;

pub(crate) use lender::KernelMemory;

/// Lends buffers to the stages of one proof. What they leave behind no other proof sees.
#[derive(Debug)]
pub(crate) struct Memory {
    workspace: Workspace,
    /// Bytes of most buffers: those of a column.
    column: usize,
    /// What is left of the buffers that small runs of bytes are taken from.
    rests: Mutex<Vec<Lease<u8>>>,
}

/// The smallest buffer of a pool.
const PAGE: usize = 4096;

/// How many buffers small runs of bytes are taken from: what is left of others is lost. With some to choose
/// from, the order in which threads ask hardly matters.
pub(crate) const RESTS: usize = 8;

/// Bytes of a value in the library's form, which synthesis keeps for circuits to read.
pub(crate) const CELL: usize = 72;

/// Memory of a proof, or of something that outlives proofs, such as a key.
pub(crate) enum Owned<T> {
    Leased(Lease<T>),
    Heap(Vec<T>),
}

/// Field elements, one for each row or coefficient.
pub(crate) type Buffer<S> = Owned<Fp<S>>;

/// Bytes of most buffers of a proof with 2^k rows: those of a column.
pub(crate) fn column_bytes(k: u32) -> usize {
    (size_of::<[u64; 4]>() << k).max(PAGE)
}

impl Memory {
    /// The memory of a proof with 2^k rows.
    pub(crate) fn new(workspace: Workspace, k: u32) -> Self {
        Self { workspace, column: column_bytes(k), rests: Mutex::default() }
    }

    /// Counts `bytes` that are not leased here against the limit of this proof until the charge is dropped.
    pub(crate) fn charge(&self, bytes: usize) -> Result<Charge, Error> {
        Ok(self.workspace.charge(bytes)?)
    }

    /// Returns what exceeds `bytes` to the limit, for other proofs.
    pub(crate) fn keep(&self, bytes: usize) {
        self.workspace.reservation().shrink_to(bytes);
    }

    /// Leaves the buffers that nobody has to other proofs.
    pub(crate) fn hand_over(&self) {
        self.workspace.hand_over();
    }

    /// What was reserved is what the proof should need. If it needs more, it takes what nobody else has.
    fn lease<T>(
        &self,
        lease: impl Fn(&Workspace) -> Result<Lease<T>, allocators::Error>,
    ) -> Result<Lease<T>, Error> {
        let result = match lease(&self.workspace) {
            Err(allocators::Error::ReservationExceeded { requested, available, .. }) => {
                // Without luck the error is that of the lease.
                let _ = self.workspace.reservation().try_grow(requested - available);
                lease(&self.workspace)
            }
            result => result,
        };
        Ok(result?)
    }

    /// `len` zeros.
    pub(crate) fn zeros<S: FieldSpec>(&self, len: usize) -> Result<Buffer<S>, Error> {
        Ok(Owned::Leased(self.lease(|workspace| workspace.lease_zeroed(len))?))
    }

    /// `len` elements that will be written before they are read. What they are until then is whatever
    /// this proof left there.
    pub(crate) fn scratch<S: FieldSpec>(&self, len: usize) -> Result<Buffer<S>, Error> {
        Ok(Owned::Leased(self.lease(|workspace| workspace.lease(len))?))
    }

    /// The elements of a slice.
    pub(crate) fn copy<S: FieldSpec>(&self, values: &[Fp<S>]) -> Result<Buffer<S>, Error> {
        Ok(Owned::Leased(self.lease(|workspace| workspace.lease_copy(values))?))
    }

    /// `len` bytes to be written, to be kept until the proof ends.
    ///
    /// They are part of a buffer of a column's size, of the fullest that has room: of such buffers there
    /// are many, while one of this very size would not serve anything else.
    pub(crate) fn bytes(&self, len: usize) -> Result<Owned<u8>, Error> {
        if len > self.column {
            return Ok(Owned::Leased(self.lease(|workspace| workspace.lease(len))?));
        }
        let mut rests = self.rests.lock().unwrap_or_else(PoisonError::into_inner);
        let with_room = rests.iter().enumerate().filter(|(_, rest)| rest.len() >= len);
        let mut bytes = match with_room.min_by_key(|(_, rest)| rest.len()).map(|(place, _)| place) {
            Some(fullest) => rests.swap_remove(fullest),
            None => self.lease(|workspace| workspace.lease(self.column))?,
        };
        rests.extend(bytes.split_off(len).filter(|rest| !rest.is_empty()));
        if rests.len() > RESTS
            && let Some(least) = (0..rests.len()).min_by_key(|place| rests[*place].len())
        {
            rests.swap_remove(least);
        }
        Ok(Owned::Leased(bytes))
    }

    /// A column's size of words, or a little more.
    pub(crate) fn block(&self) -> Result<Lease<u64>, Error> {
        self.lease(|workspace| workspace.lease(self.column / size_of::<u64>()))
    }
}

impl<T> Default for Owned<T> {
    fn default() -> Self {
        Self::Heap(Vec::new())
    }
}

impl<T> From<Vec<T>> for Owned<T> {
    fn from(values: Vec<T>) -> Self {
        Self::Heap(values)
    }
}

impl<T> Deref for Owned<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Self::Leased(values) => values,
            Self::Heap(values) => values,
        }
    }
}

impl<T> DerefMut for Owned<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        match self {
            Self::Leased(values) => values,
            Self::Heap(values) => values,
        }
    }
}

impl<T> AsRef<[T]> for Owned<T> {
    fn as_ref(&self) -> &[T] {
        self
    }
}

impl<T> AsMut<[T]> for Owned<T> {
    fn as_mut(&mut self) -> &mut [T] {
        self
    }
}

impl<T> fmt::Debug for Owned<T> {
    /// Without the elements, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Owned").field("len", &self.len()).finish_non_exhaustive()
    }
}

/// Elements that are lent, or were computed for the occasion.
#[derive(Debug)]
pub(crate) enum Rows<'a, S: FieldSpec> {
    Lent(&'a [Fp<S>]),
    Computed(Buffer<S>),
}

impl<S: FieldSpec> Deref for Rows<'_, S> {
    type Target = [Fp<S>];

    fn deref(&self) -> &[Fp<S>] {
        match self {
            Self::Lent(values) => values,
            Self::Computed(values) => values,
        }
    }
}
