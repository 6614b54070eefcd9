//! Finds the rules' keywords in one pass over the bytes.
//!
//! Every keyword puts two neighbouring three-byte grams of its own into a bitmap. Only every second position of the
//! text is looked up: whichever way a keyword lies, exactly one of its two grams starts at such a position. A look-up
//! is one multiplication and one load from 16 KiB, which stay in the first-level cache; eight of them are joined before
//! the one branch. What passes is compared with the keywords that have this gram. Letters are looked up in lower case:
//! a keyword in either case takes no more bits than another one, and what a case-sensitive one loses by it is little.
//!
//! Measured against the other ways in `benches/secrets.rs`: an Aho-Corasick DFA takes one dependent load for each byte,
//! and Teddy's eight or sixteen buckets fill up with this many keywords.

/// Bits of a gram's hash.
const HASH_BITS: u32 = 17;
/// Knuth's multiplicative constant, moved up a byte, so that the fourth byte of a load falls out of the product.
const HASH_FACTOR: u32 = 0x9E37_79B1 << 8;
/// Bits that are set in every byte of a gram: upper-case letters become lower-case ones.
const FOLD: u32 = 0x0020_2020;
/// Words of the bitmap: one bit for each hash.
const BITMAP_WORDS: usize = 1 << (HASH_BITS - 6);
/// Hashes that share a bucket of candidates.
const BUCKET_SHIFT: u32 = 5;
/// Number of buckets.
const BUCKETS: usize = 1 << (HASH_BITS - BUCKET_SHIFT);
/// Bytes that one step of the scan covers.
const STEP: usize = 16;
/// Bytes that one step reads: its last gram starts two bytes before its end and is loaded as four bytes.
const STEP_READS: usize = STEP + 2;

/// A literal to look for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Keyword {
    /// At least [`Keyword::SHORTEST`] bytes; lower case if case is ignored.
    pub(super) bytes: Vec<u8>,
    /// Whether ASCII letters match in either case.
    pub(super) ignore_case: bool,
}

impl Keyword {
    /// A gram must fit in.
    pub(super) const SHORTEST: usize = 3;
    /// Longer ones find nothing better.
    pub(super) const LONGEST: usize = 64;

    fn matches(&self, text: &[u8]) -> bool {
        if self.ignore_case {
            text.eq_ignore_ascii_case(&self.bytes)
        } else {
            text == self.bytes
        }
    }
}

/// Where a keyword lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct KeywordHit {
    /// Its first byte.
    pub(super) at: usize,
    /// Its place in the list that the prefilter was built from.
    pub(super) keyword: u16,
}

/// A keyword that has a gram at some offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    keyword: u16,
    offset: u8,
}

/// The compiled keywords.
pub(super) struct Prefilter {
    bitmap: Box<[u64; BITMAP_WORDS]>,
    buckets: Vec<Vec<Candidate>>,
    keywords: Vec<Keyword>,
    longest: usize,
}

impl Prefilter {
    /// Compiles keywords of [`Keyword::SHORTEST`] to [`Keyword::LONGEST`] bytes.
    pub(super) fn new(keywords: Vec<Keyword>) -> Self {
        let mut bitmap = Box::new([0; BITMAP_WORDS]);
        let mut buckets = vec![Vec::new(); BUCKETS];
        for (index, keyword) in (0..).zip(&keywords) {
            for (offset, gram) in rarest_grams(keyword) {
                let hash = hash(gram);
                set(&mut bitmap, hash);
                let candidate = Candidate {
                    keyword: index,
                    offset,
                };
                if let Some(bucket) = buckets.get_mut((hash >> BUCKET_SHIFT) as usize)
                    && !bucket.contains(&candidate)
                {
                    bucket.push(candidate);
                }
            }
        }
        let longest = keywords.iter().map(|k| k.bytes.len()).max().unwrap_or(0);
        Self {
            bitmap,
            buckets,
            keywords,
            longest,
        }
    }

