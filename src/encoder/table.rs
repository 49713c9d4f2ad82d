//! The table of encoders as the sink uses it: the built-in rows, and over them those of a file of the user's.

use super::doubts::{doubts_about, is_for_sound, is_format, text};
use super::file::{self, Entry};
use super::row::{Rate, Row};
use super::{PLAIN, family};
use gst::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use toml::Spanned;

/// Names the file where the property `encoder-table` does not.
pub(crate) const VARIABLE: &str = "WEBRTCSINK_ENCODER_TABLE";

/// The rows that a sink goes by.
#[derive(Debug, Default)]
pub(crate) struct Table {
    own: BTreeMap<String, Own>,
}

/// What the user's file says about an encoder, with the built-in row where it says nothing.
#[derive(Debug)]
struct Own {
    row: Row,
    rank: Option<gst::Rank>,
    forbidden: bool,
}

impl Table {
    /// The built-in rows, and those of the file at `path` over them, with what is strange about those.
    ///
    /// # Errors
    /// Text for an element error: the file cannot be read.
    pub(crate) fn load(path: &str) -> Result<(Self, Vec<String>), String> {
        let text = fs::read_to_string(path).map_err(|err| {
            format!("read the table of encoders {path}: {err}; set encoder-table, or {VARIABLE}, to a file that can be read")
        })?;
        Self::read(path, &text)
    }

    fn read(path: &str, text: &str) -> Result<(Self, Vec<String>), String> {
        let said = |text: String| format!("read the table of encoders {path}: {text}");
        let (mut own, mut doubts) = (BTreeMap::new(), Vec::new());
        for (name, mut entry) in file::read(text).map_err(said)? {
            for (offset, doubt) in doubts_about(&name, &entry) {
                let (line, words) = offset.map(|offset| file::at(text, offset)).unwrap_or((0, ""));
                let place = if line > 0 { format!("line {line} (\"{words}\"): ") } else { String::new() };
                doubts.push(format!("the table of encoders {path}: {place}{doubt}"));
            }
            let rank = entry.rank.map(|rank| gst::Rank::from(i32::try_from(rank).unwrap_or(i32::MAX)));
            let forbidden = entry.forbidden;
            entry.bitrate = entry.bitrate.filter(|_| !is_for_sound(&name));
            let row = over(family(&name).unwrap_or(&PLAIN).into(), entry, text).map_err(said)?;
            own.insert(name, Own { row, rank, forbidden });
        }
        Ok((Self { own }, doubts))
    }

    /// The row of an encoder, by the name of its factory.
    pub(crate) fn row(&self, factory: &str) -> Option<Row> {
        let own = self.own.get(factory).map(|own| own.row.clone());
        own.or_else(|| family(factory).map(Row::from))
    }

    /// How good an encoder is, where it may be used.
    pub(crate) fn rank(&self, factory: &gst::ElementFactory) -> Option<gst::Rank> {
        let own = self.own.get(factory.name().as_str());
        let rank = own.and_then(|own| own.rank).unwrap_or_else(|| factory.rank());
        (rank >= gst::Rank::MARGINAL && own.is_none_or(|own| !own.forbidden)).then_some(rank)
    }

    /// Whether there is a row of that name.
    pub(crate) fn knows(&self, factory: &str) -> bool {
        self.own.contains_key(factory) || family(factory).is_some()
    }
}

