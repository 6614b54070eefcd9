//! Structural checks of a value: what tells a credential from a text that only looks like one.
//!
//! What comes in: the block of the file around a match. What goes out: how the value fared, and where it really ends,
//! for kinds whose shape only knows the beginning. Nothing is sent anywhere, and nothing decoded is kept.

mod checksum;
mod key;
mod password;
mod store;
mod token;
mod uri;

use std::ops::Range;

#[cfg(test)]
pub(super) use checksum::{bech32_checksum, crc16, crc32, encode_base62, hex_of};

use self::password::Ground;
use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;

/// How a value fared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Its structure is right, and a text that is no such credential would not have it by chance.
    Proven,
    /// Nothing speaks against it.
    Plausible,
    /// It has the shape, but what every real one has is missing.
    Doubtful,
    /// It is something else.
    Refuted,
}

/// A match as a proof sees it.
#[derive(Clone, Copy)]
pub(super) struct Claim<'a> {
    /// The bytes around the match.
    pub(super) block: &'a [u8],
    /// Where the match begins in the block.
    pub(super) start: usize,
    /// Where it ends.
    pub(super) end: usize,
    /// Where the value begins.
    pub(super) value_start: usize,
    /// Where the value ends.
    pub(super) value_end: usize,
    /// Where the rule's reach ends.
    pub(super) limit: usize,
}

impl<'a> Claim<'a> {
    fn value(&self) -> &'a [u8] {
        self.block
            .get(self.value_start..self.value_end)
            .unwrap_or_default()
    }

    fn behind(&self) -> &'a [u8] {
        let limit = self.limit.min(self.block.len());
        self.block.get(self.end..limit).unwrap_or_default()
    }
}

/// What a proof says of a match.
pub(super) struct Outcome {
    /// How the value fared.
    pub(super) verdict: Verdict,
    /// Where it lies in the block.
    pub(super) value: Range<usize>,
    /// What it is whatever way it was written, where there are several: the decoded key of a PEM text.
    pub(super) decoded: Option<Vec<u8>>,
}

/// A proof's name in a rules file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Proof {
    /// The last six characters are the CRC-32 of those behind the last `_`, in base 62; all real ones have it.
    Crc32,
    /// The same, where the issuer does not say that all have it.
    OptionalCrc32,
    /// A Bech32 checksum (BIP 173).
    Bech32,
    /// An AWS access key id: carries its account's number.
    AwsKeyId,
    /// A JWT: its header is JSON and names an algorithm.
    Jwt,
    /// A macaroon of PyPI.
    PypiMacaroon,
    /// `user:password` in base64, as Docker's and npm's configuration keep it.
    BasicAuth,
    /// A connection URI: its user, password and host are no examples.
    Host,
    /// The same for a DSN of Go's driver for `MySQL`.
    DsnHost,
    /// A password where nothing but one can stand.
    Password,
    /// A password in any assignment.
    AssignedPassword,
    /// A long random value.
    RandomToken,
    /// `user:password` in base64, in a header of a request.
    BasicAuthHeader,
    /// A JSON object in base64 behind a prefix.
    JsonToken,
    /// An old API key of Grafana.
    GrafanaApiKey,
    /// A Discord bot's token.
    DiscordToken,
    /// A JWT of a Kubernetes service account.
    KubernetesJwt,
    /// A JWT with all rights in a Supabase project.
    SupabaseJwt,
    /// The CRC-32 of all before the last `_`, in base 62, as Synapse does it.
    MatrixCrc32,
    /// The same in hexadecimal digits, as Grafana does it.
    HexCrc32,
    /// `Base58Check`.
    #[serde(rename = "base58-check")]
    Base58Check,
    /// A seed of Stellar.
    StellarSeed,
    /// A private key of Curve25519 in base64.
    Curve25519Key,
    /// A PEM private key in base64, as a kubeconfig has it.
    #[serde(rename = "base64-private-key")]
    Base64PrivateKey,
    /// A key file of `PuTTY`.
    PuttyKey,
    /// A key file of gpg-agent.
    GnupgKey,
    /// A PKCS #12 store with a key.
    Pkcs12,
    /// A Java key store with a key.
    JavaKeyStore,
    /// An unencrypted private key in PEM, of any kind but PGP.
    PrivateKey,
    /// An encrypted one.
    EncryptedPrivateKey,
    /// A PGP secret key in ASCII armour.
    PgpKey,
    /// The private key of a Google service account's JSON file.
    GcpServiceAccount,
}

