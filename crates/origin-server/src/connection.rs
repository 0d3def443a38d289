//! One connection: heads in, answers out, each booked.
//!
//! This is our own writer and not an HTTP library's for the sake of the ledger: it knows of each
//! byte of body when the socket took it, can cut or reset an answer at a byte, and sends a
//! segment from the one copy that all viewers share.

use std::{
    cell::RefCell,
    io::{self, IoSlice},
    sync::Arc,
    time::Duration,
};

use base::Class;
use bytes::Bytes;
use origin::{Delivery, Method, Origin, Request, Response};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::watch,
    time::{Instant, sleep, sleep_until, timeout},
};

use crate::{
    Shared,
    head::{self, BODY_MAX, Head, Refusal},
    ledger::{End, UNANSWERED},
};

/// How long a connection may stay without a request.
const IDLE_MAX: Duration = Duration::from_secs(75);
/// How long a head may take from its first byte to its last.
const HEAD_TIME_MAX: Duration = Duration::from_secs(10);
/// How long a client may take nothing of an answer.
const STALL_MAX: Duration = Duration::from_secs(30);
/// How long a client may go on sending after it was refused.
const LINGER_MAX: Duration = Duration::from_secs(1);
/// What a connection reads into; heads beyond it make it grow to their limit.
const BUFFER: usize = 2 << 10;
/// How often a throttled answer sends.
const THROTTLE_STEP: Duration = Duration::from_millis(50);
/// How long the ledger waits for answers whose last byte is out to be booked.
const SETTLE_STEPS: u32 = 50;

pub(crate) struct Connection {
    stream: TcpStream,
    _counted: Counted,
    shared: Arc<Shared>,
    closing: watch::Receiver<bool>,
    buffer: Vec<u8>,
    out: Vec<u8>,
}

/// Tells when the connection is over, however it ends.
struct Counted(Arc<Shared>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.disconnected();
    }
}

/// What happens to the connection after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    GoOn,
    Close,
    Reset,
}

/// What to send back, and whether it is booked.
enum Answer {
    Counted(Response, Exchange),
    Ledger(Method),
    Health(Method),
}

impl Connection {
    pub(crate) fn new(
        stream: TcpStream,
        shared: Arc<Shared>,
        closing: watch::Receiver<bool>,
    ) -> Self {
        Self {
            stream,
            _counted: Counted(Arc::clone(&shared)),
            shared,
            closing,
            buffer: Vec::with_capacity(BUFFER),
            out: Vec::new(),
        }
    }

    /// Serves until the client or the server has had enough. A broken connection is no error of
    /// ours: the ledger tells of it.
    pub(crate) async fn serve(mut self) {
        loop {
            let head = match self.read_head().await {
                Ok(Some(head)) => head,
                Ok(None) => return,
                Err(refusal) => {
                    self.shared.malformed();
                    return self.refuse(refusal).await;
                }
            };
            let answer = self.answer(&head);
            let go_on = head.keep_alive && head.body_len <= BODY_MAX;
            self.buffer.drain(..head.len);
            if go_on && !self.skip_body(head.body_len).await {
                // Gone in mid-body; what was asked is answered for the ledger's sake.
                self.buffer.clear();
            }
            let after = match answer {
                Answer::Counted(response, exchange) => {
                    self.send_counted(response, exchange, &head, go_on).await
                }
                Answer::Ledger(method) => self.send_ledger(method, &head, go_on).await,
                Answer::Health(method) => {
                    let body = Bytes::from_static(b"{\"status\":\"ok\"}\n");
                    self.send_own(method, body, &head, go_on).await
                }
            };
            match after {
                After::GoOn if !*self.closing.borrow() => {}
                After::Reset => {
                    // No linger: what is still queued is dropped, and the peer gets a reset.
                    let _ = self.stream.set_zero_linger();
                    return;
                }
                _ => return self.close().await,
            }
        }
    }

    /// The next head; nothing where the connection ends instead.
    async fn read_head(&mut self) -> Result<Option<Head>, Refusal> {
        let mut deadline = None;
        loop {
            if !self.buffer.is_empty() {
                if let Some(head) = head::parse(&self.buffer)? {
                    return Ok(Some(head));
                }
                deadline.get_or_insert_with(|| Instant::now() + HEAD_TIME_MAX);
            }
            let until = deadline.unwrap_or_else(|| Instant::now() + IDLE_MAX);
            let idle = deadline.is_none();
            tokio::select! {
                biased;
                read = self.stream.read_buf(&mut self.buffer) => match read {
                    Ok(1..) => {}
                    Ok(0) | Err(_) => return Ok(None),
                },
                _ = self.closing.changed(), if idle => return Ok(None),
                () = sleep_until(until) => {
                    if idle {
                        return Ok(None);
                    }
                    return Err(Refusal {
                        status: 408,
                        text: "408: the request head took longer than 10 s\n",
                    });
                }
            }
        }
    }

