//! The gateway's admin server, as the dashboard asks it.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::snapshot::Snapshot;
use super::task::Trouble;
use crate::config::Config;
use crate::plain_http::{self, Answer};
use crate::state::Files;

/// How long an answer to be shown may take.
const LOOK: Duration = Duration::from_secs(1);
/// How long the gateway may take to do something.
const ACT: Duration = Duration::from_secs(10);

/// Where it is, and what opens it.
#[derive(Clone, Debug)]
pub(super) struct Gateway {
    admin: SocketAddr,
    token: PathBuf,
}

impl Gateway {
    /// The gateway of this configuration.
    pub(super) fn of(config: &Config) -> Self {
        Self { admin: config.admin_listen, token: Files::of(config).admin_token() }
    }

    /// Where its state is asked for.
    pub(super) fn state_url(&self) -> String {
        self.url("/admin/state")
    }

    /// Everything it tells, within a second.
    ///
    /// # Errors
    /// Why there is no answer, in a few words.
    pub(super) fn look(&self) -> Result<Snapshot, String> {
        let answer = plain_http::get(&self.state_url(), LOOK).map_err(|error| reason(&error))?;
        if answer.status != 200 {
            return Err(format!("it answers with status {}", answer.status));
        }
        Snapshot::parse(&answer.body)
    }

    /// Everything it tells, as it stands.
    ///
    /// # Errors
    /// When it does not answer.
    pub(super) fn state(&self) -> Result<Value, Trouble> {
        let answer = plain_http::get(&self.state_url(), ACT).map_err(|error| self.silent(&error))?;
        serde_json::from_slice(&answer.body).map_err(|_| Trouble {
            what: format!("the answer from {} is not JSON", self.state_url()),
            remedy: "Check that it is a waterwall gateway that listens there.".to_owned(),
        })
    }

    /// Has it read its configuration.
    ///
    /// # Errors
    /// When it refuses; the reason is its own.
    pub(super) fn reload(&self) -> Result<(), Trouble> {
        self.post("/admin/reload", "{}", "Correct the file; what was in force stays until then.")
    }

    /// Arms or disarms the kill switch's HTTP source.
    ///
    /// # Errors
    /// When it could not be told.
    pub(super) fn switch(&self, arm: bool) -> Result<(), Trouble> {
        let body = if arm { r#"{"action":"arm","reason":"dashboard"}"# } else { r#"{"action":"disarm"}"# };
        self.post("/admin/killswitch", body, "Look at the gateway's own messages.")
    }

    fn post(&self, path: &str, body: &str, remedy: &str) -> Result<(), Trouble> {
        let token = fs::read_to_string(&self.token).map_err(|error| Trouble {
            what: format!("cannot read {}: {error}", self.token.display()),
            remedy: "Run the dashboard as the user that runs the gateway, with its configuration.".to_owned(),
        })?;
        let answer = plain_http::post(&self.url(path), token.trim(), body, ACT);
        let Answer { status, body } = answer.map_err(|error| self.silent(&error))?;
        if status == 200 {
            return Ok(());
        }
        let said: Option<Value> = serde_json::from_slice(&body).ok();
        let said = said.as_ref().and_then(|said| said["error"].as_str());
        let what = said.map_or_else(|| format!("status {status}"), str::to_owned);
        let remedy = match status {
            401 => format!("{} is another gateway's: name the configuration.", self.token.display()),
            _ => remedy.to_owned(),
        };
        Err(Trouble { what, remedy })
    }

    fn silent(&self, error: &io::Error) -> Trouble {
        let what = format!("the gateway does not answer at http://{}: {}", self.admin, reason(error));
        Trouble { what, remedy: "Start it with `waterwall run`.".to_owned() }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.admin)
    }
}

/// In the words of an operator, without the system's numbers.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "nothing listens there".to_owned(),
        io::ErrorKind::TimedOut => "it hangs, or is too slow".to_owned(),
        _ => error.to_string(),
    }
}
