//! nginx on a free loopback port, with a log that can be trusted and faults on request.
//!
//! The log is read only after the server has quit, so no row is missing or half written. gzip is
//! off, because the log would count its framing as body.

use std::fmt::Write as _;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use anyhow::{Context, bail};
use rustix::process::Signal;
use tempfile::TempDir;

use crate::child::{self, Guard};
use crate::served::{Ledger, Row};
use crate::{access_log, http, wait};

/// How long the server may take to answer after its start, and to end after its work.
const LIMIT: Duration = Duration::from_secs(20);

/// How many ports are tried: another process may take one between our look and nginx's bind.
const PORTS_TRIED: u32 = 20;

/// First port and number of ports: below the range that outgoing connections are given.
const PORTS: (u32, u32) = (18_000, 14_000);

/// What the server does beside serving files.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Answers by path instead of the file: a regular expression (PCRE) and a status.
    pub statuses: Vec<(String, u16)>,
    /// Bytes a second for each media segment (nginx's `limit_rate`).
    pub limit_rate: Option<u64>,
    /// Paths (PCRE) that are passed to another server, such as [`crate::cut::Server`].
    pub pass: Option<(String, SocketAddr)>,
    /// Seconds that an idle connection is kept; nginx's default is 75.
    pub keepalive_s: Option<u32>,
    /// Whether files are gzipped. Off, unless encodings are what is tested.
    pub gzip: bool,
    /// Whether it speaks TLS, with a certificate of its own ([`Nginx::certificate`]).
    pub tls: bool,
    /// The user, and the password, without whom it serves nothing (RFC 7617).
    pub user: Option<(String, String)>,
}

impl Config {
    /// Files and nothing else.
    pub fn plain() -> Self {
        Self::default()
    }

    /// 503 for segments whose number ends in 0, 404 for those whose number ends in 5.
    pub fn every_tenth_segment_fails() -> Self {
        Self {
            statuses: vec![
                (r"/[^/]*0\.(ts|m4s)$".to_owned(), 503),
                (r"/[^/]*5\.(ts|m4s)$".to_owned(), 404),
            ],
            ..Self::default()
        }
    }
}

/// A server of one folder, under `/live/`.
#[derive(Debug)]
pub struct Nginx {
    program: PathBuf,
    process: Option<Guard>,
    addr: SocketAddr,
    /// Where it tells of itself; this is not logged.
    own: SocketAddr,
    home: TempDir,
    config: Config,
    files: PathBuf,
}

