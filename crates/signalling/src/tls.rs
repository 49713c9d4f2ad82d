//! Certificate and key of a `wss` server, read from files, and read again while it runs.

use crate::swap::Swap;
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
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

/// A certificate and its key that can be read again while they are used. Connections that were made before keep
/// what they have.
#[derive(Debug)]
pub struct Reloadable {
    certificate: PathBuf,
    key: PathBuf,
    current: Arc<Current>,
}

/// What new connections get.
#[derive(Debug)]
struct Current(Swap<CertifiedKey>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.get())
    }
}

impl Reloadable {
    /// Reads a certificate chain, the server's own certificate first, and its private key, both in PEM form.
    pub fn open(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let current = Arc::new(Current(Swap::new(read(certificate, key)?)));
        Ok(Self { certificate: certificate.to_owned(), key: key.to_owned(), current })
    }

    /// As [`Reloadable::open`], where both files are options: nothing where neither is given, an error where
    /// only one is.
    pub fn open_optional(certificate: Option<&Path>, key: Option<&Path>) -> Result<Option<Self>, TlsError> {
        match (certificate, key) {
            (Some(certificate), Some(key)) => Self::open(certificate, key).map(Some),
            (Some(certificate), None) => Err(TlsError::KeyMissing(certificate.to_owned())),
            (None, Some(key)) => Err(TlsError::CertificateMissing(key.to_owned())),
            (None, None) => Ok(None),
        }
    }

    /// Reads both files again, for connections that are made from now on. Where they do not serve, everything
    /// stays as it is.
    pub fn reload(&self) -> Result<(), TlsError> {
        self.current.0.set(read(&self.certificate, &self.key)?);
        Ok(())
    }

    /// What a server needs, for [`crate::Config::tls`]. Follows [`Reloadable::reload`].
    pub fn server_config(&self) -> Result<Arc<ServerConfig>, TlsError> {
        ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map(|builder| builder.with_no_client_auth().with_cert_resolver(self.current.clone()))
            .map(Arc::new)
            .map_err(|source| mismatch(&self.certificate, &self.key, source))
    }
}

/// Reads a certificate chain, the server's own certificate first, and its private key, both in PEM form.
pub fn load(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    Reloadable::open(certificate, key)?.server_config()
}

/// As [`load`], where both files are options: nothing where neither is given, an error where only one is.
pub fn load_optional(
    certificate: Option<&Path>,
    key: Option<&Path>,
) -> Result<Option<Arc<ServerConfig>>, TlsError> {
    Reloadable::open_optional(certificate, key)?.map(|files| files.server_config()).transpose()
}

fn read(certificate: &Path, key: &Path) -> Result<CertifiedKey, TlsError> {
    let unreadable = |source| TlsError::Certificate { path: certificate.to_owned(), source };
    let chain: Vec<_> = CertificateDer::pem_file_iter(certificate)
        .and_then(|certificates| certificates.collect())
        .map_err(unreadable)?;
    if chain.is_empty() {
        return Err(unreadable(pem::Error::NoItemsFound));
    }
    let private_key =
        PrivateKeyDer::from_pem_file(key).map_err(|source| TlsError::Key { path: key.to_owned(), source })?;
    CertifiedKey::from_der(chain, private_key, &provider())
        .map_err(|source| mismatch(certificate, key, source))
}

/// Named, so that no process-wide default is needed or disturbed.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn mismatch(certificate: &Path, key: &Path, source: rustls::Error) -> TlsError {
    TlsError::Mismatch { certificate: certificate.to_owned(), key: key.to_owned(), source }
}
