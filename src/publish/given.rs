//! The packages, files and images of a job: how they are given, and how they are delivered.

use std::path::{Path, PathBuf};

use crate::api::kinds::Submission;
use crate::api::rollout::HasRollout;
use crate::archive::ArchiveBuilder;
use crate::document::Document;
use crate::error::Result;
use crate::model::application_submission::ApplicationSubmission;
use crate::model::in_app_product_submission::{Icon, InAppProductSubmission};
use crate::model::listing::{Image, ImageType};
use crate::model::package::{FileStatus, same_name};
use crate::publish::decide::packages::{ExistingPackages, Package};
use crate::publish::event::{EventKind, PublishReport};
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

    /// `{language}/{file}`, the name of an image of a listing in the archive.
    fn add_image(&mut self, language: &str, path: &Path) -> String {
        let file = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let name = format!("{language}/{file}");
        self.files.push((name.clone(), path.to_owned()));
        name
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
    /// published submission holds every package in this very version, ends well with that submission and creates nothing.
    pub fn again(mut self) -> Self {
        self.again = true;
        self
    }
}

impl Publish<ApplicationSubmission> {
    /// Adds an image to the listing of a language. One of the same name that is there already is replaced.
    pub fn image(mut self, language: impl Into<String>, image_type: ImageType, path: impl Into<PathBuf>) -> Self {
        let language = language.into();
        let name = self.add_image(&language, &path.into());
        self.images.push(Box::new(move |draft: &mut Document<ApplicationSubmission>| {
            let images = &mut draft.listing_mut(&language)?.base_listing.images;
            let mut is_there = false;
            for image in images.iter_mut().filter(|image| same_name(&image.file_name, &name)) {
                match image.file_status {
                    FileStatus::PendingUpload => is_there = true,
                    _ => image.file_status = FileStatus::PendingDelete,
                }
            }
            if !is_there {
                images.push(Image::pending_upload(&name, image_type.clone()));
            }
            Ok(())
        }));
        self
    }
}

impl Publish<InAppProductSubmission> {
    /// Sets the icon of the listing of a language: PNG, exactly 300 × 300.
    pub fn icon(mut self, language: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        let language = language.into();
        let name = self.add_image(&language, &path.into());
        self.images
            .push(Box::new(move |draft: &mut Document<InAppProductSubmission>| {
                draft.listing_mut(&language)?.icon = Icon::pending_upload(&name);
                Ok(())
            }));
        self
    }
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
        let mut upload = Upload::new(http, service.is_local(), link, source);
        for setting in self.upload.drain(..) {
            upload = setting(upload);
        }
        let sent = upload.await;
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
