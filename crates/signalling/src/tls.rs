//! Certificate and key of a `wss` server.

use rustls::ServerConfig;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why TLS could not be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The certificate file could not be read, or holds no certificate in PEM form.
    #[error("read certificate {}: {source}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: pem::Error,
    },
    /// The key file could not be read, or holds no private key in PEM form.
    #[error("read private key {}: {source}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: pem::Error,
    },
    /// Both could be read but do not serve together, for example because the key belongs to another
    /// certificate.
    #[error("use certificate {} with private key {}: {source}", certificate.display(), key.display())]
    Mismatch {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What does not fit.
        source: rustls::Error,
    },
    /// A certificate was given without a key.
    #[error("use certificate {} without a private key: give both or none", .0.display())]
    KeyMissing(PathBuf),
    /// A key was given without a certificate.
    #[error("use private key {} without a certificate: give both or none", .0.display())]
    CertificateMissing(PathBuf),
}

/// Reads a certificate chain, the server's own certificate first, and its private key, both in PEM form.
pub fn load(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let unreadable = |source| TlsError::Certificate { path: certificate.to_owned(), source };
    let chain: Vec<_> = CertificateDer::pem_file_iter(certificate)
        .and_then(|certificates| certificates.collect())
        .map_err(unreadable)?;
    if chain.is_empty() {
        return Err(unreadable(pem::Error::NoItemsFound));
    }
    let private_key =
        PrivateKeyDer::from_pem_file(key).map_err(|source| TlsError::Key { path: key.to_owned(), source })?;
    // The provider is named, so that no process-wide default is needed or disturbed.
    ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, private_key))
        .map(Arc::new)
        .map_err(|source| TlsError::Mismatch {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            source,
        })
}

/// As [`load`], where both files are options: nothing where neither is given, an error where only one is.
pub fn load_optional(
    certificate: Option<&Path>,
    key: Option<&Path>,
) -> Result<Option<Arc<ServerConfig>>, TlsError> {
    match (certificate, key) {
        (Some(certificate), Some(key)) => load(certificate, key).map(Some),
        (Some(certificate), None) => Err(TlsError::KeyMissing(certificate.to_owned())),
        (None, Some(key)) => Err(TlsError::CertificateMissing(key.to_owned())),
        (None, None) => Ok(None),
    }
}
