use serde::Deserialize;

/// Bytes of a listing that are read.
pub const BYTES_MAX: usize = 4 * 1024 * 1024;
/// Files of a listing that are taken.
pub const FILES_MAX: usize = 10_000;

/// One folder, as a server lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Files, by their path below the listing's root.
    pub files: Vec<File>,
    /// Names of folders in it.
    pub folders: Vec<String>,
}

/// A file and its size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its path below the listing's root.
    pub path: String,
    /// How large it is.
    pub bytes: u64,
}

/// The answer lists no files.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the answer is not a listing of files ({0}); nginx gives one with `autoindex on; \
     autoindex_format json;`"
)]
pub struct NotAListing(String);

/// An entry of nginx's JSON autoindex, or of what else calls things so.
#[derive(Deserialize)]
struct Entry {
    name: String,
    #[serde(rename = "type", default)]
    kind: String,
    size: Option<u64>,
    /// As Caddy says it.
    #[serde(default)]
    is_dir: bool,
}

impl Listing {
    /// Reads the listing of the folder `below` the root, which is empty or ends with `/`.
    pub fn read(json: &[u8], below: &str) -> Result<Self, NotAListing> {
        let entries: Vec<Entry> =
            serde_json::from_slice(json).map_err(|why| NotAListing(why.to_string()))?;
        let mut listing = Self::default();
        for entry in entries.into_iter().take(FILES_MAX) {
            let name = entry.name.trim_end_matches('/');
            if name.is_empty() || name == "." || name == ".." || name.contains('/') {
                continue;
            }
            if entry.is_dir || entry.kind == "directory" {
                listing.folders.push(name.to_owned());
            } else if let Some(bytes) = entry.size {
                let path = format!("{below}{name}");
                listing.files.push(File { path, bytes });
            }
        }
        Ok(listing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NGINX: &str = r#"[
{ "name":"720p", "type":"directory", "mtime":"Sat, 21 Nov 2026 16:20:01 GMT" },
{ "name":"a \"1\".ts", "type":"file", "mtime":"Sat, 21 Nov 2026 16:20:01 GMT", "size":1504 },
{ "name":"pipe", "type":"other", "mtime":"Sat, 21 Nov 2026 16:20:01 GMT" }
]"#;

    #[test]
    fn listings_of_servers() {
        let listing = Listing::read(NGINX.as_bytes(), "live/").unwrap();
        assert_eq!(listing.folders, ["720p"]);
        let path = "live/a \"1\".ts".to_owned();
        assert_eq!(listing.files, [File { path, bytes: 1504 }]);
        let caddy =
            r#"[{"name":"v/","size":4096,"is_dir":true},{"name":"s.ts","size":7,"is_dir":false}]"#;
        let listing = Listing::read(caddy.as_bytes(), "").unwrap();
        assert_eq!((listing.folders.len(), listing.files[0].bytes), (1, 7));
        let odd = r#"[{"name":"../../etc"},{"name":".."},{"name":""},{"name":"a/b","size":1}]"#;
        assert_eq!(Listing::read(odd.as_bytes(), ""), Ok(Listing::default()));
    }

    #[test]
    fn what_is_none_says_so() {
        for text in [
            "",
            "{}",
            "<html>",
            "[1]",
            "[{\"name\":5}]",
            "[{\"name\":\"a\",\"size\":-1}]",
        ] {
            let error = Listing::read(text.as_bytes(), "").unwrap_err();
            assert!(
                error.to_string().contains("autoindex_format json"),
                "{text}"
            );
        }
        let deep = "[".repeat(100_000);
        assert!(Listing::read(deep.as_bytes(), "").is_err());
    }

    proptest! {
        #[test]
        fn anything_is_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Listing::read(&bytes, "");
        }
    }
}
