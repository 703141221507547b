//! Obtains an access token and prints its type and expiry, never the token itself: a check of the credentials.
//!
//! Credentials come from `MSSTORE_TENANT_ID`, `MSSTORE_CLIENT_ID` and `MSSTORE_CLIENT_SECRET`, or the same with `AZURE_`.

#![allow(clippy::print_stdout)]

use clap::Parser;
use msstore::StoreClient;

/// Obtains an access token, and says how long it can be used.
#[derive(Debug, Parser)]
struct Arguments {}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Arguments {} = Arguments::parse();
    let client = StoreClient::from_env()?;

    let token = client.access_token().await?;
    println!("type: Bearer");
    println!("expires in: {} s", token.lifetime().as_secs());
    Ok(())
}
