//! Rules with conditions.

use super::{ExtraPattern, Extras, compile, matches};
use crate::{
    detect::{Detectors, Exception, Leaf, Rule, RuleError, Target},
    secret::Kind,
};

fn rule(regex: &str) -> Rule {
    Rule {
        kind: Kind::new("MY_RULE"),
        regex: regex.to_owned(),
        group: 0,
        entropy: 0.0,
        keywords: Vec::new(),
        path: None,
        exceptions: Vec::new(),
    }
}

fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

/// What the rule finds in a text, as part of a file with this path.
fn found<'t>(rule: &Rule, text: &'t str, path: Option<&str>) -> Vec<&'t str> {
    let mut detectors = Detectors::with_rules(std::slice::from_ref(rule)).expect("a good rule");
    if let Some(path) = path {
        detectors = detectors.for_file(path);
    }
    let mut spans = Vec::new();
    detectors.scan(Leaf { text: text.as_bytes(), key: None }, &mut spans);
    spans.iter().filter(|span| span.kind == rule.kind).map(|span| &text[span.range()]).collect()
}

/// What a plain pattern finds.
fn plain<'t>(regex: &str, text: &'t str) -> Vec<&'t str> {
    let pattern = ExtraPattern { kind: "MY_TOKEN".to_owned(), regex: regex.to_owned() };
    let extras = Extras::new(compile(vec![pattern]).expect("a good pattern"));
    let mut found = Vec::new();
    matches(&extras, 0, text.as_bytes(), &mut found);
    found.into_iter().map(|found| &text[found.range]).collect()
}

#[test]
fn all_of_a_match_is_the_secret() {
    assert_eq!(plain("k=[a-z]{3}", "k=abc k=def"), ["k=abc", "k=def"]);
}

#[test]
fn a_group_may_say_which_part_is() {
    let apart = r"(?:\A|[^a-z])(?P<secret>[a-z]{3})(?:\z|[^a-z])";
    assert_eq!(plain(apart, "abc def,abcd ghi"), ["abc", "def", "ghi"]);
    assert_eq!(plain("k=(?P<secret>[a-z]*)", "k= k=abc"), ["abc"]);
    assert_eq!(plain("x|(?P<secret>y)", "xxyx"), ["y"]);
}

#[test]
fn the_secret_is_the_group() {
    let text = "zz:q1-w2 zz:e3-";
    assert_eq!(found(&rule("zz:[a-z0-9-]+"), text, None), ["zz:q1-w2", "zz:e3-"]);
    assert_eq!(found(&rule("zz:(?:(x)|([a-z0-9]+))-(w2)?"), text, None), ["q1", "e3"]);
    assert_eq!(found(&Rule { group: 2, ..rule("(zz):([a-z0-9]+)-") }, text, None), ["q1", "e3"]);
    assert_eq!(found(&Rule { group: 2, ..rule("zz:([a-z0-9]+)-(w2)?") }, text, None), ["w2"]);
    assert_eq!(found(&rule("\nq1\n"), "x\nq1\ny", None), ["q1"]);
}

#[test]
fn keywords_are_looked_for_in_any_case() {
    let keyed = Rule { keywords: strings(&["ZZ", "other"]), ..rule("q[0-9]") };
    assert_eq!(found(&keyed, "zz q1", None), ["q1"]);
    assert_eq!(found(&keyed, "Another q1", None), ["q1"]);
    assert!(found(&keyed, "q1", None).is_empty());
    // A rule without any is always tried.
    let both = Detectors::with_rules(&[keyed, rule("q[0-9]")]).expect("good");
    let mut spans = Vec::new();
    both.scan(Leaf { text: b"q1", key: None }, &mut spans);
    assert_eq!(spans.len(), 1);
    assert_eq!(both.len(), Detectors::builtin().len() + 2);
}

#[test]
fn low_entropy_is_no_secret() {
    let random = Rule { entropy: 2.5, ..rule("k:([a-z0-9]+)") };
    assert_eq!(found(&random, "k:aaaa1111 k:q8w7e6r5", None), ["q8w7e6r5"]);
}

