//! What the user has a viewer's requests carry, whatever its player says by itself.

use viewer::Spec;

/// What `--no-cache` sends, as the profiles do.
const NO_CACHE: [(&str, &str); 2] = [("Cache-Control", "no-cache"), ("Pragma", "no-cache")];

/// The user's own headers, and those that bypass caches where that was asked for.
pub(crate) fn own_headers(spec: &Spec) -> Vec<(String, String)> {
    let given = |name: &str| {
        let mut own = spec.headers.iter();
        own.any(|(own, _)| own.eq_ignore_ascii_case(name))
    };
    let no_cache = NO_CACHE.into_iter().filter(|_| spec.no_cache);
    let no_cache = no_cache.filter(|(name, _)| !given(name));
    no_cache
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .chain(spec.headers.iter().cloned())
        .collect()
}

/// The same for a player that can't be told of any: with the user agent that was asked for.
pub(crate) fn all_headers(spec: &Spec) -> Vec<(String, String)> {
    let agent = spec.user_agent.iter();
    let agent = agent.map(|agent| ("User-Agent".to_owned(), agent.to_string()));
    agent.chain(own_headers(spec)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use player::{Profile, VariantChoice};

    fn spec(headers: &[(&str, &str)], no_cache: bool) -> Spec {
        let owned = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        Spec {
            number: 7,
            profile: Arc::new(Profile::hls_js()),
            url: Arc::new("http://h/a.m3u8".parse().unwrap()),
            variant: VariantChoice::Profile,
            headers: headers.iter().map(owned).collect(),
            user_agent: Some("crowd/7".into()),
            no_cache,
            broadcast: "".into(),
            network: None,
            seed: 0,
        }
    }

    fn lines(headers: &[(String, String)]) -> Vec<String> {
        let line = |(name, value): &(String, String)| format!("{name}: {value}");
        headers.iter().map(line).collect()
    }

    #[test]
    fn what_the_user_says_goes_before_what_we_add() {
        let plain = spec(&[("X-Seat", "7")], false);
        assert_eq!(lines(&own_headers(&plain)), ["X-Seat: 7"]);
        let fresh = spec(&[("cache-control", "max-age=0")], true);
        let expected = ["Pragma: no-cache", "cache-control: max-age=0"];
        assert_eq!(lines(&own_headers(&fresh)), expected);
        let expected = ["User-Agent: crowd/7", "X-Seat: 7"];
        assert_eq!(lines(&all_headers(&plain)), expected);
    }
}
