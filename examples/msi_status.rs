//! Shows the draft of an MSI or EXE app: whether it is ready, its packages and languages, and the submission that is under way.
//!
//! Credentials come from the environment, as the documentation of `msstore::auth` lists them.

#![allow(clippy::print_stdout)]

use clap::Parser;
use msstore::msi::Architecture;
use msstore::{ProductId, SellerId, StoreClient};

/// Shows the draft of an MSI or EXE app
#[derive(Debug, Parser)]
struct Arguments {
    /// Seller id, digits
    seller_id: SellerId,
    /// Id of the product, a GUID
    product_id: ProductId,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let product = StoreClient::from_env()?
        .msi(arguments.seller_id)
        .product(arguments.product_id);

    let status = product.status().await?;
    println!(
        "{}",
        if status.is_ready {
            "ready to be submitted"
        } else {
            "not ready"
        }
    );
    for problem in &status.problems {
        println!("  {problem}");
    }
    if let Some(id) = &status.ongoing_submission_id {
        println!("submission {id}: {}", product.submission_status(id).await?.publishing_status);
    }
    for package in &product.packages().await?.packages {
        let architectures: Vec<&str> = package.architectures.iter().map(Architecture::as_str).collect();
        println!(
            "package {} ({}): {}",
            architectures.join(", "),
            package.package_type,
            package.package_url
        );
    }
    for listing in &product.metadata(&[]).await?.listings {
        println!("listing {}: {}", listing.language, listing.whats_new);
    }
    Ok(())
}
