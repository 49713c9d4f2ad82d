//! A program of its own that loads the plugin of this build: what it prints and how it ends, with a deadline.

use super::DEADLINE;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

pub(crate) struct Program {
    child: Child,
    lines: Receiver<String>,
}

impl Program {
    pub(crate) fn start(program: impl AsRef<Path>, arguments: &[&str]) -> Self {
        Self::start_in(&[], program, arguments)
    }

    /// The same with these variables in its environment.
    pub(crate) fn start_in(
        environment: &[(&str, &str)],
        program: impl AsRef<Path>,
        arguments: &[&str],
    ) -> Self {
        let (program, plugins) = (program.as_ref(), plugins());
        let mut child = Command::new(program)
            .args(arguments)
            .envs(environment.iter().copied())
            .env("GST_REGISTRY_1_0", plugins.join("registry.bin"))
            .env("GST_PLUGIN_PATH_1_0", plugins)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|err| panic!("{}: {err}", program.display()));
        let (give, lines) = channel();
        pass_on(child.stdout.take().unwrap(), give.clone());
        pass_on(child.stderr.take().unwrap(), give);
        Self { child, lines }
    }

    /// Waits for a line that has `text` in it.
    pub(crate) fn says(&self, text: &str) {
        let (end, mut said) = (Instant::now() + DEADLINE, String::new());
        while let Ok(line) = self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
            if line.contains(text) {
                return;
            }
            said += &(line + "\n");
        }
        panic!("never said '{text}', but:\n{said}");
    }

    /// Asks it to end, as Ctrl-C does.
    pub(crate) fn interrupt(&self) {
        let done = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap();
        assert!(done.success(), "it has ended already");
    }

    /// The same, waits for the end, and returns what was said until then.
    pub(crate) fn interrupted(self) -> String {
        self.interrupt();
        self.ends_well()
    }

    /// Waits for the end, and returns what was said until then.
    pub(crate) fn end(self) -> (ExitStatus, String) {
        self.end_within(DEADLINE)
    }

    /// The same, where it takes long.
    pub(crate) fn end_within(mut self, limit: Duration) -> (ExitStatus, String) {
        let (end, mut said) = (Instant::now() + limit, String::new());
        loop {
            match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => said += &(line + "\n"),
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => break,
                Err(err) => panic!("it did not end: {err}; it said:\n{said}"),
            }
        }
        (self.child.wait().unwrap(), said)
    }

    /// Waits for an end without failure, and returns what was said until then.
    pub(crate) fn ends_well(self) -> String {
        let (status, said) = self.end();
        assert!(status.success(), "{status}:\n{said}");
        said
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn pass_on(output: impl Read + Send + 'static, give: Sender<String>) {
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            let _ = give.send(line);
        }
    });
}

/// An example in Rust, which Cargo builds with the tests.
pub(crate) fn example(name: &str) -> PathBuf {
    let example = built().join("examples").join(name);
    assert!(example.is_file(), "{} is not there: run cargo build --examples", example.display());
    example
}

/// An example in C, built as its README says: that with this name in its Makefile, as a file of the other.
pub(crate) fn in_c(name: &str, file: &str) -> PathBuf {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(file);
    let output = Command::new("make")
        .args([
            "--always-make".into(),
            format!("{name}={}", program.display()),
            program.display().to_string(),
        ])
        .arg("CFLAGS=-O1 -Wall -Wextra -Wno-unused-parameter -Werror")
        .current_dir(repository("examples/c"))
        .output()
        .expect("make is not installed: apt install build-essential");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    program
}

/// A path in the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The folder with what Cargo builds for these tests.
pub(crate) fn built() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(2).unwrap().to_path_buf()
}

/// A folder with nothing but the plugin. Cargo builds it with the tests, but among everything else.
fn plugins() -> PathBuf {
    let built = built();
    let plugin = built.join("deps/libgstrswebrtc.so");
    assert!(plugin.is_file(), "{} is not there: run cargo build", plugin.display());
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("plugins").join(built.file_name().unwrap());
    std::fs::create_dir_all(&folder).unwrap();
    match std::os::unix::fs::symlink(&plugin, folder.join("libgstrswebrtc.so")) {
        Err(err) if err.kind() != ErrorKind::AlreadyExists => panic!("{}: {err}", folder.display()),
        _ => folder,
    }
}
