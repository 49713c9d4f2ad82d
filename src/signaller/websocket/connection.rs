//! The connection to the signalling server, again and again: what is to be said waits here in the order of the
//! calls, whether there is a server or not, and `logic` decides what becomes of it.

use super::address::place;
use super::connect::{ConnectError, Credentials, Socket, connect};
use super::conversation::{Conversation, Ended};
use crate::runtime;
use logic::backoff::Backoff;
use logic::peer_client::{Action, PeerClient, Problem, Purpose};
use logic::reconnection::{Policy, Reconnection};
use protocol::{EndReason, Meta, PeerId, PeerMessageInner, SessionId};
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout_at};

/// How much may wait for the server, or for its word that it has arrived, in bytes.
const QUEUE: usize = 4 * 1024 * 1024;
/// How many messages of the server may wait for the application's handlers before no more are read.
const NEWS: usize = 64;

/// Where and how to connect.
#[derive(Clone)]
pub(super) struct Config {
    pub(super) url: url::Url,
    /// The application may change them at any time.
    pub(super) credentials: Arc<Mutex<Credentials>>,
    pub(super) cafile: Option<String>,
    pub(super) insecure_tls: bool,
    pub(super) purpose: Purpose,
    pub(super) policy: Policy,
    pub(super) timeout: Duration,
    pub(super) heartbeat: Duration,
}

/// What the connection asks of and tells its owner. Called off the runtime, one at a time.
pub(super) trait Owner: Send + Sync + 'static {
    fn meta(&self) -> Option<Meta>;
    fn act(&self, action: Action);
    fn connected(&self, id: &PeerId, resumed: bool, attempts: u32);
    fn lost(&self, loss: &Loss);
    fn failed(&self, text: &str);
}

/// The server cannot be spoken to for now.
pub(super) struct Loss {
    pub(super) text: String,
    pub(super) retry_in: Duration,
    /// Attempts that failed since it could.
    pub(super) attempts: u32,
    /// Whether it ever could.
    pub(super) was_connected: bool,
}

/// Something for the owner to hear.
pub(super) enum Told {
    /// What follows from a message, and which attempt to connect this is.
    Actions(Vec<Action>, u32),
    Lost(Loss),
    Failed(String),
}

/// What the callers and the tasks of the connection have in common.
pub(super) struct Shared {
    client: Mutex<PeerClient>,
    /// There is something to write.
    to_write: Notify,
    /// There is a reason to end the connection.
    problem: Notify,
    /// How long to wait before a refused request is made again has changed.
    pause: Notify,
    meta_changed: Notify,
    stopped: AtomicBool,
}

impl Shared {
    pub(super) fn client(&self) -> MutexGuard<'_, PeerClient> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something that may give the connection more to write, or a problem.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut PeerClient) -> T) -> T {
        let mut client = self.client();
        let pause = client.pause();
        let result = work(&mut client);
        if client.problem().is_some() {
            self.problem.notify_one();
        }
        if client.pause() != pause {
            self.pause.notify_one();
        }
        drop(client);
        self.to_write.notify_one();
        result
    }

    pub(super) async fn wants_to_write(&self) {
        self.to_write.notified().await;
    }

    pub(super) async fn meta_changes(&self) {
        self.meta_changed.notified().await;
    }

    /// Makes refused requests again when it is time to; never returns.
    pub(super) async fn follow_pauses(&self) -> Infallible {
        loop {
            let pause = self.client().pause();
            let over = async {
                match pause {
                    Some(pause) => sleep(pause).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = over => self.with(PeerClient::pause_over),
                () = self.pause.notified() => {}
            }
        }
    }

    /// Waits for a reason to end the connection.
    pub(super) async fn problem_arises(&self) -> Problem {
        loop {
            if let Some(problem) = self.client().problem() {
                return problem.clone();
            }
            self.problem.notified().await;
        }
    }
}

/// A running connection; dropping it says what waits and closes.
pub(super) struct Connection {
    shared: Arc<Shared>,
    _stop: oneshot::Sender<()>,
    finished: std::sync::mpsc::Receiver<()>,
}

impl Connection {
    /// Connects in the background.
    pub(super) fn start(config: Config, owner: Arc<dyn Owner>) -> Self {
        let Policy { shortest, longest, .. } = config.policy;
        let delays = Backoff::new(shortest, longest.max(shortest), seed());
        let shared = Arc::new(Shared {
            client: Mutex::new(PeerClient::new(config.purpose.clone(), config.heartbeat, QUEUE, delays)),
            to_write: Notify::new(),
            problem: Notify::new(),
            pause: Notify::new(),
            meta_changed: Notify::new(),
            stopped: AtomicBool::new(false),
        });
        let (stop, stopped) = oneshot::channel();
        let (finish, finished) = std::sync::mpsc::sync_channel(1);
        let (tell, told) = mpsc::channel(NEWS);
        runtime::spawn(announce(told, owner.clone(), shared.clone()));
        let state = shared.clone();
        runtime::spawn(async move {
            run(&config, Conversation { shared: state, owner, tell }, stopped).await;
            drop(finish);
        });
        Self { shared, _stop: stop, finished }
    }

    /// Queues something to say to the other member of a session.
    pub(super) fn say(&self, session: &SessionId, inner: PeerMessageInner) -> Result<(), Problem> {
        self.shared.with(|client| client.say(session, inner))
    }

