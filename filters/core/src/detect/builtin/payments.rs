//! Payments and commerce.

use super::prelude::*;

pub(super) static DETECTORS: &[Detector] = &[
    Detector {
        kind: Kind::new("WORKOS_KEY"),
        shape: "sk_live_a2V5Xz, sk_test_a2V5Xz or sk_a2V5Xz and 50 or more of A-Za-z0-9+/=_-",
        source: "workos.com/docs: keys are base64 of key_",
        finds: &["sk_live_a2V5Xz{Fake1x*50}", "sk_test_a2V5Xz{Fake1x*50}", "sk_a2V5Xz{Fake1x*50}"],
        ignores: &["sk_live_a2V5Xz{Fake1x*23}", "xsk_live_a2V5Xz{Fake1x*50}"],
        forms: &[Form::bounded(
            &[Text("sk_live_a2V5Xz"), Text("sk_test_a2V5Xz"), Text("sk_a2V5Xz")],
            Class::ANY64,
            (50, usize::MAX),
        )],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("STRIPE_SECRET_KEY"),
        shape: "sk_live_, sk_test_, sk_prod_ or sk_org_ and 16 or more letters and digits",
        source: "docs.stripe.com/keys; also Clerk and Paystack",
        finds: &["sk_live_{Fake1x*99}", "sk_test_{Fake1x*99}", "sk_prod_{Fake1x*99}", "sk_org_{Fake1x*99}"],
        ignores: &["sk_live_{Fake1x*6}", "sk_live_"],
        forms: &[Form::certain(
            &[Text("sk_live_"), Text("sk_test_"), Text("sk_prod_"), Text("sk_org_")],
            Class::ALNUM,
            16,
        )],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("STRIPE_RESTRICTED_KEY"),
        shape: "rk_live_, rk_test_ or rk_prod_ and 16 or more letters and digits",
        source: "docs.stripe.com/keys",
        finds: &["rk_live_{Fake1x*99}", "rk_test_{Fake1x*99}", "rk_prod_{Fake1x*99}"],
        ignores: &["rk_live_{Fake1x*6}", "rk_live_"],
        forms: &[Form::certain(&[Text("rk_live_"), Text("rk_test_"), Text("rk_prod_")], Class::ALNUM, 16)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("STRIPE_WEBHOOK_SECRET"),
        shape: "whsec_ and 24 or more of A-Za-z0-9+/=_-",
        source: "docs.stripe.com/webhooks, standardwebhooks.com: base64",
        finds: &["whsec_{Fake1x*32}"],
        ignores: &["whsec_{Fake1x*10}", "xwhsec_{Fake1x*32}"],
        forms: &[Form::bounded(&[Text("whsec_")], Class::ANY64, (24, usize::MAX))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("SQUARE_TOKEN"),
        shape: "EAAA and 56 to 64 of A-Za-z0-9_-, mixing cases and digits, by itself; or sq0atp-, sq0csp- or sq0idp- and 22 to 60 of A-Za-z0-9_-",
        source: "developer.squareup.com: access tokens and secrets",
        finds: &["EAAA{Fake1x*56}", "sq0atp-{Fake1x*22}", "sq0csp-{Fake1x*22}", "sq0idp-{Fake1x*22}"],
        ignores: &["EAAA{Fake1x*26}", "xEAAA{Fake1x*56}", "sq0atp-{Fake1x*9}", "xsq0atp-{Fake1x*22}"],
        forms: &[
            Form::lone(&[Text("EAAA")], Class::URL, (56, 64)),
            Form::bounded(&[Text("sq0atp-"), Text("sq0csp-"), Text("sq0idp-")], Class::URL, (22, 60)),
        ],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("SHOPIFY_TOKEN"),
        shape: "shpat_, shpca_, shppa_, shpss_, shpua_ or shptka_ and 32 or more hex digits",
        source: "shopify.dev: access tokens and shared secrets",
        finds: &[
            "shpat_{0123456789abcdef*36}",
            "shpca_{0123456789abcdef*36}",
            "shppa_{0123456789abcdef*36}",
            "shpss_{0123456789abcdef*36}",
            "shpua_{0123456789abcdef*36}",
            "shptka_{0123456789abcdef*36}",
        ],
        ignores: &["shpat_{0123456789abcdef*14}", "shpat_"],
        forms: &[Form::certain(
            &[
                Text("shpat_"),
                Text("shpca_"),
                Text("shppa_"),
                Text("shpss_"),
                Text("shpua_"),
                Text("shptka_"),
            ],
            Class::HEX,
            32,
        )],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("PAYPAL_BRAINTREE_TOKEN"),
        shape: "access_token$production$ or access_token$sandbox$, 16 of a-z0-9, $ and 32 hex digits",
        source: "developer.paypal.com/braintree: access tokens",
        finds: &[
            "access_token$production${fake1*16}${0123456789abcdef*32}",
            "access_token$sandbox${fake1*16}${0123456789abcdef*32}",
        ],
        ignores: &["access_token$production${fake1*16}", "production${fake1*16}${0123456789abcdef*32}"],
        forms: &[Form::custom(&[Text("duction$"), Text("sandbox$")], false, vendor::braintree)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("RAZORPAY_KEY"),
        shape: "rzp_live_ or rzp_test_ and 14 or more letters and digits",
        source: "razorpay.com/docs: key ids",
        finds: &["rzp_live_{Fake1x*18}", "rzp_test_{Fake1x*18}"],
        ignores: &["rzp_live_{Fake1x*5}", "rzp_live_"],
        forms: &[Form::certain(&[Text("rzp_live_"), Text("rzp_test_")], Class::ALNUM, 14)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("FLUTTERWAVE_KEY"),
        shape: "FLWSECK-, FLWSECK_TEST- or FLWPUBK_TEST- and 12 or more of A-Za-z0-9_-",
        source: "developer.flutterwave.com: secret and test keys",
        finds: &["FLWSECK-{Fake1x*34}", "FLWSECK_TEST-{Fake1x*34}", "FLWPUBK_TEST-{Fake1x*34}"],
        ignores: &["FLWSECK-{Fake1x*4}", "FLWSECK-"],
        forms: &[Form::certain(
            &[Text("FLWSECK-"), Text("FLWSECK_TEST-"), Text("FLWPUBK_TEST-")],
            Class::URL,
            12,
        )],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("PLAID_TOKEN"),
        shape: "access-production-, access-sandbox- or access-development- and a UUID",
        source: "plaid.com/docs: access tokens",
        finds: &[
            "access-production-{0123456789abcdef*8}-{0123*4}-{4567*4}-{89ab*4}-{0123456789abcdef*12}",
            "access-sandbox-{0123456789abcdef*8}-{0123*4}-{4567*4}-{89ab*4}-{0123456789abcdef*12}",
            "access-development-{0123456789abcdef*8}-{0123*4}-{4567*4}-{89ab*4}-{0123456789abcdef*12}",
        ],
        ignores: &[
            "access-production-{0123456789abcdef*8}-{0123*4}-{456",
            "xaccess-production-{0123456789abcdef*8}-{0123*4}-{4567*4}-{89ab*4}-{0123456789abcdef*12}",
        ],
        forms: &[Form::shape(
            &[Text("access-production-"), Text("access-sandbox-"), Text("access-development-")],
            UUID,
        )],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("ADYEN_KEY"),
        shape: "AQE, a small letter and 120 to 400 of A-Za-z0-9+/=_-, a dash among them; or 60 to 400 of A-Za-z0-9+/=_- beside a name with adyen",
        source: "docs.adyen.com: API keys, base64 and signs after dashes",
        finds: &["AQEyhmf{Fake1x-*130}", "ADYEN_API_KEY=«{k7Qz2mX9vB4tR8nW*60}»"],
        ignores: &["AQEBwAAB{Fake1x*130}", "AQEyhmf{Fake1x*40}", "ADYEN_API_KEY_URL={k7Qz2mX9vB4tR8nW*60}"],
        beside: &[Beside { words: &["adyen"], class: Class::ANY64, lengths: (60, 400) }],
        forms: &[Form::custom(&[Text("AQE")], true, vendor::adyen)],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("COINBASE_CDP_KEY"),
        shape: "organizations/UUID/apiKeys/UUID",
        source: "docs.cdp.coinbase.com: names of API keys",
        finds: &[
            "organizations/{0123abcd*8}-{0123*4}-{4567*4}-{89ab*4}-{0123abcd*12}/apiKeys/{0123abcd*8}-{0123*4}-{4567*4}-{89ab*4}-{0123abcd*12}",
        ],
        ignores: &["organizations/x/apiKeys/y"],
        forms: &[Form::custom(&[Text("/apiKeys/")], false, vendor::coinbase)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("PADDLE_KEY"),
        shape: "pdl_live_apikey_ or pdl_sdbx_apikey_ and 40 or more of A-Za-z0-9_",
        source: "developer.paddle.com: API keys",
        finds: &["pdl_live_apikey_{Fake1x*50}", "pdl_sdbx_apikey_{Fake1x*50}"],
        ignores: &["pdl_live_apikey_{Fake1x*18}", "pdl_live_apikey_"],
        forms: &[Form::certain(&[Text("pdl_live_apikey_"), Text("pdl_sdbx_apikey_")], Class::WORD, 40)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("GOCARDLESS_TOKEN"),
        shape: "live_ or sandbox_ and 40 of A-Za-z0-9_-, mixing cases and digits, by itself",
        source: "developer.gocardless.com: access tokens",
        finds: &["live_{Fake1x*40}", "sandbox_{Fake1x*40}"],
        ignores: &["live_{Fake1x*18}", "xlive_{Fake1x*40}"],
        forms: &[Form::lone(&[Text("live_"), Text("sandbox_")], Class::URL, (40, 40))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("LOB_KEY"),
        shape: "live_, test_, live_pub_ or test_pub_ and 31 to 35 hex digits",
        source: "docs.lob.com: API keys",
        finds: &[
            "live_{0123456789abcdef*35}",
            "test_{0123456789abcdef*35}",
            "live_pub_{0123456789abcdef*35}",
            "test_pub_{0123456789abcdef*35}",
        ],
        ignores: &["live_{0123456789abcdef*13}", "xlive_{0123456789abcdef*35}"],
        forms: &[Form::bounded(
            &[Text("live_"), Text("test_"), Text("live_pub_"), Text("test_pub_")],
            Class::HEX,
            (31, 35),
        )],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("EASYPOST_KEY"),
        shape: "EZAK or EZTK and 54 letters and digits",
        source: "docs.easypost.com: production and test keys",
        finds: &["EZAK{Fake1x*54}", "EZTK{Fake1x*54}"],
        ignores: &["EZAK{Fake1x*25}", "xEZAK{Fake1x*54}"],
        forms: &[Form::bounded(&[Text("EZAK"), Text("EZTK")], Class::ALNUM, (54, 54))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("SHIPPO_TOKEN"),
        shape: "shippo_live_ or shippo_test_ and 40 or more hex digits",
        source: "docs.goshippo.com: API tokens",
        finds: &["shippo_live_{0123456789abcdef*44}", "shippo_test_{0123456789abcdef*44}"],
        ignores: &["shippo_live_{0123456789abcdef*18}", "shippo_live_"],
        forms: &[Form::certain(&[Text("shippo_live_"), Text("shippo_test_")], Class::HEX, 40)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("DUFFEL_TOKEN"),
        shape: "duffel_test_ or duffel_live_ and 40 or more of A-Za-z0-9+/=_-",
        source: "duffel.com/docs: access tokens",
        finds: &["duffel_test_{Fake1x*43}", "duffel_live_{Fake1x*43}"],
        ignores: &["duffel_test_{Fake1x*18}", "duffel_test_"],
        forms: &[Form::certain(&[Text("duffel_test_"), Text("duffel_live_")], Class::ANY64, 40)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("MERCURY_TOKEN"),
        shape: "mercury_production_ or mercury_sandbox_ and 30 or more of A-Za-z0-9_",
        source: "docs.mercury.com: API tokens",
        finds: &["mercury_production_{Fake1x*60}", "mercury_sandbox_{Fake1x*60}"],
        ignores: &["mercury_production_{Fake1x*13}", "mercury_production_"],
        forms: &[Form::certain(&[Text("mercury_production_"), Text("mercury_sandbox_")], Class::WORD, 30)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("RAMP_SECRET"),
        shape: "ramp_sec_ and 40 or more letters and digits",
        source: "docs.ramp.com: client secrets",
        finds: &["ramp_sec_{Fake1x*48}"],
        ignores: &["ramp_sec_{Fake1x*18}", "ramp_sec_"],
        forms: &[Form::certain(&[Text("ramp_sec_")], Class::ALNUM, 40)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("PERSONA_KEY"),
        shape: "persona_production_ or persona_sandbox_ and 24 or more of A-Za-z0-9_-",
        source: "docs.withpersona.com: API keys",
        finds: &["persona_production_{Fake1x*40}", "persona_sandbox_{Fake1x*40}"],
        ignores: &["persona_production_{Fake1x*10}", "persona_production_"],
        forms: &[Form::certain(&[Text("persona_production_"), Text("persona_sandbox_")], Class::URL, 24)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("STYTCH_SECRET"),
        shape: "secret-live- or secret-test- and 36 or more of A-Za-z0-9_-",
        source: "stytch.com/docs: project secrets",
        finds: &["secret-live-{Fake1x*44}", "secret-test-{Fake1x*44}"],
        ignores: &["secret-live-{Fake1x*16}", "secret-live-"],
        forms: &[Form::certain(&[Text("secret-live-"), Text("secret-test-")], Class::URL, 36)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("ONFIDO_TOKEN"),
        shape: "api_live. or api_sandbox. and 30 to 60 of A-Za-z0-9_.-",
        source: "documentation.onfido.com: API tokens",
        finds: &["api_live.{Fake1x*30}", "api_sandbox.{Fake1x*30}"],
        ignores: &["api_live.{Fake1x*13}", "xapi_live.{Fake1x*30}"],
        forms: &[Form::bounded(&[Text("api_live."), Text("api_sandbox.")], Class::DOTTED, (30, 60))],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("BREX_TOKEN"),
        shape: "bxt_ and 30 or more letters and digits",
        source: "developer.brex.com: user tokens",
        finds: &["bxt_{Fake1x*40}"],
        ignores: &["bxt_{Fake1x*12}", "xbxt_{Fake1x*40}"],
        forms: &[Form::bounded(&[Text("bxt_")], Class::ALNUM, (30, usize::MAX))],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("WOOCOMMERCE_KEY"),
        shape: "ck_ or cs_ and 40 hex digits",
        source: "woocommerce.com/document/woocommerce-rest-api: consumer key and secret",
        finds: &["ck_{0123456789abcdef*40}", "cs_{0123456789abcdef*40}"],
        ignores: &["ck_{0123456789abcdef*32}", "xcs_{0123456789abcdef*40}"],
        forms: &[Form::bounded(&[Text("ck_"), Text("cs_")], Class::HEX, (40, 40))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("MOLLIE_KEY"),
        shape: "live_ or test_ and 30 letters and digits, mixing cases and digits, by itself",
        source: "docs.mollie.com: API keys",
        finds: &["live_{Fake1x*30}", "test_{Fake1x*30}"],
        ignores: &["live_{fake*30}", "xtest_{Fake1x*30}"],
        forms: &[Form::lone(&[Text("live_"), Text("test_")], Class::ALNUM, (30, 30))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("KLAVIYO_KEY"),
        shape: "pk_ and 34 hex digits",
        source: "developers.klaviyo.com: private keys",
        finds: &["pk_{0123456789abcdef*34}"],
        ignores: &["pk_{0123456789abcdef*20}", "xpk_{0123456789abcdef*34}"],
        forms: &[Form::bounded(&[Text("pk_")], Class::HEX, (34, 34))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("QUICKNODE_KEY"),
        shape: "QN_ and 32 hex digits",
        source: "quicknode.com/docs: API keys",
        finds: &["QN_{0123456789abcdef*32}"],
        ignores: &["QN_{0123456789abcdef*20}", "xQN_{0123456789abcdef*32}"],
        forms: &[Form::bounded(&[Text("QN_")], Class::HEX, (32, 32))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("LIVEBLOCKS_KEY"),
        shape: "sk_dev_ and 40 or more of A-Za-z0-9_-",
        source: "liveblocks.io/docs: secret keys",
        finds: &["sk_dev_{Fake1x_*64}"],
        ignores: &["sk_dev_{Fake*8}", "risk_dev_{Fake1x*64}"],
        forms: &[Form::bounded(&[Text("sk_dev_")], Class::URL, (40, usize::MAX))],
        ..Detector::CERTAIN
    },
];
