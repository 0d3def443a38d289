//! What the pages under docs/ tell people to type, typed.

use std::net::TcpListener;
use std::{env, fs};

use anyhow::{Context, ensure};
use testkit::TempDir;
use testkit::process::Liveswarm;

use crate::common::{BINARY, LIMIT};

const SLO: &str = include_str!("../../../../docs/slo.md");
const CI: &str = include_str!("../../../../docs/ci.md");

/// The blocks of a page that are marked as `sh`.
fn blocks(page: &str) -> Vec<&str> {
    let fenced = page.split("```sh\n").skip(1);
    fenced
        .filter_map(|rest| Some(rest.split_once("```")?.0))
        .collect()
}

/// Each block in a shell of its own that stops at the first error, all in one folder.
fn runs(page: &str, expected: usize) -> anyhow::Result<()> {
    let blocks = blocks(page);
    ensure!(blocks.len() == expected, "{} blocks", blocks.len());
    let home = TempDir::new()?;
    fs::create_dir(home.path().join("bin"))?;
    std::os::unix::fs::symlink(BINARY, home.path().join("bin/liveswarm"))?;
    let path = format!("{}/bin:{}", home.path().display(), env::var("PATH")?);
    let [stream, face] = free_ports()?;
    for block in blocks {
        // The program's own ports may be taken by whatever else is tested beside this.
        let block = block.replace("17080", &stream).replace("17091", &face);
        let script = home.path().join("block");
        fs::write(&script, format!("cd '{}'\n{block}", home.path().display()))?;
        let ended = Liveswarm::new("/bin/sh")?
            .arg("-e")
            .arg(&script)
            .env("PATH", &path)
            .finish(LIMIT)?;
        ended.expect_code(0).with_context(|| block.clone())?;
    }
    Ok(())
}

/// Two ports that nobody listened on a moment ago.
fn free_ports() -> anyhow::Result<[String; 2]> {
    let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0"));
    let [a, b] = listeners.map(|listener| Ok::<_, anyhow::Error>(listener?.local_addr()?.port()));
    Ok([a?.to_string(), b?.to_string()])
}

#[test]
fn commands_of_the_page_on_objectives_run() -> anyhow::Result<()> {
    runs(SLO, 1)
}

#[test]
fn commands_of_the_page_on_pipelines_run() -> anyhow::Result<()> {
    runs(CI, 4)
}
