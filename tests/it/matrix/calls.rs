//! Every call of the crate: its class, the request that counts, and what must be there before.

use std::sync::Arc;

use msstore::Result;
use msstore::api::{Ensured, Method, Replay};
use msstore::auth::BoxFuture;
use msstore::model::{NewFlight, NewInAppProduct, ProductType};
use msstore::msi::{Certain, MetadataChange, Module, PackageChange};

use crate::faulty::World;

/// What the parents have before the call.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Has {
    /// A published submission.
    Published,
    /// A draft.
    Draft,
    /// A published submission whose rollout is in progress at 10 %.
    Rollout,
    /// For add-ons, which can only be deleted before their first publication.
    Unpublished,
}

type Run = fn(Arc<World>) -> BoxFuture<'static, Result<bool>>;

#[derive(Clone, Copy)]
pub(super) struct Call {
    pub(super) name: &'static str,
    /// The column of the table.
    pub(super) class: &'static str,
    pub(super) has: Has,
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    /// Whether what there is was adopted.
    pub(super) run: Run,
}

fn done<T>(result: Result<T>) -> Result<bool> {
    result.map(|_| false)
}

fn ensured<T>(result: Result<Ensured<T>>) -> Result<bool> {
    result.map(|ensured| ensured.adopted)
}

fn certain(result: Result<Certain>) -> Result<bool> {
    result.map(|made| made.adopted)
}

macro_rules! call {
    ($class:literal, $name:expr, $has:ident, $method:literal, $path:expr, $kind:ident, |$w:ident| $run:expr) => {
        Call {
            name: $name,
            class: $class,
            has: Has::$has,
            method: $method,
            path: $path,
            run: |$w| Box::pin(async move { $kind($run.await) }),
        }
    };
}

macro_rules! submissions {
    ($parent:literal, $handle:ident, $id:ident) => {
        [
            call!(
                "once",
                concat!($parent, "create"),
                Published,
                "POST",
                concat!($parent, "submissions"),
                done,
                |w| w.$handle().create()
            ),
            call!(
                "read",
                concat!($parent, "get"),
                Draft,
                "GET",
                concat!($parent, "submissions/*"),
                done,
                |w| w.$handle().get(w.submission(w.$id.as_str()))
            ),
            call!(
                "update",
                concat!($parent, "update"),
                Draft,
                "PUT",
                concat!($parent, "submissions/*"),
                done,
                |w| async {
                    w.$handle()
                        .update(&w.$handle().get(w.submission(w.$id.as_str())).await?)
                        .await
                }
            ),
            call!(
                "delete",
                concat!($parent, "delete"),
                Draft,
                "DELETE",
                concat!($parent, "submissions/*"),
                done,
                |w| w.$handle().delete(w.submission(w.$id.as_str()))
            ),
            call!(
                "once",
                concat!($parent, "commit"),
                Draft,
                "POST",
                concat!($parent, "submissions/*/commit"),
                done,
                |w| w.$handle().commit(w.submission(w.$id.as_str()))
            ),
            call!(
                "read",
                concat!($parent, "status"),
                Draft,
                "GET",
                concat!($parent, "submissions/*/status"),
                done,
                |w| w.$handle().status(w.submission(w.$id.as_str()))
            ),
            call!(
                "ensure_created",
                concat!($parent, "ensure_created"),
                Published,
                "POST",
                concat!($parent, "submissions"),
                ensured,
                |w| w.$handle().ensure_created()
            ),
            call!(
                "ensure_deleted",
                concat!($parent, "ensure_deleted"),
                Draft,
                "DELETE",
                concat!($parent, "submissions/*"),
                done,
                |w| w.$handle().ensure_deleted(w.submission(w.$id.as_str()))
            ),
            call!(
                "commit_and_wait",
                concat!($parent, "ensure_committed"),
                Draft,
                "POST",
                concat!($parent, "submissions/*/commit"),
                done,
                |w| w.$handle().ensure_committed(w.submission(w.$id.as_str()))
            ),
            call!(
                "commit_and_wait",
                concat!($parent, "commit_and_wait"),
                Draft,
                "POST",
                concat!($parent, "submissions/*/commit"),
                done,
                |w| w.$handle().commit_and_wait(w.submission(w.$id.as_str()))
            ),
        ]
    };
}

