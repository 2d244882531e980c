//! The signing algorithms as the gateway checks them: from the request as it came over the wire, not as a client meant
//! it.

use axum::http::{HeaderMap, Method};
use hmac::{Hmac, Mac};
use p256::ecdsa::{Signature, SigningKey, VerifyingKey, signature::Verifier};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use sha2::{Digest, Sha256};
use sm3::Sm3;
use time::{
    OffsetDateTime, PrimitiveDateTime, format_description::BorrowedFormatItem,
    macros::format_description,
};

/// How a request may be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    HmacSha256,
    HmacSm3,
    EcdsaP256Sha256,
}

impl Algorithm {
    const ALL: [Self; 3] = [Self::HmacSha256, Self::HmacSm3, Self::EcdsaP256Sha256];

    /// The first word of the `Authorization` header, and of what is signed.
    fn label(self) -> &'static str {
        match self {
            Self::HmacSha256 => "SDK-HMAC-SHA256",
            Self::HmacSm3 => "SDK-HMAC-SM3",
            Self::EcdsaP256Sha256 => "SDK-ECDSA-P256-SHA256",
        }
    }

    fn hash_hex(self, bytes: &[u8]) -> String {
        match self {
            Self::HmacSha256 | Self::EcdsaP256Sha256 => hex::encode(Sha256::digest(bytes)),
            Self::HmacSm3 => hex::encode(Sm3::digest(bytes)),
        }
    }

    /// Compares in constant time.
    fn verifies(self, access_key: &str, secret_key: &str, text: &[u8], signature: &[u8]) -> bool {
        let secret = secret_key.as_bytes();
        match self {
            Self::HmacSha256 => Hmac::<Sha256>::new_from_slice(secret)
                .is_ok_and(|mac| mac.chain_update(text).verify_slice(signature).is_ok()),
            Self::HmacSm3 => Hmac::<Sm3>::new_from_slice(secret)
                .is_ok_and(|mac| mac.chain_update(text).verify_slice(signature).is_ok()),
            Self::EcdsaP256Sha256 => ecdsa_key(access_key, secret).is_some_and(|key| {
                Signature::from_der(signature)
                    .is_ok_and(|signature| key.verify(text, &signature).is_ok())
            }),
        }
    }
}

/// The public key that belongs to a pair of access and secret key: the private one is the first valid output, plus one,
/// of the key derivation in counter mode (NIST SP 800-108) over label, access key and a number that is tried from 0.
fn ecdsa_key(access_key: &str, secret_key: &[u8]) -> Option<VerifyingKey> {
    (0..u8::MAX).find_map(|attempt| {
        let mac = Hmac::<Sha256>::new_from_slice(secret_key).ok()?;
        let label = Algorithm::EcdsaP256Sha256.label();
        let derived = mac
            .chain_update(1_u32.to_be_bytes())
            .chain_update(label)
            .chain_update([0])
            .chain_update(access_key)
            .chain_update([attempt])
            .chain_update(256_u32.to_be_bytes())
            .finalize()
            .into_bytes();
        let mut private = derived.to_vec();
        for byte in private.iter_mut().rev() {
            *byte = byte.wrapping_add(1);
            if *byte != 0 {
                break;
            }
        }
        let key = SigningKey::from_slice(&private).ok()?;
        Some(VerifyingKey::from(&key))
    })
}

const DATE_FORMAT: &[BorrowedFormatItem<'_>] =
    format_description!("[year][month][day]T[hour][minute][second]Z");

/// What stays as it is in a canonical path or query: letters, digits and `-_.~`.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// The request whose signature is checked, as it arrived.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SignedRequest<'a> {
    pub method: &'a Method,
    /// Path as on the wire, percent-encoded as the client chose.
    pub path: &'a str,
    /// Query as on the wire, without the question mark; empty when there is none.
    pub query: &'a str,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
}

/// A parsed `Authorization` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Authorization {
    pub algorithm: Algorithm,
    pub access_key: String,
    pub signed_headers: Vec<String>,
    pub signature: Vec<u8>,
}

impl Authorization {
    /// Reads `ALGORITHM Access=…, SignedHeaders=a;b;c, Signature=…`; `None` when it is anything else.
    pub fn parse(header: &str) -> Option<Self> {
        let (label, fields) = header.split_once(' ')?;
        let algorithm = Algorithm::ALL
            .into_iter()
            .find(|algorithm| algorithm.label() == label)?;
        let (mut access_key, mut signed_headers, mut signature) = (None, None, None);
        for field in fields.split(',') {
            match field.trim().split_once('=')? {
                ("Access", value) => access_key = Some(value.to_owned()),
                ("SignedHeaders", value) => {
                    signed_headers = Some(value.split(';').map(str::to_owned).collect())
                }
                ("Signature", value) => signature = Some(hex::decode(value).ok()?),
                _ => return None,
            }
        }
        Some(Self {
            algorithm,
            access_key: access_key?,
            signed_headers: signed_headers?,
            signature: signature?,
        })
    }

