//! A producer and a viewer on two sides of an emulated link: the test's own program again, in networks of their own.
//! Takes the rights of root, or user namespaces that everyone may make.

use super::DEADLINE;
use link::{Network, Shape, Side};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// Says which part of the scenario this process plays.
const PART: &str = "WEBRTC_TEST_PART_ON_A_LINK";
/// Hands a value to a part.
const GIVEN: &str = "WEBRTC_TEST_GIVEN_ON_A_LINK";
/// Goes before what a part says, because the test's framework prints to the same place.
const MARK: &str = "@link ";
/// The address of the left side, where producers are.
pub(crate) const PRODUCER: &str = "10.77.0.1";

/// What happens on either side, and what is seen of it in between.
pub(crate) struct Scenario {
    /// The test, as its framework names it.
    pub(crate) name: &'static str,
    /// The link towards the viewer, and back.
    pub(crate) towards: Shape,
    pub(crate) back: Shape,
    pub(crate) producer: fn(),
    /// Gets what [`Stage::viewer`] was given.
    pub(crate) viewer: fn(&str),
    pub(crate) watch: fn(&mut Stage),
}

impl Scenario {
    /// Plays the part that is this process's; the test's own begins all others.
    pub(crate) fn run(self) {
        match std::env::var(PART).as_deref() {
            Err(_) => again(self.name, "link"),
            Ok("link") => {
                let network = Network::new(self.towards, self.back, 1).unwrap_or_else(|err| panic!("{err}"));
                (self.watch)(&mut Stage { network, name: self.name });
            }
            Ok("producer") => (self.producer)(),
            Ok("viewer") => (self.viewer)(&std::env::var(GIVEN).unwrap()),
            Ok(other) => panic!("{PART}={other} is no part"),
        }
    }
}

/// Plays a scenario in a network that has nothing but itself; the test's own process begins the one that does.
pub(crate) fn alone(name: &str, scenario: fn()) {
    match std::env::var(PART) {
        Err(_) => again(name, "alone"),
        Ok(_) => scenario(),
    }
}

/// The test's own program once more, in a network of its own.
fn again(name: &str, role: &str) {
    let mut command = Command::new("unshare");
    command.args(["--net", "--map-root-user", "--"]).arg(std::env::current_exe().unwrap());
    let output = part(&mut command, name, role).output();
    let output = output.expect("unshare is needed, of package util-linux");
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}\n(networks of their own take the rights of root, or user namespaces that everyone may make)"
    );
}

fn part<'a>(command: &'a mut Command, name: &str, role: &str) -> &'a mut Command {
    command.args(["--exact", name, "--nocapture"]).env(PART, role)
}

/// The link, and who can be started on its sides.
pub(crate) struct Stage {
    pub(crate) network: Network,
    name: &'static str,
}

impl Stage {
    /// The producer's process.
    pub(crate) fn producer(&self) -> Part {
        Part::start(self.network.left(), self.name, "producer", "")
    }

    /// The viewer's process, which gets `given`.
    pub(crate) fn viewer(&self, given: &str) -> Part {
        Part::start(self.network.right(), self.name, "viewer", given)
    }
}

/// A process on one side; killed when the test is over.
pub(crate) struct Part {
    child: Child,
    said: Receiver<String>,
}

impl Part {
    fn start(side: &Side, name: &str, role: &str, given: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        part(&mut command, name, role).env(GIVEN, given).stdout(Stdio::piped());
        let mut child = side.run(|| command.spawn()).unwrap().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (give, said) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if let Some((_, text)) = line.split_once(MARK) {
                    let _ = give.send(text.to_owned());
                }
            }
        });
        Self { child, said }
    }

    /// What it says next.
    pub(crate) fn says(&self) -> String {
        self.said.recv_timeout(DEADLINE).expect("one side of the link said nothing in time")
    }

    /// Everything that it says within a time.
    pub(crate) fn says_within(&self, time: Duration) -> Vec<String> {
        let end = Instant::now() + time;
        let left = || end.saturating_duration_since(Instant::now());
        std::iter::from_fn(|| self.said.recv_timeout(left()).ok()).collect()
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A part's side: says something to who watches.
pub(crate) fn say(text: impl std::fmt::Display) {
    println!("{MARK}{text}");
}
