//! Source hosting, project tools and identity.

use super::prelude::*;

pub(super) static DETECTORS: &[Detector] = &[
    Detector {
        kind: Kind::new("GITHUB_TOKEN"),
        shape: "ghp_, gho_ or ghr_ and 30 or more letters and digits, in practice 36; ghu_ or ghs_ and 30 or \
                more of A-Za-z0-9_-, dotted segments after it; github_pat_ and 22 or more of \
                A-Za-z0-9_, in practice 22, _ and 59",
        source: "github.blog: behind GitHub's new authentication token formats; docs.github.com",
        finds: &[
            "ghp_{FAKE*36}",
            "gho_{EXAMPLE*36}",
            "ghr_{FAKE*76}",
            "ghu_{FAKE*36}",
            "ghs_{FAKE*36}",
            "ghs_{FAKE*40}.{FAKE*200}.{FAKE_*43}",
            "github_pat_{FAKE*22}_{FAKE*59}",
        ],
        ignores: &["ghp_", "ghp_{FAKE*20}", "github_pat_", "ghs_token_name"],
        forms: &[
            Form::certain(&[Text("ghp_"), Text("gho_"), Text("ghr_")], Class::ALNUM, 30),
            Form::custom(&[Text("ghu_"), Text("ghs_")], false, structure::github_app),
            Form::certain(&[Text("github_pat_")], Class::WORD, 22),
        ],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("LINEAR_API_KEY"),
        shape: "lin_api_, lin_oauth_ or lin_wh_ and 32 or more letters and digits",
        source: "linear.app/developers: personal keys have 40, OAuth and webhook secrets 64",
        finds: &["lin_api_{FAKE*40}", "lin_oauth_{0123456789abcdef*64}", "lin_wh_{FAKE*40}"],
        ignores: &["lin_api_", "lin_api_key_name", "lin_oauth_callback"],
        forms: &[Form::certain(&[Text("lin_api_"), Text("lin_oauth_"), Text("lin_wh_")], Class::ALNUM, 32)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("NOTION_TOKEN"),
        shape: "ntn_ and 40 or more letters and digits, in practice 46; or secret_ and exactly 43",
        source: "developers.notion.com: internal integration tokens, new and old",
        finds: &["ntn_{12345678901*11}{FAKE*35}", "secret_{FAKE*43}"],
        ignores: &["ntn_", "secret_{FAKE*42}", "secret_{FAKE*44}", "secret_access_key"],
        forms: &[
            Form::bounded(&[Text("ntn_")], Class::ALNUM, (40, usize::MAX)),
            Form::bounded(&[Text("secret_")], Class::ALNUM, (43, 43)),
        ],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("ATLASSIAN_TOKEN"),
        shape: "ATATT and 24 or more of A-Za-z0-9+/=_-, in practice ATATT3xFf and about 180",
        source: "support.atlassian.com: API tokens for Jira, Confluence, Bitbucket; they end in = and \
                 a checksum of 8",
        finds: &["ATATT3xFf{FAKE*170}={0A1B*8}", "ATATT3{FAKE-_*60}"],
        ignores: &["ATATT", "ATATT3xFf", "xATATT"],
        forms: &[Form::bounded(&[Text("ATATT"), Anywhere("ATATT3xFf")], Class::ANY64, (24, usize::MAX))],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("CLICKUP_TOKEN"),
        shape: "pk_, 5 to 12 digits, _ and 30 to 40 letters and digits, in practice 32",
        source: "developer.clickup.com: personal tokens",
        finds: &["pk_{12345678*8}_{FAKE*32}"],
        ignores: &["pk_live_{FAKE*32}", "pk_12345678_{FAKE*12}", "apk_12345678_{FAKE*32}"],
        forms: &[Form::custom(&[Text("pk_")], true, structure::clickup)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("JWT_TOKEN"),
        shape: "eyJ…, dot, claims, dot, signature (which may be empty or cut off when the claims begin with \
                eyJ); or five segments",
        source: "RFC 7519, RFC 7515 §3.1, RFC 7516 §3.1",
        finds: &[
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIx{FAKE*30}.{FAKE-_*43}",
            "eyJhbGciOiJub25lIn0.eyJzdWIiOiIx{FAKE*30}.",
            "eyJ{FAKE*30}.{FAKE*40}.{FAKE*43}",
            "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..{FAKE*16}.{FAKE*60}.{FAKE*22}",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx{FAKE*30}",
        ],
        ignores: &[
            "eyJhbGciOiJIUzI1NiJ9",
            "eyJhbGciOiJIUzI1NiJ9.min.js",
            "{\"cursor\":\"eyJpZCI6MTIzNDU2fQ\"}",
        ],
        forms: &[Form::custom(&[Text("eyJ")], true, jwt::jwt)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("AIVEN_PASSWORD"),
        shape: "AVNS_ and 15 or more of A-Za-z0-9_-",
        source: "aiven.io/docs and docs.digitalocean.com: passwords of managed databases",
        finds: &["AVNS_{Fake1x*19}"],
        ignores: &["AVNS_{Fake*6}", "AVNS_"],
        forms: &[Form::certain(&[Text("AVNS_")], Class::URL, 15)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("NETBIRD_TOKEN"),
        shape: "nbp_ and 36 letters and digits",
        source: "docs.netbird.io: personal access tokens end in a checksum",
        finds: &["nbp_{Fake1x*36}"],
        ignores: &["nbp_{Fake1x*20}", "xnbp_{Fake1x*36}"],
        forms: &[Form::bounded(&[Text("nbp_")], Class::ALNUM, (36, 36))],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("ORY_TOKEN"),
        shape: "ory_pat_, ory_at_, ory_rt_, ory_st_, ory_ac_ or ory_apikey_ and 24 or more of A-Za-z0-9_.-",
        source: "ory.sh/docs: tokens and keys by prefix",
        finds: &["ory_pat_{Fake1x*32}", "ory_at_{Fake1x*43}.{Fake1x*43}", "ory_st_{Fake1x*32}"],
        ignores: &["ory_at_{Fake*8}", "memory_at_{Fake1x*43}"],
        forms: &[Form::bounded(
            &[
                Text("ory_pat_"),
                Text("ory_at_"),
                Text("ory_rt_"),
                Text("ory_st_"),
                Text("ory_ac_"),
                Text("ory_apikey_"),
            ],
            Class::DOTTED,
            (24, usize::MAX),
        )],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("AKAMAI_TOKEN"),
        shape: "akab-, 16 of a-z0-9, - and 16 more",
        source: "techdocs.akamai.com/developer: client and access tokens",
        finds: &["akab-{fake1*16}-{fake1*16}"],
        ignores: &["akab-{fake1*16}", "xakab-{fake1*16}-{fake1*16}"],
        forms: &[Form::shape(
            &[Text("akab-")],
            &[Run(Class::LOWER, 16, 16), Is("-"), Run(Class::LOWER, 16, 16)],
        )],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("VERCEL_BLOB_TOKEN"),
        shape: "vercel_blob_rw_ and 30 or more of A-Za-z0-9_",
        source: "vercel.com/docs/storage/vercel-blob: read and write tokens",
        finds: &["vercel_blob_rw_{Fake1x*16}_{Fake1x*30}"],
        ignores: &["vercel_blob_rw_{Fake*8}", "vercel_blob_rw_"],
        forms: &[Form::certain(&[Text("vercel_blob_rw_")], Class::WORD, 30)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("SOCKET_KEY"),
        shape: "sktsec_ and 40 or more of A-Za-z0-9_-",
        source: "docs.socket.dev: API tokens",
        finds: &["sktsec_{Fake1x*43}_api"],
        ignores: &["sktsec_{Fake*8}", "sktsec_"],
        forms: &[Form::certain(&[Text("sktsec_")], Class::URL, 40)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("STATSIG_SECRET"),
        shape: "secret- and 40 to 50 letters and digits, mixing cases and digits, by itself",
        source: "docs.statsig.com: server secret keys",
        finds: &["secret-{Fake1x*43}"],
        ignores: &["secret-{fake*43}", "secret-{Fake1x*20}"],
        forms: &[Form::lone(&[Text("secret-")], Class::ALNUM, (40, 50))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("CONFIGCAT_KEY"),
        shape: "configcat-sdk-1/, 22 of A-Za-z0-9_-, / and 22 more",
        source: "configcat.com/docs: SDK keys",
        finds: &["configcat-sdk-1/{Fake1x*22}/{Fake1x*22}"],
        ignores: &["configcat-sdk-1/{Fake1x*22}", "configcat-sdk-1"],
        forms: &[Form::shape(
            &[Text("configcat-sdk-1")],
            &[Is("/"), Run(Class::URL, 22, 22), Is("/"), Run(Class::URL, 22, 22)],
        )],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("APPWRITE_KEY"),
        shape: "standard_ and 128 or more hex digits",
        source: "appwrite.io/docs: API keys",
        finds: &["standard_{0123456789abcdef*256}"],
        ignores: &["standard_{0123456789abcdef*64}", "xstandard_{0123456789abcdef*256}"],
        forms: &[Form::bounded(&[Text("standard_")], Class::HEX, (128, usize::MAX))],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("BITWARDEN_TOKEN"),
        shape: "a digit, a dot, a UUID, a dot, 30 letters and digits, a colon and 22 to 44 of A-Za-z0-9+/=",
        source: "bitwarden.com/help/access-tokens: Secrets Manager",
        finds: &[
            "0.{0123456789abcdef*8}-{0123*4}-{4567*4}-{89ab*4}-{0123456789abcdef*12}.{Fake1x*30}:{Fake1x*22}==",
        ],
        ignores: &["0.{0123456789abcdef*8}-{0123*4}-{4567*4}-{89ab*4}-{0123456789abcdef*12}.{Fake1x*30}"],
        forms: &[Form::custom(&[Before(b':')], false, vendor::bitwarden)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("TINYBIRD_TOKEN"),
        shape: "p.eyJ, 20 to 400 of A-Za-z0-9_-, a dot and 20 to 64 more",
        source: "tinybird.co/docs: tokens",
        finds: &["p.eyJ{Fake1x*80}.{Fake1x*43}"],
        ignores: &["p.eyJ", "xp.eyJ{Fake1x*10}.js"],
        forms: &[Form::pair(&[Text("p.eyJ")], (20, 400), (20, 64))],
        ..Detector::LIKELY
    },
];
