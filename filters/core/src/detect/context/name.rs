//! Names that tell what stands beside them.

use std::ops::Range;

use super::{Telling, cut_escape};
use crate::detect::class::work;

/// Longer names are not looked at.
pub(in crate::detect) const LONGEST: usize = 64;

/// The same with what cannot be seen at the ends of a member's name.
const LONGEST_UNTRIMMED: usize = 4 * LONGEST;

/// The name around a word, as it is written: letters, digits, `_`, `-`, `.`.
pub(super) fn around(text: &[u8], word: Range<usize>) -> Option<Range<usize>> {
    let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(**byte, b'_' | b'-' | b'.');
    let before = text[..word.start].iter().rev().take(LONGEST).take_while(is_name).count();
    let after = text[word.end..].iter().take(LONGEST).take_while(is_name).count();
    work::count(before + after);
    let (start, end) = (word.start - before, word.end + after);
    (end - start <= LONGEST).then(|| cut_escape(text, start, end)..end)
}

/// The name with the word before it that makes it telling: `API key`, `secret key`.
pub(super) fn with_adjective(text: &[u8], name: Range<usize>) -> Range<usize> {
    const ADJECTIVES: [&[u8]; 10] = [
        b"api",
        b"secret",
        b"access",
        b"auth",
        b"client",
        b"private",
        b"bearer",
        b"license",
        b"signing",
        b"encryption",
    ];
    let Some(head) = text[..name.start].strip_suffix(b" ") else {
        return name;
    };
    let length = head.iter().rev().take(11).take_while(|byte| byte.is_ascii_alphabetic()).count();
    let word = &head[head.len() - length..];
    if word == b"de" && head.ends_with(b"mot de") && text[name.clone()] == *b"passe" {
        return head.len() - b"mot de".len()..name.end;
    }
    let known = ADJECTIVES.iter().any(|adjective| word.eq_ignore_ascii_case(adjective));
    if known { head.len() - length..name.end } else { name }
}

/// A member's name without what cannot be seen at its ends: blanks, controls, and what is outside ASCII, as are
/// blanks of no width.
pub(super) fn trimmed(name: &[u8]) -> &[u8] {
    if name.len() > LONGEST_UNTRIMMED {
        return name;
    }
    let is_seen = |byte: &u8| byte.is_ascii_graphic();
    let start = name.iter().position(is_seen).unwrap_or(name.len());
    let end = name.iter().rposition(is_seen).map_or(start, |last| last + 1);
    &name[start..end]
}

/// Whether a name holds part of a word that [`telling`] knows; most do not, and it is cheap to ask.
pub(in crate::detect) fn may_tell(name: &[u8]) -> bool {
    let lower = |at: usize| name.get(at).map_or(0, u8::to_ascii_lowercase);
    (0..name.len()).any(|at| match (lower(at), lower(at + 1)) {
        (b'p', b'w') => true,
        (b'p', b'a') => lower(at + 2) == b's',
        (b's', b'e') => lower(at + 2) == b'c',
        (b't', b'o') | (b'n', b'n') => matches!(lower(at + 2), b'k' | b'w'),
        (b'k', b'e') => lower(at + 2) == b'y',
        (b'a', b'u') => lower(at + 2) == b't',
        (b'c', b'r') => lower(at + 2) == b'e',
        _ => false,
    })
}

/// What a name says of its value.
pub(in crate::detect) fn telling(name: &[u8]) -> Option<Telling> {
    let mut buffer = [0; 2 * LONGEST];
    let all = normal(name, &mut buffer)?;
    let mut words = all;
    while let Some(at) = memchr::memrchr(b'_', words)
        && QUALIFIERS.iter().any(|word| words[at + 1..] == *word.as_bytes())
    {
        words = &words[..at];
    }
    let told = ending(words, !name.iter().any(u8::is_ascii_lowercase))?;
    let forgery = memchr::memmem::find(all, b"csrf").or_else(|| memchr::memmem::find(all, b"xsrf"));
    let never = || all.split(|byte| *byte == b'_').any(|word| NEVER.iter().any(|no| no.as_bytes() == word));
    (forgery.is_none() && !never()).then_some(told)
}

