//! The list of detectors checked against its own examples, and the properties of a scan.

mod edges;
mod lines;
mod measure;
mod places;
mod precision;
mod recall;

use proptest::prelude::*;

use super::*;

fn scan_with(detectors: &Detectors, text: &[u8]) -> Vec<Span> {
    let mut spans = Vec::new();
    detectors.scan(Leaf { text, key: None }, &mut spans);
    spans
}

fn scan(text: &[u8]) -> Vec<Span> {
    scan_with(&Detectors::builtin(), text)
}

/// Kind and text of every span.
fn found(text: &str) -> Vec<(&'static str, &str)> {
    let spans = scan(text.as_bytes());
    spans.iter().map(|span| (span.kind.label(), &text[span.range()])).collect()
}

/// Every example of every detector that is a secret as a whole, written out.
fn examples() -> Vec<(&'static str, String)> {
    let all = builtin::all().into_iter();
    all.flat_map(|detector| {
        let texts =
            detector.finds.iter().filter(|template| !template.contains('«')).map(|template| expand(template));
        texts.map(|text| (detector.kind.label(), text))
    })
    .collect()
}

/// A template's text, and the part of it that is the secret.
fn marked(template: &str) -> (String, String) {
    let text = expand(template);
    match text.split_once('«').and_then(|(_, rest)| rest.split_once('»')) {
        Some((secret, _)) => (text.replace(['«', '»'], ""), secret.to_owned()),
        None => (text.clone(), text),
    }
}

#[test]
fn every_detector_finds_its_examples_and_nothing_else() {
    let mut wrong = Vec::new();
    for detector in builtin::all() {
        for template in detector.finds {
            let (text, secret) = marked(template);
            if found(&text) != [(detector.kind.label(), &*secret)] {
                wrong.push(format!("{} in {template}: {:?}", detector.kind, found(&text)));
            }
        }
        for template in detector.ignores {
            let text = expand(template);
            if found(&text).iter().any(|(kind, _)| *kind == detector.kind.label()) {
                wrong.push(format!("{} in {template}, which is none", detector.kind));
            }
        }
    }
    assert_eq!(wrong, [""; 0], "{}", wrong.join("\n"));
}

#[test]
fn every_detector_is_documented_and_has_its_own_label() {
    let detectors = builtin::all();
    let kinds: std::collections::BTreeSet<_> = detectors.iter().map(|detector| detector.kind).collect();
    assert_eq!(kinds.len(), detectors.len());
    assert!(kinds.len() >= 240, "{}", kinds.len());
    for detector in detectors {
        assert!(!detector.shape.is_empty() && !detector.source.is_empty(), "{}", detector.kind);
        assert!(!detector.finds.is_empty() && !detector.ignores.is_empty(), "{}", detector.kind);
    }
}

/// What the search for candidates relies on, see `engine`.
#[test]
fn every_form_fits_the_search() {
    use detector::{Body, Trigger};
    let forms = builtin::all().into_iter().flat_map(|d| d.forms.iter().map(|f| (d.kind, f)));
    for (kind, form) in forms {
        for trigger in form.triggers {
            let Trigger::Text(anchor) = trigger else {
                continue;
            };
            let anchor = anchor.as_bytes();
            let tail = anchor.len() - class::Class::URL.run_start(anchor, anchor.len(), 99);
            assert!(anchor.len() >= 3, "{kind}: the prefilter takes three bytes");
            assert!(anchor.len() - tail <= engine::LEAD, "{kind}: it starts too far before its run");
            let certain = anchor.iter().any(|byte| matches!(byte, b'-' | b'_'));
            let custom = matches!(form.body, Body::Custom(_));
            assert!(form.bounded || certain || custom, "{kind}: it would not be looked for inside a run");
            let run = match form.body {
                Body::Run { min, .. } => min,
                Body::Shape(parts) => shortest_run(parts),
                Body::Pair(first, _) => first.0,
                _ => continue,
            };
            assert!(tail + run >= long::LONG, "{kind}: its shortest token is no long run");
        }
    }
}

/// More literals than a packed search takes need another search. What remembers how far was looked must be in the
/// first, which goes over the text before the others; and each search more costs time.
#[test]
fn the_literals_are_few_enough_for_two_packed_searches() {
    use detector::Trigger;
    let packed = |text: &&str| text.len() >= engine::PACKED;
    let forms = builtin::all().into_iter().flat_map(|detector| detector.forms);
    let inside = forms.flat_map(|form| form.triggers).filter_map(|trigger| match trigger {
        Trigger::Anywhere(text) => Some(*text),
        _ => None,
    });
    let looks = context::Context::literals().map(|(text, _)| text).filter(packed).count();
    let rare = context::Context::rare_literals().map(|(text, _)| text);
    let others = inside.chain(rare).filter(packed).count();
    assert!(looks <= literals::MOST && looks + others <= 2 * literals::MOST, "{looks} and {others}");
}

