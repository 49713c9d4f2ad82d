//! A network that delays and cuts up what passes, from a seed.

use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

/// A TCP relay; dropping it cuts its connections.
pub(crate) struct Delays {
    runtime: Option<Runtime>,
    pub(crate) address: SocketAddr,
}

impl Delays {
    /// A way to `target` on which each piece takes up to `longest`.
    pub(crate) fn before(target: SocketAddr, longest: Duration) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            let mut seed = 0x9e37_79b9_7f4a_7c15;
            while let Ok((near, _)) = listener.accept().await {
                let Ok(far) = TcpStream::connect(target).await else { continue };
                let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
                seed = random(seed);
                tokio::spawn(pass(near_in, far_out, seed, longest));
                seed = random(seed);
                tokio::spawn(pass(far_in, near_out, seed, longest));
            }
        });
        Self { runtime: Some(runtime), address }
    }
}

impl Drop for Delays {
    fn drop(&mut self) {
        self.runtime.take().unwrap().shutdown_background();
    }
}

/// Passes on pieces of random lengths after random times, until an end closes.
async fn pass(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    mut seed: u64,
    longest: Duration,
) {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        seed = random(seed);
        let most = 1 + usize::try_from(seed % 16_000).unwrap();
        let count = match from.read(&mut buffer[..most]).await {
            Ok(0) | Err(_) => break,
            Ok(count) => count,
        };
        let wait = longest.mul_f64((seed >> 32) as f64 / f64::from(u32::MAX)).max(Duration::from_nanos(1));
        let mut clock = tokio::time::interval(wait);
        clock.tick().await;
        clock.tick().await;
        if to.write_all(&buffer[..count]).await.is_err() {
            break;
        }
    }
    let _ = to.shutdown().await;
}

/// The next number of a xorshift sequence.
fn random(mut seed: u64) -> u64 {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    seed
}
