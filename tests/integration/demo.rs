//! The demo, as `scripts/demo` runs it.

use crate::support::program::{Program, built};

#[test]
fn the_demo_says_where_its_test_pattern_is_to_be_watched() {
    let demo = built().join("examples/demo");
    assert!(demo.is_file(), "{} is not there: run cargo build --examples", demo.display());
    Program::start(demo, &["--web-port", "0", "--signalling-port", "0"]).says("Watch at http://127.0.0.1:");
}
