//! Creates an add-on, shows it, and deletes it.
//!
//! Credentials come from the environment, as the documentation of `msstore::auth` lists them.

#![allow(clippy::print_stdout)]

use clap::Parser;
use msstore::model::{NewInAppProduct, ProductType};
use msstore::{ApplicationId, StoreClient};

/// Creates a durable add-on, shows it, and deletes it.
#[derive(Debug, Parser)]
struct Arguments {
    /// Store id of the app, such as 9NBLGGH4R315
    application_id: ApplicationId,
    /// The id that the app asks for, such as coins.200
    product_id: String,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Arguments {
        application_id,
        product_id,
    } = Arguments::parse();
    let client = StoreClient::from_env()?;
    let add_ons = client.in_app_products();

    let new = NewInAppProduct::new(application_id, product_id, ProductType::Durable);
    let id = add_ons.create(new).await?.id()?;
    println!("created: {id}");

    let add_on = add_ons.get(&id).await?;
    println!("product id: {}, type: {}", add_on.product_id, add_on.product_type);
    for app in add_on.applications.value.iter().filter_map(|app| app.id.as_ref()) {
        println!("of the app {app}");
    }

    // One that has a published submission cannot be deleted.
    add_ons.delete(&id).await?;
    println!("deleted: {id}");
    Ok(())
}
