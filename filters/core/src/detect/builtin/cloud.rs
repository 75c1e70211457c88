//! Clouds, hosting, databases and storage.

use super::prelude::*;

pub(super) static DETECTORS: &[Detector] = &[
    Detector {
        kind: Kind::new("AWS_ACCESS_KEY"),
        shape: "AKIA, ASIA, ABIA, ACCA or A3T and one more, then exactly 16 of A-Z0-9",
        source: "docs.aws.amazon.com/IAM: unique identifiers. Real bodies are base32; examples are not. \
                 AROA, AIDA and the like name things and open nothing",
        finds: &["AKIA{FAKE*16}", "ASIA{EXAMPLE0*16}", "ABIA{FAKE*16}", "ACCA{FAKE*16}", "A3TX{FAKE*16}"],
        ignores: &["AKIA{FAKE*17}", "AKIA{FAKE*15}", "XAKIA{FAKE*16}", "AROA{FAKE*16}", "akia{fake*16}"],
        forms: &[
            Form::bounded(&[Text("AKIA"), Text("ASIA"), Text("ABIA"), Text("ACCA")], Class::UPPER, (16, 16))
                .open_ended(),
            Form::bounded(&[Text("A3T")], Class::UPPER, (17, 17)).open_ended(),
        ],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("CLOUDFLARE_API_TOKEN"),
        shape: "cfut_, cfat_ or cfk_ and 32 or more of A-Za-z0-9_-, in practice 40 and a checksum of 8; \
                cfwt_ or cfs_ and 32 or more letters and digits",
        source: "developers.cloudflare.com/fundamentals/api/get-started/token-formats: user, account, \
                 global; cfwt_ and cfs_ as the predecessor had them",
        finds: &["cfut_{FAKE*40}{0a1b*8}", "cfat_{FAKE*48}", "cfk_{EXAMPLE*48}", "cfwt_{FAKE*40}"],
        ignores: &["cfut_", "cfk_short", "cfs_quota_us_and_a_long_name_of_a_control_group"],
        forms: &[
            Form::bounded(&[Text("cfut_"), Text("cfat_"), Text("cfk_")], Class::URL, (32, usize::MAX)),
            Form::bounded(&[Text("cfwt_"), Text("cfs_")], Class::ALNUM, (32, usize::MAX)),
        ],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("SUPABASE_SECRET_KEY"),
        shape: "sb_secret_ and 20 or more of A-Za-z0-9_-, in practice 22, _ and a checksum of 8; or \
                sbp_ and 36 or more of A-Za-z0-9_",
        source: "supabase.com/docs/guides/api/api-keys, …/platform/personal-access-tokens; \
                 sb_publishable_ is public",
        finds: &["sb_secret_{FAKE*22}_{FAKE*8}", "sbp_{0123456789abcdef*40}", "sbp_oauth_{fake0*40}"],
        ignores: &["sb_publishable_{FAKE*22}_{FAKE*8}", "sb_secret_...", "sbp_short"],
        forms: &[
            Form::certain(&[Text("sb_secret_")], Class::URL, 20),
            Form::bounded(&[Text("sbp_")], Class::WORD, (36, usize::MAX)),
        ],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("VERCEL_TOKEN"),
        shape: "vcp_, vci_, vca_, vcr_, vck_ or vrcl_ and 24 or more of A-Za-z0-9_-",
        source: "vercel.com/docs: personal, integration, app, refresh and AI gateway tokens; vrcl_ as \
                 the predecessor had it",
        finds: &["vcp_{FAKE*56}", "vck_{FAKE*56}", "vca_{FAKE*24}", "vrcl_{FAKE*24}"],
        ignores: &["vcp_", "vcr_test", "ivci_{FAKE*24}"],
        forms: &[Form::bounded(
            &[Text("vcp_"), Text("vci_"), Text("vca_"), Text("vcr_"), Text("vck_"), Text("vrcl_")],
            Class::URL,
            (24, usize::MAX),
        )],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("DROPBOX_KEY"),
        shape: "sl. and 100 or more of A-Za-z0-9_-=, sl.u. and 60 or more; or dpf_ and 24 or more",
        source: "developers.dropbox.com/oauth-guide: short-lived tokens, 130 to 1,400; dpf_ as the \
                 predecessor had it",
        finds: &["sl.{FAKE*135}", "sl.u.{FAKE_*1300}", "dpf_{FAKE*40}"],
        ignores: &["sl.", "https://docs.ssl.{fake*200}", "sl.u.short", "dpf_name"],
        forms: &[
            Form::bounded(&[Text("sl.u.")], Class::ANY64, (60, usize::MAX)),
            Form::bounded(&[Text("sl.")], Class::ANY64, (100, usize::MAX)),
            Form::bounded(&[Text("dpf_")], Class::URL, (24, usize::MAX)),
        ],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("TURSO_KEY"),
        shape: "a JWT whose claims begin with {\"a\":\"r; or tfp_ and 30 or more of A-Za-z0-9_-",
        source: "turso.tech: database tokens are JWTs whose claim a is rw or ro; tfp_ (Typeform's \
                 prefix) as the predecessor had it",
        finds: &["eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.eyJhIjoicnci{FAKE*40}.{FAKE-*86}", "tfp_{FAKE*44}"],
        ignores: &["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx{FAKE*30}.{FAKE*43}", "tfp_short"],
        forms: &[
            Form::custom(&[Text("eyJ")], true, jwt::turso),
            Form::bounded(&[Text("tfp_")], Class::URL, (30, usize::MAX)),
        ],
        ..Detector::CERTAIN
    },
];
