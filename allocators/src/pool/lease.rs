//! A buffer, while somebody leases it.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;
use std::sync::Arc;

use bytemuck::{AnyBitPattern, NoUninit, Zeroable};

use super::part::Part;
use super::workspace::Inner;
use crate::Error;

/// Alignment of buffers that is promised: a cache line, and an AVX-512 vector.
const ALIGN: usize = 64;

/// A place that is aligned and never accessed.
#[repr(align(64))]
struct Aligned;

/// A slice of `T` in a buffer of a [`Pool`](crate::Pool), aligned to 64 bytes. The buffer goes back
/// on drop.
///
/// Owns its elements as a `Vec` does, and may be sent to other threads and dropped there. Empty
/// leases have no buffer.
pub struct Lease<T> {
    start: NonNull<T>,
    len: usize,
    /// None if there are no bytes.
    part: Option<Part>,
    elements: PhantomData<T>,
}

// SAFETY: a lease is the only one to access its elements, as `Vec<T>` is, and `Part` is `Send`.
unsafe impl<T: Send> Send for Lease<T> {}
// SAFETY: through a shared reference, elements can only be read, and `Part` is `Sync`.
unsafe impl<T: Sync> Sync for Lease<T> {}

impl<T> Lease<T> {
    /// A lease of nothing.
    #[must_use]
    pub const fn empty() -> Self {
        const { assert!(align_of::<T>() <= ALIGN, "elements must be aligned to 64 bytes or less") };
        let start = NonNull::<Aligned>::dangling().cast();
        Self { start, len: 0, part: None, elements: PhantomData }
    }

    /// The bytes of the whole buffer, rounded up to its size class: what is charged for it, once if
    /// it is split.
    #[must_use]
    pub fn buffer_bytes(&self) -> usize {
        self.part.as_ref().map_or(0, |part| part.block().bytes())
    }

    /// How many elements there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Where the elements are, for stores that use the memory in their own way. It may be written
    /// through while no reference to the elements exists. Before the lease is dropped all its bytes
    /// must be initialised.
    #[must_use]
    pub const fn as_non_null(&self) -> NonNull<T> {
        self.start
    }

    /// Keeps the first `len` elements, all if there are fewer. The buffer stays as it is.
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Splits off the elements from `at` on; `None` if there are fewer. Both parts may go to other
    /// threads. The buffer goes back when both are gone. The second part is aligned to 64 bytes if
    /// the bytes of the first are a multiple of that.
    #[must_use = "the elements split off are dropped if unused"]
    pub fn split_off(&mut self, at: usize) -> Option<Self> {
        let len = self.len.checked_sub(at)?;
        // SAFETY: `at` is at most the length, so that this stays within the buffer or at its end.
        let start = unsafe { self.start.add(at) };
        self.len = at;
        Some(Self { start, len, part: self.part.as_ref().map(Part::split), elements: PhantomData })
    }

    /// Puts parts together again: the elements of `other` follow those of this lease.
    ///
    /// # Errors
    /// Both, if they are not parts of one buffer, the second right behind the first.
    pub fn join(mut self, mut other: Self) -> Result<Self, [Self; 2]> {
        let same = match (&self.part, &other.part) {
            (Some(part), Some(next)) => std::ptr::eq(part.block(), next.block()),
            _ => false,
        };
        // SAFETY: the elements are within the buffer, so that this is within it or at its end.
        let adjoins = same && unsafe { self.start.add(self.len) } == other.start;
        if !adjoins {
            return Err([self, other]);
        }
        // What is left of the other is empty and goes: there is still a part of the block.
        self.len += std::mem::take(&mut other.len);
        Ok(self)
    }

    /// Storage for `len` elements, not yet seen by anybody as elements.
    ///
    /// All its bytes are initialised: the system's zeros, or what leases wrote. As elements are
    /// `NoUninit`, these never wrote uninitialised bytes.
    fn storage(home: &Arc<Inner>, len: usize, zeroed: bool) -> Result<Self, Error> {
        Self::find(home, len, zeroed).inspect_err(|_| home.refused())
    }

