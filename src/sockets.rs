//! The listening sockets of both ports: bound before anything else is done, and given to Pingora,
//! which would bind only inside a service, where a failure is a panic message. A copy is kept, to be
//! handed to a successor.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{IntoRawFd, OwnedFd};

use anyhow::Result;
use async_trait::async_trait;
use pingora_core::apps::ServerApp;
use pingora_core::server::{ListenFds, RuntimeOpts, ShutdownWatch};
use pingora_core::services::listening::Service;

use crate::config::Config;
use crate::failure::Failure;

/// See the module.
pub(crate) struct Sockets {
    pub(crate) agents: TcpListener,
    pub(crate) admin: TcpListener,
}

impl Sockets {
    /// Binds both ports.
    ///
    /// # Errors
    /// When one is taken.
    pub(crate) fn bind(config: &Config) -> Result<Self> {
        let bind = |key: &str, address: SocketAddr| {
            let socket = TcpListener::bind(address).and_then(|socket| {
                // As Pingora wants them.
                socket.set_nonblocking(true)?;
                Ok(socket)
            });
            socket.map_err(|error| not_bound(key, address, &error))
        };
        Ok(Self { agents: bind("listen", config.listen)?, admin: bind("admin.listen", config.admin_listen)? })
    }

    /// Sockets of another process, which go on listening.
    ///
    /// # Errors
    /// When they are no sockets.
    pub(crate) fn adopt(agents: OwnedFd, admin: OwnedFd) -> io::Result<Self> {
        let sockets = Self { agents: agents.into(), admin: admin.into() };
        sockets.agents.local_addr()?;
        sockets.admin.local_addr()?;
        Ok(sockets)
    }

    /// The same sockets once more.
    ///
    /// # Errors
    /// When there are no descriptors left.
    pub(crate) fn copies(&self) -> io::Result<[OwnedFd; 2]> {
        Ok([self.agents.try_clone()?.into(), self.admin.try_clone()?.into()])
    }
}

/// What a user is told of a port that cannot be had, and can do about it.
fn not_bound(key: &str, address: SocketAddr, error: &io::Error) -> Failure {
    let what = format!("cannot listen on {address}: {error}");
    let port = address.port();
    let remedy = match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "Stop what listens there, maybe another gateway (`ss -ltnp 'sport = :{port}'` names it), or set `{key}` to another port."
        ),
        io::ErrorKind::AddrNotAvailable => format!("Set `{key}` to an address of this machine."),
        io::ErrorKind::PermissionDenied => format!("Set `{key}` to a port above 1023."),
        _ => format!("Set `{key}` to another address and port."),
    };
    Failure::new(what, remedy)
}

/// A service that accepts from a socket that is there already.
pub(crate) struct OnSocket<A> {
    service: Service<A>,
    address: String,
    socket: Option<TcpListener>,
}

impl<A> OnSocket<A> {
    /// `service` has to listen on `address`, which is where `socket` listens.
    pub(crate) fn new(service: Service<A>, address: SocketAddr, socket: TcpListener) -> Self {
        Self { service, address: address.to_string(), socket: Some(socket) }
    }
}

#[async_trait]
impl<A: ServerApp + Send + Sync + 'static> pingora_core::services::Service for OnSocket<A> {
    async fn start_service(
        &mut self,
        sockets: Option<ListenFds>,
        shutdown: ShutdownWatch,
        listeners_per_socket: usize,
    ) {
        // Where Pingora looks for the sockets of a predecessor of its own.
        if let (Some(sockets), Some(socket)) = (&sockets, self.socket.take()) {
            sockets.lock().add(self.address.clone(), socket.into_raw_fd());
        }
        self.service.start_service(sockets, shutdown, listeners_per_socket).await;
    }

    fn name(&self) -> &str {
        pingora_core::services::Service::name(&self.service)
    }

    fn threads(&self) -> Option<usize> {
        self.service.threads
    }

    fn runtime_opts_override(&self, global: &RuntimeOpts) -> Option<RuntimeOpts> {
        pingora_core::services::Service::runtime_opts_override(&self.service, global)
    }

    fn listen_addresses(&self) -> Option<Vec<String>> {
        pingora_core::services::Service::listen_addresses(&self.service)
    }
}
