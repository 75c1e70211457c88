//! What the configuration takes from outside its file: environment variables and well-known
//! directories. Gathered once, so that everything after it is a function of plain values.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Where configuration is looked for and where state goes by default.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// `$WATERWALL_CONFIG`.
    pub named_config: Option<PathBuf>,
    /// `$XDG_CONFIG_HOME`, or `~/.config`.
    pub config_home: Option<PathBuf>,
    /// `$XDG_STATE_HOME`, or `~/.local/state`.
    pub state_home: Option<PathBuf>,
    /// The first entry of `$STATE_DIRECTORY`: systemd made it for this unit.
    pub state_directory: Option<PathBuf>,
    /// The first entry of `$RUNTIME_DIRECTORY`, or `/run/waterwall` where that exists.
    pub runtime_directory: Option<PathBuf>,
    /// `$HOME`, or what the user database says.
    pub home: Option<PathBuf>,
    /// The working directory.
    pub working_dir: PathBuf,
    /// The system's configuration directory, `/etc/waterwall`.
    pub system_dir: PathBuf,
    /// Looks any other variable up: those that the configuration names.
    pub variable: fn(&str) -> Option<OsString>,
}

impl Surroundings {
    /// Reads the environment of this process.
    #[must_use]
    pub fn of_process() -> Self {
        let shared = Path::new("/run/waterwall");
        let variable = |name: &str| match name {
            // Where the variable is unset, the user database knows.
            "HOME" => env::home_dir().map(OsString::from),
            _ => env::var_os(name),
        };
        Self::from_variables(variable, shared.is_dir().then_some(shared))
    }

    /// Reads variables through `variable`; `shared_runtime` is the machine-wide runtime directory
    /// where there is one. An empty variable counts as unset.
    pub(super) fn from_variables(
        variable: impl Fn(&str) -> Option<OsString>,
        shared_runtime: Option<&Path>,
    ) -> Self {
        let set = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        // The XDG specification has relative paths ignored.
        let absolute = |name| set(name).filter(|path| path.is_absolute());
        let home = absolute("HOME");
        let under_home = |below: &str| home.as_ref().map(|home| home.join(below));
        Self {
            named_config: set("WATERWALL_CONFIG"),
            config_home: absolute("XDG_CONFIG_HOME").or_else(|| under_home(".config")),
            state_home: absolute("XDG_STATE_HOME").or_else(|| under_home(".local/state")),
            state_directory: set("STATE_DIRECTORY").as_deref().map(first_of_list),
            runtime_directory: set("RUNTIME_DIRECTORY")
                .as_deref()
                .map(first_of_list)
                .or_else(|| shared_runtime.map(Path::to_owned)),
            home,
            working_dir: PathBuf::from("."),
            system_dir: PathBuf::from("/etc/waterwall"),
            variable: |name| env::var_os(name),
        }
    }
}

/// The first entry of a colon-separated list, which is how systemd passes several directories.
fn first_of_list(list: &Path) -> PathBuf {
    env::split_paths(list).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn surroundings(variables: &'static [(&str, &str)]) -> Surroundings {
        let lookup = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        Surroundings::from_variables(lookup, None)
    }

    #[test]
    fn home_gives_the_xdg_defaults() {
        let found = surroundings(&[("HOME", "/home/ada")]);
        assert_eq!(found.config_home, Some("/home/ada/.config".into()));
        assert_eq!(found.state_home, Some("/home/ada/.local/state".into()));
        assert_eq!(found.state_directory, None);
    }

    #[test]
    fn empty_and_relative_values_count_as_unset() {
        let found = surroundings(&[("WATERWALL_CONFIG", ""), ("XDG_STATE_HOME", "state")]);
        assert_eq!(found.named_config, None);
        assert_eq!(found.state_home, None);
    }

    #[test]
    fn systemd_may_pass_several_directories() {
        let found = surroundings(&[("STATE_DIRECTORY", "/var/lib/waterwall:/var/lib/other")]);
        assert_eq!(found.state_directory, Some("/var/lib/waterwall".into()));
    }
}