    /// Queues the end of a session.
    pub(super) fn end_session(
        &self,
        session: &SessionId,
        reason: Option<EndReason>,
        error: Option<String>,
    ) -> Result<(), Problem> {
        self.shared.with(|client| client.end_session(session, reason, error))
    }

    /// Asks for the next session when the last is over.
    pub(super) fn want(&self) {
        self.shared.with(PeerClient::want);
    }

    /// What the owner says of itself has changed.
    pub(super) fn meta_changed(&self) {
        self.shared.meta_changed.notify_one();
    }

    /// Closes, and lets the last words leave before a process that ends next; never longer than `limit`.
    pub(super) fn close(self, limit: Duration) {
        let Self { shared, _stop: stop, finished } = self;
        shared.stopped.store(true, Ordering::Relaxed);
        drop(stop);
        if !runtime::is_current() {
            // Disconnected is what we wait for; a timeout is no error either.
            let _ = finished.recv_timeout(limit);
        }
    }
}

/// Tells the owner everything in order. A handler of the application that takes its time holds up the reader at
/// some point, but never what is written.
async fn announce(mut told: mpsc::Receiver<Told>, owner: Arc<dyn Owner>, shared: Arc<Shared>) {
    while let Some(told) = told.recv().await {
        let (owner, shared) = (owner.clone(), shared.clone());
        let work = move || match told {
            _ if shared.stopped.load(Ordering::Relaxed) => {}
            Told::Actions(actions, attempts) => actions.into_iter().for_each(|action| match action {
                Action::Registered(id, resumed) => owner.connected(&id, resumed, attempts),
                action => owner.act(action),
            }),
            Told::Lost(loss) => owner.lost(&loss),
            Told::Failed(text) => owner.failed(&text),
        };
        runtime::blocking(work).await;
    }
}

/// Differs from client to client, so that they do not all come back in the same instant.
fn seed() -> u64 {
    std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(1, |since| since.subsec_nanos().into())
}

/// Connects and converses until it is stopped or has to give up.
async fn run(config: &Config, conversation: Conversation, mut stop: oneshot::Receiver<()>) {
    let mut reconnection = Reconnection::new(config.policy, seed());
    loop {
        let deadline = Instant::now() + config.timeout;
        let attempt = tokio::select! {
            attempt = timeout_at(deadline, attempt(config)) => {
                attempt.unwrap_or(Err(ConnectError::TimedOut))
            }
            _ = &mut stop => return,
        };
        let next = match attempt {
            Ok(socket) => {
                let attempts = reconnection.failures() + 1;
                let done = conversation.hold(socket, attempts, deadline, &mut stop).await;
                after_connection(config, &mut reconnection, done)
            }
            Err(err) => after_failure(config, &mut reconnection, &err),
        };
        let told = match next {
            Next::Stop => return,
            Next::GiveUp(text) => {
                conversation.shared.client().disconnected(true);
                Told::Failed(text)
            }
            Next::Retry(text, retry_in) => {
                let (attempts, was_connected) = (reconnection.failures(), reconnection.has_connected());
                Told::Lost(Loss { text, retry_in, attempts, was_connected })
            }
        };
        let delay = if let Told::Lost(loss) = &told { Some(loss.retry_in) } else { None };
        let pause = async {
            let _ = conversation.tell.send(told).await;
            if let Some(delay) = delay {
                sleep(delay).await;
            }
        };
        tokio::select! {
            () = pause => {}
            _ = &mut stop => return,
        }
        if delay.is_none() {
            return;
        }
    }
}

/// One attempt, with what the application wants to be shown by now.
async fn attempt(config: &Config) -> Result<Socket, ConnectError> {
    let credentials = || config.credentials.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let shown = credentials();
    match connect(config, &shown).await {
        Err(ConnectError::NotLetIn(status, _)) if credentials() != shown => {
            Err(ConnectError::Outdated(status))
        }
        result => result,
    }
}

enum Next {
    Stop,
    GiveUp(String),
    Retry(String, Duration),
}

/// A connection was there and is over.
fn after_connection(
    config: &Config,
    reconnection: &mut Reconnection,
    (ended, registered): (Ended, Option<Instant>),
) -> Next {
    let text = match ended {
        Ended::Stopped => return Next::Stop,
        Ended::Problem(problem) if problem.is_final() => return Next::GiveUp(problem.to_string()),
        Ended::Problem(problem) => problem.to_string(),
        Ended::Lost { text, .. } => text,
    };
    if let Some(since) = registered {
        reconnection.connected();
        return Next::Retry(text, reconnection.lost(since.elapsed()));
    }
    after_failure(config, reconnection, &ConnectError::NotRegistered(text))
}

/// An attempt failed.
fn after_failure(config: &Config, reconnection: &mut Reconnection, err: &ConnectError) -> Next {
    let place = place(&config.url);
    let text = format!("failed to connect to the signalling server at {place}: failed to {err}");
    let limit = reconnection.limit();
    match reconnection.failed(err.retry_after()) {
        Some(delay) if !err.is_final() => Next::Retry(text, delay),
        _ if err.is_final() => Next::GiveUp(format!("{text}{}", err.cure())),
        _ => {
            let property =
                if reconnection.has_connected() { "reconnect-attempts" } else { "connect-attempts" };
            Next::GiveUp(format!(
                "{text}; all {limit} attempts (property {property} of the signaller) failed{}",
                err.cure()
            ))
        }
    }
}
