//! What applications see of the elements, held to tables in `tests/surface/`: `contract.txt` is what today's plugin
//! has and a drop-in replacement must have, `additions.txt` what is ours beyond it, `deviations.txt` where we differ
//! and why.

mod behaviour;
mod introspection;
mod reference;
mod table;

use introspection::Facts;
use std::collections::BTreeSet;
use std::{env, fs, path::PathBuf};
use table::{compare, deviations, facts};

/// The page that is made of all this.
const REFERENCE: &str = "../../docs/reference.md";

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/surface").join(name)
}

fn text(name: &str) -> String {
    fs::read_to_string(path(name)).unwrap()
}

/// Whether `additions.txt` and the reference are made anew from what is there: the others are written by hand only.
fn is_writing() -> bool {
    env::var("SURFACE").is_ok_and(|word| word == "write")
}

fn write_additions(contract: &Facts, found: &Facts) {
    let old = text("additions.txt");
    let head = old.lines().take_while(|line| line.starts_with('#')).map(|line| format!("{line}\n"));
    let new = found.iter().filter(|(what, _)| !contract.contains_key(*what));
    let lines = new.map(|(what, says)| format!("{what} = {says}\n"));
    fs::write(path("additions.txt"), head.chain(lines).collect::<String>()).unwrap();
}

#[test]
fn the_surface_is_that_of_the_contract_but_for_listed_additions_and_deviations() {
    let (contract, found) = (facts(&text("contract.txt")), introspection::facts());
    assert!(contract.len() > 100 && found.len() > 100, "the tables are not read");
    if is_writing() {
        write_additions(&contract, &found);
    }
    let (additions, deviations) = (facts(&text("additions.txt")), deviations(&text("deviations.txt")));
    let faults = compare(&contract, &additions, &deviations, &found);
    assert!(
        faults.is_empty(),
        "\n{}\n\nSURFACE=write beside the command that runs this test rewrites additions.txt.\n",
        faults.join("\n")
    );
}

#[test]
fn the_reference_says_what_is_there() {
    let page = reference::page(&introspection::facts(), &facts(&text("texts.txt")));
    let page = page.unwrap_or_else(|faults| panic!("\n{}\n", faults.join("\n")));
    if is_writing() {
        fs::write(path(REFERENCE), &page).unwrap();
    }
    let written = text(REFERENCE);
    let other = page.lines().zip(written.lines()).find(|(new, old)| new != old);
    assert!(
        page == written,
        "docs/reference.md is not what is registered: {other:#?}\nSURFACE=write beside the command that runs this test \
         rewrites it."
    );
}

#[test]
fn every_element_message_is_in_the_reference_and_is_posted() {
    let texts = facts(&text("texts.txt"));
    let sources =
        ["session/news.rs", "data_channel/remote.rs"].map(|name| text(&format!("../../src/{name}")));
    let posted: BTreeSet<_> =
        sources.iter().flat_map(|text| text.split('"')).filter(|it| is_message(it)).collect();
    let said: BTreeSet<_> = texts.keys().filter_map(|what| what.strip_prefix("message ")).collect();
    assert_eq!(said, posted, "texts.txt, and what src/session/news.rs and src/data_channel/remote.rs post");
}

/// Whether a text of the sources is the name of an element message.
fn is_message(text: &str) -> bool {
    text.starts_with("webrtc-") && text.chars().all(|sign| sign.is_ascii_lowercase() || sign == '-')
}

#[test]
fn whatever_the_tables_and_the_surface_disagree_about_is_found() {
    let contract = facts("# said once\na = 1\nb = 2\n\nc = 3\nd = 4\ne = 5");
    let additions = facts("x = 8\ny = 9\nc = 3");
    let list = "b = 20\n    Ours is better.\nc = 3\n    None any more.\nd missing\n    Not needed.\ne = 6\nq missing\n    Never was.\n";
    let found = facts("a = 10\nb = 20\nc = 3\ne = 7\nx = 8\nz = 0");
    let faults = compare(&contract, &additions, &deviations(list), &found);
    let expected = [
        "a = 10\n",
        "c is no deviation",
        "e = 7\n",
        "e: deviations.txt says no reason",
        "q is in deviations.txt",
        "c is in contract.txt",
        "y missing\n",
        "new: add to additions.txt\nz = 0",
    ];
    let agree = faults.iter().zip(expected).all(|(fault, beginning)| fault.starts_with(beginning));
    assert!(agree && faults.len() == expected.len(), "{faults:#?}");
}