    fn answer(&self, head: &Head) -> Answer {
        let text = |place: &std::ops::Range<usize>| head::text(&self.buffer, place);
        let path = text(&head.path);
        match path {
            "/ledger" => return Answer::Ledger(head.method),
            "/healthz" => return Answer::Health(head.method),
            _ => {}
        }
        let request = Request {
            method: head.method,
            path,
            range: head.range.as_ref().map(text),
            if_range: head.if_range.as_ref().map(text),
            if_none_match: head.if_none_match.as_ref().map(text),
            if_modified_since: head.if_modified_since.as_ref().map(text),
            sequence: self.shared.next_sequence(),
        };
        let mut exchange = Exchange::begin(&self.shared, Origin::class_of(path));
        if head.method == Method::Get {
            exchange.captured_ms = self.shared.origin.captured_ms(path);
        }
        let now = self.shared.clock.now();
        Answer::Counted(self.shared.origin.respond(&request, now), exchange)
    }

    /// Drops the request's body; false where it does not come.
    async fn skip_body(&mut self, len: u64) -> bool {
        let mut left = len;
        loop {
            let here = left.min(self.buffer.len() as u64);
            self.buffer.drain(..here as usize);
            left -= here;
            if left == 0 {
                return true;
            }
            match timeout(HEAD_TIME_MAX, self.stream.read_buf(&mut self.buffer)).await {
                Ok(Ok(1..)) => {}
                _ => return false,
            }
        }
    }

    async fn send_counted(
        &mut self,
        response: Response,
        mut exchange: Exchange,
        head: &Head,
        go_on: bool,
    ) -> After {
        let Delivery { delay, rate, end } = response.delivery;
        if !delay.is_zero() {
            sleep(delay).await;
        }
        let (until, after) = match end {
            origin::End::Silent => return After::Close,
            origin::End::Close { after } => (after, After::Close),
            origin::End::Reset { after } => (after, After::Reset),
            origin::End::Whole if go_on => (response.body.len(), After::GoOn),
            origin::End::Whole => (response.body.len(), After::Close),
        };
        let go_on = go_on && !*self.closing.borrow();
        self.write_head(response.status, &response.headers.blocks(), head, go_on);
        let part = &response.body[..until];
        exchange.status = response.status;
        let sent = self.send(part, rate, &mut exchange.bytes).await;
        if sent.is_err() {
            return After::Close;
        }
        if end == origin::End::Whole {
            exchange.end = End::Complete;
            if let (200 | 206, Some(captured_ms)) = (exchange.status, exchange.captured_ms) {
                self.shared.delivered(captured_ms);
            }
        }
        after
    }

    /// Answers with the ledger. Whoever saw an answer whole finds it there: one whose last byte
    /// just went out on another thread is waited for.
    async fn send_ledger(&mut self, method: Method, head: &Head, go_on: bool) -> After {
        for _ in 0..SETTLE_STEPS {
            if self.shared.book.in_flight() == 0 {
                break;
            }
            sleep(Duration::from_millis(1)).await;
        }
        let mut json = serde_json::to_vec_pretty(&self.shared.book.ledger()).unwrap_or_default();
        json.push(b'\n');
        self.send_own(method, json.into(), head, go_on).await
    }

    /// Sends an answer that is not booked.
    async fn send_own(&mut self, method: Method, body: Bytes, head: &Head, go_on: bool) -> After {
        let (status, body) = match method {
            Method::Get | Method::Head => (200, body),
            Method::Options => (204, Bytes::new()),
            Method::Other => (
                405,
                Bytes::from_static(b"{\"error\":\"GET and HEAD are served\"}\n"),
            ),
        };
        let mut headers = String::from(
            "Content-Type: application/json\r\nCache-Control: no-store\r\nAccess-Control-Allow-Origin: *\r\n",
        );
        if status != 204 {
            use std::fmt::Write;
            let _ = write!(headers, "Content-Length: {}\r\n", body.len());
        }
        self.write_head(status, &[&headers], head, go_on);
        let body = if method == Method::Head {
            Bytes::new()
        } else {
            body
        };
        match self.send(&body, None, &mut 0).await {
            Ok(()) if go_on => After::GoOn,
            _ => After::Close,
        }
    }

