use std::fmt::Write;

use super::axis::{LABEL, grouped};

/// What a graph is drawn with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    /// Blocks of an eighth.
    Blocks,
    /// What every terminal shows.
    Ascii,
}

impl Charset {
    /// Cells by how full they are, the empty one first.
    fn cells(self) -> &'static [char] {
        match self {
            Self::Blocks => &[' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
            Self::Ascii => &[' ', '.', ':', '#'],
        }
    }

    fn tick(self) -> char {
        match self {
            Self::Blocks => '┤',
            Self::Ascii => '+',
        }
    }

    fn side(self) -> char {
        match self {
            Self::Blocks => '│',
            Self::Ascii => '|',
        }
    }
}

/// Bars of `values`, `rows` high. What is more than nothing shows.
pub(super) fn panel(text: &mut String, title: &str, values: &[f64], rows: usize, charset: Charset) {
    let top = values.iter().copied().fold(0.0, f64::max);
    let cells = charset.cells();
    let steps = cells.len() - 1;
    let full = |value: f64| -> usize {
        let share = if top > 0.0 { value / top } else { 0.0 };
        let full = (share * (rows * steps) as f64).round() as usize;
        full.max(usize::from(value > 0.0))
    };
    let _ = writeln!(text, "{title}");
    for row in (0..rows).rev() {
        let label = match row {
            _ if row + 1 == rows => grouped(top),
            0 => "0".to_owned(),
            _ => String::new(),
        };
        let side = if label.is_empty() {
            charset.side()
        } else {
            charset.tick()
        };
        let bar = values.iter().map(|value| {
            let in_this_row = full(*value).saturating_sub(row * steps).min(steps);
            cells[in_this_row]
        });
        let line: String = bar.collect();
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{label:>LABEL$} {side}{}", line.trim_end());
    }
}
