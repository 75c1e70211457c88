//! Messaging and mail.

use super::prelude::*;

pub(super) static DETECTORS: &[Detector] = &[
    Detector {
        kind: Kind::new("TWILIO_ACCOUNT_SID"),
        shape: "AC and exactly 32 hex digits",
        source: "twilio.com/docs/glossary/what-is-a-sid",
        finds: &["AC{0123456789abcdef*32}", "AC{fade*32}"],
        ignores: &["AC{fade*31}", "AC{fade*33}", "MAC{fade*32}", "ACCESS_{fade*32}"],
        forms: &[Form::bounded(&[TextThen("AC", Class::HEX)], Class::HEX, (32, 32))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("TWILIO_API_KEY"),
        shape: "SK and exactly 32 hex digits",
        source: "twilio.com/docs/iam/api-keys",
        finds: &["SK{0123456789abcdef*32}", "SK{fade*32}"],
        ignores: &["SK{fade*31}", "SK{fade*32}z", "TASK{fade*32}"],
        forms: &[Form::bounded(&[TextThen("SK", Class::HEX)], Class::HEX, (32, 32))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("SENDGRID_KEY"),
        shape: "SG., 16 to 32 of A-Za-z0-9_-, dot, 32 to 64 more; in practice 22 and 43",
        source: "docs.sendgrid.com: API keys",
        finds: &["SG.{FAKE*22}.{FAKE*43}", "SG.{FAKE_*22}.{FAKE*42}-"],
        ignores: &["SG.", "MSG.{FAKE*22}.{FAKE*43}", "SG.short.short", "SG.{FAKE*22}.{FAKE*20}"],
        forms: &[Form::pair(&[Text("SG.")], (16, 32), (32, 64))],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("DISCORD_BOT_TOKEN"),
        shape: "23 to 28 of A-Za-z0-9_- from M, N or O, dot, 6 or 7, dot, 27 to 64; or mfa. and 60 or more",
        source: "discord.com/developers: the bot's id in base64, a time stamp, an HMAC (27 or 38)",
        finds: &[
            "{MTIz*24}.{FAKE*6}.{FAKE-_*38}",
            "{MTIz*26}.{Xabc*7}.{FAKE*27}",
            "M{FAKE*23}.{FAKE*6}.{FAKE*27}",
            "mfa.{FAKE_*84}",
        ],
        ignores: &[
            "MessageFormatterFactory.create.someVeryLongMethodNameForThis",
            "{FAKE*24}.{FAKE*6}.{FAKE*38}",
            "{MTIz*24}.{FAKE*5}.{FAKE*38}",
            "{MTIz*24}.{FAKE*6}.{FAKE*20}",
        ],
        forms: &[
            Form::custom(&[Before(b'.')], false, structure::discord),
            Form::bounded(&[Text("mfa.")], Class::URL, (60, usize::MAX)),
        ],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("TELEGRAM_BOT_TOKEN"),
        shape: "6 to 13 digits, colon, AA and 28 or more of A-Za-z0-9_-, in practice 33; or any 35",
        source: "core.telegram.org/bots/api: authorizing your bot",
        finds: &["{1234567890*10}:AA{FAKE*33}", "{123456789*9}:{FAKE*34}-"],
        ignores: &["12:30:45", "2024:AA{FAKE*33}", "{1234567890*10}:{FAKE*32}", "sha256:{fade0123*64}"],
        forms: &[Form::custom(&[Before(b':')], false, structure::telegram)],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("VK_TOKEN"),
        shape: "vk1.a. and 80 or more of A-Za-z0-9_-",
        source: "dev.vk.com: access tokens",
        finds: &["vk1.a.{Fake1x-_*200}"],
        ignores: &["vk1.a.{Fake*20}", "vk1.a."],
        forms: &[Form::bounded(&[Text("vk1.a.")], Class::URL, (80, usize::MAX))],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("PINTEREST_TOKEN"),
        shape: "pina_ or pinr_ and 40 or more letters and digits",
        source: "developers.pinterest.com: access and refresh tokens",
        finds: &["pina_{Fake1x*80}"],
        ignores: &["pina_{Fake*12}", "xpina_{Fake1x*80}"],
        forms: &[Form::bounded(&[Text("pina_"), Text("pinr_")], Class::ALNUM, (40, usize::MAX))],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("TWITCH_TOKEN"),
        shape: "oauth: and 30 of a-z0-9, mixing letters and digits",
        source: "dev.twitch.tv/docs/chat: passwords of the chat",
        finds: &["oauth:{fake1x*30}"],
        ignores: &["oauth:{fake1x*20}", "oauth:{fake1x*40}"],
        forms: &[Form::bounded(&[Text("oauth:")], Class::LOWER, (30, 30))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("INTERCOM_TOKEN"),
        shape: "dG9rO and 50 to 60 of A-Za-z0-9+/=, mixing cases and digits, by itself",
        source: "developers.intercom.com: access tokens are base64 of tok: and an id",
        finds: &["dG9rO{Fake1x*54}="],
        ignores: &["dG9rO{Fake1x*20}", "xdG9rO{Fake1x*54}="],
        forms: &[Form::lone(&[Text("dG9rO")], Class::BASE64, (50, 60))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("PUBNUB_SECRET"),
        shape: "sec-c- and 40 or more of A-Za-z0-9+/=-",
        source: "pubnub.com/docs: secret keys",
        finds: &["sec-c-{Fake1x*48}"],
        ignores: &["sec-c-{Fake*8}", "sec-c-"],
        forms: &[Form::certain(&[Text("sec-c-")], Class::ANY64, 36)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("CLOSE_API_KEY"),
        shape: "api_, 22 letters and digits, a dot and 22 more",
        source: "developer.close.com: API keys",
        finds: &["api_{Fake1x*22}.{Fake1x*22}"],
        ignores: &["api_{Fake1x*22}", "api_{Fake1x*22}.js"],
        forms: &[Form::shape(
            &[Text("api_")],
            &[Run(Class::ALNUM, 22, 22), Is("."), Run(Class::ALNUM, 22, 22)],
        )],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("RIOT_API_KEY"),
        shape: "RGAPI- and a UUID",
        source: "developer.riotgames.com: API keys",
        finds: &["RGAPI-{0123456789abcdef*8}-{0123*4}-{4567*4}-{89ab*4}-{0123456789abcdef*12}"],
        ignores: &["RGAPI-", "RGAPI-{0123456789abcdef*8}"],
        forms: &[Form::shape(&[Text("RGAPI-")], UUID)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("SLACK_WORKFLOW_TOKEN"),
        shape: "xwfp- and 20 or more of A-Za-z0-9_-",
        source: "api.slack.com/concepts/token-types: workflow tokens",
        finds: &["xwfp-{Fake1x*50}"],
        ignores: &["xwfp-{Fake*8}", "xwfp-"],
        forms: &[Form::certain(&[Text("xwfp-")], Class::URL, 20)],
        ..Detector::CERTAIN
    },
];