/// The bytes at the start of a shape that are one run of base64url.
fn shortest_run(parts: &[detector::Part]) -> usize {
    let mut length = 0;
    for part in parts {
        match part {
            detector::Part::Run(_, min, _) => length += min,
            detector::Part::Is("." | ":") => break,
            detector::Part::Is(text) => length += text.len(),
        }
    }
    length
}

#[test]
fn a_certain_anchor_is_found_inside_a_word_and_a_weak_one_is_not() {
    for template in ["sk-ant-api03-{FAKE*95}", "github_pat_{FAKE*82}", "AGE-SECRET-KEY-1{FAKE*58}"] {
        let secret = expand(template);
        assert_eq!(found(&format!("x9{secret}")).first().map(|f| f.1), Some(&*secret));
    }
    for template in ["AKIA{FAKE*16}", "AC{fade*32}", "SK{fade*32}", "hf_{FAKE*34}", "BSA{FAKE*28}"] {
        let secret = expand(template);
        assert_eq!(found(&format!("x9{secret}")), [], "{secret}");
    }
}

#[test]
fn overlapping_matches_are_one_span_named_by_the_first() {
    let outer = expand("sk-ant-api03-{FAKE*40}-AKIA{FAKE*16}-{FAKE*40}");
    assert_eq!(found(&outer), [("ANTHROPIC_KEY", &*outer)]);
    // A JWT that stands in what a longer token takes for its body.
    let glued = expand("ATATT3xFf{FAKE*40}=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx{FAKE*30}.{FAKE*43}");
    assert_eq!(found(&glued), [("ATLASSIAN_TOKEN", &*glued)]);
    let two = expand("AKIA{FAKE*16},AKIA{EXAMPLE*16}");
    assert_eq!(found(&two).len(), 2);
}

#[test]
fn placeholders_are_never_part_of_a_secret() {
    let placeholder = "<pl:GENERIC_PASSWORD:0123456789abcdef>";
    let escaped = "<pl-esc:esc:GENERIC_PASSWORD:0123456789abcdef>";
    for mark in [placeholder, escaped] {
        for text in [
            format!("password: {mark}"),
            format!("\"password\": \"{mark}\""),
            format!("DB_PASSWORD={mark}\n"),
            format!("DB_PASSWORD=abc9!{mark}\n"),
            format!("postgres://app:{mark}@h/x"),
            format!("Authorization: Bearer {mark}"),
            format!("curl -u me:{mark} h"),
            format!("machine h login me password {mark}"),
        ] {
            assert!(
                found(&text).iter().all(|(_, secret)| !secret.contains("<pl")),
                "{text}: {:?}",
                found(&text)
            );
        }
        let key = "-----BEGIN PRIVATE KEY-----\n".to_owned() + &expand("{MIIE/FAKE+x*64}\n");
        let text = format!("{key}{mark}\n{key}-----END PRIVATE KEY-----");
        let spans = found(&text);
        assert!(spans.len() >= 2 && spans.iter().all(|(_, secret)| !secret.contains("<pl")), "{spans:?}");
        let leaf = Leaf { text: mark.as_bytes(), key: Some(b"password") };
        let mut spans = Vec::new();
        Detectors::builtin().scan(leaf, &mut spans);
        assert_eq!(spans, []);
    }
}

#[test]
fn a_member_is_judged_by_its_name() {
    let scan = |key: &str, text: &str| {
        let mut spans = Vec::new();
        Detectors::builtin().scan(Leaf { text: text.as_bytes(), key: Some(key.as_bytes()) }, &mut spans);
        spans.first().map(|span| (span.kind.label(), span.start..span.end))
    };
    let key = expand("{k7Qz2mX9vB4tR8nW*32}");
    assert_eq!(scan("password", "hunter2x"), Some(("GENERIC_PASSWORD", 0..8)));
    assert_eq!(scan("apiKey", &key), Some(("GENERIC_SECRET", 0..32)));
    assert_eq!(scan("MISTRAL_API_KEY", &key), Some(("MISTRAL_API_KEY", 0..32)));
    let token = expand("ghp_{FAKE*36}");
    assert_eq!(scan("token", &token), Some(("GITHUB_TOKEN", 0..40)));
    for (key, text) in [
        ("tool_use_id", "toolu_01A09q90qw90lq917835lq9"),
        ("call_id", "call_9pw6Hk2bX9vB4tR8nW3mZ1aa"),
        ("id", &*key),
        ("session_id", "0f9a1c3e-7b2d-4e5f-8a6b-1c2d3e4f5a6b"),
        ("request_id", "req_011CSHoEeqs5C35K2UUqR7Fy"),
        ("file_key", "src/keys/primary.rs"),
        ("token", "string"),
        ("password", "Enter your password"),
        ("password", "<your password>"),
        ("secret", "${{ secrets.API_KEY }}"),
        ("next_page_token", &*key),
        ("api_key", "OPENAI_API_KEY"),
        ("api_key", "os.environ[\"X2_KEY\"]"),
    ] {
        assert_eq!(scan(key, text), None, "{key}: {text}");
    }
}

