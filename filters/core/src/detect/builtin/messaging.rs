//! More messaging, mail and social networks.

use super::prelude::*;

pub(super) static DETECTORS: &[Detector] = &[
    Detector {
        kind: Kind::new("SLACK_BOT_TOKEN"),
        shape: "xoxe.xoxb- or xoxb- and 20 or more of A-Za-z0-9_-",
        source: "api.slack.com/concepts/token-types",
        finds: &["xoxe.xoxb-{Fake1x*50}", "xoxb-{Fake1x*50}"],
        ignores: &["xoxe.xoxb-{Fake1x*8}", "xoxe.xoxb-"],
        forms: &[Form::certain(&[Text("xoxe.xoxb-"), Text("xoxb-")], Class::URL, 20)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("SLACK_USER_TOKEN"),
        shape: "xoxe.xoxp-, xoxp-, xoxa-, xoxr-, xoxs-, xoxo- or xoxe- and 20 or more of A-Za-z0-9_-",
        source: "api.slack.com/concepts/token-types: user, legacy, refresh and rotating tokens",
        finds: &[
            "xoxe.xoxp-{Fake1x*70}",
            "xoxp-{Fake1x*70}",
            "xoxa-{Fake1x*70}",
            "xoxr-{Fake1x*70}",
            "xoxs-{Fake1x*70}",
            "xoxo-{Fake1x*70}",
            "xoxe-{Fake1x*70}",
        ],
        ignores: &["xoxe.xoxp-{Fake1x*8}", "xoxe.xoxp-"],
        forms: &[Form::certain(
            &[
                Text("xoxe.xoxp-"),
                Text("xoxp-"),
                Text("xoxa-"),
                Text("xoxr-"),
                Text("xoxs-"),
                Text("xoxo-"),
                Text("xoxe-"),
            ],
            Class::URL,
            20,
        )],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("SLACK_SESSION"),
        shape: "xoxc- or xoxd- and 40 or more of A-Za-z0-9+/=_%-",
        source: "a browser session of Slack: token and cookie, which may be percent-encoded",
        finds: &["xoxc-{Fake1x*100}", "xoxd-{Fake1x*100}"],
        ignores: &["xoxc-{Fake1x*18}", "xoxc-"],
        forms: &[Form::certain(&[Text("xoxc-"), Text("xoxd-")], Class::ENCODED, 40)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("SLACK_APP_TOKEN"),
        shape: "xapp- and 30 or more of A-Za-z0-9_-",
        source: "api.slack.com/concepts/token-types: app-level tokens",
        finds: &["xapp-{Fake1x*90}"],
        ignores: &["xapp-{Fake1x*13}", "xapp-"],
        forms: &[Form::certain(&[Text("xapp-")], Class::URL, 30)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("TWILIO_AUTH_TOKEN"),
        shape: "32 hex digits beside a name with twilio that says it is a secret",
        source: "twilio.com/docs: 32 hex digits",
        finds: &["TWILIO_AUTH_TOKEN=«{4f1c9a07e2d8b365*32}»"],
        ignores: &["TWILIO_AUTH_TOKEN_URL={4f1c9a07e2d8b365*32}"],
        beside: &[Beside { words: &["twilio"], class: Class::HEX, lengths: (32, 32) }],
        ..Detector::CONTEXT
    },
    Detector {
        kind: Kind::new("MAILGUN_KEY"),
        shape: "key- or pubkey- and 32 hex digits; or 50 of A-Za-z0-9_- beside a name with mailgun",
        source: "documentation.mailgun.com: private and public keys",
        finds: &[
            "key-{0123456789abcdef*32}",
            "pubkey-{0123456789abcdef*32}",
            "MAILGUN_API_KEY=«{4f1c9a07*50}»",
        ],
        ignores: &[
            "key-{0123456789abcdef*14}",
            "xkey-{0123456789abcdef*32}",
            "MAILGUN_API_KEY_URL={4f1c9a07*50}",
        ],
        beside: &[Beside { words: &["mailgun"], class: Class::URL, lengths: (50, 50) }],
        forms: &[Form::bounded(&[Text("key-"), Text("pubkey-")], Class::HEX, (32, 32))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("MAILCHIMP_KEY"),
        shape: "32 hex digits, -us and one or two digits",
        source: "mailchimp.com/developer: 32 hex digits and the data centre",
        finds: &["{0123456789abcdef*32}-us12"],
        ignores: &["{0123456789abcdef*30}-us12", "{0123456789abcdef*32}-user"],
        forms: &[Form::custom(&[Text("-us")], false, vendor::mailchimp)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("MANDRILL_KEY"),
        shape: "md- and 22 of A-Za-z0-9_-, mixing cases and digits, by itself",
        source: "mailchimp.com/developer/transactional: API keys",
        finds: &["md-{Fake1x*22}"],
        ignores: &["md-{Fake1x*9}", "xmd-{Fake1x*22}"],
        forms: &[Form::lone(&[Text("md-")], Class::URL, (22, 22))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("BREVO_KEY"),
        shape: "xkeysib- or xsmtpsib- and 64 or more of A-Za-z0-9_-",
        source: "developers.brevo.com: API and SMTP keys",
        finds: &["xkeysib-{Fake1x*81}", "xsmtpsib-{Fake1x*81}"],
        ignores: &["xkeysib-{Fake1x*30}", "xkeysib-"],
        forms: &[Form::certain(&[Text("xkeysib-"), Text("xsmtpsib-")], Class::URL, 64)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("POSTMARK_TOKEN"),
        shape: "36 of A-Za-z0-9_- beside a name with postmark that says it is a secret",
        source: "postmarkapp.com/developer: tokens are UUIDs",
        finds: &["POSTMARK_SERVER_TOKEN=«{4f1c9a07*8}-{4f1c*4}-{4a07*4}-{8d65*4}-{4f1c9a07e2d8*12}»"],
        ignores: &["POSTMARK_SERVER_TOKEN_ID={4f1c9a07*8}-{4f1c*4}-{4a07*4}-{8d65*4}-{4f1c9a07e2d8*12}"],
        beside: &[Beside { words: &["postmark"], class: Class::URL, lengths: (36, 36) }],
        ..Detector::CONTEXT
    },
    Detector {
        kind: Kind::new("RESEND_KEY"),
        shape: "re_ and 8 letters and digits, _, 20 to 28 letters and digits",
        source: "resend.com/docs: API keys",
        finds: &["re_{Fake1x*8}_{Fake1x*20}"],
        ignores: &["re_{Fake1x*8}_", "xre_{Fake1x*8}_{Fake1x*20}"],
        forms: &[Form::lone_shape(
            &[Text("re_")],
            &[Run(Class::ALNUM, 8, 8), Is("_"), Run(Class::ALNUM, 20, 28)],
        )],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("MAILERSEND_TOKEN"),
        shape: "mlsn. and 30 or more letters and digits",
        source: "developers.mailersend.com: API tokens",
        finds: &["mlsn.{Fake1x*64}"],
        ignores: &["mlsn.{Fake1x*13}", "xmlsn.{Fake1x*64}"],
        forms: &[Form::bounded(&[Text("mlsn.")], Class::ALNUM, (30, usize::MAX))],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("ONESIGNAL_KEY"),
        shape: "os_v2_app_ or os_v2_org_ and 90 or more of a-z0-9",
        source: "documentation.onesignal.com: API keys, base32",
        finds: &["os_v2_app_{fake1*103}", "os_v2_org_{fake1*103}"],
        ignores: &["os_v2_app_{fake1*43}", "os_v2_app_"],
        forms: &[Form::certain(&[Text("os_v2_app_"), Text("os_v2_org_")], Class::LOWER, 90)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("FACEBOOK_TOKEN"),
        shape: "EAA and 80 or more letters and digits, mixing cases and digits, by itself",
        source: "developers.facebook.com: access tokens",
        finds: &["EAA{Fake1x*80}"],
        ignores: &["EAA{Fake1x*38}", "xEAA{Fake1x*80}"],
        forms: &[Form::lone(&[Text("EAA")], Class::ALNUM, (80, usize::MAX))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("TWITTER_BEARER"),
        shape: "21 or more A, then 60 or more of A-Za-z0-9% without AAA",
        source: "developer.x.com: app-only bearer tokens, percent-encoded",
        finds: &["AAAAAAAAAAAAAAAAAAAAAA{Fake1x*80}", "AAAAAAAAAAAAAAAAAAAAAMLheAAAAAAA0%2B{Fake1x*80}"],
        ignores: &["{AAAAAAAAAAAAAAAAAAAAAAAAA6MAAAAQ*120}", "AAAAAAAAAAAAAAAAAAAAA{Fake1x*20}"],
        forms: &[Form::custom(&[Text("AAAAAAAAAAAAAAAAAAAAA")], true, vendor::twitter)],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("LINKEDIN_SECRET"),
        shape: "WPL_AP1. and 16 to 40 of A-Za-z0-9+/=_.~-",
        source: "learn.microsoft.com/linkedin: client secrets",
        finds: &["WPL_AP1.{Fake1x*25}"],
        ignores: &["WPL_AP1.{Fake1x*6}", "xWPL_AP1.{Fake1x*25}"],
        forms: &[Form::bounded(&[Text("WPL_AP1.")], Class::OPAQUE, (16, 40))],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("INSTAGRAM_TOKEN"),
        shape: "IGQV or IGAA and 80 to 300 of A-Za-z0-9_-, mixing cases and digits, by itself",
        source: "developers.facebook.com: Instagram access tokens",
        finds: &["IGQV{Fake1x*80}", "IGAA{Fake1x*80}"],
        ignores: &["IGQV{Fake1x*38}", "xIGQV{Fake1x*80}"],
        forms: &[Form::lone(&[Text("IGQV"), Text("IGAA")], Class::URL, (80, 300))],
        ..Detector::LIKELY
    },
];
