//! Running the gateway: builds the services, serves until told to stop, and ends in order.

mod hardening;
mod install_record;
mod note;
mod operator;
mod services;
mod signals;
mod supervisor;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, anyhow};
use pingora_core::apps::HttpServerOptions;
use pingora_core::apps::http_app::HttpServer;
use pingora_core::listeners::ListenerConfig;
use pingora_core::protocols::l4::stream::L4BufferSettings;
use pingora_core::server::configuration::ServerConf;
use pingora_core::server::{RunArgs, Server};
use pingora_core::services::listening::Service;
use pingora_proxy::HttpProxy;
use waterwall_pipeline::Services;

use crate::admin::{Admin, Bounded, Facts, Verifier};
use crate::config::Config;
use crate::evidence::policies;
use crate::forward::{Forward, Front, Open};
use crate::handover::{Ending, Estate, Giver, Heir};
use crate::kill_switch::KillSwitch;
use crate::live::{Live, Reloader, Running, Watcher};
use crate::metrics::Metrics;
use crate::proxy::{Gateway, Refuser};
use crate::sockets::{OnSocket, Sockets};
use crate::state;
use crate::upstream::platform_repaired;

use install_record::InstallRecord;
use note::NoteKeeper;
use operator::Operator;
use services::Upkeep;
use signals::{Notice, Signals};
use supervisor::Supervisor;

/// How long a gateway that has handed over stays at least: a connection that it has just accepted may
/// not be counted yet.
const LINGER: Duration = Duration::from_secs(1);
/// How often it tells its successor what is new, and looks whether it may end.
const LOOK: Duration = Duration::from_millis(50);
/// How long those that are cut may take to close their records.
const CUT: Duration = Duration::from_secs(5);
/// Attempts per request: one per address of the upstream, and one for a stale connection.
const MAX_RETRIES: usize = 8;
/// Bytes of an answer collected per agent before a flush: an event with its chunk framing leaves in
/// one packet. There is no buffer for reading: Pingora reads requests into buffers of their own, and
/// its 64 KiB in front of those would be most of the memory of an open stream.
const WRITE_BUFFER: usize = 8 << 10;
/// How long an agent's HTTP/2 connection may be without a request.
const H2_IDLE: Duration = Duration::from_secs(120);
/// Idle connections kept open, over all upstreams; fewer where descriptors are few.
const POOL: usize = 128;

/// How a gateway begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Start {
    /// By itself.
    Afresh,
    /// By taking over from the one that runs.
    AsHeir,
}

