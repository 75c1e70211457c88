//! FIPS 180-4's SHA-256 of sixteen texts side by side: lane `i` of every vector belongs to text `i`.
//!
//! Safe code: the vectors and the proof that the machine has them are `fearless_simd`'s, and its `kernel!`
//! makes the processor's own instructions callable. Three of them make the difference, each one step
//! where others take three or more: a rotation, any function of three bits, an addition under a mask.

use std::arch::x86_64::{
    _mm512_add_epi32, _mm512_mask_add_epi32, _mm512_ror_epi32, _mm512_set1_epi32, _mm512_set4_epi32,
    _mm512_setzero_si512, _mm512_shuffle_epi8, _mm512_shuffle_i32x4, _mm512_srli_epi32,
    _mm512_ternarylogic_epi32, _mm512_unpackhi_epi32, _mm512_unpackhi_epi64, _mm512_unpacklo_epi32,
    _mm512_unpacklo_epi64,
};

use fearless_simd::{Avx512, kernel, prelude::*, u8x64, u32x16};

use super::{BLOCK, blocks};

/// Texts hashed together.
pub(super) const LANES: usize = 16;

/// The eight words of each lane, word by word.
type State = [[u32; LANES]; 8];

/// The first 32 bits of the fractional parts of the square roots of the first eight primes.
const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// The same of the cube roots of the first sixty-four, in four rows of sixteen.
const ROUNDS: [[i32; 16]; 4] = {
    const WORDS: [[u32; 16]; 4] = [
        [
            0x428a_2f98,
            0x7137_4491,
            0xb5c0_fbcf,
            0xe9b5_dba5,
            0x3956_c25b,
            0x59f1_11f1,
            0x923f_82a4,
            0xab1c_5ed5,
            0xd807_aa98,
            0x1283_5b01,
            0x2431_85be,
            0x550c_7dc3,
            0x72be_5d74,
            0x80de_b1fe,
            0x9bdc_06a7,
            0xc19b_f174,
        ],
        [
            0xe49b_69c1,
            0xefbe_4786,
            0x0fc1_9dc6,
            0x240c_a1cc,
            0x2de9_2c6f,
            0x4a74_84aa,
            0x5cb0_a9dc,
            0x76f9_88da,
            0x983e_5152,
            0xa831_c66d,
            0xb003_27c8,
            0xbf59_7fc7,
            0xc6e0_0bf3,
            0xd5a7_9147,
            0x06ca_6351,
            0x1429_2967,
        ],
        [
            0x27b7_0a85,
            0x2e1b_2138,
            0x4d2c_6dfc,
            0x5338_0d13,
            0x650a_7354,
            0x766a_0abb,
            0x81c2_c92e,
            0x9272_2c85,
            0xa2bf_e8a1,
            0xa81a_664b,
            0xc24b_8b70,
            0xc76c_51a3,
            0xd192_e819,
            0xd699_0624,
            0xf40e_3585,
            0x106a_a070,
        ],
        [
            0x19a4_c116,
            0x1e37_6c08,
            0x2748_774c,
            0x34b0_bcb5,
            0x391c_0cb3,
            0x4ed8_aa4a,
            0x5b9c_ca4f,
            0x682e_6ff3,
            0x748f_82ee,
            0x78a5_636f,
            0x84c8_7814,
            0x8cc7_0208,
            0x90be_fffa,
            0xa450_6ceb,
            0xbef9_a3f7,
            0xc671_78f2,
        ],
    ];
    let mut rounds = [[0; 16]; 4];
    let mut at = 0;
    while at < 64 {
        rounds[at / 16][at % 16] = WORDS[at / 16][at % 16].cast_signed();
        at += 1;
    }
    rounds
};

