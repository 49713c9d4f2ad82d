//! Who may come in: what a token entitles to. Where no tokens are asked for, everybody may do everything.
//!
//! Finding the token in a request is `credentials`'s part; obeying the [`Grant`] is the hub's.

pub(crate) mod credentials;
#[cfg(feature = "jwt")]
mod jwt;
#[cfg(feature = "jwt")]
mod provider;
mod tokens;

use crate::denial::Denial;
use crate::grant::{Grant, Rights};
use crate::swap::Swap;
use std::fmt;
use std::sync::Arc;
#[cfg(feature = "jwt")]
pub use {jwt::Jwt, jwt::JwtError};

pub use tokens::{Token, Tokens};

/// How long the name of a room may be, in bytes.
pub const MAX_ROOM: usize = 256;

/// Says what a token entitles to.
pub trait Authority: Send + Sync {
    /// What the bearer of this token may do. Asked once a connection, while it is made, so it must not wait.
    fn judge(&self, token: &str) -> Result<Grant, TokenError>;
}

/// Why a token entitles to nothing. Never holds the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// It is none that was given out.
    #[error("the token is not known")]
    Unknown,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Its time has not begun.
    #[error("the token is not valid yet")]
    NotYet,
    /// It is no signed token, or somebody else signed it, or it says things that cannot be understood.
    #[error("the token is not signed by whom it must be")]
    Untrusted,
    /// It was signed for another server, or by another issuer.
    #[error("the token is for another audience or from another issuer")]
    Elsewhere,
    /// A claim that is needed is missing or is not of the kind that it must be.
    #[error("the token lacks a claim, or one is not understood")]
    Claims,
}

/// Who may come in. A handle: clones share what [`Access::replace`] replaces.
#[derive(Clone, Default)]
pub struct Access(Arc<Swap<Vec<Box<dyn Authority>>>>);

impl Access {
    /// Everybody may do everything, and chooses a room.
    pub fn everybody() -> Self {
        Self::default()
    }

    /// A token is needed that one of these authorities knows, asked in this order.
    pub fn by(authorities: Vec<Box<dyn Authority>>) -> Self {
        Self(Arc::new(Swap::new(authorities)))
    }

    /// Asks other authorities from now on. Who is connected stays connected.
    pub fn replace(&self, authorities: Vec<Box<dyn Authority>>) {
        self.0.set(authorities);
    }

    /// What a request with this token, that wants into this room, may do.
    pub(crate) fn grant(&self, token: Option<&str>, room: Option<&str>) -> Result<Grant, Denial> {
        if room.is_some_and(|room| room.len() > MAX_ROOM) {
            return Err(Denial::RoomName);
        }
        let authorities = self.0.get();
        if authorities.is_empty() {
            return Ok(Grant { room: room.unwrap_or_default().to_owned(), ..Grant::default() });
        }
        let token = token.ok_or(Denial::TokenMissing)?;
        let mut reason = TokenError::Unknown;
        for authority in authorities.iter() {
            match authority.judge(token) {
                Ok(grant) if grant.rights == Rights::NONE => return Err(Denial::NoRights),
                Ok(grant) if room.is_some_and(|room| room != grant.room) => {
                    return Err(Denial::AnotherRoom);
                }
                Ok(grant) => return Ok(grant),
                Err(error) => reason = error,
            }
        }
        Err(Denial::Token(reason))
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").field("authorities", &self.0.get().len()).finish()
    }
}