    /// Makes the head in `out`.
    fn write_head(&mut self, status: u16, blocks: &[&str], head: &Head, go_on: bool) {
        self.out.clear();
        self.out.extend_from_slice(b"HTTP/1.1 ");
        self.out.extend_from_slice(status.to_string().as_bytes());
        self.out.push(b' ');
        self.out.extend_from_slice(reason(status).as_bytes());
        self.out.extend_from_slice(b"\r\nServer: liveswarm\r\n");
        push_date(&mut self.out, self.shared.clock.now().unix_ms);
        for block in blocks {
            self.out.extend_from_slice(block.as_bytes());
        }
        match (go_on, head.old_keep_alive) {
            (false, _) => self.out.extend_from_slice(b"Connection: close\r\n"),
            (true, true) => self.out.extend_from_slice(b"Connection: keep-alive\r\n"),
            (true, false) => {}
        }
        self.out.extend_from_slice(b"\r\n");
    }

    /// Sends `out`, then `body`; `counted` grows by the bytes of body that the socket took.
    async fn send(&mut self, body: &[u8], rate: Option<u64>, counted: &mut u64) -> io::Result<()> {
        let Some(rate) = rate else {
            return self.send_now(body, counted).await;
        };
        let begun = Instant::now();
        self.send_now(&[], counted).await?;
        let step = (rate as f64 * THROTTLE_STEP.as_secs_f64()).max(1.0) as usize;
        let mut sent = 0;
        for chunk in body.chunks(step) {
            sent += chunk.len();
            sleep_until(begun + Duration::from_secs_f64(sent as f64 / rate as f64)).await;
            self.send_now(chunk, counted).await?;
        }
        Ok(())
    }

    async fn send_now(&mut self, body: &[u8], counted: &mut u64) -> io::Result<()> {
        let mut head = &self.out[..];
        let mut body = body;
        while !head.is_empty() || !body.is_empty() {
            let written = match self
                .stream
                .try_write_vectored(&[IoSlice::new(head), IoSlice::new(body)])
            {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => written,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    timeout(STALL_MAX, self.stream.writable()).await??;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let of_head = written.min(head.len());
            head = &head[of_head..];
            body = &body[written - of_head..];
            *counted += (written - of_head) as u64;
        }
        self.out.clear();
        Ok(())
    }

    /// Answers what can't be read, and closes.
    async fn refuse(mut self, refusal: Refusal) {
        let head = Head::default();
        let headers = format!(
            "Content-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n",
            refusal.text.len()
        );
        self.write_head(refusal.status, &[&headers], &head, false);
        let _ = self.send(refusal.text.as_bytes(), None, &mut 0).await;
        self.close().await;
    }

    /// Closes so that the client can read all that was sent: a socket closed over unread bytes
    /// resets the connection, and with it the answer.
    async fn close(mut self) {
        if self.stream.shutdown().await.is_err() {
            return;
        }
        let drain = async {
            let mut left = BODY_MAX;
            self.buffer.clear();
            while let Ok(read @ 1..) = self.stream.read_buf(&mut self.buffer).await {
                self.buffer.clear();
                left = left.saturating_sub(read as u64);
                if left == 0 {
                    break;
                }
            }
        };
        let _ = timeout(LINGER_MAX, drain).await;
    }
}

/// A request on its way: booked once, however its answer ends, even if the task is dropped.
struct Exchange {
    shared: Arc<Shared>,
    class: Class,
    status: u16,
    bytes: u64,
    end: End,
    /// Where a media segment is asked for: when its capture was over.
    captured_ms: Option<i64>,
}

impl Exchange {
    fn begin(shared: &Arc<Shared>, class: Class) -> Self {
        shared.book.begin(class);
        Self {
            shared: Arc::clone(shared),
            class,
            status: UNANSWERED,
            bytes: 0,
            end: End::Interrupted,
            captured_ms: None,
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.shared
            .end(self.class, self.status, self.end, self.bytes);
    }
}

/// The reason phrase; clients ignore it (RFC 9112, 4), people read it.
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        204 => "No Content",
        206 => "Partial Content",
        304 => "Not Modified",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        416 => "Range Not Satisfiable",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        _ => "-",
    }
}

/// Adds `Date`, which is made once a second.
fn push_date(out: &mut Vec<u8>, unix_ms: i64) {
    thread_local! {
        static DATE: RefCell<(i64, String)> = const { RefCell::new((i64::MIN, String::new())) };
    }
    let second = unix_ms.div_euclid(1000);
    DATE.with_borrow_mut(|(of, line)| {
        if *of != second {
            let date = jiff::Timestamp::from_second(second).unwrap_or_default();
            let date = jiff::fmt::rfc2822::DateTimePrinter::new()
                .timestamp_to_rfc9110_string(&date)
                .unwrap_or_default();
            *line = format!("Date: {date}\r\n");
            *of = second;
        }
        out.extend_from_slice(line.as_bytes());
    });
}
