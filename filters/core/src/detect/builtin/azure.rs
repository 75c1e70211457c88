//! Azure: most keys carry a signature of their service at a fixed place.

use super::prelude::*;

pub(super) static DETECTORS: &[Detector] = &[
    Detector {
        kind: Kind::new("AZURE_STORAGE_KEY"),
        shape: "76 of A-Za-z0-9+/=, +ASt, 8 of A-Za-z0-9+/=; or 88 of A-Za-z0-9+/= beside a name with accountkey, storagekey, account_key or storage_key",
        source: "github.com/microsoft/security-utilities: identifiable keys",
        finds: &["{Fake1x*76}+ASt{Fake1x*8}", "AccountKey=«{k7Qz2mX9vB4tR8nW*86}==»"],
        ignores: &["+ASt", "{Fake1x*74}+ASt{Fake1x*8}", "AccountKey=${KEY}"],
        beside: &[Beside {
            words: &["accountkey", "storagekey", "account_key", "storage_key"],
            class: Class::BASE64,
            lengths: (88, 88),
        }],
        forms: &[Form::infix(&[Anywhere("+ASt")], (Class::BASE64, 76), Class::BASE64, (8, 8))],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("AZURE_COSMOS_KEY"),
        shape: "76 of A-Za-z0-9+/=, ACDb, 8 of A-Za-z0-9+/=",
        source: "github.com/microsoft/security-utilities: identifiable keys",
        finds: &["{Fake1x*76}ACDb{Fake1x*8}"],
        ignores: &["ACDb", "{Fake1x*74}ACDb{Fake1x*8}"],
        forms: &[Form::infix(&[Anywhere("ACDb")], (Class::BASE64, 76), Class::BASE64, (8, 8))],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("AZURE_DEVOPS_PAT"),
        shape: "76 letters and digits, AZDO, 4 letters and digits",
        source: "github.com/microsoft/security-utilities: identifiable keys",
        finds: &["{Fake1x*76}AZDO{Fake1x*4}"],
        ignores: &["AZDO", "{Fake1x*74}AZDO{Fake1x*4}"],
        forms: &[Form::infix(&[Anywhere("AZDO")], (Class::ALNUM, 76), Class::ALNUM, (4, 4))],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("AZURE_FUNCTION_CODE"),
        shape: "44 of A-Za-z0-9_-, AzFu, 6 to 8 of A-Za-z0-9+/=_-",
        source: "github.com/microsoft/security-utilities: identifiable keys",
        finds: &["{Fake1x*44}AzFu{Fake1x*6}"],
        ignores: &["AzFu", "{Fake1x*42}AzFu{Fake1x*6}"],
        forms: &[Form::infix(&[Anywhere("AzFu")], (Class::URL, 44), Class::ANY64, (6, 8))],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("AZURE_EVENTGRID_RELAY_KEY"),
        shape: "33 of A-Za-z0-9+/=, AZEG, AzEG, AIoT, +ASb, +AEh, +ARm or +AIoT, 6 to 8 of A-Za-z0-9+/=",
        source: "github.com/microsoft/security-utilities: identifiable keys",
        finds: &[
            "{Fake1x*33}AZEG{Fake1x*6}",
            "{Fake1x*33}AzEG{Fake1x*6}",
            "{Fake1x*33}AIoT{Fake1x*6}=",
            "{Fake1x*33}+ASb{Fake1x*6}",
            "{Fake1x*33}+AEh{Fake1x*6}",
            "{Fake1x*33}+ARm{Fake1x*6}",
            "{Fake1x*33}+AIoT{Fake1x*6}",
        ],
        ignores: &["AZEG", "{Fake1x*31}AZEG{Fake1x*6}"],
        forms: &[Form::infix(
            &[
                Anywhere("AZEG"),
                Anywhere("AzEG"),
                Anywhere("AIoT"),
                Anywhere("+ASb"),
                Anywhere("+AEh"),
                Anywhere("+ARm"),
                Anywhere("+AIoT"),
            ],
            (Class::BASE64, 33),
            Class::BASE64,
            (6, 8),
        )],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("AZURE_IDENTIFIABLE_KEY"),
        shape: "76 of A-Za-z0-9+/=, +ABa or APIM, 8 of A-Za-z0-9+/=; or 42 of A-Za-z0-9+/=, AzSe or +ACR, 6 of A-Za-z0-9+/=; or 33 of A-Za-z0-9+/=, AzCa, 7 of A-Za-z0-9+/=; or 52 letters and digits, JQQJ9, 26 to 32 of A-Za-z0-9+/=_-",
        source: "github.com/microsoft/security-utilities: identifiable keys",
        finds: &[
            "{Fake1x*76}+ABa{Fake1x*8}",
            "{Fake1x*76}APIM{Fake1x*8}",
            "{Fake1x*42}AzSe{Fake1x*6}",
            "{Fake1x*42}+ACR{Fake1x*6}",
            "{Fake1x*33}AzCa{Fake1x*7}",
            "{Fake1x*52}JQQJ9{Fake1x*26}",
        ],
        ignores: &[
            "+ABa",
            "{Fake1x*74}+ABa{Fake1x*8}",
            "AzSe",
            "{Fake1x*40}AzSe{Fake1x*6}",
            "AzCa",
            "{Fake1x*31}AzCa{Fake1x*7}",
            "JQQJ9",
            "{Fake1x*50}JQQJ9{Fake1x*26}",
        ],
        forms: &[
            Form::infix(&[Anywhere("+ABa"), Anywhere("APIM")], (Class::BASE64, 76), Class::BASE64, (8, 8)),
            Form::infix(&[Anywhere("AzSe"), Anywhere("+ACR")], (Class::BASE64, 42), Class::BASE64, (6, 6)),
            Form::infix(&[Anywhere("AzCa")], (Class::BASE64, 33), Class::BASE64, (7, 7)),
            Form::infix(&[Anywhere("JQQJ9")], (Class::ALNUM, 52), Class::ANY64, (26, 32)),
        ],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("AZURE_CLIENT_SECRET"),
        shape: "3 of A-Za-z0-9_.~-, a digit, Q~ and 31 to 34 more",
        source: "learn.microsoft.com/entra: application secrets",
        finds: &["abc8Q~{Fake1x*34}", "a.c7Q~{Fake1x_.*34}", "~_c9Q~{Fake1x*31}"],
        ignores: &["8Q~", "abc8Q~{Fake1x*12}"],
        forms: &[Form::custom(&[Anywhere("Q~")], false, vendor::azure_client)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("AZURE_SERVICEBUS_CONN"),
        shape: "40 to 90 of A-Za-z0-9+/= beside a name with sharedaccesskey, shared_access_key or sharedkey that says it is a secret",
        source: "learn.microsoft.com/azure: shared access keys of connection strings",
        finds: &["SharedAccessKey=«{k7Qz2mX9vB4tR8nW*43}=»"],
        ignores: &["SharedAccessKeyName=RootManageSharedAccessKey"],
        beside: &[Beside {
            words: &["sharedaccesskey", "shared_access_key", "sharedkey"],
            class: Class::BASE64,
            lengths: (40, 90),
        }],
        ..Detector::CONTEXT
    },
];
