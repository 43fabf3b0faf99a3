//! Work that ends before it is done.
//!
//! Who starts a computation says in a [`Control`] what may end it early. Code deep inside of it calls
//! [`checkpoint`] now and then, and is left from there when it is time: the stack is unwound up to
//! [`Control::run`], as by a panic, but silently. Buffers are returned on the way as everywhere, and the pools
//! that the work runs on carry the unwinding to the caller, as they do with panics.
//!
//! Where panics abort the process there is nothing to unwind. There checkpoints do nothing, and work
//! ends where the computation asks [`Control::check`] itself.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::panicking;
use std::time::Instant;

/// Cancels computations. Clones are handles of the same token.
///
/// ```
/// use parhelion_scheduler::{CancelToken, Control, Interruption, checkpoint};
///
/// let token = CancelToken::new();
/// let control = Control::default().with_token(token.clone());
/// assert_eq!(control.run(|| 5), Ok(5));
/// token.cancel();
/// let forever = || -> () { loop { checkpoint() } };
/// assert_eq!(control.run(forever), Err(Interruption::Cancelled));
/// ```
#[derive(Clone, Debug, Default)]
pub struct CancelToken(Arc<AtomicBool>);

impl CancelToken {
    /// A token that has not been used.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Cancels every computation that this token was given to, now and later. There is no way back.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether [`cancel`](Self::cancel) was called.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// A guard that cancels when it is dropped, unless it is [disarmed](CancelOnDrop::disarm).
    pub fn on_drop(&self) -> CancelOnDrop {
        CancelOnDrop(Some(self.clone()))
    }
}

/// Cancels a token when dropped: for callers that may go away, such as the future of a request.
#[derive(Debug)]
#[must_use = "dropping this cancels"]
pub struct CancelOnDrop(Option<CancelToken>);

impl CancelOnDrop {
    /// Lets the computation go on.
    pub fn disarm(mut self) {
        self.0 = None;
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        if let Some(token) = &self.0 {
            token.cancel();
        }
    }
}

/// Why a computation ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Interruption {
    /// Its token was cancelled.
    #[error("cancelled")]
    Cancelled,
    /// Its deadline has passed.
    #[error("the deadline has passed")]
    Deadline,
}

/// What may end a computation early. By default nothing does.
#[derive(Clone, Debug, Default)]
pub struct Control {
    tokens: Vec<CancelToken>,
    deadline: Option<Instant>,
}

impl Control {
    /// Ends early when `token` is cancelled, besides what ends it already.
    #[must_use]
    pub fn with_token(mut self, token: CancelToken) -> Self {
        self.tokens.push(token);
        self
    }

    /// Ends early at `deadline`, or at an earlier one that was given before.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Instant) -> Self {
        self.deadline = Some(self.deadline.map_or(deadline, |earlier| earlier.min(deadline)));
        self
    }

    /// Whether it is time to end.
    ///
    /// # Errors
    /// If so, why.
    pub fn check(&self) -> Result<(), Interruption> {
        if self.tokens.iter().any(CancelToken::is_cancelled) {
            return Err(Interruption::Cancelled);
        }
        match self.deadline {
            Some(deadline) if Instant::now() >= deadline => Err(Interruption::Deadline),
            _ => Ok(()),
        }
    }

    /// Runs `work` on this thread until it ends or a [`checkpoint`] in it finds that it should.
    /// Work that it has done on other threads through an [`Interruptible`](crate::Interruptible)
    /// executor has ended then, too.
    ///
    /// # Errors
    /// Why it was left. It may also end in success although it should not have: between checkpoints
    /// nobody looks.
    ///
    /// # Panics
    /// If `work` does.
    pub fn run<R>(&self, work: impl FnOnce() -> R) -> Result<R, Interruption> {
        let _entered = Entered::caught(Some(Arc::new(self.clone())));
        let result = catch_unwind(AssertUnwindSafe(work));
        result.map_err(|payload| match payload.downcast::<Left>() {
            Ok(left) => left.0,
            Err(panic) => resume_unwind(panic),
        })
    }
}

/// What the unwinding carries.
struct Left(Interruption);

/// What a thread is in the middle of.
struct Current {
    control: Option<Arc<Control>>,
    /// Whether the thread was unwinding already when it began this, in a place that catches
    /// panics: a worker that waits for the rest of a join that panicked does other work meanwhile.
    unwinding: bool,
}

