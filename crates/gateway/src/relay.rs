//! One answer on its way to the player: streamed as it comes, or, where it is a playlist, read
//! whole first.

mod ear;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use base::Class;
use transport::{Fields, Head, Method};
use viewer::exchange::Record;

use crate::class;
use crate::extent::Part;
use crate::outlet::Outlet;
use crate::share::Stops;
use crate::visit::Visit;
use crate::wire::{Answer, Framing};
pub(crate) use ear::Ear;

/// The longest JSON that is read whole; a longer one passes as it comes.
pub(crate) const JSON_BYTES_MAX: usize = 1024 * 1024;

/// What is known of the player's request.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// The player speaks HTTP/1.0.
    pub(crate) old: bool,
    /// What is said of its connection, where it lives on.
    pub(crate) keep_alive: bool,
    /// What a playlist, or the name, says it is.
    pub(crate) known: Option<Class>,
    /// Known by its extension alone: an answer's type weighs more.
    pub(crate) guessed: bool,
}

/// What becomes of the answer.
#[derive(Debug)]
pub(crate) enum Course {
    /// Its head has not come.
    Waiting,
    /// Its head came, and what it is shows with its first byte.
    Sniffing(Head),
    /// It is read whole.
    Gathering(Vec<u8>),
    /// So is this, a JSON, unless it is too long for one that is meant for players.
    Json(Head, Vec<u8>),
    /// It passes; the head that was not sent yet goes with the first bytes.
    Streaming(Framing, Vec<u8>),
}

/// One exchange between the player's connection and transport.
#[derive(Debug)]
pub(crate) struct Relay {
    pub(crate) request: Request,
    pub(crate) record: Rc<Record>,
    pub(crate) visit: Visit,
    pub(crate) course: RefCell<Course>,
    outlet: Rc<Outlet>,
    /// Whether part of the answer was handed to the player's socket.
    begun: Cell<bool>,
    /// The status of the answer that is passed on.
    status: Cell<Option<u16>>,
    /// Whether the origin closes its connection after this answer, so that the player's, which
    /// stands for it, closes too.
    closing: Cell<bool>,
    stops: Cell<Stops>,
}

impl Relay {
    pub(crate) fn new(
        request: Request,
        record: Rc<Record>,
        visit: Visit,
        outlet: Rc<Outlet>,
        heard: Duration,
    ) -> Rc<Self> {
        outlet.begin();
        let stops = Stops {
            heard,
            ..Stops::default()
        };
        Rc::new(Self {
            request,
            record,
            visit,
            course: RefCell::new(Course::Waiting),
            outlet,
            begun: Cell::new(false),
            status: Cell::new(None),
            closing: Cell::new(false),
            stops: Cell::new(stops),
        })
    }

    /// Whether the player has seen a part of an answer.
    pub(crate) fn has_begun(&self) -> bool {
        self.begun.get()
    }

    /// Whether the player's connection lives on after this answer.
    pub(crate) fn goes_on(&self) -> bool {
        self.request.keep_alive && !self.closing.get()
    }

    /// The instants of the exchange; `there` is set for a playlist by its reader.
    pub(crate) fn stops(&self) -> Stops {
        Stops {
            passed: self.outlet.first(),
            ..self.stops.get()
        }
    }

    pub(crate) fn is_there(&self, at: Duration) {
        let there = Some(at);
        self.stops.set(Stops {
            there,
            ..self.stops.get()
        });
    }

