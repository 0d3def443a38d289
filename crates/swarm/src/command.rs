//! The command line of one viewer's player, to be looked at.

use ffmpeg::Select;

use crate::engine::{Engine, Told, select_at_once};
use crate::plan::Plan;
use crate::process::own_headers;

/// Why there is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The stream's URL.
    #[error(transparent)]
    Url(#[from] crate::UrlError),
    /// What FFmpeg is to be told can't be said to it.
    #[error(transparent)]
    Ffmpeg(#[from] ffmpeg::command::Error),
}

impl Plan {
    /// Program and arguments of viewer `n`'s player, with the stream's own URL in place of the
    /// gateway's; `None` where viewers are no processes. Where the variant is chosen by the
    /// playlist, it has the first.
    pub fn command(&self, n: u64) -> Result<Option<Vec<String>>, Error> {
        let Engine::Process(engine) = &self.group(n).engine else {
            return Ok(None);
        };
        let spec = self.spec(n)?;
        let headers = own_headers(&spec);
        let told = Told {
            number: n,
            url: &spec.url,
            headers: &headers,
            user_agent: spec.user_agent.as_deref(),
            select: select_at_once(spec.variant).unwrap_or(Select::Variant(0)),
        };
        let words = engine.arguments.words(&told)?;
        let program = engine.program.to_string_lossy().into_owned();
        Ok(Some(std::iter::once(program).chain(words).collect()))
    }
}
