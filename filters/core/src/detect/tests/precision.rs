//! What is no secret: one test for each kind of text that looks like one.

use super::*;

/// A million draws would not be seen by a person; these are seeded, so that a failure repeats.
pub(super) fn random(noise: &mut Noise, alphabet: &str, length: usize) -> String {
    (0..length).map(|_| noise.pick(alphabet.as_bytes())).collect()
}

const HEX: &str = "0123456789abcdef";
const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Nothing may be found in any of these lines.
fn silent(what: &str, lines: impl IntoIterator<Item = String>) {
    let text: Vec<_> = lines.into_iter().collect();
    for line in &text {
        assert_eq!(found(line), [], "{what}: {line}");
    }
    let whole = text.join("\n");
    assert_eq!(found(&whole), [], "{what}, all in one text");
}

pub(super) fn uuid(noise: &mut Noise) -> String {
    [8, 4, 4, 4, 12].map(|length| random(noise, HEX, length)).join("-")
}

#[test]
fn git_hashes() {
    let mut noise = Noise(1);
    let lines = (0..2000).flat_map(|_| {
        let hash = random(&mut noise, HEX, 40);
        let other = random(&mut noise, HEX, 40);
        [
            format!("commit {hash}"),
            format!("index {}..{} 100644", &hash[..7], &other[..7]),
            format!("{hash} refs/heads/main"),
            format!("{} Mend the parser", &hash[..9]),
            format!("parent {hash}\nparent {other}"),
            format!("\"sha\": \"{hash}\", \"node_id\": \"C_{hash}\""),
            format!("https://github.com/o/r/commit/{hash}?diff=split"),
            format!("uses: actions/checkout@{hash} # v4"),
            format!("rev = \"{hash}\""),
            format!("{hash}:src/main.rs"),
        ]
    });
    silent("git", lines.collect::<Vec<_>>());
}

#[test]
fn uuids() {
    let mut noise = Noise(2);
    let lines = (0..2000).flat_map(|_| {
        let id = uuid(&mut noise);
        [
            id.clone(),
            format!("id={id}"),
            format!("\"requestId\": \"{id}\""),
            format!("/v1/items/{id}/parts/{}", uuid(&mut noise)),
            format!("{{{}}}", id.to_uppercase()),
            format!("tenant_id: {id}"),
            format!("session_id={id}; user={id}"),
            format!("trace-{id}-{}", &id[..8]),
        ]
    });
    silent("UUIDs", lines.collect::<Vec<_>>());
}

#[test]
fn integrity_hashes_and_lock_files() {
    let mut noise = Noise(3);
    let lines = (0..2000).flat_map(|_| {
        let hex = random(&mut noise, HEX, 64);
        let long = random(&mut noise, BASE64, 86);
        let url = random(&mut noise, &BASE64.replace("+/", "-_"), 43);
        [
            format!("\"integrity\": \"sha512-{long}==\""),
            format!("  integrity sha512-{long}=="),
            format!("<script integrity=\"sha384-{}\" crossorigin>", &long[..64]),
            format!("checksum = \"{hex}\""),
            format!("    --hash=sha256:{hex} \\"),
            format!("golang.org/x/net v0.1.0 h1:{}=", &long[..43]),
            format!("package/data.json,sha256={url},512"),
            format!("image@sha256:{hex}"),
            format!("\"tests/keys/server.key\":\"{hex}\",\"tests/etc/passwd\":\"{hex}\""),
            format!("md5:{}", &hex[..32]),
            format!("{hex}  release.tar.gz"),
        ]
    });
    silent("lock files", lines.collect::<Vec<_>>());
    // A digest may begin like a token.
    for prefix in ["sk-", "gsk_", "hf_", "npm_", "ghp_", "xai-", "fc-", "AKIA"] {
        let digest = format!("{prefix}{}", random(&mut noise, LETTERS, 40));
        silent("a digest", [format!("a/b.json,sha256={digest},12"), format!("sha256-{digest}")]);
    }
}

#[test]
fn base64_media() {
    let mut noise = Noise(4);
    for size in [100, 5000, 200_000] {
        let picture = random(&mut noise, BASE64, size);
        silent(
            "a picture",
            [
                format!("data:image/png;base64,iVBORw0KGgo{picture}"),
                format!(
                    "{{\"type\":\"base64\",\"media_type\":\"image/jpeg\",\"data\":\"/9j/4AAQ{picture}==\"}}"
                ),
                format!("src: url(data:font/woff2;base64,d09GMgAB{picture}) format('woff2')"),
            ],
        );
        let lines: Vec<_> = picture.as_bytes().chunks(76).map(|line| String::from_utf8_lossy(line)).collect();
        silent("an attachment", [lines.join("\n")]);
    }
    // A source map is text, and has code in it.
    let map = b"{\"version\":3,\"sources\":[\"a.ts\"],\"sourcesContent\":[\"login(user, { password: 'hunter2x' })\"]}";
    let map = map.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    assert_ne!(found(&map), [], "hex of it is looked into");
}