/// Serves until SIGTERM or SIGINT, or until a successor takes over; then finishes what is in flight and returns.
///
/// `ready` is called once both ports are listened on, with the addresses in use (which differ from
/// the configuration only where that says port 0).
///
/// # Errors
/// When a port is taken, or something that the configuration names cannot be used. Nothing has
/// been served then.
pub fn run(mut config: Config, start: Start, ready: impl FnOnce(&Config)) -> Result<()> {
    hardening::outlive_size_limits().context("cannot listen for signals")?;
    hardening::protect_memory();
    hardening::allow_many_connections();
    // Two crypto providers are linked; the choice has to be made before the first use. An error
    // means that it has been made already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();

    let written = config.clone();
    let mut heir = match start {
        Start::Afresh => None,
        Start::AsHeir => Some(Heir::ask(&config)?),
    };
    let sockets = match heir.as_mut().and_then(Heir::sockets) {
        Some(sockets) => sockets,
        None => Sockets::bind(&config)?,
    };
    config.listen = sockets.agents.local_addr()?;
    config.admin_listen = sockets.admin.local_addr()?;
    state::examine_authority(&config)?;
    let live = Arc::new(Live::new(Running::prepare(config.clone(), None)?));
    let switch = Arc::new(KillSwitch::new(Arc::clone(&live)));
    let services = services::open(&config, Arc::clone(&switch), heir.as_mut())?;
    policies::keep(&config.audit.chain, &live.now().policy.detectors);
    let reloader = Arc::new(Reloader::new(written, Arc::clone(&live), Arc::clone(&services)));
    let watcher = Watcher::start(Arc::clone(&reloader))?;
    let operator = Operator::listen(Arc::clone(&switch), watcher.asking())?;

    let open = Open::new();
    let ending = Arc::new(Ending::new());
    let metrics = Arc::new(Metrics::new());
    let gateway = Gateway::new(
        &config,
        Arc::clone(&live),
        Arc::clone(&services),
        Arc::clone(&metrics),
        ending.leaving(),
    );
    let refuser = Arc::new(Refuser::new(Arc::clone(&live), Arc::clone(&metrics)));
    let forward = Forward::new(&config, Arc::clone(&live), Arc::clone(&services), refuser, ending.cutting());
    let forward = Arc::new(forward);
    let front = |proxy| Front::new(proxy, Arc::clone(&forward), open.clone(), &ending);
    let admin = Admin::new(Facts {
        config: config.clone(),
        live,
        services: Arc::clone(&services),
        switch: Arc::clone(&switch),
        reloader,
        metrics: Arc::clone(&metrics),
        open: open.clone(),
        verifier: Verifier::start(config.audit.chain.clone(), &config.audit.signing_key)?,
    });
    let server = build(&config, gateway, admin, open.limit(), &sockets, front)?;
    let session_idle = Duration::from_secs(config.audit.session_idle_seconds);
    let notes = services::note_keeper(&config.audit)?;
    let serving = Serving::begin(server, Arc::clone(&ending))?;

    let predecessor = match heir {
        Some(heir) => heir.take_over(&services, &switch, &metrics)?,
        None => Arc::new(AtomicBool::new(false)),
    };
    let installs = InstallRecord::new(&config.state_dir);
    let upkeep =
        Upkeep::start(Arc::clone(&services), forward, Arc::clone(&ending), session_idle, installs, notes)?;
    let giver = Giver::start(Estate {
        config: config.clone(),
        services: Arc::clone(&services),
        switch,
        metrics: Arc::clone(&metrics),
        ending: Arc::clone(&ending),
        sockets: Mutex::new(Some(sockets)),
        predecessor,
        told: Box::new(supervisor::hand_to),
        link: Mutex::new(None),
    })?;
    ready(&config);
    let supervisor = Supervisor::ready(&config)?;
    let served = serving.until_the_end(&open, config.drain, supervisor, &giver);
    if served.is_ok() {
        cut(&open, &metrics, &ending);
    }
    drop(operator);
    watcher.stop();
    let notes = upkeep.stop();
    served.and_then(|end| match end {
        End::Given if giver.finish() => {
            // The successor writes the rest; this makes safe what was written here.
            let safe = services.chain.checkpoint(SystemTime::now());
            safe.context("the audit log has no last checkpoint of this gateway")
        }
        End::Given | End::Stopped => close(&services, notes),
    })
}

