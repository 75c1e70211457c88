//! Private keys in the dress that tools put them in.

use crate::detect::{Detectors, Leaf, expand};

/// The text of every PEM_BLOCK in `text`.
fn blocks(text: &str) -> Vec<&str> {
    let mut spans = Vec::new();
    let leaf = Leaf { text: text.as_bytes(), key: None };
    Detectors::builtin().scan(leaf, &mut spans);
    assert!(spans.iter().all(|span| span.kind.label() == "PEM_BLOCK"), "{spans:?}");
    spans.iter().map(|span| &text[span.range()]).collect()
}

/// The lines of a key under `label`: 25 full ones and a short one.
fn key(label: &str) -> Vec<String> {
    let mut lines = vec![format!("-----BEGIN {label}-----")];
    for line in 0..25 {
        lines.push(expand(&format!("{{MIIE/FAKE+{line}x*64}}")));
    }
    lines.push(expand("{FAKE*18}=="));
    lines.push(format!("-----END {label}-----"));
    lines
}

#[test]
fn every_label_of_a_private_key_is_found_and_no_other() {
    let private = [
        "PRIVATE KEY",
        "RSA PRIVATE KEY",
        "EC PRIVATE KEY",
        "DSA PRIVATE KEY",
        "OPENSSH PRIVATE KEY",
        "ENCRYPTED PRIVATE KEY",
        "ED25519 PRIVATE KEY",
        "PGP PRIVATE KEY BLOCK",
        "ANY PRIVATE KEY",
    ];
    for label in private {
        let text = key(label).join("\n");
        assert_eq!(blocks(&format!("key:\n{text}\n")), [&text]);
    }
    for label in ["PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE", "PGP PUBLIC KEY BLOCK", "X509 CRL"] {
        assert_eq!(blocks(&key(label).join("\n")), [""; 0]);
    }
}

#[test]
fn separators_of_every_kind() {
    for separator in ["\n", "\r\n", "\\n", "\\r\\n", "\\\\n", "\\\\\\\\n", " ", "", "\n\n", "\\\n", "%0A"] {
        let text = key("RSA PRIVATE KEY").join(separator);
        for (before, after) in [("", ""), ("\"", "\""), ("KEY='", "'\nNEXT=1"), ("> ", "\\n\",\"a\":1")] {
            assert_eq!(blocks(&format!("{before}{text}{after}")), [&text], "{separator:?}");
        }
    }
}

#[test]
fn prefixes_of_every_kind() {
    let numbered: [fn(usize) -> String; 14] = [
        |n| format!("L{n}: "),
        |n| format!("line {n}: "),
        |n| format!("{n}\t"),
        |n| format!("{n:>6}\t"),
        |n| format!("{n}: "),
        |n| format!(" {n} | "),
        |n| format!("{n:>6}→"),
        |n| format!("{n}:"),
        |n| format!("key.pem:{n}:"),
        |_| "    ".into(),
        |_| "+".into(),
        |_| "> ".into(),
        |_| "# ".into(),
        |n| format!("{n}\\t"),
    ];
    for prefix in numbered {
        let lines = key("OPENSSH PRIVATE KEY").into_iter().enumerate();
        let lines: Vec<_> = lines.map(|(n, line)| prefix(n + 1) + &line).collect();
        for separator in ["\n", "\r\n", "\\n", "<br>", "%0A", "\\u000a", "\\x0a", "\\012", "&#10;"] {
            let text = lines.join(separator);
            let start = prefix(1).len();
            assert_eq!(blocks(&format!("{text}{separator}rest")), [&text[start..]], "{text}");
        }
    }
}

#[test]
fn quoted_lines_of_source_code() {
    let lines: Vec<_> = key("EC PRIVATE KEY").iter().map(|line| format!("    \"{line}\\n\"")).collect();
    for joint in [" +\n", "\n", ",\n", " \\\n"] {
        let text = format!("const KEY =\n{};\n", lines.join(joint));
        let [block] = blocks(&text)[..] else { panic!("{text}") };
        assert!(block.starts_with("-----BEGIN") && block.ends_with("KEY-----"), "{block}");
    }
}

#[test]
fn armour_headers_belong_to_the_block() {
    let mut lines = key("RSA PRIVATE KEY");
    lines.insert(1, "Proc-Type: 4,ENCRYPTED".into());
    lines.insert(2, "DEK-Info: AES-128-CBC,0123456789ABCDEF0123456789ABCDEF".into());
    lines.insert(3, String::new());
    for separator in ["\n", "\\n"] {
        let text = lines.join(separator);
        assert_eq!(blocks(&text), [&text]);
    }
}

