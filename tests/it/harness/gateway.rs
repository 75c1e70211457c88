//! The gateway as a process: the built binary with a configuration and a state directory of its own.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Instant;

use tempfile::TempDir;

use super::{Client, PATIENCE};

/// One `upstreams:` entry.
pub(crate) struct UpstreamConfig {
    pub(crate) host: String,
    pub(crate) dialect: &'static str,
    pub(crate) prefix: &'static str,
    pub(crate) url: String,
    pub(crate) ca_file: Option<PathBuf>,
}

impl UpstreamConfig {
    /// A generic upstream under `/up`.
    pub(crate) fn generic(url: impl Into<String>) -> Self {
        Self { host: "up.test".into(), dialect: "generic", prefix: "/up", url: url.into(), ca_file: None }
    }

    /// An Anthropic upstream under `/anthropic`.
    pub(crate) fn anthropic(url: impl Into<String>) -> Self {
        Self {
            host: "anthropic.test".into(),
            dialect: "anthropic",
            prefix: "/anthropic",
            url: url.into(),
            ca_file: None,
        }
    }
}

/// What a gateway is started with. The directory outlives the process, so that a test can look
/// at its files or start another gateway on it.
pub(crate) struct Setup {
    dir: TempDir,
    upstreams: Vec<UpstreamConfig>,
    kill_switch: String,
    extra: String,
    env: Vec<(&'static str, OsString)>,
    /// As `prlimit` takes it.
    pub(crate) limit: Option<String>,
    state_dir: String,
}

impl Setup {
    pub(crate) fn new(upstreams: impl IntoIterator<Item = UpstreamConfig>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let kill_switch = format!("{{ armed: false, sentinel: {} }}", dir.path().join("kill").display());
        Self {
            dir,
            upstreams: upstreams.into_iter().collect(),
            kill_switch,
            extra: String::new(),
            limit: None,
            env: Vec::new(),
            state_dir: "state".to_owned(),
        }
    }

    /// Another value for `kill_switch`.
    pub(crate) fn kill_switch(self, yaml: &str) -> Self {
        Self { kill_switch: yaml.to_owned(), ..self }
    }

    /// Another sentinel file.
    pub(crate) fn sentinel(self, file: &Path) -> Self {
        self.kill_switch(&format!("{{ sentinel: {} }}", file.display()))
    }

    /// Replaces the upstreams, where they need a file of this setup.
    pub(crate) fn upstreams(self, upstreams: impl IntoIterator<Item = UpstreamConfig>) -> Self {
        Self { upstreams: upstreams.into_iter().collect(), ..self }
    }

    /// Adds lines to the configuration.
    pub(crate) fn with(mut self, yaml: &str) -> Self {
        self.extra.push_str(yaml);
        self.extra.push('\n');
        self
    }

    /// Gives the process no more descriptors than these.
    pub(crate) fn descriptors(self, count: usize) -> Self {
        // Soft and hard, as the gateway raises the one to the other.
        Self { limit: Some(format!("--nofile={count}")), ..self }
    }

    /// Keeps its state in a directory with a name of 200 bytes.
    pub(crate) fn long_state_dir(self) -> Self {
        Self { state_dir: "s".repeat(200), ..self }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file beside the configuration.
    pub(crate) fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    fn yaml(&self, listen: &str, admin: &str) -> String {
        let mut yaml = format!(
            "listen: {listen}\nadmin: {{ listen: {admin} }}\nstate_dir: {}\nkill_switch: {}\nupstreams:\n",
            self.path(&self.state_dir).display(),
            self.kill_switch,
        );
        for upstream in &self.upstreams {
            let UpstreamConfig { host, dialect, prefix, url, ca_file } = upstream;
            write!(yaml, "  - {{ host: {host}, dialect: {dialect}, prefix: {prefix}, url: \"{url}\"")
                .unwrap();
            if let Some(file) = ca_file {
                write!(yaml, ", ca_file: {}", file.display()).unwrap();
            }
            yaml.push_str(" }\n");
        }
        yaml + &self.extra
    }

    /// Adds a variable to the process's environment.
    pub(crate) fn env(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.env.push((name, value.into()));
        self
    }

    /// The process, its configuration written; not yet waited for.
    pub(crate) fn spawn(&self, listen: &str, admin: &str) -> Child {
        let config = self.file("waterwall.yaml", &self.yaml(listen, admin));
        self.run(&config)
    }

    fn run(&self, config: &Path) -> Child {
        self.run_as(config, &[], "stderr")
    }

    /// A process that is to take over from the one that runs. What it says goes to `stderr.heir`.
    pub(crate) fn spawn_heir(&self, config: &Path) -> Child {
        self.run_as(config, &["--upgrade"], "stderr.heir")
    }

    fn run_as(&self, config: &Path, options: &[&str], stderr: &str) -> Child {
        let program = program();
        let mut command = match &self.limit {
            Some(limit) => {
                let mut command = Command::new("prlimit");
                command.arg(limit).arg(&program);
                command
            }
            None => Command::new(&program),
        };
        command
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .args(["run", "--config"])
            .arg(config)
            .args(options)
            .current_dir(self.dir.path())
            .env("RUST_LOG", "trace")
            .env_remove("XDG_STATE_HOME")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(self.path(stderr)).unwrap())
            .spawn()
            .unwrap()
    }

