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
];