impl Proof {
    /// Checks a match.
    pub(super) fn check(self, claim: &Claim<'_>) -> Outcome {
        let verdict = match self {
            Self::Crc32 => checksum::base62_crc32(claim.value(), Verdict::Doubtful),
            Self::OptionalCrc32 => checksum::base62_crc32(claim.value(), Verdict::Plausible),
            Self::Bech32 => checksum::bech32(claim.value()),
            Self::AwsKeyId => token::aws_key_id(claim.value()),
            Self::Jwt => token::jwt(claim.value()),
            Self::PypiMacaroon => token::pypi_macaroon(claim.value()),
            Self::BasicAuth => token::basic_auth(claim.value()),
            Self::Host => uri::uri(claim),
            Self::DsnHost => uri::dsn(claim),
            Self::Password => password::password(claim.value(), Ground::Certain),
            Self::AssignedPassword => password::password(claim.value(), Ground::Any),
            Self::RandomToken => password::random_token(claim.value()),
            Self::BasicAuthHeader => token::basic_auth_header(claim.value()),
            Self::JsonToken => token::json_token(claim.value()),
            Self::GrafanaApiKey => token::grafana_api_key(claim.value()),
            Self::DiscordToken => token::discord(claim.value()),
            Self::KubernetesJwt => token::jwt_with(claim.value(), b"kubernetes/serviceaccount"),
            Self::SupabaseJwt => token::jwt_with(claim.value(), b"service_role"),
            Self::MatrixCrc32 => checksum::matrix(claim.value()),
            Self::HexCrc32 => checksum::hex_crc32(claim.value()),
            Self::Base58Check => checksum::base58_check(claim.value()),
            Self::StellarSeed => checksum::stellar_seed(claim.value()),
            Self::Curve25519Key => store::curve25519(claim.value()),
            Self::Base64PrivateKey => return key::base64_pem(claim),
            Self::PuttyKey => return store::putty(claim),
            Self::GnupgKey => return store::gnupg(claim),
            Self::Pkcs12 => return store::pkcs12(claim),
            Self::JavaKeyStore => return store::java_key_store(claim),
            Self::PrivateKey => return key::pem(claim, key::Encrypted::No),
            Self::EncryptedPrivateKey => return key::pem(claim, key::Encrypted::Yes),
            Self::PgpKey => return key::pgp(claim),
            Self::GcpServiceAccount => return key::gcp_service_account(claim),
        };
        Outcome::of_value(verdict, claim)
    }
}

impl Outcome {
    /// A verdict on the value that the shape found.
    pub(super) fn of_value(verdict: Verdict, claim: &Claim<'_>) -> Self {
        Self {
            verdict,
            value: claim.value_start..claim.value_end,
            decoded: None,
        }
    }
}

/// Shannon entropy of the bytes, in bits a byte.
pub(super) fn entropy(value: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in value {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    let length = f64::from(u32::try_from(value.len()).unwrap_or(u32::MAX));
    let present = counts.iter().filter(|count| **count > 0);
    present
        .map(|count| f64::from(*count) / length)
        .map(|share| -share * share.log2())
        .sum()
}

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::URL_SAFE, LENIENT);

/// Decodes base64 of either alphabet, padded or not.
fn decode_base64(text: &[u8]) -> Option<Vec<u8>> {
    let url_safe = text.iter().any(|byte| matches!(byte, b'-' | b'_'));
    let engine = if url_safe { URL_SAFE } else { STANDARD };
    engine.decode(text).ok()
}

/// A claim whose value is all of `text`: for tests.
#[cfg(test)]
fn claim(text: &[u8]) -> Claim<'_> {
    Claim {
        block: text,
        start: 0,
        end: text.len(),
        value_start: 0,
        value_end: text.len(),
        limit: text.len(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [Proof; 33] = [
        Proof::Crc32,
        Proof::OptionalCrc32,
        Proof::Bech32,
        Proof::AwsKeyId,
        Proof::Jwt,
        Proof::PypiMacaroon,
        Proof::BasicAuth,
        Proof::Host,
        Proof::PrivateKey,
        Proof::EncryptedPrivateKey,
        Proof::PgpKey,
        Proof::GcpServiceAccount,
        Proof::DsnHost,
        Proof::Password,
        Proof::AssignedPassword,
        Proof::RandomToken,
        Proof::BasicAuthHeader,
        Proof::JsonToken,
        Proof::GrafanaApiKey,
        Proof::DiscordToken,
        Proof::KubernetesJwt,
        Proof::SupabaseJwt,
        Proof::MatrixCrc32,
        Proof::HexCrc32,
        Proof::Base58Check,
        Proof::StellarSeed,
        Proof::Curve25519Key,
        Proof::Base64PrivateKey,
        Proof::PuttyKey,
        Proof::GnupgKey,
        Proof::Pkcs12,
        Proof::JavaKeyStore,
        Proof::OptionalCrc32,
    ];

    #[test]
    fn entropy_is_nothing_for_one_character_and_eight_for_all_bytes() {
        assert!(entropy(b"aaaaaaaa").abs() < 1e-9);
        assert!((entropy(b"abcd") - 2.0).abs() < 1e-9);
        assert!((entropy(&(0..=255).collect::<Vec<u8>>()) - 8.0).abs() < 1e-9);
        assert!(entropy(b"").abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn no_proof_is_shaken_by_any_bytes(text in proptest::collection::vec(any::<u8>(), 0..200), cut in 0_usize..200) {
            for proof in ALL {
                let mut claim = claim(&text);
                claim.end = cut.min(text.len());
                let outcome = proof.check(&claim);
                prop_assert!(text.get(outcome.value).is_some());
                prop_assert!(outcome.verdict != Verdict::Proven);
            }
        }
    }
}
