//! Tokens that somebody else signs: JSON Web Tokens (RFC 7519).

use super::{Authority, MAX_ROOM, TokenError, provider};
use crate::grant::{Grant, Rights};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// How far the clocks of the issuer and of this server may be apart, in seconds.
const LEEWAY: u64 = 10;
/// How long a shared secret has to be, in bytes: as long as what it makes (RFC 7518 section 3.2).
const MIN_SECRET: usize = 32;
/// An uncompressed point on the curve P-256, as it stands in a public key.
const P256_POINT: usize = 65;

/// Why a key cannot check signatures.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JwtError {
    /// It is too short to be a secret.
    #[error(
        "a secret of {length} bytes is too short: give {MIN_SECRET} random bytes or more, or a public key in PEM form"
    )]
    Short {
        /// How long it is, in bytes.
        length: usize,
    },
    /// It is the half of a pair of keys that only the issuer may have.
    #[error("this is a private key, which belongs to the issuer of tokens: give its public key")]
    Private,
    /// It is in PEM form but no public key of a kind that is supported.
    #[error("this is no public key in PEM form that is RSA, P-256, P-384 or Ed25519")]
    Kind,
}

/// Checks JSON Web Tokens.
///
/// `exp` is needed and, with `nbf`, obeyed. `rights` is an array of `produce`, `consume` and `list`; without it
/// a token entitles to nothing. `room` names the room; without it, the bearer is in the common one.
pub struct Jwt {
    key: DecodingKey,
    validation: Validation,
}

#[derive(Deserialize)]
struct Claims {
    exp: u64,
    #[serde(default)]
    room: String,
    #[serde(default)]
    rights: Vec<String>,
}

impl Jwt {
    /// Takes the issuer's public key in PEM form, or a secret that is shared with the issuer. The key decides
    /// which algorithms are accepted: RS256 to RS512 and PS256 to PS512, ES256, ES384, EdDSA, or HS256.
    pub fn new(key: &[u8]) -> Result<Self, JwtError> {
        provider::install();
        let (key, algorithms) = read_key(key)?;
        let validation =
            Validation { algorithms, leeway: LEEWAY, validate_nbf: true, ..Validation::default() };
        Ok(Self { key, validation })
    }

    /// Accepts tokens for this audience only. Without it, tokens that name an audience are not accepted.
    #[must_use]
    pub fn audience(mut self, audience: &str) -> Self {
        self.validation.set_audience(&[audience]);
        self.validation.required_spec_claims.insert("aud".to_owned());
        self
    }

    /// Accepts tokens of this issuer only.
    #[must_use]
    pub fn issuer(mut self, issuer: &str) -> Self {
        self.validation.set_issuer(&[issuer]);
        self.validation.required_spec_claims.insert("iss".to_owned());
        self
    }
}

impl Authority for Jwt {
    fn judge(&self, token: &str) -> Result<Grant, TokenError> {
        // Looked at first because what is wrong with it is said in the same way as of the claims.
        decode_header(token).map_err(|_| TokenError::Untrusted)?;
        let claims = decode::<Claims>(token, &self.key, &self.validation)
            .map_err(|error| reason(error.kind()))?
            .claims;
        if claims.room.len() > MAX_ROOM {
            return Err(TokenError::Claims);
        }
        let rights =
            Rights::named(claims.rights.iter().map(String::as_str)).map_err(|_| TokenError::Claims)?;
        Ok(Grant { room: claims.room, rights, expires: expiry(claims.exp) })
    }
}

fn reason(kind: &ErrorKind) -> TokenError {
    match kind {
        ErrorKind::ExpiredSignature => TokenError::Expired,
        ErrorKind::ImmatureSignature => TokenError::NotYet,
        ErrorKind::InvalidAudience | ErrorKind::InvalidIssuer => TokenError::Elsewhere,
        ErrorKind::MissingRequiredClaim(_) | ErrorKind::InvalidClaimFormat(_) | ErrorKind::Json(_) => {
            TokenError::Claims
        }
        _ => TokenError::Untrusted,
    }
}

/// When a token of that expiry, in seconds since 1970, is over; nothing where that is beyond all clocks.
fn expiry(seconds: u64) -> Option<Instant> {
    let end = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds.checked_add(LEEWAY)?))?;
    let left = end.duration_since(SystemTime::now()).unwrap_or_default();
    Instant::now().checked_add(left)
}

fn read_key(key: &[u8]) -> Result<(DecodingKey, Vec<Algorithm>), JwtError> {
    use Algorithm::{ES256, ES384, EdDSA, HS256, PS256, PS384, PS512, RS256, RS384, RS512};
    let key = key.trim_ascii();
    if !key.starts_with(b"-----BEGIN ") {
        if key.len() < MIN_SECRET {
            return Err(JwtError::Short { length: key.len() });
        }
        return Ok((DecodingKey::from_secret(key), vec![HS256]));
    }
    if key.windows(11).any(|words| words == b"PRIVATE KEY") {
        return Err(JwtError::Private);
    }
    if let Ok(key) = DecodingKey::from_rsa_pem(key) {
        return Ok((key, vec![RS256, RS384, RS512, PS256, PS384, PS512]));
    }
    if let Ok(key) = DecodingKey::from_ec_pem(key) {
        let short = key.try_get_as_bytes().is_ok_and(|point| point.len() == P256_POINT);
        return Ok((key, vec![if short { ES256 } else { ES384 }]));
    }
    let key = DecodingKey::from_ed_pem(key).map_err(|_| JwtError::Kind)?;
    Ok((key, vec![EdDSA]))
}
