//! The multivariant playlist.

use std::collections::BTreeSet;

use media::hls::{Blemish, Multivariant, RenditionKind, Variant};
use player::Playlist;

use crate::finding::Area;
use crate::findings::{Findings, Problem, Rule, error, warning};
use crate::observed::{Load, Observed};
use crate::rules::syntax;
use crate::words;

const SYNTAX: Rule = Rule {
    area: Area::Multivariant,
    name: "multivariant",
    clause: "RFC 8216bis, 4.4.6",
    advice: "mend the packager's template; a URL of HLS answers with text that begins #EXTM3U",
};
const BANDWIDTH: Rule = Rule {
    area: Area::Multivariant,
    name: "bandwidth",
    clause: "RFC 8216bis, 4.4.6.2",
    advice: "give each EXT-X-STREAM-INF its BANDWIDTH: players choose by it",
};
const CODECS: Rule = Rule {
    area: Area::Multivariant,
    name: "codecs",
    clause: "RFC 8216bis, 4.4.6.2",
    advice: "name every codec in CODECS, such as \"avc1.4d401f,mp4a.40.2\"",
};
const RESOLUTION: Rule = Rule {
    area: Area::Multivariant,
    name: "resolution",
    clause: "RFC 8216bis, 4.4.6.2",
    advice: "add RESOLUTION, so that players pick a variant that fits their window",
};
const GROUPS: Rule = Rule {
    area: Area::Multivariant,
    name: "groups",
    clause: "RFC 8216bis, 4.4.6.1 and 4.4.6.2",
    advice: "make each AUDIO, VIDEO, SUBTITLES and CLOSED-CAPTIONS name a GROUP-ID of EXT-X-MEDIA",
};

pub(super) fn judge(observed: &Observed, findings: &mut Findings) {
    let Some(entry) = &observed.entry else {
        return;
    };
    match &entry.read {
        None => {}
        Some(Err(wrong)) => {
            findings.judge(&SYNTAX, [error(wrong.to_string())], "");
        }
        Some(Ok(Playlist::Media(_))) => {
            let words = "the URL leads straight to a media playlist: one variant, no choice";
            findings.not_checked(&SYNTAX, words);
        }
        Some(Ok(Playlist::Multivariant(lists))) => {
            text(entry, lists, findings);
            if lists.variants.is_empty() {
                return;
            }
            bandwidth(lists, findings);
            each(lists, findings, &CODECS, |variant| variant.codecs.is_none());
            each(lists, findings, &RESOLUTION, |variant| {
                variant.resolution.is_none() && has_picture(variant)
            });
            groups(lists, findings);
        }
    }
}

/// What a variant is called: by its place from 1, and its bit rate.
pub(crate) fn name(place: usize, variant: &Variant) -> String {
    format!(
        "variant {} ({})",
        place + 1,
        words::bit_rate(variant.bandwidth as f64)
    )
}

fn text(entry: &Load, lists: &Multivariant, findings: &mut Findings) {
    let mut problems = syntax::text_problems(&entry.lines);
    problems.extend(syntax::version_problem(&entry.lines, lists.version));
    let own = |blemish: &&Blemish| !is_said(blemish);
    problems.extend(lists.blemishes.iter().filter(own).map(syntax::blemish));
    if lists.variants.is_empty() {
        problems.push(error("it lists no variant"));
    }
    let fine = format!(
        "{}, {}",
        words::things(lists.variants.len(), "variant", "variants"),
        words::things(lists.renditions.len(), "rendition", "renditions"),
    );
    findings.judge(&SYNTAX, problems, fine);
}

/// Said by [`BANDWIDTH`], or by the lines.
fn is_said(blemish: &Blemish) -> bool {
    matches!(
        blemish,
        Blemish::NotUtf8
            | Blemish::Incomplete {
                tag: "-X-STREAM-INF",
                ..
            }
    )
}

fn bandwidth(lists: &Multivariant, findings: &mut Findings) {
    let mut problems = Vec::new();
    for (place, variant) in lists.variants.iter().enumerate() {
        let average = variant.average_bandwidth.unwrap_or(0);
        if variant.bandwidth == 0 {
            problems.push(error(format!("variant {} has no BANDWIDTH", place + 1)));
        } else if average > variant.bandwidth {
            let name = name(place, variant);
            problems.push(error(format!("{name} has a higher AVERAGE-BANDWIDTH")));
        }
    }
    let rates = lists
        .variants
        .iter()
        .map(|it| words::bit_rate(it.bandwidth as f64));
    findings.judge(&BANDWIDTH, problems, rates.collect::<Vec<_>>().join(", "));
}

/// A warning for each variant without something.
fn each(
    lists: &Multivariant,
    findings: &mut Findings,
    rule: &Rule,
    is_missing: impl Fn(&Variant) -> bool,
) {
    let what = rule.name.to_uppercase();
    let variants = lists.variants.iter().enumerate();
    let missing = variants.filter(|(_, variant)| is_missing(variant));
    let problems: Vec<Problem> = missing
        .map(|(place, variant)| warning(format!("{} has no {what}", name(place, variant))))
        .collect();
    findings.judge(rule, problems, "in each variant");
}

/// Whether a variant has a picture, as far as its codecs tell.
fn has_picture(variant: &Variant) -> bool {
    let is_sound = |codec: &str| {
        let codec = codec.trim();
        ["mp4a", "ac-3", "ec-3", "ac-4", "opus", "fLaC", "Opus"]
            .iter()
            .any(|sound| codec.starts_with(sound))
    };
    let codecs = variant.codecs.as_deref();
    codecs.is_none_or(|codecs| !codecs.split(',').all(is_sound))
}

fn groups(lists: &Multivariant, findings: &mut Findings) {
    let mut problems = Vec::new();
    for (place, variant) in lists.variants.iter().enumerate() {
        let named = [
            ("AUDIO", RenditionKind::Audio, &variant.audio),
            ("VIDEO", RenditionKind::Video, &variant.video),
            ("SUBTITLES", RenditionKind::Subtitles, &variant.subtitles),
            (
                "CLOSED-CAPTIONS",
                RenditionKind::ClosedCaptions,
                &variant.closed_captions,
            ),
        ];
        for (attribute, kind, group) in named {
            let Some(group) = group.as_deref() else {
                continue;
            };
            let is_none = kind == RenditionKind::ClosedCaptions && group == "NONE";
            if !is_none && lists.group(kind, group).next().is_none() {
                let name = name(place, variant);
                let group = words::shortened(group, 30);
                problems.push(error(format!(
                    "{name} names the {attribute} group {group:?}, which is not there"
                )));
            }
        }
    }
    problems.extend(rendition_problems(lists));
    let groups: BTreeSet<&str> = lists.renditions.iter().map(|it| &*it.group_id).collect();
    let fine = match groups.len() {
        0 => "no groups of renditions".to_owned(),
        count => format!("{}, all found", words::things(count, "group", "groups")),
    };
    findings.judge(&GROUPS, problems, fine);
}

fn rendition_problems(lists: &Multivariant) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (place, rendition) in lists.renditions.iter().enumerate() {
        if rendition.name.is_empty() {
            problems.push(error(format!("rendition {} has no NAME", place + 1)));
        }
        let before = &lists.renditions[..place];
        let same = |other: &&media::hls::Rendition| {
            other.kind == rendition.kind && other.group_id == rendition.group_id
        };
        if rendition.default && before.iter().filter(same).any(|other| other.default) {
            let group = words::shortened(&rendition.group_id, 30);
            problems.push(error(format!(
                "group {group:?} has two renditions with DEFAULT=YES"
            )));
        }
    }
    problems
}