/// A row, with what the file says over it.
fn over(mut row: Row, entry: Entry, file: &str) -> Result<Row, String> {
    if let Some(rate) = entry.bitrate {
        let property = rate.property.into_inner();
        row.bitrate = Some(Rate { property, field: rate.field, unit: rate.unit.bits() });
    }
    for (name, value) in entry.settings {
        let value = text(&value).ok_or_else(|| {
            let (line, words) = file::at(file, value.span().start);
            format!("line {line} (\"{words}\"): {name} is to be a string, a number, true or false")
        })?;
        match row.settings.iter_mut().find(|(other, _)| *other == name) {
            Some((_, old)) => *old = value,
            None => row.settings.push((name, value)),
        }
    }
    if let Some(signal) = entry.key_unit.map(Spanned::into_inner) {
        row.key_unit = (signal != "event").then_some(signal);
    }
    if let Some(formats) = entry.formats {
        // What is none would make nonsense of the others.
        let formats: Vec<_> = formats.iter().map(|format| format.get_ref().as_str()).collect();
        let known: Vec<_> = formats.into_iter().filter(|format| is_format(format)).collect();
        if !known.is_empty() {
            row.formats = Some(format!("{{ {} }}", known.join(", ")));
        }
    }
    if let Some(memories) = entry.memories {
        row.memories = Some(memories.into_iter().map(Spanned::into_inner).collect());
    }
    if let Some(threads) = entry.threads {
        row.threads = Some(threads.into_inner());
    }
    if let Some(change) = entry.change {
        row.changes = change.into();
    }
    Ok(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> (Table, Vec<String>) {
        gst::init().unwrap();
        Table::read("table.toml", text).unwrap()
    }

    #[test]
    fn what_a_file_says_is_put_over_the_built_in_row_and_the_rest_stays() {
        let (table, doubts) =
            table("[vp8enc]\nrank = 300\nsettings = { cpu-used = 4, noise-sensitivity = 1 }\n");
        assert_eq!(doubts, Vec::<String>::new());
        let built_in = Row::from(family("vp8enc").unwrap());
        let mut expected = built_in.clone();
        expected.settings.iter_mut().find(|(name, _)| name == "cpu-used").unwrap().1 = "4".into();
        expected.settings.push(("noise-sensitivity".into(), "1".into()));
        assert_eq!(table.row("vp8enc"), Some(expected));
        assert_eq!(table.row("vp9enc"), Some(built_in));
        assert_eq!(table.row("no-such-encoder"), None);
        let factory = gst::ElementFactory::find("vp8enc").unwrap();
        assert_eq!(table.rank(&factory), Some(gst::Rank::from(300)));
    }

    #[test]
    fn encoders_that_are_forbidden_or_ranked_away_are_not_used() {
        let (table, _) = table("[vp8enc]\nforbidden = true\n[vp9enc]\nrank = 0\n");
        for name in ["vp8enc", "vp9enc"] {
            assert_eq!(table.rank(&gst::ElementFactory::find(name).unwrap()), None);
        }
        assert!(table.rank(&gst::ElementFactory::find("x264enc").unwrap()).is_some());
    }

    #[test]
    fn an_encoder_that_the_built_in_table_lacks_is_added_whole() {
        let (table, doubts) = table(
            "[theoraenc]\nrank = 1\nbitrate = { property = \"bitrate\", unit = \"kbit/s\" }\nformats = [\"I420\", \"Y42B\"]\n\
             key-unit = \"event\"\nchange = \"needs-restart\"\nthreads = \"speed-level\"\nsettings = { keyframe-freq = 20 }\n",
        );
        assert_eq!(doubts, Vec::<String>::new());
        let row = table.row("theoraenc").unwrap();
        assert_eq!(row.formats(), Some("{ I420, Y42B }"));
        let encoder = gst::ElementFactory::make("theoraenc").build().unwrap();
        row.set_up(&encoder);
        assert!(row.set_bitrate(&encoder, 500_000));
        assert_eq!((encoder.property::<i32>("bitrate"), encoder.property::<i32>("keyframe-freq")), (500, 20));
    }

    #[test]
    fn sound_is_encoded_at_a_bitrate_that_settings_say_and_no_network() {
        let (table, doubts) = table(
            "[opusenc]\nbitrate = { property = \"bitrate\", unit = \"bit/s\" }\nsettings = { bitrate = 32000 }\n",
        );
        assert!(
            doubts.len() == 1 && doubts[0].contains("line 2") && doubts[0].contains("sound"),
            "{doubts:#?}"
        );
        let (row, encoder) =
            (table.row("opusenc").unwrap(), gst::ElementFactory::make("opusenc").build().unwrap());
        row.set_up(&encoder);
        assert!(!row.set_bitrate(&encoder, 650_000));
        assert_eq!(encoder.property::<i32>("bitrate"), 32_000);
    }

    #[test]
    fn what_an_installed_element_lacks_is_told_with_its_line_and_what_another_machine_has_is_not() {
        let (_, doubts) = table(
            "[vp8enc]\nbitrate = { property = \"rate\", unit = \"bit/s\" }\nkey-unit = \"force-IDR\"\n\
             [vp8enc.settings]\nno-such = 1\ncpu-used = \"fast\"\nthreads = 1000\n\
             [nvh264enc]\nsettings = { no-such = 1 }\n[vp8encc]\nrank = 1\n",
        );
        let expected = [
            "line 2 (\"bitrate = { property = \"rate\", unit = \"bit/s\" }\"): vp8enc has no property rate",
            "line 6 (\"cpu-used = \"fast\"\"): property cpu-used of vp8enc does not take fast",
            "line 5 (\"no-such = 1\"): vp8enc has no property no-such",
            "line 7 (\"threads = 1000\"): property threads of vp8enc does not take 1000",
            "line 3 (\"key-unit = \"force-IDR\"\"): vp8enc has no action signal force-IDR",
            "table.toml: element vp8encc is not installed",
        ];
        assert_eq!(doubts.len(), expected.len(), "{doubts:#?}");
        for (doubt, expected) in doubts.iter().zip(expected) {
            assert!(doubt.contains(expected), "{doubt}\n{expected}");
        }
    }

    #[test]
    fn formats_memories_and_properties_that_hold_no_bitrate_are_told_and_left_out() {
        let (table, doubts) = table(
            "[vp8enc]\nbitrate = { property = \"end-usage\", unit = \"bit/s\" }\n\
             formats = [\"I420\", \"NV21x\", \"YV12\"]\nmemories = [\"DMABuf\", \"memory:DMABuf\"]\n\
             [vp9enc]\nbitrate = { property = \"target-bitrate\", field = \"rate\", unit = \"bit/s\" }\nformats = [\"no\"]\n",
        );
        let expected = [
            "line 2 (\"bitrate = { property = \"end-usage\", unit = \"bit/s\" }\"): property end-usage of vp8enc holds no whole number",
            "line 3 (\"formats = [\"I420\", \"NV21x\", \"YV12\"]\"): NV21x is no raw format",
            "line 4 (\"memories = [\"DMABuf\", \"memory:DMABuf\"]\"): DMABuf is no memory",
            "property target-bitrate of vp9enc is no structure, and has no field rate",
            "no is no raw format",
        ];
        assert_eq!(doubts.len(), expected.len(), "{doubts:#?}");
        for (doubt, expected) in doubts.iter().zip(expected) {
            assert!(doubt.contains(expected), "{doubt}\n{expected}");
        }
        assert_eq!(table.row("vp8enc").unwrap().formats(), Some("{ I420, YV12 }"));
        let built_in = Row::from(family("vp9enc").unwrap());
        assert_eq!(table.row("vp9enc").unwrap().formats(), built_in.formats());
    }

    #[test]
    fn a_value_that_is_a_list_is_refused_with_its_line() {
        gst::init().unwrap();
        let said = Table::read("table.toml", "[vp8enc]\nsettings = { cpu-used = [1] }\n").unwrap_err();
        assert!(said.contains("table.toml: line 2") && said.contains("cpu-used is to be"), "{said}");
        let said = Table::load("/no/such/file").unwrap_err();
        assert!(said.contains("/no/such/file") && said.contains("encoder-table"), "{said}");
    }
}
