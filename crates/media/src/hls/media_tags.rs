//! Tags of media playlists that say what they say by themselves.

use super::attributes::Attributes;
use super::media_playlist::{DateRange, ServerControl};

/// `EXT-X-SERVER-CONTROL` (RFC 8216bis, 4.4.3.8).
pub(super) fn server_control(attributes: &Attributes<'_>) -> ServerControl {
    ServerControl {
        can_block_reload: attributes.yes("CAN-BLOCK-RELOAD"),
        can_skip_until: attributes.duration("CAN-SKIP-UNTIL"),
        can_skip_date_ranges: attributes.yes("CAN-SKIP-DATERANGES"),
        hold_back: attributes.duration("HOLD-BACK"),
        part_hold_back: attributes.duration("PART-HOLD-BACK"),
    }
}

/// `EXT-X-DATERANGE` (RFC 8216bis, 4.4.5.1).
pub(super) fn date_range(attributes: &Attributes<'_>) -> DateRange {
    const NAMED: [&str; 7] = [
        "ID",
        "CLASS",
        "START-DATE",
        "END-DATE",
        "DURATION",
        "PLANNED-DURATION",
        "END-ON-NEXT",
    ];
    let other = attributes.iter().filter(|(name, _)| !NAMED.contains(name));
    DateRange {
        id: attributes.string("ID").unwrap_or_default(),
        class: attributes.string("CLASS"),
        start_ms: attributes.date_ms("START-DATE"),
        end_ms: attributes.date_ms("END-DATE"),
        duration: attributes.duration("DURATION"),
        planned_duration: attributes.duration("PLANNED-DURATION"),
        end_on_next: attributes.yes("END-ON-NEXT"),
        other: other
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
    }
}

impl DateRange {
    /// Takes what `later` says and this one does not.
    pub(super) fn complete(&mut self, later: DateRange) {
        self.class = self.class.take().or(later.class);
        self.start_ms = self.start_ms.or(later.start_ms);
        self.end_ms = self.end_ms.or(later.end_ms);
        self.duration = self.duration.or(later.duration);
        self.planned_duration = self.planned_duration.or(later.planned_duration);
        self.end_on_next |= later.end_on_next;
        for (name, value) in later.other {
            if !self.other.iter().any(|(known, _)| *known == name) {
                self.other.push((name, value));
            }
        }
    }
}