#[test]
fn spans_are_appended() {
    let mut spans = Vec::new();
    let text = expand("AKIA{FAKE*16}");
    for _ in 0..2 {
        let leaf = Leaf { text: text.as_bytes(), key: None };
        Detectors::builtin().scan(leaf, &mut spans);
    }
    assert_eq!(spans.len(), 2);
}

#[test]
fn extra_patterns_are_added_and_bad_ones_named() {
    let pattern = |kind: &str, regex: &str| ExtraPattern { kind: kind.into(), regex: regex.into() };
    let detectors = Detectors::with_extra(vec![pattern("MY_TOKEN", "mytok_[A-Za-z0-9]{8}")]).unwrap();
    let text = "a mytok_FAKEFAKE b";
    assert_eq!(
        scan_with(&detectors, text.as_bytes()),
        [Span { start: 2, end: 16, kind: Kind::intern("MY_TOKEN").unwrap() }]
    );
    assert_eq!(detectors.len(), Detectors::builtin().len() + 1);
    assert_eq!(detectors.policy_hash().len(), 64);
    assert_ne!(detectors.policy_hash(), Detectors::builtin().policy_hash());

    let error = |kind: &str, regex: &str| {
        let good = pattern("GOOD", "x");
        Detectors::with_extra(vec![good, pattern(kind, regex)]).err().unwrap().to_string()
    };
    assert!(error("my token", "x").starts_with("pattern 1: type \"my token\""));
    assert!(error("BAD", "(").starts_with("pattern 1 (BAD): "));
    assert_eq!(error("BAD", "x*"), "pattern 1 (BAD): it matches the empty string");
}

/// What a million bytes of `unit` cost the verifiers, per byte.
fn work_per_byte(unit: &str, size: usize) -> f64 {
    let text = unit.repeat(size / unit.len());
    class::work::take();
    scan(text.as_bytes());
    class::work::take() as f64 / text.len() as f64
}

#[test]
fn nothing_costs_more_than_linear_time() {
    let mut units: Vec<String> = [
        "eyJ",
        "eyJ-",
        "eyJhbGciOiJIUzI1NiJ9.",
        "eyJhbGciOiJIUzI1NiJ9-",
        "AKIA",
        "AKIA ",
        "sk-",
        "sk-a",
        "sk-ant-",
        "ghs_",
        "ghs_-",
        "ATATT",
        "ATATT-",
        "-----BEGIN RSA PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----\n",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n",
        "---- BEGIN RSA PRIVATE KEY ----MIIE",
        "-----END RSA PRIVATE KEY-----",
        "PRIVATE KEY",
        "BEGIN PRIVATE KEY",
        "-----BEGIN PRIVATE KEY--",
        "-----BEGIN PRIVATE KEY PRIVATE KEY",
        "-----BEGIN PRIVATE KEY-----\nA: b\n",
        "-",
        "- ",
        "\\",
        "PuTTY-User-Key-File-2: a",
        "PuTTY-User-Key-File-2: a\n",
        "PuTTY-User-Key-File-2 Private-Lines: ",
        "1:",
        "1234567890:AA",
        "M.",
        ".",
        "s.",
        "sl.",
        "sl.u.",
        "SG.",
        "SGA.SG.",
        "pk_1",
        "BSA",
        "BSA_",
        "AIza",
        "AIza-",
        "FAKE",
        "0",
        " ",
        "\n",
        "\u{1b}[m",
    ]
    .map(String::from)
    .to_vec();
    let contexts = [
        "password: ",
        "password=",
        "key=",
        "\"token\": \"",
        "token",
        "auth: Basic ",
        "://",
        "://a:b@",
        "a:b@",
        "?key=",
        "sig=",
        "Bearer ",
        "Basic ",
        "Cookie: ",
        "curl -u ",
        " -u a:b",
        "mysql -p",
        "\"kty\"",
        "{\"kty\":",
        "$2b$",
        "$argon2",
        "%20",
        "%",
        "%41%42",
        "name: password\n",
        "kind: Secret\ndata:\n",
        "\"Secret\"",
        "data:\n  a: b\n",
        "cGFzc3dvcmQ6",
        "YWJj+",
        "YWJj",
        "<pl:A:0>",
        "<pl:",
        "password: <pl:A:0>",
        "key('",
        "key(f(",
        "login password ",
        "ENV key ",
        "password,b\r\n",
        "a,password\nb,c\n",
        "| password | b |\n",
        "(a, password) VALUES ('b', 'c')",
        "\"value\": \"a\", \"name\": \"password\"",
        "variable \"password\" {",
        "curl -u a:b -b c=d ",
        "onnect(a, (b, ",
        "login('a', ",
        "echo a | sudo -S ",
        "\"a\".toCharArray",
        "password a1",
        "API key is ",
        "password: >-\n",
    ];
    units.extend(contexts.map(String::from));
    // Of every detector one example: all of them take too long.
    let mut kinds = std::collections::HashSet::new();
    units.extend(examples().into_iter().filter(|(kind, _)| kinds.insert(*kind)).map(|(_, secret)| secret));
    // Long runs that two kinds of candidates share, to the left of long second segments.
    for unit in units {
        for text in [unit.clone(), format!("{unit} "), format!("-{unit}")] {
            let (small, large) = (work_per_byte(&text, 2_000), work_per_byte(&text, 16_000));
            assert!(large <= small * 1.2 + 1.0, "{text:?}: {small} then {large} per byte");
            assert!(large < 300.0, "{text:?}: {large} per byte");
        }
    }
}

