//! Redirects (RFC 9110, 15.4).

use url::Url;

use crate::{Error, Fields};

/// Whether a status sends the client elsewhere. 300 and 304 do not, 305 is not followed.
pub(crate) fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// Where the response to `from` leads.
pub(crate) fn target(from: &Url, fields: &Fields) -> Result<Url, Error> {
    let location = fields
        .get("location")
        .ok_or(Error::Redirect("without a Location"))?;
    let target = from
        .join(location)
        .map_err(|_| Error::Redirect("its Location is not a URL"))?;
    check(&target).map_err(|_| Error::Redirect("to what is not HTTP"))?;
    Ok(target)
}

/// Whether `url` can be fetched here.
pub(crate) fn check(url: &Url) -> Result<(), Error> {
    let why = match url.scheme() {
        "http" | "https" if url.port_or_known_default() == Some(0) => "port 0 cannot be reached",
        "http" | "https" if url.has_host() => return Ok(()),
        "http" | "https" => "it names no host",
        _ => "its scheme is not http or https",
    };
    Err(Error::Url {
        url: crate::mask::url(url.as_str()),
        why,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("http://h/a/b?c", "d", Some("http://h/a/d"))]
    #[case("http://h/a/b?c", "/d?e", Some("http://h/d?e"))]
    #[case("http://h/a/b?c", "//i/d", Some("http://i/d"))]
    #[case("https://h/a/b", "http://h:81/#x", Some("http://h:81/#x"))]
    #[case("http://h/a/b", "?x", Some("http://h/a/b?x"))]
    #[case("http://h/a/b", "", Some("http://h/a/b"))]
    #[case("http://h/a/b", "ftp://h/", None)]
    #[case("http://h/a/b", "javascript:alert(1)", None)]
    #[case("http://h/a/b", "http://", None)]
    #[case("http://h/a/b", "http://h:99999/", None)]
    #[case("http://h/a/b", "http://h:0/", None)]
    fn locations_resolve(#[case] from: &str, #[case] location: &str, #[case] to: Option<&str>) {
        let fields = Fields::from_block(format!("Location: {location}\r\n").as_bytes());
        let target = target(&from.parse().unwrap(), &fields);
        assert_eq!(target.as_ref().ok().map(Url::as_str), to, "{target:?}");
    }

    #[test]
    fn a_redirect_that_leads_nowhere() {
        let target = target(&"http://h/".parse().unwrap(), &Fields::default());
        assert_eq!(target.unwrap_err().failure(), base::Failure::Redirect);
    }
}
