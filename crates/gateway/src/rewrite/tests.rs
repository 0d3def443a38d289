use proptest::prelude::*;
use rstest::rstest;

use super::*;

const FROM: &str = "http://h/live/a.m3u8";

/// What becomes of `body`, asked for at `asked` and come from `from`.
fn seen(body: &str, asked: &str, from: &str, imports: &Variables) -> String {
    let paths = Paths::default();
    let target = paths.print(3, &asked.parse().unwrap());
    let place = Place {
        paths: &paths,
        viewer: 3,
        target: &target,
        from: &from.parse().unwrap(),
        imports: Some(imports),
    };
    let rewritten = rewrite(body.as_bytes(), place);
    if let Some(rewritten) = &rewritten {
        assert_ne!(
            rewritten,
            body.as_bytes(),
            "said to be rewritten, and is not"
        );
    }
    let bytes = rewritten.unwrap_or_else(|| body.as_bytes().to_vec());
    String::from_utf8(bytes).unwrap()
}

fn line(line: &str) -> String {
    seen(line, FROM, FROM, &Variables::new())
}

/// References that stay.
#[rstest]
#[case("seg_1.ts")]
#[case("a/b/seg_1.ts?x=y&z")]
#[case("./seg.ts")]
#[case("../other/seg.ts")]
#[case("seg%20one.ts")]
#[case("?list=2")]
#[case("#part")]
#[case("skd://key/1")]
#[case("data:text/plain;base64,AAAA")]
#[case("urn:uuid:1")]
#[case("http://")]
#[case("")]
fn a_reference_inside_its_folder_stays(#[case] reference: &str) {
    assert_eq!(line(reference), reference);
    let tag = format!("#EXT-X-MAP:URI=\"{reference}\",BYTERANGE=\"1@0\"");
    assert_eq!(line(&tag), tag);
}

/// References that a player would follow out of the gateway, or to another place in it.
#[rstest]
#[case("/seg.ts", "/v/3/http/h/seg.ts")]
#[case("/", "/v/3/http/h/")]
#[case("//cdn/seg.ts?a=b", "/v/3/http/cdn/seg.ts?a=b")]
#[case("http://h/live/seg.ts", "/v/3/http/h/live/seg.ts")]
#[case("HTTPS://CDN:444/x#t=1", "/v/3/https/cdn:444/x#t=1")]
#[case("../../../x.ts", "/v/3/http/h/x.ts")]
#[case("../../v/3/http/h/x.ts", "/v/3/http/h/v/3/http/h/x.ts")]
#[case("\\x.ts", "/v/3/http/h/x.ts")]
#[case("http:seg.ts", "/v/3/http/h/live/seg.ts")]
#[case("/v/3/http/h/x.ts", "/v/3/http/h/v/3/http/h/x.ts")]
fn a_reference_that_leads_out_becomes_a_path(#[case] reference: &str, #[case] path: &str) {
    assert_eq!(line(reference), path);
}

/// Every tag that has one.
#[rstest]
#[case("#EXT-X-MAP:URI=\"@\",BYTERANGE=\"700\"")]
#[case("#EXT-X-KEY:METHOD=AES-128,URI=\"@\",IV=0x01,KEYFORMAT=\"identity\"")]
#[case("#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,URI=\"@\"")]
#[case("#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"a,URI=b\",URI=\"@\"")]
#[case("#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI=\"@\"")]
#[case("#EXT-X-IMAGE-STREAM-INF:BANDWIDTH=1,URI=\"@\"")]
#[case("#EXT-X-PART:DURATION=0.3,URI=\"@\",INDEPENDENT=YES")]
#[case("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"@\"")]
#[case("#EXT-X-RENDITION-REPORT:URI=\"@\",LAST-MSN=7")]
#[case("#EXT-X-SESSION-DATA:DATA-ID=\"x\",URI=\"@\"")]
#[case("#EXT-X-CONTENT-STEERING:SERVER-URI=\"@\",PATHWAY-ID=\"a\"")]
#[case(
    "#EXT-X-DATERANGE:ID=\"x\",CLASS=\"com.apple.hls.interstitial\",X-ASSET-URI=\"@\",X-RESUME-OFFSET=0"
)]
#[case("#EXT-X-DATERANGE:ID=\"x\",X-ASSET-LIST=\"@\",START-DATE=\"2026-01-01T00:00:00Z\"")]
#[case("#EXT-X-KEY:METHOD=AES-128,URI=@,IV=0x01")]
#[case("#EXT-X-KEY: METHOD=AES-128 , URI = \"@\" ")]
#[case("#EXT-X-KEY:URI=\"@\"")]
#[case("  @  ")]
fn references_of_every_tag_are_seen(#[case] form: &str) {
    for end in ["", "\n", "\r\n"] {
        let with = |reference: &str| form.replace('@', reference) + end;
        assert_eq!(line(&with("/x/y.z?q=1")), with("/v/3/http/h/x/y.z?q=1"));
        assert_eq!(line(&with("https://c/y")), with("/v/3/https/c/y"));
        assert_eq!(line(&with("y.z")), with("y.z"));
    }
}