#[test]
fn exceptions_look_where_they_say() {
    let with = |exception: Exception| Rule { exceptions: vec![exception], ..rule("k:([a-z0-9]+)") };
    let text = "first k:test1\nk:real2 # later\nk:real3";
    let regexes =
        |target, regex: &str| Exception { target, regexes: strings(&[regex]), ..Exception::default() };
    for (exception, expected) in [
        (regexes(Target::Secret, "^test"), &["real2", "real3"][..]),
        (regexes(Target::Secret, "later"), &["test1", "real2", "real3"]),
        (regexes(Target::Match, "^k:test"), &["real2", "real3"]),
        (regexes(Target::Line, "later|first"), &["real3"]),
        (Exception { stopwords: strings(&["TEST", "al3"]), ..Exception::default() }, &["real2"]),
        (Exception { commits: true, ..Exception::default() }, &["test1", "real2", "real3"]),
        (Exception { all: true, ..Exception::default() }, &["test1", "real2", "real3"]),
        (
            Exception { all: true, stopwords: strings(&["real"]), ..regexes(Target::Line, "later") },
            &["test1", "real3"],
        ),
        (
            Exception { all: true, commits: true, ..regexes(Target::Secret, "test") },
            &["test1", "real2", "real3"],
        ),
    ] {
        assert_eq!(found(&with(exception.clone()), text, None), expected, "{exception:?}");
    }
}

/// In a request there is no path: a rule is tried, an exception does not hold.
#[test]
fn paths_count_where_there_is_a_file() {
    let bound = Rule { path: Some("\\.cfg$".to_owned()), ..rule("q[0-9]") };
    assert_eq!(found(&bound, "q1", None), ["q1"]);
    assert_eq!(found(&bound, "q1", Some("a/b.cfg")), ["q1"]);
    assert!(found(&bound, "q1", Some("a/b.txt")).is_empty());
    let except = Exception { paths: strings(&["^test/"]), ..Exception::default() };
    let except = Rule { exceptions: vec![except], ..rule("q[0-9]") };
    assert_eq!(found(&except, "q1", None), ["q1"]);
    assert_eq!(found(&except, "q1", Some("a/test/x")), ["q1"]);
    assert!(found(&except, "q1", Some("test/x")).is_empty());
}

#[test]
fn a_placeholder_never_splits_a_character() {
    assert_eq!(found(&rule("k:(.{3})"), "k:aéé", None), ["aé"]);
    assert_eq!(found(&rule("k:(.{2})"), "k:aéé", None), ["aé"]);
    assert_eq!(found(&rule("k:\\pL+"), "k:éa1", None), ["k:éa"]);
    assert_eq!(found(&rule("k:\\w+"), "k:aé1", None), ["k:a"], "ASCII, as in Go");
}

#[test]
fn bad_rules_are_told_by_their_place() {
    let refused = |bad: Rule| {
        let refusal = Detectors::with_rules(&[rule("x"), bad]).expect_err("refused");
        assert_eq!(refusal.0, 1);
        refusal.1
    };
    assert_eq!(refused(rule("x*")), RuleError::Empty);
    assert_eq!(refused(Rule { group: 2, ..rule("(x)") }), RuleError::Group(2));
    assert_eq!(
        refused(rule("x(?=y)")).to_string(),
        "look-around, including look-ahead and look-behind, is not supported in the expression \"x(?=y)\""
    );
    let exception = Exception { paths: strings(&["("]), ..Exception::default() };
    assert!(matches!(refused(Rule { exceptions: vec![exception], ..rule("x") }), RuleError::Regex { .. }));
}

#[test]
fn every_part_of_a_rule_counts_for_the_policy() {
    let hash = |rule: Rule| Detectors::with_rules(&[rule]).expect("good").policy_hash().to_owned();
    let plain = hash(rule("x"));
    assert_eq!(plain, hash(rule("x")));
    assert_ne!(plain, hash(Rule { entropy: 1.0, ..rule("x") }));
    assert_ne!(plain, hash(Rule { keywords: strings(&["x"]), ..rule("x") }));
    assert_ne!(plain, Detectors::builtin().policy_hash());
}
