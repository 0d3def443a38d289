/// What the request wants done (RFC 9110, 9.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// Head and body.
    #[default]
    Get,
    /// The head that GET would give.
    Head,
    /// CORS preflight.
    Options,
    /// Anything else: refused with 405.
    Other,
}

/// One request, borrowed from wherever its head was parsed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request<'a> {
    /// The method.
    pub method: Method,
    /// The path, without query.
    pub path: &'a str,
    /// `Range`.
    pub range: Option<&'a str>,
    /// `If-Range`.
    pub if_range: Option<&'a str>,
    /// `If-None-Match`.
    pub if_none_match: Option<&'a str>,
    /// `If-Modified-Since`.
    pub if_modified_since: Option<&'a str>,
    /// The how-manyeth request this is, of any kind: with the path it decides about faults.
    pub sequence: u64,
}

impl<'a> Request<'a> {
    /// A plain GET of `path`.
    pub fn get(path: &'a str) -> Self {
        Self {
            path,
            ..Self::default()
        }
    }
}
