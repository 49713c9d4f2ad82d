//! The one async runtime of the process, and the way off it for calls that can block.

use std::sync::LazyLock;
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