    fn find(home: &Arc<Inner>, len: usize, zeroed: bool) -> Result<Self, Error> {
        let bytes = len.checked_mul(size_of::<T>()).filter(|bytes| isize::try_from(*bytes).is_ok());
        let bytes = bytes.ok_or(Error::TooLarge { len, element: size_of::<T>() })?;
        if bytes == 0 {
            return Ok(Self { len, ..Self::empty() });
        }
        let part = home.block(bytes, zeroed)?;
        Ok(Self { start: part.block().start().cast(), len, part: Some(part), elements: PhantomData })
    }
}

impl<T: NoUninit> Lease<T> {
    /// Storage whose bytes are elements as they are.
    pub(super) fn new(home: &Arc<Inner>, len: usize, zeroed: bool) -> Result<Self, Error>
    where
        T: Zeroable,
    {
        Self::storage(home, len, zeroed)
    }

    pub(super) fn copy(home: &Arc<Inner>, from: &[T]) -> Result<Self, Error> {
        let lease = Self::storage(home, from.len(), false)?;
        // SAFETY: the storage has room for as many elements, is aligned for them, and is new to
        // everybody, so that `from` does not overlap it.
        unsafe { lease.start.copy_from_nonoverlapping(NonNull::from(from).cast(), from.len()) };
        Ok(lease)
    }

    pub(super) fn with(
        home: &Arc<Inner>,
        len: usize,
        mut element: impl FnMut(usize) -> T,
    ) -> Result<Self, Error> {
        let lease = Self::storage(home, len, false)?;
        for index in 0..len {
            // SAFETY: within the storage, which is aligned and ours alone. Should `element` panic,
            // the lease is dropped, which reads no elements.
            unsafe { lease.start.add(index).write(element(index)) };
        }
        Ok(lease)
    }

    /// The same bytes as elements of another type of the same size.
    #[must_use]
    pub fn cast<U: NoUninit + AnyBitPattern>(self) -> Lease<U> {
        const {
            assert!(size_of::<T>() == size_of::<U>(), "a cast needs elements of the same size");
            assert!(align_of::<U>() <= align_of::<T>(), "a cast must not need more alignment");
        }
        Lease { start: self.start.cast(), len: self.len, part: self.part, elements: PhantomData }
    }

    /// A copy, in a buffer of the same workspace.
    ///
    /// # Errors
    /// As [`Workspace::lease_zeroed`](crate::Workspace::lease_zeroed).
    pub fn try_clone(&self) -> Result<Self, Error> {
        match &self.part {
            Some(part) => Self::copy(part.home(), self),
            None => Ok(Self { len: self.len, ..Self::empty() }),
        }
    }
}

impl<T> Deref for Lease<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: `start` is aligned, the `len` elements from it are within the buffer and
        // initialised, and no other lease has them. The buffer stays while `part` does.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl<T> DerefMut for Lease<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as in `deref`, and the lease is borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }
}

impl<T> AsRef<[T]> for Lease<T> {
    fn as_ref(&self) -> &[T] {
        self
    }
}

impl<T> AsMut<[T]> for Lease<T> {
    fn as_mut(&mut self) -> &mut [T] {
        self
    }
}

impl<T> Default for Lease<T> {
    fn default() -> Self {
        Self::empty()
    }
}

impl<'a, T> IntoIterator for &'a Lease<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a, T> IntoIterator for &'a mut Lease<T> {
    type Item = &'a mut T;
    type IntoIter = std::slice::IterMut<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

impl<T> fmt::Debug for Lease<T> {
    /// Without the elements, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease")
            .field("of", &std::any::type_name::<T>())
            .field("len", &self.len)
            .field("buffer_bytes", &self.buffer_bytes())
            .finish()
    }
}