/// The SHA-256 of each text.
pub(super) fn hash(avx512: Avx512, texts: &[&[u8]; LANES]) -> [[u8; 32]; LANES] {
    let counts = texts.map(blocks);
    let whole = texts.map(|text| text.as_chunks::<BLOCK>().0);
    let tails = texts.map(tail);
    let mut state: State = INITIAL.map(|word| [word; LANES]);
    // While all texts go on there is nothing to choose.
    let together = whole.into_iter().map(<[_]>::len).min().unwrap_or(0);
    for at in 0..together {
        compress(avx512, &mut state, &whole.map(|blocks| &blocks[at]), u16::MAX);
    }
    for at in together..counts.into_iter().max().unwrap_or(0) {
        let mut live = 0;
        let step: [&[u8; BLOCK]; LANES] = std::array::from_fn(|lane| {
            live |= u16::from(at < counts[lane]) << lane;
            // A lane that has ended takes in anything; its state is kept as it is.
            whole[lane].get(at).unwrap_or_else(|| &tails[lane][usize::from(at > whole[lane].len())])
        });
        compress(avx512, &mut state, &step, live);
    }
    std::array::from_fn(|lane| {
        let mut hash = [0; 32];
        let (words, _) = hash.as_chunks_mut::<4>();
        words.iter_mut().zip(state).for_each(|(word, lanes)| *word = lanes[lane].to_be_bytes());
        hash
    })
}

/// What comes after a text's last whole block: the rest, a one bit, zeros, and the length in bits; one
/// block or two.
fn tail(text: &[u8]) -> [[u8; BLOCK]; 2] {
    let (whole, rest) = text.as_chunks::<BLOCK>();
    let mut tail = [[0; BLOCK]; 2];
    tail[0][..rest.len()].copy_from_slice(rest);
    tail[0][rest.len()] = 0x80;
    let last = blocks(text) - whole.len() - 1;
    tail[last][BLOCK - 8..].copy_from_slice(&(text.len() as u64 * 8).to_be_bytes());
    tail
}

