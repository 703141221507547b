//! Obtains an access token, and says which way this program has signed in and how long the token can be used. It never prints the
//! token itself.
//!
//! Credentials come from the environment, as the documentation of `msstore::auth` lists them.

#![allow(clippy::print_stdout)]

use anyhow::Context;
use clap::Parser;
use futures_util::TryStreamExt;
use msstore::StoreClient;
use msstore::auth::Credentials;

/// Obtains an access token, and says which way this program has signed in
#[derive(Debug, Parser)]
struct Arguments {
    /// Also read one page of apps, which shows whether Partner Center knows the Entra app
    #[arg(long)]
    check: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let client = StoreClient::from_env()?;
    if let Some(credentials) = Credentials::from_env()? {
        println!("signing in with {credentials}");
    }

    println!("asking for a token; if the network fails, for three minutes");
    let token = client.access_token().await?;
    println!("token of type Bearer, expires in {} s", token.lifetime().as_secs());

    if arguments.check {
        let mut pages = client.applications().list().top(10).pages();
        let page = pages.try_next().await?.context("there is no page of apps")?;
        println!(
            "Partner Center knows the Entra app; apps on the first page: {}",
            page.value.len()
        );
    }
    Ok(())
}
