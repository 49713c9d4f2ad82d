//! The certificate of servers that are measured with TLS, made at run time.

use anyhow::{Context, Result};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore, client::Resumption};
use std::path::PathBuf;
use std::sync::Arc;
use tokio_rustls::TlsConnector;

/// The name in the certificate.
pub const NAME: &str = "localhost";

/// A self-signed certificate and its key as files, removed when dropped.
pub struct Identity {
    pub certificate: PathBuf,
    pub key: PathBuf,
    der: CertificateDer<'static>,
}

impl Identity {
    /// Makes one.
    pub fn new() -> Result<Self> {
        let made = rcgen::generate_simple_self_signed([NAME.to_owned()])?;
        let file = |kind: &str| {
            std::env::temp_dir().join(format!("signalling-bench-{}.{kind}.pem", std::process::id()))
        };
        let (certificate, key) = (file("certificate"), file("key"));
        std::fs::write(&certificate, made.cert.pem()).context("failed to write the certificate")?;
        std::fs::write(&key, made.signing_key.serialize_pem()).context("failed to write the key")?;
        Ok(Self {
            certificate,
            key,
            der: made.cert.der().clone(),
        })
    }

    /// Trusts it. Every handshake is a full one, as a new client's is.
    pub fn connector(&self) -> Result<TlsConnector> {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone())?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.resumption = Resumption::disabled();
        Ok(TlsConnector::from(Arc::new(config)))
    }
}

impl Drop for Identity {
    fn drop(&mut self) {
        // Fails where somebody was faster.
        drop(std::fs::remove_file(&self.certificate));
        drop(std::fs::remove_file(&self.key));
    }
}
