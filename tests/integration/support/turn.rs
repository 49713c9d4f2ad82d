//! A real TURN server: coturn, on an address of this host.

use super::DEADLINE;
use super::udp::own_address;
use std::io::{BufRead, BufReader};
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{SystemTime, UNIX_EPOCH};

const SECRET: &str = "the secret of both";

/// A running server.
pub(crate) struct Turn {
    pub(crate) address: SocketAddr,
    child: Child,
    log: Receiver<String>,
}

impl Turn {
    /// A server that knows user `user` with password `p@ss`.
    pub(crate) fn with_user() -> Self {
        Self::with_user_at(own_address())
    }

    /// The same at an address of this host.
    pub(crate) fn with_user_at(ip: IpAddr) -> Self {
        Self::start(ip, &["--lt-cred-mech", "--user=user:p@ss"])
    }

    /// The same that lets no packets pass to and from an address.
    pub(crate) fn that_denies(peer: &str) -> Self {
        let user = ["--lt-cred-mech", "--user=user:p@ss"];
        Self::start(own_address(), &[user[0], user[1], "--denied-peer-ip", peer])
    }

    /// A server whose credentials are made of a secret that the application shares with it.
    pub(crate) fn with_secret() -> Self {
        Self::start(own_address(), &["--use-auth-secret", "--static-auth-secret", SECRET])
    }

    fn start(ip: IpAddr, arguments: &[&str]) -> Self {
        let address = free_address(ip);
        let (ip, port) = (address.ip().to_string(), address.port().to_string());
        let file = |ending: &str| {
            let name = format!("turn-{}-{port}.{ending}", std::process::id());
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(name).display().to_string()
        };
        let mut child = Command::new("turnserver")
            .args(["-n", "-v", "--no-cli", "--no-tls", "--no-dtls", "--allow-loopback-peers"])
            .args(["--realm=example.org", "--log-file=stdout"])
            .args(["--pidfile", &file("pid"), "--userdb", &file("db")])
            .args(["--listening-ip", &ip, "--relay-ip", &ip, "--listening-port", &port])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("turnserver is needed, of package coturn");
        let (tell, told) = channel();
        let log = BufReader::new(child.stdout.take().unwrap());
        // Goes on reading, so that the server can go on writing.
        std::thread::spawn(move || {
            for line in log.lines().map_while(Result::ok) {
                let _ = tell.send(line);
            }
        });
        let mut open = (false, false);
        while open != (true, true) {
            let line = told.recv_timeout(DEADLINE).expect("turnserver did not start");
            open.0 |= line.contains("UDP listener opened") || line.contains("DTLS/UDP listener opened");
            open.1 |= line.contains("TCP listener opened");
        }
        Self { address, child, log: told }
    }

    /// The server as a property has it, with user and password.
    pub(crate) fn url(&self, transport: &str) -> String {
        self.url_with("user", "p%40ss", transport)
    }

    /// The same with credentials that are good for a minute, made of the secret as coturn's documentation has it.
    pub(crate) fn url_of_secret(&self) -> String {
        let until = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + 60;
        let user = format!("{until}:viewer");
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, SECRET.as_bytes());
        let password = data_encoding::BASE64.encode(ring::hmac::sign(&key, user.as_bytes()).as_ref());
        let encoded = |text: &str| text.replace('/', "%2F").replace('+', "%2B").replace(':', "%3A");
        self.url_with(&encoded(&user), &encoded(&password), "udp")
    }

    pub(crate) fn url_with(&self, user: &str, password: &str, transport: &str) -> String {
        format!("turn://{user}:{password}@{}?transport={transport}", self.address)
    }

    /// Waits until the server says something.
    pub(crate) fn says(&self, text: &str) {
        while !self.log.recv_timeout(DEADLINE).expect("turnserver never said it").contains(text) {}
    }

    /// Ends without a word.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.kill();
    }
}

/// An address that nobody has, neither for UDP nor for TCP.
pub(crate) fn free_address(ip: IpAddr) -> SocketAddr {
    loop {
        let tcp = TcpListener::bind((ip, 0)).unwrap();
        let address = tcp.local_addr().unwrap();
        if UdpSocket::bind(address).is_ok() {
            return address;
        }
    }
}
