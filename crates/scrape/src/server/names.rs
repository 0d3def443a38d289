//! What web servers and their exporters call what they count.
//!
//! * `nginx-prometheus-exporter`, of `stub_status` (`nginx_`) and of NGINX Plus (`nginxplus_`)
//! * `nginx-module-vts` (`nginx_vts_`), and the older `nginx-vts-exporter` of it
//! * the ingress controller for Kubernetes (`nginx_ingress_controller_`)
//! * our own origin (`liveswarm_origin_`)

use crate::exposition::Sample;

/// What a sample counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    /// Open connections.
    Active,
    /// Connections of which a request is read.
    Reading,
    /// Connections to which an answer is written.
    Writing,
    /// Idle connections.
    Waiting,
    /// Connections that were accepted.
    Accepted,
    /// Requests.
    Requests,
    /// Bytes of bodies.
    Bodies,
    /// Bytes of answers with their heads.
    Sent,
    /// Time that requests took, in seconds.
    Seconds,
    /// Requests whose time that is.
    Timed,
    /// Such requests by how long they took.
    Bucket,
    /// Whether the exporter reaches its server.
    Up,
}

/// Which series of a metric.
#[derive(Clone, Copy, Debug)]
enum Which {
    All,
    /// Those with this label.
    With(&'static str, &'static str),
    /// Those without.
    Without(&'static str, &'static str),
}

use What::{
    Accepted, Active, Bodies, Bucket, Reading, Requests, Seconds, Sent, Timed, Up, Waiting, Writing,
};
use Which::{All, With, Without};

/// A metric may count two things.
const NAMES: &[(&str, Which, What)] = &[
    ("nginx_up", All, Up),
    ("nginx_connections_active", All, Active),
    ("nginx_connections_reading", All, Reading),
    ("nginx_connections_writing", All, Writing),
    ("nginx_connections_waiting", All, Waiting),
    ("nginx_connections_accepted", All, Accepted),
    ("nginx_http_requests_total", All, Requests),
    ("nginxplus_up", All, Up),
    ("nginxplus_connections_active", All, Active),
    ("nginxplus_connections_idle", All, Waiting),
    ("nginxplus_connections_accepted", All, Accepted),
    ("nginxplus_http_requests_total", All, Requests),
    ("nginxplus_server_zone_sent", All, Sent),
    (
        "nginx_vts_main_connections",
        With("status", "active"),
        Active,
    ),
    (
        "nginx_vts_main_connections",
        With("status", "reading"),
        Reading,
    ),
    (
        "nginx_vts_main_connections",
        With("status", "writing"),
        Writing,
    ),
    (
        "nginx_vts_main_connections",
        With("status", "waiting"),
        Waiting,
    ),
    (
        "nginx_vts_main_connections",
        With("status", "accepted"),
        Accepted,
    ),
    (
        "nginx_vts_main_connections",
        With("status", "requests"),
        Requests,
    ),
    (
        "nginx_vts_server_bytes_total",
        With("direction", "out"),
        Sent,
    ),
    ("nginx_vts_server_request_seconds_total", All, Seconds),
    (
        "nginx_vts_server_requests_total",
        Without("code", "total"),
        Timed,
    ),
    (
        "nginx_vts_server_request_duration_seconds_bucket",
        All,
        Bucket,
    ),
    ("nginx_server_connections", With("status", "active"), Active),
    (
        "nginx_server_connections",
        With("status", "reading"),
        Reading,
    ),
    (
        "nginx_server_connections",
        With("status", "writing"),
        Writing,
    ),
    (
        "nginx_server_connections",
        With("status", "waiting"),
        Waiting,
    ),
    (
        "nginx_server_connections",
        With("status", "accepted"),
        Accepted,
    ),
    ("nginx_server_requests", With("code", "total"), Requests),
    ("nginx_server_bytes", With("direction", "out"), Sent),
    (
        "nginx_ingress_controller_nginx_process_connections",
        With("state", "active"),
        Active,
    ),
    (
        "nginx_ingress_controller_nginx_process_connections",
        With("state", "reading"),
        Reading,
    ),
    (
        "nginx_ingress_controller_nginx_process_connections",
        With("state", "writing"),
        Writing,
    ),
    (
        "nginx_ingress_controller_nginx_process_connections",
        With("state", "waiting"),
        Waiting,
    ),
    (
        "nginx_ingress_controller_nginx_process_connections_total",
        With("state", "accepted"),
        Accepted,
    ),
    (
        "nginx_ingress_controller_nginx_process_requests_total",
        All,
        Requests,
    ),
    ("nginx_ingress_controller_bytes_sent_sum", All, Sent),
    (
        "nginx_ingress_controller_request_duration_seconds_sum",
        All,
        Seconds,
    ),
    (
        "nginx_ingress_controller_request_duration_seconds_count",
        All,
        Timed,
    ),
    (
        "nginx_ingress_controller_request_duration_seconds_bucket",
        All,
        Bucket,
    ),
    ("liveswarm_origin_open_connections", All, Active),
    ("liveswarm_origin_connections_total", All, Accepted),
    ("liveswarm_origin_requests_total", All, Requests),
    // What is asked for beside the stream, such as its listing, no viewer counts.
    (
        "liveswarm_origin_bytes_total",
        Without("class", "other"),
        Bodies,
    ),
];

/// What `sample` counts, if it is known.
pub(super) fn what(sample: &Sample<'_>) -> Option<What> {
    // Most of an exposition is of something else.
    if !sample.name.starts_with("nginx") && !sample.name.starts_with("liveswarm_origin_") {
        return None;
    }
    let of_it = NAMES.iter().filter(|(name, ..)| *name == sample.name);
    let mut fits = of_it.filter(|(_, which, _)| match which {
        All => true,
        With(label, value) => sample.label(label).as_deref() == Some(*value),
        Without(label, value) => sample.label(label).as_deref() != Some(*value),
    });
    fits.next().map(|(.., what)| *what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exposition::samples;

    #[test]
    fn names_are_told_apart_by_their_labels() {
        let cases = [
            ("nginx_http_requests_total 5", Some(Requests)),
            (
                "nginx_vts_main_connections{status=\"writing\"} 5",
                Some(Writing),
            ),
            ("nginx_vts_main_connections{status=\"handled\"} 5", None),
            (
                "nginx_vts_server_bytes_total{host=\"*\",direction=\"out\"} 5",
                Some(Sent),
            ),
            (
                "nginx_vts_server_bytes_total{host=\"*\",direction=\"in\"} 5",
                None,
            ),
            (
                "nginx_vts_server_requests_total{host=\"a\",code=\"2xx\"} 5",
                Some(Timed),
            ),
            (
                "nginx_vts_server_requests_total{host=\"a\",code=\"total\"} 5",
                None,
            ),
            (
                "liveswarm_origin_bytes_total{class=\"segment\"} 5",
                Some(Bodies),
            ),
            ("liveswarm_origin_bytes_total{class=\"other\"} 5", None),
            ("node_load1 5", None),
            ("nginx_version_info 1", None),
        ];
        for (line, expected) in cases {
            let sample = samples(line.as_bytes()).next().unwrap();
            assert_eq!(what(&sample), expected, "{line}");
        }
    }
}
