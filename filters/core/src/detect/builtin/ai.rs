//! Providers of models, speech and search.

use super::prelude::*;

pub(super) static DETECTORS: &[Detector] = &[
    Detector {
        kind: Kind::new("ANTHROPIC_OAUTH_TOKEN"),
        shape: "sk-ant-oat01- (access) or sk-ant-ort01- (refresh) and 15 or more of A-Za-z0-9_-, in practice 80 to 120",
        source: "the login of Claude Code",
        finds: &["sk-ant-oat01-{FAKE*95}", "sk-ant-ort01-{FAKE-*94}-"],
        ignores: &["sk-ant-oat01-", "sk-ant-oat01-EXAMPLE", "sk-ant-api03-{FAKE*95}"],
        forms: &[Form::certain(&[Text("sk-ant-oat"), Text("sk-ant-ort")], Class::URL, 18)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("ANTHROPIC_KEY"),
        shape: "sk-ant- and 20 or more of A-Za-z0-9_-, in practice sk-ant-api03- or sk-ant-admin01- and 95",
        source: "docs.anthropic.com: API and Admin API keys; 93 random characters and AA",
        finds: &["sk-ant-api03-{FAKE*93}AA", "sk-ant-admin01-{FAKE_*93}AA", "sk-ant-sid01-{EXAMPLE-*86}"],
        ignores: &["sk-ant-api03-...", "sk-ant-api03-YOUR-KEY", "export ANTHROPIC_API_KEY=sk-ant-"],
        forms: &[Form::certain(&[Text("sk-ant-")], Class::URL, 20)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("OPENROUTER_KEY"),
        shape: "sk-or- and 32 or more of A-Za-z0-9_-, in practice sk-or-v1- and 64 hex digits",
        source: "openrouter.ai/docs: API keys",
        finds: &["sk-or-v1-{0fa4e*64}", "sk-or-v1-{FAKE*64}"],
        ignores: &["sk-or-v1-", "risk-or-v1-reward", "sk-or-v1-short"],
        forms: &[Form::certain(&[Text("sk-or-v")], Class::URL, 32)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("OPENAI_KEY"),
        shape: "sk-proj-, sk-svcacct-, sk-service- or sk-admin- and 24 or more of A-Za-z0-9_-; or sk- and \
                32 or more letters and digits; or sk- and 40 or more of A-Za-z0-9_- with T3BlbkFJ \
                inside, or mixing cases and digits",
        source: "platform.openai.com: project, service account and admin keys around the infix \
                 T3BlbkFJ; the bare form is also DeepSeek's (32 hex digits) and Moonshot's (48)",
        finds: &[
            "sk-proj-{FAKE*74}T3BlbkFJ{FAKE*73}_",
            "sk-svcacct-{FAKE-*58}T3BlbkFJ{FAKE*58}",
            "sk-admin-{FAKE*58}T3BlbkFJ{FAKE*58}",
            "sk-proj-{EXAMPLE*48}",
            "sk-{FAKE*20}T3BlbkFJ{FAKE*20}",
            "sk-{0123456789abcdef*32}",
            "sk-{FAKE*48}",
            "sk-{Fake-1_*44}-",
        ],
        ignores: &[
            "risk-{0123456789abcdef*32}",
            "sk-learn",
            "class=\"sk-folding-cube-and-a-very-long-name-of-a-class-for-spinners\"",
            "task-{FAKE*48}",
            "sk-proj-...",
            "sk-your-api-key-here",
        ],
        forms: &[
            Form::certain(
                &[Text("sk-proj-"), Text("sk-svcacct-"), Text("sk-service-"), Text("sk-admin-")],
                Class::URL,
                24,
            ),
            Form::custom(&[Text("sk-")], true, structure::generic_sk),
        ],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("GROQ_KEY"),
        shape: "gsk_ and 32 or more letters and digits, in practice 52",
        source: "console.groq.com: API keys",
        finds: &["gsk_{FAKE*52}"],
        ignores: &["gsk_", "gsk_short", "gsk_a_b_c_{FAKE_*60}"],
        forms: &[Form::certain(&[Text("gsk_")], Class::ALNUM, 32)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("PERPLEXITY_KEY"),
        shape: "pplx- and 32 or more letters and digits, in practice 48",
        source: "docs.perplexity.ai: API keys",
        finds: &["pplx-{FAKE*48}"],
        ignores: &["pplx-", "pplx-api", "pplx-70b-online"],
        forms: &[Form::certain(&[Text("pplx-")], Class::ALNUM, 32)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("HUGGINGFACE_TOKEN"),
        shape: "hf_ or api_org_ and 30 or more letters and digits, in practice 34 letters",
        source: "huggingface.co/docs/hub/security-tokens",
        finds: &["hf_{FAKEfake*34}", "api_org_{EXAMPLE*34}"],
        ignores: &["hf_hub_download", "hf_transfer", "shelf_{FAKE*34}", "hf_{FAKE*12}"],
        forms: &[Form::bounded(&[Text("hf_"), Text("api_org_")], Class::ALNUM, (30, usize::MAX))],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("GOOGLE_AI_KEY"),
        shape: "AIza and 30 or more of A-Za-z0-9_-, in practice 35; or AQ.Ab and 30 or more",
        source: "cloud.google.com/docs/authentication/api-keys: Gemini, Maps, Firebase; AQ. is the \
                 newer form",
        finds: &["AIzaSy{FAKE*33}", "AIza{EXAMPLE*34}-", "AQ.Ab8RN6{FAKE*44}"],
        ignores: &["AIza", "AIzaSyEXAMPLE", "xAIza{FAKE*35}", "FAQ.Ab"],
        forms: &[
            Form::bounded(&[Text("AIza")], Class::URL, (30, usize::MAX)),
            Form::bounded(&[Text("AQ.Ab")], Class::URL, (30, usize::MAX)),
        ],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("ELEVENLABS_KEY"),
        shape: "sk_ and 40 or more letters and digits, in practice 48 hex digits",
        source: "elevenlabs.io/docs: API keys",
        finds: &["sk_{0123456789abcdef*48}", "sk_{FAKE*48}"],
        ignores: &["sk_{FAKE*20}", "task_{0123456789abcdef*48}", "sk_some_{long_name_*50}"],
        forms: &[Form::bounded(&[Text("sk_")], Class::ALNUM, (40, usize::MAX))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("JINA_KEY"),
        shape: "jina_ and 40 or more of A-Za-z0-9_-, in practice 60",
        source: "jina.ai: API keys",
        finds: &["jina_{FAKE*60}", "jina_{FAKE_*59}-"],
        ignores: &["jina_embeddings_v3", "jina_api_key"],
        forms: &[Form::certain(&[Text("jina_")], Class::URL, 40)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("BRAVE_SEARCH_KEY"),
        shape: "BSA and 24 to 40 of A-Za-z0-9_-; not inside a path or base64, and not a constant's name",
        source: "api-dashboard.search.brave.com: subscription tokens; usually 31 in all",
        finds: &["BSA{FAKE*28}", "BSA{Fake1-*27}_"],
        ignores: &[
            "BSA",
            "BSA_SOME_LONG_CONSTANT_NAME_IN_C",
            "+BSA{Fake1*28}",
            "ABSA{FAKE*28}",
            "BSA{FAKE*60}",
        ],
        forms: &[Form::custom(&[Text("BSA")], true, structure::brave)],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("ZHIPU_API_KEY"),
        shape: "32 hex digits, a dot and 16 letters and digits that mix cases and digits",
        source: "open.bigmodel.cn: API keys, id and secret",
        finds: &["{0123456789abcdef*32}.{Fake1x*16}"],
        ignores: &["{0123456789abcdef*32}.{fake*16}", "{0123456789abcdef*32}.min.js"],
        forms: &[Form::custom(&[Before(b'.')], false, vendor::zhipu)],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("FAL_OR_GHOST_KEY"),
        shape: "a UUID, a colon and 32 hex digits; or 24 hex digits, a colon and 64",
        source: "docs.fal.ai: key id and secret; ghost.org/docs/admin-api: id and secret",
        finds: &[
            "{0123456789abcdef*8}-{0123*4}-{4567*4}-{89ab*4}-{0123456789abcdef*12}:{0123456789abcdef*32}",
            "{0123456789abcdef*24}:{0123456789abcdef*64}",
        ],
        ignores: &["{0123456789abcdef*24}:{0123456789abcdef*32}", "sha256:{0123456789abcdef*64}"],
        forms: &[Form::custom(&[Before(b':')], false, vendor::id_and_hex)],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("BAIDU_QIANFAN_KEY"),
        shape: "ALTAK-, 10 to 40 letters and digits, / and 40 hex digits",
        source: "cloud.baidu.com/doc/qianfan: API keys behind bce-v3/",
        finds: &["ALTAK-{Fake1x*21}/{0123456789abcdef*40}"],
        ignores: &["ALTAK-{Fake1x*21}", "ALTAK-"],
        forms: &[Form::shape(
            &[Text("ALTAK-")],
            &[Run(Class::ALNUM, 10, 40), Is("/"), Run(Class::HEX, 40, 40)],
        )],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("ANYSCALE_KEY"),
        shape: "esecret_ and 20 or more letters and digits",
        source: "docs.anyscale.com: API keys",
        finds: &["esecret_{Fake1x*26}"],
        ignores: &["esecret_{Fake*8}", "esecret_"],
        forms: &[Form::bounded(&[Text("esecret_")], Class::ALNUM, (20, usize::MAX))],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("CARTESIA_KEY"),
        shape: "sk_car_ and 20 or more of A-Za-z0-9_-",
        source: "docs.cartesia.ai: API keys",
        finds: &["sk_car_{Fake1x*22}"],
        ignores: &["sk_car_{Fake*8}", "risk_car_{Fake1x*22}"],
        forms: &[Form::bounded(&[Text("sk_car_")], Class::URL, (20, usize::MAX))],
        ..Detector::CERTAIN
    },
];
