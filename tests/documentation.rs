//! The documents hold together: what they link to is there, and each can be found from the table of contents. Their
//! pipelines are run by tests/integration/recipes.rs.

#![expect(clippy::unwrap_used, reason = "a test that cannot read the tree fails")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Markdown file that is written by hand, below `folder`.
fn documents(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(path) = open.pop() {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && !matches!(&*name, "target" | "node_modules" | "dist" | "build" | "root" | ".git")
        {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.is_file() && name.ends_with(".md") {
            found.push(path);
        }
    }
    found
}

/// The lines of a document outside its blocks of code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut in_code = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        in_code ^= is_fence;
        !in_code && !is_fence
    })
}

/// Where the links of a document lead, those in code left out.
fn links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in prose(text) {
        // What is between backticks is at odd places.
        let shown: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
        found.extend(shown.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0.to_owned())));
    }
    found
}

/// The anchors of a document's headings, as the places that show Markdown make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = prose(text).filter(|line| line.starts_with('#'));
    let sign = |sign: char| match sign {
        ' ' => Some('-'),
        '-' | '_' => Some(sign),
        sign => sign.is_alphanumeric().then_some(sign),
    };
    headings
        .map(|line| line.trim_start_matches('#').trim().to_lowercase().chars().filter_map(sign).collect())
        .collect()
}

#[test]
fn every_link_in_the_documents_leads_somewhere() {
    let (mut faults, mut followed) = (Vec::new(), 0);
    for document in documents(root()) {
        let text = fs::read_to_string(&document).unwrap();
        for link in links(&text).into_iter().filter(|link| !link.contains("://")) {
            let (path, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = match path {
                "" => document.clone(),
                path => document.parent().unwrap().join(path),
            };
            let is_there = match anchor {
                "" => target.exists(),
                anchor => fs::read_to_string(&target).is_ok_and(|text| anchors(&text).contains(anchor)),
            };
            followed += 1;
            if !is_there {
                faults.push(format!("{}: {link}", document.strip_prefix(root()).unwrap().display()));
            }
        }
    }
    assert!(followed > 30, "only {followed} links were found");
    assert!(faults.is_empty(), "\n  {}\nCorrect the link: nothing is there.\n", faults.join("\n  "));
}

#[test]
fn every_document_is_in_the_table_of_contents() {
    let contents = fs::read_to_string(root().join("docs/README.md")).unwrap();
    let listed: BTreeSet<PathBuf> = links(&contents)
        .iter()
        .filter_map(|link| root().join("docs").join(link).canonicalize().ok())
        .collect();
    let documents = documents(&root().join("docs"));
    assert!(documents.len() > 5, "the documents are not where this test looks for them");
    let missing = documents.iter().filter(|document| !document.ends_with("docs/README.md"));
    let missing = missing.filter(|document| !listed.contains(&document.canonicalize().unwrap()));
    let missing: Vec<_> = missing.map(|document| document.display().to_string()).collect();
    assert!(missing.is_empty(), "\n  {}\nGive it a line in docs/README.md.\n", missing.join("\n  "));
    let front = fs::read_to_string(root().join("README.md")).unwrap();
    assert!(
        links(&front).iter().any(|link| link == "docs/README.md"),
        "README.md does not link docs/README.md"
    );
}

/// The elements of the other plugin, with all its features on, and of the one that comes with it.
const THEIRS: [&str; 13] = [
    "webrtcsink",
    "whipclientsink",
    "whepserversink",
    "janusvrwebrtcsink",
    "uepswebrtcsink",
    "awskvswebrtcsink",
    "livekitwebrtcsink",
    "webrtcsrc",
    "whipserversrc",
    "whepclientsrc",
    "janusvrwebrtcsrc",
    "livekitwebrtcsrc",
    "rtpgccbwe",
];

#[test]
fn what_is_not_there_is_told_to_who_comes_from_the_other_plugin_and_nothing_else() {
    let read = |name: &str| fs::read_to_string(root().join(name)).unwrap();
    // The tables are held to what is registered by tests/integration/surface.
    let facts =
        ["contract", "additions", "deviations"].map(|name| read(&format!("tests/surface/{name}.txt")));
    let (missing, there): (Vec<_>, Vec<_>) =
        facts.iter().flat_map(|text| text.lines()).partition(|line| line.ends_with(" missing"));
    // A fact is a kind, a type and mostly a name; values and parents are told of by their types.
    let name = |fact: &str| {
        let mut words = fact.split(' ');
        match (words.next()?, words.next()?) {
            ("type" | "value" | "element", name) => Some(name.to_owned()),
            _ => words.next().map(str::to_owned),
        }
    };
    let mut names: BTreeSet<_> = missing.into_iter().filter_map(name).collect();
    let is_there = |element: &str| there.iter().any(|fact| fact.starts_with(&format!("element {element} ")));
    names.extend(THEIRS.into_iter().filter(|element| !is_there(element)).map(str::to_owned));
    let page = read("docs/migrating.md");
    let (_, section) = page.split_once("## Not there").unwrap();
    let rows = section.lines().take_while(|line| !line.starts_with("## "));
    let whats = rows.filter_map(|row| row.strip_prefix('|')?.split('|').next());
    let told: BTreeSet<_> =
        whats.flat_map(|what| what.split('`').skip(1).step_by(2)).map(str::to_owned).collect();
    let untold: Vec<_> = names.difference(&told).collect();
    assert!(untold.is_empty(), "{untold:?}: say in docs/migrating.md, under Not there, what to do");
    let there: Vec<_> = told.difference(&names).collect();
    assert!(there.is_empty(), "{there:?} in docs/migrating.md, under Not there: it is there; take it out");
}
