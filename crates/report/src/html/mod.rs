//! The run as one page: what a person sends to a colleague.
//!
//! It needs no script, no network and no other file; it follows the reader's light or dark
//! setting, fits a phone, and prints. Everything that came from outside, such as URLs and names of
//! broadcasts, is escaped, and the page forbids itself to run or load anything, so that not even
//! a mistake here could.

pub(crate) mod capacity;
mod draw;
mod groups;
mod head;
mod objectives;
mod origin_metrics;
mod over_time;
mod page;
mod setup;
mod spread;
mod stream;
mod thin;
mod viewers;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::document::{Document, SCHEMA};
use crate::format;
use draw::Plots;

const STYLE: &str = include_str!("style.css");
/// Nothing runs and nothing is loaded (CSP Level 3); the style is the page's own.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// The page of a run.
pub fn html(document: &Document) -> String {
    let plots = Plots::of(document);
    let title = format!("liveswarm: {}", format::one_line(&document.config.url, 80));
    let body = html! {
        (head::section(document))
        main { (body(document, &plots)) }
        footer {
            "liveswarm " (document.version) " · made of " (SCHEMA)
            " · times are since the run began"
        }
    };
    shell(&title, &body)
}

/// A page around `body`.
fn shell(title: &str, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (page::textures())
                (body)
            }
        }
    };
    page.into_string().chars().map(shown).collect()
}

/// Control characters have no place in a page, and those that turn the direction of reading would
/// let a name look like another.
fn shown(c: char) -> char {
    match c {
        '\n' => c,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => char::REPLACEMENT_CHARACTER,
        c if c.is_control() => char::REPLACEMENT_CHARACTER,
        c => c,
    }
}

fn body(document: &Document, plots: &Plots<'_>) -> Markup {
    html! {
        (head::tiles(document))
        (head::remarks(document))
        (objectives::section(document))
        (groups::section(document))
        (stream::over_time(document, plots))
        (stream::latency(document))
        (stream::glass_to_glass(document, plots))
        (stream::requests(document))
        (stream::errors(document))
        (stream::origin(document))
        (origin_metrics::section(document))
        (viewers::section(document))
        (setup::generator(document, plots))
        (setup::configuration(document))
        (setup::repeat(document))
    }
}
