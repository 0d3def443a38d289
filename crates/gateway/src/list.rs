//! A playlist that came whole: understood, written down, and passed on.

use std::rc::Rc;
use std::sync::Arc;

use base::{Class, Failure};
use bytes::Bytes;
use media::hls::{BODY_BYTES_MAX, Variables};
use player::Playlist;
use transport::Response;
use url::Url;

use crate::class::begins_a_list;
use crate::extent::Part;
use crate::gateway::House;
use crate::outlet::Outlet;
use crate::relay::{JSON_BYTES_MAX, Relay};
use crate::rewrite::{self, Place};
use crate::seat::Seat;
use crate::visit::Ended;
use crate::wire::{Answer, Framing};

/// The answer to a request for a playlist.
pub(crate) struct List<'a> {
    pub(crate) house: &'a House,
    pub(crate) seat: &'a Rc<Seat>,
    /// The target of the player's request.
    pub(crate) target: &'a str,
    pub(crate) asked: &'a Url,
    pub(crate) response: &'a Response,
    pub(crate) relay: &'a Relay,
}

impl List<'_> {
    /// Sends `body`, changed where that is needed.
    pub(crate) fn pass(&self, body: Vec<u8>, outlet: &Outlet) {
        let rewritten = self.understand(&body);
        self.send(body, rewritten, outlet);
    }

    /// Sends a JSON, changed where that is needed. The player knows us as `host`.
    pub(crate) fn pass_json(&self, host: Option<&str>, body: Vec<u8>, outlet: &Outlet) {
        let fields = &self.response.head.fields;
        let decoded = transport::decode(fields, body.clone(), JSON_BYTES_MAX);
        if decoded.as_ref().is_ok_and(|body| begins_a_list(body)) {
            // Whatever its type says.
            return self.pass(body, outlet);
        }
        self.relay.visit.end(ended(self.response));
        let json = decoded.map_or_else(
            |_| rewrite::json::Json::default(),
            |decoded| rewrite::json::rewrite(&decoded, self.place(None), host),
        );
        let mut names = self.house.names.borrow_mut();
        json.names.iter().for_each(|url| names.allow(url.origin()));
        json.next.iter().for_each(|url| names.read_steering(url));
        drop(names);
        self.send(body, json.body, outlet);
    }

    fn place<'p>(&'p self, imports: Option<&'p Variables>) -> Place<'p> {
        Place {
            paths: &self.house.paths,
            viewer: self.seat.number,
            target: self.target,
            from: &self.response.final_url,
            imports,
        }
    }

    fn send(&self, body: Vec<u8>, rewritten: Option<Vec<u8>>, outlet: &Outlet) {
        let is_rewritten = rewritten.is_some();
        let body = rewritten.unwrap_or(body);
        let head = &self.response.head;
        let range = format!("bytes 0-{}/{}", body.len().saturating_sub(1), body.len());
        let answer = Answer {
            status: head.status,
            fields: &head.fields,
            framing: Framing::Length(body.len() as u64),
            rewritten: is_rewritten,
            range: (head.status == 206).then_some(range.as_str()),
            connection: self.relay.connection(&head.fields),
        };
        let mut out = Vec::with_capacity(512);
        answer.write(&mut out);
        outlet.send([&out, &body, &[], &[]]);
    }

    /// Reads the playlist, for everybody who is to know of it; what the player is to see instead.
    fn understand(&self, body: &[u8]) -> Option<Vec<u8>> {
        let fields = &self.response.head.fields;
        let decoded = if fields.get("content-encoding").is_some() {
            match transport::decode(fields, body.to_vec(), BODY_BYTES_MAX) {
                Ok(decoded) => decoded,
                Err(error) => {
                    self.failed(error.failure(), &error);
                    return None;
                }
            }
        } else {
            Bytes::copy_from_slice(body)
        };
        let from = &self.response.final_url;
        let imports = self.seat.imports();
        let shared = &self.house.shared;
        let playlist = match shared.playlist(from, imports.as_ref(), decoded.clone()) {
            Ok(playlist) => playlist,
            Err(error) => {
                self.failed(Failure::InvalidPlaylist, &error);
                return None;
            }
        };
        self.learn(playlist);
        rewrite::rewrite(&decoded, self.place(imports.as_deref()))
    }

    fn learn(&self, playlist: Playlist) {
        let from = &self.response.final_url;
        let class = match &playlist {
            Playlist::Multivariant(_) => Class::Multivariant,
            Playlist::Media(_) => Class::Playlist,
        };
        self.relay.record.judge(class, None);
        let mut names = self.house.names.borrow_mut();
        names.read(self.asked, from, &playlist);
        drop(names);
        self.seat.note(&playlist);
        let ended = Ended::Playlist(playlist, Arc::clone(from));
        self.relay.visit.end(ended);
    }

    fn failed(&self, failure: Failure, why: &dyn std::fmt::Display) {
        let class = self.relay.record.class();
        self.relay.record.judge(class, Some(failure));
        self.house.shared.failed(class, self.asked, failure, why);
        self.relay.visit.end(Ended::Failed(Some(failure)));
    }
}

/// How an answer that is no playlist ended, for the spectator.
pub(crate) fn ended(response: &Response) -> Ended {
    match response.status() {
        200 => Ended::Arrived(player::spectator::Extent::WHOLE),
        206 => {
            let range = response.head.fields.get("content-range");
            let part = range.and_then(Part::read);
            Ended::Arrived(part.map_or(player::spectator::Extent::WHOLE, Part::extent))
        }
        304 => Ended::Unchanged,
        status => Ended::Failed(Some(Failure::Status(status))),
    }
}
