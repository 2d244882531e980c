//! Signing of requests: a pure function of algorithm, request, keys and time.
//!
//! The algorithms are those of the API gateway ("AK/SK signing"). They share the canonical request, which is built
//! from the *decoded* path and query, each part percent-encoded again, so that how a URL was written does not matter.

use std::fmt::Write as _;

use hmac::{Hmac, Mac};
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};
use sm3::Sm3;
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use zeroize::Zeroizing;

/// How a request is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Algorithm {
    /// SDK-HMAC-SHA256, which every cloud knows.
    #[default]
    HmacSha256,
    /// SDK-HMAC-SM3: the same with the hash of GB/T 32905, where Chinese rules ask for it.
    HmacSm3,
    /// SDK-ECDSA-P256-SHA256: a signature (FIPS 186-5) with a private key that is derived from the secret key.
    EcdsaP256Sha256,
}

/// `YYYYMMDDTHHMMSSZ`, UTC: the form of `X-Sdk-Date`.
const DATE_FORMAT: &[BorrowedFormatItem<'static>] =
    format_description!("[year][month][day]T[hour][minute][second]Z");

/// What is percent-encoded in a path or query: everything but letters, digits and `-_.~`, as the signature wants it.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// The parts of a request that its signature covers.
#[derive(Clone, Copy, Debug)]
pub struct SignRequest<'a> {
    /// HTTP method in upper case.
    pub method: &'a str,
    /// Value of the `Host` header, with the port when it is not the scheme's own.
    pub host: &'a str,
    /// Path of the URL, decoded: `/v1/été`, not `/v1/%C3%A9t%C3%A9`.
    pub path: &'a str,
    /// Query pairs, decoded, in any order; keys may repeat and values may be empty.
    pub query: &'a [(String, String)],
    /// Headers to sign besides `Host` and `X-Sdk-Date`, in any case and order.
    pub headers: &'a [(String, String)],
    /// Body as it is sent; empty when there is none.
    pub body: &'a [u8],
}

/// What signing adds to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Value of the `X-Sdk-Date` header.
    pub date: String,
    /// Value of the `Authorization` header.
    pub authorization: String,
    /// SHA-256 of the canonical request in hex: what to compare when a gateway refuses a signature.
    pub canonical_request_hash: String,
}

impl Algorithm {
    /// All of them, by the names that users write.
    pub const NAMES: [(&'static str, Self); 3] = [
        ("HmacSHA256", Self::HmacSha256),
        ("HmacSM3", Self::HmacSm3),
        ("EcdsaP256SHA256", Self::EcdsaP256Sha256),
    ];

    /// The algorithm that users call `name`, as in the official provider.
    pub fn from_name(name: &str) -> Option<Self> {
        let found = Self::NAMES.iter().find(|(known, _)| *known == name);
        found.map(|(_, algorithm)| *algorithm)
    }

    /// First word of the `Authorization` header.
    pub const fn label(self) -> &'static str {
        match self {
            Self::HmacSha256 => "SDK-HMAC-SHA256",
            Self::HmacSm3 => "SDK-HMAC-SM3",
            Self::EcdsaP256Sha256 => "SDK-ECDSA-P256-SHA256",
        }
    }

    /// Signs `request` with a key pair at the given time, as the API gateway documents it.
    pub fn sign(
        self,
        request: &SignRequest<'_>,
        access_key: &str,
        secret_key: &str,
        time: OffsetDateTime,
    ) -> Signed {
        let label = self.label();
        let date = sdk_date(time);
        let headers = canonical_headers(request, &date);
        let signed_names = headers
            .iter()
            .map(|(name, _)| name.as_str())
            .collect::<Vec<_>>()
            .join(";");

        let body_hash = self.hash(request.body);
        let canonical = canonical_request(request, &headers, &signed_names, &body_hash);
        let canonical_request_hash = self.hash(canonical.as_bytes());
        let string_to_sign = format!("{label}\n{date}\n{canonical_request_hash}");
        let signature =
            hex::encode(self.signature(access_key, secret_key, string_to_sign.as_bytes()));

        Signed {
            authorization: format!(
                "{label} Access={access_key}, SignedHeaders={signed_names}, Signature={signature}"
            ),
            date,
            canonical_request_hash,
        }
    }

    /// The hash of a text, in hex.
    fn hash(self, text: &[u8]) -> String {
        match self {
            Self::HmacSha256 | Self::EcdsaP256Sha256 => hex::encode(Sha256::digest(text)),
            Self::HmacSm3 => hex::encode(Sm3::digest(text)),
        }
    }