    /// Whether the header (in lower case) is under the signature.
    pub fn covers(&self, header: &str) -> bool {
        self.signed_headers.iter().any(|name| name == header)
    }

    /// Whether the signature is the one that the holder of `secret_key` makes.
    pub fn verifies(&self, secret_key: &str, request: &SignedRequest<'_>) -> bool {
        let Some(text) = self.string_to_sign(request) else {
            return false;
        };
        let (text, signature) = (text.as_bytes(), &self.signature);
        self.algorithm
            .verifies(&self.access_key, secret_key, text, signature)
    }

    fn string_to_sign(&self, request: &SignedRequest<'_>) -> Option<String> {
        let date = header_text(request.headers, "x-sdk-date")?;
        let canonical = self.canonical_request(request)?;
        Some(format!(
            "{}\n{date}\n{}",
            self.algorithm.label(),
            self.algorithm.hash_hex(canonical.as_bytes())
        ))
    }

    fn canonical_request(&self, request: &SignedRequest<'_>) -> Option<String> {
        Some(format!(
            "{}\n{}\n{}\n{}\n{}\n{}",
            request.method,
            canonical_path(request.path),
            canonical_query(request.query),
            self.canonical_headers(request.headers)?,
            self.signed_headers.join(";"),
            self.payload_hash(request)?,
        ))
    }

    fn canonical_headers(&self, headers: &HeaderMap) -> Option<String> {
        let mut lines = String::new();
        for name in &self.signed_headers {
            lines.push_str(name);
            lines.push(':');
            lines.push_str(&header_text(headers, name)?);
            lines.push('\n');
        }
        Some(lines)
    }

    /// The hash of the body, or what the client says in `X-Sdk-Content-Sha256` when that is signed and honest:
    /// the body's hash, or `UNSIGNED-PAYLOAD` for bodies that are not JSON.
    fn payload_hash(&self, request: &SignedRequest<'_>) -> Option<String> {
        let actual = self.algorithm.hash_hex(request.body);
        if request.body.is_empty() || !self.covers("x-sdk-content-sha256") {
            return Some(actual);
        }
        let claimed = header_text(request.headers, "x-sdk-content-sha256")?;
        (claimed == "UNSIGNED-PAYLOAD" || claimed == actual).then_some(claimed)
    }
}

/// When the request says that it was signed; `None` when `X-Sdk-Date` is missing or not of the form `YYYYMMDDTHHMMSSZ`.
pub(crate) fn signed_at(headers: &HeaderMap) -> Option<OffsetDateTime> {
    let date = header_text(headers, "x-sdk-date")?;
    Some(
        PrimitiveDateTime::parse(&date, DATE_FORMAT)
            .ok()?
            .assume_utc(),
    )
}

/// A time in the form of `X-Sdk-Date`.
pub(crate) fn sdk_date(time: OffsetDateTime) -> String {
    time.format(DATE_FORMAT).unwrap_or_default()
}

/// A header's value as text: headers may hold UTF-8, which `HeaderValue::to_str` refuses.
fn header_text(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?;
    Some(
        std::str::from_utf8(value.as_bytes())
            .ok()?
            .trim()
            .to_owned(),
    )
}

/// The path is decoded as a whole, so that clients which encode more or fewer characters on the wire agree.
fn canonical_path(path: &str) -> String {
    let decoded: Vec<u8> = percent_decode_str(path).collect();
    let mut canonical = decoded
        .split(|byte| *byte == b'/')
        .map(|segment| percent_encode(segment, ENCODED).to_string())
        .collect::<Vec<_>>()
        .join("/");
    if !canonical.ends_with('/') {
        canonical.push('/');
    }
    canonical
}

/// Pairs are sorted by what they mean, before they are encoded.
fn canonical_query(query: &str) -> String {
    let mut pairs: Vec<(Vec<u8>, Vec<u8>)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode_query(name), decode_query(value))
        })
        .collect();
    pairs.sort();
    pairs
        .iter()
        .map(|(name, value)| {
            format!(
                "{}={}",
                percent_encode(name, ENCODED),
                percent_encode(value, ENCODED)
            )
        })
        .collect::<Vec<_>>()
        .join("&")
}

/// In a query a bare plus is a space; a plus that is meant travels as `%2B`.
fn decode_query(text: &str) -> Vec<u8> {
    percent_decode_str(&text.replace('+', " ")).collect()
}

#[cfg(test)]
mod tests;
