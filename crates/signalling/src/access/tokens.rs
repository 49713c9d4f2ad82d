//! Tokens that are agreed on beforehand. Only their digests are kept.

use super::{Authority, TokenError};
use crate::grant::{Grant, Rights};
use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use subtle::ConstantTimeEq;

/// What the bearer of a token may do, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The room that the bearer belongs to.
    pub room: String,
    /// What the bearer may do there.
    pub rights: Rights,
}

/// A list of tokens.
#[derive(Default)]
pub struct Tokens(Vec<([u8; SHA256_OUTPUT_LEN], Token)>);

impl Tokens {
    /// A list without tokens: nobody comes in.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a token; false where it is there already.
    pub fn insert(&mut self, text: &str, token: Token) -> bool {
        let hash = hash(text);
        let new = self.0.iter().all(|(known, _)| *known != hash);
        if new {
            self.0.push((hash, token));
        }
        new
    }
}

impl Authority for Tokens {
    /// Looks at every token in the same way, so that how long it takes says nothing about any of them.
    fn judge(&self, token: &str) -> Result<Grant, TokenError> {
        let hash = hash(token);
        let mut found = None;
        for (known, token) in &self.0 {
            if known.ct_eq(&hash).into() {
                found = Some(token);
            }
        }
        let Token { room, rights } = found.ok_or(TokenError::Unknown)?.clone();
        Ok(Grant { room, rights, expires: None })
    }
}

fn hash(token: &str) -> [u8; SHA256_OUTPUT_LEN] {
    let mut hash = [0; SHA256_OUTPUT_LEN];
    hash.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    hash
}