    fn signature(self, access_key: &str, secret_key: &str, string_to_sign: &[u8]) -> Vec<u8> {
        match self {
            Self::HmacSha256 => hmac_sha256(secret_key.as_bytes(), string_to_sign),
            Self::HmacSm3 => hmac_sm3(secret_key.as_bytes(), string_to_sign),
            Self::EcdsaP256Sha256 => ecdsa_key(access_key, secret_key)
                .map(|key| {
                    let signature: Signature = key.sign(string_to_sign);
                    signature.to_der().as_bytes().to_vec()
                })
                .unwrap_or_default(),
        }
    }
}

/// Derives the private key from the secret key, by HMAC in counter mode: the first number that is a key of the curve,
/// counted from 1. Not to find one in 255 has a probability of less than 2⁻⁸⁰⁰⁰; the signature is then empty and the
/// gateway refuses the call.
fn ecdsa_key(access_key: &str, secret_key: &str) -> Option<SigningKey> {
    (0..u8::MAX).find_map(|counter| {
        let mut input = vec![0, 0, 0, 1];
        input.extend_from_slice(Algorithm::EcdsaP256Sha256.label().as_bytes());
        input.push(0);
        input.extend_from_slice(access_key.as_bytes());
        input.push(counter);
        input.extend_from_slice(&[0, 0, 1, 0]);
        let mut number = Zeroizing::new(hmac_sha256(secret_key.as_bytes(), &input));
        add_one(&mut number);
        SigningKey::from_slice(&number).ok()
    })
}

/// Adds one to a number in big-endian bytes; the largest becomes zero.
fn add_one(number: &mut [u8]) {
    for byte in number.iter_mut().rev() {
        let overflow;
        (*byte, overflow) = byte.overflowing_add(1);
        if !overflow {
            return;
        }
    }
}

/// The moment as `X-Sdk-Date` writes it.
fn sdk_date(time: OffsetDateTime) -> String {
    // Only a year beyond 9999 cannot be written; the header is then empty and the gateway refuses the call.
    time.to_offset(time::UtcOffset::UTC)
        .format(DATE_FORMAT)
        .unwrap_or_default()
}

/// The path with every segment percent-encoded: what goes into the request line.
pub fn encode_path(path: &str) -> String {
    path.split('/')
        .map(|segment| utf8_percent_encode(segment, ENCODED).to_string())
        .collect::<Vec<_>>()
        .join("/")
}

/// The query with pairs sorted and percent-encoded: what goes into the request line as well.
pub fn encode_query(query: &[(String, String)]) -> String {
    let mut pairs: Vec<&(String, String)> = query.iter().collect();
    pairs.sort();
    pairs
        .iter()
        .map(|(name, value)| {
            let [name, value] = [name, value].map(|text| utf8_percent_encode(text, ENCODED));
            format!("{name}={value}")
        })
        .collect::<Vec<_>>()
        .join("&")
}

fn canonical_headers(request: &SignRequest<'_>, date: &str) -> Vec<(String, String)> {
    let mut headers: Vec<(String, String)> = request
        .headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    headers.push(("host".to_owned(), request.host.trim().to_owned()));
    headers.push(("x-sdk-date".to_owned(), date.to_owned()));
    headers.sort();
    headers
}

fn canonical_request(
    request: &SignRequest<'_>,
    headers: &[(String, String)],
    signed_names: &str,
    body_hash: &str,
) -> String {
    let mut path = encode_path(request.path);
    if !path.ends_with('/') {
        path.push('/');
    }
    let mut text = format!(
        "{}\n{path}\n{}\n",
        request.method,
        encode_query(request.query)
    );
    for (name, value) in headers {
        _ = writeln!(text, "{name}:{value}");
    }
    _ = write!(text, "\n{signed_names}\n{body_hash}");
    text
}

fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    // HMAC takes keys of every length, so there is always a result.
    Hmac::<Sha256>::new_from_slice(key)
        .map(|mac| mac.chain_update(message).finalize().into_bytes().to_vec())
        .unwrap_or_default()
}

fn hmac_sm3(key: &[u8], message: &[u8]) -> Vec<u8> {
    Hmac::<Sm3>::new_from_slice(key)
        .map(|mac| mac.chain_update(message).finalize().into_bytes().to_vec())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
