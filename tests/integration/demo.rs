//! The demo, as `scripts/demo` runs it.

use crate::support::program::{Program, example};

#[test]
fn the_demo_says_where_its_test_pattern_is_to_be_watched() {
    Program::start(example("demo"), &["--web-port", "0", "--signalling-port", "0"])
        .says("Watch at http://127.0.0.1:");
}
