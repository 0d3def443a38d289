//! Request headers as data: which header, with what value, when, in what order.

use std::borrow::Cow;

use base::Class;
use media::hls::ByteRange;
use url::Url;

/// How a player writes its requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requests {
    /// Every header it ever sends, in the order in which it sends them (`Host` included, so that
    /// its place is right). One name may stand twice under conditions that exclude each other.
    pub headers: &'static [Header],
}

/// One header line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// As the player spells it.
    pub name: &'static str,
    /// What follows the colon.
    pub value: Value,
    /// On which requests.
    pub when: When,
}

/// A header's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// These characters.
    Text(&'static str),
    /// Host of the URL, and port where it is not the scheme's own ([`Line::Host`]).
    Host,
    /// The player's own product string: what `--user-agent` replaces.
    UserAgent(&'static str),
    /// `bytes=FIRST-LAST`; left out where the whole resource is asked for.
    Range,
    /// `bytes=FIRST-LAST`; `bytes=0-` where the whole resource is asked for.
    OpenRange,
    /// `keep-alive` or `close`, as the connection of the request has it.
    Connection,
    /// The entity tag kept for this URL; left out where there is none.
    IfNoneMatch,
    /// The modification date kept for this URL; left out where there is none.
    IfModifiedSince,
    /// The validator under which other bytes of this URL are kept; left out where there is none.
    IfRange,
    /// `no-cache` where caches are to be bypassed; else left out.
    NoCache,
    /// The viewer's cookies for this URL.
    Cookie,
    /// Nothing of the player's own: the place that a user's header of this name takes.
    Place,
    /// The place of all user's headers that no other line names.
    Custom,
}

/// Conditions, all of which must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct When {
    /// By the URL.
    pub url: UrlIs,
    /// By what is asked for.
    pub class: ClassIs,
    /// By how much of it is asked for.
    pub range: RangeIs,
    /// By the place of the request in the viewer's life.
    pub turn: Turn,
}

/// A condition on the URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UrlIs {
    /// Any.
    Any,
    /// Potentially trustworthy (W3C Secure Contexts, 3.1): https, or loopback.
    Trustworthy,
    /// Not so.
    Untrustworthy,
}

/// A condition on the class of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClassIs {
    /// Any.
    Any,
    /// A playlist of either kind.
    Playlist,
    /// Not a playlist.
    NotPlaylist,
    /// Asked again for a URL that was fetched before and has validators.
    Conditional,
    /// Neither conditional, nor partial: asked for the first time or without validators.
    Unconditional,
}

/// A condition on how much of a resource is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RangeIs {
    /// Any.
    Any,
    /// The whole resource.
    Whole,
    /// A byte range.
    Partial,
}

/// A condition on the place of the request in the viewer's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Any.
    Any,
    /// The viewer's first request.
    First,
    /// Every one after that.
    AfterFirst,
}

impl When {
    /// On every request.
    pub const ALWAYS: Self = Self {
        url: UrlIs::Any,
        class: ClassIs::Any,
        range: RangeIs::Any,
        turn: Turn::Any,
    };
}

impl Header {
    /// `name: text` on every request.
    pub const fn always(name: &'static str, text: &'static str) -> Self {
        Self::of(name, Value::Text(text))
    }

    /// `name: value` on every request.
    pub const fn of(name: &'static str, value: Value) -> Self {
        Self {
            name,
            value,
            when: When::ALWAYS,
        }
    }

    /// The same header under another condition on the URL.
    pub const fn on_url(mut self, url: UrlIs) -> Self {
        self.when.url = url;
        self
    }

    /// The same header under another condition on the class.
    pub const fn on_class(mut self, class: ClassIs) -> Self {
        self.when.class = class;
        self
    }

    /// The same header under another condition on the byte range.
    pub const fn on_range(mut self, range: RangeIs) -> Self {
        self.when.range = range;
        self
    }

    /// The same header under another condition on the turn.
    pub const fn on_turn(mut self, turn: Turn) -> Self {
        self.when.turn = turn;
        self
    }
}

/// What a header's presence and value depend on.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Where the request goes.
    pub url: &'a Url,
    /// What it asks for.
    pub class: Class,
    /// Which bytes; all where `None`.
    pub byte_range: Option<ByteRange>,
    /// The viewer's first request.
    pub first: bool,
    /// The connection is asked to be closed afterwards.
    pub close: bool,
    /// Replaces the player's own product string.
    pub user_agent: Option<&'a str>,
    /// Entity tag kept for this URL, if the request is conditional.
    pub etag: Option<&'a str>,
    /// Modification date kept for this URL, if the request is conditional.
    pub last_modified: Option<&'a str>,
    /// Validator (entity tag, else modification date) under which other bytes of this URL are
    /// kept, if this request asks for a byte range that is not.
    pub if_range: Option<&'a str>,
    /// Caches are to be bypassed.
    pub no_cache: bool,
    /// The user's own headers, name and value. One whose name the player sends takes its place;
    /// an empty value leaves the header out; the others go where the player puts such headers.
    pub user: &'a [(String, String)],
}

