//! Values as people write them on a command line, each parsed once, with an error that says what
//! would be right.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use player::VariantChoice;

/// A duration that remembers how it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Time(pub(crate) Duration);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", humantime::format_duration(self.0))
    }
}

/// `90s`, `5m`, `1h30m`, `200ms`.
pub(crate) fn duration(text: &str) -> Result<Time, String> {
    humantime::parse_duration(text)
        .map(Time)
        .map_err(|error| format!("{error}; write it as 500ms, 90s, 5m or 1h30m"))
}

/// Where the HTTP face listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listen {
    /// Nowhere.
    Off,
    /// At this address.
    At(SocketAddr),
}

impl std::str::FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self::Off);
        }
        text.parse().map(Self::At).map_err(|_| {
            "write an address with its port, such as 127.0.0.1:17091 (port 0: a free one), or off"
                .to_owned()
        })
    }
}

/// Where to listen: an address with its port.
pub(crate) fn socket(text: &str) -> Result<SocketAddr, String> {
    let hint = "write an address with its port, such as 127.0.0.1:17080 (port 0: a free one)";
    text.parse().map_err(|_| hint.to_owned())
}

/// `10%` or `0.5 %`: a share, not below zero.
pub(crate) fn percent(text: &str) -> Result<f64, String> {
    let number = text.trim().trim_end_matches('%').trim_end();
    match number.parse::<f64>() {
        Ok(percent) if percent.is_finite() && percent >= 0.0 => Ok(percent / 100.0),
        _ => Err("write a percentage, such as 10%".to_owned()),
    }
}

/// A choice of variant that knows how it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Variant(pub(crate) VariantChoice);

/// The choices that have a name.
const NAMED: [(&str, VariantChoice); 5] = [
    ("profile", VariantChoice::Profile),
    ("all", VariantChoice::All),
    ("highest", VariantChoice::Highest),
    ("lowest", VariantChoice::Lowest),
    ("first", VariantChoice::First),
];

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let VariantChoice::Index(index) = self.0 {
            return write!(f, "{index}");
        }
        let named = NAMED.iter().find(|(_, choice)| *choice == self.0);
        f.write_str(named.map_or("profile", |(name, _)| name))
    }
}

/// `profile`, `all`, `highest`, `lowest`, `first`, or a number.
pub(crate) fn variant(text: &str) -> Result<Variant, String> {
    if let Some((_, choice)) = NAMED.iter().find(|(name, _)| *name == text) {
        return Ok(Variant(*choice));
    }
    let index = text.parse().map_err(|_| {
        "take one of profile, all, highest, lowest, first, or an index from 0".to_owned()
    })?;
    Ok(Variant(VariantChoice::Index(index)))
}

/// Variants with their weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variants(pub(crate) Vec<(Variant, u32)>);

impl fmt::Display for Variants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [(variant, _)] = self.0[..] {
            return variant.fmt(f);
        }
        for (place, (variant, weight)) in self.0.iter().enumerate() {
            write!(f, "{}{variant}={weight}", if place > 0 { "," } else { "" })?;
        }
        Ok(())
    }
}

/// `highest`, or `highest=7,lowest=3`.
pub(crate) fn variants(text: &str) -> Result<Variants, String> {
    let one = |text: &str| {
        let (name, weight) = text.split_once('=').unwrap_or((text, "1"));
        Ok((variant(name.trim())?, self::weight(weight)?))
    };
    let all: Result<Vec<_>, String> = text.split(',').map(one).collect();
    Ok(Variants(some_weight(text, all?, |(_, weight)| *weight)?))
}

/// A text that some of many have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Weighted {
    pub(crate) text: String,
    pub(crate) weight: u32,
}

/// `7=Mozilla/5.0 (X11)`.
pub(crate) fn weighted(text: &str) -> Result<Weighted, String> {
    let (number, text) = text
        .split_once('=')
        .ok_or_else(|| "write the weight first, such as 7=Mozilla/5.0".to_owned())?;
    header_value("User-Agent", text)?;
    Ok(Weighted {
        weight: weight(number)?,
        text: text.to_owned(),
    })
}

fn weight(text: &str) -> Result<u32, String> {
    let text = text.trim();
    text.parse()
        .map_err(|_| format!("`{text}` is not a weight; write a whole number, such as 7"))
}

fn some_weight<T>(text: &str, all: Vec<T>, weight: fn(&T) -> u32) -> Result<Vec<T>, String> {
    if all.iter().all(|kind| weight(kind) == 0) {
        return Err(format!("`{text}` has no weight above zero"));
    }
    Ok(all)
}

/// An override as curl writes it.
pub(crate) fn override_text(given: &transport::Override) -> String {
    let addresses: Vec<_> = given.addresses.iter().map(ToString::to_string).collect();
    format!("{}:{}:{}", given.host, given.port, addresses.join(","))
}

/// Headers that belong to the connection, not to who asks.
const CONNECTION_HEADERS: [&str; 4] = [
    "content-length",
    "transfer-encoding",
    "connection",
    "expect",
];

