//! Whether a value beside a telling name is a secret, by what it is made of and where it stands.

use super::{Position, Telling, place};
use crate::detect::{
    class::Class,
    encoded::percent_decoded,
    example, letters, lookalike,
    value::{self, Makeup},
};

/// Whether a value beside a telling name is a secret.
pub(super) fn is_secret(telling: Telling, value: &[u8], position: Position) -> bool {
    let decoded = percent_decoded(value).filter(|decoded| std::str::from_utf8(decoded).is_ok());
    let value = decoded.as_deref().unwrap_or(value);
    let makeup = Makeup::of(value);
    let stands_alone = matches!(position, Position::Quoted | Position::Line);
    if telling == Telling::Password && stands_alone && lookalike::is_number(value) {
        return true;
    }
    if is_lookalike(telling, value, position) {
        return false;
    }
    let member = value::is_member(value) && !(position == Position::Line && makeup.is_made_up());
    if value.len() > place::LONGEST
        || example::is_prompt(value)
        || member
        || value::is_path(value)
        || value::is_constant(value)
        || value::is_translated(value)
    {
        return false;
    }
    let identifier = value::is_identifier(value);
    let printable = value.iter().all(u8::is_ascii_graphic);
    let firm = matches!(position, Position::Quoted | Position::Line);
    let plain = value.iter().all(|&byte| Class::OPAQUE.has(byte) || b"%:!@#$^&*".contains(&byte));
    let brackets = |bytes: &[u8]| bytes.iter().any(|byte| b"([{<".contains(byte));
    // What begins with a dollar sign there is a variable.
    if position == Position::Bare && value.starts_with(b"$") {
        return false;
    }
    if matches!(position, Position::Bare | Position::Prose) && brackets(value)
        || position == Position::Line && brackets(&value[..1])
    {
        return false;
    }
    if position == Position::Distant && telling != Telling::Password && value.len() < 20 {
        return false;
    }
    match telling {
        Telling::Password if firm && (letters::is_gibberish(value) || letters::is_chosen(value)) => {
            !example::is_example(value)
        }
        Telling::Password if position == Position::Line && example::is_passphrase(value) => true,
        Telling::Password => {
            printable
                && value.len() <= 128
                && match position {
                    Position::Quoted | Position::Line => {
                        makeup.is_password()
                            && (makeup.is_made_up() || !has_markup(value))
                            && !(makeup.digits == 0 && makeup.length >= 20 && makeup.is_wordy())
                    }
                    Position::Bare => {
                        (makeup.is_made_up() || makeup.is_random())
                            && !identifier
                            && !value::is_type_name(value)
                            && (makeup.digits >= 3 || !makeup.is_wordy())
                    }
                    Position::Prose => {
                        (makeup.is_made_up() || makeup.is_memorable())
                            && !identifier
                            && !value::is_type_name(value)
                    }
                    Position::Distant => {
                        (makeup.is_made_up() && (plain || !has_markup(value))
                            || makeup.is_memorable() && plain)
                            && !identifier
                    }
                }
                && !example::is_example(value)
                && (!identifier
                    || makeup.digits >= 1 && makeup.lower >= 4 && !value.iter().any(|b| b"_-.".contains(b)))
        }
        Telling::Secret if firm && is_generated(value) => !example::is_example(value),
        Telling::Secret | Telling::Token if firm && value.len() >= 16 && letters::is_gibberish(value) => {
            makeup.distinct >= 8 && !example::is_example(value)
        }
        Telling::Secret => {
            plain
                && !identifier
                && (makeup.is_random() && (firm || makeup.digits >= 2)
                    || firm && makeup.is_made_up()
                    || firm && makeup.is_phrase()
                    || firm && value::is_uuid(value))
                && !example::is_example(value)
        }
        Telling::Key => {
            firm && !identifier
                && value::is_mixed(value)
                && makeup.is_random()
                && value.len() >= 24
                && value.iter().all(u8::is_ascii_alphanumeric)
                && value.len() <= 80
        }
        Telling::Token => {
            plain
                && !identifier
                && (makeup.is_random() && (firm || makeup.digits >= 2)
                    || firm && makeup.is_made_up() && makeup.digits >= 3 && makeup.changes >= 5)
                && !value::is_uuid(value)
                && !example::is_example(value)
        }
        Telling::Auth => false,
    }
}

/// Whether a value is made of what no secret is made of.
fn is_lookalike(telling: Telling, value: &[u8], position: Position) -> bool {
    // On a line of settings all of it is the value, whatever signs were drawn.
    let code = match position {
        Position::Bare => lookalike::is_expression(value),
        Position::Line => {
            lookalike::is_statement(value) || lookalike::is_expression(value) && !is_drawn(value)
        }
        _ => false,
    };
    code || match telling {
        Telling::Password => {
            lookalike::has_spelt_bytes(value)
                || lookalike::is_encoded_example(value)
                || lookalike::is_address(value)
                || position == Position::Distant && (lookalike::is_hash(value) || value::is_uuid(value))
        }
        _ => {
            lookalike::is_name_of_secret(value)
                || lookalike::is_camel_case(value)
                || lookalike::is_encoded_text(value)
        }
    }
}

/// Drawn, or made up by a person who had signs and digits in mind: no word and no code.
pub(super) fn is_drawn(value: &[u8]) -> bool {
    let makeup = Makeup::of(value);
    makeup.is_made_up() || makeup.is_random() || is_generated(value)
}

/// A long key with signs of all kinds, as frameworks draw it: what looks like a template in it is chance.
pub(super) fn is_generated(value: &[u8]) -> bool {
    let makeup = Makeup::of(value);
    (32..=128).contains(&value.len())
        && value.iter().all(u8::is_ascii_graphic)
        && makeup.distinct >= 16
        && makeup.special >= 4
        && makeup.digits >= 2
        && !makeup.is_wordy()
        && !value.contains(&b'"')
        && [&b"://"[..], b"getenv", b"environ"].iter().all(|mark| memchr::memmem::find(value, mark).is_none())
}

/// Code or markup rather than a password: brackets that close, arrows, several words.
fn has_markup(value: &[u8]) -> bool {
    let has = |bytes: &[u8]| value.iter().any(|byte| bytes.contains(byte));
    has(b"(") && has(b")") || has(b"[") && has(b"]") || has(b"{") && has(b"}") || has(b"<") && has(b">")
}

/// A header's or a query's value that is nothing but random.
pub(super) fn is_opaque(value: &[u8]) -> bool {
    !value::is_reference(value)
        && !example::is_prompt(value)
        && value.iter().all(|&byte| Class::OPAQUE.has(byte) || matches!(byte, b'%' | b':'))
        && Makeup::of(value).is_random()
        && !value::is_identifier(value)
        && !value::is_path(value)
}
