//! The shipped configuration with other values in it, its comments kept: what `init` writes.

use super::BUILT_IN;

/// Text of a configuration, still to be written.
pub struct Template(String);

impl Template {
    /// The configuration that ships.
    #[must_use]
    pub fn shipped() -> Self {
        Self(BUILT_IN.to_owned())
    }

    /// For the whole machine: configuration and keys in `/etc/waterwall`, where the gateway cannot
    /// write; state and logs where systemd makes room for them.
    #[must_use]
    pub fn system() -> Self {
        let mut template = Self::shipped();
        for (key, value) in [
            ("state_dir", "/var/lib/waterwall"),
            ("forward.ca_dir", "/etc/waterwall"),
            ("audit.chain", "/var/log/waterwall/proxy.jsonl"),
            ("audit.receipts_dir", "/var/log/waterwall/receipts"),
            ("audit.manifests_dir", "/var/log/waterwall/manifests"),
            ("audit.signing_key", "/etc/waterwall/signing.key"),
            ("kill_switch.sentinel", "/run/waterwall/kill"),
        ] {
            template.set(key, value);
        }
        template
    }

    /// Gives `key` (`section.key`, or a key of the top) another value. A comment on its line goes:
    /// it told about the default. A key that does not ship is a mistake in this program, and is
    /// found by this module's test.
    pub fn set(&mut self, key: &str, value: &str) {
        let (section, key) = key.split_once('.').map_or(("", key), |(section, key)| (section, key));
        let start = if section.is_empty() { format!("{key}:") } else { format!("  {key}:") };
        let mut current = String::new();
        let lines = self.0.lines().map(|line| {
            if line.starts_with(|c: char| c.is_ascii_lowercase()) {
                current =
                    if section.is_empty() { String::new() } else { line.trim_end_matches(':').to_owned() };
            }
            if current == section && line.starts_with(&start) {
                format!("{start} {value}\n")
            } else {
                format!("{line}\n")
            }
        });
        self.0 = lines.collect();
    }

    /// Gives the section `key` other content: whole lines, indented.
    pub fn set_block(&mut self, key: &str, content: &str) {
        let start = format!("{key}:");
        let mut text = String::new();
        let mut inside = false;
        for line in self.0.lines() {
            inside &= line.is_empty() || line.starts_with(' ');
            if !inside {
                text.extend([line, "\n"]);
            }
            if line == start {
                inside = true;
                text.push_str(content);
            }
        }
        self.0 = text;
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Config, Surroundings};
    use super::*;

    fn load(template: &Template) -> Config {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("w.yaml");
        std::fs::write(&file, template.text()).unwrap();
        Config::load(Some(&file), &Surroundings::of_process()).unwrap()
    }

    #[test]
    fn the_system_has_places_of_its_own() {
        let config = load(&Template::system());
        assert_eq!(config.state_dir.to_str(), Some("/var/lib/waterwall"));
        assert_eq!(config.forward.ca_dir.to_str(), Some("/etc/waterwall"));
        assert_eq!(config.audit.chain.to_str(), Some("/var/log/waterwall/proxy.jsonl"));
        assert_eq!(config.audit.receipts_dir.to_str(), Some("/var/log/waterwall/receipts"));
        assert_eq!(config.audit.manifests_dir.to_str(), Some("/var/log/waterwall/manifests"));
        assert_eq!(config.audit.signing_key.to_str(), Some("/etc/waterwall/signing.key"));
        assert_eq!(config.kill_switch.sentinel.to_str(), Some("/run/waterwall/kill"));
        // Only values differ: every comment line is still there.
        let comments = |text: &str| text.lines().filter(|line| line.trim_start().starts_with('#')).count();
        assert_eq!(comments(Template::system().text()), comments(BUILT_IN));
    }

    #[test]
    fn a_section_is_replaced_whole() {
        let mut template = Template::shipped();
        template.set_block("upstreams", "  - { host: a.b, dialect: generic, prefix: /a }\n\n");
        template.set("kill_switch.armed", "true");
        let config = load(&template);
        assert_eq!(config.upstreams.iter().map(|up| up.host.as_str()).collect::<Vec<_>>(), ["a.b"]);
        assert!(config.kill_switch.armed);
        assert_eq!(config.vault.capacity, 10_000);
        assert!(template.text().contains("# Agents that are pointed here"));
    }
}
