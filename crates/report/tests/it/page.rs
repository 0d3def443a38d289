//! Reads a page back, as far as tests ask.

/// An element and what is in it, from the first that begins with `start`.
pub(crate) fn element<'a>(page: &'a str, start: &str, end: &str) -> &'a str {
    let from = page.find(start).unwrap_or_else(|| panic!("no {start}"));
    let rest = &page[from..];
    &rest[..rest
        .find(end)
        .unwrap_or_else(|| panic!("{start} without {end}"))
        + end.len()]
}

/// The value of an attribute of the element that `text` begins with.
pub(crate) fn attribute<'a>(text: &'a str, name: &str) -> &'a str {
    let tag = &text[..text.find('>').unwrap()];
    let start = format!(" {name}=\"");
    let value = tag.split_once(&start).map(|(_, value)| value);
    let value = value.unwrap_or_else(|| panic!("no {name}: {tag}"));
    value.split_once('"').unwrap().0
}

/// A chart of the page.
pub(crate) struct Plot<'a> {
    svg: &'a str,
}

impl<'a> Plot<'a> {
    pub(crate) fn of(page: &'a str, id: &str) -> Self {
        let figure = element(page, &format!("<figure id=\"plot-{id}\""), "</figure>");
        Self {
            svg: element(figure, "<svg", "</svg>"),
        }
    }

    /// The path data of each layer with this class.
    pub(crate) fn paths(&self, class: &str) -> Vec<&'a str> {
        let paths = self.svg.split("<path ").skip(1);
        paths
            .filter(|path| path.starts_with(&format!("class=\"{class}\"")))
            .map(|path| attribute(path, "d"))
            .collect()
    }

    /// The height of a tick of the axis of values, by its label.
    pub(crate) fn tick(&self, label: &str) -> f64 {
        let ticks = self.svg.split("<text ").skip(1);
        let tick = ticks
            .filter(|tick| tick.contains("class=\"e\""))
            .find(|tick| {
                tick.split_once('>')
                    .unwrap()
                    .1
                    .starts_with(&format!("{label}<"))
            })
            .unwrap_or_else(|| panic!("no tick {label}: {}", self.svg));
        attribute(tick, "y").parse().unwrap()
    }

    /// Values of points, given the value of a tick.
    pub(crate) fn values(&self, path: &str, (label, value): (&str, f64)) -> Vec<f64> {
        let (zero, at) = (self.foot(), self.tick(label));
        let ys = points(path).into_iter().map(|(_, y)| y);
        ys.map(|y| (zero - y) / (zero - at) * value).collect()
    }

    /// Where the axis of values begins: its lowest tick.
    fn foot(&self) -> f64 {
        let ticks = self.svg.split("<text ").skip(1);
        ticks
            .filter(|tick| tick.contains("class=\"e\""))
            .map(|tick| attribute(tick, "y").parse::<f64>().unwrap())
            .fold(0.0, f64::max)
    }
}

/// The points of a path of lines: of `M` and `L`.
pub(crate) fn points(path: &str) -> Vec<(f64, f64)> {
    let points = path
        .split(['M', 'L', 'Z'])
        .filter(|point| !point.is_empty());
    points
        .map(|point| {
            let (x, y) = point.split_once(' ').unwrap();
            (
                x.parse().unwrap(),
                y.trim_end_matches("h0").parse().unwrap(),
            )
        })
        .collect()
}

/// Every tag in the page, in order: its name, and whether it closes.
pub(crate) fn tags(page: &str) -> Vec<(&str, bool)> {
    let tags = page.split('<').skip(1);
    tags.map(|tag| {
        let closes = tag.starts_with('/');
        let name = tag.trim_start_matches('/');
        let end = name
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '!')
            .unwrap();
        (&name[..end], closes)
    })
    .collect()
}
