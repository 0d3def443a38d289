//! Where it listens, and who is let in.

use std::net::{SocketAddr, TcpListener};

use admin::{Config, DEFAULT_LISTEN, Error, Listen};

use crate::frames;
use crate::http::{ask, config, get, post, serve};

#[test]
fn a_default_that_is_taken_gives_way() {
    // Whoever has it: it is taken from here on.
    let _taken = TcpListener::bind(DEFAULT_LISTEN);
    let server = admin::bind(&Config::default()).unwrap();
    assert_eq!(server.addr().ip(), DEFAULT_LISTEN.ip());
    assert_ne!(server.addr().port(), DEFAULT_LISTEN.port());
    assert_ne!(server.addr().port(), 0);
}

#[test]
fn an_address_that_was_asked_for_does_not() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let config = Config {
        listen: Listen::Asked(address),
        ..Config::default()
    };
    let error = admin::bind(&config).unwrap_err();
    assert!(matches!(error, Error::Listen { address: of, .. } if of == address));
    let said = error.to_string();
    assert!(
        said.contains(&address.to_string()) && said.contains("--admin-listen"),
        "{said}"
    );
}

#[test]
fn other_machines_are_let_in_with_a_token_or_on_demand_only() {
    let everywhere: SocketAddr = "0.0.0.0:0".parse().unwrap();
    let open = || Config {
        listen: Listen::Asked(everywhere),
        ..Config::default()
    };
    assert!(matches!(admin::bind(&open()), Err(Error::Unguarded { .. })));
    let push = Some("p".parse().unwrap());
    let push_only = Config {
        push_token: push,
        ..open()
    };
    assert!(matches!(
        admin::bind(&push_only),
        Err(Error::Unguarded { .. })
    ));
    let guarded = Config {
        admin_token: Some("a".parse().unwrap()),
        ..open()
    };
    assert!(admin::bind(&guarded).is_ok());
    let insecure = Config {
        insecure_listen: true,
        ..open()
    };
    assert!(admin::bind(&insecure).is_ok());
}

/// Every path, with and without each token: what is open stays open, what is not is not.
#[tokio::test]
async fn tokens_guard_what_changes_or_reveals() {
    const OPEN: [&str; 5] = ["/", "/metrics", "/healthz", "/readyz", "/app.js"];
    const ADMIN: [(&str, &str); 4] = [
        ("GET", "/api/v1/snapshot"),
        ("GET", "/api/v1/slo"),
        ("POST", "/api/v1/viewers"),
        ("POST", "/api/v1/stop"),
    ];
    let token = |text: Option<&str>| text.map(|text| text.parse().unwrap());
    for (admin_token, push_token) in [
        (None, None),
        (Some("a"), None),
        (None, Some("p")),
        (Some("a"), Some("p")),
    ] {
        let config = Config {
            admin_token: token(admin_token),
            push_token: token(push_token),
            ..config()
        };
        let face = serve(&config, frames::busy());
        drop(face.commands);
        for given in [None, Some("a"), Some("p"), Some("x")] {
            let bearer = given.map(|given| format!("Authorization: Bearer {given}"));
            let headers: Vec<&str> = bearer
                .as_deref()
                .into_iter()
                .chain(["Content-Type: application/json"])
                .collect();
            let told = format!("{admin_token:?} {push_token:?} {given:?}");
            for path in OPEN {
                let answer = ask(face.addr, "GET", path, &headers, "").await;
                assert_eq!(answer.status, 200, "{path} {told}");
            }
            let open = admin_token.is_none() && push_token.is_none();
            let admitted = open || (admin_token.is_some() && given == admin_token);
            for (method, path) in ADMIN {
                let body = if method == "POST" {
                    "{\"target\":3}"
                } else {
                    ""
                };
                let answer = ask(face.addr, method, path, &headers, body).await;
                // Let in, a command finds that nobody takes it.
                let expected = match (admitted, method) {
                    (true, "GET") => 200,
                    (true, _) => 503,
                    (false, _) => 401,
                };
                assert_eq!(answer.status, expected, "{path} {told}: {answer:?}");
                if !admitted {
                    assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
                    let names = if admin_token.is_none() {
                        "--admin-token"
                    } else {
                        "admin token"
                    };
                    assert!(answer.error().contains(names), "{told}: {answer:?}");
                }
            }
            let sample = r#"{"broadcast":"b","transport":"t","ingest_ts_ms":1,"render_ts_ms":2}"#;
            let answer = ask(
                face.addr,
                "POST",
                "/api/v1/slo/client-sample",
                &headers,
                sample,
            )
            .await;
            let pushes = admitted || (push_token.is_some() && given == push_token);
            assert_eq!(
                answer.status,
                if pushes { 204 } else { 401 },
                "{told}: {answer:?}"
            );
        }
    }
}

