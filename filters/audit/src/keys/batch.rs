//! Many signatures by one key, verified in one equation.
//!
//! A signature `(R, s)` of `M` by the key `A` is valid if `s·B = R + k·A`, where `k` is the SHA-512 of `R`,
//! `A` and `M`. Each of these equations is multiplied by a number `z` of its own, and all are added up:
//!
//! ```text
//! (Σ z·s)·B − (Σ z·k)·A − Σ z·R = 0
//! ```
//!
//! The numbers are made from all that goes in, so whoever forges one signature cannot choose it to make
//! up for another. As the key is one and the same, it is multiplied once, which is what `ed25519-dalek`'s own
//! batch, made for any keys, does for each signature: that takes half as long again as this.

use curve25519_dalek::{
    EdwardsPoint, Scalar,
    edwards::CompressedEdwardsY,
    traits::{IsIdentity, VartimeMultiscalarMul},
};
use ed25519_dalek::VerifyingKey;
use sha2::{Digest, Sha512};

/// True when the equations hold. `signed` are pairs of a message and a signature of it.
pub(super) fn holds(key: &VerifyingKey, signed: &[(&[u8], &[u8])]) -> bool {
    let terms: Option<Vec<Term>> =
        signed.iter().map(|(message, signature)| Term::read(key, message, signature)).collect();
    let Some(terms) = terms else { return false };
    let factors = factors(&terms);
    let sum = |of: fn(&Term) -> Scalar| -> Scalar {
        factors.iter().zip(&terms).map(|(factor, term)| factor * of(term)).sum()
    };
    let left = EdwardsPoint::vartime_double_scalar_mul_basepoint(
        &-sum(|term| term.k),
        &key.to_edwards(),
        &sum(|term| term.s),
    );
    let right = EdwardsPoint::vartime_multiscalar_mul(&factors, terms.iter().map(|term| term.r));
    (left - right).is_identity()
}

/// What one signature puts into the equation.
struct Term {
    r: EdwardsPoint,
    s: Scalar,
    k: Scalar,
    /// All of it: the SHA-512 that `k` is, and the bytes of `s`.
    transcript: ([u8; 64], [u8; 32]),
}

impl Term {
    /// None if it is not the form of a signature: `s` has one spelling, and `R` has to be a point.
    fn read(key: &VerifyingKey, message: &[u8], signature: &[u8]) -> Option<Self> {
        let (r, s) = signature.split_at_checked(32)?;
        let (r, s): ([u8; 32], [u8; 32]) = (r.try_into().ok()?, s.try_into().ok()?);
        let digest = Sha512::new().chain_update(r).chain_update(key.as_bytes()).chain_update(message);
        let digest: [u8; 64] = digest.finalize().into();
        Some(Self {
            r: CompressedEdwardsY(r).decompress()?,
            s: Option::from(Scalar::from_canonical_bytes(s))?,
            k: Scalar::from_bytes_mod_order_wide(&digest),
            transcript: (digest, s),
        })
    }
}

/// A number of 128 bits for each term, which depends on all of them.
fn factors(terms: &[Term]) -> Vec<Scalar> {
    let mut all = Sha512::new();
    for Term { transcript: (digest, s), .. } in terms {
        all.update(digest);
        all.update(s);
    }
    let seed = all.finalize();
    let mut factors = Vec::with_capacity(terms.len());
    for (number, group) in (0_u64..).zip(terms.chunks(4)) {
        let block = Sha512::new().chain_update(seed).chain_update(number.to_le_bytes()).finalize();
        let (numbers, _) = block.as_chunks::<16>();
        let numbers = numbers.iter().take(group.len());
        factors.extend(numbers.map(|bytes| Scalar::from(u128::from_le_bytes(*bytes))));
    }
    factors
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signer, SigningKey};

    use super::*;

    /// A message and its signature.
    type Signed = (Vec<u8>, Vec<u8>);

    /// Signatures of as many messages by a key that is made from `seed`.
    fn signed(seed: u8, count: usize) -> (VerifyingKey, Vec<Signed>) {
        let key = SigningKey::from_bytes(&[seed; 32]);
        let message = |number: usize| Sha512::digest(number.to_le_bytes())[..32].to_vec();
        let signed = (0..count).map(message).map(|message| {
            let signature = key.sign(&message).to_vec();
            (message, signature)
        });
        (key.verifying_key(), signed.collect())
    }

    fn holds_for(key: &VerifyingKey, signed: &[Signed]) -> bool {
        let signed: Vec<_> =
            signed.iter().map(|(message, signature)| (&message[..], &signature[..])).collect();
        holds(key, &signed)
    }

    #[test]
    fn genuine_signatures_hold_however_many() {
        for count in [0, 1, 2, 3, 4, 5, 63, 64, 200, 257, 1_000] {
            let (key, signed) = signed(1, count);
            assert!(holds_for(&key, &signed), "{count}");
        }
    }

    #[test]
    fn every_bit_of_a_signature_and_its_message_counts() {
        let (key, all) = signed(2, 5);
        for bit in 0..64 * 8 {
            let mut forged = all.clone();
            forged[bit % 5].1[bit / 8] ^= 1 << (bit % 8);
            assert!(!holds_for(&key, &forged), "signature {bit}");
        }
        for bit in 0..32 * 8 {
            let mut forged = all.clone();
            forged[bit % 5].0[bit / 8] ^= 1 << (bit % 8);
            assert!(!holds_for(&key, &forged), "message {bit}");
        }
        let (other, _) = signed(3, 0);
        assert!(!holds_for(&other, &all));
    }

    /// What one loses another gains: the sum without factors stays the same.
    #[test]
    fn one_forgery_does_not_make_up_for_another() {
        let (key, mut all) = signed(4, 6);
        let scalar = |bytes: &[u8]| Scalar::from_canonical_bytes(bytes.try_into().unwrap()).unwrap();
        let more = scalar(&all[1].1[32..]) + Scalar::ONE;
        let less = scalar(&all[4].1[32..]) - Scalar::ONE;
        all[1].1[32..].copy_from_slice(more.as_bytes());
        all[4].1[32..].copy_from_slice(less.as_bytes());
        assert!(!holds_for(&key, &all));
        let (key, mut all) = signed(5, 4);
        let (first, last) = (all[0].1.clone(), all[3].1.clone());
        (all[0].1, all[3].1) = (last, first);
        assert!(!holds_for(&key, &all));
    }

    #[test]
    fn a_number_above_the_order_and_a_cut_signature_are_refused() {
        let (key, all) = signed(6, 4);
        // The order of the group, added to s: the same number by another spelling.
        const ORDER: [u8; 32] = [
            0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
        ];
        let mut respelt = all.clone();
        let mut carry = 0;
        for (byte, order) in respelt[2].1[32..].iter_mut().zip(ORDER) {
            let sum = u16::from(*byte) + u16::from(order) + carry;
            (*byte, carry) = (sum as u8, sum >> 8);
        }
        assert!(!holds_for(&key, &respelt));
        for length in [0, 31, 32, 63] {
            let mut cut = all.clone();
            cut[3].1.truncate(length);
            assert!(!holds_for(&key, &cut));
        }
        let mut long = all;
        long[3].1.push(0);
        assert!(!holds_for(&key, &long));
    }
}
