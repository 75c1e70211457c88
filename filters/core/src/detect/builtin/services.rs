//! Services for builds, data, payments and messages that other groups do not have.

use super::prelude::*;

pub(super) static DETECTORS: &[Detector] = &[
    Detector {
        kind: Kind::new("CONVEX_DEPLOY_KEY"),
        shape: "base64 of {\"v2\":\" and what follows, behind the name of a deployment",
        source: "docs.convex.dev: deploy keys; keys as published in repositories are base64 of 32 hex digits in JSON",
        finds: &["prod:happy-animal-123|«eyJ2MiI6I{Fake1x*60}==»"],
        ignores: &["eyJ2MiI6I{Fake1x*12}", "xeyJ2MiI6I{Fake1x*60}"],
        forms: &[Form::bounded(&[Text("eyJ2MiI6I")], Class::ANY64, (40, usize::MAX))],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("SETTLEMINT_TOKEN"),
        shape: "sm_aat_, sm_pat_ or sm_sat_ and 16 letters and digits",
        source: "github.com/settlemint/sdk: sm_pat_ and sm_aat_; lengths as scanners have them",
        finds: &["sm_aat_{Fake1x*16}", "sm_pat_{Fake1x*16}", "sm_sat_{Fake1x*16}"],
        ignores: &["sm_aat_{Fake1x*8}", "xsm_aat_{Fake1x*16}"],
        forms: &[Form::bounded(&[Text("sm_aat_"), Text("sm_pat_"), Text("sm_sat_")], Class::ALNUM, (16, 16))],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("XENDIT_KEY"),
        shape: "xnd_production_ or xnd_development_ and 24 or more letters and digits",
        source: "docs.xendit.co: secret keys; keys as published in repositories",
        finds: &["xnd_production_{Fake1x*60}", "xnd_development_{Fake1x*60}"],
        ignores: &["xnd_production_{Fake1x*8}", "xnd_public_production_{Fake1x*60}"],
        forms: &[Form::certain(&[Text("xnd_production_"), Text("xnd_development_")], Class::ALNUM, 24)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("MIDTRANS_SERVER_KEY"),
        shape: "Mid-server- and 20 to 40 of A-Za-z0-9_-",
        source: "docs.midtrans.com: access keys; keys as published in repositories have 24 of base64url",
        finds: &["Mid-server-{Fake1x*24}"],
        ignores: &["Mid-server-{Fake1x*8}", "Mid-client-{Fake1x*24}"],
        forms: &[Form::bounded(&[Text("Mid-server-")], Class::URL, (20, 40))],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("TELNYX_API_KEY"),
        shape: "KEY, 32 hex digits, _ and 22 letters and digits",
        source: "developers.telnyx.com: API keys; keys as published in repositories",
        finds: &["KEY{0123456789ABCDEF*32}_{Fake1x*22}"],
        ignores: &["KEY{0123456789ABCDEF*32}", "MYKEY{0123456789ABCDEF*32}_{Fake1x*22}"],
        forms: &[Form::shape(&[Text("KEY")], &[Run(Class::HEX, 32, 32), Is("_"), Run(Class::ALNUM, 22, 22)])],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("SCALINGO_TOKEN"),
        shape: "tk-us- and 40 to 60 of A-Za-z0-9_-",
        source: "developers.scalingo.com: API tokens; 48 characters, as scanners have it",
        finds: &["tk-us-{Fake1x*48}"],
        ignores: &["tk-us-{Fake1x*20}", "xtk-us-{Fake1x*48}"],
        forms: &[Form::bounded(&[Text("tk-us-")], Class::URL, (40, 60))],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("DEFINED_NETWORKING_TOKEN"),
        shape: "dnkey- and 60 to 100 of A-Za-z0-9_-",
        source: "docs.defined.net: API keys; 26 and 52 characters, as scanners have it",
        finds: &["dnkey-{fake1x*26}-{fake1x*52}"],
        ignores: &["dnkey-{fake1x*26}", "xdnkey-{fake1x*26}-{fake1x*52}"],
        forms: &[Form::bounded(&[Text("dnkey-")], Class::URL, (60, 100))],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("CHECKLY_API_KEY"),
        shape: "cu_ and 32 hex digits",
        source: "developers.checklyhq.com: user API keys",
        finds: &["cu_{0123456789abcdef*32}"],
        ignores: &["cu_{0123456789abcdef*20}", "ncu_{0123456789abcdef*32}"],
        forms: &[Form::bounded(&[Text("cu_")], Class::HEX, (32, 32))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("DEPOT_TOKEN"),
        shape: "depot_user_, depot_org_ or depot_project_ and 32 or more letters and digits",
        source: "depot.dev/docs: kinds of tokens; the length is not confirmed",
        finds: &["depot_user_{Fake1x*64}", "depot_org_{Fake1x*64}", "depot_project_{Fake1x*64}"],
        ignores: &["depot_user_{Fake1x*8}", "depot_project_id"],
        forms: &[Form::certain(
            &[Text("depot_user_"), Text("depot_org_"), Text("depot_project_")],
            Class::ALNUM,
            32,
        )],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("WIX_API_KEY"),
        shape: "IST.eyJ and 100 or more of A-Za-z0-9_.-",
        source: "dev.wix.com: API keys; keys as published in repositories are a JWT behind IST.",
        finds: &["IST.eyJ{Fake1x*40}.{Fake1x*80}.{Fake1x*40}"],
        ignores: &["IST.eyJ{Fake1x*40}", "LIST.eyJ{Fake1x*160}"],
        forms: &[Form::bounded(&[Text("IST.eyJ")], Class::DOTTED, (100, usize::MAX))],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("CREEM_API_KEY"),
        shape: "creem_ or creem_test_ and 20 to 40 letters and digits",
        source: "docs.creem.io: API keys; keys as published in repositories have 22 letters and digits",
        finds: &["creem_{Fake1x*22}", "creem_test_{Fake1x*22}"],
        ignores: &["creem_{Fake1x*8}", "xcreem_{Fake1x*22}"],
        forms: &[
            Form::bounded(&[Text("creem_test_")], Class::ALNUM, (20, 40)),
            Form::lone(&[Text("creem_")], Class::ALNUM, (20, 40)),
        ],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("PERMIT_API_KEY"),
        shape: "permit_key_ and 40 or more letters and digits",
        source: "docs.permit.io shows permit_key_; the length is not confirmed",
        finds: &["permit_key_{Fake1x*100}"],
        ignores: &["permit_key_{Fake1x*12}", "permit_key_name"],
        forms: &[Form::certain(&[Text("permit_key_")], Class::ALNUM, 40)],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("GROWTHBOOK_SECRET"),
        shape: "secret_readonly_, secret_admin_ or secret_user_ and 30 or more letters and digits",
        source: "docs.growthbook.io: kinds of secret keys; neither prefix nor length is confirmed",
        finds: &["secret_readonly_{Fake1x*40}", "secret_admin_{Fake1x*40}", "secret_user_{Fake1x*40}"],
        ignores: &["secret_admin_{Fake1x*8}", "secret_user_name"],
        forms: &[Form::certain(
            &[Text("secret_readonly_"), Text("secret_admin_"), Text("secret_user_")],
            Class::ALNUM,
            30,
        )],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("DEVCYCLE_KEY"),
        shape: "dvc_server_ and 24 or more of A-Za-z0-9_",
        source: "docs.devcycle.com: server SDK keys; github.com/DevCycleHQ shows 40 hex digits, and a UUID in tests",
        finds: &["dvc_server_{Fake1x*40}"],
        ignores: &["dvc_server_{Fake1x*8}", "dvc_client_{Fake1x*40}"],
        forms: &[Form::certain(&[Text("dvc_server_")], Class::WORD, 24)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("MATERIALIZE_PASSWORD"),
        shape: "mzp_ and two UUIDs: 64 hex digits, perhaps with dashes, or their bytes in base64url",
        source: "dev.materialize.com/api/rust: mz_frontegg_auth::AppPassword, looked up",
        finds: &["mzp_{0123456789abcdef*64}", "mzp_{Fake1x*43}"],
        ignores: &["mzp_{0123456789abcdef*20}", "xmzp_{0123456789abcdef*64}"],
        forms: &[Form::bounded(&[Text("mzp_")], Class::URL, (43, 80))],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("CRUNCHYBRIDGE_KEY"),
        shape: "cbkey_ and 24 or more letters and digits",
        source: "docs.crunchybridge.com: API keys; neither prefix nor length is confirmed",
        finds: &["cbkey_{Fake1x*40}"],
        ignores: &["cbkey_{Fake1x*8}", "cbkey_name"],
        forms: &[Form::certain(&[Text("cbkey_")], Class::ALNUM, 24)],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("GEL_SECRET_KEY"),
        shape: "nbwt1_ or nbwt_ and 60 or more of A-Za-z0-9_.-",
        source: "docs.geldata.com: secret keys of Gel Cloud; keys as published in repositories are a JWT behind nbwt1_",
        finds: &["nbwt1_{Fake1x*60}.{Fake1x*40}", "nbwt_{Fake1x*80}"],
        ignores: &["nbwt1_{Fake1x*20}", "nbwt_"],
        forms: &[Form::certain(&[Text("nbwt1_"), Text("nbwt_")], Class::DOTTED, 60)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("COURIER_KEY"),
        shape: "pk_prod_ or dk_prod_ and 26 or more letters and digits",
        source: "courier.com/docs: API keys; keys as published in repositories have 28 capitals and digits",
        finds: &["pk_prod_{FAKE1X*28}", "dk_prod_{FAKE1X*28}"],
        ignores: &["pk_prod_{FAKE1X*8}", "pk_prod_id"],
        forms: &[Form::certain(&[Text("pk_prod_"), Text("dk_prod_")], Class::ALNUM, 26)],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("POSTMAN_COLLECTION_KEY"),
        shape: "PMAT- and 26 letters and digits",
        source: "learning.postman.com: access keys of collections; keys as published in repositories have a ULID of 26",
        finds: &["PMAT-{FAKE1X*26}"],
        ignores: &["PMAT-{FAKE1X*12}", "XPMAT-{FAKE1X*26}"],
        forms: &[Form::bounded(&[Text("PMAT-")], Class::ALNUM, (26, 26))],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("RAPIDAPI_KEY"),
        shape: "50 of a-z0-9 beside a name with rapidapi that says it is a secret",
        source: "docs.rapidapi.com: X-RapidAPI-Key",
        finds: &["X-RapidAPI-Key: «{k7qz2mx9vb*50}»"],
        ignores: &["X-RapidAPI-Host: example.p.rapidapi.com"],
        beside: &[Beside { words: &["rapidapi"], class: Class::LOWER, lengths: (50, 50) }],
        ..Detector::CONTEXT
    },
    Detector {
        kind: Kind::new("FASTLY_API_TOKEN"),
        shape: "32 of A-Za-z0-9_- beside a name with fastly that says it is a secret",
        source: "fastly.com/documentation: API tokens",
        finds: &["FASTLY_API_TOKEN=«{k7Qz2mX9vB4tR8nW*32}»"],
        ignores: &["FASTLY_SERVICE_ID={k7Qz2mX9vB4tR8nW*22}"],
        beside: &[Beside { words: &["fastly"], class: Class::URL, lengths: (32, 32) }],
        ..Detector::CONTEXT
    },
    Detector {
        kind: Kind::new("VECTOR_DATABASE_KEY"),
        shape: "36 to 120 of A-Za-z0-9+/=_- beside a name with weaviate or qdrant that says it is a secret",
        source: "docs.weaviate.io, qdrant.tech/documentation: API keys of their clouds",
        finds: &["WEAVIATE_API_KEY=«{k7Qz2mX9vB4tR8nW*40}»", "QDRANT_API_KEY=«{k7Qz2mX9vB4tR8nW*54}»"],
        ignores: &["WEAVIATE_URL=https://x.weaviate.network"],
        beside: &[Beside { words: &["weaviate", "qdrant"], class: Class::ANY64, lengths: (36, 120) }],
        ..Detector::CONTEXT
    },
    Detector {
        kind: Kind::new("GITEA_TOKEN"),
        shape: "40 hex digits beside a name with gitea or forgejo that says it is a secret",
        source: "docs.gitea.com: access tokens",
        finds: &["GITEA_TOKEN=«{4f1c9a07e2d8b365*40}»", "FORGEJO_TOKEN=«{4f1c9a07e2d8b365*40}»"],
        ignores: &["GITEA_COMMIT={4f1c9a07e2d8b365*40}"],
        beside: &[Beside { words: &["gitea", "forgejo"], class: Class::HEX, lengths: (40, 40) }],
        ..Detector::CONTEXT
    },
];
