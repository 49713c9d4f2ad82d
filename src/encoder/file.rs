//! The user's own rows: a TOML file with a table for each encoder, read into entries. What they mean is the
//! concern of [`super::table`].

use super::changes::Changes;
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::{Spanned, Value};

/// The file: entries by the name of the element.
pub(super) type File = BTreeMap<String, Entry>;

/// What the file says about one encoder.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct Entry {
    /// In the place of the element's own.
    pub(super) rank: Option<u32>,
    /// It is never used.
    pub(super) forbidden: bool,
    pub(super) bitrate: Option<Bitrate>,
    /// Over those of the built-in row.
    pub(super) settings: BTreeMap<String, Spanned<Value>>,
    /// The name of an action signal, or `event`.
    pub(super) key_unit: Option<Spanned<String>>,
    pub(super) change: Option<Change>,
    pub(super) formats: Option<Vec<Spanned<String>>>,
    pub(super) memories: Option<Vec<Spanned<String>>>,
    /// The property that holds the number of threads.
    pub(super) threads: Option<Spanned<String>>,
}

/// Where the bitrate is set.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Bitrate {
    pub(super) property: Spanned<String>,
    /// The field of it, where it is a structure.
    pub(super) field: Option<String>,
    pub(super) unit: Unit,
}

/// What a bitrate is counted in.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) enum Unit {
    #[serde(rename = "bit/s")]
    Bits,
    #[serde(rename = "kbit/s")]
    Kilobits,
}

impl Unit {
    /// Bits per second in one.
    pub(super) fn bits(self) -> u32 {
        match self {
            Self::Bits => 1,
            Self::Kilobits => 1000,
        }
    }
}

/// How a change of the bitrate is taken.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Change {
    /// While it runs.
    Live,
    /// It starts itself anew.
    RestartsItself,
    /// It has to be started anew.
    NeedsRestart,
}

impl From<Change> for Changes {
    fn from(change: Change) -> Self {
        match change {
            Change::Live => Self::CHEAP,
            Change::RestartsItself => Self::RESTART,
            Change::NeedsRestart => Self::STANDING,
        }
    }
}

/// Reads a file's text.
///
/// # Errors
/// Line, key and cure, on one line.
pub(super) fn read(text: &str) -> Result<File, String> {
    toml::from_str(text).map_err(|err| {
        let (line, words) = err.span().map(|span| at(text, span.start)).unwrap_or((1, ""));
        let said = err.message().lines().collect::<Vec<_>>().join(", ");
        format!("line {line} (\"{words}\"): {said}; docs/encoders.md has all keys and an example")
    })
}

/// The number and the text of the line at an offset.
pub(super) fn at(text: &str, offset: usize) -> (usize, &str) {
    let before = text.get(..offset).unwrap_or(text);
    let number = before.matches('\n').count() + 1;
    (number, text.lines().nth(number - 1).unwrap_or_default().trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_named_with_its_line_and_what_is_known() {
        for (text, line, words) in [
            ("[vp8enc]\n\nrnak = 3", "line 3", ["rnak", "rank"]),
            (
                "[x264enc]\nbitrate = { property = \"bitrate\", unit = \"Mbit/s\" }",
                "line 2",
                ["Mbit/s", "kbit/s"],
            ),
            ("[x264enc]\nbitrate = { property = \"bitrate\" }", "line 2", ["unit", "missing"]),
            ("[x264enc]\nchange = \"never\"", "line 2", ["never", "needs-restart"]),
            ("rank = 3", "line 1", ["rank = 3", "docs/encoders.md"]),
            ("[vp8enc\n", "line 1", ["vp8enc", "docs/encoders.md"]),
            ("[vp8enc]\nrank = -1", "line 2", ["rank", "-1"]),
        ] {
            let said = read(text).unwrap_err();
            assert!(said.contains(line), "{text}: {said}");
            assert!(words.iter().all(|word| said.contains(word)), "{text}: {said}");
            assert!(!said.contains('\n'), "{said}");
        }
    }
}
