//! The predecessor's `patterns.py`: its list `PATTERNS` of labels and expressions.

use std::path::Path;

use waterwall_core::detect::{Detectors, ExtraPattern};

use super::python::{self, Flags, Regex, Value};
use super::{Note, regex};

/// A pattern and the line it was on.
pub(super) struct Pattern {
    pub(super) line: usize,
    pub(super) label: String,
    pub(super) regex: String,
}

/// Reads the list; what cannot be taken over is told with its line.
pub(super) fn read(file: &Path, source: &str, notes: &mut Vec<Note>) -> Vec<Pattern> {
    let found = python::list(source, "PATTERNS");
    if !found.assigned {
        notes.push(Note::new(file, 1, "there is no list PATTERNS: no pattern is taken over".to_owned()));
    }
    let mut patterns = Vec::new();
    let told: Vec<_> = found.missed.into_iter().map(|(line, why)| Note::lost(file, line, &why)).collect();
    notes.extend(told);
    for (line, value) in found.elements {
        match pattern(file, line, value, notes) {
            Ok(pattern) => patterns.push(pattern),
            Err(why) => notes.push(Note::lost(file, line, &why)),
        }
    }
    patterns
}

fn pattern(file: &Path, line: usize, value: Value, notes: &mut Vec<Note>) -> Result<Pattern, String> {
    let elements = match value {
        Value::List(elements) => elements,
        Value::Other(why) => return Err(why),
        _ => return Err("not a pair of label and expression".to_owned()),
    };
    let mut elements = elements.into_iter().map(|(_, value)| value);
    let (written, expression) = match (elements.next(), elements.next()) {
        (Some(Value::Text(label)), Some(expression)) => (label, expression),
        _ => return Err("not a pair of label and expression".to_owned()),
    };
    let expression = match expression {
        Value::Text(pattern) => Regex { pattern, flags: Flags::default() },
        Value::Regex(regex) => regex,
        Value::Other(why) => return Err(why),
        _ => return Err("its second part is no expression".to_owned()),
    };
    let regex = regex::translate(&expression)?;
    let mut label = label(&written);
    // It would not be seen whose detector found something.
    let is_built_in = Detectors::builtin().kinds().any(|kind| kind.label() == label);
    if is_built_in {
        label.push_str("_OWN");
    }
    if label != written {
        let why = if is_built_in { " (there is a built-in detector of that name)" } else { "" };
        notes.push(Note::new(file, line, format!("the label {written:?} becomes {label}{why}")));
    }
    // As strict as the configuration is going to be.
    let extra = ExtraPattern { kind: label.clone(), regex: regex.clone() };
    match Detectors::with_extra(vec![extra]) {
        Ok(_) => Ok(Pattern { line, label, regex }),
        Err(error) => Err(error.to_string().lines().last().unwrap_or_default().trim().to_owned()),
    }
}

/// Capital letters, digits and underscores are what a placeholder can hold.
fn label(written: &str) -> String {
    let upper = |c: char| {
        let c = c.to_ascii_uppercase();
        if c.is_ascii_alphanumeric() { c } else { '_' }
    };
    written.chars().map(upper).collect()
}

/// The patterns as a file for `redaction.extra_detectors`.
pub(super) fn yaml(patterns: &[Pattern]) -> String {
    let mut yaml =
        "# Patterns of your own, added to the built-in set. Taken over from patterns.py.\npatterns:\n"
            .to_owned();
    for Pattern { line, label, regex } in patterns {
        let scalar = scalar(regex);
        yaml += &format!("  # line {line}\n  - type: {label}\n    regex: {scalar}\n");
    }
    if patterns.is_empty() {
        yaml = yaml.replace("patterns:\n", "patterns: []\n");
    }
    yaml
}

/// In single quotes, where a backslash is a backslash; in JSON's double quotes where it has to be.
fn scalar(text: &str) -> String {
    if text.chars().any(char::is_control) {
        return serde_json::Value::from(text).to_string();
    }
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(source: &str) -> (Vec<Pattern>, Vec<String>) {
        let mut notes = Vec::new();
        let patterns = read(Path::new("patterns.py"), source, &mut notes);
        (patterns, notes.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn patterns_come_over_with_their_flags() {
        let (patterns, notes) =
            read_all("PATTERNS = [('ACME_KEY', r\"acme'_\\d{8}\"), ('X', re.compile('x{2}\\n', re.I))]");
        assert!(notes.is_empty(), "{notes:?}");
        assert_eq!(
            yaml(&patterns).lines().skip(1).collect::<Vec<_>>(),
            [
                "patterns:",
                "  # line 1",
                "  - type: ACME_KEY",
                "    regex: 'acme''_\\d{8}'",
                "  # line 1",
                "  - type: X",
                "    regex: \"(?i)x{2}\\n\"",
            ]
        );
    }

    #[test]
    fn a_built_in_label_stays_the_built_in_detectors() {
        let (patterns, notes) = read_all("PATTERNS = [('GITHUB_TOKEN', 'ghp_[0-9]{9}')]");
        assert_eq!(patterns[0].label, "GITHUB_TOKEN_OWN");
        let note = "patterns.py:1: the label \"GITHUB_TOKEN\" becomes GITHUB_TOKEN_OWN \
                    (there is a built-in detector of that name)";
        assert_eq!(notes, [note]);
    }

    #[test]
    fn what_stays_behind_is_told_by_line() {
        let source = "PATTERNS = [\n  ('A-1', 'a1'),\n  ('B', r'(b)\\1'),\n  'C',\n  ('D', 'd*'),\n]";
        let (patterns, notes) = read_all(source);
        assert_eq!(patterns.len(), 1);
        assert_eq!(
            notes,
            [
                "patterns.py:2: the label \"A-1\" becomes A_1",
                "patterns.py:3: NOT taken over: it refers back to a group",
                "patterns.py:4: NOT taken over: not a pair of label and expression",
                "patterns.py:5: NOT taken over: pattern 0 (D): it matches the empty string",
            ]
        );
        assert_eq!(yaml(&[]).lines().last(), Some("patterns: []"));
    }
}
