//! What stands before the text of a line: date, contexts, level, the rest of a status line.

use super::scan::{find, trim};
use super::{Context, Level};

/// A line without what stands before its text.
pub(super) struct Said<'a> {
    pub(super) level: Option<Level>,
    pub(super) context: Option<Context<'a>>,
    pub(super) text: &'a [u8],
}

/// The part after the last carriage return: what was before it has been overwritten.
pub(super) fn last_of_overwritten(line: &[u8]) -> &[u8] {
    let mut line = line;
    while let [rest @ .., b'\n' | b'\r'] = line {
        line = rest;
    }
    match line.iter().rposition(|&b| b == b'\r') {
        Some(at) => &line[at + 1..],
        None => line,
    }
}

/// Takes dates, contexts and levels off the beginning.
pub(super) fn take(line: &[u8]) -> Said<'_> {
    let mut said = Said {
        level: None,
        context: None,
        text: without_date(line),
    };
    while let Some((inside, rest)) = bracket(said.text) {
        if let Some(level) = level(inside) {
            said.level = Some(level);
        } else if let Some(context) = context(inside) {
            said.context = Some(context);
        } else {
            break;
        }
        said.text = rest;
    }
    said
}

/// What follows a status line to which it is glued: `frame=  180 … speed= 3.1x    [hls @ …`.
pub(super) fn behind_status(text: &[u8]) -> Option<&[u8]> {
    if !(text.starts_with(b"frame=") || text.starts_with(b"size=")) {
        return None;
    }
    let speed = &text[find(text, b"speed=")?..];
    let pad = find(speed, b"    ")?;
    let rest = trim(&speed[pad..]);
    (!rest.is_empty()).then_some(rest)
}

/// `[inside] rest`.
fn bracket(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.strip_prefix(b"[")?;
    let end = text.iter().position(|&b| b == b']')?;
    let rest = text[end + 1..]
        .strip_prefix(b" ")
        .unwrap_or(&text[end + 1..]);
    Some((&text[..end], rest))
}

/// `hls @ 0x55ea3cb5f180`.
fn context(inside: &[u8]) -> Option<Context<'_>> {
    let at = find(inside, b" @ ")?;
    let digits = inside[at + 3..].strip_prefix(b"0x")?;
    if digits.is_empty() || digits.len() > 16 {
        return None;
    }
    let mut address = 0;
    for &digit in digits {
        address = address << 4 | u64::from(char::from(digit).to_digit(16)?);
    }
    Some(Context {
        name: &inside[..at],
        address,
    })
}

fn level(inside: &[u8]) -> Option<Level> {
    Some(match inside {
        b"debug" => Level::Debug,
        b"info" => Level::Info,
        b"verbose" => Level::Verbose,
        b"warning" => Level::Warning,
        b"error" => Level::Error,
        b"fatal" => Level::Fatal,
        b"panic" => Level::Panic,
        b"trace" => Level::Trace,
        _ => return None,
    })
}

/// Takes off `2026-11-21 08:07:29.569 ` or `08:07:29.569 ` (flags `datetime` and `time`).
fn without_date(line: &[u8]) -> &[u8] {
    const DATE: &[u8] = b"0000-00-00 ";
    const TIME: &[u8] = b"00:00:00.000 ";
    if !line.first().is_some_and(u8::is_ascii_digit) {
        return line;
    }
    let after_date = behind(line, DATE).unwrap_or(line);
    behind(after_date, TIME).unwrap_or(line)
}

/// What follows a text of this form, in which `0` stands for any digit.
fn behind<'a>(text: &'a [u8], form: &[u8]) -> Option<&'a [u8]> {
    let (head, rest) = text.split_at_checked(form.len())?;
    let fits = |(&c, &wanted): (&u8, &u8)| match wanted {
        b'0' => c.is_ascii_digit(),
        _ => c == wanted,
    };
    head.iter().zip(form).all(fits).then_some(rest)
}
