//! A plugin folder under test: its files seen alone, with a GStreamer registry of its own.

use crate::child::{self, Child};
use crate::job::Said;
use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// One plugin under test.
pub struct Plugin {
    /// `A` or `B`.
    pub letter: char,
    /// What it says it is.
    pub version: String,
    /// Folder that was given.
    pub given: PathBuf,
    /// Properties that its sinks get, as `NAME=VALUE`.
    pub sink: Vec<String>,
    folder: PathBuf,
}

impl Plugin {
    /// Takes the plugins of a folder: `libgstrs*.so`, or the same with Cargo's hash where they are dependencies.
    pub fn open(letter: char, given: &Path, sink: &[String]) -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("webrtc-harness-{}-{letter}", std::process::id()));
        let plugins = folder.join("plugins");
        std::fs::create_dir_all(&plugins).with_context(|| format!("failed to make {}", plugins.display()))?;
        let mut plugin = Self {
            letter,
            version: String::new(),
            given: given.to_owned(),
            sink: sink.to_owned(),
            folder,
        };
        let files = plugin_files(given)?;
        if !files.contains_key("libgstrswebrtc.so") {
            bail!("there is no libgstrswebrtc.so in {}", given.display());
        }
        for (name, (_, file)) in files {
            let file = file
                .canonicalize()
                .with_context(|| format!("failed to find {}", file.display()))?;
            // A copy, so that a build that goes on meanwhile does not change what is measured.
            std::fs::copy(&file, plugins.join(&name))
                .with_context(|| format!("failed to copy {}", file.display()))?;
        }
        plugin.version = plugin.ask_version()?;
        Ok(plugin)
    }

    /// What a child that uses this plugin needs in its environment.
    pub fn environment(&self) -> Vec<(&'static str, PathBuf)> {
        vec![
            ("GST_PLUGIN_PATH", self.folder.join("plugins")),
            ("GST_REGISTRY", self.folder.join("registry.bin")),
            // Today's embedded signalling server logs every message otherwise.
            ("WEBRTCSINK_SIGNALLING_SERVER_LOG", PathBuf::from("error")),
        ]
    }

    /// Also fills the registry, so that no measured child has to.
    fn ask_version(&self) -> Result<String> {
        let child = Child::start(self, "child-version", None::<&()>)?;
        child.hear(Duration::from_secs(120), |said| match said {
            Said::Version { version } => Some(version),
            _ => None,
        })
    }
}

impl Drop for Plugin {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

/// Plugin name -> newest file of that name.
fn plugin_files(folder: &Path) -> Result<BTreeMap<String, (SystemTime, PathBuf)>> {
    let mut files = BTreeMap::new();
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("failed to read {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let Some(name) = entry.file_name().to_str().and_then(plugin_name) else {
            continue;
        };
        let file = (entry.metadata()?.modified()?, entry.path());
        if files.get(&name).is_none_or(|known| *known < file) {
            files.insert(name, file);
        }
    }
    Ok(files)
}

/// `libgstrsrtp-0123456789abcdef.so` -> `libgstrsrtp.so`.
fn plugin_name(file: &str) -> Option<String> {
    let stem = file
        .strip_suffix(".so")
        .filter(|stem| stem.starts_with("libgstrs"))?;
    let stem = stem.split_once('-').map_or(stem, |(stem, _)| stem);
    Some(format!("{stem}.so"))
}

/// The child's side.
pub fn print_version() -> Result<()> {
    gst::init()?;
    let factory = gst::ElementFactory::find("webrtcsink").context("the plugin has no webrtcsink")?;
    let plugin = gst::prelude::PluginFeatureExt::plugin(&factory);
    let plugin = plugin.context("webrtcsink is in no plugin")?;
    child::say(&Said::Version {
        version: format!("{} {}", plugin.package(), plugin.version()),
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::plugin_name;

    #[test]
    fn a_dependency_s_hash_is_no_part_of_a_plugin_s_name() {
        assert_eq!(
            plugin_name("libgstrsrtp-0123456789abcdef.so").as_deref(),
            Some("libgstrsrtp.so")
        );
        assert_eq!(
            plugin_name("libgstrswebrtc.so").as_deref(),
            Some("libgstrswebrtc.so")
        );
        assert_eq!(plugin_name("libserde_derive-0123456789abcdef.so"), None);
        assert_eq!(plugin_name("libgstrswebrtc.rlib"), None);
    }
}
