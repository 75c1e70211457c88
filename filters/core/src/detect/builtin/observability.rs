//! Observability and work tools.

use super::prelude::*;

pub(super) static DETECTORS: &[Detector] = &[
    Detector {
        kind: Kind::new("DATADOG_API_KEY"),
        shape: "32 to 40 hex digits beside a name with datadog or dd_ that says it is a secret",
        source: "docs.datadoghq.com: API keys of 32 and application keys of 40 hex digits",
        finds: &["DD_API_KEY=«{4f1c9a07e2d8b365*32}»"],
        ignores: &["DD_API_KEY_URL={4f1c9a07e2d8b365*32}"],
        beside: &[Beside { words: &["datadog", "dd_"], class: Class::HEX, lengths: (32, 40) }],
        ..Detector::CONTEXT
    },
    Detector {
        kind: Kind::new("DATADOG_APP_KEY"),
        shape: "ddapp_ and 34 to 40 letters and digits",
        source: "docs.datadoghq.com: newer application keys",
        finds: &["ddapp_{Fake1x*34}"],
        ignores: &["ddapp_{Fake1x*15}", "xddapp_{Fake1x*34}"],
        forms: &[Form::bounded(&[Text("ddapp_")], Class::ALNUM, (34, 40))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("NEWRELIC_KEY"),
        shape: "NRAK-, NRII-, NRJS-, NRRA-, NRIQ- or NRBR- and 19 to 48 of A-Za-z0-9_-",
        source: "docs.newrelic.com: keys by prefix",
        finds: &[
            "NRAK-{Fake1x*27}",
            "NRII-{Fake1x*27}",
            "NRJS-{Fake1x*27}",
            "NRRA-{Fake1x*27}",
            "NRIQ-{Fake1x*27}",
            "NRBR-{Fake1x*27}",
        ],
        ignores: &["NRAK-{Fake1x*7}", "xNRAK-{Fake1x*27}"],
        forms: &[Form::bounded(
            &[Text("NRAK-"), Text("NRII-"), Text("NRJS-"), Text("NRRA-"), Text("NRIQ-"), Text("NRBR-")],
            Class::URL,
            (19, 48),
        )],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("NEWRELIC_LICENSE_KEY"),
        shape: "32 of a-f0-9x and FFFFNRAL",
        source: "docs.newrelic.com: licence keys",
        finds: &["{0123456789abcdef*32}FFFFNRAL", "eu01xx{0123456789abcdef*26}FFFFNRAL"],
        ignores: &["FFFFNRAL", "{0123*12}FFFFNRAL"],
        forms: &[Form::custom(&[Anywhere("FFFFNRAL")], false, vendor::newrelic)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("SENTRY_TOKEN"),
        shape: "sntrys_ and 60 or more of A-Za-z0-9+/=_-; or sntryu_ and 60 or more hex digits",
        source: "docs.sentry.io: organization and user tokens",
        finds: &["sntrys_{Fake1x*150}", "sntryu_{0123456789abcdef*64}"],
        ignores: &["sntrys_{Fake1x*28}", "sntrys_", "sntryu_{0123456789abcdef*28}", "sntryu_"],
        forms: &[
            Form::certain(&[Text("sntrys_")], Class::ANY64, 60),
            Form::certain(&[Text("sntryu_")], Class::HEX, 60),
        ],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("GRAFANA_TOKEN"),
        shape: "glsa_ and 32 or more of A-Za-z0-9_; or glc_ and 40 to 150 of A-Za-z0-9+/=_-; or eyJrIjoi and 60 or more of A-Za-z0-9+/=_-",
        source: "grafana.com/docs: service accounts, cloud policies, and older API keys in base64",
        finds: &["glsa_{Fake1x*41}", "glc_{Fake1x*40}", "eyJrIjoi{Fake1x*60}"],
        ignores: &[
            "glsa_{Fake1x*14}",
            "glsa_",
            "glc_{Fake1x*18}",
            "xglc_{Fake1x*40}",
            "eyJrIjoi{Fake1x*28}",
            "xeyJrIjoi{Fake1x*60}",
        ],
        forms: &[
            Form::certain(&[Text("glsa_")], Class::WORD, 32),
            Form::bounded(&[Text("glc_")], Class::ANY64, (40, 150)),
            Form::bounded(&[Text("eyJrIjoi")], Class::ANY64, (60, usize::MAX)),
        ],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("HONEYCOMB_KEY"),
        shape: "hcaik_, hcbik_ or hcamk_ and 50 or more letters and digits",
        source: "docs.honeycomb.io: ingest and management keys",
        finds: &["hcaik_{Fake1x*58}", "hcbik_{Fake1x*58}", "hcamk_{Fake1x*58}"],
        ignores: &["hcaik_{Fake1x*23}", "hcaik_"],
        forms: &[Form::certain(&[Text("hcaik_"), Text("hcbik_"), Text("hcamk_")], Class::ALNUM, 50)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("DYNATRACE_TOKEN"),
        shape: "dt0c01., dt0s01., dt0s02., dt0s08. or dt0s16. and 24 of A-Z0-9, ., 64 of A-Z0-9",
        source: "docs.dynatrace.com: token formats",
        finds: &[
            "dt0c01.{FAKE0*24}.{FAKE0*64}",
            "dt0s01.{FAKE0*24}.{FAKE0*64}",
            "dt0s02.{FAKE0*24}.{FAKE0*64}",
            "dt0s08.{FAKE0*24}.{FAKE0*64}",
            "dt0s16.{FAKE0*24}.{FAKE0*64}",
        ],
        ignores: &["dt0c01.{FAKE0*24}", "xdt0c01.{FAKE0*24}.{FAKE0*64}"],
        forms: &[Form::shape(
            &[Text("dt0c01."), Text("dt0s01."), Text("dt0s02."), Text("dt0s08."), Text("dt0s16.")],
            &[Run(Class::UPPER, 24, 24), Is("."), Run(Class::UPPER, 64, 64)],
        )],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("SPLUNK_HEC"),
        shape: "36 of A-Za-z0-9_- beside a name with splunk that says it is a secret",
        source: "docs.splunk.com: HTTP Event Collector tokens are UUIDs",
        finds: &["SPLUNK_HEC_TOKEN=«{4f1c9a07*8}-{4f1c*4}-{4a07*4}-{8d65*4}-{4f1c9a07e2d8*12}»"],
        ignores: &["SPLUNK_HEC_TOKEN_ID={4f1c9a07*8}-{4f1c*4}-{4a07*4}-{8d65*4}-{4f1c9a07e2d8*12}"],
        beside: &[Beside { words: &["splunk"], class: Class::URL, lengths: (36, 36) }],
        ..Detector::CONTEXT
    },
    Detector {
        kind: Kind::new("POSTHOG_KEY"),
        shape: "phx_, phc_ or phs_ and 32 or more of A-Za-z0-9_-",
        source: "posthog.com/docs: personal, project and feature-flag keys",
        finds: &["phx_{Fake1x*43}", "phc_{Fake1x*43}", "phs_{Fake1x*43}"],
        ignores: &["phx_{Fake1x*14}", "xphx_{Fake1x*43}"],
        forms: &[Form::bounded(&[Text("phx_"), Text("phc_"), Text("phs_")], Class::URL, (32, usize::MAX))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("SONARQUBE_TOKEN"),
        shape: "squ_, sqp_, sqa_ or sqco_ and 40 to 64 letters and digits",
        source: "docs.sonarsource.com: user, project and analysis tokens",
        finds: &["squ_{Fake1x*40}", "sqp_{Fake1x*40}", "sqa_{Fake1x*40}", "sqco_{Fake1x*40}"],
        ignores: &["squ_{Fake1x*18}", "xsqu_{Fake1x*40}"],
        forms: &[Form::bounded(
            &[Text("squ_"), Text("sqp_"), Text("sqa_"), Text("sqco_")],
            Class::ALNUM,
            (40, 64),
        )],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("SNYK_TOKEN"),
        shape: "snyk_uat. and 30 or more of A-Za-z0-9_.-; or 36 of A-Za-z0-9_- beside a name with snyk",
        source: "docs.snyk.io: tokens; before them UUIDs",
        finds: &[
            "snyk_uat.{Fake1x*30}",
            "snyk_uat.{fake1*8}.{Fake1x*50}",
            "SNYK_TOKEN=«{4f1c9a07*8}-{4f1c*4}-{4a07*4}-{8d65*4}-{4f1c9a07e2d8*12}»",
        ],
        ignores: &[
            "snyk_uat.{Fake1x*13}",
            "xsnyk_uat.{Fake1x*30}",
            "SNYK_TOKEN_ID={4f1c9a07*8}-{4f1c*4}-{4a07*4}-{8d65*4}-{4f1c9a07e2d8*12}",
        ],
        beside: &[Beside { words: &["snyk"], class: Class::URL, lengths: (36, 36) }],
        forms: &[
            Form::bounded(&[Text("snyk_uat.")], Class::DOTTED, (30, usize::MAX)),
            Form::custom(&[Before(b'.')], false, vendor::snyk),
        ],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("LAUNCHDARKLY_KEY"),
        shape: "api-, sdk- or mob- and a UUID",
        source: "launchdarkly.com/docs: API, SDK and mobile keys are UUIDs behind a prefix",
        finds: &[
            "api-{0123456789abcdef*8}-{0123*4}-{4567*4}-{89ab*4}-{0123456789abcdef*12}",
            "sdk-{0123456789abcdef*8}-{0123*4}-{4567*4}-{89ab*4}-{0123456789abcdef*12}",
            "mob-{0123456789abcdef*8}-{0123*4}-{4567*4}-{89ab*4}-{0123456789abcdef*12}",
        ],
        ignores: &[
            "api-{0123456789abcdef*8}-{0123*4}-{456",
            "xapi-{0123456789abcdef*8}-{0123*4}-{4567*4}-{89ab*4}-{0123456789abcdef*12}",
        ],
        forms: &[Form::shape(&[Text("api-"), Text("sdk-"), Text("mob-")], UUID)],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("AXIOM_TOKEN"),
        shape: "xaat- or xapt- and a UUID",
        source: "axiom.co/docs: API and personal tokens",
        finds: &[
            "xaat-{0123456789abcdef*8}-{0123*4}-{4567*4}-{89ab*4}-{0123456789abcdef*12}",
            "xapt-{0123456789abcdef*8}-{0123*4}-{4567*4}-{89ab*4}-{0123456789abcdef*12}",
        ],
        ignores: &[
            "xaat-{0123456789abcdef*8}-{0123*4}-{456",
            "xxaat-{0123456789abcdef*8}-{0123*4}-{4567*4}-{89ab*4}-{0123456789abcdef*12}",
        ],
        forms: &[Form::shape(&[Text("xaat-"), Text("xapt-")], UUID)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("ROOTLY_KEY"),
        shape: "rootly_ and 64 or more hex digits",
        source: "docs.rootly.com: API keys",
        finds: &["rootly_{0123456789abcdef*68}"],
        ignores: &["rootly_{0123456789abcdef*30}", "rootly_"],
        forms: &[Form::certain(&[Text("rootly_")], Class::HEX, 64)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("INFRACOST_KEY"),
        shape: "ico- and 32 letters and digits, mixing cases and digits, by itself",
        source: "infracost.io/docs: API keys",
        finds: &["ico-{Fake1x*32}"],
        ignores: &["ico-{Fake1x*14}", "xico-{Fake1x*32}"],
        forms: &[Form::lone(&[Text("ico-")], Class::ALNUM, (32, 32))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("OCTOPUS_KEY"),
        shape: "API- and 26 of A-Z0-9",
        source: "octopus.com/docs: API keys",
        finds: &["API-{FAKE0*26}"],
        ignores: &["API-{FAKE0*11}", "xAPI-{FAKE0*26}"],
        forms: &[Form::bounded(&[Text("API-")], Class::UPPER, (26, 26))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("PREFECT_TOKEN"),
        shape: "pnu_ or pnb_ and 36 letters and digits",
        source: "docs.prefect.io: user and bot keys",
        finds: &["pnu_{Fake1x*36}", "pnb_{Fake1x*36}"],
        ignores: &["pnu_{Fake1x*16}", "xpnu_{Fake1x*36}"],
        forms: &[Form::bounded(&[Text("pnu_"), Text("pnb_")], Class::ALNUM, (36, 36))],
        ..Detector::LIKELY
    },
];
