//! File names made of ids that come from outside.

/// The longest id in a file name, in characters.
const MAX_LENGTH: usize = 120;

/// An id as a part of a file name: runs of two or more dots become `_`, so does every character
/// but ASCII letters, digits, `.`, `_` and `-`; cut to 120, dots taken off both ends. What is
/// nothing then, or was absent, is `unknown`.
pub(crate) fn clean(id: Option<&str>) -> String {
    let mut name = String::new();
    let mut letters = id.unwrap_or_default().chars().peekable();
    while let Some(letter) = letters.next() {
        let mut dots = letter == '.';
        while letter == '.' && letters.next_if_eq(&'.').is_some() {
            dots = false;
        }
        let kept = dots || letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
        name.push(if kept { letter } else { '_' });
    }
    // Every character is ASCII by now.
    name.truncate(MAX_LENGTH);
    match name.trim_matches('.') {
        "" => "unknown".to_owned(),
        trimmed => trimmed.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_id_leaves_its_directory() {
        for (id, name) in [
            ("req_01-A.b", "req_01-A.b"),
            ("../../etc/passwd", "____etc_passwd"),
            ("..", "_"),
            (".", "unknown"),
            ("a...b..c.d", "a_b_c.d"),
            (".hidden.", "hidden"),
            ("s\u{e9}ance \u{1f600}\0/", "s_ance____"),
            ("", "unknown"),
        ] {
            assert_eq!(clean(Some(id)), name, "{id:?}");
        }
        assert_eq!(clean(None), "unknown");
        assert_eq!(clean(Some(&"x".repeat(200))).len(), MAX_LENGTH);
    }
}
