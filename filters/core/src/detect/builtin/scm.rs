//! More source hosting and builds.

use super::prelude::*;

pub(super) static DETECTORS: &[Detector] = &[
    Detector {
        kind: Kind::new("GITLAB_PAT"),
        shape: "glpat- and 20 or more of A-Za-z0-9_.-",
        source: "docs.gitlab.com/security/tokens: prefixes; the routable form has dots",
        finds: &["glpat-{Fake1x*24}"],
        ignores: &["glpat-{Fake1x*8}", "glpat-"],
        forms: &[Form::certain(&[Text("glpat-")], Class::DOTTED, 20)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("GITLAB_DEPLOY_TOKEN"),
        shape: "gldt- and 20 or more of A-Za-z0-9_-",
        source: "docs.gitlab.com/security/tokens",
        finds: &["gldt-{Fake1x*24}"],
        ignores: &["gldt-{Fake1x*8}", "gldt-"],
        forms: &[Form::certain(&[Text("gldt-")], Class::URL, 20)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("GITLAB_RUNNER_TOKEN"),
        shape: "glrt- or glrtr- and 20 or more of A-Za-z0-9_.-; or GR1348941 and 20 to 64 of A-Za-z0-9_-",
        source: "docs.gitlab.com/security/tokens",
        finds: &["glrt-{Fake1x*24}", "glrtr-{Fake1x*24}", "GR1348941{Fake1x*20}"],
        ignores: &["glrt-{Fake1x*8}", "glrt-", "GR1348941{Fake1x*8}", "xGR1348941{Fake1x*20}"],
        forms: &[
            Form::certain(&[Text("glrt-"), Text("glrtr-")], Class::DOTTED, 20),
            Form::bounded(&[Text("GR1348941")], Class::URL, (20, 64)),
        ],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("GITLAB_CI_JOB_TOKEN"),
        shape: "glcbt- and 20 or more of A-Za-z0-9_.-",
        source: "docs.gitlab.com/security/tokens",
        finds: &["glcbt-{Fake1x*24}"],
        ignores: &["glcbt-{Fake1x*8}", "glcbt-"],
        forms: &[Form::certain(&[Text("glcbt-")], Class::DOTTED, 20)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("GITLAB_OTHER_TOKEN"),
        shape: "glptt-, glft-, glimt-, glagent-, gloas-, glsoat-, glffct- or glwt- and 20 or more of A-Za-z0-9_-",
        source: "docs.gitlab.com/security/tokens: triggers, feeds, mail, agents, OAuth, SCIM, feature flags, workspaces",
        finds: &[
            "glptt-{Fake1x*24}",
            "glft-{Fake1x*24}",
            "glimt-{Fake1x*24}",
            "glagent-{Fake1x*24}",
            "gloas-{Fake1x*24}",
            "glsoat-{Fake1x*24}",
            "glffct-{Fake1x*24}",
            "glwt-{Fake1x*24}",
        ],
        ignores: &["glptt-{Fake1x*8}", "glptt-"],
        forms: &[Form::certain(
            &[
                Text("glptt-"),
                Text("glft-"),
                Text("glimt-"),
                Text("glagent-"),
                Text("gloas-"),
                Text("glsoat-"),
                Text("glffct-"),
                Text("glwt-"),
            ],
            Class::URL,
            20,
        )],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("BITBUCKET_APP_PASSWORD"),
        shape: "ATBB and 32 to 36 of A-Za-z0-9_-, mixing cases and digits, by itself",
        source: "support.atlassian.com: app passwords end in a checksum",
        finds: &["ATBB{Fake1x*32}"],
        ignores: &["ATBB{Fake1x*14}", "xATBB{Fake1x*32}"],
        forms: &[Form::lone(&[Text("ATBB")], Class::URL, (32, 36))],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("BITBUCKET_ACCESS_TOKEN"),
        shape: "ATCTT3 and 100 or more of A-Za-z0-9+/=_-",
        source: "support.atlassian.com: repository and workspace tokens",
        finds: &["ATCTT3{Fake1x*180}"],
        ignores: &["ATCTT3{Fake1x*48}", "xATCTT3{Fake1x*180}"],
        forms: &[Form::bounded(&[Text("ATCTT3")], Class::ANY64, (100, usize::MAX))],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("BITBUCKET_DC_TOKEN"),
        shape: "BBDC- and 40 or more of A-Za-z0-9+/=_-",
        source: "confluence.atlassian.com: HTTP access tokens",
        finds: &["BBDC-{Fake1x*44}"],
        ignores: &["BBDC-{Fake1x*18}", "xBBDC-{Fake1x*44}"],
        forms: &[Form::bounded(&[Anywhere("BBDC-")], Class::ANY64, (40, usize::MAX))],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("SOURCEGRAPH_TOKEN"),
        shape: "sgp_, slk_ or sgd_ and 40 to 120 of A-Za-z0-9_; or sgamp_user_ and 40 or more of A-Za-z0-9_",
        source: "sourcegraph.com/docs: access tokens",
        finds: &["sgp_{Fake1x*40}", "slk_{Fake1x*40}", "sgd_{Fake1x*40}", "sgamp_user_{Fake1x*40}"],
        ignores: &[
            "sgp_{Fake1x*18}",
            "xsgp_{Fake1x*40}",
            "sgamp_user_{Fake1x*18}",
            "xsgamp_user_{Fake1x*40}",
        ],
        forms: &[
            Form::bounded(&[Text("sgp_"), Text("slk_"), Text("sgd_")], Class::WORD, (40, 120)),
            Form::bounded(&[Text("sgamp_user_")], Class::WORD, (40, usize::MAX)),
        ],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("CIRCLECI_TOKEN"),
        shape: "CCIPAT_ or CCIPRJ_ and 50 or more of A-Za-z0-9_",
        source: "circleci.com/docs: personal and project tokens",
        finds: &["CCIPAT_{Fake1x*63}", "CCIPRJ_{Fake1x*63}"],
        ignores: &["CCIPAT_{Fake1x*23}", "CCIPAT_"],
        forms: &[Form::certain(&[Text("CCIPAT_"), Text("CCIPRJ_")], Class::WORD, 50)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("BUILDKITE_TOKEN"),
        shape: "bkua_, bkaj_, bkaa_, bkar_, bkct_, bkpat_, bkps_ or bkpt_ and 32 or more of A-Za-z0-9_-",
        source: "buildkite.com/docs: tokens by prefix",
        finds: &[
            "bkua_{Fake1x*40}",
            "bkaj_{Fake1x*40}",
            "bkaa_{Fake1x*40}",
            "bkar_{Fake1x*40}",
            "bkct_{Fake1x*40}",
            "bkpat_{Fake1x*40}",
            "bkps_{Fake1x*40}",
            "bkpt_{Fake1x*40}",
        ],
        ignores: &["bkua_{Fake1x*14}", "xbkua_{Fake1x*40}"],
        forms: &[Form::bounded(
            &[
                Text("bkua_"),
                Text("bkaj_"),
                Text("bkaa_"),
                Text("bkar_"),
                Text("bkct_"),
                Text("bkpat_"),
                Text("bkps_"),
                Text("bkpt_"),
            ],
            Class::URL,
            (32, usize::MAX),
        )],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("DRONE_TRAVIS_CI_TOKEN"),
        shape: "20 to 40 of A-Za-z0-9_- beside a name with travis, drone, codecov or coveralls that says it is a secret",
        source: "docs.travis-ci.com, docs.drone.io, docs.codecov.com: opaque tokens",
        finds: &["CODECOV_TOKEN=«{k7Qz2mX9vB4tR8nW*20}»"],
        ignores: &["CODECOV_TOKEN_URL={k7Qz2mX9vB4tR8nW*20}"],
        beside: &[Beside {
            words: &["travis", "drone", "codecov", "coveralls"],
            class: Class::URL,
            lengths: (20, 40),
        }],
        ..Detector::CONTEXT
    },
    Detector {
        kind: Kind::new("JENKINS_API_TOKEN"),
        shape: "32 to 34 hex digits beside a name with jenkins that says it is a secret",
        source: "jenkins.io/doc: API tokens are hex",
        finds: &["JENKINS_API_TOKEN=«{4f1c9a07e2d8b365*32}»"],
        ignores: &["JENKINS_API_TOKEN_URL={4f1c9a07e2d8b365*32}"],
        beside: &[Beside { words: &["jenkins"], class: Class::HEX, lengths: (32, 34) }],
        ..Detector::CONTEXT
    },
    Detector {
        kind: Kind::new("HARNESS_KEY"),
        shape: "pat. or sat. and 22 of A-Za-z0-9_-, ., 24 letters and digits, ., 20 letters and digits",
        source: "developer.harness.io: personal and service tokens",
        finds: &["pat.{Fake1x*22}.{Fake1x*24}.{Fake1x*20}", "sat.{Fake1x*22}.{Fake1x*24}.{Fake1x*20}"],
        ignores: &["pat.{Fake1x*22}.{Fake", "xpat.{Fake1x*22}.{Fake1x*24}.{Fake1x*20}"],
        forms: &[Form::shape(
            &[Text("pat."), Text("sat.")],
            &[
                Run(Class::URL, 22, 22),
                Is("."),
                Run(Class::ALNUM, 24, 24),
                Is("."),
                Run(Class::ALNUM, 20, 20),
            ],
        )],
        ..Detector::CERTAIN
    },
];
