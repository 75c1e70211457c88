//! Recall on secrets that are made up anew, in surroundings that vary: what share is found.
//!
//! The forms are written from what such files look like, not from the rules. A secret counts as found when
//! the spans cover all of its bytes.

use super::*;
use crate::detect::detector::Confidence;

const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const ALNUM: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const HEX: &[u8] = b"0123456789abcdef";
const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const SIGNS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789!@#%^*-_+=";

impl Noise {
    fn text(&mut self, alphabet: &[u8], length: usize) -> String {
        (0..length).map(|_| self.pick(alphabet)).collect()
    }

    fn below(&mut self, limit: usize) -> usize {
        let bytes: Vec<u8> = (0..=u8::MAX).collect();
        let low = self.pick(&bytes) as usize;
        (low << 8 | self.pick(&bytes) as usize) % limit
    }

    fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len())]
    }
}

/// What is found of how much, and what was missed.
#[derive(Default)]
struct Tally {
    found: usize,
    all: usize,
    missed: std::collections::BTreeMap<String, usize>,
}

impl Tally {
    fn check(&mut self, form: &str, text: &str, secret: &str) {
        self.all += 1;
        let start = text.find(secret).expect("the secret is in the text");
        let covered: usize = scan(text.as_bytes())
            .iter()
            .map(|span| span.end.min(start + secret.len()).saturating_sub(span.start.max(start)))
            .sum();
        if covered == secret.len() {
            self.found += 1;
        } else {
            *self.missed.entry(form.to_owned()).or_default() += 1;
        }
    }

    #[allow(clippy::print_stdout)]
    fn at_least(self, what: &str, share: f64) {
        let recall = self.found as f64 / self.all as f64;
        let mut missed: Vec<_> = self.missed.into_iter().collect();
        missed.sort_by_key(|(_, count)| usize::MAX - count);
        println!(
            "{what}: {} of {}, {:.1} %; most missed: {:?}",
            self.found,
            self.all,
            100.0 * recall,
            &missed[..missed.len().min(12)]
        );
        assert!(recall >= share, "{what}: {recall}");
    }
}

/// Surroundings of a token that needs none.
const SURROUNDINGS: [&str; 24] = [
    "@",
    "X=@",
    "export X='@'\n",
    "x: @\ny: 1",
    "{\"x\": \"@\"}",
    "{\\\"x\\\":\\\"@\\\"}",
    "let x = \"@\";",
    "`@`",
    "<b>@</b>",
    "curl -H 'X: @' h",
    "https://h/p?x=@&y=1",
    "https://h/@/p",
    "| a | @ |",
    "line\\n@\\nline",
    "(@)",
    "[@]",
    "see @.",
    "a\t@\tb",
    "  12\tX=@",
    "+X=@",
    "\u{1b}[31m@\u{1b}[0m",
    "x%3D@%26y",
    "{\"x\":[\"a\",\"@\",\"b\"]}",
    "&quot;@&quot;",
];

#[test]
fn anchored_formats() {
    let mut noise = Noise(11);
    let mut tally = Tally::default();
    for detector in builtin::all().into_iter().filter(|detector| detector.confidence != Confidence::Context) {
        for template in detector
            .finds
            .iter()
            .filter(|template| !template.contains(['«', '\n']) && !template.contains("KEY-----"))
        {
            for _ in 0..3 {
                let secret = random(template, &mut noise);
                for surroundings in SURROUNDINGS {
                    tally.check(detector.kind.label(), &surroundings.replace('@', &secret), &secret);
                }
            }
        }
    }
    tally.at_least("anchored", 0.95);
}