/// One line of a request head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// `Host: ` and the authority of the URL (of each hop, where redirects are followed).
    Host,
    /// `Cookie: ` and the viewer's cookies for the URL (of each hop); no line if it has none.
    Cookie,
    /// A header as given.
    Given {
        /// Its name.
        name: &'a str,
        /// Its value.
        value: Cow<'a, str>,
    },
}

impl Requests {
    /// The head of one request, below its request line, in order.
    pub fn lines<'a>(&self, context: &Context<'a>) -> Vec<Line<'a>> {
        let mut lines = Vec::with_capacity(self.headers.len() + context.user.len());
        for header in self.holding(context) {
            if header.value == Value::Custom {
                lines.extend(self.unnamed(context));
            } else if context.user.iter().any(|(name, _)| header.is(name)) {
                let given = context.user.iter().filter(|(name, _)| header.is(name));
                lines.extend(given.filter_map(user_line));
            } else {
                lines.extend(header.line(context));
            }
        }
        lines
    }

    fn holding(&self, context: &Context<'_>) -> impl Iterator<Item = &'static Header> {
        self.headers
            .iter()
            .filter(move |header| header.when.holds(context))
    }

    /// The user's headers that no line of the player's names.
    fn unnamed<'a>(&self, context: &Context<'a>) -> impl Iterator<Item = Line<'a>> {
        context
            .user
            .iter()
            .filter(move |(name, _)| !self.holding(context).any(|header| header.is(name)))
            .filter_map(user_line)
    }
}

fn user_line((name, value): &(String, String)) -> Option<Line<'_>> {
    (!value.is_empty()).then_some(Line::Given {
        name,
        value: Cow::Borrowed(value),
    })
}

impl Header {
    fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    fn line<'a>(&self, context: &Context<'a>) -> Option<Line<'a>> {
        match self.value {
            Value::Host => Some(Line::Host),
            Value::Cookie => Some(Line::Cookie),
            value => Some(Line::Given {
                name: self.name,
                value: value.render(context)?,
            }),
        }
    }
}

impl When {
    fn holds(self, context: &Context<'_>) -> bool {
        let conditional = context.etag.is_some() || context.last_modified.is_some();
        let url = match self.url {
            UrlIs::Any => true,
            UrlIs::Trustworthy => is_trustworthy(context.url),
            UrlIs::Untrustworthy => !is_trustworthy(context.url),
        };
        let class = match self.class {
            ClassIs::Any => true,
            ClassIs::Playlist => context.class.is_playlist(),
            ClassIs::NotPlaylist => !context.class.is_playlist(),
            ClassIs::Conditional => conditional,
            ClassIs::Unconditional => !conditional,
        };
        let range = match self.range {
            RangeIs::Any => true,
            RangeIs::Whole => context.byte_range.is_none(),
            RangeIs::Partial => context.byte_range.is_some(),
        };
        let turn = match self.turn {
            Turn::Any => true,
            Turn::First => context.first,
            Turn::AfterFirst => !context.first,
        };
        url && class && range && turn
    }
}

impl Value {
    fn render<'a>(self, context: &Context<'a>) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::UserAgent(own) => Some(Cow::Borrowed(context.user_agent.unwrap_or(own))),
            Self::Range => context.byte_range.map(range),
            Self::OpenRange => Some(context.byte_range.map_or(Cow::Borrowed("bytes=0-"), range)),
            Self::Connection => Some(Cow::Borrowed(if context.close {
                "close"
            } else {
                "keep-alive"
            })),
            Self::IfNoneMatch => context.etag.map(Cow::Borrowed),
            Self::IfModifiedSince => context.last_modified.map(Cow::Borrowed),
            Self::IfRange => context.if_range.map(Cow::Borrowed),
            Self::NoCache => context.no_cache.then_some(Cow::Borrowed("no-cache")),
            Self::Host | Self::Cookie | Self::Place | Self::Custom => None,
        }
    }
}

fn range(range: ByteRange) -> Cow<'static, str> {
    let last = (range.offset + range.length).saturating_sub(1);
    Cow::Owned(format!("bytes={}-{last}", range.offset))
}

/// Potentially trustworthy: https, or a loopback host (W3C Secure Contexts, 3.1).
pub fn is_trustworthy(url: &Url) -> bool {
    if url.scheme() == "https" {
        return true;
    }
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}
