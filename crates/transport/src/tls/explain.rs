//! What failed in a handshake, in words, with what to try where a person can do something.

use std::time::Duration;

use rustls::{CertificateError, Error};
use rustls_pki_types::UnixTime;

use super::verify::is_of_a_ca;

const INSECURE: &str = "verify nothing (--insecure)";

/// What failed, and what to try.
pub(super) fn explain(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(why) => certificate(error, why),
        Error::InvalidMessage(_) => format!("{error}; is this an https:// port?"),
        _ => error.to_string(),
    }
}

fn certificate(error: &Error, why: &CertificateError) -> String {
    match why {
        CertificateError::ExpiredContext { time, not_after } => format!(
            "its certificate expired {} ago; renew it, or {INSECURE}",
            between(*not_after, *time)
        ),
        CertificateError::NotValidYetContext { time, not_before } => format!(
            "its certificate is valid only in {}; look at the clocks here and where it was made, \
             or {INSECURE}",
            between(*time, *not_before)
        ),
        CertificateError::NotValidForNameContext { .. } => format!(
            "{error}; take a name that it has (--resolve HOST:PORT:ADDR says where that is), \
             or {INSECURE}"
        ),
        CertificateError::UnknownIssuer => {
            format!(
                "nobody trusted has signed its certificate; trust its authority (--cacert FILE) or {INSECURE}"
            )
        }
        _ if is_of_a_ca(error) => format!(
            "its certificate is that of an authority, as self-signed ones often are; trust just \
             this one (--cacert FILE) or {INSECURE}"
        ),
        _ => format!("{error}; {INSECURE}"),
    }
}

/// The time from one instant to a later one, in the unit that people would take.
fn between(from: UnixTime, to: UnixTime) -> String {
    const HOUR: u64 = 3_600;
    const DAY: u64 = 24 * HOUR;
    let time = Duration::from_secs(to.as_secs().saturating_sub(from.as_secs()));
    let (count, unit) = match time.as_secs() {
        ..HOUR => (time.as_secs() / 60, "minute"),
        HOUR..DAY => (time.as_secs() / HOUR, "hour"),
        _ => (time.as_secs() / DAY, "day"),
    };
    match count {
        0 => "under a minute".to_owned(),
        1 => format!("1 {unit}"),
        _ => format!("{count} {unit}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_as_people_tell_them() {
        let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        for (seconds, words) in [
            (0, "under a minute"),
            (60, "1 minute"),
            (3_599, "59 minutes"),
            (7_200, "2 hours"),
            (86_399, "23 hours"),
            (86_400, "1 day"),
            (200 * 86_400, "200 days"),
        ] {
            assert_eq!(between(at(1_000), at(1_000 + seconds)), words);
        }
    }
}
