use std::sync::Arc;

use bytes::BufMut;
use rustls::client::UnbufferedClientConnection;
use rustls::unbuffered::{ConnectionState, EncodeError, EncodeTlsData, UnbufferedStatus};
use rustls::{ClientConfig, ProtocolVersion};
use rustls_pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::explain::explain;
use super::{Records, Secured};
use crate::network::strand::Strand;
use crate::{Clock, Wire};

/// The most bytes of a server's flight that are held at once: a certificate chain of 64 KiB and
/// what stands around it.
pub const HANDSHAKE_BYTES_MAX: usize = 80 * 1024;

/// Bytes that are read at once.
const STEP: usize = 4 * 1024;

/// What is told when the server closes in the middle.
const CLOSED: &str = "the server closed the connection during the handshake";

/// Where a handshake's bytes pass.
pub(crate) struct Way<'a> {
    pub(crate) tcp: &'a mut TcpStream,
    pub(crate) wire: &'a mut Wire,
    /// A modelled network, where there is one.
    pub(crate) network: Option<(&'a mut Strand, Clock)>,
}

/// Shakes hands over `way` with the server called `name`. Fails with what to tell.
pub(crate) async fn handshake(
    way: &mut Way<'_>,
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
) -> Result<Records, String> {
    let (connection, incoming) = shake(way, config, name).await?;
    let (secrets, keys) = connection
        .dangerous_into_kernel_connection()
        .map_err(|error| error.to_string())?;
    Records::new(keys, secrets, incoming).map_err(|error| error.to_string())
}

/// As [`handshake`], for what the server shows in it.
pub(crate) async fn inspect(
    tcp: &mut TcpStream,
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
) -> Result<Secured, String> {
    let mut way = Way {
        tcp,
        wire: &mut Wire::default(),
        network: None,
    };
    let (connection, _) = shake(&mut way, config, name).await?;
    let version = match connection.protocol_version() {
        Some(ProtocolVersion::TLSv1_2) => Some("TLS 1.2"),
        Some(ProtocolVersion::TLSv1_3) => Some("TLS 1.3"),
        _ => None,
    };
    let chain = connection.peer_certificates().unwrap_or_default();
    Ok(Secured {
        version,
        certificate: chain.first().map(|leaf| leaf.to_vec()),
    })
}

/// The connection after its handshake, and what came behind that.
async fn shake(
    way: &mut Way<'_>,
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
) -> Result<(UnbufferedClientConnection, Vec<u8>), String> {
    let mut connection =
        UnbufferedClientConnection::new(config, name).map_err(|error| error.to_string())?;
    let mut incoming = Vec::new();
    let mut outgoing = Vec::new();
    let mut asked = false;
    loop {
        // After an error rustls may not be asked again: the server hears no alert, only the close.
        match step(&mut connection, &mut incoming, &mut outgoing)? {
            Next::Again => {}
            Next::Send => {
                way.send(&mut outgoing).await?;
                asked = true;
            }
            Next::Receive => {
                let asked = std::mem::take(&mut asked);
                way.receive(&mut incoming, asked).await?;
            }
            Next::Done => return Ok((connection, incoming)),
        }
    }
}

enum Next {
    Again,
    Send,
    Receive,
    Done,
}

fn step(
    connection: &mut UnbufferedClientConnection,
    incoming: &mut Vec<u8>,
    outgoing: &mut Vec<u8>,
) -> Result<Next, String> {
    let UnbufferedStatus { discard, state, .. } = connection.process_tls_records(incoming);
    let next = match state.map_err(|error| explain(&error))? {
        ConnectionState::EncodeTlsData(mut data) => {
            encode(&mut data, outgoing)?;
            Next::Again
        }
        // The data are sent before the connection is asked again.
        ConnectionState::TransmitTlsData(data) => {
            data.done();
            Next::Send
        }
        ConnectionState::BlockedHandshake => Next::Receive,
        ConnectionState::WriteTraffic(_) => Next::Done,
        ConnectionState::PeerClosed | ConnectionState::Closed => return Err(CLOSED.to_owned()),
        _ => return Err("the server spoke before it was asked".to_owned()),
    };
    incoming.drain(..discard);
    Ok(next)
}

fn encode<Data>(data: &mut EncodeTlsData<'_, Data>, outgoing: &mut Vec<u8>) -> Result<(), String> {
    let start = outgoing.len();
    loop {
        match data.encode(&mut outgoing[start..]) {
            Ok(written) => {
                outgoing.truncate(start + written);
                return Ok(());
            }
            Err(EncodeError::InsufficientSize(needed)) => {
                outgoing.resize(start + needed.required_size, 0);
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}

impl Way<'_> {
    async fn send(&mut self, outgoing: &mut Vec<u8>) -> Result<(), String> {
        let sent = self.tcp.write_all(outgoing).await;
        sent.map_err(|error| error.to_string())?;
        self.wire.sent += outgoing.len() as u64;
        outgoing.clear();
        Ok(())
    }

    /// Takes in what comes; `asked`: it answers what was sent before.
    async fn receive(&mut self, incoming: &mut Vec<u8>, asked: bool) -> Result<(), String> {
        if incoming.len() >= HANDSHAKE_BYTES_MAX {
            return Err(format!(
                "the server's handshake is larger than {HANDSHAKE_BYTES_MAX} bytes"
            ));
        }
        let most = self.granted(asked).await;
        incoming.reserve(most);
        let read = self.tcp.read_buf(&mut incoming.limit(most)).await;
        let read = read.map_err(|error| error.to_string())?;
        self.wire.received += read as u64;
        if let Some((strand, _)) = &mut self.network {
            strand.took(read as u64);
        }
        match read {
            0 => Err(CLOSED.to_owned()),
            _ => Ok(()),
        }
    }

    /// How much may be read, once a modelled network lets something through.
    async fn granted(&mut self, asked: bool) -> usize {
        let Some((strand, clock)) = &mut self.network else {
            return STEP;
        };
        if asked {
            // The answer is on its way for as long after it was given.
            let _ = self.tcp.readable().await;
            tokio::time::sleep(strand.of_question()).await;
        }
        while let Some(until) = strand.ask(clock.elapsed(), 0) {
            tokio::time::sleep_until(clock.instant(until)).await;
        }
        usize::try_from(strand.granted()).map_or(STEP, |bytes| bytes.min(STEP))
    }
}
