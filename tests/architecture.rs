//! The rules of the house, as tests: each is a sentence, and its failure names the file and the cure. What the
//! compiler and clippy can hold is in Cargo.toml and clippy.toml instead.

#![expect(clippy::unwrap_used, reason = "a test that cannot read the tree fails")]

use std::{fs, path::Path, process::Command};

/// A file of the repository: its path from the root, with slashes, and its text.
struct Source {
    path: String,
    text: String,
}

impl Source {
    /// The lines that are not comments, with their numbers.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().map(|(index, line)| (index + 1, line));
        lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    fn is_under(&self, folders: &[&str]) -> bool {
        folders.iter().any(|folder| self.path.starts_with(folder))
    }

    /// Whether this is a test: a file in a folder of tests.
    fn is_test(&self) -> bool {
        self.path.starts_with("tests/") || self.path.contains("/tests/") || self.path.ends_with("/tests.rs")
    }
}

/// Every file below `folder` whose name ends in one of `endings`.
fn files(folder: &str, endings: &[&str]) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut open = vec![root.join(folder)];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let skip =
                |name: &str| matches!(name, "target" | "node_modules" | "dist" | "corpus" | "artifacts");
            let entries = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path());
            open.extend(
                entries.filter(|path| !path.file_name().is_some_and(|name| skip(&name.to_string_lossy()))),
            );
        } else if endings.iter().any(|ending| path.to_string_lossy().ends_with(ending)) {
            let text = fs::read_to_string(&path).unwrap();
            let path = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
            found.push(Source { path, text });
        }
    }
    found
}

/// Every Rust file but this one, which names what it forbids.
fn rust() -> Vec<Source> {
    let folders = ["src", "crates", "tests", "examples", "benches", "fuzz", "build.rs"];
    let mut all: Vec<_> = folders.iter().flat_map(|folder| files(folder, &[".rs"])).collect();
    all.retain(|source| source.path != file!());
    assert!(all.len() > 50, "the sources are not where this test looks for them");
    all
}

/// Every TypeScript file that is written by hand.
fn typescript() -> Vec<Source> {
    ["browser/src", "browser/demo", "browser/e2e", "browser/test"]
        .iter()
        .flat_map(|folder| files(folder, &[".ts"]))
        .collect()
}

/// Fails with one line for each fault, and the cure.
#[track_caller]
fn none(faults: Vec<String>, cure: &str) {
    assert!(faults.is_empty(), "\n  {}\n{cure}\n", faults.join("\n  "));
}

/// The places where code, not comments, has one of `words`.
fn places(sources: &[Source], words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources {
        for (number, line) in source.code() {
            let words = words.iter().filter(|word| line.contains(**word));
            found.extend(words.map(|word| format!("{}:{number}: {word}", source.path)));
        }
    }
    found
}

#[test]
fn no_source_file_is_longer_than_400_lines() {
    let sources = rust().into_iter().chain(typescript()).chain(files(file!(), &[".rs"]));
    let lengths = sources.map(|source| (source.text.lines().count(), source.path));
    let faults =
        lengths.filter(|(lines, _)| *lines > 400).map(|(lines, path)| format!("{path}: {lines} lines"));
    none(faults.collect(), "Split it: a file that long has more than one responsibility.");
}

#[test]
fn an_example_is_shorter_than_150_lines() {
    // Whole signallers, because there is nothing smaller.
    let whole = ["examples/python/custom_signaller.py", "examples/c/socket-signaller.c"];
    let mut examples = files("examples", &[".rs", ".py", ".c"]);
    examples.retain(|source| !whole.contains(&source.path.as_str()));
    let lengths = examples.into_iter().map(|source| (source.text.lines().count(), source.path));
    let faults =
        lengths.filter(|(lines, _)| *lines >= 150).map(|(lines, path)| format!("{path}: {lines} lines"));
    none(faults.collect(), "Leave out what does not serve the one thing that the example shows.");
}

#[test]
fn every_module_opens_with_its_responsibility() {
    let rust = rust().into_iter().filter(|source| !source.text.starts_with("//! "));
    let typescript = typescript()
        .into_iter()
        .filter(|source| !source.is_under(&["browser/test"]) && !source.text.starts_with("/**"));
    let faults = rust.chain(typescript).map(|source| source.path);
    none(
        faults.collect(),
        "Say in its first line (//! in Rust, /** in TypeScript) what it is for, and what it leaves to others.",
    );
}

#[test]
fn protocol_logic_and_signalling_build_without_gstreamer() {
    for name in ["signalling-protocol", "logic", "signalling"] {
        let package = format!("gst-plugin-webrtc-{name}");
        let tree = Command::new(env!("CARGO"))
            .args([
                "tree",
                "--offline",
                "--locked",
                "--edges",
                "all",
                "--prefix",
                "none",
                "--package",
                &package,
            ])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
        let tree = String::from_utf8(tree.stdout).unwrap();
        assert!(tree.contains(&package), "cargo tree says nothing about {package}:\n{tree}");
        let faults = tree.lines().filter(|line| line.starts_with("gstreamer") || line.starts_with("glib"));
        none(
            faults.map(|line| format!("{package} depends on {line}")).collect(),
            "What needs GStreamer belongs into src/; these crates build and test on machines without it.",
        );
    }
}

