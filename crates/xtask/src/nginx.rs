//! nginx as benches need it: one worker, many connections, no log unless asked for.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow};
use rustix::process::{Resource, Signal, getrlimit};
use testkit::access_log;
use testkit::served::Ledger;

use crate::bench::Lab;
use crate::process::{self, Process};
use crate::{peers, stop};

/// How long it may take to answer after its start, and to end after its work.
const LIMIT: Duration = Duration::from_secs(30);

/// Descriptors that nginx needs beside its connections: logs, files that it sends.
const DESCRIPTORS_BESIDE: u64 = 64;

/// Slots for connections, as a multiple of those that descriptors allow: nginx begins to close idle
/// connections when a sixteenth of its slots is left, and viewers are to keep theirs.
const ROOMY: u64 = 2;

/// What differs between benches.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Config {
    /// TLS 1.3 with AES-128-GCM and no other suite.
    pub(crate) tls: bool,
    /// Whether each exchange is logged.
    pub(crate) log: bool,
}

/// A running server of the folder that it was given.
#[derive(Debug)]
pub(crate) struct Nginx {
    pub(crate) process: Process,
    addr: SocketAddr,
    home: PathBuf,
    config: Config,
}

impl Nginx {
    /// Serves `files` below `/live/`; any `seg-N.ts` is the file `segment.ts`.
    pub(crate) fn start(lab: &Lab, files: &Path, config: Config) -> anyhow::Result<Self> {
        let program = peers::need("nginx")?;
        let home = lab.folder("nginx")?;
        if config.tls {
            make_certificate(&home)?;
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let addr = listener.local_addr()?;
        drop(listener);
        let file = home.join("nginx.conf");
        std::fs::write(&file, text(files, addr, config)?)?;
        let mut command = process::command(&program);
        command.arg("-p").arg(&home).arg("-c").arg(&file);
        command.args(["-e", "error.log"]);
        let mut process = Process::spawn("nginx", &mut command, &home)?;
        stop::until(LIMIT, "nginx to answer", || {
            if process.ended()? {
                let said = std::fs::read_to_string(home.join("error.log")).unwrap_or_default();
                process.finish(LIMIT).context(said)?;
            }
            Ok(TcpStream::connect(addr).ok())
        })?;
        Ok(Self {
            process,
            addr,
            home,
            config,
        })
    }

    pub(crate) fn url(&self, file: &str) -> String {
        let scheme = if self.config.tls { "https" } else { "http" };
        format!("{scheme}://{}/live/{file}", self.addr)
    }

    /// The certificate to trust, where it speaks TLS.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.home.join("cert.pem")
    }

    /// Lets it finish, ends it, and adds up its log.
    pub(crate) fn into_ledger(mut self) -> anyhow::Result<Ledger> {
        self.process.signal(Signal::QUIT)?;
        self.process.wait(LIMIT)?;
        let rows = access_log::read(&self.home.join("access.log"))?;
        Ok(Ledger::of(&rows))
    }
}

/// Connections one nginx may hold: what the limit on descriptors leaves.
fn descriptors() -> anyhow::Result<u64> {
    let limit = getrlimit(Resource::Nofile).maximum.unwrap_or(1 << 20);
    limit
        .checked_sub(DESCRIPTORS_BESIDE)
        .ok_or_else(|| anyhow!("{limit} file descriptors are too few for any bench"))
}

fn text(files: &Path, addr: SocketAddr, config: Config) -> anyhow::Result<String> {
    let files = files.to_str().context("a folder's name is no text")?;
    let connections = descriptors()?;
    let (ssl, tls) = if config.tls { (" ssl", TLS) } else { ("", "") };
    let log = if config.log {
        "access_log access.log rows buffer=256k"
    } else {
        "access_log off"
    };
    let user = if rustix::process::geteuid().is_root() {
        "user root;"
    } else {
        ""
    };
    Ok(TEMPLATE
        .replace("@USER@", user)
        .replace(
            "@DESCRIPTORS@",
            &(connections + DESCRIPTORS_BESIDE).to_string(),
        )
        .replace("@CONNECTIONS@", &(connections * ROOMY).to_string())
        .replace("@FORMAT@", access_log::FORMAT)
        .replace("@LOG@", log)
        .replace("@LISTEN@", &format!("{addr}{ssl}"))
        .replace("@TLS@", tls)
        .replace("@FILES@", files))
}

fn make_certificate(home: &Path) -> anyhow::Result<()> {
    let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
    let made = rcgen::generate_simple_self_signed(names)?;
    std::fs::write(home.join("cert.pem"), made.cert.pem())?;
    std::fs::write(home.join("key.pem"), made.signing_key.serialize_pem())?;
    Ok(())
}

const TEMPLATE: &str = r#"
daemon off;
worker_processes 1;
worker_rlimit_nofile @DESCRIPTORS@;
pid nginx.pid;
error_log error.log warn;
@USER@
events { worker_connections @CONNECTIONS@; }
http {
  types {
    application/vnd.apple.mpegurl m3u8;
    video/mp2t ts;
  }
  default_type application/octet-stream;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  log_format rows '@FORMAT@';
  @LOG@;
  sendfile on;
  tcp_nopush on;
  etag on;
  keepalive_timeout 300;
  keepalive_requests 100000000;
  server {
    listen @LISTEN@ backlog=4096;
    @TLS@
    location ~ ^/live/seg-[0-9]+\.ts$ {
      open_file_cache max=16 inactive=1h;
      alias "@FILES@/segment.ts";
    }
    location /live/ {
      alias "@FILES@/";
      add_header Cache-Control no-cache;
    }
  }
}
"#;

const TLS: &str = "ssl_certificate cert.pem; ssl_certificate_key key.pem;
    ssl_protocols TLSv1.3; ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;";
