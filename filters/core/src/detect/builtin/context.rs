//! Values without a shape of their own: what stands beside them gives them away.
//!
//! There are few labels, since what a secret is called must not depend on where it stands: a password in
//! a URL, in an environment variable and in a form is one secret and gets one placeholder.

use super::prelude::*;

pub(super) static DETECTORS: &[Detector] = &[
    Detector {
        kind: Kind::new("GENERIC_PASSWORD"),
        shape: "6 to 128 bytes, two of letters, digits and signs, beside a name that ends in password, passwd, \
                passphrase, pwd or pass, or behind a flag or in a machine line that says so; the password of a URL",
        source: "dotenv, YAML, JSON, INI, shell, .netrc, .pypirc, ADO; RFC 3986 §3.2.1",
        finds: &[
            "DB_PASSWORD=«hunter2x»",
            "password: \"«S3cr#t!pq»\"",
            "Server=db;User Id=sa;Password=«Kx9#vQ2m»;Encrypt=true",
            "postgres://app:«k7Qz2mX9»@db.internal:5432/app",
            "machine h login me password «k7Qz2mX9»",
            "curl -u admin:«k7Qz2mX9» https://h/",
            "mysql -u root -p«k7Qz2mX9» app",
            "<password>«k7Qz2mX9»</password>",
            "<property name=\"hibernate.connection.password\">«k7Qz2mX9»</property>",
            "ALTER USER app WITH PASSWORD '«k7Qz2mX9»';",
            "CREATE USER 'app'@'%' IDENTIFIED BY '«k7Qz2mX9»';",
            "jdbc:oracle:thin:scott/«k7Qz2mX9»@db:1521:orcl",
            "Driver={ODBC Driver 17};Server=db;UID=sa;PWD=«k7Qz2mX9»",
            "psql \"host=db user=app password=«k7Qz2mX9» dbname=x\"",
            "docker login -u me -p «k7Qz2mX9» registry",
            "helm install x --set auth.password=«k7Qz2mX9»",
            "openssl rsa -passin pass:«k7Qz2mX9» -in f",
            "localhost:5432:*:app:«k7Qz2mX9»",
            "auth=('admin', '«k7Qz2mX9»')",
            "The password is «k7Qz2mX9».",
            "setx DB_PASSWORD «k7Qz2mX9»",
            "requirepass «k7Qz2mX9»",
        ],
        ignores: &[
            "password: string",
            "DB_PASSWORD=${DB_PASSWORD}",
            "password = os.environ[\"DB_PASSWORD\"]",
            "\"password\": \"changeme\"",
            "postgres://user:password@localhost/db",
            "password: <pl:GENERIC_PASSWORD:0123456789abcdef>",
            "if password == user.password2 {",
            "https://example.com:8080/a@b",
        ],
        ..Detector::CONTEXT
    },
    Detector {
        kind: Kind::new("GENERIC_SECRET"),
        shape: "8 to 512 bytes that look made up, beside a name that ends in secret, token or a kind of key, \
                behind Bearer or another scheme of an Authorization header, or in the query of a URL",
        source: "dotenv, YAML, JSON, INI, shell, HTTP headers; RFC 6750",
        finds: &[
            "export SERVICE_API_KEY=«{k7Qz2mX9vB4tR8nW*32}»",
            "\"client_secret\": \"«{k7Qz2mX9vB4tR8nW*32}»\"",
            "Authorization: Bearer «{k7Qz2mX9vB4tR8nW*40}»",
            "x-api-key: «{k7Qz2mX9vB4tR8nW*32}»",
            "https://h.io/v1?page=2&api_key=«{k7Qz2mX9vB4tR8nW*32}»&x=1",
            "//registry.example.org/:_authToken=«{k7Qz2mX9vB4tR8nW*36}»",
            "//registry.example.org/:_authToken=«{4f1c9a07*8}-{4f1c*4}-{4a07*4}-{8d65*4}-{4f1c9a07e2d8*12}»",
            "define( 'AUTH_KEY', '«k7Qz 2mX9v&B4tR8nW|^%k7Qz2mX9vB4t+-`»');",
            "SECRET_KEY = 'django-insecure-x'\nSECRET_KEY = '«p!k7qz2mx9vb4tr8nw(k7qz2mx9vb4tr8nw)@1a%x$»'",
            "{\"kind\": \"Secret\", \"data\": {\"x\": \"«azdRejJtWDk=»\"}}",
        ],
        ignores: &[
            "\"token\": {\"type\": \"string\"}",
            "\"max_tokens\": 100",
            "api_key: your-api-key-goes-here-1234",
            "API_KEY=$(pass show x)",
            "token = getToken(\"name\")",
            "Bearer tokens are opaque",
            "\"next_page_token\": \"{k7Qz2mX9vB4tR8nW*32}\"",
        ],
        ..Detector::CONTEXT
    },
    Detector {
        kind: Kind::new("BASIC_AUTH"),
        shape: "base64 of user:password behind Basic or beside auth",
        source: "RFC 7617, Docker's config.json, .npmrc",
        finds: &["Authorization: Basic «YWRtaW46azdRejJtWDk=»", "\"auth\": \"«YWRtaW46azdRejJtWDk=»\""],
        ignores: &["Basic authentication", "Basic dGVzdA=="],
        ..Detector::CONTEXT
    },
    Detector {
        kind: Kind::new("SLACK_WEBHOOK"),
        shape: "the path behind hooks.slack.com/services/, workflows/ or triggers/",
        source: "api.slack.com/messaging/webhooks",
        finds: &["https://hooks.slack.com/services/«T{FAKE0*8}/B{FAKE0*8}/{Fake1x*24}»"],
        ignores: &["https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX"],
        ..Detector::CONTEXT
    },
    Detector {
        kind: Kind::new("DISCORD_WEBHOOK"),
        shape: "the number and token behind discord.com/api/webhooks/",
        source: "discord.com/developers/docs/resources/webhook",
        finds: &["https://discord.com/api/webhooks/«{1234567890*18}/{Fake1x-*68}»"],
        ignores: &["https://discord.com/api/webhooks/{id}/{token}"],
        ..Detector::CONTEXT
    },
    Detector {
        kind: Kind::new("TEAMS_WEBHOOK"),
        shape: "the path behind webhook.office.com/webhookb2/",
        source: "learn.microsoft.com/microsoftteams: incoming webhooks",
        finds: &[
            "https://acme.webhook.office.com/webhookb2/«{0123abcd*36}@{0123abcd*36}/IncomingWebhook/{0123abcd*32}/{0123abcd*36}»",
        ],
        ignores: &["https://acme.webhook.office.com/webhookb2/"],
        ..Detector::CONTEXT
    },
    Detector {
        kind: Kind::new("ZAPIER_WEBHOOK"),
        shape: "the path behind hooks.zapier.com/hooks/catch/",
        source: "help.zapier.com: webhooks",
        finds: &["https://hooks.zapier.com/hooks/catch/«12345678/{fake1*8}»"],
        ignores: &["https://hooks.zapier.com/hooks/catch/"],
        ..Detector::CONTEXT
    },
    Detector {
        kind: Kind::new("SENTRY_DSN"),
        shape: "the key before the host of a Sentry DSN",
        source: "docs.sentry.io: Data Source Name",
        finds: &["https://«{4f1c9a07e2d8b365*32}»@o12345.ingest.sentry.io/12345"],
        ignores: &["https://key@o12345.ingest.sentry.io/12345"],
        ..Detector::CONTEXT
    },
    Detector {
        kind: Kind::new("AZURE_SAS_TOKEN"),
        shape: "the sig of a query that also has se, sp or sv",
        source: "learn.microsoft.com/azure/storage: shared access signatures",
        finds: &["?sv=2023-01-03&se=2026-01-01&sp=r&sig=«{k7Qz2mX9%2BvB4tR8nW*44}%3D»"],
        ignores: &["?sig=abc&x=1"],
        ..Detector::CONTEXT
    },
    Detector {
        kind: Kind::new("JWK_PRIVATE_KEY"),
        shape: "the private members of a JSON Web Key: d, p, q, dp, dq, qi, k",
        source: "RFC 7518 §6",
        finds: &[
            "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"{k7Qz2mX9*43}\",\"d\":\"«{k7Qz2mX9vB4tR8nW*43}»\"}",
        ],
        ignores: &["{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"{k7Qz2mX9*43}\",\"y\":\"{k7Qz2mX9*43}\"}"],
        ..Detector::CONTEXT
    },
    Detector {
        kind: Kind::new("KRB_OR_SHADOW_HASH"),
        shape: "a password hash of crypt(3), bcrypt, Argon2 or Kerberos",
        source: "crypt(5), RFC 9106",
        finds: &[
            "$2b$12${Fake1x/.*53}",
            "root:«$6${Fake1x*16}${Fake1x/.*86}»:19000:0",
            "root:«$y$j9T${Fake1x*22}${Fake1x/.*43}»:19000:0",
            "$argon2id$v=19$m=65536,t=3,p=4${Fake1x*22}${Fake1x*43}",
        ],
        ignores: &["$2b$12$", "$6$salt$short", "$argon2id$"],
        ..Detector::CONTEXT
    },
    Detector {
        kind: Kind::new("BIP39_MNEMONIC"),
        shape: "12, 15, 18, 21 or 24 words of 3 to 8 small letters beside mnemonic or a phrase",
        source: "BIP 39",
        finds: &[
            "mnemonic: \"«legal winner thank year wave sausage worth useful legal winner thank yellow»\"",
            "SEED_PHRASE=«legal winner thank year wave sausage worth useful legal winner thank yellow»",
        ],
        ignores: &["mnemonic: move the value", "passphrase = none at all"],
        ..Detector::CONTEXT
    },
];
