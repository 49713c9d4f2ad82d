//! The page `docs/reference.md`, made from what is registered and from `tests/surface/texts.txt`, which says in words
//! what GObject has no place for: signals, pads, messages.

use super::introspection::Facts;
use gst::glib;
use gst::prelude::*;
use std::collections::BTreeSet;
use std::fmt::Write;

/// The sections of the page: a heading, and the types that it is about.
const SECTIONS: [(&str, &[&str]); 6] = [
    ("webrtcsink", &["GstWebRTCSink", "GstBaseWebRTCSink"]),
    ("Pads of webrtcsink", &["GstWebRTCSinkPad"]),
    ("webrtcsrc", &["GstWebRTCSrc", "GstBaseWebRTCSrc"]),
    ("Pads of webrtcsrc", &["GstWebRTCSrcPad"]),
    ("The default signaller", &["GstWebRTCSignaller", "GstRSWebRTCSignallableIface"]),
    ("Data channels", &["GstRSWebRTCDataChannel"]),
];

/// The page.
///
/// # Errors
/// A line for each text that is missing or about nothing.
pub(super) fn page(facts: &Facts, texts: &Facts) -> Result<String, Vec<String>> {
    let mut page = Page { facts, texts, used: BTreeSet::new(), missing: Vec::new(), text: String::new() };
    page.line("# Reference\n");
    page.prose("page");
    for (heading, types) in SECTIONS {
        page.section(heading, types);
    }
    page.values();
    page.messages();
    let mut faults = page.missing;
    let unused = texts.keys().filter(|what| !page.used.contains(*what));
    faults.extend(unused.map(|what| format!("texts.txt: {what} is about nothing that is there")));
    if faults.is_empty() { Ok(page.text) } else { Err(faults) }
}

struct Page<'a> {
    facts: &'a Facts,
    texts: &'a Facts,
    used: BTreeSet<String>,
    missing: Vec<String>,
    text: String,
}

impl Page<'_> {
    fn line(&mut self, line: &str) {
        writeln!(self.text, "{line}").unwrap();
    }

    /// A text, whose key may go on with the names of arguments in parentheses.
    fn words(&mut self, what: &str) -> (String, String) {
        let named = |key: &&String| key.as_str() == what || key.starts_with(&format!("{what}("));
        match self.texts.keys().find(named) {
            Some(key) => {
                self.used.insert(key.clone());
                (key[what.len()..].trim_matches(['(', ')']).to_owned(), self.texts[key].clone())
            }
            None => {
                self.missing.push(format!("texts.txt says nothing about: {what}"));
                Default::default()
            }
        }
    }

    fn prose(&mut self, what: &str) {
        let (_, words) = self.words(what);
        self.line(&format!("{words}\n"));
    }

    /// What is known of a kind of one of these types: its name, and what is said.
    fn of(&self, kind: &str, types: &[&str]) -> Vec<(String, String, String)> {
        let begins: Vec<_> = types.iter().map(|type_| (*type_, format!("{kind} {type_} "))).collect();
        let of = |(type_, begin): &(&str, String)| {
            let mine = self.facts.iter().filter_map(|(what, says)| Some((what.strip_prefix(begin)?, says)));
            mine.map(|(name, says)| ((*type_).to_owned(), name.to_owned(), says.clone())).collect::<Vec<_>>()
        };
        begins.iter().flat_map(of).collect()
    }

    fn section(&mut self, heading: &str, types: &[&str]) {
        self.line(&format!("## {heading}\n"));
        self.prose(&format!("section {heading}"));
        let templates = self.of("template", types);
        if !templates.is_empty() {
            self.line("| pads | | |\n|---|---|---|");
        }
        for (type_, name, says) in templates {
            let (_, words) = self.words(&format!("template {type_} {name}"));
            let mut parts = says.splitn(4, ", ");
            let (direction, presence) = (parts.next().unwrap(), parts.next().unwrap());
            let caps = parts.nth(1).unwrap();
            self.line(&format!("| `{name}` | {direction}, {presence} | {words} Caps: `{caps}` |"));
        }
        self.line("");
        let properties = self.of("property", types);
        if !properties.is_empty() {
            self.line("| property | type | default | may be set | |\n|---|---|---|---|---|");
        }
        for (type_, name, says) in properties {
            self.line(&row(&name, &says, &blurb(&type_, &name)));
        }
        self.line("");
        let signals = self.of("signal", types);
        if !signals.is_empty() {
            self.line("| signal | arguments | returns | |\n|---|---|---|---|");
        }
        for (type_, name, says) in signals {
            let (names, words) = self.words(&format!("signal {type_} {name}"));
            let (arguments, rest) = says[1..].split_once(") -> ").unwrap();
            let (returns, flags) = rest.split_once(", ").unwrap();
            let arguments: Vec<_> = arguments.split(", ").filter(|it| !it.is_empty()).collect();
            let names: Vec<_> = names.split(", ").filter(|it| !it.is_empty()).collect();
            if arguments.len() != names.len() {
                self.missing.push(format!("texts.txt names {names:?} of {arguments:?}: {type_} {name}"));
            }
            let listed: Vec<_> =
                names.iter().zip(&arguments).map(|(name, type_)| format!("{name} `{type_}`")).collect();
            let action = if flags.contains("action") { "Action. " } else { "" };
            let returns = if returns == "void" { String::new() } else { format!("`{returns}`") };
            self.line(&format!("| `{name}` | {} | {returns} | {action}{words} |", listed.join(", ")));
        }
        self.line("");
    }

    fn values(&mut self) {
        self.line("## Values\n\n| type | value | |\n|---|---|---|");
        let all: Vec<_> = self.facts.iter().filter(|(what, _)| what.starts_with("value ")).collect();
        for (what, nick) in all {
            let (type_, value) = what["value ".len()..].split_once(' ').unwrap();
            let text = meaning(type_, value);
            self.line(&format!("| `{type_}` | `{nick}` ({value}) | {text} |"));
        }
        self.line("");
    }

    fn messages(&mut self) {
        self.line("## Element messages\n\n| message | |\n|---|---|");
        let all: Vec<_> = self.texts.keys().filter(|what| what.starts_with("message ")).cloned().collect();
        for what in all {
            let (_, words) = self.words(&what);
            self.line(&format!("| `{}` | {words} |", &what["message ".len()..]));
        }
    }
}

