//! Records the version and embeds the built web page, if `npm run build` has made one.
use std::{env, fmt::Write as _, fs, io, path::Path, process::Command};

fn main() -> io::Result<()> {
    gst_plugin_version_helper::info();
    follow_commits();
    let root = env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?;
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    let dist = Path::new(&root).join("browser/dist");
    println!("cargo::rerun-if-changed=browser/dist");
    let mut table = String::from("&[\n");
    if dist.join("index.html").is_file() {
        list(&dist, &dist, &mut table)?;
    }
    table.push_str("]\n");
    fs::write(Path::new(&out).join("page.rs"), table)
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

/// Appends one `(path, bytes)` row for every file under `folder`.
fn list(root: &Path, folder: &Path, table: &mut String) -> io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs::DirEntry::path);
    for entry in entries {
        let path = entry.path();
        if path.is_dir() {
            list(root, &path, table)?;
        } else if !is_for_developers(&path) {
            let name = path.strip_prefix(root).map_err(io::Error::other)?;
            let name = name.to_string_lossy();
            writeln!(table, "    ({name:?}, include_bytes!({path:?})),").map_err(io::Error::other)?;
        }
    }
    Ok(())
}

/// Source maps and types are two thirds of what is built, and no page asks for them.
fn is_for_developers(path: &Path) -> bool {
    let name = path.to_string_lossy();
    name.ends_with(".map") || name.ends_with(".d.ts")
}
