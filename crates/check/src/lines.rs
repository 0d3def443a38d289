//! What a playlist's text says beside what a parser keeps of it: which version its tags need, what
//! stands twice, what is written in a form that only some players read.

/// What the lines of one playlist say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// Bytes of text, after decompression.
    pub bytes: usize,
    /// It begins with a byte order mark.
    pub mark: bool,
    /// It is not UTF-8.
    pub not_utf8: bool,
    /// `EXT-X-TARGETDURATION` as it is written.
    pub target_duration: Option<String>,
    /// `EXT-X-MEDIA-SEQUENCE` is there.
    pub media_sequence: bool,
    /// Tags that may stand once and stand more often.
    pub repeated: Vec<&'static str>,
    /// The version that the tags need, and the tag that needs it.
    pub needs: Needs,
}

/// The least version for a tag (RFC 8216bis, 8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// What `EXT-X-VERSION` has to say at least.
    pub version: u32,
    /// Which tag or attribute needs it.
    pub because: &'static str,
}

impl Default for Needs {
    fn default() -> Self {
        Self {
            version: 1,
            because: "nothing in it",
        }
    }
}

/// Tags of which a playlist has one at most (4.4.1.2, 4.4.3).
const SINGLE: [&str; 6] = [
    "#EXT-X-VERSION",
    "#EXT-X-TARGETDURATION",
    "#EXT-X-MEDIA-SEQUENCE",
    "#EXT-X-DISCONTINUITY-SEQUENCE",
    "#EXT-X-PLAYLIST-TYPE",
    "#EXT-X-SERVER-CONTROL",
];

impl Lines {
    /// Reads a body.
    pub fn read(body: &[u8]) -> Self {
        let mut lines = Self {
            bytes: body.len(),
            mark: body.starts_with(b"\xef\xbb\xbf"),
            not_utf8: std::str::from_utf8(body).is_err(),
            ..Self::default()
        };
        let text = String::from_utf8_lossy(body);
        let mut seen = [0_u32; SINGLE.len()];
        let iframes = text.contains("#EXT-X-I-FRAMES-ONLY");
        for line in text
            .lines()
            .map(str::trim)
            .filter(|line| line.starts_with("#EXT"))
        {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            if let Some(place) = SINGLE.iter().position(|single| *single == name) {
                seen[place] = seen[place].saturating_add(1);
            }
            match name {
                "#EXT-X-TARGETDURATION" => lines.target_duration = Some(value.trim().to_owned()),
                "#EXT-X-MEDIA-SEQUENCE" => lines.media_sequence = true,
                _ => {}
            }
            if let Some(needs) = needs(name, value, iframes)
                && needs.version > lines.needs.version
            {
                lines.needs = needs;
            }
        }
        let twice = SINGLE.iter().zip(seen).filter(|(_, times)| *times > 1);
        lines.repeated = twice.map(|(name, _)| *name).collect();
        lines
    }
}

/// What a line asks of the version.
fn needs(name: &str, value: &str, iframes: bool) -> Option<Needs> {
    let is = |version, because| Some(Needs { version, because });
    let own = match name {
        "#EXTINF" if value.split(',').next().is_some_and(|it| it.contains('.')) => {
            is(3, "a fractional EXTINF")
        }
        "#EXT-X-BYTERANGE" => is(4, "EXT-X-BYTERANGE"),
        "#EXT-X-I-FRAMES-ONLY" => is(4, "EXT-X-I-FRAMES-ONLY"),
        "#EXT-X-KEY" if has(value, "METHOD=SAMPLE-AES") => is(5, "METHOD=SAMPLE-AES"),
        "#EXT-X-KEY" if has(value, "KEYFORMAT") => is(5, "KEYFORMAT"),
        "#EXT-X-KEY" if has(value, "IV=") => is(2, "IV of EXT-X-KEY"),
        "#EXT-X-MAP" if iframes => is(5, "EXT-X-MAP"),
        "#EXT-X-MAP" => is(6, "EXT-X-MAP"),
        "#EXT-X-MEDIA" if value.contains("INSTREAM-ID=\"SERVICE") => is(7, "a SERVICE caption"),
        "#EXT-X-DEFINE" if has(value, "QUERYPARAM=") => is(11, "QUERYPARAM of EXT-X-DEFINE"),
        "#EXT-X-DEFINE" => is(8, "EXT-X-DEFINE"),
        "#EXT-X-SKIP" if has(value, "RECENTLY-REMOVED-DATERANGES") => {
            is(10, "EXT-X-SKIP of date ranges")
        }
        "#EXT-X-SKIP" => is(9, "EXT-X-SKIP"),
        _ => None,
    };
    let required = has(value, "REQ-").then_some(Needs {
        version: 12,
        because: "an attribute that begins with REQ-",
    });
    required.or(own)
}

/// Whether an attribute of a list begins so. Quoted commas may mislead it; the names that it is
/// asked for do not stand in quoted values.
fn has(list: &str, start: &str) -> bool {
    list.split(',')
        .any(|attribute| attribute.trim_start().starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_that_of_the_most_demanding_tag() {
        let cases = [
            ("#EXTINF:4,\na.ts", 1),
            ("#EXTINF:4,a.b\na.ts", 1),
            ("#EXT-X-KEY:METHOD=AES-128,URI=\"k\",IV=0x1", 2),
            ("#EXTINF:4.0,\na.ts", 3),
            ("#EXT-X-BYTERANGE:5@0\n#EXTINF:4.0,\na.ts", 4),
            ("#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"k\"", 5),
            (
                "#EXT-X-KEY:METHOD=AES-128,URI=\"k\",KEYFORMAT=\"identity\"",
                5,
            ),
            ("#EXT-X-I-FRAMES-ONLY\n#EXT-X-MAP:URI=\"i\"", 5),
            ("#EXT-X-MAP:URI=\"i\"", 6),
            (
                "#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,INSTREAM-ID=\"SERVICE3\"",
                7,
            ),
            ("#EXT-X-DEFINE:NAME=\"a\",VALUE=\"b\"", 8),
            ("#EXT-X-SKIP:SKIPPED-SEGMENTS=3", 9),
            (
                "#EXT-X-SKIP:SKIPPED-SEGMENTS=3,RECENTLY-REMOVED-DATERANGES=\"\"",
                10,
            ),
            ("#EXT-X-DEFINE:QUERYPARAM=\"a\"", 11),
            (
                "#EXT-X-STREAM-INF:BANDWIDTH=1,REQ-VIDEO-LAYOUT=\"CH-STEREO\"",
                12,
            ),
        ];
        for (text, version) in cases {
            assert_eq!(
                Lines::read(text.as_bytes()).needs.version,
                version,
                "{text}"
            );
        }
    }

    #[test]
    fn what_stands_twice_is_named() {
        let text = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-VERSION:3\n";
        let lines = Lines::read(text.as_bytes());
        assert_eq!(lines.repeated, ["#EXT-X-VERSION"]);
        assert_eq!(lines.target_duration.as_deref(), Some("4"));
        assert!(!lines.media_sequence && !lines.mark && !lines.not_utf8);
        let lines = Lines::read(b"\xef\xbb\xbf#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n\xff");
        assert!(lines.media_sequence && lines.mark && lines.not_utf8);
    }
}
