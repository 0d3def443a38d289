use std::fmt;

use rustls::client::ClientConnectionData;
use rustls::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, Iv, MessageDecrypter, MessageEncrypter, OutboundChunks,
    OutboundPlainMessage,
};
use rustls::kernel::KernelConnection;
use rustls::{
    ConnectionTrafficSecrets, ContentType, ExtractedSecrets, ProtocolVersion, SupportedCipherSuite,
};

use crate::Error;
use crate::conn::Reader;
use crate::scratch::{RECORD_BYTES_MAX, Scratch};

/// The most bytes of a message after the handshake (a session ticket) that are held.
pub const POST_HANDSHAKE_BYTES_MAX: usize = 64 * 1024;

/// Type, version and length (RFC 8446, 5.1).
const HEADER: usize = 5;

/// The most plain bytes of a record.
const FRAGMENT: usize = 16 * 1024;

const HELLO_REQUEST: u8 = 0;
const NEW_SESSION_TICKET: u8 = 4;
const KEY_UPDATE: u8 = 24;
const CLOSE_NOTIFY: u8 = 0;
const USER_CANCELED: u8 = 90;

/// The record layer of one connection after its handshake.
///
/// The ciphers are rustls' own. A record is opened where it was read, so nothing is copied and
/// nothing allocated; what is left of an unfinished record waits in a spare buffer.
/// Requests are far from the 2^23 records after which AES-GCM keys are to be renewed (RFC 8446,
/// 5.5): keys change only when the server asks.
pub(crate) struct Records {
    opener: Box<dyn MessageDecrypter>,
    opened: u64,
    sealer: Box<dyn MessageEncrypter>,
    sealed: u64,
    keys: KernelConnection<ClientConnectionData>,
    /// The start of a record whose end has not come.
    unfinished: Vec<u8>,
    /// Whether `unfinished` may hold whole records, left over from the handshake.
    unread: bool,
    /// The start of a post-handshake message whose end has not come.
    message: Vec<u8>,
    closed: bool,
}

impl fmt::Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Records")
            .field("opened", &self.opened)
            .field("sealed", &self.sealed)
            .field("closed", &self.closed)
            .finish_non_exhaustive()
    }
}

fn failed(why: impl fmt::Display) -> Error {
    Error::Tls {
        host: "the server".to_owned(),
        why: why.to_string(),
    }
}

impl Records {
    /// Goes on where the handshake ended; `unread` came with its last bytes.
    pub(super) fn new(
        keys: KernelConnection<ClientConnectionData>,
        secrets: ExtractedSecrets,
        unread: Vec<u8>,
    ) -> Result<Self, Error> {
        let suite = keys.negotiated_cipher_suite();
        let sealed = secrets.tx.0;
        Ok(Self {
            opener: opener(suite, secrets.rx.1)?,
            opened: secrets.rx.0,
            sealer: sealer(suite, secrets.tx)?,
            sealed,
            keys,
            unread: !unread.is_empty(),
            unfinished: unread,
            message: Vec::new(),
            closed: false,
        })
    }

    /// Whether the server said that it sends no more.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Whether there may be whole records that were read already.
    pub(crate) fn has_unread(&self) -> bool {
        self.unread
    }

    /// How many bytes [`open`](Self::open) puts before what was read.
    pub(crate) fn unfinished(&self) -> usize {
        self.unfinished.len()
    }

    /// Opens the records in `buffer`, where `bytes` were read after [`unfinished`] ones, and hands
    /// their contents to `reader`. What must be answered is put into `out`.
    ///
    /// [`unfinished`]: Self::unfinished
    pub(crate) fn open(
        &mut self,
        buffer: &mut [u8],
        bytes: usize,
        spare: &mut Vec<Vec<u8>>,
        out: &mut Vec<u8>,
        reader: Reader<'_>,
    ) -> Result<(), Error> {
        let before = self.unfinished.len();
        buffer[..before].copy_from_slice(&self.unfinished);
        self.unread = false;
        let mut rest = &mut buffer[..before + bytes];
        while !self.closed {
            let Some(len) = record_len(rest)? else { break };
            let (record, after) = rest.split_at_mut(len);
            self.open_record(record, out, reader)?;
            rest = after;
        }
        if self.closed {
            rest = &mut [];
        }
        self.keep_unfinished(rest, spare);
        Ok(())
    }

