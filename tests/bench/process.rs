//! The proxies as processes: started here, measured from outside, ended when dropped.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::upstream::{NAME, Upstream};

/// How long a proxy may take to start.
const START: Duration = Duration::from_secs(10);

/// How many more hosts the gateway lists: each can be met for the first time once.
pub(crate) const COLD_HOSTS: usize = 40;

/// The name of one of them.
pub(crate) fn cold_host(index: usize) -> String {
    format!("cold-{index}.test")
}

fn others() -> String {
    let other =
        |index| format!("  - {{ host: {}, dialect: generic, prefix: /cold-{index} }}\n", cold_host(index));
    (0..COLD_HOSTS).map(other).collect()
}

/// A running gateway.
pub(crate) struct Gateway {
    pub(crate) address: SocketAddr,
    /// The certificate of its private CA.
    pub(crate) ca: PathBuf,
    child: Child,
    /// Kept open, as a terminal is.
    _stdout: BufReader<ChildStdout>,
}

impl Gateway {
    /// Starts `binary` on free ports with nothing configured but the upstream; `directory` takes
    /// its state and its log.
    pub(crate) fn start(binary: &Path, directory: &Path, upstream: &Upstream) -> Result<Self> {
        fs::create_dir(directory)?;
        let config = directory.join("waterwall.yaml");
        fs::write(
            &config,
            format!(
                "listen: 127.0.0.1:0\nadmin: {{ listen: 127.0.0.1:0 }}\nstate_dir: {state}\n\
                 kill_switch: {{ armed: false, sentinel: {kill} }}\nupstreams:\n{others}  \
                 - {{ host: {NAME}, dialect: anthropic, prefix: /anthropic, url: \"https://{NAME}:{port}\", ca_file: {root} }}\n",
                state = directory.join("state").display(),
                kill = directory.join("kill").display(),
                port = upstream.address.port(),
                root = upstream.root_file.display(),
                others = others(),
            ),
        )?;
        let log = directory.join("stderr");
        let mut child = Command::new(binary)
            .args(["run", "--config"])
            .arg(&config)
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log)?)
            .spawn()
            .with_context(|| format!("cannot start {}", binary.display()))?;
        let mut stdout = BufReader::new(child.stdout.take().context("its stdout is piped")?);
        let mut line = String::new();
        stdout.read_line(&mut line)?;
        let address = line
            .split("listens on http://")
            .nth(1)
            .and_then(|rest| rest.split_whitespace().next()?.parse().ok());
        let Some(address) = address else {
            child.kill()?;
            child.wait()?;
            bail!("the gateway did not start: {line}{}", fs::read_to_string(log).unwrap_or_default());
        };
        let ca = directory.join("state/ca.pem");
        Ok(Self { address, ca, child, _stdout: stdout })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// CPU time used so far.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        cpu_of(self.id())
    }

    /// Resident memory in MiB: now, and at most so far.
    pub(crate) fn memory(&self) -> Result<(f64, f64)> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id()))?;
        let field = |name: &str| {
            let rest = status.lines().find_map(|line| line.strip_prefix(name))?;
            let kib: f64 = rest.trim_start_matches(':').split_whitespace().next()?.parse().ok()?;
            Some(kib / 1024.0)
        };
        field("VmRSS").zip(field("VmHWM")).context("no memory figures in /proc")
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// A running nginx.
pub(crate) struct Nginx {
    pub(crate) address: SocketAddr,
    child: Child,
}

impl Nginx {
    /// Starts `binary` on a free port as a TLS-to-TLS reverse proxy, with the settings that its
    /// manual recommends for one: requests buffered, connections to the upstream kept, its
    /// certificate verified.
    pub(crate) fn start(
        binary: &Path,
        directory: &Path,
        upstream: &Upstream,
        body_buffer: &str,
    ) -> Result<Self> {
        fs::create_dir(directory)?;
        // Taken and freed: nginx cannot say which port it got.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let config = directory.join("nginx.conf");
        let here = directory.display();
        fs::write(
            &config,
            format!(
                "daemon off;\nmaster_process on;\nworker_processes auto;\npid {here}/pid;\nerror_log {here}/error.log warn;\n\
             events {{ worker_connections 4096; }}\n\
             http {{\n  access_log off;\n  \
             client_body_temp_path {here}/body;\n  proxy_temp_path {here}/proxy;\n  fastcgi_temp_path {here}/fastcgi;\n  uwsgi_temp_path {here}/uwsgi;\n  scgi_temp_path {here}/scgi;\n  \
             client_max_body_size 64m;\n  client_body_buffer_size {body_buffer};\n  keepalive_requests 1000000;\n  tcp_nodelay on;\n  \
             upstream provider {{\n    server {upstream_address};\n    keepalive 64;\n    keepalive_requests 1000000;\n  }}\n  \
             server {{\n    listen {address} ssl;\n    ssl_certificate {certificate};\n    ssl_certificate_key {key};\n    ssl_protocols TLSv1.3;\n    \
             location / {{\n      proxy_pass https://provider;\n      proxy_http_version 1.1;\n      proxy_set_header Connection \"\";\n      proxy_set_header Host {NAME};\n      \
             proxy_request_buffering on;\n      proxy_ssl_protocols TLSv1.3;\n      proxy_ssl_server_name on;\n      proxy_ssl_name {NAME};\n      proxy_ssl_verify on;\n      proxy_ssl_trusted_certificate {root};\n    }}\n  }}\n}}\n",
                upstream_address = upstream.address,
                certificate = upstream.certificate_file.display(),
                key = upstream.key_file.display(),
                root = upstream.root_file.display(),
            ),
        )?;
        let child = Command::new(binary)
            .arg("-e")
            .arg(directory.join("error.log"))
            .arg("-p")
            .arg(directory)
            .arg("-c")
            .arg(&config)
            .stdin(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {}", binary.display()))?;
        let mut nginx = Self { address, child };
        let began = Instant::now();
        while TcpStream::connect(address).is_err() {
            if began.elapsed() > START || nginx.child.try_wait()?.is_some() {
                bail!(
                    "nginx did not start: {}",
                    fs::read_to_string(directory.join("error.log")).unwrap_or_default()
                );
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(nginx)
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// Asks a process to end. nginx's master ends its workers when it is asked, not when it is killed.
fn end(child: &mut Child) {
    let Some(id) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) else { return };
    // Gone already, perhaps.
    let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(5) {
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// CPU time of a process and of its children, user and system.
pub(crate) fn cpu_of(process: u32) -> Result<Duration> {
    let mut total = cpu_of_one(process)?;
    for task in fs::read_dir(format!("/proc/{process}/task"))? {
        let children = fs::read_to_string(task?.path().join("children")).unwrap_or_default();
        for child in children.split_whitespace() {
            total += cpu_of_one(child.parse()?)?;
        }
    }
    Ok(total)
}

/// Fields 14 and 15 of `/proc/PID/stat` (proc(5)), in ticks of 10 ms that the kernel scales to the
/// exact run time: take differences over many requests.
fn cpu_of_one(process: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name, field 2, may hold spaces.
    let rest = stat.rsplit(')').next().unwrap_or_default();
    let ticks: Vec<u64> =
        rest.split_whitespace().skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
    Ok(Duration::from_millis(10 * ticks.iter().sum::<u64>()))
}