/// What looks like a reference and is none.
#[rstest]
#[case("# http://h/comment")]
#[case("#http://h/comment:URI=\"/x\"")]
#[case("#EXTINF:2.0,http://h/title")]
#[case("#EXT-X-SESSION-DATA:DATA-ID=\"x\",VALUE=\"/x,URI=/y\"")]
#[case("#EXT-X-DATERANGE:ID=\"/x\",X-COM-LINK=\"/x\"")]
#[case("#EXT-X-STREAM-INF:BANDWIDTH=1,NAME=\"/x\"")]
#[case("#EXTM3U")]
#[case("\u{feff}#EXTM3U")]
fn what_is_no_reference_stays(#[case] text: &str) {
    assert_eq!(line(text), text);
}

#[test]
fn everything_else_passes_byte_for_byte() {
    let body = "\u{feff}#EXTM3U\r\n\r\n # odd\n#EXTINF:2,\u{e9}\r\n/a.ts \r\n#EXTINF:2,\n b.ts";
    let expected = body.replace("/a.ts", "/v/3/http/h/a.ts");
    assert_eq!(line(body), expected);
    let old_mac = "#EXTM3U\r#EXTINF:2,\r/a.ts\r#EXTINF:2,\rb.ts\r";
    assert_eq!(line(old_mac), old_mac.replace("/a.ts", "/v/3/http/h/a.ts"));
    let paths = Paths::default();
    let place = Place {
        paths: &paths,
        viewer: 3,
        target: "/v/3/http/h/live/a.m3u8",
        from: &FROM.parse().unwrap(),
        imports: None,
    };
    let body = b"#EXTM3U\n\xff/x\n/a\n\xfe";
    let expected = b"#EXTM3U\n\xff/x\n/v/3/http/h/a\n\xfe";
    assert_eq!(rewrite(body, place).unwrap(), expected);
}

#[test]
fn after_a_redirect_references_mean_where_the_playlist_came_from() {
    let moved = |reference| seen(reference, FROM, "https://edge/x/b.m3u8", &Variables::new());
    assert_eq!(moved("seg.ts"), "/v/3/https/edge/x/seg.ts");
    assert_eq!(moved("/seg.ts"), "/v/3/https/edge/seg.ts");
    assert_eq!(moved("http://h/live/seg.ts"), "/v/3/http/h/live/seg.ts");
    // Within the same folder nothing changes.
    let beside = seen(
        "seg.ts",
        FROM,
        "http://h/live/b.m3u8?t=1",
        &Variables::new(),
    );
    assert_eq!(beside, "seg.ts");
}

#[test]
fn variables_are_written_out() {
    let mut imports = Variables::new();
    imports.set("host", "cdn");
    let body = |uri: &str| {
        format!(
            "#EXT-X-DEFINE:NAME=\"dir\",VALUE=\"a/b\"\n#EXT-X-DEFINE:IMPORT=\"host\"\n\
             #EXT-X-DEFINE:QUERYPARAM=\"token\"\n{uri}\n"
        )
    };
    let url = "http://h/live/a.m3u8?token=t1";
    for (written, path) in [
        ("{$dir}/s.ts", "/v/3/http/h/live/a/b/s.ts"),
        ("http://{$host}/s.ts?t={$token}", "/v/3/http/cdn/s.ts?t=t1"),
        ("{$unknown}/s.ts", "{$unknown}/s.ts"),
        ("s.ts", "s.ts"),
    ] {
        assert_eq!(seen(&body(written), url, url, &imports), body(path));
    }
}

