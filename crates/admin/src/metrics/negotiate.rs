//! Which format the asker would rather have (RFC 9110, 12.5.1).

use axum::http::{HeaderMap, header};

use super::Format;

/// Media ranges that are looked at; more are left alone.
const RANGES_MAX: usize = 32;

/// The format that `Accept` gives the greatest weight, OpenMetrics only where it is named: what
/// takes anything gets plain text, and so does what takes neither.
pub(crate) fn negotiate(headers: &HeaderMap) -> Format {
    let values = headers.get_all(header::ACCEPT).iter();
    let values = values.filter_map(|value| value.to_str().ok());
    let (mut plain, mut open) = (Weight::default(), Weight::default());
    for range in values.flat_map(|value| value.split(',')).take(RANGES_MAX) {
        let range = Range::parse(range);
        plain.consider(&range, range.plain());
        open.consider(&range, range.open());
    }
    if open.quality > 0 && open.quality >= plain.quality {
        Format::OpenMetrics
    } else {
        Format::Plain
    }
}

/// One media range.
struct Range<'a> {
    essence: &'a str,
    version: Option<&'a str>,
    /// In thousandths.
    quality: u32,
}

impl<'a> Range<'a> {
    fn parse(text: &'a str) -> Self {
        let mut parts = text.split(';').map(str::trim);
        let mut range = Self {
            essence: parts.next().unwrap_or_default(),
            version: None,
            quality: 1000,
        };
        for (name, value) in parts.filter_map(|part| part.split_once('=')) {
            match name.trim() {
                "q" | "Q" => range.quality = quality(value.trim()),
                "version" => range.version = Some(value.trim().trim_matches('"')),
                _ => {}
            }
        }
        range
    }

    /// How narrowly it names plain text; `None` where it does not.
    fn plain(&self) -> Option<u32> {
        let any_version = self.version.is_none_or(|version| version == "0.0.4");
        match self.essence {
            "text/plain" if any_version => Some(2 + u32::from(self.version.is_some())),
            "text/*" => Some(1),
            "*/*" => Some(0),
            _ => None,
        }
    }

    /// The same for OpenMetrics.
    fn open(&self) -> Option<u32> {
        let ours = self.version.is_none_or(|version| version == "1.0.0");
        (self.essence == "application/openmetrics-text" && ours)
            .then(|| 2 + u32::from(self.version.is_some()))
    }
}

/// A weight in thousandths; what is no weight is none.
fn quality(text: &str) -> u32 {
    let weight = text
        .parse::<f32>()
        .ok()
        .filter(|weight| (0.0..=1.0).contains(weight));
    weight.map_or(0, |weight| (weight * 1000.0).round() as u32)
}

/// The weight of a format: that of the range that names it most narrowly.
#[derive(Default)]
struct Weight {
    narrowness: Option<u32>,
    quality: u32,
}

impl Weight {
    fn consider(&mut self, range: &Range<'_>, narrowness: Option<u32>) {
        if narrowness > self.narrowness {
            self.narrowness = narrowness;
            self.quality = range.quality;
        } else if narrowness.is_some() && narrowness == self.narrowness {
            self.quality = self.quality.max(range.quality);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greatest_weight_wins() {
        use Format::{OpenMetrics, Plain};
        let prometheus = "application/openmetrics-text;version=1.0.0,\
            application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        let prometheus_3 = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;\
            encoding=delimited;q=0.6,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
            text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
        let cases = [
            (None, Plain),
            (Some(""), Plain),
            (Some("*/*"), Plain),
            (Some("text/plain"), Plain),
            (Some("text/html, */*;q=0.8"), Plain),
            (Some("application/openmetrics-text"), OpenMetrics),
            (
                Some("application/openmetrics-text; version=1.0.0"),
                OpenMetrics,
            ),
            (
                Some("application/openmetrics-text; version=\"1.0.0\""),
                OpenMetrics,
            ),
            (Some("application/openmetrics-text; version=0.0.1"), Plain),
            (Some(prometheus), OpenMetrics),
            (Some(prometheus_3), OpenMetrics),
            (
                Some("application/openmetrics-text;q=0.2, text/plain;q=0.3"),
                Plain,
            ),
            (
                Some("application/openmetrics-text;q=0.3, text/plain;q=0.3"),
                OpenMetrics,
            ),
            (
                Some("application/openmetrics-text;q=0.3, text/plain;q=0.2"),
                OpenMetrics,
            ),
            (Some("application/openmetrics-text;q=0"), Plain),
            (Some("application/openmetrics-text;q=x"), Plain),
            (Some("application/openmetrics-text;q=2"), Plain),
            // A narrower range overrules a wider one, whatever the order.
            (
                Some("text/plain;q=0.1, */*;q=0.9, application/openmetrics-text;q=0.5"),
                OpenMetrics,
            ),
            (Some("application/*"), Plain),
            (Some("application/json"), Plain),
        ];
        for (accept, format) in cases {
            let mut headers = HeaderMap::new();
            if let Some(accept) = accept {
                headers.insert(header::ACCEPT, accept.parse().unwrap());
            }
            assert_eq!(negotiate(&headers), format, "{accept:?}");
        }
        let mut headers = HeaderMap::new();
        headers.append(header::ACCEPT, "text/plain;q=0.5".parse().unwrap());
        headers.append(
            header::ACCEPT,
            "application/openmetrics-text".parse().unwrap(),
        );
        assert_eq!(negotiate(&headers), OpenMetrics);
    }
}