/// One `Name: value` header.
pub(crate) fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once(':')
        // What was typed may be a secret: it is not repeated.
        .ok_or_else(|| "a header is written as 'Name: value'".to_owned())?;
    let name = name.trim();
    let value = value.trim();
    if name.is_empty() || !name.bytes().all(is_token) {
        return Err(format!("`{name}` is not a header name (RFC 9110, 5.1)"));
    }
    header_value(name, value)?;
    if CONNECTION_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
        return Err(format!("{name} belongs to the connection and can't be set"));
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// Whether a header may have this value (RFC 9110, 5.5).
pub(crate) fn header_value(name: &str, value: &str) -> Result<(), String> {
    let forbidden = |byte| (byte < b' ' && byte != b'\t') || byte == 0x7f;
    if value.bytes().any(forbidden) {
        return Err(format!("the value of {name} holds a control character"));
    }
    Ok(())
}

/// RFC 9110, 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// `hls.js`, or `hls.js=7,shaka=2`: names and weights.
pub(crate) fn mix(text: &str) -> Result<Vec<(player::Profile, u32)>, String> {
    let kinds: Result<Vec<_>, _> = text.split(',').map(kind).collect();
    some_weight(text, kinds?, |(_, weight)| *weight)
}

fn kind(text: &str) -> Result<(player::Profile, u32), String> {
    let (name, weight) = match text.split_once('=') {
        Some((name, weight)) => (name.trim(), weight.trim()),
        None => (text.trim(), "1"),
    };
    let weight = weight
        .parse()
        .map_err(|_| format!("`{weight}` is not a weight; write it as {name}=7"))?;
    let profile = player::Profile::by_name(name).ok_or_else(|| {
        let names: Vec<_> = player::Profile::all().iter().map(|p| p.name).collect();
        format!(
            "there is no player `{name}`; take one of {}",
            names.join(", ")
        )
    })?;
    Ok((profile, weight))
}

/// Connections that a viewer of this profile has open at most, for one muxed or demuxed stream:
/// playlists beside the segments of two media types.
pub(crate) fn connections(profile: &player::Profile) -> u64 {
    1 + 2 * u64::from(profile.concurrency.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_as_people_write_them() {
        for (text, seconds) in [
            ("90s", 90.0),
            ("5m", 300.0),
            ("1h30m", 5400.0),
            ("200ms", 0.2),
        ] {
            let Time(parsed) = duration(text).unwrap();
            assert!((parsed.as_secs_f64() - seconds).abs() < 1e-9, "{text}");
        }
        assert!(duration("90").unwrap_err().contains("90s"));
    }

    #[test]
    fn variants_read_as_they_are_written() {
        for text in ["profile", "all", "highest", "lowest", "first", "0", "7"] {
            assert_eq!(variant(text).unwrap().to_string(), text);
        }
        assert!(variant("best").is_err());
    }

    #[test]
    fn mixtures_of_variants_read_as_they_are_written() {
        for text in ["lowest", "highest=7,lowest=3", "0=1,2=5"] {
            assert_eq!(variants(text).unwrap().to_string(), text);
        }
        assert_eq!(
            variants("highest, lowest=2").unwrap().to_string(),
            "highest=1,lowest=2"
        );
        for (text, words) in [
            ("highest=many", "`many` is not a weight"),
            ("best=1", "take one of profile"),
            ("highest=0", "no weight above zero"),
        ] {
            let wrong = variants(text).unwrap_err();
            assert!(wrong.contains(words), "{text}: {wrong}");
        }
    }

    #[test]
    fn a_weight_comes_before_its_text() {
        let some = weighted("7=a=b").unwrap();
        assert_eq!((some.text.as_str(), some.weight), ("a=b", 7));
        assert!(weighted("VLC").unwrap_err().contains("7=Mozilla/5.0"));
        assert!(weighted("x=VLC").unwrap_err().contains("is not a weight"));
        assert!(
            weighted("1=a\nb")
                .unwrap_err()
                .contains("control character")
        );
    }

    #[test]
    fn headers_are_checked() {
        let ok = header("X-Key:  a: b ").unwrap();
        assert_eq!(ok, ("X-Key".to_owned(), "a: b".to_owned()));
        for wrong in [
            "nothing",
            "bad name: x",
            ": x",
            "X: a\r\nY: b",
            "Content-Length: 5",
        ] {
            assert!(header(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_mix_names_players_and_weights() {
        let mix = mix("hls.js=7, shaka=2,ffmpeg").unwrap();
        let names: Vec<_> = mix.iter().map(|(p, weight)| (p.name, *weight)).collect();
        assert_eq!(names, [("hls.js", 7), ("shaka", 2), ("ffmpeg", 1)]);
        assert!(super::mix("vhs").unwrap_err().contains("hls.js, shaka"));
        assert!(super::mix("hls.js=0").is_err());
        assert!(super::mix("hls.js=x").is_err());
    }
}
