//! Placeholders that stand in a text already are never a secret, nor a part of one.

use super::Span;

/// How long a placeholder can be: its mark, escapes, the longest label and a lengthened tag.
const LONGEST: usize = 256;

/// Cuts the placeholders out of the spans from `first` on.
pub(super) fn spare(text: &[u8], spans: &mut Vec<Span>, first: usize) {
    if memchr::memmem::find(text, b"<pl").is_none() {
        return;
    }
    let found: Vec<Span> = spans.drain(first..).collect();
    let mut placeholders = placeholders(text).peekable();
    for mut span in found {
        while placeholders.next_if(|&(_, end)| end <= span.start).is_some() {}
        while let Some((start, end)) = placeholders.next_if(|&(start, _)| start < span.end) {
            spans.push(Span { end: start.max(span.start), ..span });
            span.start = end.min(span.end);
            if end > span.end {
                break;
            }
        }
        spans.push(span);
    }
    let mut at = 0;
    spans.retain(|span| {
        at += 1;
        at <= first || span.start < span.end
    });
}

/// Where placeholders stand: `<pl:TYPE:hex>`, or with escape marks `<pl-esc:…>`.
fn placeholders(text: &[u8]) -> impl Iterator<Item = (usize, usize)> + '_ {
    memchr::memmem::find_iter(text, b"<pl").filter_map(|start| {
        let marked = matches!(text.get(start + 3), Some(b':' | b'-'));
        let window = &text[start..text.len().min(start + LONGEST)];
        let inside =
            window[1..].iter().take_while(|b| b.is_ascii_alphanumeric() || b"_:-".contains(b)).count();
        (marked && window.get(inside + 1) == Some(&b'>')).then_some((start, start + inside + 2))
    })
}
