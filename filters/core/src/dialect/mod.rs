//! A dialect is one provider's wire format: where text sits in its requests, answers and streams.

/// One wire format. Chosen per upstream, by name, in the configuration.
pub struct Dialect {
    /// The name used in the configuration.
    pub name: &'static str,
}

/// Every dialect, in the order in which the documentation lists them.
pub static DIALECTS: [&Dialect; 3] = [
    &Dialect { name: "anthropic" },
    &Dialect { name: "openai" },
    &Dialect { name: "generic" },
];

impl Dialect {
    /// Looks a dialect up by its configuration name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<&'static Self> {
        DIALECTS.iter().find(|dialect| dialect.name == name).copied()
    }
}
