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
];
