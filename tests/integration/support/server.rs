//! A signalling server of its own, which can be killed.

use std::net::{SocketAddr, TcpListener};
use tokio::runtime::Runtime;

/// A running server; dropping it is as if it had been killed: nobody is told.
pub(crate) struct Server {
    runtime: Option<Runtime>,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// A server as it comes.
    pub(crate) fn start(address: &str) -> Self {
        Self::with(address, signalling::Config::default())
    }

    /// A server with other settings.
    pub(crate) fn with(address: &str, config: signalling::Config) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = TcpListener::bind(address).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            signalling::run(listener, config, std::future::pending()).await.unwrap();
        });
        Self { runtime: Some(runtime), address }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.runtime.take().unwrap().shutdown_background();
    }
}