macro_rules! rollout {
    ($parent:literal, $handle:ident, $id:ident) => {
        [
            call!(
                "read",
                concat!($parent, "package_rollout get"),
                Rollout,
                "GET",
                concat!($parent, "submissions/*/packagerollout"),
                done,
                |w| async { w.$handle().package_rollout(w.submission(w.$id.as_str())).get().await }
            ),
            call!(
                "rollout",
                concat!($parent, "package_rollout set_percentage"),
                Rollout,
                "POST",
                concat!($parent, "submissions/*/updatepackagerolloutpercentage"),
                done,
                |w| async {
                    w.$handle()
                        .package_rollout(w.submission(w.$id.as_str()))
                        .set_percentage(25.0)
                        .await
                }
            ),
            call!(
                "rollout",
                concat!($parent, "package_rollout halt"),
                Rollout,
                "POST",
                concat!($parent, "submissions/*/haltpackagerollout"),
                done,
                |w| async { w.$handle().package_rollout(w.submission(w.$id.as_str())).halt().await }
            ),
            call!(
                "rollout",
                concat!($parent, "package_rollout finalize"),
                Rollout,
                "POST",
                concat!($parent, "submissions/*/finalizepackagerollout"),
                done,
                |w| async { w.$handle().package_rollout(w.submission(w.$id.as_str())).finalize().await }
            ),
        ]
    };
}

fn new_add_on(w: &World) -> NewInAppProduct {
    NewInAppProduct::new(&w.app, "coins.100", ProductType::Consumable)
}

fn new_flight() -> NewFlight {
    NewFlight::new("Early birds").group_id("1152921506000000777")
}

