//! Points as the path data of SVG (SVG 2, 9.3).

use std::fmt::Write as _;

use super::scale::Scale;

/// Points of a layer, at most: what a screen can show, and what keeps a page small.
pub(crate) const POINTS_MAX: usize = 400;

/// A figure at a moment; `y` is `None` where it is unknown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Point {
    pub(crate) x: f64,
    pub(crate) y: Option<f64>,
    /// What an area stands on.
    pub(crate) base: f64,
}

impl Point {
    pub(crate) fn new(x: f64, y: Option<f64>) -> Self {
        Self { x, y, base: 0.0 }
    }
}

/// The rectangle that data is drawn in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) top: f64,
    pub(crate) bottom: f64,
    pub(crate) x: Scale,
    pub(crate) y: Scale,
}

impl Frame {
    pub(crate) fn x(&self, value: f64) -> f64 {
        self.left + self.x.place(value) * (self.right - self.left)
    }

    pub(crate) fn y(&self, value: f64) -> f64 {
        self.bottom - self.y.place(value) * (self.bottom - self.top)
    }

    /// From point to point, with a gap at each that is unknown. One that stands alone is a dot.
    pub(crate) fn line(&self, points: &[Point]) -> String {
        let mut d = String::new();
        for run in known(points) {
            for (place, (x, y, _)) in run.iter().enumerate() {
                put(
                    &mut d,
                    if place == 0 { 'M' } else { 'L' },
                    self.x(*x),
                    self.y(*y),
                );
            }
            if run.len() == 1 {
                d.push_str("h0");
            }
        }
        d
    }

    /// As a line, but each height holds until the next point.
    pub(crate) fn steps(&self, points: &[Point]) -> String {
        let mut d = String::new();
        for run in known(points) {
            for (place, (x, y, _)) in run.iter().enumerate() {
                let (x, y) = (number(self.x(*x)), number(self.y(*y)));
                let _ = match place {
                    0 => write!(d, "M{x} {y}"),
                    _ => write!(d, "H{x}V{y}"),
                };
            }
        }
        d
    }

    /// The area between each stretch of points and what it stands on.
    pub(crate) fn area(&self, points: &[Point]) -> String {
        let mut d = String::new();
        for run in known(points) {
            for (place, (x, y, _)) in run.iter().enumerate() {
                put(
                    &mut d,
                    if place == 0 { 'M' } else { 'L' },
                    self.x(*x),
                    self.y(*y),
                );
            }
            if run.iter().all(|(_, _, base)| *base == 0.0) {
                let foot = number(self.y(0.0));
                let begin = run.first().map_or(0.0, |(x, _, _)| number(self.x(*x)));
                let _ = write!(d, "V{foot}H{begin}Z");
                continue;
            }
            for (x, _, base) in run.iter().rev() {
                put(&mut d, 'L', self.x(*x), self.y(*base));
            }
            d.push('Z');
        }
        d
    }

    /// A bar for each point that is known and not zero.
    pub(crate) fn bars(&self, points: &[Point]) -> String {
        let mut d = String::new();
        let foot = number(self.y(0.0));
        for (x, y, _) in known(points).flatten().filter(|(_, y, _)| *y > 0.0) {
            let (x, y) = (number(self.x(x)), number(self.y(y)));
            let _ = write!(d, "M{x} {foot}V{y}");
        }
        d
    }
}

/// Stretches of known points: x, y and base of each.
fn known(points: &[Point]) -> impl Iterator<Item = Vec<(f64, f64, f64)>> {
    points
        .chunk_by(|a, b| a.y.is_some() == b.y.is_some())
        .map(|run| {
            let known = run.iter();
            known
                .filter_map(|point| Some((point.x, point.y?, point.base)))
                .collect::<Vec<_>>()
        })
        .filter(|run| !run.is_empty())
}

fn put(d: &mut String, command: char, x: f64, y: f64) {
    let _ = write!(d, "{command}{} {}", number(x), number(y));
}

/// To a tenth, which is finer than a pixel.
pub(crate) fn number(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Frame = Frame {
        left: 10.0,
        right: 110.0,
        top: 0.0,
        bottom: 50.0,
        x: Scale::Linear(0.0, 10.0),
        y: Scale::Linear(0.0, 5.0),
    };

    fn points(ys: &[Option<f64>]) -> Vec<Point> {
        let points = ys.iter().enumerate();
        points.map(|(x, y)| Point::new(x as f64, *y)).collect()
    }

    #[test]
    fn lines_have_gaps_where_nothing_is_known() {
        let some = points(&[None, Some(0.0), Some(5.0), None, Some(2.5), None]);
        assert_eq!(FRAME.line(&some), "M20 50L30 0M50 25h0");
        assert_eq!(FRAME.area(&some), "M20 50L30 0V50H20ZM50 25V50H50Z");
        assert_eq!(FRAME.steps(&some), "M20 50H30V0M50 25");
        assert_eq!(FRAME.line(&points(&[None, None])), "");
    }

    #[test]
    fn bars_stand_where_something_happened() {
        let some = points(&[Some(1.0), Some(0.0), None, Some(5.0)]);
        assert_eq!(FRAME.bars(&some), "M10 50V40M40 50V0");
    }

    #[test]
    fn areas_stand_on_what_is_below() {
        let stacked = [(0.0, 1.0, 2.0), (10.0, 3.0, 5.0)];
        let points = stacked.map(|(x, base, y)| Point {
            x,
            y: Some(y),
            base,
        });
        assert_eq!(FRAME.area(&points), "M10 30L110 0L110 20L10 40Z");
    }
}