/// Closes what is still open, and waits until the audit log has its closing lines.
fn cut(open: &Open, metrics: &Metrics, ending: &Ending) {
    ending.cut();
    let since = Instant::now();
    while open.count() + metrics.under_way() > 0 {
        if since.elapsed() > CUT {
            tracing::warn!(exchanges = metrics.under_way(), "these have no closing line on the audit log");
            return;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Ends all sessions, and the log with a checkpoint.
fn close(services: &Services, notes: Option<NoteKeeper>) -> Result<()> {
    let told = services.sessions.end_all(&services.chain, SystemTime::now());
    services.chain.close(SystemTime::now()).context("the audit log could not be closed with a checkpoint")?;
    if let Some(mut notes) = notes {
        notes.catch_up(&services.chain);
    }
    told.context("a session has no manifest")
}

fn build(
    config: &Config,
    gateway: Gateway,
    admin: Admin,
    connections: usize,
    sockets: &Sockets,
    front: impl FnOnce(HttpProxy<Gateway>) -> Front,
) -> Result<Server> {
    let mut server = Server::new_with_opt_and_conf(None, server_conf(config, connections)?);
    server.bootstrap();
    let mut proxy = pingora_proxy::http_proxy(&server.configuration, gateway);
    let mut options = HttpServerOptions::default();
    options.h2_idle_timeout = Some(H2_IDLE);
    proxy.server_options = Some(options);
    let mut agents = Service::new("agents".to_owned(), front(proxy));
    let buffers = L4BufferSettings::new(0, WRITE_BUFFER);
    agents.add_listener(ListenerConfig::tcp(config.listen.to_string()).l4_buffer(buffers));
    server.add_service(OnSocket::new(agents, config.listen, sockets.agents.try_clone()?));

    let mut admin = Service::new("admin".to_owned(), Bounded::new(HttpServer::new_app(admin)));
    admin.threads = Some(1);
    admin.add_tcp(&config.admin_listen.to_string());
    server.add_service(OnSocket::new(admin, config.admin_listen, sockets.admin.try_clone()?));
    Ok(server)
}

fn server_conf(config: &Config, connections: usize) -> Result<ServerConf> {
    let in_state_dir = |name: &str| config.state_dir.join(name).to_string_lossy().into_owned();
    let roots = match platform_repaired() {
        Some(pem) => {
            let file = in_state_dir("roots.pem");
            std::fs::write(&file, pem).with_context(|| format!("cannot write {file}"))?;
            tracing::warn!(file, "some of the platform's root certificates are unusable");
            Some(file)
        }
        None => None,
    };
    Ok(ServerConf {
        ca_file: roots,
        threads: thread::available_parallelism().map_or(1, usize::from),
        // Pingora sleeps through this before it ends by itself; we end before.
        grace_period_seconds: Some(config.drain.as_secs() + 10),
        graceful_shutdown_timeout_seconds: Some(0),
        // Pingora's defaults are in a directory that others can write to.
        upgrade_sock: in_state_dir("upgrade.sock"),
        pid_file: in_state_dir("waterwall.pid"),
        max_retries: MAX_RETRIES,
        upstream_keepalive_pool_size: POOL.min(connections / 4),
        // Pingora's own timers are kept until they would have fired, cancelled or not: no good for
        // reads that may wait a quarter of an hour.
        fast_timeout_to_tokio_threshold_seconds: Some(1),
        // Never TLS keys in a file, whatever SSLKEYLOGFILE says.
        upstream_debug_ssl_keylog: false,
        ..ServerConf::default()
    })
}

/// Why a gateway has ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Stopped,
    /// A successor has taken over.
    Given,
}

/// A server that runs on a thread of its own, because it would sleep for the whole grace period when
/// told to stop; we wait only until the last connection is closed.
struct Serving {
    notices: mpsc::Receiver<Notice>,
}

impl Serving {
    /// Returns when both ports are served.
    fn begin(server: Server, ending: Arc<Ending>) -> Result<Self> {
        let (sender, notices) = mpsc::channel();
        let signals = Signals::new(sender, ending);
        thread::Builder::new()
            .name("server".to_owned())
            .spawn(move || server.run(RunArgs { shutdown_signal: Box::new(signals) }))
            .context("cannot start a thread")?;
        let serving = Self { notices };
        while serving.next()? != Notice::Listening {}
        Ok(serving)
    }

    fn next(&self) -> Result<Notice> {
        self.notices.recv().map_err(|_| anyhow!("the server ended unexpectedly"))
    }

    /// Waits until the gateway is to end, and what is in flight has.
    fn until_the_end(
        &self,
        open: &Open,
        longest: Duration,
        supervisor: Supervisor,
        giver: &Giver,
    ) -> Result<End> {
        let mut notice = self.next()?;
        while notice == Notice::Listening {
            notice = self.next()?;
        }
        giver.close();
        let open_connections = open.count();
        let end = if notice == Notice::Given { End::Given } else { End::Stopped };
        match end {
            End::Stopped => supervisor.stopping(),
            End::Given => supervisor.leave(),
        }
        tracing::info!(open_connections, "stopping");
        match self.drain(open, longest, end, giver) {
            0 => tracing::info!("stopped"),
            left => tracing::warn!(open_connections = left, "stopped before these were done"),
        }
        Ok(end)
    }

    /// Waits until no connection is open, the time is up, or a second signal comes. Returns how many
    /// are left.
    fn drain(&self, open: &Open, longest: Duration, end: End, giver: &Giver) -> usize {
        let since = Instant::now();
        let (least, look) = match end {
            End::Stopped => (Duration::ZERO, Duration::from_millis(20)),
            End::Given => (LINGER, LOOK),
        };
        let longest = longest.max(least);
        while since.elapsed() < least || open.count() > 0 && since.elapsed() < longest {
            if let Ok(Notice::StopNow) = self.notices.recv_timeout(look) {
                break;
            }
            if end == End::Given {
                giver.keep_up();
            }
        }
        open.count()
    }
}
