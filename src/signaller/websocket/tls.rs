//! Whom the client trusts: the system's certificate authorities and those of `cafile`.

use rustls::pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::sync::Arc;

/// A connection could not be secured.
#[derive(Debug, thiserror::Error)]
pub(super) enum TlsError {
    /// A certificate authority file cannot be used.
    #[error("read certificates from {path} (property cafile): {cause}")]
    CaFile {
        /// The file.
        path: String,
        /// Why.
        cause: String,
    },
    /// The library refuses its configuration.
    #[error("set up TLS: {0}")]
    Config(#[from] Error),
}

/// The configuration for a connection.
///
/// # Errors
/// `cafile` cannot be read or holds no certificate.
pub(super) fn config(cafile: Option<&str>, insecure: bool) -> Result<Arc<ClientConfig>, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions()?;
    if insecure {
        let trusting = Arc::new(TrustsAll(provider.signature_verification_algorithms.supported_schemes()));
        return Ok(Arc::new(
            builder.dangerous().with_custom_certificate_verifier(trusting).with_no_client_auth(),
        ));
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = cafile {
        add_file(&mut roots, path).map_err(|cause| TlsError::CaFile { path: path.to_owned(), cause })?;
    }
    Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

fn add_file(roots: &mut RootCertStore, path: &str) -> Result<(), String> {
    let mut added = 0;
    for certificate in CertificateDer::pem_file_iter(path).map_err(|err| err.to_string())? {
        let certificate = certificate.map_err(|err| err.to_string())?;
        roots.add(certificate).map_err(|err| err.to_string())?;
        added += 1;
    }
    if added == 0 { Err("it holds no certificate".into()) } else { Ok(()) }
}

/// What `insecure-tls=true` asks for: any certificate will do.
#[derive(Debug)]
struct TrustsAll(Vec<SignatureScheme>);

impl rustls::client::danger::ServerCertVerifier for TrustsAll {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<rustls::client::danger::ServerCertVerified, Error> {
        Ok(rustls::client::danger::ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, Error> {
        Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, Error> {
        Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.clone()
    }
}