#[test]
fn logic_has_no_clock_no_runtime_and_no_io() {
    let words = [
        "tokio",
        "async ",
        "Instant",
        "SystemTime",
        "std::net",
        "std::thread",
        "std::fs",
        "std::io",
        "std::process",
        "std::env",
    ];
    let faults = places(&files("crates/logic/src", &[".rs"]), &words);
    none(faults, "Take the time as an argument and return an action; who performs it is src/.");
}

#[test]
fn no_module_is_a_drawer_for_everything() {
    let drawers = ["utils", "util", "helpers", "helper", "common", "misc"];
    // A public path of this crate, which applications import.
    let known = ["src/utils.rs"];
    let sources =
        rust().into_iter().chain(typescript()).filter(|source| !known.contains(&source.path.as_str()));
    let is_drawer = |part: &str| drawers.contains(&part.split('.').next().unwrap_or_default());
    let faults = sources.filter(|source| source.path.split('/').any(is_drawer)).map(|source| source.path);
    none(faults.collect(), "Name it for what it holds; if that is many things, they belong to many modules.");
}

#[test]
fn a_lint_is_expected_with_a_reason_and_never_allowed() {
    let faults = places(&rust(), &["#[allow", "#![allow"]);
    none(faults, "Write #[expect(lint, reason = \"...\")]: it complains when it is no longer needed.");
}

#[test]
fn nothing_is_left_for_later() {
    let faults = places(&rust(), &["todo!(", "unimplemented!("]);
    none(faults, "Do it now, or leave the case out of the type.");
}

#[test]
fn only_one_file_speaks_to_webrtcbin() {
    let words = [
        "make(\"webrtcbin\")",
        "\"create-offer\"",
        "\"create-answer\"",
        "\"set-local-description\"",
        "\"set-remote-description\"",
        "\"add-ice-candidate\"",
        "\"on-ice-candidate\"",
        "\"on-negotiation-needed\"",
        "\"on-data-channel\"",
        "\"on-new-transceiver\"",
        "\"create-data-channel\"",
        "\"add-transceiver\"",
        "\"get-transceivers\"",
        "\"add-turn-server\"",
        "\"request-aux-sender\"",
        "\"get-stats\"",
        "\"connection-state\"",
        "\"ice-connection-state\"",
        "\"ice-gathering-state\"",
        "\"signaling-state\"",
        "\"bundle-policy\"",
    ];
    let mut sources = files("src", &[".rs"]);
    sources.retain(|source| !source.is_under(&["src/peer/webrtcbin.rs", "src/peer/webrtcbin/"]));
    let cure =
        "Give the seam in src/peer/mod.rs a method for it, and speak to webrtcbin in src/peer/webrtcbin.rs.";
    none(places(&sources, &words), cure);
}

#[test]
fn only_one_folder_names_str0m() {
    let mut sources = files("src", &[".rs"]);
    sources.retain(|source| !source.is_under(&["src/peer/native/"]));
    let words = ["str0m::", "quinn_udp", "mio::", "if_addrs"];
    none(places(&sources, &words), "Give the seam in src/peer/mod.rs a method for it, and call it there.");
}

#[test]
fn tests_wait_for_what_happens_and_never_sleep() {
    let mut sources = rust();
    sources.retain(Source::is_test);
    let faults = places(&sources, &["thread::sleep(", "time::sleep(", "sleep_until("]);
    none(faults, "Wait for a signal or a message with a deadline, or move a clock of the test.");
}

#[test]
fn architecture_md_names_every_top_level_module_and_nothing_that_is_gone() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let library = fs::read_to_string(root.join("src/lib.rs")).unwrap();
    let modules = library.lines().filter_map(|line| {
        line.trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';').map(str::to_owned)
    });
    let missing = modules.filter(|module| {
        let (file, folder) = (format!("src/{module}.rs"), format!("src/{module}/"));
        !page.contains(&file) && !page.contains(&folder)
    });
    none(missing.collect(), "Say in ARCHITECTURE.md what it is for.");

    let named = page.split(|sign: char| !(sign.is_alphanumeric() || "/._-".contains(sign)));
    let roots = [
        "src/",
        "crates/",
        "browser/",
        "scripts/",
        "tests/",
        "examples/",
        "docs/",
        "fuzz/",
        "benches/",
        "include/",
    ];
    let paths =
        named.map(|word| word.trim_end_matches('.')).filter(|word| roots.iter().any(|r| word.starts_with(r)));
    let gone = paths.filter(|path| !root.join(path).exists()).map(str::to_owned);
    none(gone.collect(), "ARCHITECTURE.md names it, but it does not exist: correct the page.");
}