    /// Appends every keyword that starts at `from..to`, ordered by position. It may reach past `to`.
    pub(super) fn find(&self, bytes: &[u8], from: usize, to: usize, hits: &mut Vec<KeywordHit>) {
        let first = hits.len();
        let end = bytes.len().min(to.saturating_add(self.longest));
        let bytes = bytes.get(..end).unwrap_or_default();
        let mut at = from;
        while let Some(step) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
            let mut found = self.probe_step(step);
            while found != 0 {
                self.compare(
                    bytes,
                    at + 2 * found.trailing_zeros() as usize,
                    from..to,
                    hits,
                );
                found &= found - 1;
            }
            at += STEP;
        }
        while at < end {
            if probe(&self.bitmap, gram_at(bytes, at)) != 0 {
                self.compare(bytes, at, from..to, hits);
            }
            at += 2;
        }
        if let Some(new) = hits.get_mut(first..) {
            new.sort_unstable();
        }
    }

    /// Looks up the eight grams of one step: bit `n` is set if the one at `2 n` is some keyword's.
    #[inline]
    fn probe_step(&self, step: &[u8; STEP_READS]) -> u64 {
        let mut found = 0;
        for (index, pair) in step.windows(4).step_by(2).enumerate() {
            if let Some(gram) = pair.first_chunk::<4>() {
                found |= probe(&self.bitmap, u32::from_le_bytes(*gram)) << index;
            }
        }
        found
    }

    #[cold]
    fn compare(
        &self,
        bytes: &[u8],
        at: usize,
        starts: std::ops::Range<usize>,
        hits: &mut Vec<KeywordHit>,
    ) {
        let bucket = hash(gram_at(bytes, at)) >> BUCKET_SHIFT;
        for candidate in self.buckets.get(bucket as usize).into_iter().flatten() {
            let Some(keyword) = self.keywords.get(usize::from(candidate.keyword)) else {
                continue;
            };
            let Some(start) = at.checked_sub(usize::from(candidate.offset)) else {
                continue;
            };
            let text = bytes.get(start..start + keyword.bytes.len());
            if starts.contains(&start) && text.is_some_and(|text| keyword.matches(text)) {
                hits.push(KeywordHit {
                    at: start,
                    keyword: candidate.keyword,
                });
            }
        }
    }
}

#[inline]
fn hash(gram: u32) -> u32 {
    (gram | FOLD).wrapping_mul(HASH_FACTOR) >> (32 - HASH_BITS)
}

#[inline]
#[expect(
    clippy::indexing_slicing,
    reason = "a hash has 17 bits: its upper 11 are below 2048, as the compiler sees too"
)]
fn probe(bitmap: &[u64; BITMAP_WORDS], gram: u32) -> u64 {
    let hash = hash(gram);
    (bitmap[(hash >> 6) as usize] >> (hash & 63)) & 1
}

fn set(bitmap: &mut [u64; BITMAP_WORDS], hash: u32) {
    if let Some(word) = bitmap.get_mut((hash >> 6) as usize) {
        *word |= 1 << (hash & 63);
    }
}

/// The gram at `at`; past the end there are zeros.
fn gram_at(bytes: &[u8], at: usize) -> u32 {
    let mut gram = [0; 4];
    for (slot, byte) in gram.iter_mut().zip(bytes.get(at..).unwrap_or_default()) {
        *slot = *byte;
    }
    u32::from_le_bytes(gram)
}

/// Two neighbouring offsets of the keyword with every gram that can stand there: those that are rarest in real files.
/// A keyword of three bytes has one gram only; its second one stands for all 256 that begin with its last two bytes.
fn rarest_grams(keyword: &Keyword) -> Vec<(u8, u32)> {
    let offsets = 0..=keyword.bytes.len().saturating_sub(4);
    let best = offsets.min_by_key(|offset| {
        let cost = |at| {
            grams(keyword, at)
                .iter()
                .map(|gram| commonness(*gram))
                .sum::<u64>()
        };
        cost(*offset) + cost(offset + 1)
    });
    let best = best.unwrap_or(0);
    [best, best + 1]
        .into_iter()
        .filter_map(|offset| Some((u8::try_from(offset).ok()?, grams(keyword, offset))))
        .flat_map(|(offset, grams)| grams.into_iter().map(move |gram| (offset, gram)))
        .collect()
}