#[test]
fn minified_scripts() {
    let code = [
        r#"function(e){var t=e.token,n=e.key;return t.password===""?t.password=n.url.password:t.auth=n.auth}"#,
        r#"A.username=decodeURIComponent(A.username);A.password=A.auth.slice(p+1);i.password=t.slice(a+1);"#,
        r#"const{apiKey:e,secretKey:t,accessToken:n}=this.options;return{apiKey:e,secretKey:t,accessToken:n}"#,
        r#"a.secret=b.secret,c.token=d?d.token:null,e.apiKey=f(g).apiKey||h;exports.Aes256Key=Aes256Key;"#,
        r#"!function(t){t.exports=function(t){return t&&t.password?i(t.password):o(t.passwordHash1)}}"#,
        r#"switch(e.key){case"Enter":case"Escape":return void n.token(e)}"#,
    ];
    silent("minified", code.map(str::to_owned));
}

#[test]
fn identifiers_of_code() {
    let code = [
        "password: string,",
        "password?: XmlStringMaxLen256;",
        "KdcAdminPassword: XmlStringMaxLen256;",
        "ResetPassword = \"identitytoolkit#ResetPasswordResponse\",",
        "const KRB5_PASSWORD_ENV = 'KRB5_PASSWORD'",
        "esxi1_password: @ESXI1_PASSWORD",
        "ownPass: !!ownPass",
        "pub const ERROR_WRONG_PASSWORD: HRESULT = 0x8055000D;",
        "KRB5_PASSWORD=str(self._get_cloud_config(KRB5_PASSWORD_ENV)),",
        "password: Annotated[str, Form()]",
        "memory_planning_pass=MemoryPlanningPass(graph)",
        "exports.AeadAes256EncryptionKey = AeadAes256EncryptionKey;",
        "token = f\"{os.getenv('MASTER_KEY')}-1234\"",
        "let secret = Secret::new(&config.secret_key2);",
        "api_key = self.config.api_key_v2",
        "secretKeyRef:\n  name: db-credentials\n  key: password1",
        "\"password\": \"\\u5bc6\\u7801\", \"user\": \"\\u7528\\u6237\"",
        "  private validatePassword(\\n    password: string,\\n    status: Status\\n  )",
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:MySecret1-a1b2c3",
        "'Lock-Token': 'urn:uuid:a515cfa4-5da4-22e1-f5b5-00a0451e6bf7'",
        "TINI_GPG_KEY=595E85A6B1B4779EA4DAAEC70B588DFF0527A9B7",
        "[![c](https://codecov.io/gh/a/b/graph/badge.svg?token=KxR95XT3NF)](x)",
        "'------WebKitFormBoundaryTB2MiQ36fnSJlrhY'",
        "arn:aws:ec2::320805250157:ipam-resource-discovery-association/x",
    ];
    silent("identifiers", code.map(str::to_owned));
}

/// `changeme` is no secret, and neither is what stands for one. A password that merely is a bad one is.
#[test]
fn placeholders_of_people() {
    let values = [
        "${DB_PASSWORD}",
        "$DB_PASSWORD",
        "{{ vault_password }}",
        "<your-password>",
        "<password>",
        "%PASSWORD%",
        "xxxxxxxx",
        "XXXX-XXXX",
        "********",
        "....",
        "changeme",
        "change-me",
        "CHANGEME123",
        "your_password_here",
        "your-api-key-here",
        "example",
        "password",
        "secret",
        "test123",
        "foobar",
        "placeholder",
        "REDACTED",
        "TODO",
        "null",
        "none",
        "undefined",
        "$(pass show db)",
        "#{ENV['PASSWORD']}",
        "env:DB_PASSWORD",
        "op://vault/db/password",
        "vault:secret/db#password",
        "{password}",
    ];
    for value in values {
        for line in ["password: @", "DB_PASSWORD=@", "\"password\": \"@\"", "--password=@", "api_key = \"@\""]
        {
            silent("a placeholder", [line.replace('@', value)]);
        }
    }
    for value in ["hunter2", "s3cr3t", "Tr0ub4dor&3", "P@ssw0rd", "letmein!", "dragon99", "Summer2023"] {
        for line in
            ["password: @", "DB_PASSWORD=@", "\"password\": \"@\"", "--password=@", "password = \"@\""]
        {
            let text = line.replace('@', value);
            assert_eq!(found(&text), [("GENERIC_PASSWORD", value)], "{text}");
        }
    }
    for mask in
        ["ghp_{x*36}", "sk-ant-api03-{x*95}", "AKIA{X*16}", "xoxb-{x*12}-{x*12}-{x*24}", "glpat-{x*20}"]
    {
        silent("a mask", [expand(mask)]);
    }
}
