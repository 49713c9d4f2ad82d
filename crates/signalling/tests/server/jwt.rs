//! Signed tokens: who may sign them, and what they must say.

use data_encoding::BASE64URL_NOPAD;
use gst_plugin_webrtc_signalling::access::{Authority, Jwt, JwtError, TokenError};
use gst_plugin_webrtc_signalling::{Grant, Rights};
use rcgen::KeyPair;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// A secret as an issuer and a server share it.
pub(crate) const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

/// Signed once by a key that is gone: {"exp":4102444800,"room":"blue","rights":["consume"]}, which is in 2100.
const RS256_TOKEN: &str = concat!(
    "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJleHAiOjQxMDI0NDQ4MDAsInJvb20iOiJibHVlIiwicmlnaHRzI",
    "jpbImNvbnN1bWUiXX0.cGoHu4twc6L7QTYaJGIORqxtw9khC7IJ463-37oFRrrQRo2qO2LqLt__WSBUlSWij3wmeD9",
    "J3wgs6yWmde3LFnxW0JeDc8boqHZV-11GTfOdXuDSkaDuQLxtjGl58BH0_UtBW2dXVzjKQolzxWUrXqU0UIhbwpgmg",
    "Alsfrg3ElS61KXMtcLWkD6P5RDxE_YAQP9fHUnHtef6Zg-avHmDIwPekmoTeXwEEjQlexAgc0IvD02dMYscWfvYEvC",
    "h3gSUWkOhXVg_gwoxKCwev5wfn0-G8qn2OwSZOVo7n1aW1MOS_dnrAxn6UBB9h-SiaCXUxBKmJP_ITXoOCWHX4A55H",
    "w",
);
const RS256_KEY: &str = "-----BEGIN PUBLIC KEY-----\n\
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA4SdLHi/zRRqtPL0SBT5U\n\
jUQcQpVpMdfbz6oO9NgX7BVHaq9bwGNX4Bsisq5fDpgSW3pphxD2ZBCMt0riSgi+\n\
ildk0ZYwiFU/HBHywif270xCrFxjfIWVkKMtGr1NozQkSev40U5OpaK5KQ4jf8ZF\n\
rgvDLPZ1w1JHCV4Q76Ebp0A5rF8CtQ+9MMxNIt0ifJzPcES9sHxlocfBHaJ16MUF\n\
qe0ooAvr/dSWe8aQ2qYD5XFNlQQM6o5tObcpKey6vLYAaHx4NTvpn8WGn1d2dMSM\n\
j+WXJl+EB4BzDMhyfDevmwINxEa6GL8h5y0YVkbkNT0XYNql8Wj/ciKZXaUgNRcN\n\
AwIDAQAB\n\
-----END PUBLIC KEY-----\n";

/// A token with this header and these claims, signed by `sign`.
fn signed(algorithm: &str, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let message = format!("{}.{}", part(&json!({"alg": algorithm, "typ": "JWT"})), part(claims));
    let signature = BASE64URL_NOPAD.encode(&sign(message.as_bytes()));
    format!("{message}.{signature}")
}

/// A token that is signed with [`SECRET`].
pub(crate) fn token(claims: &Value) -> String {
    signed("HS256", claims, |message| hmac_sha256(SECRET, message))
}

fn hmac_sha256(secret: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message).as_ref().to_vec()
}

/// So many seconds from now, as claims have it.
pub(crate) fn in_seconds(seconds: i64) -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    i64::try_from(now).unwrap() + seconds
}

fn claims() -> Value {
    json!({"exp": in_seconds(60), "rights": ["produce", "list"], "room": "blue"})
}

/// The claims with some changed or, where null, left out.
fn claims_with(changes: Value) -> Value {
    let mut claims = claims();
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    claims
}

fn assert_judged_well(grant: &Grant) {
    assert_eq!(grant.room, "blue");
    assert_eq!(grant.rights, Rights { consume: false, ..Rights::ALL });
    let left = grant.expires.unwrap() - Instant::now();
    // The clocks of issuer and server may be apart by ten seconds.
    assert!(left > Duration::from_secs(55) && left <= Duration::from_secs(70), "{left:?}");
}

#[test]
fn a_token_of_who_shares_the_secret_entitles_to_what_it_says() {
    let jwt = Jwt::new(SECRET).unwrap();
    assert_judged_well(&jwt.judge(&token(&claims())).unwrap());
    let forged = signed("HS256", &claims(), |message| hmac_sha256(b"another secret", message));
    assert_eq!(jwt.judge(&forged), Err(TokenError::Untrusted));
}