/// The row of a property.
fn row(name: &str, says: &str, blurb: &str) -> String {
    let mut says = says;
    let mut flags = Vec::new();
    let known = ["readable", "writable", "construct", "construct-only", "deprecated"];
    while let Some((rest, flag)) = says.rsplit_once(", ")
        && (known.contains(&flag) || flag.starts_with("changes in "))
    {
        flags.push(flag);
        says = rest;
    }
    let (kind, default) = says.split_once(", default ").unwrap_or((says, ""));
    let (kind, range) = kind.split_once(", ").map_or((kind, String::new()), |(a, b)| (a, format!(", {b}")));
    let set = match () {
        () if !flags.contains(&"writable") => "never: read only",
        () if flags.contains(&"construct-only") => "when it is made",
        () if flags.contains(&"changes in PLAYING") => "at any time",
        () => "in NULL or READY",
    };
    let default =
        if default.is_empty() { String::new() } else { format!("`{}`", default.trim_end_matches(';')) };
    let blurb = blurb.replace('|', "\\|").replace('*', "\\*");
    format!("| `{name}` | `{kind}`{range} | {default} | {set} | {blurb} |")
}

fn blurb(type_: &str, name: &str) -> String {
    // An interface's properties are found on who implements it.
    let classes = [type_, "GstWebRTCSignaller"].into_iter().filter_map(glib::Type::from_name);
    let classes = classes.filter(|type_| !type_.is_a(glib::Type::INTERFACE));
    let mut classes = classes.filter_map(glib::object::Class::<glib::Object>::from_type);
    let spec = classes.find_map(|class| class.find_property(name)).unwrap();
    spec.blurb().unwrap_or_default().to_owned()
}

fn meaning(type_: &str, value: &str) -> String {
    let type_ = glib::Type::from_name(type_).unwrap();
    let name = match glib::EnumClass::with_type(type_) {
        Some(class) => class.value(value.parse().unwrap()).map(|value| value.name().to_owned()),
        None => {
            let class = glib::FlagsClass::with_type(type_).unwrap();
            let value: u32 = value.parse().unwrap();
            class.values().iter().find(|known| known.value() == value).map(|known| known.name().to_owned())
        }
    };
    name.unwrap()
}
