//! Records the version.

use std::{env, path::Path, process::Command};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    gst_plugin_version_helper::info();
    follow_commits();
}

/// Has the version name the commit that is built: without this it names the one of the first build. Only where it is
/// built to be shipped, since who develops would compile everything anew after each commit.
fn follow_commits() {
    if env::var("PROFILE").is_ok_and(|profile| profile == "debug") {
        return;
    }
    for name in ["HEAD", "logs/HEAD"] {
        // Elsewhere than in .git with worktrees; no git and no repository is a release.
        let path = Command::new("git").args(["rev-parse", "--git-path", name]).output();
        let path = path.ok().filter(|path| path.status.success());
        let path = path.map(|path| String::from_utf8_lossy(&path.stdout).trim().to_owned());
        if let Some(path) = path.filter(|path| Path::new(path).exists()) {
            println!("cargo::rerun-if-changed={path}");
        }
    }
}