#[test]
fn a_token_of_who_has_the_private_key_entitles_to_what_it_says() {
    let random = SystemRandom::new();
    for (algorithm, kind) in [
        ("ES256", &rcgen::PKCS_ECDSA_P256_SHA256),
        ("ES384", &rcgen::PKCS_ECDSA_P384_SHA384),
        ("EdDSA", &rcgen::PKCS_ED25519),
    ] {
        let pair = KeyPair::generate_for(kind).unwrap();
        let pkcs8 = pair.serialize_der();
        let sign = |message: &[u8]| match algorithm {
            "EdDSA" => {
                Ed25519KeyPair::from_pkcs8_maybe_unchecked(&pkcs8).unwrap().sign(message).as_ref().to_vec()
            }
            _ => {
                let kind = if algorithm == "ES256" {
                    &ECDSA_P256_SHA256_FIXED_SIGNING
                } else {
                    &ECDSA_P384_SHA384_FIXED_SIGNING
                };
                let key = EcdsaKeyPair::from_pkcs8(kind, &pkcs8, &random).unwrap();
                key.sign(&random, message).unwrap().as_ref().to_vec()
            }
        };
        let token = signed(algorithm, &claims(), sign);
        let jwt = Jwt::new(pair.public_key_pem().as_bytes()).unwrap();
        assert_judged_well(&jwt.judge(&token).unwrap());
        let other = KeyPair::generate_for(kind).unwrap();
        let jwt = Jwt::new(other.public_key_pem().as_bytes()).unwrap();
        assert_eq!(jwt.judge(&token), Err(TokenError::Untrusted), "{algorithm}");
    }
    let grant = Jwt::new(RS256_KEY.as_bytes()).unwrap().judge(RS256_TOKEN).unwrap();
    assert_eq!((grant.room.as_str(), grant.rights), ("blue", Rights { consume: true, ..Rights::NONE }));
}

#[test]
fn a_public_key_is_no_secret_and_no_signature_is_no_algorithm() {
    let pair = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let public = pair.public_key_pem();
    let jwt = Jwt::new(public.as_bytes()).unwrap();
    let confused = signed("HS256", &claims(), |message| hmac_sha256(public.as_bytes(), message));
    assert_eq!(jwt.judge(&confused), Err(TokenError::Untrusted));
    for algorithm in ["none", "None", "HS512"] {
        let token = signed(algorithm, &claims(), |_| Vec::new());
        assert_eq!(jwt.judge(&token), Err(TokenError::Untrusted));
        assert_eq!(Jwt::new(SECRET).unwrap().judge(&token), Err(TokenError::Untrusted));
    }
}

#[test]
fn a_token_that_is_changed_or_cut_short_is_not_trusted() {
    let jwt = Jwt::new(SECRET).unwrap();
    let token = token(&claims());
    let [header, _, signature] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    let more = BASE64URL_NOPAD.encode(claims_with(json!({"room": "red"})).to_string().as_bytes());
    let shorter = token.trim_end_matches(|c| c != '.');
    for wrong in [format!("{header}.{more}.{signature}"), shorter.to_owned(), String::new(), "a.b".to_owned()]
    {
        assert_eq!(jwt.judge(&wrong), Err(TokenError::Untrusted), "{wrong}");
    }
}

#[test]
fn times_and_claims_are_obeyed() {
    let jwt = Jwt::new(SECRET).unwrap();
    for (changes, expected) in [
        (json!({"exp": in_seconds(-60)}), TokenError::Expired),
        (json!({"nbf": in_seconds(60)}), TokenError::NotYet),
        (json!({"exp": null}), TokenError::Claims),
        (json!({"exp": "2100-01-01"}), TokenError::Claims),
        (json!({"rights": ["fly"]}), TokenError::Claims),
        (json!({"rights": "list"}), TokenError::Claims),
        (json!({"room": 5}), TokenError::Claims),
        (json!({"room": "x".repeat(257)}), TokenError::Claims),
        (json!({"aud": "somebody"}), TokenError::Elsewhere),
    ] {
        assert_eq!(jwt.judge(&token(&claims_with(changes.clone()))), Err(expected), "{changes}");
    }
    let grant = jwt.judge(&token(&claims_with(json!({"rights": null, "room": null})))).unwrap();
    assert_eq!((grant.room.as_str(), grant.rights), ("", Rights::NONE));
}

#[test]
fn an_audience_and_an_issuer_that_are_asked_for_must_be_there() {
    let jwt = Jwt::new(SECRET).unwrap().audience("here").issuer("them");
    let judge =
        |aud: Value, iss: Value| jwt.judge(&token(&claims_with(json!({"aud": aud, "iss": iss})))).err();
    assert_eq!(judge(json!("here"), json!("them")), None);
    assert_eq!(judge(json!(["there", "here"]), json!("them")), None);
    assert_eq!(judge(json!("there"), json!("them")), Some(TokenError::Elsewhere));
    assert_eq!(judge(json!("here"), json!("others")), Some(TokenError::Elsewhere));
    assert_eq!(judge(json!(null), json!("them")), Some(TokenError::Claims));
    assert_eq!(judge(json!("here"), json!(null)), Some(TokenError::Claims));
}

#[test]
fn a_key_that_cannot_check_anything_is_an_error_that_says_why() {
    assert!(matches!(Jwt::new(b"short\n").err(), Some(JwtError::Short { length: 5 })));
    let pair = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    assert!(matches!(Jwt::new(pair.serialize_pem().as_bytes()).err(), Some(JwtError::Private)));
    let other = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
    assert!(matches!(Jwt::new(other.as_bytes()).err(), Some(JwtError::Kind)));
}
