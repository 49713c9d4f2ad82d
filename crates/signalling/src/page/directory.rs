//! A directory that is served instead of the page: its files, and nothing that is outside of it or hidden.

use super::content::media_type;
use crate::answer::Answer;
use async_tungstenite::tungstenite::http::{StatusCode, Uri};
use std::fs::File;
use std::path::{Component, Path, PathBuf};
use tokio::task::spawn_blocking;

/// The answer to GET for an address as it stands in the request; nothing where there is no such file.
pub(super) async fn respond(directory: &Path, address: &Uri) -> Option<Answer> {
    let path = address.path();
    let query = address.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut wanted = below(directory, path)?;
    let name = wanted.file_name().map(|name| name.to_string_lossy().into_owned());
    let is_folder = path.ends_with('/');
    spawn_blocking(move || {
        // Looked at before it is opened: opening a pipe would wait.
        let mut found = wanted.metadata().ok()?;
        if found.is_dir() {
            if !is_folder {
                return Some(folder(&name?, &query));
            }
            wanted.push("index.html");
            found = wanted.metadata().ok()?;
        } else if is_folder {
            return None;
        }
        let file = found.is_file().then(|| File::open(&wanted).ok()).flatten()?;
        let content_type = media_type(&wanted.file_name()?.to_string_lossy());
        Some(Answer::file(content_type, file, found.len()))
    })
    .await
    .ok()
    .flatten()
}

/// Leads from a folder without a slash to the page in it, whose own links are relative.
fn folder(name: &str, query: &str) -> Answer {
    let mut answer = Answer::text(StatusCode::TEMPORARY_REDIRECT, String::new());
    let name: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
    answer.header("Location", format!("{}/{query}", name.replace('+', "%20")));
    answer
}

/// Where the file of a request is; nothing where the path leaves the directory or names what is hidden.
fn below(directory: &Path, path: &str) -> Option<PathBuf> {
    let decoded = decoded(path)?;
    let relative = decoded.trim_start_matches('/');
    // A backslash and a colon mean something to some systems.
    if relative.contains(['\\', ':', '\0']) {
        return None;
    }
    let parts = Path::new(relative).components();
    let is_plain =
        |part: Component| matches!(part, Component::Normal(name) if !name.to_string_lossy().starts_with('.'));
    parts.clone().all(is_plain).then(|| directory.join(parts.as_path()))
}

/// Undoes percent encoding (RFC 3986 section 2.1).
fn decoded(path: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, others)) = rest.split_first() {
        rest = others;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, others) = rest.split_at_checked(2)?;
        rest = others;
        bytes.push(data_encoding::HEXUPPER_PERMISSIVE.decode(digits).ok()?.first().copied()?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_in_its_directory() {
        let directory = Path::new("/srv/page");
        for (path, file) in [
            ("/", "/srv/page"),
            ("/a.html", "/srv/page/a.html"),
            ("/my%20page/%C3%B6.js", "/srv/page/my page/ö.js"),
            ("//a", "/srv/page/a"),
            ("/a//b/", "/srv/page/a/b"),
        ] {
            assert_eq!(below(directory, path).as_deref(), Some(Path::new(file)), "{path}");
        }
        for path in [
            "/..",
            "/../x",
            "/a/../../x",
            "/%2e%2e/x",
            "/..%2fx",
            "/%2E%2E%2Fx",
            "/.git/config",
            "/a/.htpasswd",
            "/..\\x",
            "/%5c..%5cx",
            "/c:/x",
            "/a%00.html",
            "/%",
            "/%2",
            "/%zz",
            "/%ff",
        ] {
            assert_eq!(below(directory, path), None, "{path}");
        }
    }
}