#[test]
fn a_key_without_end_ends_with_its_material() {
    let lines = key("RSA PRIVATE KEY");
    for separator in ["\n", "\\n", "\r\n"] {
        let whole = lines[..8].join(separator);
        for cut in [whole.clone(), whole.clone() + separator + &lines[8][..11]] {
            assert_eq!(blocks(&cut), [&cut]);
            for mark in [
                "[… truncated …]",
                "… [command truncated: 1115 more chars…]",
                "\n\n[output truncated]",
                "\n... (12 lines omitted)",
                "\",\"stderr\":\"\"",
                "\n```\nThe key was cut off here.",
            ] {
                let text = format!("{cut}{mark}");
                let [block] = blocks(&text)[..] else { panic!("{text}") };
                assert_eq!(block, cut, "{mark}");
            }
        }
    }
}

#[test]
fn a_gap_in_the_middle_belongs_to_the_block() {
    let mut lines = key("RSA PRIVATE KEY");
    lines.insert(9, "[... 300 bytes truncated ...]".into());
    let text = lines.join("\n");
    assert_eq!(blocks(&text), [&text]);
}

#[test]
fn keys_in_a_row_are_separate() {
    let (one, two) = (key("RSA PRIVATE KEY").join("\n"), key("EC PRIVATE KEY").join("\n"));
    for between in ["\n", "\n\n", "", " ", "\nprose between them\n"] {
        assert_eq!(blocks(&format!("{one}{between}{two}")), [&one, &two]);
    }
    let cut = &one[..200];
    assert_eq!(blocks(&format!("{cut}\n{two}")), [cut, &two]);
    let certificate = key("CERTIFICATE").join("\n");
    assert_eq!(blocks(&format!("{certificate}\n{one}\n{certificate}")), [&one]);
}

#[test]
fn a_key_of_any_size() {
    let body = expand("{FAKE*64}\n").repeat(20_000);
    let text = format!("-----BEGIN PRIVATE KEY-----\n{body}-----END PRIVATE KEY-----");
    assert_eq!(blocks(&text), [&text]);
    let line = expand("{FAKE*300000}");
    let text = format!("-----BEGIN PRIVATE KEY-----\n{line}\n-----END PRIVATE KEY-----");
    assert_eq!(blocks(&format!("{text}.")), [&text]);
}

#[test]
fn small_and_odd_bodies_between_both_markers() {
    for body in ["FAKE", "not-a-real-key", "a b c d e f g h", "FAKE KEY BODY FOR TESTS"] {
        let text = format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----");
        assert_eq!(blocks(&text), [&text]);
    }
}

#[test]
fn mentions_of_the_markers_are_not_keys() {
    for text in [
        "-----BEGIN RSA PRIVATE KEY-----",
        "if (!pem.startsWith(\"-----BEGIN RSA PRIVATE KEY-----\"))\n    throwInvalidPrivateKeyError();\n",
        "const B = \"-----BEGIN PRIVATE KEY-----\";\nconst E = \"-----END PRIVATE KEY-----\";",
        "s.replace('-----BEGIN PRIVATE KEY-----', '')\n .replace('-----END PRIVATE KEY-----', '')",
        "\"-----BEGIN PRIVATE KEY-----\\n\" + key + \"\\n-----END PRIVATE KEY-----\"",
        "`-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----`",
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\n<your key here>\n-----END PRIVATE KEY-----",
        "'-----BEGIN PRIVATE KEY-----'\\\n    and '-----END PRIVATE KEY-----'",
        "grep -l 'BEGIN RSA PRIVATE KEY' *.pem",
        "It begins with `-----BEGIN PRIVATE KEY-----` and ends with `-----END PRIVATE KEY-----`.",
    ] {
        assert_eq!(blocks(text), [""; 0], "{text}");
    }
}

#[test]
fn putty_files_with_and_without_line_numbers() {
    let lines = [
        "PuTTY-User-Key-File-2: ssh-rsa",
        "Encryption: none",
        "Comment: rsa-key",
        "Public-Lines: 2",
        "AAAAB3NzaFAKEFAKEFAKE+FAKE/FAKE",
        "FAKEFAKE==",
        "Private-Lines: 2",
        "AAAAFAKEFAKEFAKEFAKEFAKEFAKEFAKE",
        "FAKE",
        "Private-MAC: 0123456789abcdef0123456789abcdef01234567",
    ];
    let number: [fn(usize) -> String; 4] =
        [|_| String::new(), |n| format!("{n}\t"), |n| format!("{n}: "), |n| format!(" {n} | ")];
    for number in number {
        let text: Vec<_> = lines.iter().enumerate().map(|(n, line)| number(n + 1) + line).collect();
        for separator in ["\n", "\r\n", "\\n"] {
            let text = text.join(separator);
            let start = number(1).len();
            assert_eq!(blocks(&format!("{text}{separator}")), [&text[start..]]);
        }
    }
}
