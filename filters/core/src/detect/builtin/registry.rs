//! Package registries and databases.

use super::prelude::*;

pub(super) static DETECTORS: &[Detector] = &[
    Detector {
        kind: Kind::new("NPM_TOKEN"),
        shape: "npm_ and 36 or more letters and digits",
        source: "docs.npmjs.com: access tokens end in a checksum",
        finds: &["npm_{Fake1x*36}"],
        ignores: &["npm_{Fake1x*16}", "xnpm_{Fake1x*36}"],
        forms: &[Form::bounded(&[Text("npm_")], Class::ALNUM, (36, usize::MAX))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("PYPI_TOKEN"),
        shape: "pypi-AgE and 50 or more of A-Za-z0-9_-",
        source: "pypi.org/help: API tokens are macaroons",
        finds: &["pypi-AgE{Fake1x*160}"],
        ignores: &["pypi-AgE{Fake1x*23}", "pypi-AgE"],
        forms: &[Form::certain(&[Text("pypi-AgE")], Class::URL, 50)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("RUBYGEMS_TOKEN"),
        shape: "rubygems_ and 40 or more hex digits",
        source: "guides.rubygems.org: API keys",
        finds: &["rubygems_{0123456789abcdef*48}"],
        ignores: &["rubygems_{0123456789abcdef*18}", "rubygems_"],
        forms: &[Form::certain(&[Text("rubygems_")], Class::HEX, 40)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("CRATES_IO_TOKEN"),
        shape: "cio and 32 letters and digits, mixing cases and digits, by itself",
        source: "crates.io: API tokens",
        finds: &["cio{Fake1x*32}"],
        ignores: &["cio{Fake1x*14}", "xcio{Fake1x*32}"],
        forms: &[Form::lone(&[Text("cio")], Class::ALNUM, (32, 32))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("NUGET_KEY"),
        shape: "oy2 and 43 of a-z0-9",
        source: "learn.microsoft.com/nuget: API keys",
        finds: &["oy2{fake1*43}"],
        ignores: &["oy2{fake1*19}", "xoy2{fake1*43}"],
        forms: &[Form::bounded(&[Text("oy2")], Class::LOWER, (43, 43))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("CLOJARS_TOKEN"),
        shape: "CLOJARS_ and 60 or more of a-z0-9",
        source: "github.com/clojars: deploy tokens",
        finds: &["CLOJARS_{fake1*64}"],
        ignores: &["CLOJARS_{fake1*28}", "CLOJARS_"],
        forms: &[Form::certain(&[Text("CLOJARS_")], Class::LOWER, 60)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("ARTIFACTORY_API_KEY"),
        shape: "AKCp and 60 to 80 letters and digits, mixing cases and digits, by itself",
        source: "jfrog.com/help: API keys",
        finds: &["AKCp{Fake1x*69}"],
        ignores: &["AKCp{Fake1x*28}", "xAKCp{Fake1x*69}"],
        forms: &[Form::lone(&[Text("AKCp")], Class::ALNUM, (60, 80))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("ARTIFACTORY_REF_TOKEN"),
        shape: "cmVmd and 59 letters and digits, mixing cases and digits, by itself",
        source: "jfrog.com/help: reference tokens, base64 of reftkn:",
        finds: &["cmVmd{Fake1x*59}"],
        ignores: &["cmVmd{Fake1x*27}", "xcmVmd{Fake1x*59}"],
        forms: &[Form::lone(&[Text("cmVmd")], Class::ALNUM, (59, 59))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("CLOUDSMITH_KEY"),
        shape: "csa_ and 36 letters and digits",
        source: "help.cloudsmith.io: API keys",
        finds: &["csa_{Fake1x*36}"],
        ignores: &["csa_{Fake1x*16}", "xcsa_{Fake1x*36}"],
        forms: &[Form::bounded(&[Text("csa_")], Class::ALNUM, (36, 36))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("MONGODB_ATLAS_SA"),
        shape: "mdb_sa_sk_ and 36 or more of A-Za-z0-9_-",
        source: "mongodb.com/docs/atlas: service accounts",
        finds: &["mdb_sa_sk_{Fake1x*40}"],
        ignores: &["mdb_sa_sk_{Fake1x*16}", "mdb_sa_sk_"],
        forms: &[Form::certain(&[Text("mdb_sa_sk_")], Class::URL, 36)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("PLANETSCALE_TOKEN"),
        shape: "pscale_tkn_, pscale_pw_ or pscale_oauth_ and 32 or more of A-Za-z0-9_.-",
        source: "planetscale.com/docs: service tokens, passwords, OAuth",
        finds: &["pscale_tkn_{Fake1x*43}", "pscale_pw_{Fake1x*43}", "pscale_oauth_{Fake1x*43}"],
        ignores: &["pscale_tkn_{Fake1x*14}", "pscale_tkn_"],
        forms: &[Form::certain(
            &[Text("pscale_tkn_"), Text("pscale_pw_"), Text("pscale_oauth_")],
            Class::DOTTED,
            32,
        )],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("NEON_API_KEY"),
        shape: "napi_ and 60 to 70 letters and digits",
        source: "neon.com/docs: API keys",
        finds: &["napi_{Fake1x*60}"],
        ignores: &["napi_{Fake1x*28}", "xnapi_{Fake1x*60}"],
        forms: &[Form::bounded(&[Text("napi_")], Class::ALNUM, (60, 70))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("NEON_DB_PASSWORD"),
        shape: "npg_ and 12 to 24 letters and digits, mixing cases and digits, by itself",
        source: "neon.com/docs: role passwords",
        finds: &["npg_{Fake1x*12}"],
        ignores: &["npg_{Fake1x*4}", "xnpg_{Fake1x*12}"],
        forms: &[Form::lone(&[Text("npg_")], Class::ALNUM, (12, 24))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("ASTRA_TOKEN"),
        shape: "AstraCS: and 20 to 30 letters and digits, :, 60 to 66 hex digits",
        source: "docs.datastax.com: application tokens",
        finds: &["AstraCS:{Fake1x*20}:{0123456789abcdef*60}"],
        ignores: &["AstraCS:{Fake1x*20}:{012", "xAstraCS:{Fake1x*20}:{0123456789abcdef*60}"],
        forms: &[Form::shape(
            &[Text("AstraCS:")],
            &[Run(Class::ALNUM, 20, 30), Is(":"), Run(Class::HEX, 60, 66)],
        )],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("CLICKHOUSE_CLOUD_KEY"),
        shape: "4b1d and 38 letters and digits, mixing cases and digits, by itself",
        source: "clickhouse.com/docs/cloud: key secrets",
        finds: &["4b1d{Fake1x*38}"],
        ignores: &["4b1d{Fake1x*17}", "x4b1d{Fake1x*38}"],
        forms: &[Form::lone(&[Text("4b1d")], Class::ALNUM, (38, 38))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("COCKROACH_CLOUD_KEY"),
        shape: "CCDB1_ and 40 or more of A-Za-z0-9_",
        source: "cockroachlabs.com/docs: service accounts",
        finds: &["CCDB1_{Fake1x*63}"],
        ignores: &["CCDB1_{Fake1x*18}", "CCDB1_"],
        forms: &[Form::certain(&[Text("CCDB1_")], Class::WORD, 40)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("ELASTIC_API_KEY"),
        shape: "essu_ and 60 or more of A-Za-z0-9+/=_-",
        source: "elastic.co/docs: serverless keys",
        finds: &["essu_{Fake1x*60}"],
        ignores: &["essu_{Fake1x*28}", "xessu_{Fake1x*60}"],
        forms: &[Form::bounded(&[Text("essu_")], Class::ANY64, (60, usize::MAX))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("CONFLUENT_SECRET"),
        shape: "cflt and 60 of A-Za-z0-9+/=, mixing cases and digits, by itself",
        source: "docs.confluent.io: newer API secrets",
        finds: &["cflt{Fake1x*60}"],
        ignores: &["cflt{Fake1x*28}", "xcflt{Fake1x*60}"],
        forms: &[Form::lone(&[Anywhere("cflt")], Class::BASE64, (60, 60))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("DATABRICKS_TOKEN"),
        shape: "dapi or dose and 32 hex digits; or dapi and 32 hex digits, -, 1 to 2 digits",
        source: "docs.databricks.com: personal tokens and OAuth secrets",
        finds: &[
            "dapi{0123456789abcdef*32}",
            "dose{0123456789abcdef*32}",
            "dapi{0123456789abcdef*32}-{1234567890*1}",
        ],
        ignores: &[
            "dapi{0123456789abcdef*14}",
            "xdapi{0123456789abcdef*32}",
            "dapi{0123456789abcdef*",
            "xdapi{0123456789abcdef*32}-{1234567890*1}",
        ],
        forms: &[
            Form::bounded(&[Text("dapi"), Text("dose")], Class::HEX, (32, 32)),
            Form::shape(&[Text("dapi")], &[Run(Class::HEX, 32, 32), Is("-"), Run(Class::DIGIT, 1, 2)]),
        ],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("UPSTASH_TOKEN"),
        shape: "40 to 120 of A-Za-z0-9+/=_- beside a name with upstash that says it is a secret",
        source: "upstash.com/docs: REST tokens",
        finds: &["UPSTASH_REDIS_REST_TOKEN=«{k7Qz2mX9vB4tR8nW*40}»"],
        ignores: &["UPSTASH_REDIS_REST_TOKEN_URL={k7Qz2mX9vB4tR8nW*40}"],
        beside: &[Beside { words: &["upstash"], class: Class::ANY64, lengths: (40, 120) }],
        ..Detector::CONTEXT
    },
    Detector {
        kind: Kind::new("SNOWFLAKE_PASSWORD"),
        shape: "12 to 256 of A-Za-z0-9_- beside a name with snowflake that says it is a secret",
        source: "docs.snowflake.com: key-pair and password sign-in",
        finds: &["SNOWFLAKE_PASSWORD=«{k7Qz2mX9vB4tR8nW*12}»"],
        ignores: &["SNOWFLAKE_PASSWORD_URL={k7Qz2mX9vB4tR8nW*12}"],
        beside: &[Beside { words: &["snowflake"], class: Class::URL, lengths: (12, 256) }],
        ..Detector::CONTEXT
    },
    Detector {
        kind: Kind::new("XATA_KEY"),
        shape: "xau_ and 36 or more letters and digits",
        source: "xata.io/docs: API keys",
        finds: &["xau_{Fake1x*43}"],
        ignores: &["xau_{Fake1x*16}", "xxau_{Fake1x*43}"],
        forms: &[Form::bounded(&[Text("xau_")], Class::ALNUM, (36, usize::MAX))],
        ..Detector::LIKELY
    },
];