#[rustfmt::skip]
pub(super) fn calls() -> Vec<Call> {
    let products = [
        call!("list", "applications list", Published, "GET", "/applications", done,
            |w| w.client.applications().list().all()),
        call!("read", "applications get", Published, "GET", "/applications/*", done,
            |w| w.client.applications().get(&w.app)),
        call!("list", "applications in_app_products", Published, "GET", "/applications/*/listinappproducts", done,
            |w| w.client.applications().in_app_products(&w.app).all()),
        call!("list", "in_app_products list", Published, "GET", "/inappproducts", done,
            |w| w.client.in_app_products().list().all()),
        call!("read", "in_app_products get", Published, "GET", "/inappproducts/*", done,
            |w| w.client.in_app_products().get(&w.add_on)),
        call!("once", "in_app_products create", Published, "POST", "/inappproducts", done,
            |w| async { w.client.in_app_products().create(new_add_on(&w)).await }),
        call!("delete", "in_app_products delete", Unpublished, "DELETE", "/inappproducts/*", done,
            |w| async {
                let unpublished = w.client.in_app_products().list().all().await?.pop().unwrap();
                w.client.in_app_products().delete(unpublished.id.unwrap()).await
            }),
        call!("list", "flights list", Published, "GET", "/applications/*/listflights", done,
            |w| w.client.flights(&w.app).list().all()),
        call!("read", "flights get", Published, "GET", "/flights/*", done,
            |w| async { w.client.flights(&w.app).get(&w.flight).await }),
        call!("once", "flights create", Published, "POST", "/flights", done,
            |w| async { w.client.flights(&w.app).create(new_flight()).await }),
        call!("delete", "flights delete", Published, "DELETE", "/flights/*", done,
            |w| async { w.client.flights(&w.app).delete(&w.flight).await }),
    ];
    let beyond = [
        call!("create_or_find", "in_app_products create_or_find", Published, "POST", "/inappproducts", ensured,
            |w| async { w.client.in_app_products().create_or_find(new_add_on(&w)).await }),
        call!("create_or_find", "flights create_or_find", Published, "POST", "/flights", ensured,
            |w| async { w.client.flights(&w.app).create_or_find(new_flight()).await }),
        call!("raw once", "request", Draft, "POST", "/applications/*/submissions/*/commit", done,
            |w| async {
                let path = format!("applications/{}/submissions/{}/commit", w.app, w.submission(w.app.as_str()));
                w.client.request(Method::POST, path, Replay::Once).await
            }),
    ];
    let msi = [
        call!("read", "msi metadata", Published, "GET", "/product/*/metadata", done, |w| async { w.msi.metadata(&[]).await }),
        call!("read", "msi module", Published, "GET", "/product/*/metadata/listings", done,
            |w| async { w.msi.module(&Module::Listings, &["en-us"]).await }),
        call!("update", "msi replace_metadata", Published, "PUT", "/product/*/metadata", done, |w| async {
            let mut metadata = w.msi.metadata(&[]).await?;
            metadata.listings[0].whats_new = "Brighter.".to_owned();
            w.msi.replace_metadata(&MetadataChange::of_modules(&metadata)?[0]).await
        }),
        call!("update", "msi patch_metadata", Published, "PATCH", "/product/*/metadata", done,
            |w| async { w.msi.patch_metadata(&MetadataChange::whats_new("en-us", "Brighter.")).await }),
        call!("read", "msi packages", Published, "GET", "/product/*/packages", done, |w| w.msi.packages()),
        call!("read", "msi package", Published, "GET", "/product/*/packages/*", done,
            |w| async { w.msi.package(&w.msi_package()).await }),
        call!("update", "msi replace_packages", Published, "PUT", "/product/*/packages", done,
            |w| async { w.msi.replace_packages(&w.msi.packages().await?).await }),
        call!("update", "msi patch_package", Published, "PATCH", "/product/*/packages/*", done,
            |w| async { w.msi.patch_package(&w.msi_package(), &PackageChange::url("https://dl.example/2.exe")).await }),
        call!("update", "msi commit_packages", Published, "POST", "/product/*/packages/commit", done, |w| w.msi.commit_packages()),
        call!("read", "msi assets", Published, "GET", "/product/*/listings/assets", done, |w| async { w.msi.assets(&[]).await }),
        call!("once", "msi create_assets", Published, "POST", "/product/*/listings/assets/create", done,
            |w| async { w.msi.create_assets("en-us", 1, 0).await }),
        call!("update", "msi commit_assets", Published, "PUT", "/product/*/listings/assets/commit", done,
            |w| async { w.msi.commit_assets(&w.msi.assets(&["en-us"]).await?.value[0]).await }),
        call!("read", "msi status", Published, "GET", "/product/*/status", done, |w| w.msi.status()),
        call!("once", "msi submit", Published, "POST", "/product/*/submit", done, |w| w.msi.submit()),
        call!("read", "msi submission_status", Published, "GET", "/product/*/submission/*/status", done,
            |w| async { w.msi.submission_status(w.fake.start_foreign_msi_submission(w.msi.id())).await }),
        call!("ensure_created", "msi ensure_submitted", Published, "POST", "/product/*/submit", certain,
            |w| async {
                let urls: Vec<_> = w.msi.packages().await?.packages.iter().map(|package| package.package_url.clone()).collect();
                w.msi.ensure_submitted(&urls).await
            }),
    ];
    let mut calls = products.to_vec();
    calls.extend(msi);
    calls.extend(submissions!("/applications/*/", app_submissions, app));
    calls.extend(submissions!("/inappproducts/*/", add_on_submissions, add_on));
    calls.extend(submissions!("/flights/*/", flight_submissions, flight));
    calls.extend(rollout!("/applications/*/", app_submissions, app));
    calls.extend(rollout!("/flights/*/", flight_submissions, flight));
    calls.extend(beyond);
    calls
}

/// How many of them are endpoints of the documentation: the others are made of those.
pub(super) fn endpoints(calls: &[Call]) -> usize {
    let composed = [
        "ensure_created",
        "ensure_deleted",
        "commit_and_wait",
        "create_or_find",
        "raw once",
    ];
    calls.iter().filter(|call| !composed.contains(&call.class)).count()
}