/// Every gram that can stand at `offset` of the keyword, whatever byte follows its end.
fn grams(keyword: &Keyword, offset: usize) -> Vec<u32> {
    let mut grams = vec![0];
    for (shift, at) in [0, 8, 16].into_iter().zip(offset..) {
        let bytes = match keyword.bytes.get(at) {
            Some(byte) => vec![*byte],
            None => (0..=u8::MAX).collect(),
        };
        grams = grams
            .iter()
            .flat_map(|gram| {
                bytes
                    .iter()
                    .map(move |byte| gram | u32::from(*byte) << shift)
            })
            .collect();
    }
    grams
}

/// How often a gram is to be expected in the files of an image, relative to others: its two pairs, as often as they are.
fn commonness(gram: u32) -> u64 {
    let [first, second, third, _] = gram.to_le_bytes().map(kind);
    let pair = |one: usize, next: usize| {
        let row = PAIRS.get(one).and_then(|row| row.get(next));
        u32::from(row.map_or(0, |letter| letter - b'a'))
    };
    let alone = u32::from(ALONE.get(second).map_or(0, |letter| letter - b'a'));
    let halves = (pair(first, second) + pair(second, third) + 30).saturating_sub(alone);
    let whole = 1 << (halves / 2);
    if halves % 2 == 0 {
        whole
    } else {
        whole * 181 / 128
    }
}

/// The kinds that frequencies are kept of: 26 letters, digits, space (and zero, which becomes one), four signs, the rest.
fn kind(byte: u8) -> usize {
    match byte | 0x20 {
        letter @ b'a'..=b'z' => usize::from(letter - b'a'),
        b'0'..=b'9' => 26,
        b' ' => 27,
        b'/' => 28,
        b'-' => 29,
        0x7f => 30,
        _ => 31,
    }
}

