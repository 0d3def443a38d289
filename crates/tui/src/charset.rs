//! Frames for terminals that show ASCII alone.

use ratatui::buffer::Buffer;

/// Replaces what is not ASCII with what comes next to it.
pub(crate) fn to_ascii(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        if !cell.symbol().is_ascii() {
            cell.set_symbol(ascii(cell.symbol()));
        }
    }
}

fn ascii(symbol: &str) -> &'static str {
    match symbol {
        "█" => "#",
        "▇" | "▆" => "@",
        "▅" | "▄" => "=",
        "─" | "▃" | "▂" => "-",
        "▁" => "_",
        "░" => ".",
        "·" => "|",
        "×" => "x",
        "µ" => "u",
        "…" => "~",
        "»" => ">",
        _ => "?",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_is_ascii_and_keeps_its_place() {
        let before = "─ requests · 3 × 12 µs … 日 █▇▁░";
        let mut buffer = Buffer::with_lines([before]);
        to_ascii(&mut buffer);
        let after: String = buffer
            .content
            .iter()
            .map(ratatui::buffer::Cell::symbol)
            .collect();
        assert_eq!(after.trim_end(), "- requests | 3 x 12 us ~ ?  #@_.");
    }
}
