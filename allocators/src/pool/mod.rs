//! Buffers that are leased, returned and leased again.

mod block;
mod class;
mod free;
mod lease;
mod pages;
mod part;
mod shared;
mod stats;
mod workspace;

use std::fmt;
use std::sync::Arc;

use crate::lock::lock;
use crate::{Error, FailurePlan, MemoryLimit, Reservation};
use shared::Shared;

pub use lease::Lease;
pub use pages::HugePages;
pub(crate) use shared::{IdleArena, Shared as PoolShared};
pub use stats::PoolStats;
pub(crate) use workspace::Inner as WorkspaceInner;
pub use workspace::Workspace;

/// Large buffers, aligned to 64 bytes, that are reused with their pages in place. Clones are handles
/// of the same pool.
///
/// Buffers are leased in a [`Workspace`], of which each proof opens its own. Within a workspace they
/// are reused as they are. When the last handle of a workspace is dropped, every byte it has leased
/// is set to zero, and the buffers are idle in the pool until another workspace needs their sizes:
/// no proof sees the bytes of an earlier one, and none lie about in the meantime.
///
/// How much stays idle is the pool's [retain policy](PoolBuilder::retain); [`trim`](Pool::trim) gives
/// it back, and so does the [limit](PoolBuilder::limit) when others need the room. Leases and
/// workspaces may outlive the handles of the pool; when the last of all is gone, everything has gone
/// back to the operating system.
///
/// ```
/// use parhelion_allocators::Pool;
///
/// let pool = Pool::default();
/// let workspace = pool.workspace();
/// let mut column = workspace.lease_zeroed::<[u64; 4]>(1 << 10)?;
/// column[7] = [1, 2, 3, 4];
/// drop(column);
/// let again = workspace.lease_zeroed::<[u64; 4]>(1 << 10)?;
/// assert_eq!(again[7], [0; 4]);
/// assert_eq!((pool.stats().hits, pool.stats().misses), (1, 1));
/// # Ok::<(), parhelion_allocators::Error>(())
/// ```
#[derive(Clone)]
pub struct Pool(Arc<Shared>);

impl Default for Pool {
    fn default() -> Self {
        Self::builder().build()
    }
}

impl Pool {
    /// Starts from the defaults: no limit, everything retained, huge pages advised.
    pub fn builder() -> PoolBuilder {
        PoolBuilder::default()
    }

    /// A workspace that takes bytes of the limit as it needs them, and fails where there are none
    /// left. See [`MemoryLimit::on_demand`].
    #[must_use]
    pub fn workspace(&self) -> Workspace {
        Workspace::new(Arc::clone(&self.0), self.limit().on_demand())
    }

    /// A workspace that charges its buffers to `reservation`, which must be a part of the pool's
    /// limit.
    ///
    /// # Errors
    /// [`Error::OtherLimit`].
    pub fn workspace_in(&self, reservation: Reservation) -> Result<Workspace, Error> {
        if !reservation.limit().is_same(self.limit()) {
            let (reservation, pool) = (reservation.limit().bytes(), self.limit().bytes());
            return Err(Error::OtherLimit { reservation, pool });
        }
        Ok(Workspace::new(Arc::clone(&self.0), reservation))
    }

    /// The limit that this pool is under.
    #[must_use]
    pub fn limit(&self) -> &MemoryLimit {
        &self.0.limit
    }

    /// Bytes of buffers of `bytes`: what a lease of so many is charged.
    ///
    /// # Errors
    /// [`Error::TooLarge`].
    pub fn rounded(&self, bytes: usize) -> Result<usize, Error> {
        if bytes == 0 { Ok(0) } else { self.0.class(bytes) }
    }

    /// Gives everything idle back to the operating system. Returns how many bytes.
    pub fn trim(&self) -> usize {
        self.trim_to(0)
    }

    /// Gives idle memory back until at most `bytes` are left. Returns how many bytes. What open
    /// workspaces have is not idle: see [`Workspace::trim`].
    pub fn trim_to(&self, bytes: usize) -> usize {
        self.0.trim_to(bytes)
    }

    /// What the pool has done so far.
    #[must_use]
    pub fn stats(&self) -> PoolStats {
        *lock(&self.0.stats)
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("limit", self.limit())
            .field("retain", &self.0.retain)
            .field("huge_pages", &self.0.huge_pages)
            .field("stats", &self.stats())
            .finish()
    }
}

/// Settings of a [`Pool`].
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct PoolBuilder {
    limit: Option<MemoryLimit>,
    retain: Option<usize>,
    huge_pages: HugePages,
    failures: Option<FailurePlan>,
}

impl PoolBuilder {
    /// The limit to charge buffers to, which other pools may be under as well; none unless told.
    pub fn limit(mut self, limit: MemoryLimit) -> Self {
        self.limit = Some(limit);
        self
    }

    /// The most bytes to keep idle between workspaces: 0 to return everything, all unless told.
    pub fn retain(mut self, bytes: usize) -> Self {
        self.retain = Some(bytes);
        self
    }

    /// Whether large buffers are on huge pages; [`HugePages::Advised`] unless told.
    pub fn huge_pages(mut self, huge_pages: HugePages) -> Self {
        self.huge_pages = huge_pages;
        self
    }

    /// Which requests are to fail, for tests; none unless told.
    pub fn failures(mut self, failures: FailurePlan) -> Self {
        self.failures = Some(failures);
        self
    }

    /// The pool. Takes no memory yet.
    #[must_use]
    pub fn build(self) -> Pool {
        Pool(Shared::new(
            self.limit.unwrap_or_default(),
            self.retain.unwrap_or(usize::MAX),
            self.huge_pages,
            self.failures.unwrap_or_default(),
        ))
    }
}
