//! What is wrong with the text of a playlist of any kind.

use media::hls::Blemish;

use crate::findings::{Problem, error, warning};
use crate::lines::Lines;

/// What is wrong with the text of a playlist of any kind.
pub(super) fn text_problems(lines: &Lines) -> Vec<Problem> {
    let mut problems = Vec::new();
    if lines.mark {
        problems.push(error("it begins with a byte order mark"));
    }
    if lines.not_utf8 {
        problems.push(error("it is not UTF-8"));
    }
    for tag in &lines.repeated {
        problems.push(error(format!("{tag} stands in it more than once")));
    }
    problems
}

/// Whether the version covers the tags.
pub(super) fn version_problem(lines: &Lines, stated: Option<u32>) -> Option<Problem> {
    let needs = lines.needs;
    let stated_or_first = stated.unwrap_or(1);
    (stated_or_first < needs.version).then(|| {
        let says = stated.map_or("there is no EXT-X-VERSION".to_owned(), |version| {
            format!("EXT-X-VERSION is {version}")
        });
        error(format!(
            "{says}, but {} needs {}",
            needs.because, needs.version
        ))
    })
}

/// What a tolerated oddity means.
pub(super) fn blemish(blemish: &Blemish) -> Problem {
    let tag = |tag: &str| format!("EXT{tag}");
    match blemish {
        Blemish::NoTargetDuration => error("there is no EXT-X-TARGETDURATION"),
        Blemish::ZeroTargetDuration => error("EXT-X-TARGETDURATION is zero"),
        Blemish::NoDuration { line } => error(format!("line {line}: a segment without EXTINF")),
        Blemish::Unreadable { line, tag: name } => {
            error(format!("line {line}: {} does not read", tag(name)))
        }
        Blemish::Misplaced { line, tag: name } => {
            let words = format!(
                "line {line}: {} belongs into the other kind of playlist",
                tag(name)
            );
            error(words)
        }
        Blemish::Incomplete { line, tag: name } => error(format!(
            "line {line}: {} lacks a required attribute",
            tag(name)
        )),
        Blemish::NoRangeToFollow { line } => error(format!(
            "line {line}: EXT-X-BYTERANGE without an offset, after no range of the same resource"
        )),
        Blemish::StrayUri { line } => {
            warning(format!("line {line}: a URI without EXT-X-STREAM-INF"))
        }
        Blemish::Dangling { line } => warning(format!(
            "line {line}: it ends with tags of a segment that is not there"
        )),
        Blemish::NotUtf8 => error("it is not UTF-8"),
    }
}

/// Whether it is about the target duration.
pub(super) fn is_target(blemish: &Blemish) -> bool {
    matches!(
        blemish,
        Blemish::NoTargetDuration | Blemish::ZeroTargetDuration
    )
}
