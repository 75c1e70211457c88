//! Values that their surroundings give away: a telling name, a URL, a header, a command.
//!
//! Literals and words lead to the places ([`super::literals`], [`super::words`]); from there everything is a walk over a bounded
//! number of bytes. Only the value is the secret, not the name.

mod apart;
mod call;
mod client;
mod columns;
mod command;
mod curl;
pub(super) mod foreign;
mod manifest;
mod member;
pub(super) mod name;
mod pair;
mod phrase;
mod piped;
mod place;
mod query;
mod tools;
mod url;
mod verdict;

use std::ops::Range;

use super::{
    boundary,
    class::Class,
    detector::{Beside, Detector},
    engine::Match,
    letters, lookalike,
    value::{self, Makeup},
};

use self::verdict::{is_drawn, is_generated, is_opaque, is_secret};
pub(super) use self::{
    member::{decode64, digit64},
    place::{COMMANDS, DEFINE},
};

/// Looks at the surroundings of a literal.
pub(super) type Look = fn(&Context, &[u8], Range<usize>, &mut usize, &mut Vec<Match>);

/// The ranks of the detectors whose values are found here.
pub(super) struct Context {
    ranks: Vec<(&'static str, usize)>,
    beside: Vec<(usize, Beside)>,
}

/// What a name says of the value beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Telling {
    /// A person's password: may be short.
    Password,
    /// A secret, or a key that is certainly one.
    Secret,
    /// A token, or a key of some kind: many are not secret.
    Token,
    /// A key of any kind: few are secret.
    Key,
    /// User and password in base64, or a header's value.
    Auth,
}

/// How a value stands in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Position {
    /// Between quotes, or all of a JSON string.
    Quoted,
    /// By itself to the end of a line, as in an environment file.
    Line,
    /// Where it could as well be a piece of code.
    Bare,
    /// In a sentence.
    Prose,
    /// Between quotes, but with something between it and the name: a call, a comma.
    Distant,
}

