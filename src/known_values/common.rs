//! Values that are no secret, or so common that replacing them everywhere would wreck a request.

/// Settings that no dictionary lists.
const SETTINGS: [&str; 24] = [
    "localhost",
    "postgres",
    "postgresql",
    "mariadb",
    "mongodb",
    "rabbitmq",
    "elasticsearch",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "eu-west-1",
    "eu-west-2",
    "eu-central-1",
    "eu-north-1",
    "ap-south-1",
    "ap-southeast-1",
    "ap-northeast-1",
    "text/html",
    "text/plain",
    "application/json",
    "en_US.UTF-8",
    "info,debug",
    "undefined",
];

/// Longer values are no word; telling how easily one is guessed takes time that grows with its length.
const LONGEST_WORD: usize = 24;

/// Fewer guesses than this, and it is a word or a password that everyone has heard of.
const GUESSES: u64 = 10_000;

/// Longer numbers are no port, size or date.
const LONGEST_NUMBER: usize = 15;

/// Why a value should not be taken for a secret; `None` when it may be one.
pub(super) fn why(value: &[u8]) -> Option<&'static str> {
    // What is no text is no word.
    let text = std::str::from_utf8(value).ok()?;
    if is_number(text) {
        return Some("a number");
    }
    if is_plain_url(text) {
        return Some("a URL without credentials");
    }
    if is_address(text) {
        return Some("an address");
    }
    if is_path(text) {
        return Some("a path");
    }
    is_common(text).then_some("a common word or password")
}

fn is_common(text: &str) -> bool {
    SETTINGS.iter().any(|setting| setting.eq_ignore_ascii_case(text))
        || text.chars().all(|c| text.starts_with(c))
        || text.len() <= LONGEST_WORD && zxcvbn::zxcvbn(text, &[]).guesses() < GUESSES
}

fn is_number(text: &str) -> bool {
    text.len() <= LONGEST_NUMBER && text.bytes().all(|byte| b"0123456789.,_+- ".contains(&byte))
}

/// `scheme://host:port/words`: neither a user nor a query nor anything random in its path.
fn is_plain_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        && rest.split(['/', ':']).all(is_plain)
}

/// `localhost:5432`, `127.0.0.1:8080`, `[::1]:80`.
fn is_address(text: &str) -> bool {
    let (host, port) = text.rsplit_once(':').unwrap_or((text, "0"));
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let local = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok();
    local && port.parse::<u16>().is_ok() || text.parse::<std::net::IpAddr>().is_ok()
}

fn is_path(text: &str) -> bool {
    let rooted = ["/", "./", "../", "~/"].iter().any(|root| text.starts_with(root));
    let windows = text.get(1..3) == Some(":\\");
    (rooted || windows) && text.split(['/', '\\', ':']).all(|part| part == "~" || is_plain(part))
}

/// Part of a path or host name that holds nothing random.
fn is_plain(part: &str) -> bool {
    part.len() < 24
        && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_. ".contains(&byte))
        && (part.bytes().filter(u8::is_ascii_digit).count() < 4
            || part.bytes().all(|byte| !byte.is_ascii_alphabetic()))
}

#[cfg(test)]
mod tests {
    use super::why;

    #[test]
    fn everyday_values_are_told_apart() {
        for (reason, values) in [
            (
                "a common word or password",
                &["development", "password", "Elephant", "changeme", "password123", "aaaaaaaaaaaa"][..],
            ),
            ("a number", &["12345678", "2024-01-01", "192.168", "1_000_000"]),
            (
                "a URL without credentials",
                &["http://localhost:3000", "https://api.example.com/v1/users", "redis://cache:6379/0"],
            ),
            ("an address", &["localhost", "127.0.0.1:8080", "localhost:5432", "[::1]:443", "10.0.0.1:1"]),
            ("a path", &["/var/lib/app/data", "./config/prod", "~/.cache/tool", "C:\\Program Files\\App"]),
        ] {
            for value in values {
                assert_eq!(why(value.as_bytes()), Some(reason), "{value}");
            }
        }
    }

    #[test]
    fn secrets_are_taken() {
        for value in [
            "hunter2hunter2",
            "aK9f3kQz",
            "correct horse battery staple",
            "4929123456781234",
            "postgres://app:tr0ub4dor@db/app",
            "https://hooks.example.com/T0FAKE00/FAKEfakeFAKEfakeFAKEfake",
            "https://example.com/?token=x1",
            "/kLm9+aGVsbG8/d29ybGQ=",
            "tr\u{fc}b-und-kalt",
        ] {
            assert_eq!(why(value.as_bytes()), None, "{value}");
        }
        assert_eq!(why(b"\xff\xfe\x00\x01binary"), None);
    }
}
