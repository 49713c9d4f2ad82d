//! Embeds the built web page, if `npm run build` has made one.

use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher;
use std::{env, fmt::Write as _, fs, io, path::Path};

fn main() -> io::Result<()> {
    let variable = |name| env::var(name).map_err(io::Error::other);
    let browser = Path::new(&variable("CARGO_MANIFEST_DIR")?).join("../../browser");
    let dist = browser.join("dist");
    let mut table = String::from("&[\n");
    let built = dist.join("index.html").is_file();
    // A path that does not exist would have everything compiled anew each time.
    let watched = [&dist, &browser].into_iter().find(|path| path.exists());
    println!("cargo::rerun-if-changed={}", watched.map_or(Path::new("build.rs"), |path| path).display());
    if built {
        list(&fs::canonicalize(&dist)?, "", &mut table)?;
    }
    table.push_str("]\n");
    fs::write(Path::new(&variable("OUT_DIR")?).join("page.rs"), table)
}

/// Appends a row for every file under `folder`, whose paths begin with `prefix`.
fn list(folder: &Path, prefix: &str, table: &mut String) -> io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs::DirEntry::path);
    for entry in entries {
        let (file, name) = (entry.path(), format!("{prefix}{}", entry.file_name().to_string_lossy()));
        if is_for_developers(&name) {
            continue;
        }
        if file.is_dir() {
            list(&file, &format!("{name}/"), table)?;
            continue;
        }
        let mut digest = DefaultHasher::new();
        digest.write(&fs::read(&file)?);
        let tag = format!("\"{:016x}\"", digest.finish());
        let packed = folder.join(format!("{}.gz", entry.file_name().to_string_lossy()));
        let packed =
            if packed.is_file() { format!("Some(include_bytes!({packed:?}))") } else { "None".to_owned() };
        writeln!(
            table,
            "    File {{ path: {name:?}, tag: {tag:?}, content: include_bytes!({file:?}), packed: {packed} }},"
        )
        .map_err(io::Error::other)?;
    }
    Ok(())
}

/// Source maps, types and documentation are more than half of what is built, and no page asks for them. Compressed files
/// go with those that they are made of.
fn is_for_developers(path: &str) -> bool {
    path == "docs"
        || path.starts_with('.')
        || [".map", ".d.ts", ".md", ".gz"].iter().any(|ending| path.ends_with(ending))
}