#[test]
fn a_token_of_two_long_halves_costs_linear_time() {
    let cost = |size: usize| {
        let first = "-eyJ-ghs_".repeat(size / 9);
        let text = format!("{first}.{}", "a".repeat(size));
        class::work::take();
        scan(text.as_bytes());
        class::work::take()
    };
    assert!(cost(80_000) < cost(10_000) * 9);
}

#[test]
fn ordinary_text_holds_no_secret() {
    let mut bytes = Noise(7);
    let hex =
        |bytes: &mut Noise, n: usize| (0..n).map(|_| bytes.pick(b"0123456789abcdef")).collect::<String>();
    let base64 = |bytes: &mut Noise, n: usize| {
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        (0..n).map(|_| bytes.pick(alphabet)).collect::<String>()
    };
    let mut text = String::new();
    for _ in 0..2_000 {
        let (sha, long) = (hex(&mut bytes, 40), hex(&mut bytes, 64));
        text += &format!("commit {sha}\n  sha256:{long} {}\n", sha.to_uppercase());
        text += &format!("{}-{}-4{}\n", hex(&mut bytes, 8), hex(&mut bytes, 4), hex(&mut bytes, 12));
        text += &format!("\"integrity\": \"sha512-{}==\",\n", base64(&mut bytes, 86));
        text += &format!("data:image/png;base64,{}\n", base64(&mut bytes, 600));
        let ident = |bytes: &mut Noise| (0..3).map(|_| bytes.pick(b"abcdesktnMNOACSK_$")).collect::<String>();
        for _ in 0..40 {
            text += &format!(
                "{}.{}({},{});",
                ident(&mut bytes),
                ident(&mut bytes),
                ident(&mut bytes),
                ident(&mut bytes)
            );
        }
        text.push('\n');
    }
    assert_eq!(found(&text), []);
}

/// A linear congruential generator: tests must not differ from run to run.
struct Noise(u64);

impl Noise {
    fn pick(&mut self, alphabet: &[u8]) -> char {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        alphabet[(self.0 >> 33) as usize % alphabet.len()] as char
    }
}

/// Pieces that make detectors work, for arbitrary texts that are not merely noise.
fn fragment() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..12),
        "[A-Za-z0-9_.:/+=-]{0,40}".prop_map(String::into_bytes),
        proptest::sample::select(examples()).prop_map(|(_, text)| text.into_bytes()),
        (proptest::sample::select(examples()), 0.0..1.0).prop_map(|((_, text), part)| {
            text.as_bytes()[..(text.len() as f64 * part) as usize].to_vec()
        }),
        proptest::sample::select(vec![
            "-----END PRIVATE KEY-----",
            "-----BEGIN ",
            "\\n",
            "\n",
            "\\",
            "eyJ",
            "."
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn spans_are_sorted_disjoint_and_in_range(
        fragments in proptest::collection::vec(fragment(), 0..12),
    ) {
        let text = fragments.concat();
        let mut end = 0;
        for span in scan(&text) {
            prop_assert!(span.start >= end && span.start < span.end && span.end <= text.len());
            end = span.end;
        }
    }

    #[test]
    fn a_planted_example_is_found_exactly(
        (kind, secret) in proptest::sample::select(examples()),
        before in "([a-z ]{0,30}[ \n\t\"'`<>(){}\\[\\],;:=@&|!*#?~^]{1,3}){0,3}",
        // No tilde, which some tokens have in them.
        after in "([ \n\t\"'`<>{}\\[\\],;&|!*#?^]{1,3}[a-z ]{0,30}){0,3}",
    ) {
        let text = format!("{before}{secret}{after}");
        prop_assert_eq!(found(&text), [(kind, &*secret)]);
    }
}