    /// Starts a gateway on free ports and waits until it serves.
    pub(crate) fn start(self) -> Gateway {
        let mut child = self.spawn("127.0.0.1:0", "127.0.0.1:0");
        let (stdout, agents, admin) = self.wait_until_serving(&mut child);
        Gateway { setup: self, child, _stdout: stdout, agents, admin }
    }

    fn wait_until_serving(&self, child: &mut Child) -> (BufReader<ChildStdout>, SocketAddr, SocketAddr) {
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        let address = |after: &str| {
            let rest = line.split(after).nth(1)?;
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ':').unwrap_or(rest.len());
            rest[..end].parse::<SocketAddr>().ok()
        };
        let (Some(agents), Some(admin)) = (address("listens on http://"), address("admin: http://")) else {
            let status = child.wait().unwrap();
            let heir = std::fs::read_to_string(self.path("stderr.heir")).unwrap_or_default();
            panic!("the gateway did not start ({status}): {line}{}{heir}", self.stderr());
        };
        (stdout, agents, admin)
    }

    /// Everything the process wrote to stderr so far.
    pub(crate) fn stderr(&self) -> String {
        std::fs::read_to_string(self.path("stderr")).unwrap_or_default()
    }
}

/// The binary that is tested: the one that was built with the tests, or another build of it.
fn program() -> OsString {
    std::env::var_os("WATERWALL_TESTED").unwrap_or_else(|| env!("CARGO_BIN_EXE_waterwall").into())
}

/// A running gateway; killed when dropped.
pub(crate) struct Gateway {
    pub(crate) setup: Setup,
    child: Child,
    /// Kept open, as a terminal is.
    _stdout: BufReader<ChildStdout>,
    pub(crate) agents: SocketAddr,
    pub(crate) admin: SocketAddr,
}

impl Gateway {
    /// A gateway with one generic upstream under `/up`.
    pub(crate) fn before(url: impl Into<String>) -> Self {
        Setup::new([UpstreamConfig::generic(url)]).start()
    }

    /// A connection to the agents' port.
    pub(crate) fn client(&self) -> Client {
        Client::connect(self.agents)
    }

    /// Waits until the gateway has logged this text.
    pub(crate) fn wait_for_log(&self, text: &str) {
        let since = Instant::now();
        while !self.setup.stderr().contains(text) {
            assert!(since.elapsed() < PATIENCE, "not logged: {text}");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    /// The process's id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by name, e.g. `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        signal(&self.child, name);
    }

    /// Starts it again, once it has ended, with its configuration as it is now.
    pub(crate) fn restart(&mut self) {
        self.child = self.setup.run(&self.setup.path("waterwall.yaml"));
        (self._stdout, self.agents, self.admin) = self.setup.wait_until_serving(&mut self.child);
    }

    /// Puts a successor in its place; returns the process that it took over from, once the successor
    /// serves.
    pub(crate) fn upgrade(&mut self) -> Older {
        let mut heir = self.setup.spawn_heir(&self.setup.path("waterwall.yaml"));
        let (stdout, agents, admin) = self.setup.wait_until_serving(&mut heir);
        assert_eq!((agents, admin), (self.agents, self.admin));
        let older =
            Older(std::mem::replace(&mut self.child, heir), std::mem::replace(&mut self._stdout, stdout));
        // The next successor writes to the same file.
        std::fs::rename(self.setup.path("stderr.heir"), self.setup.path("stderr.newer")).unwrap();
        older
    }

    /// Waits for the end of the process.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        wait(&mut self.child)
    }
}

/// A gateway that has handed over; killed when dropped.
pub(crate) struct Older(pub(crate) Child, #[expect(dead_code, reason = "kept open")] BufReader<ChildStdout>);

impl Drop for Older {
    fn drop(&mut self) {
        // Already gone as a rule.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // Already gone in the tests that stop it.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            for file in ["stderr.newer", "stderr.heir"] {
                let heir = std::fs::read_to_string(self.setup.path(file)).unwrap_or_default();
                eprintln!("{file}:\n{heir}");
            }
            eprintln!("gateway's stderr:\n{}", self.setup.stderr());
        }
    }
}

pub(crate) fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").arg(format!("-{name}")).arg(child.id().to_string()).status().unwrap();
    assert!(status.success());
}

/// Waits for a process, but not for ever.
pub(crate) fn wait(child: &mut Child) -> ExitStatus {
    let since = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if since.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("the process did not end");
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}
