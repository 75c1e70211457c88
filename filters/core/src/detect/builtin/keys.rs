//! Keys of cryptography and of secret stores.

use super::prelude::*;

pub(super) static DETECTORS: &[Detector] = &[
    Detector {
        kind: Kind::new("AGE_SECRET_KEY"),
        shape: "AGE-SECRET-KEY-1 or AGE-SECRET-KEY-PQ-1 and 50 or more of A-Z0-9, in practice 58; or \
                all of it in lower case",
        source: "age-encryption.org/v1: Bech32, which is one case throughout",
        finds: &["AGE-SECRET-KEY-1{FAKE*58}", "AGE-SECRET-KEY-PQ-1{FAKE*58}", "age-secret-key-1{fake*58}"],
        ignores: &["AGE-SECRET-KEY-1", "AGE-SECRET-KEY-1EXAMPLE", "age1{fake*58}"],
        forms: &[
            Form::certain(&[Text("AGE-SECRET-KEY-1"), Text("AGE-SECRET-KEY-PQ-1")], Class::UPPER, 50),
            Form::certain(&[Text("age-secret-key-1"), Text("age-secret-key-pq-1")], Class::LOWER, 50),
        ],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("VAULT_TOKEN"),
        shape: "hvs., hvb. or hvr. and 20 or more of A-Za-z0-9_-; or s. or b. and exactly 24 letters \
                and digits that mix cases and digits",
        source: "developer.hashicorp.com/vault/docs/concepts/tokens: prefixes from 1.10 on and before",
        finds: &["hvs.{FAKE*24}", "hvs.CAESI{FAKE_-*90}", "hvb.{FAKE*120}", "hvr.{FAKE*24}", "s.{Fake1x*24}"],
        ignores: &[
            "hvs.",
            "hvs.name",
            "s.{fake*24}",
            "this.{Fake1x*24}",
            "s.{Fake1x*24}()",
            "x.s.{Fake1x*24}",
        ],
        forms: &[
            Form::bounded(&[Text("hvs."), Text("hvb."), Text("hvr.")], Class::URL, (20, usize::MAX)),
            Form::custom(&[Before(b'.')], false, structure::vault_legacy),
        ],
        ..Detector::LIKELY
    },
    Detector {
        kind: Kind::new("PEM_BLOCK"),
        shape: "-----BEGIN … PRIVATE KEY…----- or ---- BEGIN … PRIVATE KEY ---- to its END or to the end of its \
                key material; or PuTTY-User-Key-File- to Private-MAC",
        source: "RFC 7468, RFC 1421, RFC 4716, RFC 9580 §6, openssh PROTOCOL.key, the PuTTY manual",
        finds: &[
            "-----BEGIN RSA PRIVATE KEY-----\n{FAKE*64}\n{FAKE*20}==\n-----END RSA PRIVATE KEY-----",
            "-----BEGIN PRIVATE KEY-----\\n{FAKE*64}\\n{FAKE*20}\\n-----END PRIVATE KEY-----",
            "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n{FAKE*64}\n{FAKE*20}\n=FAKE\n-----END PGP PRIVATE KEY BLOCK-----",
            "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nComment: \"fake\"\n{FAKE*70}\n{FAKE*9}\n---- END SSH2 ENCRYPTED PRIVATE KEY ----",
            "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: fake\nPublic-Lines: 1\n{FAKE*64}\nPrivate-Lines: 1\n{FAKE*48}\nPrivate-MAC: {fade*64}",
        ],
        ignores: &[
            "-----BEGIN PUBLIC KEY-----\n{FAKE*64}\n-----END PUBLIC KEY-----",
            "-----BEGIN CERTIFICATE-----\n{FAKE*64}\n{FAKE*20}==\n-----END CERTIFICATE-----",
            "-----BEGIN RSA PRIVATE KEY-----",
            "key.replace(\"-----BEGIN PRIVATE KEY-----\", \"\").replace(\"-----END PRIVATE KEY-----\", \"\")",
            "f\"-----BEGIN PRIVATE KEY-----\\n{body}\\n-----END PRIVATE KEY-----\"",
            "-----BEGIN PRIVATE KEY-----\nMIIE...\n-----END PRIVATE KEY-----",
        ],
        forms: &[
            Form::custom(&[Anywhere(pem::LABEL)], false, pem::armoured),
            Form::custom(&[Text(pem::PUTTY)], false, pem::putty),
        ],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("BIP32_PRIVATE_KEY"),
        shape: "xprv, yprv, zprv or tprv and 107 letters and digits",
        source: "BIP 32: extended private keys in base58",
        finds: &["xprv{Fake1x*107}", "tprv{Fake1x*107}"],
        ignores: &["xprv{Fake1x*50}", "xpub{Fake1x*107}"],
        forms: &[Form::bounded(
            &[Text("xprv"), Text("yprv"), Text("zprv"), Text("tprv")],
            Class::ALNUM,
            (107, 107),
        )],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("ANSIBLE_VAULT"),
        shape: "$ANSIBLE_VAULT;, version and cipher, and the lines of hex digits below",
        source: "docs.ansible.com: the format of files encrypted with Ansible Vault",
        finds: &[
            "$ANSIBLE_VAULT;1.1;AES256\\n{33616638*80}\\n{3361*40}",
            "$ANSIBLE_VAULT;1.2;AES256;dev\\n          {33616638*80}\\n          {3361*40}",
        ],
        ignores: &["$ANSIBLE_VAULT;1.1;AES256", "$ANSIBLE_VAULT;1.1;AES256\\nnot hex"],
        forms: &[Form::custom(&[Anywhere("$ANSIBLE_VAULT;")], false, vendor::ansible)],
        ..Detector::CERTAIN
    },
    Detector {
        kind: Kind::new("PASETO_TOKEN"),
        shape: "v1 to v4, .local. or .public. and 40 or more of A-Za-z0-9_.-",
        source: "paseto.io: platform-agnostic security tokens",
        finds: &["v4.local.{Fake1x-_*120}", "v2.public.{Fake1x-_*120}"],
        ignores: &["v4.local.{Fake*12}", "xv4.local.{Fake1x*120}"],
        forms: &[Form::bounded(
            &[
                Text("v1.local."),
                Text("v2.local."),
                Text("v3.local."),
                Text("v4.local."),
                Text("v1.public."),
                Text("v2.public."),
                Text("v3.public."),
                Text("v4.public."),
            ],
            Class::DOTTED,
            (40, usize::MAX),
        )],
        ..Detector::CERTAIN
    },
];
