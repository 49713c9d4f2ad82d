//! Certificates that serve, and those that do not.

use crate::support::Identity;
use gst_plugin_webrtc_signalling::tls::{TlsError, load, load_optional};
use std::path::Path;

#[test]
fn a_certificate_and_its_key_serve() {
    let identity = Identity::new("fits");
    assert!(load(&identity.cert, &identity.key).is_ok());
    assert!(load_optional(Some(&identity.cert), Some(&identity.key)).unwrap().is_some());
}

#[test]
fn without_either_there_is_no_tls() {
    assert!(load_optional(None, None).unwrap().is_none());
}

#[test]
fn one_without_the_other_is_an_error_that_names_it() {
    let path = Path::new("some.pem");
    let error = load_optional(Some(path), None).unwrap_err();
    assert_eq!(error.to_string(), "use certificate some.pem without a private key: give both or none");
    let error = load_optional(None, Some(path)).unwrap_err();
    assert_eq!(error.to_string(), "use private key some.pem without a certificate: give both or none");
}

#[test]
fn a_file_that_cannot_be_read_is_an_error_that_names_it() {
    let identity = Identity::new("unreadable");
    let error = load(Path::new("/no/such/cert.pem"), &identity.key).unwrap_err();
    assert!(error.to_string().starts_with("read certificate /no/such/cert.pem: "), "{error}");
    let error = load(&identity.cert, Path::new("/no/such/key.pem")).unwrap_err();
    assert!(error.to_string().starts_with("read private key /no/such/key.pem: "), "{error}");
}

#[test]
fn a_file_of_another_kind_is_an_error_that_names_it() {
    let identity = Identity::new("swapped");
    let error = load(&identity.key, &identity.key).unwrap_err();
    assert!(matches!(error, TlsError::Certificate { path, .. } if path == identity.key));
    let error = load(&identity.cert, &identity.cert).unwrap_err();
    assert!(matches!(error, TlsError::Key { path, .. } if path == identity.cert));
}

#[test]
fn a_key_of_another_certificate_is_an_error_that_names_both() {
    let (one, other) = (Identity::new("one"), Identity::new("other"));
    let error = load(&one.cert, &other.key).unwrap_err();
    assert!(matches!(error, TlsError::Mismatch { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains(&*one.cert.to_string_lossy()), "{text}");
    assert!(text.contains(&*other.key.to_string_lossy()), "{text}");
}