    fn keep_unfinished(&mut self, rest: &[u8], spare: &mut Vec<Vec<u8>>) {
        if rest.is_empty() {
            if self.unfinished.capacity() > 0 {
                Scratch::give_spare(spare, std::mem::take(&mut self.unfinished));
            }
            return;
        }
        if self.unfinished.capacity() < RECORD_BYTES_MAX {
            self.unfinished = Scratch::take_spare(spare);
        }
        self.unfinished.clear();
        self.unfinished.extend_from_slice(rest);
    }

    fn open_record(
        &mut self,
        record: &mut [u8],
        out: &mut Vec<u8>,
        reader: Reader<'_>,
    ) -> Result<(), Error> {
        let typ = ContentType::from(record[0]);
        let version = ProtocolVersion::from(u16::from_be_bytes([record[1], record[2]]));
        let sealed = InboundOpaqueMessage::new(typ, version, &mut record[HEADER..]);
        let plain = self.opener.decrypt(sealed, self.opened).map_err(failed)?;
        self.opened += 1;
        match plain.typ {
            ContentType::ApplicationData if plain.payload.is_empty() => Ok(()),
            ContentType::ApplicationData => reader(plain.payload),
            ContentType::Handshake => self.post_handshake(plain.payload, out),
            ContentType::Alert => self.alert(plain.payload),
            other => Err(failed(format_args!(
                "an unexpected record of type {other:?}"
            ))),
        }
    }

    fn alert(&mut self, payload: &[u8]) -> Result<(), Error> {
        match payload {
            [_, CLOSE_NOTIFY] => {
                self.closed = true;
                Ok(())
            }
            // RFC 8446, 6.1: a close_notify follows.
            [_, USER_CANCELED] => Ok(()),
            [_, other] => Err(failed(format_args!("the server sent alert {other}"))),
            _ => Err(failed("a malformed alert")),
        }
    }

    /// RFC 8446, 4.6.
    fn post_handshake(&mut self, payload: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        let mut joined = std::mem::take(&mut self.message);
        joined.extend_from_slice(payload);
        let mut rest = joined.as_slice();
        while let [kind, a, b, c, body @ ..] = rest {
            let len = u32::from_be_bytes([0, *a, *b, *c]) as usize;
            if len > POST_HANDSHAKE_BYTES_MAX {
                return Err(failed("an oversized message after the handshake"));
            }
            let Some((body, after)) = body.split_at_checked(len) else {
                break;
            };
            rest = after;
            self.message(*kind, body, rest.is_empty(), out)?;
        }
        self.message.extend_from_slice(rest);
        Ok(())
    }

    fn message(
        &mut self,
        kind: u8,
        body: &[u8],
        ends_record: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let tls13 = self.keys.protocol_version() == ProtocolVersion::TLSv1_3;
        match (kind, body) {
            // TLS 1.2 (RFC 5246, 7.4.1.1): renegotiation may be declined in silence.
            (HELLO_REQUEST, []) if !tls13 => Ok(()),
            (NEW_SESSION_TICKET, _) if tls13 => {
                self.keys.handle_new_session_ticket(body).map_err(failed)
            }
            (KEY_UPDATE, [answer @ 0..=1]) if tls13 && ends_record => {
                self.key_update(*answer == 1, out)
            }
            _ => Err(failed(format_args!(
                "an unexpected message of type {kind} after the handshake"
            ))),
        }
    }

