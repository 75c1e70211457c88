//! The environment variables that point agents at the gateway.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use clap::ValueEnum;

use crate::config::{Config, Upstream};
use crate::state::Files;

/// How agents reach the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Mode {
    /// The provider's base URL is a path of the gateway
    BaseUrl,
    /// The gateway is the HTTPS proxy, trusted by its private CA
    Proxy,
}

/// A variable and its value.
pub(super) type Variable = (&'static str, String);

/// The variables that agents customarily read: the provider's host, the variable, and what the
/// base URL ends with there.
const CUSTOMARY: [(&str, &str, &str); 8] = [
    ("api.anthropic.com", "ANTHROPIC_BASE_URL", ""),
    ("api.openai.com", "OPENAI_BASE_URL", "/v1"),
    ("api.openai.com", "OPENAI_API_BASE", "/v1"),
    ("api.deepseek.com", "DEEPSEEK_BASE_URL", ""),
    ("api.deepseek.com", "DEEPSEEK_API_BASE", ""),
    ("openrouter.ai", "OPENROUTER_BASE_URL", "/api/v1"),
    ("openrouter.ai", "OPENROUTER_API_BASE", "/api/v1"),
    ("generativelanguage.googleapis.com", "GOOGLE_GEMINI_BASE_URL", ""),
];

/// Base-URL mode: one variable for each way in which an agent names a listed provider.
pub(super) fn base_url(config: &Config) -> Vec<Variable> {
    let gateway = gateway_url(config.listen);
    let variable = |&(host, name, end): &(&str, &'static str, &str)| {
        let upstream = provider(config, host)?;
        Some((name, format!("{gateway}{}{end}", upstream.prefix)))
    };
    CUSTOMARY.iter().filter_map(variable).collect()
}

/// What an agent that is to use the proxy must not find: a base URL would lead it round the proxy.
pub(super) fn round_the_proxy() -> impl Iterator<Item = &'static str> {
    CUSTOMARY.iter().map(|&(_, name, _)| name)
}

/// The upstream that stands for a provider. Where Anthropic or OpenAI itself is not listed, the
/// first upstream that speaks its dialect takes its place, as it does for bare paths.
fn provider<'a>(config: &'a Config, host: &str) -> Option<&'a Upstream> {
    let stand_in = match host {
        "api.anthropic.com" => Some("anthropic"),
        "api.openai.com" => Some("openai"),
        _ => None,
    };
    let mut upstreams = config.upstreams.iter();
    upstreams
        .clone()
        .find(|upstream| upstream.host == host)
        .or_else(|| upstreams.find(|upstream| Some(upstream.dialect.name) == stand_in))
}

/// What is never sent to the proxy.
const LOOPBACK: &str = "127.0.0.1,localhost,::1";

/// Proxy mode: the proxy's address and, for each family of clients, the roots to trust. `bundle`
/// is a file of the system's roots and our CA: these variables replace the system's roots, where
/// `NODE_EXTRA_CA_CERTS` and `CODEX_CA_CERTIFICATE` add to them.
pub(super) fn proxy(config: &Config, bundle: &Path) -> Vec<Variable> {
    let gateway = gateway_url(config.listen);
    let ca = Files::of(config).ca_certificate().display().to_string();
    let bundle = bundle.display().to_string();
    vec![
        ("HTTPS_PROXY", gateway.clone()),
        ("https_proxy", gateway),
        // Node from 24 on: its own fetch honours the proxy only when told to.
        ("NODE_USE_ENV_PROXY", "1".to_owned()),
        ("NODE_EXTRA_CA_CERTS", ca.clone()),
        ("CODEX_CA_CERTIFICATE", ca),
        ("SSL_CERT_FILE", bundle.clone()),
        ("REQUESTS_CA_BUNDLE", bundle),
        ("NO_PROXY", LOOPBACK.to_owned()),
        ("no_proxy", LOOPBACK.to_owned()),
    ]
}

/// The gateway as a client on this machine sees it.
pub(super) fn gateway_url(listen: SocketAddr) -> String {
    let mut address = listen;
    if listen.ip().is_unspecified() {
        address.set_ip(match listen.ip() {
            IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        });
    }
    format!("http://{address}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_to_listen_on_everywhere_is_reached_on_loopback() {
        let url = |listen: &str| gateway_url(listen.parse().expect("an address"));
        assert_eq!(url("0.0.0.0:8888"), "http://127.0.0.1:8888");
        assert_eq!(url("[::]:8888"), "http://[::1]:8888");
        assert_eq!(url("127.0.0.2:1"), "http://127.0.0.2:1");
    }
}
