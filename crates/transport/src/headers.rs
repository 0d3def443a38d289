use std::borrow::Cow;
use std::sync::Arc;

use crate::Error;

/// Request headers as they will stand on the wire: order and letter case are kept byte for byte.
///
/// Nothing is added when a request is sent. Even `Host` stands only where [`Field::Host`] is put.
#[derive(Clone, Debug, Default)]
pub struct Headers {
    fields: Vec<Field>,
}

/// One line of a request head.
#[derive(Clone, Debug)]
pub enum Field {
    /// `Host: ` and the authority of the URL of each hop.
    Host,
    /// `Cookie: ` and the session's cookies for the URL of each hop; no line if it has none.
    Cookie,
    /// A header as given.
    Given {
        /// Its name.
        name: Cow<'static, str>,
        /// Its value, without line breaks.
        value: Arc<str>,
    },
}

impl Headers {
    /// No header at all.
    pub fn new() -> Self {
        Self::default()
    }

    /// The fields in order.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Whether the server is asked to close (RFC 9112, 9.6).
    pub(crate) fn ask_to_close(&self) -> bool {
        self.fields.iter().any(|field| match field {
            Field::Given { name, value } => {
                name.eq_ignore_ascii_case("connection")
                    && value
                        .split(',')
                        .any(|option| option.trim().eq_ignore_ascii_case("close"))
            }
            Field::Host | Field::Cookie => false,
        })
    }

    /// Puts the place of `Host` at the end.
    pub fn host(mut self) -> Self {
        self.fields.push(Field::Host);
        self
    }

    /// Puts the place of the session's cookies at the end.
    pub fn cookie(mut self) -> Self {
        self.fields.push(Field::Cookie);
        self
    }

    /// Puts a header at the end.
    pub fn push(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<Arc<str>>,
    ) -> Result<(), Error> {
        let field = given(name.into(), value.into())?;
        self.fields.push(field);
        Ok(())
    }

    /// Puts a header in the place of the first of that name (in any case), whose later ones go;
    /// else at the end.
    pub fn set(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        value: impl Into<Arc<str>>,
    ) -> Result<(), Error> {
        let field = given(name.into(), value.into())?;
        let same = |other: &Field| other.name().eq_ignore_ascii_case(field.name());
        match self.fields.iter().position(same) {
            Some(place) => {
                let mut index = 0;
                self.fields.retain(|other| {
                    index += 1;
                    index <= place + 1 || !same(other)
                });
                self.fields[place] = field;
            }
            None => self.fields.push(field),
        }
        Ok(())
    }
}

impl Field {
    /// The header's name.
    pub fn name(&self) -> &str {
        match self {
            Self::Host => "Host",
            Self::Cookie => "Cookie",
            Self::Given { name, .. } => name,
        }
    }
}

/// RFC 9110, 5.6.2: `tchar`.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn given(name: Cow<'static, str>, value: Arc<str>) -> Result<Field, Error> {
    let why = if name.is_empty() || !name.bytes().all(is_token_byte) {
        Some("its name is not a token (RFC 9110, 5.6.2)")
    } else if value.bytes().any(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
        Some("its value holds a line break or NUL")
    } else {
        None
    };
    match why {
        Some(why) => Err(Error::Header {
            name: name.into_owned(),
            why,
        }),
        None => Ok(Field::Given { name, value }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(headers: &Headers) -> Vec<&str> {
        headers.fields().iter().map(Field::name).collect()
    }

    #[test]
    fn order_and_case_are_kept() {
        let mut headers = Headers::new().host();
        headers.push("accept", "*/*").unwrap();
        headers.push("ACCEPT-encoding", "gzip").unwrap();
        assert_eq!(names(&headers), ["Host", "accept", "ACCEPT-encoding"]);
    }

    #[test]
    fn set_replaces_in_place_and_once() {
        let mut headers = Headers::new().host().cookie();
        headers.push("A", "1").unwrap();
        headers.push("B", "2").unwrap();
        headers.push("a", "3").unwrap();
        headers.set("a", "4").unwrap();
        headers.set("cookie", "k=v").unwrap();
        headers.set("host", "other").unwrap();
        headers.set("C", "5").unwrap();
        assert_eq!(names(&headers), ["host", "cookie", "a", "B", "C"]);
    }

    #[test]
    fn what_would_break_the_head_is_refused() {
        let mut headers = Headers::new();
        for (name, value) in [
            ("", "x"),
            ("a b", "x"),
            ("a:", "x"),
            ("ä", "x"),
            ("a", "x\r\ny: z"),
            ("a", "x\n"),
            ("a", "\0"),
        ] {
            assert!(headers.push(name, value).is_err(), "{name:?}: {value:?}");
            assert!(headers.set(name, value).is_err(), "{name:?}: {value:?}");
        }
        assert!(headers.fields().is_empty());
    }
}