/// What the end of a name says; most names end in none of these words.
fn ending(words: &[u8], upper: bool) -> Option<Telling> {
    let ends = |endings: &[&str]| endings.iter().any(|ending| words.ends_with(ending.as_bytes()));
    let is = |endings: &[&str]| {
        endings.iter().any(|ending| strip_word(words, ending).is_some() || words == ending.as_bytes())
    };
    match words {
        [.., b'k', b'e', b'y'] if is(&KEYS) || ends(&KEY_ENDINGS) => Some(Telling::Secret),
        [.., b'k', b'e', b'y'] if is(&["key"]) && !is(&OTHER_KEYS) => {
            Some(if upper && words != b"key" { Telling::Token } else { Telling::Key })
        }
        [.., b't', b'o', b'k', b'e', b'n'] if is(&SECRET_TOKENS) => Some(Telling::Secret),
        [.., b't', b'o', b'k', b'e', b'n'] if !is(&OTHER_TOKENS) => Some(Telling::Token),
        [.., b'e', b'c', b'r', b'e', b't'] => Some(Telling::Secret),
        [.., b'd' | b'a' | b'l', _] if is(&["creds", "credential", "credentials"]) => Some(Telling::Token),
        _ if is(&["auth", "authorization"]) => Some(Telling::Auth),
        // `PWD` alone is the working directory, and `PASS: name` a line of a test run.
        [.., b's' | b'd' | b'w'] if is(&["pass", "pwd", "pw"]) => {
            (!upper || !matches!(words, b"pwd" | b"pass")).then_some(Telling::Password)
        }
        [.., b'd' | b'e' | b't' | b's' | b'h'] if ends(&PASSWORDS) => Some(Telling::Password),
        _ => None,
    }
}

/// The name in lower case, its words separated by `_`: `awsSecretKey2` is `aws_secret_key_2`.
fn normal<'b>(name: &[u8], buffer: &'b mut [u8; 2 * LONGEST]) -> Option<&'b [u8]> {
    if name.len() > LONGEST {
        return None;
    }
    let (mut length, mut before) = (0, b'_');
    let kind = |byte: u8| match byte {
        b'a'..=b'z' => 1,
        b'A'..=b'Z' => 2,
        b'0'..=b'9' => 3,
        _ => 0,
    };
    for (at, &byte) in name.iter().enumerate() {
        let next_is_lower = name.get(at + 1).is_some_and(u8::is_ascii_lowercase);
        let starts = match (kind(before), kind(byte)) {
            (1, 2) | (1 | 2, 3) | (3, 1 | 2) => true,
            (2, 2) => next_is_lower,
            _ => false,
        };
        if starts && length > 0 && buffer[length - 1] != b'_' {
            buffer[length] = b'_';
            length += 1;
        }
        let plain = if kind(byte) == 0 { b'_' } else { byte.to_ascii_lowercase() };
        if plain != b'_' || length > 0 && buffer[length - 1] != b'_' {
            buffer[length] = plain;
            length += 1;
        }
        before = byte;
    }
    let words = &buffer[..length];
    Some(words.strip_suffix(b"_").unwrap_or(words))
}

/// The words before the last one, if that is `word`.
fn strip_word<'w>(words: &'w [u8], word: &str) -> Option<&'w [u8]> {
    words.strip_suffix(word.as_bytes())?.strip_suffix(b"_")
}

/// Endings of names of passwords, also where they are one word with something else.
const PASSWORDS: [&str; 24] = [
    "password",
    "passwd",
    "passphrase",
    "passwort",
    "passcode",
    "kennwort",
    "requirepass",
    "masterauth",
    "storepass",
    "keypass",
    "sshpass",
    "dbpass",
    "userpass",
    "adminpass",
    "rootpass",
    "mailpass",
    "smtppass",
    "ftppass",
    "sudopass",
    "dbpwd",
    "userpwd",
    "adminpwd",
    "rootpwd",
    "mot_de_passe",
];

/// Names of keys that are secret.
const KEYS: [&str; 45] = [
    "api_key",
    "apikey",
    "access_key",
    "accesskey",
    "secret_key",
    "secretkey",
    "private_key",
    "privatekey",
    "encryption_key",
    "signing_key",
    "master_key",
    "masterkey",
    "auth_key",
    "authkey",
    "account_key",
    "accountkey",
    "service_key",
    "license_key",
    "licence_key",
    "subscription_key",
    "admin_key",
    "app_key",
    "appkey",
    "application_key",
    "shared_key",
    "sharedkey",
    "preshared_key",
    "consumer_key",
    "functions_key",
    "storage_key",
    "hmac_key",
    "deploy_key",
    "webhook_key",
    "server_key",
    "root_key",
    "session_key",
    "crypt_key",
    "jwt_key",
    "signature_key",
    "validation_key",
    "decryption_key",
    "encrypt_key",
    "decrypt_key",
    "management_key",
    "security_key",
];

/// The same, where they are one word with something else.
const KEY_ENDINGS: [&str; 5] = ["apikey", "secretkey", "accesskey", "accountkey", "presharedkey"];

/// Tokens that open something, whatever they look like.
const SECRET_TOKENS: [&str; 8] = [
    "api_token",
    "auth_token",
    "authtoken",
    "access_token",
    "bearer_token",
    "secret_token",
    "private_token",
    "deploy_token",
];