    /// RFC 8446, 4.6.3.
    fn key_update(&mut self, answer: bool, out: &mut Vec<u8>) -> Result<(), Error> {
        let suite = self.keys.negotiated_cipher_suite();
        let (opened, secrets) = self.keys.update_rx_secret().map_err(failed)?;
        self.opener = opener(suite, secrets)?;
        self.opened = opened;
        if answer {
            self.seal_as(ContentType::Handshake, &[KEY_UPDATE, 0, 0, 1, 0], out)?;
            let (sealed, secrets) = self.keys.update_tx_secret().map_err(failed)?;
            self.sealer = sealer(suite, (sealed, secrets))?;
            self.sealed = sealed;
        }
        Ok(())
    }

    /// Puts `bytes` into records at the end of `out`.
    pub(crate) fn seal(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        bytes
            .chunks(FRAGMENT)
            .try_for_each(|part| self.seal_as(ContentType::ApplicationData, part, out))
    }

    /// Puts the good-bye (RFC 8446, 6.1) at the end of `out`.
    pub(crate) fn close(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        const WARNING: u8 = 1;
        self.seal_as(ContentType::Alert, &[WARNING, CLOSE_NOTIFY], out)
    }

    fn seal_as(&mut self, typ: ContentType, part: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        let message = OutboundPlainMessage {
            typ,
            version: ProtocolVersion::TLSv1_2,
            payload: OutboundChunks::Single(part),
        };
        let sealed = self.sealer.encrypt(message, self.sealed).map_err(failed)?;
        self.sealed += 1;
        out.extend_from_slice(&sealed.encode());
        Ok(())
    }
}

/// The length of the record at the start of `bytes`, if it is there whole.
fn record_len(bytes: &[u8]) -> Result<Option<usize>, Error> {
    let [_, major, _, high, low, ..] = bytes else {
        return Ok(None);
    };
    let len = HEADER + usize::from(u16::from_be_bytes([*high, *low]));
    if *major != 3 || len > RECORD_BYTES_MAX {
        return Err(failed("a malformed record"));
    }
    Ok((len <= bytes.len()).then_some(len))
}

fn key_and_iv(secrets: ConnectionTrafficSecrets) -> Result<(AeadKey, Iv), Error> {
    match secrets {
        ConnectionTrafficSecrets::Aes128Gcm { key, iv }
        | ConnectionTrafficSecrets::Aes256Gcm { key, iv }
        | ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } => Ok((key, iv)),
        _ => Err(failed("a cipher suite whose keys cannot be used")),
    }
}

fn opener(
    suite: SupportedCipherSuite,
    secrets: ConnectionTrafficSecrets,
) -> Result<Box<dyn MessageDecrypter>, Error> {
    let (key, iv) = key_and_iv(secrets)?;
    Ok(match suite {
        SupportedCipherSuite::Tls13(suite) => suite.aead_alg.decrypter(key, iv),
        SupportedCipherSuite::Tls12(suite) => {
            let fixed = suite.aead_alg.key_block_shape().fixed_iv_len;
            suite.aead_alg.decrypter(key, &iv.as_ref()[..fixed])
        }
    })
}

fn sealer(
    suite: SupportedCipherSuite,
    (next, secrets): (u64, ConnectionTrafficSecrets),
) -> Result<Box<dyn MessageEncrypter>, Error> {
    let (key, iv) = key_and_iv(secrets)?;
    let mut sealer = match suite {
        SupportedCipherSuite::Tls13(suite) => suite.aead_alg.encrypter(key, iv),
        SupportedCipherSuite::Tls12(suite) => {
            let fixed = suite.aead_alg.key_block_shape().fixed_iv_len;
            let (fixed, explicit) = iv.as_ref().split_at(fixed);
            suite.aead_alg.encrypter(key, fixed, explicit)
        }
    };
    if next > 0 {
        // AWS-LC takes the first nonce it sees for that of record 0 and wants the others to follow
        // from it. In TLS 1.2 record 0 was the handshake's; this one is not sent.
        let nothing = OutboundPlainMessage {
            typ: ContentType::ApplicationData,
            version: ProtocolVersion::TLSv1_2,
            payload: OutboundChunks::Single(&[]),
        };
        sealer.encrypt(nothing, 0).map_err(failed)?;
    }
    Ok(sealer)
}