/// A template with random bytes of the alphabet that each filler suggests.
fn random(template: &str, noise: &mut Noise) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (fill, tail) = after.split_once('}').expect("a filler");
        let (word, count) = fill.split_once('*').expect("a filler");
        let is = |test: fn(u8) -> bool| word.bytes().all(test);
        let alphabet: Vec<u8> = if is(|b| b.is_ascii_digit()) {
            b"0123456789".to_vec()
        } else if is(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
            HEX.to_vec()
        } else if is(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) {
            UPPER.to_vec()
        } else if is(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) {
            LOWER.to_vec()
        } else {
            let signs = word.bytes().filter(|b| !b.is_ascii_alphanumeric());
            ALNUM.iter().copied().chain(signs).collect()
        };
        let fixed = word == "MTIz" || template.starts_with("eyJ");
        text += before;
        if fixed {
            text.extend(word.chars().cycle().take(count.parse().expect("a count")));
        } else {
            text += &noise.text(&alphabet, count.parse().expect("a count"));
        }
        rest = tail;
    }
    text + rest
}

/// A password as generators and people make them.
fn password(noise: &mut Noise) -> String {
    match noise.below(5) {
        0 => noise.text(ALNUM, 12),
        1 => noise.text(SIGNS, 16),
        2 => noise.text(LOWER, 10),
        3 => {
            let word = noise.of(&["Sunset", "Tiger", "Orange", "Monday", "Coffee", "Rocket"]);
            format!("{word}{}{}", 1 + noise.below(2030), noise.of(&["!", "#", "@", "$", ""]))
        }
        _ => noise.text(SIGNS, 10),
    }
}

/// A key without a prefix.
fn key(noise: &mut Noise) -> String {
    match noise.below(5) {
        0 => noise.text(HEX, 32),
        1 => noise.text(ALNUM, 32),
        2 => noise.text(BASE64, 43) + "=",
        3 => noise.text(ALNUM, 24),
        _ => noise.text(HEX, 64),
    }
}

fn base64(text: &str) -> String {
    let mut encoded = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bits =
            chunk.iter().fold(0u32, |bits, &byte| bits << 8 | u32::from(byte)) << (8 * (3 - chunk.len()));
        for digit in 0..=chunk.len() {
            encoded.push(BASE64[(bits >> (18 - 6 * digit) & 63) as usize] as char);
        }
    }
    while !encoded.len().is_multiple_of(4) {
        encoded.push('=');
    }
    encoded
}

