//! Letters without digits or signs: words, or drawn by chance; and the passwords that most people choose.

/// For every letter, which letters follow it in the words of European languages: a bit for each. Counted over
/// Debian's documentation: the 280 commonest pairs, which are 19 in 20 of all that occur there.
const PAIRS: [u32; 26] = [
    0x13ebd7f, 0x016491d, 0x11e4d9d, 0x016493f, 0x1eff97f, 0x11a4931, 0x0166991, 0x01a4111, 0x2aefc7f,
    0x0004011, 0x0040111, 0x11cc919, 0x014d913, 0x03c6d7d, 0x07efd6f, 0x11ec991, 0x0100000, 0x13efd7d,
    0x11ccd95, 0x15ec9bd, 0x00eb95f, 0x0004111, 0x0066191, 0x00c8114, 0x0048000, 0x0000010,
];

/// Whether letters, with digits among them or not, are drawn by chance: too many of their pairs are in no word.
/// Eleven pairs at least, as fewer prove nothing. Of sixteen random letters 97 in 100 pass, of long words and
/// their compounds 2.
pub(super) fn is_gibberish(value: &[u8]) -> bool {
    if value.len() < 12 || !value.iter().all(u8::is_ascii_alphanumeric) {
        return false;
    }
    let index = |byte: u8| u32::from(byte.to_ascii_lowercase() - b'a');
    let pairs = || value.windows(2).filter(|pair| pair.iter().all(u8::is_ascii_alphabetic));
    let known = pairs().filter(|pair| PAIRS[index(pair[0]) as usize] >> index(pair[1]) & 1 == 1);
    let most = if value.len() < 16 { 6 } else { 7 };
    let all = pairs().count();
    all >= 11 && known.count() * 10 < all * most
}

/// Words that head every list of leaked passwords, six letters and more. Where a password stands they are one.
const CHOSEN: [&str; 47] = [
    "asdfgh",
    "asdfghjkl",
    "babygirl",
    "baseball",
    "batman",
    "buster",
    "butterfly",
    "charlie",
    "chelsea",
    "chocolate",
    "computer",
    "correcthorsebatterystaple",
    "daniel",
    "dragon",
    "dragonfly",
    "flower",
    "football",
    "freedom",
    "hannah",
    "hockey",
    "iloveyou",
    "jennifer",
    "jessica",
    "jordan",
    "killer",
    "letmein",
    "liverpool",
    "lovely",
    "maggie",
    "michael",
    "michelle",
    "monkey",
    "nicole",
    "pepper",
    "pokemon",
    "princess",
    "qwerty",
    "qwertyuiop",
    "samsung",
    "shadow",
    "soccer",
    "starwars",
    "sunshine",
    "superman",
    "tigger",
    "trustno",
    "zxcvbnm",
];

/// Whether a value is a password that many people choose.
pub(super) fn is_chosen(value: &[u8]) -> bool {
    value.len() >= 6 && CHOSEN.iter().any(|word| value.eq_ignore_ascii_case(word.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_is_told_from_words() {
        for drawn in ["gvldlkqhavzwhwpk", "efelbnnenblylshq", "qdmskdykvmvseocc", "XkcdQwzPlmTr"] {
            assert!(is_gibberish(drawn.as_bytes()), "{drawn}");
        }
        for words in
            ["authenticationtoken", "verylongpassphrase", "meinpasswort", "CamelCaseIdentifier", "short"]
        {
            assert!(!is_gibberish(words.as_bytes()), "{words}");
        }
    }
}
