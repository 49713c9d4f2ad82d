//! One ECDSA P-256 certificate per element, for the DTLS of all its sessions.
//!
//! `webrtcbin` would make an RSA key inside the first session: 200 ms that the first viewer waits, slower
//! handshakes for all, and peers that take only ECDSA refuse it.

use crate::runtime;
use gst::glib;
use gst::prelude::*;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// A self-signed certificate with its key.
pub(crate) struct Certificate {
    /// Certificate and private key, as `dtlsdec` takes them.
    pub(super) pem: String,
    /// The certificate, and its private key (PKCS #8).
    pub(super) der: Vec<u8>,
    pub(super) key: Vec<u8>,
    /// The value of `a=fingerprint` (RFC 8122): `sha-256 AB:CD:...`.
    pub(super) fingerprint: String,
}

impl Certificate {
    /// Makes a new one.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub(crate) fn generate() -> Result<Self, rcgen::Error> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let params = CertificateParams::new(vec!["webrtc".to_owned()])?;
        let certificate = params.self_signed(&key)?;
        let pem = format!("{}{}", certificate.pem(), key.serialize_pem());
        Ok(Self {
            pem,
            der: certificate.der().to_vec(),
            key: key.serialize_der(),
            fingerprint: fingerprint(certificate.der()),
        })
    }
}

/// Whether the process is ready for its first session: not begun, under way, done.
static READY: (Mutex<Option<bool>>, Condvar) = (Mutex::new(None), Condvar::new());

/// Makes the process ready for its first session, in the background.
///
/// The first `dtlsdec` of a process makes an RSA key, whether it will be used or not: 150 to 280 ms that the
/// first viewer would wait (GStreamer before 1.28). So one is made while nobody is there yet.
pub(crate) fn prepare() {
    {
        let mut state = READY.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_some() {
            return;
        }
        *state = Some(false);
    }
    // Loads OpenSSL, which the rest is about.
    let factory = gst::ElementFactory::find("dtlsdec").and_then(|factory| factory.load().ok());
    survive_exit();
    runtime::spawn_blocking(|| {
        let factory = factory.and_then(|factory| factory.downcast::<gst::ElementFactory>().ok());
        drop(factory.and_then(|factory| factory.create().build().ok()));
        *READY.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(true);
        READY.1.notify_all();
    });
}

/// OpenSSL cleans up when the process exits, whoever is using it, and a thread that is making a key then
/// crashes. So it is told not to; where it was set up before, by someone else, the exit waits for the key.
#[expect(unsafe_code, reason = "neither OpenSSL's set-up nor the process's exit have a safe interface here")]
fn survive_exit() {
    use std::ffi::{c_char, c_int, c_void};

    extern "C" fn wait() {
        let state = READY.0.lock().unwrap_or_else(PoisonError::into_inner);
        drop(READY.1.wait_timeout_while(state, Duration::from_secs(5), |state| *state == Some(false)));
    }
    // SAFETY: functions of the C library with their own signatures.
    unsafe extern "C" {
        fn atexit(callback: extern "C" fn()) -> c_int;
        fn dlopen(name: *const c_char, flags: c_int) -> *mut c_void;
        fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
    }
    /// `RTLD_LAZY | RTLD_NOLOAD`: only what the plugin has loaded already.
    const LOADED: c_int = 1 | 4;
    /// `OPENSSL_INIT_NO_ATEXIT`
    const NO_CLEAN_UP: u64 = 0x0008_0000;
    type Init = unsafe extern "C" fn(u64, *const c_void) -> c_int;
    // SAFETY: the names are C strings; the symbol, where it exists, has had this signature since OpenSSL 1.1;
    // the callback touches statics only.
    unsafe {
        let library = dlopen(c"libcrypto.so.3".as_ptr(), LOADED);
        if !library.is_null() {
            let symbol = dlsym(library, c"OPENSSL_init_crypto".as_ptr());
            if !symbol.is_null() {
                std::mem::transmute::<*mut c_void, Init>(symbol)(NO_CLEAN_UP, std::ptr::null());
            }
        }
        atexit(wait);
    }
}

fn fingerprint(der: &[u8]) -> String {
    let hex =
        glib::compute_checksum_for_data(glib::ChecksumType::Sha256, der).unwrap_or_default().to_uppercase();
    let bytes: Vec<_> = hex.as_bytes().chunks(2).map(String::from_utf8_lossy).collect();
    format!("sha-256 {}", bytes.join(":"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_certificate_has_its_key_and_a_sha_256_fingerprint() {
        let certificate = Certificate::generate().unwrap();
        assert!(certificate.pem.contains("BEGIN CERTIFICATE") && certificate.pem.contains("PRIVATE KEY"));
        assert_eq!(certificate.fingerprint.len(), "sha-256 ".len() + 32 * 3 - 1);
    }
}
