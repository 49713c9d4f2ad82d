//! The one async runtime of the process, and the way off it for calls that can block.

use std::sync::{Condvar, LazyLock, Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::{Builder, Handle, Runtime};

/// `None` only where the system gives no threads.
static RUNTIME: LazyLock<Option<Runtime>> = LazyLock::new(|| {
    Builder::new_multi_thread().worker_threads(2).thread_name("webrtc-runtime").enable_all().build().ok()
});

/// Runs `future` on the shared runtime. Dropping the returned handle does not stop it.
pub(crate) fn spawn<F>(future: F)
where
    F: Future<Output = ()> + Send + 'static,
{
    if let Some(runtime) = RUNTIME.as_ref() {
        drop(runtime.spawn(future));
    }
}

/// Runs something that can block on a thread where that is allowed, without waiting for it.
pub(crate) fn spawn_blocking(work: impl FnOnce() + Send + 'static) {
    if let Some(runtime) = RUNTIME.as_ref() {
        drop(runtime.spawn_blocking(work));
    }
}

/// How much is being taken down in the process.
static LEAVING: (Mutex<usize>, Condvar) = (Mutex::new(0), Condvar::new());

/// Something is being taken down until this is dropped.
pub(crate) struct Leaving(());

impl Leaving {
    pub(crate) fn new() -> Self {
        *LEAVING.0.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        Self(())
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        *LEAVING.0.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        LEAVING.1.notify_all();
    }
}

/// Takes something down on a thread where that may block; [`settle`] waits for it.
pub(crate) fn take_down(work: impl FnOnce() + Send + 'static) {
    let leaving = Leaving::new();
    spawn_blocking(move || {
        work();
        drop(leaving);
    });
}

/// Waits, no longer than this, until nothing is being taken down: an application may end its process, and GStreamer with
/// it, as soon as its elements have stopped.
pub(crate) fn settle(limit: Duration) {
    if is_current() {
        return;
    }
    let count = LEAVING.0.lock().unwrap_or_else(PoisonError::into_inner);
    drop(LEAVING.1.wait_timeout_while(count, limit, |count| *count > 0));
}

/// Runs something that can block off the runtime and waits for its result.
///
/// `None` where it panicked; the panic has been reported by then.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    Handle::current().spawn_blocking(work).await.ok()
}

/// Whether the calling thread belongs to the runtime, and so must not wait for it.
pub(crate) fn is_current() -> bool {
    Handle::try_current().is_ok()
}