/// Frequencies of pairs of kinds in 30 MB of the programs, libraries and texts of a Debian system, in steps of the square
/// root of two: `b` is that much more than `a`.
const PAIRS: [&[u8; 32]; 32] = [
    b"hopphjpgogksqreperrtnmkjlhgqkhkf",
    b"ngihofdemldnfemgcklgodceldekgehd",
    b"qglhqfjqmdopjfsjdnkqmfegkdfnffkd",
    b"ohimsigkpeikhiojglmilgfgiegsklng",
    b"plrropmhljiqptjonutsinlpmghulkph",
    b"nfhjmoeircclfipfcnikmdccicfqnije",
    b"kehfqgikncdmhmnhdmnilgdcfeepjhld",
    b"peigsedhodfhhfnfclhnkdecfdfojfji",
    b"nnqpopoeffiqournenrremckdmemggje",
    b"iccdncbdeddedciecekcgcccbcdjeebd",
    b"kehfoejelbdggihecgkgidgcdddmdend",
    b"qhinsnhgrefqghqkbhnnolgcmfepjjof",
    b"qliisfefncekmfoocfmhkfddidfnkgkd",
    b"qgpqrnrfofkljlqkcjrsnleejfgrhilf",
    b"knpqionellloptnpcsopqmmghfcpehkd",
    b"qgjkrhgkndlohhpmdqmonfeelcemgfld",
    b"ccbccbbdccbfcbbccddcocdbcccibbeb",
    b"qinmujogrellnorjfpppnnifnfhrijmg",
    b"ogoltiioqcnnkloogkqtnhiengfsliog",
    b"rgmktkgssdglkirndrpophkjpghsikog",
    b"lmllpkjhneepnqgncqppgeciddemeegc",
    b"pegfqeffobdfkgkfcefgdgdcdcgkddic",
    b"ncdflgdlnccfejlgckidedhddbclcdhc",
    b"jekfjicgkcceieekcehmcecgfehlegid",
    b"ifgfhefdhcchjjkodjnkdehcddcpghkd",
    b"iddemccehccdfjidcddgedccedekefed",
    b"ggfgffdhfccfeccdcdedddchbcinefid",
    b"sqsrqrossnmqqqrrksstpopmmnmzoopm",
    b"lhljigkhigckhlkldhjigfgeedgoncdg",
    b"jhkiiiggkdehhhhidijihgfecggodocd",
    b"nkommmljnhhlnmlnfmonllihckgkddpc",
    b"fdegefdgecceeddebeffddccbcdngddd",
];
/// The same for single ones.
const ALONE: &[u8; 32] = b"yuxxzwvxystxwyywryyzwuttusszvuws";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keywords() -> Vec<Keyword> {
        let sensitive = ["ghp_", "AKIA", "eyJ", "://", "-----BEGIN"];
        let either = ["secret_key", "auth"];
        let keyword = |ignore_case| {
            move |text: &str| Keyword {
                bytes: text.as_bytes().to_vec(),
                ignore_case,
            }
        };
        let sensitive = sensitive.into_iter().map(keyword(false));
        sensitive
            .chain(either.into_iter().map(keyword(true)))
            .collect()
    }

    fn naive(bytes: &[u8], from: usize, to: usize) -> Vec<KeywordHit> {
        let keywords = keywords();
        let mut hits = Vec::new();
        for at in from..to.min(bytes.len()) {
            for (index, keyword) in (0..).zip(&keywords) {
                let text = bytes.get(at..at + keyword.bytes.len());
                if text.is_some_and(|text| keyword.matches(text)) {
                    hits.push(KeywordHit { at, keyword: index });
                }
            }
        }
        hits
    }

    fn found(bytes: &[u8], from: usize, to: usize) -> Vec<KeywordHit> {
        let mut hits = Vec::new();
        Prefilter::new(keywords()).find(bytes, from, to, &mut hits);
        hits
    }

    #[test]
    fn a_keyword_is_found_once_at_every_place_up_to_the_last_byte() {
        for before in 0..40 {
            for (index, keyword) in keywords().iter().enumerate() {
                let mut text = vec![b'.'; before];
                text.extend(
                    keyword
                        .bytes
                        .to_ascii_uppercase()
                        .iter()
                        .zip(&keyword.bytes)
                        .map(|(upper, byte)| if keyword.ignore_case { *upper } else { *byte }),
                );
                let hits = found(&text, 0, text.len());
                assert_eq!(hits.len(), 1, "{before} {index}");
                assert_eq!((hits[0].at, usize::from(hits[0].keyword)), (before, index));
            }
        }
    }

    #[test]
    fn only_keywords_that_start_in_the_range_are_found() {
        let text = b"ghp_....ghp_....ghp_";
        assert_eq!(found(text, 1, 8), []);
        assert_eq!(found(text, 8, 9), [KeywordHit { at: 8, keyword: 0 }]);
    }

    proptest! {
        #[test]
        fn the_prefilter_finds_what_a_naive_search_finds(
            pieces in proptest::collection::vec(
                prop_oneof![
                    proptest::sample::select(vec!["ghp_", "AKI", "eyJ", ":/", "/", "-----", "BEGIN", "Secret_Key", "AUTH", "a"])
                        .prop_map(|text| text.as_bytes().to_vec()),
                    proptest::collection::vec(any::<u8>(), 0..5),
                ],
                0..30,
            ),
            from in 0_usize..20,
        ) {
            let text = pieces.concat();
            let to = text.len().saturating_sub(from);
            prop_assert_eq!(found(&text, from, to), naive(&text, from, to));
        }
    }
}
