//! Tools for agents, and providers of models that came in 2025 and 2026.

use super::prelude::*;

pub(super) static DETECTORS: &[Detector] = &[
    Detector {
        kind: Kind::new("LOGFIRE_TOKEN"),
        shape: "pylf_v, a version, a region and 30 or more letters and digits",
        source: "pypi.org/project/pydantic-pulumi-logfire (pylf_v2_us_), docs.gitguardian.com; keys as published in repositories have 44 letters and digits",
        finds: &["pylf_v1_eu_{Fake1x*43}", "pylf_v2_us_{Fake1x*43}"],
        ignores: &["pylf_v1_eu_{Fake1x*12}", "pylf_v1_"],
        forms: &[Form::certain(&[Text("pylf_v1_"), Text("pylf_v2_")], Class::WORD, 33)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("WARP_API_KEY"),
        shape: "wk-1. and 40 or more hex digits",
        source: "docs.warp.dev/reference/cli/api-keys; keys as published in repositories have 64 hex digits",
        finds: &["wk-1.{0123456789abcdef*64}"],
        ignores: &["wk-1.{0123456789abcdef*20}", "wk-1.0"],
        forms: &[Form::bounded(&[Text("wk-1.")], Class::HEX, (40, 128))],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("FACTORY_API_KEY"),
        shape: "fk- and 40 to 120 of A-Za-z0-9_-, mixing cases and digits, by itself",
        source: "docs.factory.ai: API keys",
        finds: &["fk-{Fake1x*48}"],
        ignores: &["fk-{Fake1x*20}", "xfk-{Fake1x*48}"],
        forms: &[Form::lone(&[Text("fk-")], Class::URL, (40, 120))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("BROWSER_USE_API_KEY"),
        shape: "bu_ and 40 to 60 of A-Za-z0-9_-, mixing cases and digits, by itself",
        source: "docs.browser-use.com: keys start with bu_",
        finds: &["bu_{Fake1x*43}"],
        ignores: &["bu_{Fake1x*20}", "xbu_{Fake1x*43}"],
        forms: &[Form::lone(&[Text("bu_")], Class::URL, (40, 60))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("SCRAPEGRAPH_API_KEY"),
        shape: "sgai- and a UUID",
        source: "docs.scrapegraphai.com/knowledge-base/cli shows sgai-; the UUID behind it is not confirmed",
        finds: &["sgai-{0123456789abcdef*8}-{0123*4}-{4567*4}-{89ab*4}-{0123456789abcdef*12}"],
        ignores: &["sgai-{0123456789abcdef*8}", "sgai-"],
        forms: &[Form::shape(&[Text("sgai-")], UUID)],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("YOU_API_KEY"),
        shape: "ydc-sk- and 24 or more of A-Za-z0-9_-",
        source: "documentation.you.com; keys as published in repositories: 16 hex digits, 32 letters and digits, 8 hex digits, and in older ones a tail behind <__>",
        finds: &["ydc-sk-{Fake1x-*60}"],
        ignores: &["ydc-sk-{Fake1x*12}", "ydc-sk-"],
        forms: &[Form::certain(&[Text("ydc-sk-")], Class::URL, 24)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("CHUTES_API_KEY"),
        shape: "cpk_, 32 hex digits, a dot, 32 hex digits, a dot, 32 letters and digits",
        source: "chutes.ai/docs; keys as published in repositories",
        finds: &["cpk_{0123456789abcdef*32}.{0123456789abcdef*32}.{Fake1x*32}"],
        ignores: &["cpk_{0123456789abcdef*32}", "cpk_{0123456789abcdef*32}.{0123456789abcdef*8}"],
        forms: &[Form::shape(
            &[Text("cpk_")],
            &[Run(Class::HEX, 32, 32), Is("."), Run(Class::HEX, 32, 32), Is("."), Run(Class::ALNUM, 32, 32)],
        )],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("FEATHERLESS_API_KEY"),
        shape: "rc_ and 64 hex digits",
        source: "featherless.ai/docs: API keys",
        finds: &["rc_{0123456789abcdef*64}"],
        ignores: &["rc_{0123456789abcdef*40}", "src_{0123456789abcdef*64}"],
        forms: &[Form::bounded(&[Text("rc_")], Class::HEX, (64, 64))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("UPSTAGE_API_KEY"),
        shape: "up_ and 29 letters and digits, mixing cases and digits, by itself",
        source: "console.upstage.ai: API keys",
        finds: &["up_{Fake1x*29}"],
        ignores: &["up_{Fake1x*20}", "xup_{Fake1x*29}", "up_{Fake1x*40}"],
        forms: &[Form::lone(&[Text("up_")], Class::ALNUM, (29, 29))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("VENICE_API_KEY"),
        shape: "VENICE-INFERENCE-KEY- or VENICE-ADMIN-KEY- and 24 or more of A-Za-z0-9_-",
        source: "docs.venice.ai: types INFERENCE and ADMIN; keys as published in repositories have 42 or 43 of base64url",
        finds: &["VENICE-INFERENCE-KEY-{Fake1x*43}", "VENICE-ADMIN-KEY-{Fake1x*43}"],
        ignores: &["VENICE-INFERENCE-KEY-", "VENICE-ADMIN-KEY-{Fake1x*8}"],
        forms: &[Form::certain(&[Text("VENICE-INFERENCE-KEY-"), Text("VENICE-ADMIN-KEY-")], Class::URL, 24)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("NOMIC_API_KEY"),
        shape: "nk- and 43 of A-Za-z0-9_-, mixing cases and digits, by itself",
        source: "docs.nomic.ai: API keys",
        finds: &["nk-{Fake1x*43}"],
        ignores: &["nk-{Fake1x*30}", "ink-{Fake1x*43}"],
        forms: &[Form::lone(&[Text("nk-")], Class::URL, (43, 43))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("MIXEDBREAD_API_KEY"),
        shape: "mxb_ and 28 to 80 letters and digits",
        source: "mixedbread.com/docs: API keys",
        finds: &["mxb_{Fake1x*40}"],
        ignores: &["mxb_{Fake1x*12}", "xmxb_{Fake1x*40}"],
        forms: &[Form::bounded(&[Text("mxb_")], Class::ALNUM, (28, 80))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("CHROMA_API_KEY"),
        shape: "ck- and 44 letters and digits, mixing cases and digits, by itself",
        source: "docs.trychroma.com: Chroma Cloud",
        finds: &["ck-{Fake1x*44}"],
        ignores: &["ck-{Fake1x*30}", "check-{Fake1x*44}"],
        forms: &[Form::lone(&[Text("ck-")], Class::ALNUM, (44, 44))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("TURBOPUFFER_API_KEY"),
        shape: "tpuf_ and 24 to 64 letters and digits",
        source: "turbopuffer.com/docs/auth; keys as published in repositories have 32 letters and digits",
        finds: &["tpuf_{Fake1x*32}"],
        ignores: &["tpuf_{Fake1x*12}", "xtpuf_{Fake1x*32}"],
        forms: &[Form::bounded(&[Text("tpuf_")], Class::ALNUM, (24, 64))],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("LUMA_API_KEY"),
        shape: "luma- and two UUIDs",
        source: "docs.lumalabs.ai; keys as published in repositories",
        finds: &[
            "luma-{0123456789abcdef*8}-{0123*4}-{4567*4}-{89ab*4}-{0123456789abcdef*12}-{0123456789abcdef*8}-{0123*4}-{4567*4}-{89ab*4}-{0123456789abcdef*12}",
        ],
        ignores: &["luma-{0123456789abcdef*8}-{0123*4}", "luma-"],
        forms: &[Form::bounded(&[Text("luma-")], Class::URL, (70, 80))],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("RUNWAY_API_KEY"),
        shape: "key_ and 128 hex digits",
        source: "docs.dev.runwayml.com shows key_; the length is not confirmed",
        finds: &["key_{0123456789abcdef*128}"],
        ignores: &["key_{0123456789abcdef*100}", "xkey_{0123456789abcdef*128}"],
        forms: &[Form::bounded(&[Text("key_")], Class::HEX, (128, 128))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("RETELL_API_KEY"),
        shape: "key_ and 28 hex digits",
        source: "docs.retellai.com: API keys",
        finds: &["key_{0123456789abcdef*28}"],
        ignores: &["key_{0123456789abcdef*20}", "mykey_{0123456789abcdef*28}"],
        forms: &[Form::bounded(&[Text("key_")], Class::HEX, (28, 28))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("PROMPTLAYER_API_KEY"),
        shape: "pl_ and 32 hex digits",
        source: "docs.promptlayer.com: API keys",
        finds: &["pl_{0123456789abcdef*32}"],
        ignores: &["pl_{0123456789abcdef*20}", "tpl_{0123456789abcdef*32}"],
        forms: &[Form::bounded(&[Text("pl_")], Class::HEX, (32, 32))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("LETTA_API_KEY"),
        shape: "sk-let- and 40 or more of A-Za-z0-9+/=_-",
        source: "docs.letta.com; keys as published in repositories are base64 of two UUIDs and a colon",
        finds: &["sk-let-{Fake1x*60}"],
        ignores: &["sk-let-{Fake1x*20}", "sk-let-"],
        forms: &[Form::certain(&[Text("sk-let-")], Class::ANY64, 40)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("SUPERMEMORY_API_KEY"),
        shape: "sm_, 16 to 32 letters and digits, _ and 40 to 100 more",
        source: "supermemory.ai/docs: API keys",
        finds: &["sm_{Fake1x*22}_{Fake1x*60}"],
        ignores: &["sm_{Fake1x*22}", "xsm_{Fake1x*22}_{Fake1x*60}"],
        forms: &[Form::shape(
            &[Text("sm_")],
            &[Run(Class::ALNUM, 16, 32), Is("_"), Run(Class::ALNUM, 40, 100)],
        )],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("OLLAMA_API_KEY"),
        shape: "32 hex digits, a dot and 24 of A-Za-z0-9_-, mixing cases and digits",
        source: "docs.ollama.com/cloud: API keys",
        finds: &["{0123456789abcdef*32}.{Fake1x*24}"],
        ignores: &["{0123456789abcdef*32}.{abcdef*24}", "{0123456789abcdef*32}.json"],
        forms: &[Form::custom(&[Before(b'.')], false, vendor::ollama)],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("UNKEY_KEY"),
        shape: "unkey_ and 20 to 60 letters and digits",
        source: "unkey.com/docs: root keys",
        finds: &["unkey_{Fake1x*24}"],
        ignores: &["unkey_{Fake1x*12}", "xunkey_{Fake1x*24}"],
        forms: &[Form::lone(&[Text("unkey_")], Class::ALNUM, (20, 60))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("HUMANLOOP_API_KEY"),
        shape: "hl_sk_ and 32 to 64 hex digits",
        source: "humanloop.com/docs; keys as published in repositories have 48 hex digits",
        finds: &["hl_sk_{0123456789abcdef*48}"],
        ignores: &["hl_sk_{0123456789abcdef*12}", "xhl_sk_{0123456789abcdef*48}"],
        forms: &[Form::bounded(&[Text("hl_sk_")], Class::HEX, (32, 64))],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("NEPTUNE_API_TOKEN"),
        shape: "base64 of {\"api_address\": and what follows",
        source: "docs.neptune.ai; keys as published in repositories",
        finds: &["eyJhcGlfYWRkcmVzcyI6{Fake1x*80}"],
        ignores: &["eyJhcGlfYWRkcmVzcyI6", "eyJhcGlfYWRkcmVzcyI6{Fake1x*20}"],
        forms: &[Form::bounded(&[Text("eyJhcGlfYWRkcmVzcyI6")], Class::ANY64, (60, usize::MAX))],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("LITELLM_KEY"),
        shape: "sk- and 22 of A-Za-z0-9_-, mixing cases and digits, by itself",
        source: "docs.litellm.ai: virtual keys of the proxy",
        finds: &["sk-{k7Qz2mX9vB4tR8nW*22}"],
        ignores: &["sk-{k7Qz2mX9vB4tR8nW*18}", "sk-fading-circle-Item-12", "task-{k7Qz2mX9vB4tR8nW*22}"],
        forms: &[Form::lone(&[Text("sk-")], Class::URL, (22, 22))],
        ..Detector::LIKELY
    },
];