#[test]
fn structures() {
    let mut noise = Noise(12);
    let mut tally = Tally::default();
    for _ in 0..60 {
        let pw = loop {
            let pw = password(&mut noise);
            if !pw.contains(['@', '/', '#', '%', '=', '+', ':']) {
                break pw;
            }
        };
        let key = noise.text(ALNUM, 40);
        for scheme in [
            "postgres",
            "postgresql+asyncpg",
            "mysql",
            "mongodb+srv",
            "redis",
            "amqps",
            "mssql",
            "clickhouse",
            "ftp",
            "smtp",
            "ldap",
            "nats",
            "https",
        ] {
            let user = noise.of(&["app", "svc_user", "admin", ""]);
            tally.check(
                "url",
                &format!("DATABASE_URL={scheme}://{user}:{pw}@db-1.internal:5432/main?ssl=true\nX=1"),
                &pw,
            );
            tally.check("url in json", &format!("{{\"url\": \"{scheme}://{user}:{pw}@10.0.0.3/x\"}}"), &pw);
        }
        for (form, text) in [
            (
                "ado",
                format!("Server=tcp:db.example.net,1433;Database=x;User ID=sa;Password={pw};Encrypt=True;"),
            ),
            ("ado pwd", format!("\"Driver={{ODBC}};Server=h;Uid=me;Pwd={pw};\"")),
            ("jdbc", format!("jdbc:sqlserver://h:1433;databaseName=x;user=me;password={pw};encrypt=true")),
            ("jdbc query", format!("jdbc:mysql://h/x?user=me&password={pw}&useSSL=false")),
            ("netrc", format!("machine api.example.com\n  login me\n  password {pw}\n")),
            ("netrc line", format!("machine h login me password {pw}")),
            ("pypirc", format!("[pypi]\nusername = me\npassword = {pw}\n")),
            ("curl", format!("curl -u me:{pw} https://h/x")),
            ("curl quoted", format!("curl --user 'me:{pw}' https://h/x")),
            ("mysql", format!("mysqldump -h h -u root -p{pw} app > x.sql")),
            ("sshpass", format!("sshpass -p '{pw}' ssh me@h")),
            ("maven", format!("<server><id>x</id><username>me</username><password>{pw}</password></server>")),
        ] {
            tally.check(form, &text, &pw);
        }
        for (form, text) in [
            ("bearer", format!("curl -H \"Authorization: Bearer {key}\" https://h")),
            ("bearer json", format!("{{\"Authorization\": \"Bearer {key}\"}}")),
            ("bearer js", format!("headers: {{ authorization: `Bearer {key}` }}")),
            ("token", format!("Authorization: Token {key}\r\n")),
            ("npmrc", format!("//npm.example.com/:_authToken={key}\n")),
            ("header", format!("> X-Auth-Token: {key}\r\n> Accept: */*")),
            ("query", format!("GET /v1/x?api_key={key}&y=1 HTTP/1.1")),
            ("query token", format!("https://h/x?access_token={key}")),
            ("kubeconfig", format!("users:\n- name: x\n  user:\n    token: {key}\n")),
            ("cookie", format!("Cookie: theme=dark; session_id={key}; x=1")),
            (
                "azure storage",
                format!("AccountName=x;AccountKey={key}{key}abcdef==;EndpointSuffix=core.windows.net"),
            ),
        ] {
            tally.check(form, &text, &key);
        }
        let basic = base64(&format!("me:{pw}"));
        tally.check("basic", &format!("Authorization: Basic {basic}\r\n"), &basic);
        tally.check("docker", &format!("{{\"auths\": {{\"h\": {{\"auth\": \"{basic}\"}}}}}}"), &basic);
        tally.check("npmrc _auth", &format!("_auth={basic}\n"), &basic);
        let config = base64(&format!("# config\ndatabase:\n  host: h\n  password: \"{pw}\"\n"));
        tally.check("base64 of yaml", &format!("data:\n  config.yaml: {config}\n"), &config);
        let token = base64(&format!("ghp_{}", noise.text(ALNUM, 36)));
        tally.check("base64 of token", &format!("data:\n  token: {token}\n"), &token);
        tally.check("base64 of token in json", &format!("{{\"x\":\"{token}\"}}"), &token);
        let pem =
            format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", noise.text(BASE64, 64));
        let pem = base64(&pem);
        tally.check("base64 of pem", &format!("    client-key-data: {pem}\n"), &pem);
        let long =
            format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", noise.text(BASE64, 900));
        let wrapped: Vec<_> =
            base64(&long).as_bytes().chunks(76).map(|l| String::from_utf8_lossy(l).into_owned()).collect();
        let wrapped = wrapped.join("\n");
        tally.check("wrapped base64 of pem", &format!("$ base64 key.pem\n{wrapped}\n$ "), &wrapped);
        let value = base64(&noise.text(LOWER, 9));
        let manifest = format!(
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: x\ntype: Opaque\ndata:\n  user: {value}\n"
        );
        tally.check("manifest", &manifest, &value);
        let jwk = noise.text(ALNUM, 43);
        tally.check(
            "jwk",
            &format!("{{\"kty\": \"OKP\", \"crv\": \"Ed25519\", \"d\": \"{jwk}\", \"x\": \"{key}abc\"}}"),
            &jwk,
        );
        let hook = format!("T{}/B{}/{}", noise.text(UPPER, 9), noise.text(UPPER, 9), noise.text(ALNUM, 24));
        tally.check("slack", &format!("curl https://hooks.slack.com/services/{hook}"), &hook);
    }
    tally.at_least("structural", 0.85);
}