/// Words behind the telling one that do not change what it says.
const QUALIFIERS: [&str; 30] = [
    "prod",
    "production",
    "staging",
    "stage",
    "dev",
    "development",
    "test",
    "testing",
    "live",
    "value",
    "base64",
    "b64",
    "base",
    "old",
    "new",
    "primary",
    "secondary",
    "default",
    "override",
    "raw",
    "plain",
    "plaintext",
    "env",
    "1",
    "2",
    "3",
    "4",
    "64",
    "main",
    "str",
];

/// Names with one of these words tell of something that is no secret, or is no more one.
const NEVER: [&str; 32] = [
    "public",
    "pub",
    "publishable",
    "hash",
    "hashed",
    "digest",
    "example",
    "placeholder",
    "dummy",
    "fake",
    "mock",
    "invalid",
    "wrong",
    "max",
    "min",
    "count",
    "length",
    "limit",
    "usage",
    "regex",
    "pattern",
    "label",
    "hint",
    "field",
    "column",
    "error",
    "message",
    "msg",
    "tokenizer",
    "anon",
    "site",
    "integrity",
];

/// Tokens of parsers, of pages and of protocols.
const OTHER_TOKENS: [&str; 39] = [
    "next_token",
    "page_token",
    "continuation_token",
    "pagination_token",
    "sync_token",
    "pad_token",
    "eos_token",
    "bos_token",
    "unk_token",
    "mask_token",
    "sep_token",
    "cls_token",
    "stop_token",
    "end_token",
    "start_token",
    "begin_token",
    "special_token",
    "cancellation_token",
    "cancel_token",
    "prev_token",
    "previous_token",
    "current_token",
    "last_token",
    "cursor_token",
    "idempotency_token",
    "request_token",
    "line_token",
    "word_token",
    "image_token",
    "video_token",
    "audio_token",
    "delta_token",
    "resume_token",
    "change_token",
    "concurrency_token",
    "marker_token",
    "text_token",
    "client_token",
    "lock_token",
];

/// Keys of tables and maps, in upper case.
const OTHER_KEYS: [&str; 19] = [
    "cache_key",
    "primary_key",
    "foreign_key",
    "sort_key",
    "partition_key",
    "group_key",
    "index_key",
    "map_key",
    "hash_key",
    "range_key",
    "registry_key",
    "host_key",
    "lookup_key",
    "event_key",
    "dedup_key",
    "sub_key",
    // Public keys, and their fingerprints.
    "vapid_key",
    "gpg_key",
    "pgp_key",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart() {
        use Telling::{Auth, Password, Secret, Token};
        for (name, expected) in [
            ("password", Some(Password)),
            ("DB_PASSWORD", Some(Password)),
            ("PGPASSWORD", Some(Password)),
            ("userPassword", Some(Password)),
            ("db_pass", Some(Password)),
            ("compass", None),
            ("password_hash", None),
            ("PWD", None),
            ("MYSQL_PWD", Some(Password)),
            ("SMTP_PASSWORD_PROD", Some(Password)),
            ("clientSecret", Some(Secret)),
            ("AWS_SECRET_ACCESS_KEY", Some(Secret)),
            ("x-api-key", Some(Secret)),
            ("OPENAI_APIKEY", Some(Secret)),
            ("secret_name", None),
            ("token", Some(Token)),
            ("auth.token", Some(Secret)),
            ("_authToken", Some(Secret)),
            ("next_access_token", Some(Secret)),
            ("TINI_GPG_KEY", None),
            ("max_tokens", None),
            ("tokenizer", None),
            ("nextPageToken", None),
            ("eos_token", None),
            ("DATADOG_KEY", Some(Token)),
            ("key", Some(Telling::Key)),
            ("publicKey", None),
            ("CACHE_KEY", None),
            ("Authorization", Some(Auth)),
            ("_auth", Some(Auth)),
            ("author", None),
        ] {
            assert_eq!(telling(name.as_bytes()), expected, "{name}");
        }
    }

    #[test]
    fn the_quick_look_misses_no_telling_name() {
        let others =
            ["pass", "pwd", "pw", "secret", "auth", "authorization", "token", "credential", "creds", "key"];
        for word in KEYS.iter().chain(&KEY_ENDINGS).chain(&PASSWORDS).chain(&others) {
            assert!(may_tell(word.as_bytes()) && may_tell(word.to_ascii_uppercase().as_bytes()), "{word}");
        }
        for word in ["type", "text", "content", "role", "id", "name", "file_path", "input"] {
            assert!(!may_tell(word.as_bytes()), "{word}");
        }
    }
}
