//! A whole response out of bytes that come in any pieces. Pure: the connection above it reads, the
//! [`Sink`] below it counts and keeps.

use crate::framing::Framing;
use crate::head::{self, HEAD_BYTES_MAX, Parsed};
use crate::{Error, Head, Method};

/// The most 1xx heads before the final one.
pub const INFORMATIONAL_HEADS_MAX: u8 = 16;

/// Where the parts of a response go.
pub(crate) trait Sink {
    /// The final head; its body follows.
    fn head(&mut self, head: Head) -> Result<(), Error>;
    /// A run of body bytes.
    fn body(&mut self, bytes: &[u8]) -> Result<(), Error>;
}

/// Reads one response.
#[derive(Debug)]
pub(crate) struct Decoder {
    method: Method,
    state: State,
    informational: u8,
    keep_alive: bool,
}

#[derive(Debug)]
enum State {
    /// Reading heads; what came of an unfinished one.
    Head(Vec<u8>),
    Body(Framing),
}

impl Decoder {
    pub(crate) fn new(method: Method) -> Self {
        Self {
            method,
            state: State::Head(Vec::new()),
            informational: 0,
            keep_alive: false,
        }
    }

    /// Takes the next bytes of the stream. Bytes after the response's end mean that the connection
    /// is out of step: it will not be [kept](Self::keep_alive).
    pub(crate) fn feed(&mut self, input: &[u8], sink: &mut impl Sink) -> Result<(), Error> {
        let mut rest = input;
        while !rest.is_empty() {
            match &mut self.state {
                State::Head(_) => rest = self.feed_head(rest, sink)?,
                State::Body(framing) => {
                    let step = framing.step(rest)?;
                    if step.used == 0 {
                        self.keep_alive = false;
                        return Ok(());
                    }
                    if !step.body.is_empty() {
                        sink.body(&rest[step.body])?;
                    }
                    rest = &rest[step.used..];
                }
            }
        }
        Ok(())
    }

