//! Real browsers, real servers and real pipelines: what `browser/e2e/scenarios` has, all of it in one browser.

use crate::support::echo::Echo;
use crate::support::program::{built, repository};
use gst_video::{NavigationEvent, NavigationModifierType};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

/// Runs the scenarios, which start what they need themselves, but for producers that talk.
fn goes_through_all_scenarios(browser: &str) {
    let folder = repository("browser");
    assert!(
        folder.join("node_modules").is_dir(),
        "the browser tests are not installed: run npm ci in browser/"
    );
    let echoes = ["webrtcbin", "native"].map(|transport| (transport, Echo::start(transport)));
    let mut run = Command::new("node")
        .args(["--import", "tsx", "e2e/main.ts"])
        .current_dir(&folder)
        .envs(echoes.iter().map(|(transport, echo)| (format!("ECHO_{transport}"), &echo.page)))
        .env("TARGET", built())
        .env("BROWSERS", browser)
        .stdout(Stdio::piped())
        .spawn()
        .expect("node is not installed: apt install nodejs");
    let mut passed = 0;
    for line in BufReader::new(run.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        // Said at once, so that it is in the log of a run that is killed, too.
        println!("{line}");
        passed += usize::from(line.starts_with("{\"ok\":true"));
    }
    assert!(run.wait().unwrap().success(), "scenarios failed, see above");
    assert!(passed > 0, "there were no scenarios");
    let moved =
        NavigationEvent::MouseMove { x: 12.5, y: 34.25, modifier_state: NavigationModifierType::SHIFT_MASK };
    for (transport, echo) in &echoes {
        assert_eq!(echo.event(), moved, "through {transport}");
        if *transport == "native" {
            // What is controlled by hand there goes to a pipeline of the scenario.
            continue;
        }
        let (x, y) = loop {
            if let NavigationEvent::MouseButtonPress { button: 1, x, y, .. } = echo.event() {
                break (x, y);
            }
        };
        assert!((x - 160.0).abs() < 2.0 && (y - 90.0).abs() < 2.0, "through {transport}: ({x}, {y})");
    }
}

#[test]
fn chromium_goes_through_all_scenarios() {
    goes_through_all_scenarios("chromium");
}

#[test]
fn firefox_goes_through_all_scenarios() {
    goes_through_all_scenarios("firefox");
}
