//! Infrastructure, secret stores, identity.

use super::prelude::*;

pub(super) static DETECTORS: &[Detector] = &[
    Detector {
        kind: Kind::new("TERRAFORM_CLOUD_TOKEN"),
        shape: "14 letters and digits, .atlasv1. and 60 or more of A-Za-z0-9_-",
        source: "developer.hashicorp.com/terraform/cloud-docs: API tokens",
        finds: &["{Fake1x*14}.atlasv1.{Fake1x*67}"],
        ignores: &["x.atlasv1.{Fake1x*67}", "{Fake1x*14}.atlasv1.{Fake1x*20}"],
        forms: &[Form::custom(&[Text(".atlasv1.")], false, vendor::terraform)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("PULUMI_TOKEN"),
        shape: "pul- and 40 hex digits",
        source: "pulumi.com/docs: access tokens",
        finds: &["pul-{0123456789abcdef*40}"],
        ignores: &["pul-{0123456789abcdef*18}", "xpul-{0123456789abcdef*40}"],
        forms: &[Form::bounded(&[Text("pul-")], Class::HEX, (40, 40))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("DOPPLER_TOKEN"),
        shape: "dp.pt., dp.st., dp.ct., dp.sa., dp.scim. or dp.audit. and 40 or more of A-Za-z0-9_.-",
        source: "docs.doppler.com: token formats; a service token may name its config",
        finds: &[
            "dp.pt.{Fake1x*40}",
            "dp.st.{Fake1x*40}",
            "dp.ct.{Fake1x*40}",
            "dp.sa.{Fake1x*40}",
            "dp.scim.{Fake1x*40}",
            "dp.audit.{Fake1x*40}",
        ],
        ignores: &["dp.pt.{Fake1x*18}", "xdp.pt.{Fake1x*40}"],
        forms: &[Form::bounded(
            &[
                Text("dp.pt."),
                Text("dp.st."),
                Text("dp.ct."),
                Text("dp.sa."),
                Text("dp.scim."),
                Text("dp.audit."),
            ],
            Class::DOTTED,
            (40, usize::MAX),
        )],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("INFISICAL_TOKEN"),
        shape: "st. and 20 to 40 hex digits, ., 30 to 40 hex digits, ., 30 to 40 hex digits",
        source: "infisical.com/docs: service tokens",
        finds: &["st.{0123456789abcdef*20}.{0123456789abcdef*30}.{0123456789abcdef*30}"],
        ignores: &[
            "st.{0123456789abcdef*20}.{012345678",
            "xst.{0123456789abcdef*20}.{0123456789abcdef*30}.{0123456789abcdef*30}",
        ],
        forms: &[Form::shape(
            &[Text("st.")],
            &[Run(Class::HEX, 20, 40), Is("."), Run(Class::HEX, 30, 40), Is("."), Run(Class::HEX, 30, 40)],
        )],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("ONEPASSWORD_SERVICE_TOKEN"),
        shape: "ops_eyJ and 150 or more of A-Za-z0-9+/=_-",
        source: "developer.1password.com: service accounts, base64 of JSON",
        finds: &["ops_eyJ{Fake1x*300}"],
        ignores: &["ops_eyJ{Fake1x*73}", "ops_eyJ"],
        forms: &[Form::certain(&[Text("ops_eyJ")], Class::ANY64, 150)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("ONEPASSWORD_SECRET_KEY"),
        shape: "A3- and 6 of A-Z0-9, -, 11 of A-Z0-9, -, 5 of A-Z0-9, -, 5 of A-Z0-9, -, 5 of A-Z0-9; or A3- and 6 of A-Z0-9, -, 6 of A-Z0-9, -, 5 of A-Z0-9, -, 5 of A-Z0-9, -, 5 of A-Z0-9, -, 5 of A-Z0-9",
        source: "support.1password.com: Secret Key",
        finds: &[
            "A3-{FAKE0*6}-{FAKE0*11}-{FAKE0*5}-{FAKE0*5}-{FAKE0*5}",
            "A3-{FAKE0*6}-{FAKE0*6}-{FAKE0*5}-{FAKE0*5}-{FAKE0*5}-{FAKE0*5}",
        ],
        ignores: &[
            "A3-{FAKE0*6}-{FAKE0*11}-{FAK",
            "xA3-{FAKE0*6}-{FAKE0*11}-{FAKE0*5}-{FAKE0*5}-{FAKE0*5}",
            "A3-{FAKE0*6}-{FAKE0*6}-{FAKE0*5}",
            "xA3-{FAKE0*6}-{FAKE0*6}-{FAKE0*5}-{FAKE0*5}-{FAKE0*5}-{FAKE0*5}",
        ],
        forms: &[
            Form::shape(
                &[Text("A3-")],
                &[
                    Run(Class::UPPER, 6, 6),
                    Is("-"),
                    Run(Class::UPPER, 11, 11),
                    Is("-"),
                    Run(Class::UPPER, 5, 5),
                    Is("-"),
                    Run(Class::UPPER, 5, 5),
                    Is("-"),
                    Run(Class::UPPER, 5, 5),
                ],
            ),
            Form::shape(
                &[Text("A3-")],
                &[
                    Run(Class::UPPER, 6, 6),
                    Is("-"),
                    Run(Class::UPPER, 6, 6),
                    Is("-"),
                    Run(Class::UPPER, 5, 5),
                    Is("-"),
                    Run(Class::UPPER, 5, 5),
                    Is("-"),
                    Run(Class::UPPER, 5, 5),
                    Is("-"),
                    Run(Class::UPPER, 5, 5),
                ],
            ),
        ],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("TAILSCALE_KEY"),
        shape: "tskey-auth-, tskey-api-, tskey-client-, tskey-scim- or tskey-webhook- and 20 or more of A-Za-z0-9_-",
        source: "tailscale.com/kb: auth, API, OAuth, SCIM and webhook keys",
        finds: &[
            "tskey-auth-{Fake1x*37}",
            "tskey-api-{Fake1x*37}",
            "tskey-client-{Fake1x*37}",
            "tskey-scim-{Fake1x*37}",
            "tskey-webhook-{Fake1x*37}",
        ],
        ignores: &["tskey-auth-{Fake1x*8}", "tskey-auth-"],
        forms: &[Form::certain(
            &[
                Text("tskey-auth-"),
                Text("tskey-api-"),
                Text("tskey-client-"),
                Text("tskey-scim-"),
                Text("tskey-webhook-"),
            ],
            Class::URL,
            20,
        )],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("NGROK_TOKEN"),
        shape: "40 to 52 of A-Za-z0-9_- beside a name with ngrok that says it is a secret",
        source: "ngrok.com/docs: authtokens",
        finds: &["NGROK_AUTHTOKEN=«{k7Qz2mX9vB4tR8nW*40}»"],
        ignores: &["NGROK_AUTHTOKEN_URL={k7Qz2mX9vB4tR8nW*40}"],
        beside: &[Beside { words: &["ngrok"], class: Class::URL, lengths: (40, 52) }],
        ..Detector::CONTEXT
    },
    Detector {
        kind: Kind::new("DOCKERHUB_TOKEN"),
        shape: "dckr_pat_ or dckr_oat_ and 24 or more of A-Za-z0-9_-",
        source: "docs.docker.com: personal and organization access tokens",
        finds: &["dckr_pat_{Fake1x*27}", "dckr_oat_{Fake1x*27}"],
        ignores: &["dckr_pat_{Fake1x*10}", "dckr_pat_"],
        forms: &[Form::certain(&[Text("dckr_pat_"), Text("dckr_oat_")], Class::URL, 24)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("DOCKER_SWARM_KEY"),
        shape: "SWMTKN-1- or SWMKEY-1- and 40 or more of A-Za-z0-9+/=_-",
        source: "docs.docker.com/engine/swarm: join tokens and unlock keys",
        finds: &["SWMTKN-1-{Fake1x*75}", "SWMKEY-1-{Fake1x*75}"],
        ignores: &["SWMTKN-1-{Fake1x*18}", "SWMTKN-1-"],
        forms: &[Form::certain(&[Text("SWMTKN-1-"), Text("SWMKEY-1-")], Class::ANY64, 40)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("OPENSHIFT_TOKEN"),
        shape: "sha256~ and 43 of A-Za-z0-9_-",
        source: "docs.openshift.com: user tokens",
        finds: &["sha256~{Fake1x*43}"],
        ignores: &["sha256~{Fake1x*19}", "xsha256~{Fake1x*43}"],
        forms: &[Form::bounded(&[Text("sha256~")], Class::URL, (43, 43))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("NKEY_SEED"),
        shape: "SUA, SAA, SOA, SNA, SXA or SCA and 55 of A-Z0-9",
        source: "docs.nats.io: nkeys, base32 with a checksum",
        finds: &[
            "SUA{FAKE0*55}",
            "SAA{FAKE0*55}",
            "SOA{FAKE0*55}",
            "SNA{FAKE0*55}",
            "SXA{FAKE0*55}",
            "SCA{FAKE0*55}",
        ],
        ignores: &["SUA{FAKE0*25}", "xSUA{FAKE0*55}"],
        forms: &[Form::bounded(
            &[Text("SUA"), Text("SAA"), Text("SOA"), Text("SNA"), Text("SXA"), Text("SCA")],
            Class::UPPER,
            (55, 55),
        )],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("GITPOD_TOKEN"),
        shape: "gitpod_pat_ and 30 or more of A-Za-z0-9_-",
        source: "gitpod.io/docs: personal access tokens",
        finds: &["gitpod_pat_{Fake1x*60}"],
        ignores: &["gitpod_pat_{Fake1x*13}", "gitpod_pat_"],
        forms: &[Form::certain(&[Text("gitpod_pat_")], Class::URL, 30)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("TRIGGER_DEV_KEY"),
        shape: "tr_prod_, tr_dev_ or tr_stg_ and 20 or more letters and digits",
        source: "trigger.dev/docs: secret keys by environment",
        finds: &["tr_prod_{Fake1x*24}", "tr_dev_{Fake1x*24}", "tr_stg_{Fake1x*24}"],
        ignores: &["tr_prod_{Fake1x*8}", "tr_prod_"],
        forms: &[Form::certain(&[Text("tr_prod_"), Text("tr_dev_"), Text("tr_stg_")], Class::ALNUM, 20)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("INNGEST_SIGNING_KEY"),
        shape: "signkey-prod-, signkey-test- or signkey-branch- and 32 or more hex digits",
        source: "inngest.com/docs: signing keys",
        finds: &[
            "signkey-prod-{0123456789abcdef*64}",
            "signkey-test-{0123456789abcdef*64}",
            "signkey-branch-{0123456789abcdef*64}",
        ],
        ignores: &["signkey-prod-{0123456789abcdef*14}", "signkey-prod-"],
        forms: &[Form::certain(
            &[Text("signkey-prod-"), Text("signkey-test-"), Text("signkey-branch-")],
            Class::HEX,
            32,
        )],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("WAKATIME_KEY"),
        shape: "waka_ and a UUID",
        source: "wakatime.com/developers: API keys",
        finds: &["waka_{0123456789abcdef*8}-{0123*4}-{4567*4}-{89ab*4}-{0123456789abcdef*12}"],
        ignores: &[
            "waka_{0123456789abcdef*8}-{0123*4}-{456",
            "xwaka_{0123456789abcdef*8}-{0123*4}-{4567*4}-{89ab*4}-{0123456789abcdef*12}",
        ],
        forms: &[Form::shape(&[Text("waka_")], UUID)],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("CHROMATIC_TOKEN"),
        shape: "chpt_ and 12 to 20 hex digits",
        source: "chromatic.com/docs: project tokens",
        finds: &["chpt_{0123456789abcdef*15}"],
        ignores: &["chpt_{0123456789abcdef*4}", "xchpt_{0123456789abcdef*15}"],
        forms: &[Form::bounded(&[Text("chpt_")], Class::HEX, (12, 20))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("DBT_TOKEN"),
        shape: "dbtc_ or dbtu_ and 32 or more of A-Za-z0-9_-",
        source: "docs.getdbt.com: service and personal tokens",
        finds: &["dbtc_{Fake1x*40}", "dbtu_{Fake1x*40}"],
        ignores: &["dbtc_{Fake1x*14}", "xdbtc_{Fake1x*40}"],
        forms: &[Form::bounded(&[Text("dbtc_"), Text("dbtu_")], Class::URL, (32, usize::MAX))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("N8N_API_KEY"),
        shape: "n8n_api_ and 40 or more of A-Za-z0-9_-",
        source: "docs.n8n.io: API keys",
        finds: &["n8n_api_{Fake1x*80}"],
        ignores: &["n8n_api_{Fake1x*18}", "n8n_api_"],
        forms: &[Form::certain(&[Text("n8n_api_")], Class::URL, 40)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("OKTA_TOKEN"),
        shape: "42 of A-Za-z0-9_- beside a name with okta that says it is a secret",
        source: "developer.okta.com: API tokens start with 00",
        finds: &["OKTA_API_TOKEN=«00{k7Qz2mX9vB4tR8nW*40}»"],
        ignores: &["OKTA_URL=00{k7Qz2mX9vB4tR8nW*40}"],
        beside: &[Beside { words: &["okta"], class: Class::URL, lengths: (42, 42) }],
        ..Detector::CONTEXT
    },
    Detector {
        kind: Kind::new("AUTH0_CLIENT_SECRET"),
        shape: "64 of A-Za-z0-9_- beside a name with auth0 that says it is a secret",
        source: "auth0.com/docs: client secrets have no prefix",
        finds: &["AUTH0_CLIENT_SECRET=«{k7Qz2mX9vB4tR8nW*64}»"],
        ignores: &["AUTH0_CLIENT_SECRET_URL={k7Qz2mX9vB4tR8nW*64}"],
        beside: &[Beside { words: &["auth0"], class: Class::URL, lengths: (64, 64) }],
        ..Detector::CONTEXT
    },
    Detector {
        kind: Kind::new("AUTHRESS_KEY"),
        shape: "sc_, ext_, scauth_ or authress_, 5 to 30 and 4 to 6 letters and digits, .acc_ or .acc-, 10 to 32 more, 30 to 120 of base64",
        source: "authress.io/knowledge-base: service client keys",
        finds: &[
            "sc_{fake1*10}.{fake*4}.acc_{fake1*14}.{Fake1x*40}",
            "ext_{fake1*12}.{fake*5}.acc-{fake1*20}.{Fake1x*44}=",
        ],
        ignores: &["x.acc_{fake1*14}.{Fake1x*40}"],
        forms: &[Form::custom(&[Text(".acc_"), Text(".acc-")], false, vendor::authress)],
        ..Detector::CERTAIN
    },
];