    /// Reads a head; gives what follows it.
    fn feed_head<'a>(&mut self, input: &'a [u8], sink: &mut impl Sink) -> Result<&'a [u8], Error> {
        let State::Head(kept) = &mut self.state else {
            return Ok(input);
        };
        // Nearly always the head comes whole and is read where it lies.
        if kept.is_empty() {
            return match head::parse(input, self.method)? {
                Parsed::Partial => {
                    kept.extend_from_slice(input);
                    Ok(&[])
                }
                parsed => self.head_done(parsed, input, 0, sink),
            };
        }
        // A head that comes byte by byte is tried again only at line ends: no quadratic work.
        let before = kept.len();
        let room = (HEAD_BYTES_MAX + 1).saturating_sub(before);
        let taken = &input[..input.len().min(room)];
        kept.extend_from_slice(taken);
        if !taken.contains(&b'\n') && kept.len() < HEAD_BYTES_MAX {
            return Ok(&input[taken.len()..]);
        }
        match head::parse(kept, self.method)? {
            Parsed::Partial => Ok(&input[taken.len()..]),
            parsed => self.head_done(parsed, input, before, sink),
        }
    }

    /// A head ended inside `input`, `before` bytes of it having come earlier.
    fn head_done<'a>(
        &mut self,
        parsed: Parsed,
        input: &'a [u8],
        before: usize,
        sink: &mut impl Sink,
    ) -> Result<&'a [u8], Error> {
        let len = match parsed {
            Parsed::Partial => return Ok(input),
            Parsed::Informational { len } => {
                self.informational += 1;
                if self.informational > INFORMATIONAL_HEADS_MAX {
                    return Err(Error::Protocol("informational heads without end"));
                }
                self.state = State::Head(Vec::new());
                len
            }
            Parsed::Final { len, message } => {
                self.keep_alive = message.keep_alive;
                self.state = State::Body(message.framing);
                sink.head(message.head)?;
                len
            }
        };
        Ok(&input[len.saturating_sub(before).min(input.len())..])
    }

    /// How many body bytes come next with no framing among them: they may be dropped unseen, and
    /// told to [`skip`](Self::skip).
    pub(crate) fn run(&self) -> u64 {
        match &self.state {
            State::Head(_) => 0,
            State::Body(framing) => framing.run(),
        }
    }

    /// `bytes` of the [run](Self::run) were dropped unseen.
    pub(crate) fn skip(&mut self, bytes: u64) {
        if let State::Body(framing) = &mut self.state {
            framing.skip(bytes);
        }
    }

    /// Whether the response is complete.
    pub(crate) fn is_done(&self) -> bool {
        matches!(&self.state, State::Body(framing) if framing.is_done())
    }

    /// The stream ended. `Ok` if that is where the response ends.
    pub(crate) fn end_of_stream(&mut self) -> Result<(), Error> {
        match &mut self.state {
            State::Head(_) => Err(Error::ClosedEarly),
            State::Body(framing) => {
                framing.end_of_stream()?;
                *framing = Framing::Done;
                Ok(())
            }
        }
    }

    /// Whether the body ends where the server closes, so that only a clean close proves it whole.
    pub(crate) fn ends_at_close(&self) -> bool {
        matches!(&self.state, State::Body(Framing::UntilClose))
    }

    /// Whether the connection may carry another exchange, once this one is done.
    pub(crate) fn keep_alive(&self) -> bool {
        self.is_done() && self.keep_alive
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, Default, PartialEq)]
    struct Seen {
        head: Option<Head>,
        body: Vec<u8>,
    }

    impl Sink for Seen {
        fn head(&mut self, head: Head) -> Result<(), Error> {
            assert!(self.head.replace(head).is_none(), "one head a response");
            Ok(())
        }
        fn body(&mut self, bytes: &[u8]) -> Result<(), Error> {
            assert!(self.head.is_some() && !bytes.is_empty());
            self.body.extend_from_slice(bytes);
            Ok(())
        }
    }

    /// What came of a stream that was fed in `pieces` and then ended.
    fn run(stream: &[u8], cuts: &[usize], method: Method) -> (Seen, String, bool) {
        let mut decoder = Decoder::new(method);
        let mut seen = Seen::default();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (stream.len() + 1)).collect();
        cuts.push(stream.len());
        cuts.sort_unstable();
        let mut at = 0;
        for cut in cuts {
            if let Err(error) = decoder.feed(&stream[at..cut], &mut seen) {
                return (seen, format!("{error:?}"), false);
            }
            at = cut;
        }
        let done = decoder.is_done();
        let end = decoder.end_of_stream();
        let text = match end {
            Ok(()) => format!("done before the end: {done}"),
            Err(error) => format!("{error:?}"),
        };
        (seen, text, decoder.keep_alive())
    }

    fn ok(stream: &str) -> Seen {
        let (seen, text, _) = run(stream.as_bytes(), &[], Method::Get);
        assert!(text.starts_with("done"), "{stream:?}: {text}");
        seen
    }

    #[test]
    fn informational_heads_come_before_the_final_one() {
        let seen = ok(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n\
             HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        );
        assert_eq!(seen.head.unwrap().status, 200);
        assert_eq!(seen.body, b"hi");
        let endless = "HTTP/1.1 100 Continue\r\n\r\n".repeat(17);
        let (_, text, _) = run(endless.as_bytes(), &[], Method::Get);
        assert!(text.contains("Protocol"), "{text}");
    }

    #[test]
    fn bytes_after_the_end_spoil_the_connection_only() {
        let stream = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi!";
        let (seen, text, keep) = run(stream, &[], Method::Get);
        assert_eq!((seen.body.as_slice(), keep), (&b"hi"[..], false));
        assert!(text.starts_with("done before the end: true"));
        let (_, _, keep) = run(&stream[..stream.len() - 1], &[], Method::Get);
        assert!(keep);
    }

    #[test]
    fn a_head_byte_by_byte_is_bounded() {
        let mut decoder = Decoder::new(Method::Get);
        let mut seen = Seen::default();
        let mut fed = 0;
        let error = loop {
            let piece: &[u8] = if fed == 0 {
                b"HTTP/1.1 200 OK\r\nA: "
            } else {
                b"x"
            };
            fed += piece.len();
            assert!(fed <= HEAD_BYTES_MAX + 1);
            if let Err(error) = decoder.feed(piece, &mut seen) {
                break error;
            }
        };
        assert!(matches!(error, Error::HeadTooLarge { .. }), "{error:?}");
    }

    fn parts() -> impl Strategy<Value = Vec<u8>> {
        let line = prop_oneof![
            Just("HTTP/1.1 200 OK\r\n".to_owned()),
            Just("HTTP/1.1 100 Continue\r\n\r\n".to_owned()),
            Just("HTTP/1.0 404 No\r\n".to_owned()),
            Just("HTTP/1.1 304 Same\n".to_owned()),
            Just("Transfer-Encoding: chunked\r\n".to_owned()),
            Just("Connection: close\r\n".to_owned()),
            (0..40_u32).prop_map(|length| format!("Content-Length: {length}\r\n")),
            Just("\r\n".to_owned()),
            "[a-z]{1,8}: [ -~]{0,20}\r\n",
            (0..20_usize).prop_map(|size| format!("{size:x}\r\n{}\r\n", "d".repeat(size))),
            Just("0\r\n\r\n".to_owned()),
            "[ -~\r\n]{0,12}",
        ];
        prop_oneof![
            4 => prop::collection::vec(line, 0..12).prop_map(|lines| lines.concat().into_bytes()),
            1 => prop::collection::vec(any::<u8>(), 0..64),
        ]
    }

    fn good() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
        prop::collection::vec(prop::collection::vec(any::<u8>(), 1..50), 0..6).prop_map(|chunks| {
            let mut stream = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
            for chunk in &chunks {
                stream.extend_from_slice(format!("{:X};e=1\r\n", chunk.len()).as_bytes());
                stream.extend_from_slice(chunk);
                stream.extend_from_slice(b"\r\n");
            }
            stream.extend_from_slice(b"0\r\nX: y\r\n\r\n");
            (stream, chunks.concat())
        })
    }

    proptest! {
        #[test]
        fn any_pieces_give_the_same_response(
            stream in parts(),
            cuts in prop::collection::vec(any::<usize>(), 0..8),
            method in prop_oneof![Just(Method::Get), Just(Method::Head)],
        ) {
            let (whole, whole_text, whole_keep) = run(&stream, &[], method);
            let (pieces, text, keep) = run(&stream, &cuts, method);
            // Once a stream is wrong, how much of it was used before that is chance; a partial
            // head is judged by its whole lines only.
            if whole_text.starts_with("done") {
                prop_assert_eq!(&pieces, &whole);
                prop_assert_eq!(&text, &whole_text);
                prop_assert_eq!(keep, whole_keep);
            } else {
                prop_assert!(!text.starts_with("done"), "{} against {}", text, whole_text);
                prop_assert_eq!(pieces.body, whole.body);
            }
        }

        #[test]
        fn chunked_bodies_come_back(
            (stream, body) in good(),
            cuts in prop::collection::vec(any::<usize>(), 0..8),
        ) {
            let (seen, text, keep) = run(&stream, &cuts, Method::Get);
            prop_assert_eq!(seen.body, body);
            prop_assert!(keep, "{}", text);
        }
    }
}