#[tokio::test]
async fn events_are_guarded_too() {
    let config = Config {
        admin_token: Some("a".parse().unwrap()),
        ..config()
    };
    let face = serve(&config, frames::busy());
    let answer = get(face.addr, "/api/v1/events").await;
    assert_eq!(answer.status, 401);
}

#[tokio::test]
async fn a_name_that_leads_here_is_not_ours() {
    let face = serve(&config(), frames::busy());
    for path in ["/", "/metrics", "/api/v1/snapshot", "/healthz", "/nothing"] {
        let answer = ask(face.addr, "GET", path, &["Host: evil.example:17091"], "").await;
        assert_eq!(answer.status, 403, "{path}");
        assert!(answer.error().contains("--admin-token"), "{answer:?}");
        let local = ask(face.addr, "GET", path, &["Host: localhost:17091"], "").await;
        assert_eq!(
            local.status,
            if path == "/nothing" { 404 } else { 200 },
            "{path}"
        );
    }
}

/// A page of another origin can send a POST without being asked. It stops nothing.
#[tokio::test]
async fn another_page_commands_nothing() {
    let mut face = serve(&config(), frames::busy());
    let json = "Content-Type: application/json";
    for (headers, body, expected) in [
        (
            &["Origin: http://evil.example", "Content-Type: text/plain"][..],
            "{}",
            403,
        ),
        (&["Origin: http://evil.example", json], "{}", 403),
        (&["Origin: null", json], "{}", 403),
        (&["Sec-Fetch-Site: cross-site"], "", 403),
        // Of our own page, but as a form could send it.
        (&["Sec-Fetch-Site: same-origin"], "", 415),
        (&["Content-Type: text/plain"], "{\"target\":1}", 415),
        (
            &["Content-Type: application/x-www-form-urlencoded"],
            "a=b",
            415,
        ),
    ] {
        for path in ["/api/v1/stop", "/api/v1/viewers"] {
            let answer = ask(face.addr, "POST", path, headers, body).await;
            assert_eq!(answer.status, expected, "{path} {headers:?}");
        }
    }
    for path in ["/api/v1/stop", "/api/v1/viewers"] {
        let answer = ask(
            face.addr,
            "OPTIONS",
            path,
            &["Origin: http://evil.example"],
            "",
        )
        .await;
        assert_eq!(answer.header("access-control-allow-origin"), None);
        assert_eq!(get(face.addr, path).await.status, 405);
    }
    assert!(face.commands.try_recv().is_err());
}

#[tokio::test]
async fn any_page_may_push_where_a_token_is_asked_for() {
    const SAMPLE: &str = r#"{"broadcast":"b","transport":"t","ingest_ts_ms":1,"render_ts_ms":2}"#;
    let path = "/api/v1/slo/client-sample";
    let origin = "Origin: http://player.example";
    let json = "Content-Type: application/json";
    let open = serve(&config(), frames::busy());
    assert_eq!(
        ask(open.addr, "POST", path, &[origin, json], SAMPLE)
            .await
            .status,
        403
    );
    let guarded = Config {
        push_token: Some("p".parse().unwrap()),
        ..config()
    };
    let guarded = serve(&guarded, frames::busy());
    let asked = ask(guarded.addr, "OPTIONS", path, &[origin], "").await;
    assert_eq!(asked.status, 204);
    for (name, value) in [
        ("origin", "*"),
        ("methods", "POST"),
        ("headers", "authorization, content-type"),
    ] {
        assert_eq!(
            asked.header(&format!("access-control-allow-{name}")),
            Some(value)
        );
    }
    let bearer = "Authorization: Bearer p";
    for (headers, status) in [(&[origin, json, bearer][..], 204), (&[origin, json], 401)] {
        let answer = ask(guarded.addr, "POST", path, headers, SAMPLE).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    }
}

#[tokio::test]
async fn pages_are_kept_from_harm() {
    let face = serve(&config(), frames::busy());
    for path in [
        "/",
        "/metrics",
        "/api/v1/snapshot",
        "/nothing",
        "/style.css",
    ] {
        let answer = get(face.addr, path).await;
        assert_eq!(
            answer.header("x-content-type-options"),
            Some("nosniff"),
            "{path}"
        );
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
    }
    let page = get(face.addr, "/").await;
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(post(face.addr, "/", "{}").await.status, 405);
    assert_eq!(
        get(face.addr, "/nothing").await.error(),
        "there is nothing here; see /"
    );
}