thread_local! {
    static CURRENT: RefCell<Current> = const { RefCell::new(Current { control: None, unwinding: false }) };
}

/// The control of the work that this thread is doing.
pub(crate) fn current() -> Option<Arc<Control>> {
    CURRENT.with_borrow(|current| current.control.clone())
}

/// While this lives, the thread works under another control, or none.
pub(crate) struct Entered(Option<Current>);

impl Entered {
    /// For work whose panics are caught as soon as they leave it.
    pub(crate) fn caught(control: Option<Arc<Control>>) -> Self {
        Self(Some(CURRENT.replace(Current { control, unwinding: panicking() })))
    }

    /// For a part of what the thread is doing. Leaves at once if it is time to.
    pub(crate) fn task(control: Option<Arc<Control>>) -> Self {
        let outer = CURRENT.take();
        let unwinding = outer.unwinding;
        let interrupted = control.as_ref().and_then(|control| control.check().err());
        CURRENT.set(Current { control, unwinding });
        let entered = Self(Some(outer));
        // Here nothing can be in the middle of its clean-up but what was so before.
        if let Some(interruption) = interrupted
            && panicking() == unwinding
        {
            leave(interruption);
        }
        entered
    }
}

impl Default for Current {
    fn default() -> Self {
        Self { control: None, unwinding: panicking() }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        CURRENT.set(self.0.take().unwrap_or_default());
    }
}

/// A place where the work of this thread can be left: to be passed every few milliseconds by whatever
/// may take long. Costs some nanoseconds, and the time of day if there is a deadline.
///
/// Does nothing outside of [`Control::run`], and while a panic unwinds: a second one in the middle of a
/// clean-up would end the process.
#[inline]
pub fn checkpoint() {
    let check = |current: &Current| current.control.as_ref().and_then(|control| control.check().err());
    if let Some(interruption) = CURRENT.with_borrow(check)
        && !panicking()
    {
        leave(interruption);
    }
}

/// Whether panics unwind.
pub(crate) const CAN_LEAVE: bool = cfg!(panic = "unwind");

/// Unwinds to [`Control::run`], if that can be done.
#[cold]
pub(crate) fn leave(interruption: Interruption) {
    if CAN_LEAVE {
        let payload: Box<dyn Any + Send> = Box::new(Left(interruption));
        resume_unwind(payload);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn checkpoints_do_nothing_outside() {
        checkpoint();
        let token = CancelToken::new();
        token.cancel();
        let outer = Control::default().with_token(token);
        // An inner computation under its own control is not the outer one.
        let inner = || Control::default().run(checkpoint);
        assert_eq!(outer.run(inner), Ok(Ok(())));
        assert_eq!(outer.run(checkpoint), Err(Interruption::Cancelled));
        checkpoint();
    }

    #[test]
    fn the_earlier_deadline_counts() {
        let now = Instant::now();
        let late = Control::default().with_deadline(now + Duration::from_secs(3600));
        assert_eq!(late.run(checkpoint), Ok(()));
        let early = late.with_deadline(now).with_deadline(now + Duration::from_secs(1));
        assert_eq!(early.run(checkpoint), Err(Interruption::Deadline));
    }

    #[test]
    fn panics_stay_panics() {
        let caught = catch_unwind(|| Control::default().run(|| -> () { resume_unwind(Box::new("oh")) }));
        assert_eq!(caught.expect_err("a panic").downcast_ref::<&str>(), Some(&"oh"));
        // Cleaning up after a panic is never cut short.
        struct Careful;
        impl Drop for Careful {
            fn drop(&mut self) {
                checkpoint();
            }
        }
        let control = Control::default().with_deadline(Instant::now());
        let caught = catch_unwind(AssertUnwindSafe(|| {
            control.run(|| {
                let _careful = Careful;
                resume_unwind(Box::new(7_u8));
            })
        }));
        assert_eq!(caught.expect_err("a panic").downcast_ref::<u8>(), Some(&7));
    }

    #[test]
    fn a_guard_cancels_unless_disarmed() {
        let token = CancelToken::new();
        token.on_drop().disarm();
        assert!(!token.is_cancelled());
        drop(token.on_drop());
        assert!(token.is_cancelled());
    }
}