#[test]
fn values_beside_names() {
    let passwords = [
        "DB_PASSWORD",
        "password",
        "SMTP_PASS",
        "mysql_root_password",
        "adminPassword",
        "spring.datasource.password",
        "REDIS_PASSWORD",
        "userPwd",
        "db.passwd",
        "keystore-passphrase",
        "Password",
        "PGPASSWORD",
    ];
    let keys = [
        "API_KEY",
        "apiKey",
        "api-key",
        "client_secret",
        "clientSecret",
        "JWT_SECRET",
        "SECRET_KEY",
        "AUTH_TOKEN",
        "access_token",
        "accessToken",
        "ACME_TOKEN",
        "webhook_secret",
        "ENCRYPTION_KEY",
        "X-API-Key",
        "service.token",
        "SENTRY_AUTH_TOKEN",
        "refresh_token",
        "DATADOG_APP_KEY",
        "private_key",
        "app_secret",
    ];
    let mut noise = Noise(13);
    let mut tally = Tally::default();
    let forms = [
        ("env", "A=1\n¤=§\nB=2\n"),
        ("env quoted", "¤=\"§\"\n"),
        ("export", "export ¤='§'\n"),
        ("yaml", "app:\n  ¤: §\n  x: 1\n"),
        ("yaml quoted", "  ¤: \"§\"\n"),
        ("json", "{\"a\": 1, \"¤\": \"§\"}"),
        ("json tight", "{\"¤\":\"§\",\"b\":2}"),
        ("escaped json", "\"{\\\"¤\\\": \\\"§\\\"}\""),
        ("toml", "[x]\n¤ = \"§\"\n"),
        ("ini", "[x]\n¤=§\n"),
        ("ini spaced", "[x]\n¤ = §\ny = 2\n"),
        ("python", "¤ = \"§\"\nprint(1)"),
        ("python keyword", "connect(host='h', ¤='§', port=1)"),
        ("python dict", "c['¤'] = '§'"),
        ("js", "const ¤ = '§';"),
        ("js object", "{ a: 1, ¤: '§' }"),
        ("js member", "config.¤ = \"§\";"),
        ("ts", "const ¤: string = \"§\";"),
        ("go", "¤ := \"§\""),
        ("go field", "\t¤: \"§\","),
        ("java", "private static final String ¤ = \"§\";"),
        ("rust", "const ¤: &str = \"§\";"),
        ("csharp", "var ¤ = @\"§\";"),
        ("php", "define('¤', '§');"),
        ("php array", "'¤' => '§',"),
        ("ruby", ":¤ => \"§\""),
        ("xml", "<¤>§</¤>"),
        ("xml attribute", "<x ¤=\"§\"/>"),
        ("appsettings", "<add key=\"¤\" value=\"§\" />"),
        ("flag", "tool --¤ § --verbose"),
        ("flag equals", "tool --¤=§ run"),
        ("docker", "docker run -e ¤=§ image"),
        ("dockerfile", "FROM x\nENV ¤=§\nRUN y"),
        ("dockerfile blank", "ENV ¤ §\n"),
        ("compose", "    environment:\n      - ¤=§\n"),
        ("kubernetes", "- name: ¤\n  value: \"§\"\n"),
        ("kubernetes json", "{\"name\":\"¤\",\"value\":\"§\"}"),
        ("header", "curl -H '¤: §' h"),
        ("powershell", "$env:¤ = \"§\""),
        ("cmd", "set ¤=§\r\n"),
        ("hcl", "  ¤ = \"§\"\n"),
        ("properties", "a.b=1\n¤=§\n"),
        ("listing", "     3\t¤=§\n     4\tX=1\n"),
        ("diff", "+¤=§\n-¤=\n"),
        ("grep", "src/.env:3:¤=§\n"),
        ("escaped lines", "A=1\\n¤=§\\nB=2"),
        ("default", "os.getenv(\"¤\", \"§\")"),
        ("setter", "x.set¤(\"§\")"),
        ("markdown", "Set `¤` to `§`."),
        ("inline code", "`¤=§`"),
    ];
    for (form, template) in forms {
        for _ in 0..12 {
            for secret in [true, false] {
                let name = if secret { noise.of(&keys) } else { noise.of(&passwords) };
                let value = if secret { key(&mut noise) } else { password(&mut noise) };
                let text = template.replace('¤', name).replace('§', &value);
                if text.matches(&value).count() == 1 {
                    tally.check(
                        &format!("{form} {}", if secret { "key" } else { "password" }),
                        &text,
                        &value,
                    );
                }
            }
        }
    }
    tally.at_least("context", 0.75);
}
