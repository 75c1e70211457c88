//! More providers of models, and the tools around them.

use super::prelude::*;

pub(super) static DETECTORS: &[Detector] = &[
    Detector {
        kind: Kind::new("OPENAI_SESSION"),
        shape: "sess- and 40 or more letters and digits",
        source: "platform.openai.com: dashboard sessions",
        finds: &["sess-{Fake1x*40}"],
        ignores: &["sess-{Fake1x*18}", "xsess-{Fake1x*40}"],
        forms: &[Form::bounded(&[Text("sess-")], Class::ALNUM, (40, usize::MAX))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("MINIMAX_API_KEY"),
        shape: "sk-api- and 100 or more of A-Za-z0-9_-",
        source: "platform.minimax.io: API keys, 119 characters",
        finds: &["sk-api-{Fake1x*119}"],
        ignores: &["sk-api-{Fake1x*48}", "sk-api-"],
        forms: &[Form::certain(&[Text("sk-api-")], Class::URL, 100)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("WINDSURF_API_KEY"),
        shape: "sk-ws- and 40 or more of A-Za-z0-9_-",
        source: "docs.windsurf.com: service keys",
        finds: &["sk-ws-{Fake1x*44}"],
        ignores: &["sk-ws-{Fake1x*18}", "sk-ws-"],
        forms: &[Form::certain(&[Text("sk-ws-")], Class::URL, 40)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("HELICONE_API_KEY"),
        shape: "sk-helicone- and 28 or more of A-Za-z0-9_-",
        source: "docs.helicone.ai: API keys",
        finds: &["sk-helicone-{Fake1x*32}"],
        ignores: &["sk-helicone-{Fake1x*12}", "sk-helicone-"],
        forms: &[Form::certain(&[Text("sk-helicone-")], Class::URL, 28)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("LANGFUSE_SECRET_KEY"),
        shape: "sk-lf- or pk-lf- and a UUID",
        source: "langfuse.com/docs: API keys are UUIDs behind a prefix",
        finds: &[
            "sk-lf-{0123456789abcdef*8}-{0123*4}-{4567*4}-{89ab*4}-{0123456789abcdef*12}",
            "pk-lf-{0123456789abcdef*8}-{0123*4}-{4567*4}-{89ab*4}-{0123456789abcdef*12}",
        ],
        ignores: &[
            "sk-lf-{0123456789abcdef*8}-{0123*4}-{456",
            "xsk-lf-{0123456789abcdef*8}-{0123*4}-{4567*4}-{89ab*4}-{0123456789abcdef*12}",
        ],
        forms: &[Form::shape(&[Text("sk-lf-"), Text("pk-lf-")], UUID)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("REPLICATE_TOKEN"),
        shape: "r8_ and 36 or more letters and digits",
        source: "replicate.com/docs: API tokens",
        finds: &["r8_{Fake1x*37}"],
        ignores: &["r8_{Fake1x*16}", "xr8_{Fake1x*37}"],
        forms: &[Form::bounded(&[Text("r8_")], Class::ALNUM, (36, usize::MAX))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("XAI_API_KEY"),
        shape: "xai- and 70 or more letters and digits",
        source: "docs.x.ai: API keys, 80 characters",
        finds: &["xai-{Fake1x*80}"],
        ignores: &["xai-{Fake1x*33}", "xxai-{Fake1x*80}"],
        forms: &[Form::bounded(&[Text("xai-")], Class::ALNUM, (70, usize::MAX))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("CEREBRAS_API_KEY"),
        shape: "csk- and 40 or more letters and digits",
        source: "inference-docs.cerebras.ai: API keys",
        finds: &["csk-{Fake1x*48}"],
        ignores: &["csk-{Fake1x*18}", "xcsk-{Fake1x*48}"],
        forms: &[Form::bounded(&[Text("csk-")], Class::ALNUM, (40, usize::MAX))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("NVIDIA_API_KEY"),
        shape: "nvapi- and 40 or more of A-Za-z0-9_-",
        source: "docs.nvidia.com/nim: API keys, 64 characters",
        finds: &["nvapi-{Fake1x*64}"],
        ignores: &["nvapi-{Fake1x*18}", "nvapi-"],
        forms: &[Form::certain(&[Text("nvapi-")], Class::URL, 40)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("TOGETHER_API_KEY"),
        shape: "tgp_v1_ and 40 or more of A-Za-z0-9_-; or 64 hex digits beside a name with together",
        source: "docs.together.ai: API keys",
        finds: &["tgp_v1_{Fake1x*43}", "TOGETHER_API_KEY=«{4f1c9a07e2d8b365*64}»"],
        ignores: &["tgp_v1_{Fake1x*18}", "tgp_v1_", "TOGETHER_API_KEY_URL={4f1c9a07e2d8b365*64}"],
        beside: &[Beside { words: &["together"], class: Class::HEX, lengths: (64, 64) }],
        forms: &[Form::certain(&[Text("tgp_v1_")], Class::URL, 40)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("FIREWORKS_API_KEY"),
        shape: "fw_ and 20 to 24 letters and digits, mixing cases and digits, by itself",
        source: "fireworks.ai: API keys",
        finds: &["fw_{Fake1x*20}"],
        ignores: &["fw_{Fake1x*8}", "xfw_{Fake1x*20}"],
        forms: &[Form::lone(&[Text("fw_")], Class::ALNUM, (20, 24))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("LANGSMITH_API_KEY"),
        shape: "lsv2_pt_ or lsv2_sk_ and 40 or more of A-Za-z0-9_; or ls__ and 32 hex digits",
        source: "docs.smith.langchain.com: service and personal keys",
        finds: &["lsv2_pt_{Fake1x*43}", "lsv2_sk_{Fake1x*43}", "ls__{0123456789abcdef*32}"],
        ignores: &[
            "lsv2_pt_{Fake1x*18}",
            "lsv2_pt_",
            "ls__{0123456789abcdef*14}",
            "xls__{0123456789abcdef*32}",
        ],
        forms: &[
            Form::certain(&[Text("lsv2_pt_"), Text("lsv2_sk_")], Class::WORD, 40),
            Form::bounded(&[Text("ls__")], Class::HEX, (32, 32)),
        ],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("WANDB_API_KEY"),
        shape: "wandb_v1_ and 60 or more of A-Za-z0-9_; or 40 hex digits beside a name with wandb",
        source: "docs.wandb.ai: API keys",
        finds: &["wandb_v1_{Fake1x*77}", "WANDB_API_KEY=«{4f1c9a07e2d8b365*40}»"],
        ignores: &["wandb_v1_{Fake1x*28}", "wandb_v1_", "WANDB_API_KEY_URL={4f1c9a07e2d8b365*40}"],
        beside: &[Beside { words: &["wandb"], class: Class::HEX, lengths: (40, 40) }],
        forms: &[Form::certain(&[Text("wandb_v1_")], Class::WORD, 60)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("PINECONE_API_KEY"),
        shape: "pcsk_ and 60 or more of A-Za-z0-9_",
        source: "docs.pinecone.io: API keys",
        finds: &["pcsk_{Fake1x*69}"],
        ignores: &["pcsk_{Fake1x*28}", "xpcsk_{Fake1x*69}"],
        forms: &[Form::bounded(&[Text("pcsk_")], Class::WORD, (60, usize::MAX))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("TAVILY_API_KEY"),
        shape: "tvly- and 28 or more of A-Za-z0-9_-",
        source: "docs.tavily.com: API keys, also tvly-dev- and tvly-prod-",
        finds: &["tvly-{Fake1x*32}"],
        ignores: &["tvly-{Fake1x*12}", "xtvly-{Fake1x*32}"],
        forms: &[Form::bounded(&[Text("tvly-")], Class::URL, (28, usize::MAX))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("FIRECRAWL_API_KEY"),
        shape: "fc- and 32 hex digits",
        source: "docs.firecrawl.dev: API keys",
        finds: &["fc-{0123456789abcdef*32}"],
        ignores: &["fc-{0123456789abcdef*14}", "xfc-{0123456789abcdef*32}"],
        forms: &[Form::bounded(&[Text("fc-")], Class::HEX, (32, 32))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("RUNPOD_API_KEY"),
        shape: "rpa_ and 40 or more letters and digits",
        source: "docs.runpod.io: API keys",
        finds: &["rpa_{Fake1x*46}"],
        ignores: &["rpa_{Fake1x*18}", "xrpa_{Fake1x*46}"],
        forms: &[Form::bounded(&[Text("rpa_")], Class::ALNUM, (40, usize::MAX))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("VOYAGE_API_KEY"),
        shape: "pa- and 43 of A-Za-z0-9_-, mixing cases and digits, by itself",
        source: "docs.voyageai.com: API keys",
        finds: &["pa-{Fake1x*43}"],
        ignores: &["pa-{Fake1x*19}", "xpa-{Fake1x*43}"],
        forms: &[Form::lone(&[Text("pa-")], Class::URL, (43, 43))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("CURSOR_API_KEY"),
        shape: "key_ and 64 hex digits; or crsr_ and 64 or more hex digits",
        source: "docs.cursor.com: API keys",
        finds: &["key_{0123456789abcdef*64}", "crsr_{0123456789abcdef*64}"],
        ignores: &[
            "key_{0123456789abcdef*30}",
            "xkey_{0123456789abcdef*64}",
            "crsr_{0123456789abcdef*30}",
            "xcrsr_{0123456789abcdef*64}",
        ],
        forms: &[
            Form::bounded(&[Text("key_")], Class::HEX, (64, 64)),
            Form::bounded(&[Text("crsr_")], Class::HEX, (64, usize::MAX)),
        ],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("DEVIN_API_KEY"),
        shape: "apk_user_ and 48 or more of A-Za-z0-9+/=_-; or apk_ or cog_ and 52 to 180 of A-Za-z0-9+/=_-, mixing cases and digits, by itself",
        source: "docs.devin.ai: personal and service keys",
        finds: &["apk_user_{Fake1x*60}", "apk_{Fake1x*52}", "cog_{Fake1x*52}"],
        ignores: &["apk_user_{Fake1x*22}", "xapk_user_{Fake1x*60}", "apk_{Fake1x*24}", "xapk_{Fake1x*52}"],
        forms: &[
            Form::bounded(&[Text("apk_user_")], Class::ANY64, (48, usize::MAX)),
            Form::lone(&[Text("apk_"), Text("cog_")], Class::ANY64, (52, 180)),
        ],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("LLAMA_CLOUD_API_KEY"),
        shape: "llx- and 40 or more letters and digits",
        source: "docs.cloud.llamaindex.ai: API keys",
        finds: &["llx-{Fake1x*48}"],
        ignores: &["llx-{Fake1x*18}", "xllx-{Fake1x*48}"],
        forms: &[Form::bounded(&[Text("llx-")], Class::ALNUM, (40, usize::MAX))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("E2B_API_KEY"),
        shape: "e2b_ and 40 hex digits",
        source: "e2b.dev/docs: API keys",
        finds: &["e2b_{0123456789abcdef*40}"],
        ignores: &["e2b_{0123456789abcdef*18}", "xe2b_{0123456789abcdef*40}"],
        forms: &[Form::bounded(&[Text("e2b_")], Class::HEX, (40, 40))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("DAYTONA_API_KEY"),
        shape: "dtn_ and 64 hex digits",
        source: "daytona.io/docs: API keys",
        finds: &["dtn_{0123456789abcdef*64}"],
        ignores: &["dtn_{0123456789abcdef*30}", "xdtn_{0123456789abcdef*64}"],
        forms: &[Form::bounded(&[Text("dtn_")], Class::HEX, (64, 64))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("CONTEXT7_API_KEY"),
        shape: "ctx7sk- and a UUID",
        source: "context7.com: API keys",
        finds: &["ctx7sk-{0123456789abcdef*8}-{0123*4}-{4567*4}-{89ab*4}-{0123456789abcdef*12}"],
        ignores: &[
            "ctx7sk-{0123456789abcdef*8}-{0123*4}-{456",
            "xctx7sk-{0123456789abcdef*8}-{0123*4}-{4567*4}-{89ab*4}-{0123456789abcdef*12}",
        ],
        forms: &[Form::shape(&[Text("ctx7sk-")], UUID)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("MEM0_API_KEY"),
        shape: "m0- and 38 to 44 letters and digits, mixing cases and digits, by itself",
        source: "docs.mem0.ai: API keys",
        finds: &["m0-{Fake1x*38}"],
        ignores: &["m0-{Fake1x*17}", "xm0-{Fake1x*38}"],
        forms: &[Form::lone(&[Text("m0-")], Class::ALNUM, (38, 44))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("BROWSERBASE_API_KEY"),
        shape: "bb_live_ or bb_test_ and 20 or more of A-Za-z0-9_-",
        source: "docs.browserbase.com: API keys",
        finds: &["bb_live_{Fake1x*27}", "bb_test_{Fake1x*27}"],
        ignores: &["bb_live_{Fake1x*8}", "bb_live_"],
        forms: &[Form::certain(&[Text("bb_live_"), Text("bb_test_")], Class::URL, 20)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("MODAL_TOKEN"),
        shape: "as- or ak- and 22 letters and digits, mixing cases and digits, by itself",
        source: "modal.com/docs: token ids and secrets",
        finds: &["as-{Fake1x*22}", "ak-{Fake1x*22}"],
        ignores: &["as-{Fake1x*9}", "xas-{Fake1x*22}"],
        forms: &[Form::lone(&[Text("as-"), Text("ak-")], Class::ALNUM, (22, 22))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("COZE_TOKEN"),
        shape: "pat_ and 64 letters and digits",
        source: "coze.com/docs: personal access tokens",
        finds: &["pat_{Fake1x*64}"],
        ignores: &["pat_{Fake1x*30}", "xpat_{Fake1x*64}"],
        forms: &[Form::bounded(&[Text("pat_")], Class::ALNUM, (64, 64))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("AZURE_OPENAI_KEY"),
        shape: "32 hex digits beside a name with azure or openai that says it is a secret",
        source: "learn.microsoft.com/azure/ai-services: two keys of 32 hex digits",
        finds: &["AZURE_OPENAI_API_KEY=«{4f1c9a07e2d8b365*32}»"],
        ignores: &["AZURE_OPENAI_API_KEY_URL={4f1c9a07e2d8b365*32}"],
        beside: &[Beside { words: &["azure", "openai"], class: Class::HEX, lengths: (32, 32) }],
        ..Detector::CONTEXT
    },
    Detector {
        kind: Kind::new("MISTRAL_API_KEY"),
        shape: "32 letters and digits beside a name with mistral that says it is a secret",
        source: "docs.mistral.ai: keys have no prefix",
        finds: &["MISTRAL_API_KEY=«{k7Qz2mX9vB4tR8nW*32}»"],
        ignores: &["MISTRAL_API_KEY_URL={k7Qz2mX9vB4tR8nW*32}"],
        beside: &[Beside { words: &["mistral"], class: Class::ALNUM, lengths: (32, 32) }],
        ..Detector::CONTEXT
    },
    Detector {
        kind: Kind::new("COHERE_API_KEY"),
        shape: "40 letters and digits beside a name with cohere or co_api that says it is a secret",
        source: "docs.cohere.com: keys have no prefix",
        finds: &["COHERE_API_KEY=«{k7Qz2mX9vB4tR8nW*40}»"],
        ignores: &["COHERE_API_KEY_URL={k7Qz2mX9vB4tR8nW*40}"],
        beside: &[Beside { words: &["cohere", "co_api"], class: Class::ALNUM, lengths: (40, 40) }],
        ..Detector::CONTEXT
    },
    Detector {
        kind: Kind::new("EXA_OR_SERP_UUID_KEY"),
        shape: "32 to 64 hex digits beside a name with exa_ or serp that says it is a secret",
        source: "docs.exa.ai, serpapi.com, serper.dev: UUIDs and hex",
        finds: &["SERPAPI_API_KEY=«{4f1c9a07e2d8b365*32}»"],
        ignores: &["SERPAPI_API_KEY_URL={4f1c9a07e2d8b365*32}"],
        beside: &[Beside { words: &["exa_", "serp"], class: Class::HEX, lengths: (32, 64) }],
        ..Detector::CONTEXT
    },
    Detector {
        kind: Kind::new("DEEPGRAM_API_KEY"),
        shape: "40 hex digits beside a name with deepgram that says it is a secret",
        source: "developers.deepgram.com: keys look like SHA-1",
        finds: &["DEEPGRAM_API_KEY=«{4f1c9a07e2d8b365*40}»"],
        ignores: &["DEEPGRAM_API_KEY_URL={4f1c9a07e2d8b365*40}"],
        beside: &[Beside { words: &["deepgram"], class: Class::HEX, lengths: (40, 40) }],
        ..Detector::CONTEXT
    },
    Detector {
        kind: Kind::new("ASSEMBLYAI_API_KEY"),
        shape: "32 hex digits beside a name with assemblyai or assembly_ai that says it is a secret",
        source: "assemblyai.com/docs: keys look like MD5",
        finds: &["ASSEMBLYAI_API_KEY=«{4f1c9a07e2d8b365*32}»"],
        ignores: &["ASSEMBLYAI_API_KEY_URL={4f1c9a07e2d8b365*32}"],
        beside: &[Beside { words: &["assemblyai", "assembly_ai"], class: Class::HEX, lengths: (32, 32) }],
        ..Detector::CONTEXT
    },
];
