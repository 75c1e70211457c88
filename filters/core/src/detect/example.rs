//! Values that are examples: they say so, or are made of words that examples are made of.

/// Words that tell an example or a prompt wherever they stand in a value.
const PROMPTS: [&[u8]; 32] = [
    b"your",
    b"example",
    b"changeme",
    b"change-me",
    b"change_me",
    b"placeholder",
    b"replace",
    b"insert",
    b"dummy",
    b"sample",
    b"redacted",
    b"todo",
    b"fixme",
    b"notasecret",
    b"not-a-",
    b"not_a_",
    b"undefined",
    b"lorem",
    b"deadbeef",
    b"abcdef",
    b"12345678",
    b"removed",
    b"notreal",
    b"not-real",
    b"not_real",
    b"mock_",
    b"_mock",
    b"mock-",
    b"-mock",
    b"01020304",
    b"00010203",
    // What Crowdin puts in the place of a translation.
    b"crwdns",
];

/// Whether a value says itself that it is none.
pub(super) fn is_prompt(value: &[u8]) -> bool {
    let lower = value.to_ascii_lowercase();
    PROMPTS.iter().any(|prompt| memchr::memmem::find(&lower, prompt).is_some())
}

/// Words that examples are made of.
const EXAMPLES: &[&str] = &[
    "password",
    "passwort",
    "passphrase",
    "passwd",
    "passcode",
    "pass",
    "pwd",
    "pw",
    "secret",
    "token",
    "test",
    "testing",
    "tester",
    "user",
    "username",
    "admin",
    "administrator",
    "root",
    "guest",
    "demo",
    "foo",
    "bar",
    "baz",
    "qux",
    "abc",
    "xyz",
    "my",
    "new",
    "old",
    "login",
    "open",
    "sesame",
    "hello",
    "world",
    "value",
    "string",
    "key",
    "temp",
    "default",
    "fake",
    "mock",
    "data",
    "db",
    "database",
    "mysql",
    "postgres",
    "redis",
    "mongo",
    "oracle",
    "sa",
    "sys",
    "prod",
    "dev",
    "staging",
    "local",
    "server",
    "client",
    "app",
    "api",
    "auth",
    "correct",
    "wrong",
    "bad",
    "good",
    "valid",
    "invalid",
    "some",
    "any",
    "the",
    "this",
    "that",
    "is",
    "super",
    "very",
    "long",
    "short",
    "strong",
    "weak",
    "simple",
    "secure",
    "safe",
    "one",
    "two",
    "three",
    "first",
    "second",
    "other",
    "another",
    "access",
    "refresh",
    "bearer",
    "basic",
    "id",
    "name",
    "file",
    "path",
    "type",
    "text",
    "field",
    "hash",
    "sha",
    "md",
    "rsa",
    "aes",
    "hmac",
    "utf",
    "base",
    "jwt",
    "http",
    "https",
    "oauth",
    "session",
    "cookie",
    "csrf",
    "public",
    "private",
    "service",
    "account",
    "email",
    "mail",
    "host",
    "port",
    "input",
    "output",
    "null",
    "none",
    "true",
    "false",
    "empty",
    "missing",
    "unknown",
    "expired",
    "random",
    "encrypted",
    "plain",
    "clear",
    "top",
    "and",
    "or",
    "a",
    "b",
    "c",
    "x",
    "y",
    "n",
    "of",
    "in",
    "to",
    "for",
    "with",
    "vault",
    "node",
    "web",
    "site",
    "alice",
    "bob",
    "arg",
    "param",
    "var",
    "num",
    "int",
    "str",
    "obj",
    "tmp",
    "version",
    // What documentation says of the password that it does not show.
    "not",
    "real",
    "must",
    "be",
    "but",
    "at",
    "least",
    "no",
    "plaintext",
    "char",
    "chars",
    "character",
    "characters",
    "digits",
    "letters",
    "passwords",
    "secrets",
    "tokens",
    "generated",
    "regenerated",
    "webdav",
    "domain",
    "com",
    "org",
    "net",
    "without",
    "enter",
    "here",
    "current",
    "repeat",
    "confirm",
    "required",
    // What a password is called elsewhere, as translations have it.
    "kennwort",
    "contrasena",
    "contrasenya",
    "senha",
    "parola",
    "haslo",
    "heslo",
    "jelszo",
    "lozinka",
    "geslo",
    "salasana",
    "parool",
    "parole",
    "slaptazodis",
    "wachtwoord",
    "losenord",
    "adgangskode",
    "passord",
    "lykilord",
    "sandi",
    "kata",
    "laluan",
    "sifre",
    "sifresi",
    "clave",
    "motdepasse",
    "mot",
    "passe",
    "de",
    "mdp",
    "v",
    "r",
    "s",
    "t",
    "k",
    "p",
    "e",
];

/// Escapes that stand at the end of a text, or between its words.
const ESCAPES: [&[u8]; 4] = [b"\\n", b"\\0", b"\\x00", b" "];

/// Whether a value is made of nothing but example words, digits and separators.
pub(super) fn is_example(value: &[u8]) -> bool {
    let lower = value.to_ascii_lowercase();
    // `Password*`, `Wachtwoord?`: the label of a field.
    let labelled = lower.iter().rev().take_while(|byte| b"*?".contains(byte)).count();
    let mut rest = &lower[..lower.len() - labelled];
    let (mut letters, mut in_words) = (0, 0);
    while let Some((&first, tail)) = rest.split_first() {
        // `foo@bar`, but not `admin@123`.
        let at = first == b'@' && !value.iter().any(u8::is_ascii_digit);
        if at
            || first.is_ascii_digit()
            || matches!(first, b'_' | b'-' | b'.' | b'/' | b':' | b',' | b'=' | b'\\')
        {
            rest = tail;
            continue;
        }
        // An escape at the end of a quoted text.
        if let Some(tail) = ESCAPES.iter().find_map(|escape| rest.strip_prefix(*escape)) {
            rest = tail;
            continue;
        }
        let word =
            EXAMPLES.iter().filter(|word| rest.starts_with(word.as_bytes())).max_by_key(|word| word.len());
        match word {
            Some(word) => {
                match word.len() {
                    1 => letters += 1,
                    length => in_words += length,
                }
                rest = &rest[word.len()..];
            }
            None => return false,
        }
    }
    // `s3cr3t` is spelt with single letters, `test_a` is not.
    letters < 3 || in_words >= 2 * letters
}

/// Whether a value is a passphrase as people draw it from a list: four words and more, parted by one sign, of
/// which at most one is a word of examples.
pub(super) fn is_passphrase(value: &[u8]) -> bool {
    let Some(&sign) = value.iter().find(|byte| b"-_.".contains(byte)) else {
        return false;
    };
    let words = || value.split(|byte| *byte == sign).filter(|word| !word.iter().all(u8::is_ascii_digit));
    let plain = words().all(|word| (3..=10).contains(&word.len()) && word.iter().all(u8::is_ascii_lowercase));
    let examples = words().filter(|word| EXAMPLES.iter().any(|example| example.as_bytes() == *word)).count();
    plain && words().count() >= 4 && examples <= 1 && !is_prompt(value)
}
