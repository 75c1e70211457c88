//! Where people keep credentials: hand-written texts with secrets drawn for the run, see `places.txt`.

use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::{
    precision::{random, uuid},
    *,
};

const LOWER: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
const ALNUM: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const SIGNS: &str = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789!#%^*-_+.~@";

/// How often secrets are drawn.
const DRAWS: u64 = 5;

#[test]
fn credentials_are_found_where_people_keep_them() {
    let mut wrong = Vec::new();
    for (title, template) in places() {
        for seed in 1..=DRAWS {
            let (text, secrets) = drawn(template, &mut Noise(seed));
            let spans = scan(text.as_bytes());
            let covers =
                |span: &Span, secret: &Range<usize>| span.start <= secret.start && secret.end <= span.end;
            let touches =
                |span: &Span, secret: &Range<usize>| span.start < secret.end && secret.start < span.end;
            for secret in secrets.iter().filter(|secret| !spans.iter().any(|span| covers(span, secret))) {
                wrong.push(format!("{title}: missed {}", line_of(&text, secret)));
            }
            for span in spans.iter().filter(|span| !secrets.iter().any(|secret| touches(span, secret))) {
                wrong.push(format!("{title}: found {} in {}", span.kind, line_of(&text, &span.range())));
            }
        }
    }
    assert_eq!(wrong, [""; 0], "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// The texts and their titles.
fn places() -> Vec<(&'static str, &'static str)> {
    let entries = include_str!("places.txt").split("\n%% ").skip(1);
    entries.map(|entry| entry.split_once('\n').expect("a title's line")).collect()
}

/// The line around a place, which stands between « and ».
pub(super) fn line_of(text: &str, place: &Range<usize>) -> String {
    let start = text[..place.start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[place.end..].find('\n').map_or(text.len(), |at| place.end + at);
    format!("{}«{}»{}", &text[start..place.start], &text[place.start..place.end], &text[place.end..end])
}

/// A text with its secrets drawn, and where they are.
pub(super) fn drawn(template: &str, noise: &mut Noise) -> (String, Vec<Range<usize>>) {
    let (mut text, mut secrets) = (String::new(), Vec::new());
    for part in template.split_inclusive(['«', '»']) {
        match part.strip_suffix('»') {
            Some(what) => {
                let start = text.len();
                text += &secret(what, noise);
                secrets.push(start..text.len());
            }
            None => text += part.trim_end_matches('«'),
        }
    }
    (text, secrets)
}

/// A secret of a kind, `KIND` or `KIND:LENGTH`, or of its own.
fn secret(what: &str, noise: &mut Noise) -> String {
    if let Some(literal) = what.strip_prefix('=') {
        return literal.to_owned();
    }
    let (kind, length) = what.split_once(':').unwrap_or((what, "0"));
    let length: usize = length.parse().expect("a length");
    let mut draw = |alphabet: &str, length| random(noise, alphabet, length);
    match kind {
        "alnum" => with_digits(draw(ALNUM, length)),
        "lower" => with_digits(draw(LOWER, length)),
        "hex" => draw("0123456789abcdef", length),
        "upper_hex" => draw("0123456789ABCDEF", length),
        "lower_letters" => draw(&LOWER[..26], length),
        "base64" => draw(&format!("{ALNUM}+/"), length),
        "url64" => draw(&format!("{ALNUM}-_"), length),
        "django" => draw(&format!("{LOWER}!@#$%^&*(-_=+)"), length),
        "signs" => draw(&format!("{ALNUM}!@#$%^&*()-_ []{{}}<>~`+=,.;:/?|"), length),
        "password" => format!("{}{}", draw(ALNUM, length / 2), with_digits(draw(SIGNS, length - length / 2))),
        "password_url" => format!("{}%40{}", draw(ALNUM, length / 2), with_digits(draw(ALNUM, length / 2))),
        "password_plain" => format!("{}!{}", draw(ALNUM, length / 2), with_digits(draw(ALNUM, length / 2))),
        "weak" => weak(noise, ["", "!", "#"]),
        "weak_phrase" => format!("{}-{}", word(noise), weak(noise, [""; 3])),
        "uuid" => uuid(noise),
        "key32" => format!("{}=", draw(&format!("{ALNUM}+/"), 43)),
        "key64" => format!("{}==", draw(&format!("{ALNUM}+/"), 86)),
        "sig" => format!("{}%2B{}%3D", draw(ALNUM, 20), draw(ALNUM, 22)),
        "basic" => BASE64_STANDARD.encode(format!("deploy:{}", with_digits(draw(ALNUM, 15)))),
        "jwt" => format!("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI{}.{}", draw(ALNUM, 24), draw(ALNUM, 43)),
        "pem_escaped" => pem(noise, "\\n"),
        "pem_indented" => pem(noise, "\n    "),
        "pem_base64" => BASE64_STANDARD.encode(pem(noise, "\n")),
        _ => panic!("no such kind: {what}"),
    }
}

/// The same with two digits, which chance may have left out.
fn with_digits(mut drawn: String) -> String {
    let middle = drawn.len() / 2;
    drawn.replace_range(middle..middle + 1, "7");
    drawn.replace_range(drawn.len() - 2..drawn.len() - 1, "4");
    drawn
}

/// What people make up: a word, a number, perhaps a sign.
fn weak(noise: &mut Noise, signs: [&str; 3]) -> String {
    let year = random(noise, "0123456789", 2);
    let sign = signs[(noise.pick(b"012") as u8 - b'0') as usize];
    format!("{}20{year}{sign}", word(noise))
}

fn word(noise: &mut Noise) -> String {
    const WORDS: [&str; 8] =
        ["Sommer", "Berlin", "tiger", "Dragon", "Football", "winter", "Giraffe", "purple"];
    WORDS[(noise.pick(b"01234567") as u8 - b'0') as usize].to_owned()
}

fn pem(noise: &mut Noise, newline: &str) -> String {
    let lines: Vec<_> = (0..8).map(|_| random(noise, &format!("{ALNUM}+/"), 64)).collect();
    let label = "PRIVATE KEY-----";
    format!("-----BEGIN {label}{newline}MIIE{}{newline}-----END {label}", lines.join(newline))
}
