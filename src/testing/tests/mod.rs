//! The fake's rules, seen through plain HTTP: nothing of the client takes part.

mod blobs;
mod catalog;
mod commits;
mod faults;
mod gateway;
mod msi;
mod msi_draft;
mod packages;
mod rollouts;
mod sign_in;
mod submissions;
mod updates;

use std::io::{Cursor, Write as _};

use bytes::Bytes;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use super::*;

const APP: &str = FakeStore::SAMPLE_APPLICATION;
const ADD_ON: &str = FakeStore::SAMPLE_IN_APP_PRODUCT;
const FLIGHT: &str = FakeStore::SAMPLE_FLIGHT;

/// A fake with the sample, and a caller with a token.
struct Http {
    fake: FakeStore,
    client: Client,
    token: String,
}

#[derive(Debug)]
struct Reply {
    status: u16,
    headers: reqwest::header::HeaderMap,
    text: String,
}

impl Reply {
    async fn of(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        Self { status, headers, text }
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{} is not JSON: {}", self.status, self.text))
    }

    #[track_caller]
    fn ok(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        if self.text.is_empty() { Value::Null } else { self.json() }
    }

    /// Checks an error of the service.
    #[track_caller]
    fn refused(self, status: u16, code: &str, target: &str) -> String {
        assert_eq!(self.status, status, "{}", self.text);
        let body = self.json();
        assert_eq!(body["code"], code, "{body}");
        assert_eq!(body["target"].as_str().unwrap_or_default(), target, "{body}");
        assert_eq!(body["source"], "Ingestion Api");
        body["message"].as_str().unwrap().to_owned()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Http {
    async fn sample() -> Self {
        Self::to(FakeStore::start_with_sample().await.unwrap()).await
    }

    async fn to(fake: FakeStore) -> Self {
        // A connection for each request, so that a fault on one does not show on another.
        let client = Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap();
        let mut http = Self {
            fake,
            client,
            token: String::new(),
        };
        http.renew().await;
        http
    }

    async fn renew(&mut self) {
        let form = token_form(&self.fake);
        let reply = self.token_request(&form).await;
        self.token = reply.ok(200)["access_token"].as_str().unwrap().to_owned();
    }

    async fn token_request(&self, form: &str) -> Reply {
        let url = format!("{}/{}/oauth2/token", self.fake.authority(), self.fake.tenant_id());
        let request = self.client.post(url).body(form.to_owned());
        let request = request.header("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
        Reply::of(request.send().await.unwrap()).await
    }

    fn request(&self, method: &str, path: &str, body: Option<&Value>) -> RequestBuilder {
        let url = format!("{}{path}", self.fake.endpoint());
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = self.client.request(method.clone(), url).bearer_auth(&self.token);
        match body {
            Some(body) => request.header("Content-Type", "application/json").body(body.to_string()),
            None if method == Method::POST => request.header("Content-Type", "application/json").header("Content-Length", 0),
            None => request,
        }
    }

    async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Reply, reqwest::Error> {
        Ok(Reply::of(self.request(method, path, body).send().await?).await)
    }

    async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, None).await.unwrap()
    }

    async fn post(&self, path: &str) -> Reply {
        self.send("POST", path, None).await.unwrap()
    }

    async fn post_json(&self, path: &str, body: Value) -> Reply {
        self.send("POST", path, Some(&body)).await.unwrap()
    }

    async fn put(&self, path: &str, body: &Value) -> Reply {
        self.send("PUT", path, Some(body)).await.unwrap()
    }

    async fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, None).await.unwrap()
    }

    /// Creates a submission and returns its path and JSON.
    async fn draft(&self, parent: &str) -> (String, Value) {
        let document = self.post(&format!("{parent}/submissions")).await.ok(201);
        (format!("{parent}/submissions/{}", text(&document["id"])), document)
    }

    /// Uploads a body in one go.
    async fn upload(&self, document: &Value, body: impl Into<reqwest::Body>) -> Reply {
        let request = self
            .client
            .put(link(document))
            .header("x-ms-blob-type", "BlockBlob")
            .body(body);
        Reply::of(request.send().await.unwrap()).await
    }

    /// Reads the status until it is this one, and returns the last report.
    async fn wait_for(&self, path: &str, status: &str) -> Value {
        for _ in 0..12 {
            let report = self.get(&format!("{path}/status")).await.ok(200);
            if report["status"] == status {
                return report;
            }
        }
        panic!("{path} never got to {status}");
    }
}

fn token_form(fake: &FakeStore) -> String {
    let secret = fake
        .client_secret()
        .replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3D");
    format!(
        "grant_type=client_credentials&client_id={}&client_secret={secret}&resource=https%3A%2F%2Fmanage.devcenter.microsoft.com",
        fake.client_id()
    )
}

fn app() -> String {
    format!("applications/{APP}")
}

fn add_on() -> String {
    format!("inappproducts/{ADD_ON}")
}

fn flight() -> String {
    format!("applications/{APP}/flights/{FLIGHT}")
}

#[track_caller]
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

/// The upload link as it must be sent.
#[track_caller]
fn link(document: &Value) -> String {
    text(&document["fileUploadUrl"]).replace('+', "%2B")
}

fn archive(names: &[&str]) -> Bytes {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for name in names {
        zip.start_file(*name, options).unwrap();
        zip.write_all(name.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner().into()
}

fn new_package(name: &str) -> Value {
    json!({ "fileName": name, "fileStatus": "PendingUpload", "minimumDirectXVersion": "None", "minimumSystemRam": "None" })
}
