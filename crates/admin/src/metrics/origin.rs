//! What an origin served.

use std::collections::BTreeMap;

use base::Class;

use super::metric::{Group, Kind, Label, Metric, PLAIN, Read, Unit};

const CLASS: Label = Label {
    name: "class",
    values: "`multivariant`, `playlist`, `init`, `segment`, `part`, `key`, `other`",
};

pub(super) const GROUP: Group = Group {
    title: "The origin",
    about: "Only at `liveswarm origin`, beside the latency by broadcast.",
    metrics: &[
        Metric {
            name: "liveswarm_origin_requests_total",
            kind: Kind::Counter,
            labels: &[
                CLASS,
                Label {
                    name: "status",
                    values: "the status; `none` where the connection ended before one was sent",
                },
            ],
            help: "Requests that ended, by class and status.",
            more: "A pair appears with its first request.",
            from: "`/served`: requests",
            read: Read::Origin(|frame, out| {
                for served in &frame.served {
                    let status = served.status.map(|status| status.to_string());
                    let labels = [served.class.name(), status.as_deref().unwrap_or("none")];
                    out.value(&labels, served.requests);
                }
            }),
            ..PLAIN
        },
        Metric {
            name: "liveswarm_origin_bytes_total",
            kind: Kind::Counter,
            unit: Unit::Bytes,
            labels: &[CLASS],
            help: "Bytes of body that were sent, by class.",
            from: "`/served`: bytes, those of one class added up",
            read: Read::Origin(|frame, out| {
                let mut sums: BTreeMap<Class, u64> = Class::ALL.map(|class| (class, 0)).into();
                for served in &frame.served {
                    *sums.entry(served.class).or_default() += served.bytes;
                }
                for (class, bytes) in sums {
                    out.value(&[class.name()], bytes);
                }
            }),
            ..PLAIN
        },
        Metric {
            name: "liveswarm_origin_requests_in_flight",
            help: "Requests that are being answered.",
            from: "/in_flight",
            read: Read::Origin(|frame, out| out.value(&[], frame.in_flight)),
            ..PLAIN
        },
        Metric {
            name: "liveswarm_origin_malformed_requests_total",
            kind: Kind::Counter,
            help: "Requests whose head did not read.",
            from: "/malformed",
            read: Read::Origin(|frame, out| out.value(&[], frame.malformed)),
            ..PLAIN
        },
        Metric {
            name: "liveswarm_origin_open_connections",
            help: "Connections that are open.",
            from: "/connections",
            read: Read::Origin(|frame, out| out.value(&[], frame.connections)),
            ..PLAIN
        },
        Metric {
            name: "liveswarm_origin_connections_total",
            kind: Kind::Counter,
            help: "Connections that were accepted.",
            from: "/connections_total",
            read: Read::Origin(|frame, out| out.value(&[], frame.connections_total)),
            ..PLAIN
        },
    ],
};
