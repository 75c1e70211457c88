//! Work tools, design, content and devices.

use super::prelude::*;

pub(super) static DETECTORS: &[Detector] = &[
    Detector {
        kind: Kind::new("FIGMA_TOKEN"),
        shape: "figd_, figp_, figo_, figu_, figoh_ or figor_ and 36 or more of A-Za-z0-9+/=_-",
        source: "developers.figma.com: personal and OAuth tokens",
        finds: &[
            "figd_{Fake1x*36}",
            "figp_{Fake1x*36}",
            "figo_{Fake1x*36}",
            "figu_{Fake1x*36}",
            "figoh_{Fake1x*36}",
            "figor_{Fake1x*36}",
        ],
        ignores: &["figd_{Fake1x*16}", "xfigd_{Fake1x*36}"],
        forms: &[Form::bounded(
            &[Text("figd_"), Text("figp_"), Text("figo_"), Text("figu_"), Text("figoh_"), Text("figor_")],
            Class::ANY64,
            (36, usize::MAX),
        )],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("AIRTABLE_PAT"),
        shape: "pat, 14 letters and digits, dot and 64 hex digits",
        source: "airtable.com/developers: 14 characters, dot, 64 hex digits",
        finds: &["pat{Fake1x*14}.{0123456789abcdef*64}"],
        ignores: &["pat{Fake1x*13}.{0123456789abcdef*64}", "pat{Fake1x*14}.{0123456789abcdef*40}"],
        forms: &[Form::custom(&[Before(b'.')], false, vendor::airtable)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("ASANA_TOKEN"),
        shape: "1/ or 2/, digits (with another / and digits), colon and 32 hex digits",
        source: "developers.asana.com: personal access tokens",
        finds: &[
            "1/{1234567890*16}:{0123456789abcdef*32}",
            "2/{1234567890*16}/{1234567890*16}:{0123456789abcdef*32}",
        ],
        ignores: &["1/12:{0123456789abcdef*32}", "1/{1234567890*16}:{0123456789abcdef*30}"],
        forms: &[Form::custom(&[Before(b':')], false, vendor::asana)],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("POSTMAN_KEY"),
        shape: "PMAK- and 24 hex digits, -, 34 hex digits",
        source: "learning.postman.com: API keys",
        finds: &["PMAK-{0123456789abcdef*24}-{0123456789abcdef*34}"],
        ignores: &["PMAK-{0123456789abcdef*24}", "xPMAK-{0123456789abcdef*24}-{0123456789abcdef*34}"],
        forms: &[Form::shape(&[Text("PMAK-")], &[Run(Class::HEX, 24, 24), Is("-"), Run(Class::HEX, 34, 34)])],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("HUBSPOT_PAT"),
        shape: "pat-na1-, pat-na2-, pat-eu1- or pat-ap1- and a UUID",
        source: "developers.hubspot.com: private app tokens by region",
        finds: &[
            "pat-na1-{0123456789abcdef*8}-{0123*4}-{4567*4}-{89ab*4}-{0123456789abcdef*12}",
            "pat-na2-{0123456789abcdef*8}-{0123*4}-{4567*4}-{89ab*4}-{0123456789abcdef*12}",
            "pat-eu1-{0123456789abcdef*8}-{0123*4}-{4567*4}-{89ab*4}-{0123456789abcdef*12}",
            "pat-ap1-{0123456789abcdef*8}-{0123*4}-{4567*4}-{89ab*4}-{0123456789abcdef*12}",
        ],
        ignores: &[
            "pat-na1-{0123456789abcdef*8}-{0123*4}-{456",
            "xpat-na1-{0123456789abcdef*8}-{0123*4}-{4567*4}-{89ab*4}-{0123456789abcdef*12}",
        ],
        forms: &[Form::shape(
            &[Text("pat-na1-"), Text("pat-na2-"), Text("pat-eu1-"), Text("pat-ap1-")],
            UUID,
        )],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("SALESFORCE_TOKEN"),
        shape: "00D, 12 or 15 letters and digits, ! and 80 or more of A-Za-z0-9._; or 3MVG9 and 60 to 120 of A-Za-z0-9_.-, mixing cases and digits, by itself; or 5AEP861 and 60 to 120 of A-Za-z0-9_.-, mixing cases and digits, by itself",
        source: "developer.salesforce.com: session ids, consumer keys and refresh tokens",
        finds: &[
            "00D{Fake1x*12}!AQ{Fake1x*94}",
            "00D{Fake1x*15}!{Fake1x*96}",
            "3MVG9{Fake1x*60}",
            "5AEP861{Fake1x*60}",
        ],
        ignores: &[
            "00D{Fake1x*12}!{Fake1x*20}",
            "3MVG9{Fake1x*28}",
            "x3MVG9{Fake1x*60}",
            "5AEP861{Fake1x*28}",
            "x5AEP861{Fake1x*60}",
        ],
        forms: &[
            Form::custom(&[Before(b'!')], false, vendor::salesforce),
            Form::lone(&[Text("3MVG9")], Class::DOTTED, (60, 120)),
            Form::lone(&[Text("5AEP861")], Class::DOTTED, (60, 120)),
        ],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("ZENDESK_TOKEN"),
        shape: "40 letters and digits beside a name with zendesk that says it is a secret",
        source: "developer.zendesk.com: API tokens",
        finds: &["ZENDESK_API_TOKEN=«{k7Qz2mX9vB4tR8nW*40}»"],
        ignores: &["ZENDESK_API_TOKEN_URL={k7Qz2mX9vB4tR8nW*40}"],
        beside: &[Beside { words: &["zendesk"], class: Class::ALNUM, lengths: (40, 40) }],
        ..Detector::CONTEXT
    },
    Detector {
        kind: Kind::new("CONTENTFUL_PAT"),
        shape: "CFPAT- and 40 or more of A-Za-z0-9_-",
        source: "contentful.com/developers: personal access tokens",
        finds: &["CFPAT-{Fake1x*43}"],
        ignores: &["CFPAT-{Fake1x*18}", "CFPAT-"],
        forms: &[Form::certain(&[Text("CFPAT-")], Class::URL, 40)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("MAPBOX_SECRET"),
        shape: "sk.eyJ or pk.eyJ, 40 to 300 of A-Za-z0-9_-, dot, 20 to 30 more",
        source: "docs.mapbox.com: secret and public tokens",
        finds: &["sk.eyJ{Fake1x*40}.{Fake1x*20}", "pk.eyJ{Fake1x*40}.{Fake1x*20}"],
        ignores: &["sk.eyJ"],
        forms: &[Form::pair(&[Text("sk.eyJ"), Text("pk.eyJ")], (40, 300), (20, 30))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("ALGOLIA_ADMIN_KEY"),
        shape: "32 hex digits beside a name with algolia that says it is a secret",
        source: "algolia.com/doc: keys look like MD5",
        finds: &["ALGOLIA_ADMIN_KEY=«{4f1c9a07e2d8b365*32}»"],
        ignores: &["ALGOLIA_ADMIN_KEY_URL={4f1c9a07e2d8b365*32}"],
        beside: &[Beside { words: &["algolia"], class: Class::HEX, lengths: (32, 32) }],
        ..Detector::CONTEXT
    },
    Detector {
        kind: Kind::new("ADAFRUIT_KEY"),
        shape: "aio_ and 28 letters and digits",
        source: "io.adafruit.com/api/docs: AIO keys",
        finds: &["aio_{Fake1x*28}"],
        ignores: &["aio_{Fake1x*12}", "xaio_{Fake1x*28}"],
        forms: &[Form::bounded(&[Text("aio_")], Class::ALNUM, (28, 28))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("README_TOKEN"),
        shape: "rdme_ and 64 or more of a-z0-9",
        source: "docs.readme.com: API keys",
        finds: &["rdme_{fake1*70}"],
        ignores: &["rdme_{fake1*30}", "xrdme_{fake1*70}"],
        forms: &[Form::bounded(&[Text("rdme_")], Class::LOWER, (64, usize::MAX))],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("ADOBE_SECRET"),
        shape: "p8e- and 32 of A-Za-z0-9_-",
        source: "developer.adobe.com: client secrets",
        finds: &["p8e-{Fake1x*32}"],
        ignores: &["p8e-{Fake1x*14}", "xp8e-{Fake1x*32}"],
        forms: &[Form::bounded(&[Text("p8e-")], Class::URL, (32, 32))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("FRAMEIO_TOKEN"),
        shape: "fio-u- and 60 or more of A-Za-z0-9+/=_-",
        source: "developer.frame.io: tokens",
        finds: &["fio-u-{Fake1x*64}"],
        ignores: &["fio-u-{Fake1x*28}", "fio-u-"],
        forms: &[Form::certain(&[Text("fio-u-")], Class::ANY64, 60)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("APIFY_TOKEN"),
        shape: "apify_api_ and 30 or more letters and digits",
        source: "docs.apify.com: API tokens",
        finds: &["apify_api_{Fake1x*36}"],
        ignores: &["apify_api_{Fake1x*13}", "apify_api_"],
        forms: &[Form::certain(&[Text("apify_api_")], Class::ALNUM, 30)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("TRELLO_TOKEN"),
        shape: "ATTA and 64 to 80 hex digits",
        source: "developer.atlassian.com/cloud/trello: tokens",
        finds: &["ATTA{0123456789abcdef*72}"],
        ignores: &["ATTA{0123456789abcdef*30}", "xATTA{0123456789abcdef*72}"],
        forms: &[Form::bounded(&[Text("ATTA")], Class::HEX, (64, 80))],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("POLAR_TOKEN"),
        shape: "polar_oat_ or polar_pat_ and 36 or more letters and digits",
        source: "docs.polar.sh: organization and personal tokens",
        finds: &["polar_oat_{Fake1x*43}", "polar_pat_{Fake1x*43}"],
        ignores: &["polar_oat_{Fake1x*16}", "polar_oat_"],
        forms: &[Form::certain(&[Text("polar_oat_"), Text("polar_pat_")], Class::ALNUM, 36)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("LICHESS_TOKEN"),
        shape: "lip_ and 20 letters and digits, mixing cases and digits, by itself",
        source: "lichess.org/api: personal tokens",
        finds: &["lip_{Fake1x*20}"],
        ignores: &["lip_{Fake1x*8}", "xlip_{Fake1x*20}"],
        forms: &[Form::lone(&[Text("lip_")], Class::ALNUM, (20, 20))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("CAL_API_KEY"),
        shape: "cal_live_ and 32 or more hex digits",
        source: "cal.com/docs: API keys",
        finds: &["cal_live_{0123456789abcdef*36}"],
        ignores: &["cal_live_{0123456789abcdef*14}", "cal_live_"],
        forms: &[Form::certain(&[Text("cal_live_")], Class::HEX, 32)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("INTRA42_SECRET"),
        shape: "s-s4t2ud- or s-s4t2af- and 64 or more hex digits",
        source: "api.intra.42.fr: client secrets",
        finds: &["s-s4t2ud-{0123456789abcdef*68}", "s-s4t2af-{0123456789abcdef*68}"],
        ignores: &["s-s4t2ud-{0123456789abcdef*30}", "s-s4t2ud-"],
        forms: &[Form::certain(&[Text("s-s4t2ud-"), Text("s-s4t2af-")], Class::HEX, 64)],
        ..Detector::CERTAIN
    },
];
