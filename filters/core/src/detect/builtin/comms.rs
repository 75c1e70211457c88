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
];
