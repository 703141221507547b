//! The packages, files and images of a job: how they are given, and how they are delivered.

use std::path::PathBuf;

use crate::api::kinds::Submission;
use crate::api::rollout::HasRollout;
use crate::archive::ArchiveBuilder;
use crate::document::Document;
use crate::error::Result;
use crate::model::application_submission::ApplicationSubmission;
use crate::model::in_app_product_submission::{Icon, InAppProductSubmission};
use crate::model::listing::ImageType;
use crate::model::package::same_name;
use crate::publish::decide::images::GivenImages;
use crate::publish::decide::new_package::Package;
use crate::publish::decide::packages::ExistingPackages;
use crate::publish::event::{EventKind, PublishReport};
use crate::publish::files::ArchiveFile;
use crate::publish::job::Publish;
use crate::secret::UploadUrl;
use crate::upload::Upload;

impl<S: Submission> Publish<S> {
    /// Adds a file to the archive under this name, which the submission must name as `PendingUpload`, or as a new trailer or its
    /// image: do that in [`edit`](Self::edit).
    pub fn file(mut self, name: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        self.files.push((name.into(), path.into()));
        self
    }

    /// The folder that the archive is written to. Default: that of its first file. The archive is as large as its files together,
    /// and is removed when the run ends; a program that is killed leaves it there, as `.msstore-….zip`.
    pub fn archive_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.archive_folder = Some(folder.into());
        self
    }

    fn add_image(&mut self, language: &str, image_type: &ImageType, path: PathBuf) {
        let name = self.images.add(language, image_type, &path);
        self.files.push((name, path));
    }
}

impl<S: HasRollout> Publish<S> {
    /// Adds a package: an entry in the submission and a file in the archive. A package of the same name that is there already is
    /// replaced; one that an earlier run has added is not added again.
    pub fn package(mut self, package: Package) -> Self {
        self.packages.push(package);
        self
    }

    /// What to do with the existing packages. Default [`ExistingPackages::Keep`].
    pub fn existing_packages(mut self, existing: ExistingPackages) -> Self {
        self.existing = existing;
        self
    }

    /// Submits packages that the Store holds already once more. Without it, a run for which nothing is pending, and of which the last
    /// published submission holds every package in this very version, ends well with that submission and creates nothing, whatever else
    /// it would change. The service may refuse a version that it holds; to change a listing alone, leave the packages out.
    pub fn again(mut self) -> Self {
        self.again = true;
        self
    }
}

impl Publish<ApplicationSubmission> {
    /// Adds an image to the listing of a language. One of the same kind and name that is there already is replaced; names meet with
    /// either slash, in any case, and with and without the folder of the language.
    ///
    /// Its name in the archive is `{language}/{file}`, with a number if another file has that name. Before anything is sent it is
    /// looked at, see [`Guard::Images`](crate::model::Guard::Images).
    pub fn image(mut self, language: impl Into<String>, image_type: ImageType, path: impl Into<PathBuf>) -> Self {
        self.add_image(&language.into(), &image_type, path.into());
        self.place_images = Some(place_in_listings);
        self
    }

    /// Makes exactly these the images of this kind in the listing of a language, in this order, together with those of
    /// [`image`](Self::image). All others of the kind are removed; without paths, all are. Other kinds and languages stay as they are.
    ///
    /// ```no_run
    /// # fn run(submissions: msstore::api::Submissions<msstore::model::ApplicationSubmission>) {
    /// use msstore::model::ImageType;
    ///
    /// let job = submissions.publish().images("en-us", ImageType::Screenshot, ["shots/notes.png", "shots/lantern.png"]);
    /// # }
    /// ```
    pub fn images<P: Into<PathBuf>>(
        mut self,
        language: impl Into<String>,
        image_type: ImageType,
        paths: impl IntoIterator<Item = P>,
    ) -> Self {
        let language = language.into();
        self.images.of(&language, &image_type).is_all = true;
        for path in paths {
            self.add_image(&language, &image_type, path.into());
        }
        self.place_images = Some(place_in_listings);
        self
    }
}

fn place_in_listings(draft: &mut Document<ApplicationSubmission>, given: &GivenImages, files: &[ArchiveFile]) -> Result<()> {
    let is_given = |name: &str| !given.has(name) && files.iter().any(|file| same_name(&file.name, name));
    for group in given.groups() {
        let listing = draft.listing_mut(&group.language)?;
        group.place(&mut listing.base_listing.images, is_given);
    }
    Ok(())
}

impl Publish<InAppProductSubmission> {
    /// Sets the icon of the listing of a language: PNG, exactly 300 × 300.
    pub fn icon(mut self, language: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        self.add_image(&language.into(), &ImageType::Icon, path.into());
        self.place_images = Some(place_icons);
        self
    }
}

fn place_icons(draft: &mut Document<InAppProductSubmission>, given: &GivenImages, _: &[ArchiveFile]) -> Result<()> {
    for group in given.groups() {
        let icon = &mut draft.listing_mut(&group.language)?.icon;
        for name in &group.names {
            if !icon.file_status.is_awaited() || !same_name(&icon.file_name, name) {
                *icon = Icon::pending_upload(name);
            }
        }
    }
    Ok(())
}

impl<S: Submission> Publish<S> {
    /// Packs the files and uploads the archive.
    pub(super) async fn deliver(&mut self, link: UploadUrl, report: &mut PublishReport) -> Result<()> {
        let mut builder = ArchiveBuilder::new();
        for file in &report.files {
            builder = builder.file(&file.name, &file.path);
        }
        if let Some(folder) = self.archive_folder.take() {
            builder = builder.folder(folder);
        }
        let archive = builder.build().await?;
        let (files, bytes) = (report.files.clone(), archive.len());
        self.teller.tell(EventKind::Packed { files, bytes }, &report.submission);
        let service = self.submissions.service();
        let (http, source) = (service.http().clone(), archive.path().into());
        let mut upload = Upload::new(http, service.is_local(), link.clone(), source);
        for setting in self.upload.drain(..) {
            upload = setting(upload);
        }
        let sent = match upload.open().await {
            Ok(upload) => self.upload_to_the_end(upload, link, &report.submission).await,
            Err(error) => Err(error),
        };
        archive.remove().await;
        let sent = sent?;
        report.bytes_sent = sent.bytes - sent.bytes_skipped;
        report.retries = sent.retries;
        let uploaded = EventKind::Uploaded {
            bytes: sent.bytes,
            bytes_skipped: sent.bytes_skipped,
            blocks: sent.blocks,
            blocks_skipped: sent.blocks_skipped,
        };
        self.teller.tell_call(uploaded, Some(&report.submission), &sent);
        Ok(())
    }
}
