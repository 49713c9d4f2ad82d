//! Whom the client trusts: the system's certificate authorities and those of `cafile`.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
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
    let Some(path) = cafile else {
        return Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()));
    };
    let named =
        add_file(&mut roots, path).map_err(|cause| TlsError::CaFile { path: path.to_owned(), cause })?;
    let chain = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .map_err(|cause| TlsError::CaFile { path: path.to_owned(), cause: cause.to_string() })?;
    let verifier = Arc::new(Named { chain, named });
    Ok(Arc::new(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()))
}

/// Trusts what a file names; returns it.
fn add_file(roots: &mut RootCertStore, path: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let mut named = Vec::new();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|err| err.to_string())? {
        let certificate = certificate.map_err(|err| err.to_string())?;
        roots.add(certificate.clone()).map_err(|err| err.to_string())?;
        named.push(certificate);
    }
    if named.is_empty() { Err("it holds no certificate".into()) } else { Ok(named) }
}

/// Checks chains as ever, and also takes a server's certificate that `cafile` names itself although it is one of
/// an authority: `openssl req -x509` makes such certificates.
#[derive(Debug)]
struct Named {
    chain: Arc<WebPkiServerVerifier>,
    named: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Named {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified =
            self.chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match verified {
            // The library has no name of its own for an authority's certificate in this place.
            Err(Error::InvalidCertificate(CertificateError::Other(_))) if self.named.contains(end_entity) => {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chain.supported_verify_schemes()
    }
}

/// What `insecure-tls=true` asks for: any certificate will do.
#[derive(Debug)]
struct TrustsAll(Vec<SignatureScheme>);

impl ServerCertVerifier for TrustsAll {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};

    /// A self-signed certificate of an authority, as openssl makes it, and the verifier that a file with it gives.
    fn verify(
        names: &str,
        file: &CertificateDer<'static>,
        shown: &CertificateDer<'static>,
    ) -> Result<(), Error> {
        let mut roots = RootCertStore::empty();
        roots.add(file.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let chain = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        let verifier = Named { chain, named: vec![file.clone()] };
        let name = ServerName::try_from(names.to_owned()).unwrap();
        verifier.verify_server_cert(shown, &[], &name, &[], UnixTime::now()).map(|_| ())
    }

    fn authority() -> CertificateDer<'static> {
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone()
    }

    #[test]
    fn a_servers_certificate_that_the_file_names_serves_for_its_own_name_only() {
        let (ours, other) = (authority(), authority());
        assert_eq!(verify("localhost", &ours, &ours), Ok(()));
        assert!(verify("example.com", &ours, &ours).is_err());
        assert!(verify("localhost", &ours, &other).is_err());
    }
}
