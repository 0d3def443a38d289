//! Charts as inline SVG, made on the server: no script, text that can be read aloud, gaps where a
//! figure is unknown. Colours and dashes come from classes that the page's style defines.

mod path;
mod scale;

use maud::{Markup, html};

pub(crate) use path::{POINTS_MAX, Point};
pub(crate) use scale::Axis;

use path::Frame;

/// A chart, in units of its own that the page stretches to its width.
const WIDTH: f64 = 520.0;
const HEIGHT: f64 = 250.0;
/// The space around the frame, for labels.
const LEFT: f64 = 56.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 24.0;
const BOTTOM: f64 = 42.0;
/// How far the labels of limits are apart.
const LIMIT_LABEL: f64 = 96.0;
/// The widest bar.
const BAR_MAX: f64 = 10.0;

/// A chart.
#[derive(Clone, Debug)]
pub(crate) struct Chart {
    /// Unlike that of every other chart on the page.
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) layers: Vec<Layer>,
    pub(crate) limits: Vec<Limit>,
}

/// How a layer is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A line from point to point.
    Line,
    /// The area between a line and what it stands on.
    Area,
    /// A bar for each point.
    Bars,
    /// A line that keeps its height until the next point.
    Steps,
}

/// One kind of figure in a chart.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    pub(crate) kind: Kind,
    /// The classes that give its colour and dashes.
    pub(crate) class: &'static str,
    pub(crate) label: String,
    /// What it comes to, for who can't see it.
    pub(crate) told: String,
    pub(crate) points: Vec<Point>,
}

/// A height that is not to be reached.
#[derive(Clone, Debug)]
pub(crate) struct Limit {
    pub(crate) at: f64,
    pub(crate) label: String,
}

impl Chart {
    /// Whether there is anything to draw.
    pub(crate) fn is_empty(&self) -> bool {
        !self
            .layers
            .iter()
            .any(|layer| layer.points.iter().any(|point| point.y.is_some()))
    }

    /// The chart and its legend.
    pub(crate) fn render(&self) -> Markup {
        let (title, desc) = (format!("{}-t", self.id), format!("{}-d", self.id));
        html! {
            svg viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img"
                aria-labelledby={ (title) " " (desc) } {
                title id=(title) { (self.title) }
                desc id=(desc) { (self.described()) }
                (self.grid())
                @for layer in &self.layers { (self.layer(layer)) }
                @for (place, limit) in self.limits.iter().enumerate() { (self.limit(place, limit)) }
            }
            (self.legend())
        }
    }

    fn described(&self) -> String {
        let layers = self.layers.iter();
        let told: Vec<String> = layers
            .map(|layer| format!("{}: {}.", layer.label, layer.told))
            .collect();
        let limits = self.limits.iter();
        let limits = limits.map(|limit| format!("Limit: {}.", limit.label));
        told.into_iter().chain(limits).collect::<Vec<_>>().join(" ")
    }

    fn frame(&self) -> Frame {
        Frame {
            left: LEFT,
            right: WIDTH - RIGHT,
            top: TOP,
            bottom: HEIGHT - BOTTOM,
            x: self.x.scale,
            y: self.y.scale,
        }
    }

    fn grid(&self) -> Markup {
        let frame = self.frame();
        let (left, right, bottom) = (frame.left, frame.right, frame.bottom);
        html! {
            g class="grid" {
                @for (value, label) in &self.y.ticks {
                    @let y = path::number(frame.y(*value));
                    path d={ "M" (left) " " (y) "H" (right) } {}
                    text x=(left - 6.0) y=(y) dy="0.35em" class="e" { (label) }
                }
                @for (value, label) in &self.x.ticks {
                    @let x = path::number(frame.x(*value));
                    path d={ "M" (x) " " (bottom) "v4" } {}
                    text x=(x) y=(bottom + 18.0) class="m" { (label) }
                }
                text x=(left - 6.0) y="12" class="u e" { (self.y.unit) }
                text x=(right) y=(HEIGHT - 6.0) class="u e" { (self.x.unit) }
            }
        }
    }