impl Nginx {
    /// Starts a server of the folder `files` and waits until it answers.
    pub fn start(files: &Path, config: Config) -> anyhow::Result<Self> {
        let mut server = Self {
            program: child::find("nginx", "nginx")?,
            process: None,
            addr: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            own: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            home: TempDir::with_prefix("liveswarm-nginx-")?,
            config,
            files: files.canonicalize()?,
        };
        if server.config.tls {
            server.make_certificate()?;
        }
        let mut last = None;
        for attempt in 0..PORTS_TRIED {
            server.addr.set_port(free_port(attempt)?);
            match server.launch() {
                Ok(()) => return Ok(server),
                Err(error) => last = Some(error),
            }
        }
        bail!("nginx did not start on {PORTS_TRIED} ports; the last time: {last:?}")
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The URL of a file of the folder.
    pub fn url(&self, file: &str) -> String {
        let scheme = if self.config.tls { "https" } else { "http" };
        format!("{scheme}://{}/live/{file}", self.addr)
    }

    /// Its `stub_status` page, for an exporter.
    pub fn status_url(&self) -> String {
        format!("http://{}/status", self.own)
    }

    /// The folder as JSON (`autoindex_format json`).
    pub fn listing_url(&self) -> String {
        format!("http://{}/files/json/", self.own)
    }

    /// The certificate to trust, where the server speaks TLS: a PEM file.
    pub fn certificate(&self) -> PathBuf {
        self.home.path().join("cert.pem")
    }

    /// Ends the server at once, like a crash: exchanges that are under way are not logged.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Starts a killed server again, on the same port and with the same log.
    pub fn restart(&mut self) -> anyhow::Result<()> {
        self.kill();
        self.launch()
    }

    /// Lets the server finish what it does, ends it, and gives its log's rows.
    pub fn into_rows(mut self) -> anyhow::Result<Vec<Row>> {
        if let Some(mut process) = self.process.take() {
            process.signal(Signal::QUIT)?;
            process.wait(LIMIT, "nginx to finish its exchanges")?;
        }
        access_log::read(&self.log())
    }

    /// What it has answered by now.
    pub fn rows_so_far(&self) -> anyhow::Result<Vec<Row>> {
        access_log::read(&self.log())
    }

    /// As [`Nginx::into_rows`], added up.
    pub fn into_ledger(self) -> anyhow::Result<Ledger> {
        Ok(Ledger::of(&self.into_rows()?))
    }

    fn log(&self) -> PathBuf {
        self.home.path().join("access.log")
    }

    fn launch(&mut self) -> anyhow::Result<()> {
        let token = format!("{}-{}", self.addr.port(), unique());
        let file = self.home.path().join("nginx.conf");
        // Readiness has a port of its own, because the other one may speak TLS.
        let ready = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port(self.addr.port().into())?));
        if ready == self.addr {
            bail!("chance gave one port for two");
        }
        fs::write(&file, self.text(&token, ready)?)?;
        if let Some((user, password)) = &self.config.user {
            fs::write(
                self.home.path().join("users"),
                format!("{user}:{{PLAIN}}{password}\n"),
            )?;
        }
        let mut command = child::command(&self.program);
        command
            .arg("-p")
            .arg(self.home.path())
            .arg("-c")
            .arg(&file)
            .args(["-e", "error.log"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut process = Guard::spawn(&mut command)?;
        self.own = ready;
        let answered = wait::until(LIMIT, "nginx to answer", || {
            if let Some(status) = process.status()? {
                bail!("nginx ended with {status}");
            }
            let answer = http::get(ready, "/").ok();
            Ok(answer.filter(|answer| answer.body == token.as_bytes()))
        });
        if let Err(error) = answered {
            let said = fs::read_to_string(self.home.path().join("error.log"));
            return Err(error.context(said.unwrap_or_default()));
        }
        self.process = Some(process);
        Ok(())
    }

    fn make_certificate(&self) -> anyhow::Result<()> {
        let names = ["127.0.0.1".to_owned(), "localhost".to_owned()];
        let made = rcgen::generate_simple_self_signed(names)?;
        fs::write(self.certificate(), made.cert.pem())?;
        let key = self.home.path().join("key.pem");
        fs::write(key, made.signing_key.serialize_pem())?;
        Ok(())
    }

    fn text(&self, token: &str, ready: SocketAddr) -> anyhow::Result<String> {
        let files = self.files.to_str().context("a folder's name is no text")?;
        let mut statuses = String::new();
        let mut answers = String::new();
        for (pattern, status) in &self.config.statuses {
            writeln!(statuses, "    \"~{pattern}\" {status};")?;
            writeln!(
                answers,
                "      if ($fault = {status}) {{ return {status}; }}"
            )?;
        }
        let listen = if self.config.tls {
            format!("{} ssl", self.addr)
        } else {
            self.addr.to_string()
        };
        let pass = match &self.config.pass {
            Some((pattern, to)) => format!(
                "location ~ \"{pattern}\" {{ proxy_pass http://{to}; proxy_buffering off; }}"
            ),
            None => String::new(),
        };
        Ok(TEMPLATE
            .replace("@USER@", if is_root() { "user root;" } else { "" })
            .replace("@FORMAT@", access_log::FORMAT)
            .replace("@STATUSES@", &statuses)
            .replace("@ANSWERS@", &answers)
            .replace("@RATE@", &self.config.limit_rate.unwrap_or(0).to_string())
            .replace(
                "@KEEPALIVE@",
                &self.config.keepalive_s.unwrap_or(75).to_string(),
            )
            .replace("@GZIP@", if self.config.gzip { "on" } else { "off" })
            .replace("@LISTEN@", &listen)
            .replace("@TLS@", if self.config.tls { TLS } else { "" })
            .replace(
                "@USERS@",
                if self.config.user.is_some() {
                    USERS
                } else {
                    ""
                },
            )
            .replace("@READY@", &ready.to_string())
            .replace("@TOKEN@", token)
            .replace("@PASS@", &pass)
            .replace("@FILES@", files))
    }
}

/// One worker, so that the log's rows are in the order of the exchanges' ends.
/// Its password file lies beside its configuration.
const USERS: &str = "auth_basic live; auth_basic_user_file users;";

const TEMPLATE: &str = r#"
daemon off;
worker_processes 1;
worker_rlimit_nofile 16384;
pid nginx.pid;
error_log error.log notice;
@USER@
events { worker_connections 8192; }
http {
  types {
    application/vnd.apple.mpegurl m3u8;
    video/mp2t ts;
    video/mp4 mp4 m4s;
  }
  default_type application/octet-stream;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  log_format rows '@FORMAT@';
  access_log access.log rows;
  sendfile on;
  tcp_nopush on;
  etag on;
  gzip @GZIP@;
  gzip_types application/vnd.apple.mpegurl;
  gzip_min_length 0;
  keepalive_timeout @KEEPALIVE@;
  keepalive_requests 1000000;
  map $uri $fault {
    default 0;
@STATUSES@
  }
  map $uri $rate {
    default 0;
    "~\.(ts|m4s)$" @RATE@;
  }
  server {
    listen @READY@;
    access_log off;
    location / { return 200 "@TOKEN@"; }
    location = /status { stub_status; }
    location /files/json/ {
      alias "@FILES@/";
      autoindex on;
      autoindex_format json;
    }
  }
  server {
    listen @LISTEN@ backlog=4096;
    @TLS@
    @PASS@
    location /live/ {
      @USERS@
      alias "@FILES@/";
      add_header Cache-Control no-cache;
      limit_rate $rate;
@ANSWERS@
    }
  }
}
"#;

const TLS: &str = "ssl_certificate cert.pem; ssl_certificate_key key.pem;";

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A number that no other call in this process gives.
fn unique() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// A port that nobody listens on at this moment.
pub(crate) fn free_port(attempt: u32) -> anyhow::Result<u16> {
    let nanos = SystemTime::UNIX_EPOCH.elapsed()?.subsec_nanos();
    let (first, count) = PORTS;
    // Where to begin is chance, so that tests that run beside each other rarely meet.
    let start = std::process::id().wrapping_mul(7919) ^ nanos;
    for step in 0..count {
        let offset = start.wrapping_add(attempt * 101 + step) % count;
        let port = (first + offset) as u16;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no free port")
}