impl Context {
    pub(super) fn new(detectors: &[&'static Detector]) -> Self {
        let ranks = detectors.iter().enumerate().map(|(rank, detector)| (detector.kind.label(), rank));
        let beside = detectors
            .iter()
            .enumerate()
            .flat_map(|(rank, detector)| detector.beside.iter().map(move |&beside| (rank, beside)));
        Self { ranks: ranks.collect(), beside: beside.collect() }
    }

    /// What leads to the places, and what then looks at them.
    pub(super) fn literals() -> impl Iterator<Item = (&'static str, Look)> {
        const PLACES: [(&str, Look); 41] = [
            ("://", url::look),
            ("earer ", command::bearer),
            ("asic ", command::basic),
            ("ookie: ", command::cookie),
            ("curl ", curl::look),
            ("mysql", command::mysql),
            ("redis-cli", command::redis),
            ("sig=", query::signature),
            ("\"kty\"", member::jwk),
            ("kind: Secret", manifest::look),
            ("\"Secret\"", manifest::object),
            ("nemonic", phrase::look),
            ("NEMONIC", phrase::look),
            ("phrase", phrase::look),
            ("PHRASE", phrase::look),
            ("oracle:thin:", client::oracle),
            ("sqlplus", client::oracle),
            (" login ", client::login),
            ("mongo", client::login),
            ("_SALT'", pair::define),
            ("IDENTIFIED BY '", client::identified),
            ("$2a$", member::crypt),
            ("$2b$", member::crypt),
            ("$2y$", member::crypt),
            (":$6$", member::crypt),
            (":$5$", member::crypt),
            (":$y$", member::crypt),
            ("$argon2", member::crypt),
            ("sudo -S", piped::look),
            ("psk=", Context::other),
            ("ldapsearch", command::ldap),
            ("pw: ", Context::other),
            ("kCredential(", call::second),
            ("edentials(", call::second),
            ("login(", call::second),
            ("onnect(", call::third),
            ("onnection(", call::third),
            ("new PDO(", call::third),
            ("jwt.sign(", call::key),
            ("toCharArray", call::characters),
            ("SecureString", call::secure),
        ];
        PLACES.into_iter()
    }

    /// The same, of what is rarely met. None of them remembers how far was looked: they are searched for after the others.
    pub(super) fn rare_literals() -> impl Iterator<Item = (&'static str, Look)> {
        const PLACES: [(&str, Look); 31] = [
            ("432:", client::pgpass),
            ("5433:", client::pgpass),
            (" -P ", tools::upper_p),
            ("7z a", tools::archive),
            ("7z x", tools::archive),
            ("7za ", tools::archive),
            ("rar ", tools::archive),
            ("cqlsh", tools::cqlsh),
            ("smbclient", tools::smbclient),
            ("net use", tools::net),
            ("openssl enc", tools::enc),
            ("ontrase", foreign::look),
            ("ONTRASE", foreign::look),
            ("enha", foreign::look),
            ("ENHA", foreign::look),
            ("htwoord", foreign::look),
            ("HTWOORD", foreign::look),
            ("aslo", foreign::look),
            ("ASLO", foreign::look),
            ("as\u{142}o", foreign::look),
            ("AS\u{141}O", foreign::look),
            ("eslo", foreign::look),
            ("ESLO", foreign::look),
            ("arola", foreign::look),
            ("AROLA", foreign::look),
            ("\u{430}\u{440}\u{43e}\u{43b}\u{44c}", foreign::look),
            ("\u{410}\u{420}\u{41e}\u{41b}\u{42c}", foreign::look),
            ("\u{5bc6}\u{7801}", foreign::look),
            ("\u{5bc6}\u{78bc}", foreign::look),
            ("\u{30d1}\u{30b9}\u{30ef}\u{30fc}\u{30c9}", foreign::look),
            ("\u{be44}\u{bc00}\u{bc88}\u{d638}", foreign::look),
        ];
        PLACES.into_iter()
    }

    /// The rank of a label that is listed.
    fn rank(&self, label: &str) -> usize {
        let found = self.ranks.iter().find(|(known, _)| *known == label);
        // Every label that this module names is in `builtin/context.rs`; a test looks.
        found.map_or(0, |&(_, rank)| rank)
    }

    fn push(&self, label: &str, range: Range<usize>, matches: &mut Vec<Match>) {
        matches.push(Match { range, rank: self.rank(label), anchored: false });
    }

    /// A part of a telling word: finds the name around it, then judges the value beside the name.
    pub(super) fn name(&self, text: &[u8], word: Range<usize>, seen: &mut usize, matches: &mut Vec<Match>) {
        if word.start < *seen {
            return;
        }
        let Some(name) = name::around(text, word) else {
            return;
        };
        *seen = name.end;
        self.around(text, &name, matches);
        // Most names that hold such a word say nothing: look first whether a value can follow.
        let Some(separated) = place::separator(text, &name) else {
            return self.spoken(text, &name, matches);
        };
        let name = name::with_adjective(text, name);
        let own = name::telling(&text[name.clone()]);
        // `PWD` is the working directory everywhere else.
        let pwd = || text[name.clone()] == *b"PWD" && matches!(text[..name.start].last(), Some(b';'));
        let Some(telling) = own.or_else(|| pwd().then_some(Telling::Password)) else {
            return;
        };
        // `Next page token: …`, as prose writes it.
        if telling == Telling::Token && text[..name.start].ends_with(b"page ") {
            return;
        }
        // `case "password": return`.
        if separated.quoted && is_case(&text[..name.start]) {
            return;
        }
        // The token of a badge in a README is there to be seen.
        if text[..name.start].ends_with(b".svg?") {
            return;
        }
        // `"tests/server.key": "…"`: a file and its checksum.
        if separated.quoted && text[..name.start].ends_with(b"/") {
            return;
        }
        if telling == Telling::Auth && pair::look(self, text, &separated, matches)
            || pair::salted(self, text, &name, &separated, matches)
        {
            return;
        }
        if let Some((value, position)) = place::value(text, &name, separated) {
            self.judge(&text[name], telling, text, value, position, matches);
        }
    }

    /// Places that a separator does not lead to: a column under the name, a value before it, a command of
    /// that name.
    fn around(&self, text: &[u8], name: &Range<usize>, matches: &mut Vec<Match>) {
        let telling = || name::telling(&text[name.clone()]);
        if let Some(table) = columns::at(text, name)
            && let Some(telling) = telling()
        {
            columns::look(self, text, table, telling, matches);
        }
        if let Some(value) = apart::before(text, name).or_else(|| apart::default(text, name))
            && let Some(telling) = telling()
        {
            self.judge(&text[name.clone()], telling, text, value, Position::Quoted, matches);
        }
        command::named(self, text, name, matches);
    }

    /// A value right behind a name, as people say it and some commands take it: `password …`.
    fn spoken(&self, text: &[u8], name: &Range<usize>, matches: &mut Vec<Match>) {
        let Some(value) = place::next_word(text, name) else {
            return;
        };
        let word = &text[value.clone()];
        let telling = name::telling(&text[name::with_adjective(text, name.clone())]);
        // `pass` is a verb too.
        let verb = text[name.clone()].to_ascii_lowercase().ends_with(b"pass");
        let secret = match telling {
            Some(Telling::Password) => {
                !verb
                    && (value::is_mixed(word) || Makeup::of(word).changes >= 4)
                    && word.iter().all(|byte| !b"/.:=(\"'`".contains(byte))
            }
            Some(Telling::Secret) => word.len() >= 20 && value::is_mixed(word),
            _ => false,
        };
        if let Some(telling) = telling.filter(|_| secret) {
            self.judge(&text[name.clone()], telling, text, value, Position::Bare, matches);
        }
    }

    /// Names that hold no part of a telling word: `psk=`, `pw: `.
    fn other(&self, text: &[u8], word: Range<usize>, _: &mut usize, matches: &mut Vec<Match>) {
        let name =
            word.start..word.end - text[word.clone()].iter().filter(|byte| b"=: ".contains(byte)).count();
        if text[..name.start].last().is_some_and(|byte| Class::WORD.has(*byte)) {
            return;
        }
        if let Some(separated) = place::separator(text, &name)
            && let Some((value, position)) = place::value(text, &name, separated)
        {
            self.judge(&text[name], Telling::Password, text, value, position, matches);
        }
    }

    /// A JSON member: all of its text is the value.
    pub(super) fn member(&self, key: &[u8], text: &[u8], matches: &mut Vec<Match>) {
        let name = name::trimmed(key);
        if name.len() > name::LONGEST || text.len() > place::LONGEST {
            return;
        }
        let foreign = || foreign::is_name(key).then_some(Telling::Password);
        let telling = if name::may_tell(name) { name::telling(name) } else { None }.or_else(foreign);
        let Some(telling) = telling else {
            if key == b"d" && member::is_jwk_material(text) {
                self.push("JWK_PRIVATE_KEY", 0..text.len(), matches);
            }
            return;
        };
        self.judge(name, telling, text, 0..text.len(), Position::Quoted, matches);
    }

    /// Decides on the value beside a telling name.
    fn judge(
        &self,
        name: &[u8],
        telling: Telling,
        text: &[u8],
        range: Range<usize>,
        position: Position,
        matches: &mut Vec<Match>,
    ) {
        let value = &text[range.clone()];
        if !value.is_ascii() {
            return self.judge_beyond_ascii(name, telling, text, range, position, matches);
        }
        // `exports.Aes256Key = Aes256Key`.
        if name.ends_with(value) {
            return;
        }
        // Labels are words, in any language; what was drawn is none.
        if telling == Telling::Password && is_label(name) && !is_drawn(value) {
            return;
        }
        // `pass: "shadow"`: a pass is a step too, so that a plain word says nothing.
        if name.eq_ignore_ascii_case(b"pass")
            && value.iter().all(u8::is_ascii_alphabetic)
            && !letters::is_gibberish(value)
        {
            return;
        }
        let generated = telling == Telling::Secret && is_generated(value);
        if value::is_reference(value) && !generated
            || value.iter().any(|b| b.is_ascii_whitespace() || b.is_ascii_control())
        {
            if telling == Telling::Auth {
                self.schemes(text, range, matches);
            }
            return;
        }
        if let Some(rank) = self.vendor(name, value) {
            matches.push(Match { range, rank, anchored: false });
            return;
        }
        if telling == Telling::Auth && text.get(range.end) == Some(&b' ') && !is_opaque(value) {
            // A header's value goes on behind the scheme.
            let end = place::opaque_end(text, range.end + 1, text.len());
            self.schemes(text, range.start..end, matches);
        } else if telling == Telling::Auth {
            self.credentials(text, range, matches);
        } else if is_secret(telling, value, position) {
            let password = telling == Telling::Password;
            self.push(if password { "GENERIC_PASSWORD" } else { "GENERIC_SECRET" }, range, matches);
        }
    }

    /// Decides on a value with letters or pictures in it that are not in ASCII. A person's password may have them; what
    /// is drawn has not, and they only stand beside it.
    fn judge_beyond_ascii(
        &self,
        name: &[u8],
        telling: Telling,
        text: &[u8],
        range: Range<usize>,
        position: Position,
        matches: &mut Vec<Match>,
    ) {
        let value = &text[range.clone()];
        let length = value.iter().position(|byte| !byte.is_ascii()).unwrap_or(value.len());
        let before = matches.len();
        if length >= 8 {
            self.judge(name, telling, text, range.start..range.start + length, position, matches);
        }
        // Labels are translated and have no digits.
        if telling == Telling::Password && lookalike::has_foreign_letters(value) {
            let spelt: Vec<_> = value.iter().map(|byte| if byte.is_ascii() { *byte } else { b'e' }).collect();
            let mut found = Vec::new();
            self.judge(name, telling, &spelt, 0..spelt.len(), position, &mut found);
            if !found.is_empty() {
                matches.truncate(before);
                self.push("GENERIC_PASSWORD", range, matches);
            }
        }
    }

    /// The vendor whose word is in the name and whose shape the value has.
    fn vendor(&self, name: &[u8], value: &[u8]) -> Option<usize> {
        let makeup = Makeup::of(value);
        if makeup.length < 12
            || makeup.digits == 0
            || makeup.distinct < 8
            || makeup.changes * 8 < makeup.length
        {
            return None;
        }
        let name = name.to_ascii_lowercase();
        let fits = |beside: &Beside| {
            (beside.lengths.0..=beside.lengths.1).contains(&value.len())
                && value.iter().all(|&byte| beside.class.has(byte))
                && beside.words.iter().any(|word| memchr::memmem::find(&name, word.as_bytes()).is_some())
        };
        let found = self.beside.iter().find(|(_, beside)| fits(beside));
        found.filter(|_| !value::is_identifier(value)).map(|&(rank, _)| rank)
    }

    /// The value of `Authorization`: a scheme and credentials.
    fn schemes(&self, text: &[u8], range: Range<usize>, matches: &mut Vec<Match>) {
        const SCHEMES: [&[u8]; 8] =
            [b"Token", b"ApiKey", b"SSWS", b"Splunk", b"GenieKey", b"Bot", b"DPoP", b"token"];
        let value = &text[range.clone()];
        let Some(blank) = value.iter().position(|&byte| byte == b' ') else {
            return;
        };
        if SCHEMES.contains(&&value[..blank]) {
            let start = range.start + blank + 1;
            self.credentials(text, start..place::opaque_end(text, start, range.end), matches);
        }
    }

    /// Credentials of their own: user and password in base64, or anything random.
    fn credentials(&self, text: &[u8], range: Range<usize>, matches: &mut Vec<Match>) {
        let value = &text[range.clone()];
        if member::is_basic(value) {
            self.push("BASIC_AUTH", range, matches);
        } else if is_opaque(value) && !lookalike::is_encoded_example(value) || value::is_uuid(value) {
            self.push("GENERIC_SECRET", range, matches);
        }
    }
}

/// Whether a name is of what is written beside a password's field: `enterPassword`, `forgot_password`.
fn is_label(name: &[u8]) -> bool {
    const VERBS: [&[u8]; 13] = [
        b"enter",
        b"forgot",
        b"forget",
        b"know",
        b"show",
        b"hide",
        b"toggle",
        b"edit",
        b"without",
        b"validate",
        b"incorrect",
        b"remember",
        b"missing",
    ];
    let lower = name.to_ascii_lowercase();
    let head = [&b"password"[..], b"passwort", b"passwd"].iter().find_map(|word| lower.strip_suffix(*word));
    let head = head.map(|head| head.strip_suffix(b"_").or_else(|| head.strip_suffix(b"-")).unwrap_or(head));
    let verb =
        |head: &[u8]| VERBS.iter().find(|verb| head.ends_with(verb)).map(|verb| head.len() - verb.len());
    head.and_then(verb).is_some_and(|start| {
        // `vcenter` and `credit` end in verbs, too.
        let before = name[..start].last();
        before.is_none_or(|byte| {
            !byte.is_ascii_alphabetic() || byte.is_ascii_lowercase() && name[start].is_ascii_uppercase()
        })
    })
}

/// Whether a quoted name is one of the values that a `switch` tells apart.
fn is_case(before: &[u8]) -> bool {
    let unquoted = before.split_last().map_or(before, |(_, head)| head);
    unquoted
        .trim_ascii_end()
        .strip_suffix(b"case")
        .is_some_and(|head| !head.last().is_some_and(|byte| Class::WORD.has(*byte)))
}

/// The start of a word's run of a class, cut where an escape ends.
fn cut_escape(text: &[u8], start: usize, end: usize) -> usize {
    let letter =
        start < end && boundary::ends_in_escape(&text[..start + 1]) && text[..start].ends_with(b"\\");
    start + usize::from(letter)
}
