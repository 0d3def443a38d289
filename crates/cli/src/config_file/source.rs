//! The text of a file, wherever it comes from: the file system, or a ready scenario.

use std::path::Path;

use super::file::File;
use super::{Error, ready};
use crate::args::Run;

/// A configuration file larger than this is none.
const BYTES_MAX: u64 = 1 << 20;

/// A file, read.
pub(super) struct Source {
    option: &'static str,
    path: String,
    pub(super) text: String,
}

impl Source {
    pub(super) fn of(run: &Run) -> Result<Option<Self>, Error> {
        if let Some(name) = &run.scenario {
            return Self::scenario(name).map(Some);
        }
        let Some(path) = &run.config else {
            return Ok(None);
        };
        Ok(Some(Self {
            option: "--config",
            path: path.display().to_string(),
            text: read("--config", path)?,
        }))
    }

    pub(super) fn scenario(name: &str) -> Result<Self, Error> {
        let text = match ready::by_name(name) {
            Some(ready) => ready.text.to_owned(),
            None if Path::new(name).exists() => read("--scenario", Path::new(name))?,
            None => {
                let name = name.to_owned();
                return Err(Error::NoScenario { name });
            }
        };
        Ok(Self {
            option: "--scenario",
            path: name.to_owned(),
            text,
        })
    }

    pub(super) fn file(&self) -> File<'_> {
        File {
            option: self.option,
            path: &self.path,
            text: &self.text,
            scenario: self.option == "--scenario",
        }
    }
}

fn read(option: &'static str, path: &Path) -> Result<String, Error> {
    let unreadable = |source| Error::Unreadable {
        option,
        path: path.to_owned(),
        source,
    };
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > BYTES_MAX {
        let place = format!("{}: larger than 1 MiB; is this the file?", path.display());
        return Err(Error::Wrong { option, place });
    }
    std::fs::read_to_string(path).map_err(unreadable)
}