    /// What is said of the player's connection: that it lives on only where it has to be said, or
    /// where the origin said so of its own.
    pub(crate) fn connection(&self, fields: &Fields) -> Option<&'static str> {
        if !self.goes_on() {
            return Some("close");
        }
        let is_said = self.request.old || fields.get("connection").is_some();
        is_said.then_some("keep-alive")
    }

    /// Sends the head of an answer whose body has `framing`, with the first bytes of it.
    fn stream(&self, head: &Head, framing: Framing) -> Course {
        let answer = Answer {
            status: head.status,
            fields: &head.fields,
            framing,
            rewritten: false,
            range: None,
            connection: self.connection(&head.fields),
        };
        let mut out = Vec::with_capacity(512);
        answer.write(&mut out);
        Course::Streaming(framing, out)
    }

    /// How the body of an answer is framed for the player.
    pub(crate) fn framing(&self, head: &Head) -> Framing {
        let no_body = self.request.method == Method::Head || matches!(head.status, 204 | 304);
        let length = head.fields.get("content-length");
        let length = length.and_then(|length| length.trim().parse().ok());
        match length {
            _ if no_body => Framing::NoBody,
            Some(length) if head.fields.get("transfer-encoding").is_none() => {
                Framing::Length(length)
            }
            _ if self.request.old => Framing::UntilClose,
            _ => Framing::Chunked,
        }
    }

    fn choose(&self, head: &Head) -> Course {
        let framing = self.framing(head);
        if framing == Framing::UntilClose {
            self.closing.set(true);
        }
        let brings = matches!(head.status, 200 | 206) && self.request.method == Method::Get;
        if !brings {
            return self.stream(head, framing);
        }
        let class = self.class_by(&head.fields);
        if self.may_be_json(head, class) {
            self.record.reclass(Class::Other);
            return Course::Json(head.clone(), Vec::new());
        }
        match class {
            Some(Class::Multivariant | Class::Playlist) if is_whole(head) => {
                if !self.record.class().is_playlist() {
                    self.record.reclass(Class::Playlist);
                }
                self.record.keep_back();
                Course::Gathering(Vec::new())
            }
            Some(class) => {
                if !(class.is_playlist() && self.record.class().is_playlist()) {
                    self.record.reclass(class);
                }
                self.stream(head, framing)
            }
            None if head.fields.get("content-encoding").is_none() => Course::Sniffing(head.clone()),
            None => {
                self.record.reclass(Class::Other);
                self.stream(head, framing)
            }
        }
    }

    /// Whether an answer of this class, as far as that is known, is a JSON that playlists lead to.
    fn may_be_json(&self, head: &Head, class: Option<Class>) -> bool {
        let named = !self.request.guessed && class == Some(Class::Other);
        let may_be = matches!(class, None | Some(Class::Other));
        may_be && class::is_json(&head.fields, named) && is_whole(head)
    }

    /// What playlists have named is what they say; else the answer's type decides before its name.
    fn class_by(&self, fields: &Fields) -> Option<Class> {
        let typed = class::of_type(fields);
        match self.request.known {
            Some(named) if !self.request.guessed => Some(named),
            // A type that only says `video` does not tell an init section from a segment.
            Some(Class::Init) if typed == Some(Class::Segment) => Some(Class::Init),
            guessed => typed.or(guessed),
        }
    }

    /// The first bytes of an answer of which nothing else told what it is.
    fn sniff(&self, head: &Head, bytes: &[u8]) -> Course {
        if class::begins_a_list(bytes) && is_whole(head) {
            if !self.record.class().is_playlist() {
                self.record.reclass(Class::Playlist);
            }
            self.record.keep_back();
            return Course::Gathering(Vec::new());
        }
        self.record.reclass(Class::Other);
        self.stream(head, self.framing(head))
    }

    /// More of a JSON.
    fn gather(&self, head: Head, mut body: Vec<u8>, bytes: &[u8]) -> Course {
        if body.is_empty() && class::begins_a_list(bytes) {
            // Whatever its type says.
            self.record.reclass(Class::Playlist);
            self.record.keep_back();
            return Course::Gathering(bytes.to_vec());
        }
        body.extend_from_slice(bytes);
        if body.len() <= JSON_BYTES_MAX {
            return Course::Json(head, body);
        }
        let mut course = self.stream(&head, self.framing(&head));
        if let Course::Streaming(framing, out) = &mut course {
            self.pass(*framing, out, &body);
        }
        course
    }

    fn pass(&self, framing: Framing, head: &mut Vec<u8>, bytes: &[u8]) {
        if framing == Framing::Chunked {
            let size = format!("{:X}\r\n", bytes.len());
            self.outlet.send([head, size.as_bytes(), bytes, b"\r\n"]);
        } else {
            self.outlet.send([head, bytes, &[], &[]]);
        }
        self.begun.set(true);
        *head = Vec::new();
    }

    /// The answer is whole: what of it was not sent yet is.
    pub(crate) fn finish(&self) {
        let course = self.course.replace(Course::Waiting);
        let course = match course {
            // No byte of a body came.
            Course::Sniffing(head) => {
                self.record.reclass(Class::Other);
                self.stream(&head, self.framing(&head))
            }
            other => other,
        };
        if let Course::Streaming(framing, head) = course {
            let end: &[u8] = match framing {
                Framing::Chunked => b"0\r\n\r\n",
                _ => b"",
            };
            self.outlet.send([&head, end, &[], &[]]);
            self.begun.set(true);
        }
    }
}

/// Whether an answer brings all of its resource.
fn is_whole(head: &Head) -> bool {
    let part = || head.fields.get("content-range").and_then(Part::read);
    head.status == 200 || part().is_some_and(Part::is_all)
}