    fn layer(&self, layer: &Layer) -> Markup {
        let frame = self.frame();
        let class = match layer.kind {
            Kind::Line | Kind::Steps => "line",
            Kind::Area => "area",
            Kind::Bars => "bars",
        };
        let d = match layer.kind {
            Kind::Line => frame.line(&layer.points),
            Kind::Area => frame.area(&layer.points),
            Kind::Bars => frame.bars(&layer.points),
            Kind::Steps => frame.steps(&layer.points),
        };
        let bar = (layer.kind == Kind::Bars).then(|| {
            let room = (frame.right - frame.left) / layer.points.len().max(1) as f64;
            path::number((room * 0.7).clamp(1.0, BAR_MAX))
        });
        html! {
            path class={ (class) " " (layer.class) } d=(d) stroke-width=[bar] {
                title { (layer.label) ": " (layer.told) }
            }
        }
    }

    fn limit(&self, place: usize, limit: &Limit) -> Markup {
        let frame = self.frame();
        // Side by side, or limits that are near each other would hide each other's labels.
        let right = frame.right - 4.0 - place as f64 * LIMIT_LABEL;
        let y = path::number(frame.y(limit.at));
        html! {
            path class="limit" d={ "M" (frame.left) " " (y) "H" (frame.right) } {}
            text class="limit e" x=(right) y=(y) dy="-0.4em" { (limit.label) }
        }
    }

    /// What each colour and dash stands for; of a single layer the title says it.
    fn legend(&self) -> Markup {
        html! {
            @if self.layers.len() > 1 {
                ul class="legend" {
                    @for layer in &self.layers {
                        li { (swatch(layer)) (layer.label) }
                    }
                }
            }
        }
    }
}

fn swatch(layer: &Layer) -> Markup {
    let (class, d) = match layer.kind {
        Kind::Line | Kind::Steps => ("line", "M1 6H25"),
        Kind::Area => ("area", "M1 1H25V11H1Z"),
        Kind::Bars => ("area", "M9 1H17V11H9Z"),
    };
    html! {
        svg viewBox="0 0 26 12" width="26" height="12" aria-hidden="true" {
            path class={ (class) " " (layer.class) } d=(d) {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(layers: Vec<Layer>) -> Chart {
        Chart {
            id: "x".to_owned(),
            title: "a < b & \"c\"".to_owned(),
            x: Axis::time(0.0, 10.0),
            y: Axis::count(4.0, "viewers"),
            layers,
            limits: vec![Limit {
                at: 2.0,
                label: "p50 < 2".to_owned(),
            }],
        }
    }

    fn layer(kind: Kind, ys: &[Option<f64>]) -> Layer {
        let points = ys.iter().enumerate();
        Layer {
            kind,
            class: "c1",
            label: "<script>".to_owned(),
            told: "last 3".to_owned(),
            points: points.map(|(x, y)| Point::new(x as f64, *y)).collect(),
        }
    }

    #[test]
    fn a_chart_says_in_words_what_it_shows_and_escapes_them() {
        let one = chart(vec![layer(Kind::Line, &[Some(1.0), Some(3.0)])]);
        let svg = one.render().into_string();
        assert!(
            svg.contains("a &lt; b &amp; &quot;c&quot;</title>"),
            "{svg}"
        );
        assert!(
            svg.contains("&lt;script&gt;: last 3. Limit: p50 &lt; 2.</desc>"),
            "{svg}"
        );
        assert!(!svg.contains("<script"), "{svg}");
        assert!(!svg.contains("legend"), "{svg}");
        let two = chart(vec![
            layer(Kind::Area, &[Some(1.0)]),
            layer(Kind::Line, &[Some(1.0)]),
        ]);
        let svg = two.render().into_string();
        assert_eq!(svg.matches("<li>").count(), 2, "{svg}");
    }

    #[test]
    fn bars_keep_apart() {
        let bars = |count: usize| {
            let many = chart(vec![layer(Kind::Bars, &vec![Some(1.0); count])]);
            many.render().into_string()
        };
        assert!(bars(3).contains("stroke-width=\"10\""));
        assert!(bars(90).contains("stroke-width=\"3.5\""));
        assert!(bars(400).contains("stroke-width=\"1\""));
    }

    #[test]
    fn nothing_known_is_nothing_to_draw() {
        assert!(chart(vec![layer(Kind::Line, &[None, None])]).is_empty());
        assert!(chart(Vec::new()).is_empty());
        assert!(!chart(vec![layer(Kind::Line, &[None, Some(0.0)])]).is_empty());
    }
}
