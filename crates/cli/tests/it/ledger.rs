//! A run's figures equal what our own origin says it served.

use crate::common::{LIMIT, Origin, run, run_with_origin, said};
use anyhow::ensure;
use base::Class;
use testkit::compare;

#[test]
fn fifty_viewers_count_what_the_origin_counts() -> anyhow::Result<()> {
    let origin = Origin::start("")?;
    let ended = run(&origin.url)
        .args("-n 50 --ramp-rate 25 --duration 12s")
        .finish(LIMIT)?;
    ended.expect_code(0)?;
    let seen = compare::equal(&ended.json()?, &origin.ledger()?)?;
    ensure!(seen.class(Class::Multivariant).ok == 50);
    ensure!(seen.class(Class::Segment).ok >= 50 * 3);
    Ok(())
}

#[test]
fn a_mixed_crowd_counts_what_the_origin_counts() -> anyhow::Result<()> {
    let origin = Origin::start("--format fmp4 --demuxed-audio --segment 1s")?;
    let ended = run(&origin.url)
        .args("-n 24 --ramp-rate 12 --duration 10s")
        .args("--player hls.js=2,shaka=2,ffmpeg=1,rfc8216=1")
        .finish(LIMIT)?;
    ended.expect_code(0)?;
    let seen = compare::held_against(&ended.json()?, &origin.ledger()?, compare::Account::Whole)?;
    ensure!(seen.class(Class::Init).ok > 0);
    ensure!(seen.failed() == 0);
    Ok(())
}

#[test]
fn all_variants_are_fetched_and_counted() -> anyhow::Result<()> {
    let origin = Origin::start("--segment 1s --variants 200k,400k")?;
    let ended = run(&origin.url)
        .args("-n 4 --duration 6s --variant all")
        .finish(LIMIT)?;
    ended.expect_code(0)?;
    compare::equal(&ended.json()?, &origin.ledger()?)?;
    Ok(())
}

#[test]
fn without_a_url_a_run_brings_its_origin_and_shows_its_ledger() -> anyhow::Result<()> {
    let ended = run_with_origin()
        .args("-n 10 --duration 6s --segment 1s")
        .finish(LIMIT)?;
    ended.expect_code(0)?;
    let json = ended.json()?;
    ensure!(
        json["origin"]["agreement"] == "equal",
        "{:#}",
        json["origin"]
    );
    let seen = compare::Run::of(&json)?;
    for class in Class::ALL {
        let (ours, its) = (
            seen.class(class).whole(),
            &json["origin"]["classes"][class.name()],
        );
        ensure!(
            ours.requests == its["requests"].as_u64().unwrap_or(0),
            "{its}"
        );
        ensure!(ours.bytes == its["bytes"].as_u64().unwrap_or(0), "{its}");
    }
    let said = said(&ended);
    ensure!(said.contains("the origin's own count"), "{said}");
    Ok(())
}