kernel!(
    /// Takes one block into each lane whose bit of `live` is set.
    fn compress(token: Avx512, state: &mut State, step: &[&[u8; BLOCK]; LANES], live: u16) {
        // Big-endian words, a text in each row.
        let swap = _mm512_set4_epi32(0x0c0d_0e0f, 0x0809_0a0b, 0x0405_0607, 0x0001_0203);
        let rows = step.map(|block| _mm512_shuffle_epi8(u8x64::from_slice(token, block).into(), swap));

        // Rows and columns exchanged: in fours within each quarter of a vector, then the quarters.
        let mut quarters = [_mm512_setzero_si512(); LANES];
        for at in [0, 4, 8, 12] {
            let low = [
                _mm512_unpacklo_epi32(rows[at], rows[at + 1]),
                _mm512_unpacklo_epi32(rows[at + 2], rows[at + 3]),
            ];
            let high = [
                _mm512_unpackhi_epi32(rows[at], rows[at + 1]),
                _mm512_unpackhi_epi32(rows[at + 2], rows[at + 3]),
            ];
            quarters[at] = _mm512_unpacklo_epi64(low[0], low[1]);
            quarters[at + 1] = _mm512_unpackhi_epi64(low[0], low[1]);
            quarters[at + 2] = _mm512_unpacklo_epi64(high[0], high[1]);
            quarters[at + 3] = _mm512_unpackhi_epi64(high[0], high[1]);
        }
        let mut words = [_mm512_setzero_si512(); 16];
        for at in 0..4 {
            let even = [
                _mm512_shuffle_i32x4::<0x88>(quarters[at], quarters[at + 4]),
                _mm512_shuffle_i32x4::<0x88>(quarters[at + 8], quarters[at + 12]),
            ];
            let odd = [
                _mm512_shuffle_i32x4::<0xdd>(quarters[at], quarters[at + 4]),
                _mm512_shuffle_i32x4::<0xdd>(quarters[at + 8], quarters[at + 12]),
            ];
            words[at] = _mm512_shuffle_i32x4::<0x88>(even[0], even[1]);
            words[at + 4] = _mm512_shuffle_i32x4::<0x88>(odd[0], odd[1]);
            words[at + 8] = _mm512_shuffle_i32x4::<0xdd>(even[0], even[1]);
            words[at + 12] = _mm512_shuffle_i32x4::<0xdd>(odd[0], odd[1]);
        }

        let before = state.each_ref().map(|lanes| u32x16::from_slice(token, lanes).into());
        let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = before;
        // Written out by macros: only then do all the vectors stay in registers. 0x96 is the exclusive
        // or of three, 0xca chooses by the first, 0xe8 is the majority.
        macro_rules! round {
            ($k:ident, $at:expr, $a:ident $b:ident $c:ident $d:ident $e:ident $f:ident $g:ident $h:ident) => {
                let sum = _mm512_ternarylogic_epi32::<0x96>(
                    _mm512_ror_epi32::<6>($e),
                    _mm512_ror_epi32::<11>($e),
                    _mm512_ror_epi32::<25>($e),
                );
                let choice = _mm512_ternarylogic_epi32::<0xca>($e, $f, $g);
                let word = _mm512_add_epi32(_mm512_set1_epi32($k[$at]), words[$at]);
                let first = _mm512_add_epi32(_mm512_add_epi32(_mm512_add_epi32($h, word), choice), sum);
                let sum = _mm512_ternarylogic_epi32::<0x96>(
                    _mm512_ror_epi32::<2>($a),
                    _mm512_ror_epi32::<13>($a),
                    _mm512_ror_epi32::<22>($a),
                );
                let majority = _mm512_ternarylogic_epi32::<0xe8>($a, $b, $c);
                $d = _mm512_add_epi32($d, first);
                $h = _mm512_add_epi32(first, _mm512_add_epi32(sum, majority));
            };
        }
        macro_rules! schedule {
            ($at:expr) => {
                let (near, far) = (words[($at + 1) % 16], words[($at + 14) % 16]);
                let near = _mm512_ternarylogic_epi32::<0x96>(
                    _mm512_ror_epi32::<7>(near),
                    _mm512_ror_epi32::<18>(near),
                    _mm512_srli_epi32::<3>(near),
                );
                let far = _mm512_ternarylogic_epi32::<0x96>(
                    _mm512_ror_epi32::<17>(far),
                    _mm512_ror_epi32::<19>(far),
                    _mm512_srli_epi32::<10>(far),
                );
                let old = _mm512_add_epi32(words[$at], words[($at + 9) % 16]);
                words[$at] = _mm512_add_epi32(old, _mm512_add_epi32(near, far));
            };
        }
        macro_rules! last {
            ($at:expr) => {};
        }
        macro_rules! eight_rounds {
            ($k:ident, $at:expr, $then:ident) => {
                round!($k, $at, a b c d e f g h);
                $then!($at);
                round!($k, $at + 1, h a b c d e f g);
                $then!($at + 1);
                round!($k, $at + 2, g h a b c d e f);
                $then!($at + 2);
                round!($k, $at + 3, f g h a b c d e);
                $then!($at + 3);
                round!($k, $at + 4, e f g h a b c d);
                $then!($at + 4);
                round!($k, $at + 5, d e f g h a b c);
                $then!($at + 5);
                round!($k, $at + 6, c d e f g h a b);
                $then!($at + 6);
                round!($k, $at + 7, b c d e f g h a);
                $then!($at + 7);
            };
        }
        let [first, second, third, fourth] = &ROUNDS;
        for k in [first, second, third] {
            eight_rounds!(k, 0, schedule);
            eight_rounds!(k, 8, schedule);
        }
        eight_rounds!(fourth, 0, last);
        eight_rounds!(fourth, 8, last);

        let after = [a, b, c, d, e, f, g, h];
        for (lanes, (before, after)) in state.iter_mut().zip(before.into_iter().zip(after)) {
            let sum: u32x16<Avx512> = _mm512_mask_add_epi32(before, live, before, after).simd_into(token);
            sum.store_slice(lanes);
        }
    }
);
