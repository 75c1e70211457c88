//! More clouds and hosting.

use super::prelude::*;

pub(super) static DETECTORS: &[Detector] = &[
    Detector {
        kind: Kind::new("AWS_SECRET_ACCESS_KEY"),
        shape: "40 of A-Za-z0-9+/= beside a name with aws, secretaccesskey, secret_access_key, secret-access-key, secret_key or secretkey that says it is a secret",
        source: "docs.aws.amazon.com/IAM: 40 of base64 beside a name",
        finds: &["AWS_SECRET_ACCESS_KEY=«{k7Qz2mX9/B4tR8nW+f1Lc*40}»"],
        ignores: &["AWS_SECRET_ACCESS_KEY=${AWS_SECRET}"],
        beside: &[Beside {
            words: &[
                "aws",
                "secretaccesskey",
                "secret_access_key",
                "secret-access-key",
                "secret_key",
                "secretkey",
            ],
            class: Class::BASE64,
            lengths: (40, 40),
        }],
        ..Detector::CONTEXT
    },
    Detector {
        kind: Kind::new("AWS_SESSION_TOKEN"),
        shape: "IQoJb3JpZ2lu or FwoGZXIvYXdz and 80 or more of A-Za-z0-9+/=_-",
        source: "docs.aws.amazon.com/STS: base64 of two known heads",
        finds: &["IQoJb3JpZ2lu{Fake1x*80}", "FwoGZXIvYXdz{Fake1x*80}"],
        ignores: &["IQoJb3JpZ2lu{Fake1x*38}", "xIQoJb3JpZ2lu{Fake1x*80}"],
        forms: &[Form::bounded(
            &[Anywhere("IQoJb3JpZ2lu"), Anywhere("FwoGZXIvYXdz")],
            Class::ANY64,
            (80, usize::MAX),
        )],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("AWS_BEDROCK_KEY"),
        shape: "ABSKQmVkcm9ja and 80 or more of A-Za-z0-9+/=_-; or bedrock-api-key- and 60 or more of A-Za-z0-9+/=_-",
        source: "docs.aws.amazon.com/bedrock: long- and short-term API keys",
        finds: &["ABSKQmVkcm9ja{Fake1x*119}", "bedrock-api-key-{Fake1x*90}"],
        ignores: &[
            "ABSKQmVkcm9ja{Fake1x*38}",
            "xABSKQmVkcm9ja{Fake1x*119}",
            "bedrock-api-key-{Fake1x*28}",
            "bedrock-api-key-",
        ],
        forms: &[
            Form::bounded(&[Text("ABSKQmVkcm9ja")], Class::ANY64, (80, usize::MAX)),
            Form::certain(&[Text("bedrock-api-key-")], Class::ANY64, 60),
        ],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("AWS_APPSYNC_KEY"),
        shape: "da2- and 26 of a-z0-9",
        source: "docs.aws.amazon.com/appsync: API keys",
        finds: &["da2-{fake1*26}"],
        ignores: &["da2-{fake1*11}", "xda2-{fake1*26}"],
        forms: &[Form::bounded(&[Text("da2-")], Class::LOWER, (26, 26))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("AWS_MWS_TOKEN"),
        shape: "amzn.mws. and a UUID",
        source: "developer.amazonservices.com: MWS authorization tokens",
        finds: &["amzn.mws.{0123456789abcdef*8}-{0123*4}-{4567*4}-{89ab*4}-{0123456789abcdef*12}"],
        ignores: &[
            "amzn.mws.{0123456789abcdef*8}-{0123*4}-{456",
            "xamzn.mws.{0123456789abcdef*8}-{0123*4}-{4567*4}-{89ab*4}-{0123456789abcdef*12}",
        ],
        forms: &[Form::shape(&[Text("amzn.mws.")], UUID)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("GCP_OAUTH_CLIENT_SECRET"),
        shape: "GOCSPX- and 24 or more of A-Za-z0-9_-",
        source: "developers.google.com/identity: client secrets",
        finds: &["GOCSPX-{Fake1x*28}"],
        ignores: &["GOCSPX-{Fake1x*10}", "GOCSPX-"],
        forms: &[Form::certain(&[Text("GOCSPX-")], Class::URL, 24)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("GCP_OAUTH_ACCESS_TOKEN"),
        shape: "ya29. and 30 or more of A-Za-z0-9_.-",
        source: "developers.google.com/identity: access tokens",
        finds: &["ya29.{Fake1x*30}"],
        ignores: &["ya29.{Fake1x*13}", "xya29.{Fake1x*30}"],
        forms: &[Form::bounded(&[Text("ya29.")], Class::DOTTED, (30, usize::MAX))],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("GCP_OAUTH_REFRESH_TOKEN"),
        shape: "1//0 and 38 to 140 of A-Za-z0-9_-, mixing cases and digits, by itself",
        source: "developers.google.com/identity: refresh tokens",
        finds: &["1//0{Fake1x*38}"],
        ignores: &["1//0{Fake1x*17}", "x1//0{Fake1x*38}"],
        forms: &[Form::lone(&[Text("1//0")], Class::URL, (38, 140))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("GCP_HMAC_SECRET"),
        shape: "GOOG1E and 55 of A-Z0-9; or GOOG and 20 of A-Z0-9",
        source: "cloud.google.com/storage/docs/authentication/hmackeys: access ids",
        finds: &["GOOG1E{FAKE0*55}", "GOOG{FAKE0*20}"],
        ignores: &["GOOG1E{FAKE0*25}", "xGOOG1E{FAKE0*55}", "GOOG{FAKE0*8}", "xGOOG{FAKE0*20}"],
        forms: &[
            Form::bounded(&[Text("GOOG1E")], Class::UPPER, (55, 55)),
            Form::bounded(&[Text("GOOG")], Class::UPPER, (20, 20)),
        ],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("FIREBASE_FCM_SERVER_KEY"),
        shape: "AAAA, 7 of A-Za-z0-9_-, colon and 134 or more",
        source: "firebase.google.com/docs/cloud-messaging: legacy server keys",
        finds: &["AAAA{Fake1x*7}:APA91b{Fake1x*134}"],
        ignores: &["AAAA{Fake1x*7}:{Fake1x*40}", "AAB{Fake1x*8}:{Fake1x*140}"],
        forms: &[Form::custom(&[Before(b':')], false, vendor::fcm)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("ALIBABA_ACCESS_KEY_ID"),
        shape: "LTAI and 12 to 26 letters and digits",
        source: "alibabacloud.com/help: AccessKey pairs",
        finds: &["LTAI{Fake1x*20}"],
        ignores: &["LTAI{Fake1x*4}", "xLTAI{Fake1x*20}"],
        forms: &[Form::bounded(&[Text("LTAI")], Class::ALNUM, (12, 26))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("TENCENT_SECRET_ID"),
        shape: "AKID and 32 to 36 letters and digits",
        source: "cloud.tencent.com/document: SecretId",
        finds: &["AKID{Fake1x*32}"],
        ignores: &["AKID{Fake1x*14}", "xAKID{Fake1x*32}"],
        forms: &[Form::bounded(&[Text("AKID")], Class::ALNUM, (32, 36))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("DIGITALOCEAN_TOKEN"),
        shape: "dop_v1_, doo_v1_ or dor_v1_ and 60 or more hex digits",
        source: "docs.digitalocean.com: personal, OAuth and refresh tokens",
        finds: &[
            "dop_v1_{0123456789abcdef*64}",
            "doo_v1_{0123456789abcdef*64}",
            "dor_v1_{0123456789abcdef*64}",
        ],
        ignores: &["dop_v1_{0123456789abcdef*28}", "dop_v1_"],
        forms: &[Form::certain(&[Text("dop_v1_"), Text("doo_v1_"), Text("dor_v1_")], Class::HEX, 60)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("DIGITALOCEAN_SPACES_KEY"),
        shape: "DO00 or DO801 and 16 of A-Z0-9",
        source: "docs.digitalocean.com: Spaces access keys",
        finds: &["DO00{FAKE0*16}", "DO801{FAKE0*16}"],
        ignores: &["DO00{FAKE0*6}", "xDO00{FAKE0*16}"],
        forms: &[Form::bounded(&[Text("DO00"), Text("DO801")], Class::UPPER, (16, 16))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("CLOUDFLARE_ORIGIN_CA_KEY"),
        shape: "v1.0- and 24 hex digits, -, 146 hex digits",
        source: "developers.cloudflare.com: Origin CA keys",
        finds: &["v1.0-{0123456789abcdef*24}-{0123456789abcdef*146}"],
        ignores: &["v1.0-{0123456789abcdef*24}-", "xv1.0-{0123456789abcdef*24}-{0123456789abcdef*146}"],
        forms: &[Form::shape(
            &[Text("v1.0-")],
            &[Run(Class::HEX, 24, 24), Is("-"), Run(Class::HEX, 146, 146)],
        )],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("CLOUDFLARE_LEGACY_TOKEN"),
        shape: "37 to 40 of A-Za-z0-9_- beside a name with cloudflare or cf_ that says it is a secret",
        source: "developers.cloudflare.com: tokens before the prefixes, and global keys",
        finds: &["CLOUDFLARE_API_TOKEN=«{k7Qz2mX9vB4tR8nW*37}»"],
        ignores: &["CLOUDFLARE_API_TOKEN_URL={k7Qz2mX9vB4tR8nW*37}"],
        beside: &[Beside { words: &["cloudflare", "cf_"], class: Class::URL, lengths: (37, 40) }],
        ..Detector::CONTEXT
    },
    Detector {
        kind: Kind::new("HEROKU_API_KEY"),
        shape: "HRKU-AA and 50 or more of A-Za-z0-9_-; or 36 of A-Za-z0-9_- beside a name with heroku",
        source: "devcenter.heroku.com: authorizations; before them UUIDs",
        finds: &[
            "HRKU-AA{Fake1x*58}",
            "HEROKU_API_KEY=«{4f1c9a07*8}-{4f1c*4}-{4a07*4}-{8d65*4}-{4f1c9a07e2d8*12}»",
        ],
        ignores: &[
            "HRKU-AA{Fake1x*23}",
            "HRKU-AA",
            "HEROKU_API_KEY_ID={4f1c9a07*8}-{4f1c*4}-{4a07*4}-{8d65*4}-{4f1c9a07e2d8*12}",
        ],
        beside: &[Beside { words: &["heroku"], class: Class::URL, lengths: (36, 36) }],
        forms: &[Form::certain(&[Text("HRKU-AA")], Class::URL, 50)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("FLY_TOKEN"),
        shape: "fo1_ and 40 to 43 of A-Za-z0-9_-; or fm1a_, fm1r_ or fm2_ and 60 or more of A-Za-z0-9+/=_-",
        source: "fly.io/docs: macaroons and the older tokens",
        finds: &["fo1_{Fake1x*40}", "fm1a_{Fake1x*60}", "fm1r_{Fake1x*60}", "fm2_{Fake1x*60}"],
        ignores: &["fo1_{Fake1x*18}", "xfo1_{Fake1x*40}", "fm1a_{Fake1x*28}", "xfm1a_{Fake1x*60}"],
        forms: &[
            Form::bounded(&[Text("fo1_")], Class::URL, (40, 43)),
            Form::bounded(
                &[Anywhere("fm1a_"), Anywhere("fm1r_"), Anywhere("fm2_")],
                Class::ANY64,
                (60, usize::MAX),
            ),
        ],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("NETLIFY_TOKEN"),
        shape: "nfp_, nfo_, nfc_, nfu_ or nfb_ and 32 or more letters and digits",
        source: "docs.netlify.com: personal, OAuth and other tokens",
        finds: &[
            "nfp_{Fake1x*36}",
            "nfo_{Fake1x*36}",
            "nfc_{Fake1x*36}",
            "nfu_{Fake1x*36}",
            "nfb_{Fake1x*36}",
        ],
        ignores: &["nfp_{Fake1x*14}", "xnfp_{Fake1x*36}"],
        forms: &[Form::bounded(
            &[Text("nfp_"), Text("nfo_"), Text("nfc_"), Text("nfu_"), Text("nfb_")],
            Class::ALNUM,
            (32, usize::MAX),
        )],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("RENDER_API_KEY"),
        shape: "rnd_ and 26 to 34 letters and digits, mixing cases and digits, by itself",
        source: "render.com/docs: API keys",
        finds: &["rnd_{Fake1x*26}"],
        ignores: &["rnd_{Fake1x*11}", "xrnd_{Fake1x*26}"],
        forms: &[Form::lone(&[Text("rnd_")], Class::ALNUM, (26, 34))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("SCALEWAY_KEY"),
        shape: "SCW and 17 of A-Z0-9; or 36 of A-Za-z0-9_- beside a name with scw or scaleway",
        source: "scaleway.com/docs: access keys; the secret is a UUID beside it",
        finds: &[
            "SCW{FAKE0*17}",
            "SCW_SECRET_KEY=«{4f1c9a07*8}-{4f1c*4}-{4a07*4}-{8d65*4}-{4f1c9a07e2d8*12}»",
        ],
        ignores: &[
            "SCW{FAKE0*6}",
            "xSCW{FAKE0*17}",
            "SCW_SECRET_KEY_ID={4f1c9a07*8}-{4f1c*4}-{4a07*4}-{8d65*4}-{4f1c9a07e2d8*12}",
        ],
        beside: &[Beside { words: &["scw", "scaleway"], class: Class::URL, lengths: (36, 36) }],
        forms: &[Form::bounded(&[Text("SCW")], Class::UPPER, (17, 17))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("YANDEX_KEY"),
        shape: "AQVN and 35 to 40 of A-Za-z0-9_-, mixing cases and digits, by itself; or YCAJE and 20 to 24 of A-Za-z0-9_-, mixing cases and digits, by itself; or t1., 40 to 1000 of A-Za-z0-9_-, dot, 80 to 90 more",
        source: "yandex.cloud/docs: API keys, static keys, IAM tokens",
        finds: &["AQVN{Fake1x*35}", "YCAJE{Fake1x*20}", "t1.{Fake1x*40}.{Fake1x*80}"],
        ignores: &["AQVN{Fake1x*15}", "xAQVN{Fake1x*35}", "YCAJE{Fake1x*8}", "xYCAJE{Fake1x*20}", "t1."],
        forms: &[
            Form::lone(&[Text("AQVN")], Class::URL, (35, 40)),
            Form::lone(&[Text("YCAJE")], Class::URL, (20, 24)),
            Form::pair(&[Text("t1.")], (40, 1000), (80, 90)),
        ],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("RAILWAY_TOKEN"),
        shape: "36 of A-Za-z0-9_- beside a name with railway that says it is a secret",
        source: "docs.railway.com: tokens are UUIDs",
        finds: &["RAILWAY_TOKEN=«{4f1c9a07*8}-{4f1c*4}-{4a07*4}-{8d65*4}-{4f1c9a07e2d8*12}»"],
        ignores: &["RAILWAY_TOKEN_ID={4f1c9a07*8}-{4f1c*4}-{4a07*4}-{8d65*4}-{4f1c9a07e2d8*12}"],
        beside: &[Beside { words: &["railway"], class: Class::URL, lengths: (36, 36) }],
        ..Detector::CONTEXT
    },
    Detector {
        kind: Kind::new("LINODE_TOKEN"),
        shape: "64 hex digits beside a name with linode that says it is a secret",
        source: "techdocs.akamai.com/linode-api: 64 hex digits",
        finds: &["LINODE_TOKEN=«{4f1c9a07e2d8b365*64}»"],
        ignores: &["LINODE_TOKEN_URL={4f1c9a07e2d8b365*64}"],
        beside: &[Beside { words: &["linode"], class: Class::HEX, lengths: (64, 64) }],
        ..Detector::CONTEXT
    },
    Detector {
        kind: Kind::new("HETZNER_TOKEN"),
        shape: "64 letters and digits beside a name with hcloud or hetzner that says it is a secret",
        source: "docs.hetzner.cloud: 64 letters and digits",
        finds: &["HCLOUD_TOKEN=«{k7Qz2mX9vB4tR8nW*64}»"],
        ignores: &["HCLOUD_TOKEN_URL={k7Qz2mX9vB4tR8nW*64}"],
        beside: &[Beside { words: &["hcloud", "hetzner"], class: Class::ALNUM, lengths: (64, 64) }],
        ..Detector::CONTEXT
    },
    Detector {
        kind: Kind::new("IBM_CLOUD_API_KEY"),
        shape: "44 of A-Za-z0-9_- beside a name with ibm or bluemix that says it is a secret",
        source: "cloud.ibm.com/docs: API keys",
        finds: &["IBMCLOUD_API_KEY=«{k7Qz2mX9vB4tR8nW*44}»"],
        ignores: &["IBMCLOUD_API_KEY_URL={k7Qz2mX9vB4tR8nW*44}"],
        beside: &[Beside { words: &["ibm", "bluemix"], class: Class::URL, lengths: (44, 44) }],
        ..Detector::CONTEXT
    },
    Detector {
        kind: Kind::new("UPCLOUD_TOKEN"),
        shape: "ucat_ and 26 or more of A-Z0-9",
        source: "developers.upcloud.com: API tokens",
        finds: &["ucat_{FAKE0*26}"],
        ignores: &["ucat_{FAKE0*11}", "ucat_"],
        forms: &[Form::certain(&[Text("ucat_")], Class::UPPER, 26)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("DENO_TOKEN"),
        shape: "ddp_, ddw_ or ddo_ and 36 letters and digits",
        source: "docs.deno.com: personal, organization and other tokens",
        finds: &["ddp_{Fake1x*36}", "ddw_{Fake1x*36}", "ddo_{Fake1x*36}"],
        ignores: &["ddp_{Fake1x*16}", "xddp_{Fake1x*36}"],
        forms: &[Form::bounded(&[Text("ddp_"), Text("ddw_"), Text("ddo_")], Class::ALNUM, (36, 36))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("BACKBLAZE_KEY"),
        shape: "K00 and 28 of A-Za-z0-9+/=, mixing cases and digits, by itself",
        source: "backblaze.com/docs: application keys",
        finds: &["K00{Fake1x*28}"],
        ignores: &["K00{Fake1x*12}", "xK00{Fake1x*28}"],
        forms: &[Form::lone(&[Text("K00")], Class::BASE64, (28, 28))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("ZUPLO_KEY"),
        shape: "zpka_ and 32 or more of A-Za-z0-9_-",
        source: "zuplo.com/docs: API keys",
        finds: &["zpka_{Fake1x*74}"],
        ignores: &["zpka_{Fake1x*14}", "xzpka_{Fake1x*74}"],
        forms: &[Form::bounded(&[Text("zpka_")], Class::URL, (32, usize::MAX))],
        ..Detector::LIKELY
    },
];
