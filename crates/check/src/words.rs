//! Figures and names as the verdict says them.

use std::time::Duration;

use url::Url;

/// The longest name of a file that is shown, in characters.
const NAME_CHARS: usize = 60;

/// `1.25 s`, `350 ms`, `12.0 s`.
pub(crate) fn time(length: Duration) -> String {
    let seconds = length.as_secs_f64();
    match seconds {
        ..0.0005 => "under 1 ms".to_owned(),
        ..0.9995 => format!("{:.0} ms", seconds * 1e3),
        ..9.995 => format!("{seconds:.2} s"),
        ..99.95 => format!("{seconds:.1} s"),
        _ => rounded(length.as_secs()),
    }
}

fn rounded(seconds: u64) -> String {
    match seconds {
        0..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3600..172_800 => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// Milliseconds of any sign: `350 ms`, `-1.25 s`.
pub(crate) fn millis(ms: i64) -> String {
    let sign = if ms < 0 { "-" } else { "" };
    format!("{sign}{}", time(Duration::from_millis(ms.unsigned_abs())))
}

/// Bits a second: `2.05 Mbit/s`, `400 kbit/s`.
pub(crate) fn bit_rate(bits: f64) -> String {
    match bits {
        ..999.5 => format!("{bits:.0} bit/s"),
        ..999_500.0 => format!("{:.0} kbit/s", bits / 1e3),
        _ => format!("{:.2} Mbit/s", bits / 1e6),
    }
}

/// Bytes: `940 B`, `12 kB`, `1.5 MB`.
pub(crate) fn bytes(bytes: u64) -> String {
    match bytes {
        0..1000 => format!("{bytes} B"),
        1000..999_500 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

/// `1 segment`, `3 segments`.
pub(crate) fn things(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// The last part of a URL's path, without its query: short, and no place for secrets.
pub(crate) fn file(url: &Url) -> String {
    let masked = transport::mask::url(url.as_str());
    let path = masked.split(['?', '#']).next().unwrap_or_default();
    let name = path
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default();
    shortened(name, NAME_CHARS)
}

/// Scheme, host and port of a URL.
pub(crate) fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// At most so many characters; what is cut off is marked.
pub(crate) fn shortened(text: &str, chars: usize) -> String {
    let clean: String = text
        .chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if clean.chars().count() <= chars {
        return clean;
    }
    let head: String = clean.chars().take(chars.saturating_sub(1)).collect();
    format!("{head}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short() {
        let cases = [
            (0.0, "under 1 ms"),
            (0.0009, "1 ms"),
            (0.35, "350 ms"),
            (1.0, "1.00 s"),
            (12.04, "12.0 s"),
            (150.0, "2 min 30 s"),
            (7300.0, "2 h 1 min"),
            (300_000.0, "3 days"),
        ];
        for (seconds, text) in cases {
            assert_eq!(time(Duration::from_secs_f64(seconds)), text);
        }
        assert_eq!(millis(-350), "-350 ms");
        assert_eq!(bit_rate(2_047_000.0), "2.05 Mbit/s");
        assert_eq!(bytes(1234), "1.2 kB");
        assert_eq!(things(1, "segment", "segments"), "1 segment");
    }

    #[test]
    fn names_of_files_hold_no_query() {
        let url = |text: &str| Url::parse(text).unwrap();
        assert_eq!(file(&url("http://h/live/s1.ts?token=abc")), "s1.ts");
        assert_eq!(file(&url("http://h/")), "h");
        assert_eq!(origin(&url("https://h:8443/a")), "https://h:8443");
        assert_eq!(shortened("abc\ndef", 5), "abc\u{fffd}…");
    }
}