#[test]
fn a_playlist_asked_for_in_another_spelling_is_seen_through() {
    let paths = Paths::default();
    let place = |target| {
        Place {
            paths: &paths,
            viewer: 3,
            target,
            from: &"http://h/".parse::<Url>().unwrap(),
            imports: None,
        }
        .with(b"a.ts")
    };
    // Without a slash after the host the player takes the host for a file.
    assert_eq!(place("/v/3/http/h"), Some(b"/v/3/http/h/a.ts".to_vec()));
    assert_eq!(place("/v/3/http/h/"), None);
    assert_eq!(place("/v/3/http/h:80/"), None);
    assert_eq!(place("http://any/v/3/http/h/"), None);
}

impl Place<'_> {
    fn with(self, body: &[u8]) -> Option<Vec<u8>> {
        rewrite(body, self)
    }
}

fn references() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("/".to_owned()),
        Just("..".to_owned()),
        Just(".".to_owned()),
        Just("http://c:81".to_owned()),
        Just("https:".to_owned()),
        Just("v/3/http/h".to_owned()),
        Just("?q=/x".to_owned()),
        Just("#f".to_owned()),
        Just("%2e%2E".to_owned()),
        Just(" ".to_owned()),
        "[a-z]{1,4}",
        "[!-~&&[^\"#]]{0,6}",
    ];
    prop::collection::vec(part, 1..6).prop_map(|parts| parts.concat())
}

proptest! {
    /// However it is written: where the player goes by what it sees is what was meant.
    #[test]
    fn a_player_comes_to_what_was_meant(
        reference in references(),
        asked in prop_oneof![Just(FROM), Just("http://h"), Just("https://i:444/a/b/c?d")],
        redirected in prop::option::of(prop_oneof![Just("http://h/live/"), Just("http://j/x/y")]),
        token in prop::option::of(Just("s3cret")),
    ) {
        let reference = reference.trim();
        // Blank lines, comments and tags are no references.
        prop_assume!(!reference.is_empty() && !reference.starts_with('#'));
        let paths = Paths::new(token);
        let asked: Url = asked.parse().unwrap();
        let from: Url = redirected.map_or_else(|| asked.clone(), |url| url.parse().unwrap());
        let target = paths.print(3, &asked);
        let place = Place { paths: &paths, viewer: 3, target: &target, from: &from, imports: None };
        let seen = rewrite(reference.as_bytes(), place)
            .map_or_else(|| reference.to_owned(), |bytes| String::from_utf8(bytes).unwrap());
        let Ok(means) = from.join(reference) else { return Ok(()) };
        prop_assume!(matches!(means.scheme(), "http" | "https") && means.port() != Some(0));
        prop_assume!(!matches!(means.host_str(), Some("." | "..")));
        prop_assume!(means.username().is_empty() && means.password().is_none());
        prop_assume!(!reference.contains("{$"));
        let gateway: Url = "http://127.0.0.1:9".parse().unwrap();
        let asks = gateway.join(&target).unwrap().join(&seen).unwrap();
        prop_assert_eq!(asks.origin(), gateway.origin(), "{} leads out", seen);
        let target = &asks[url::Position::BeforePath..url::Position::AfterQuery];
        let route = paths.parse(target).unwrap();
        let mut expected = means.clone();
        expected.set_fragment(None);
        prop_assert_eq!(route.url, expected);
        prop_assert_eq!(asks.fragment(), means.fragment());
    }

    #[test]
    fn no_bytes_do_harm(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let paths = Paths::default();
        let from = FROM.parse().unwrap();
        let place = Place { paths: &paths, viewer: 3, target: "/v/3/http/h/a", from: &from, imports: None };
        let _ = rewrite(&body, place);
        let _ = rewrite(&[b"#EXT-X-KEY:".as_slice(), &body].concat(), place);
    }
}
