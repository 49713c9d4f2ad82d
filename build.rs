//! Records the version and embeds the built web page, if `npm run build` has made one.
use std::{env, fmt::Write as _, fs, io, path::Path};

fn main() -> io::Result<()> {
    gst_plugin_version_helper::info();
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

/// Appends one `(path, bytes)` row for every file under `folder`.
fn list(root: &Path, folder: &Path, table: &mut String) -> io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs::DirEntry::path);
    for entry in entries {
        let path = entry.path();
        if path.is_dir() {
            list(root, &path, table)?;
        } else {
            let name = path.strip_prefix(root).map_err(io::Error::other)?;
            let name = name.to_string_lossy();
            writeln!(table, "    ({name:?}, include_bytes!({path:?})),").map_err(io::Error::other)?;
        }
    }
    Ok(())
}
