//! What the Store documents of images: format, size in pixels and bytes, and number; new ones are held against it.

use std::collections::BTreeMap;

use crate::api::kinds::{NamedImage, Purpose};
use crate::model::listing::ImageType;
use crate::model::package::same_name;
use crate::publish::files::ArchiveFile;
use crate::publish::picture::Picture;

/// The largest file, in bytes: 50 MB.
const MOST_BYTES: u64 = 50 << 20;

/// So many problems are told at once.
const TOLD: usize = 5;

/// The sizes in pixels that a kind of image may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sizes {
    /// Not documented.
    Any,
    /// One of these.
    OneOf(&'static [(u32, u32)]),
    /// At least this, the longer side first, in either orientation.
    AtLeast(u32, u32),
    /// From the first to the second, in either orientation.
    Between((u32, u32), (u32, u32)),
}

impl Sizes {
    fn fit(self, width: u32, height: u32) -> bool {
        let (long, short) = (width.max(height), width.min(height));
        match self {
            Self::Any => true,
            Self::OneOf(sizes) => sizes.contains(&(width, height)),
            Self::AtLeast(least_long, least_short) => long >= least_long && short >= least_short,
            Self::Between(least, most) => long >= least.0 && short >= least.1 && long <= most.0 && short <= most.1,
        }
    }

    fn text(self) -> String {
        let size = |(width, height): (u32, u32)| format!("{width} × {height}");
        match self {
            Self::Any => "any size".to_owned(),
            Self::OneOf(sizes) => sizes.iter().map(|of| size(*of)).collect::<Vec<_>>().join(" or "),
            Self::AtLeast(long, short) => format!("at least {}, in either orientation", size((long, short))),
            Self::Between(least, most) => format!("{} to {}, in either orientation", size(least), size(most)),
        }
    }
}

/// The documented sizes of a kind. `None` if the crate does not know the kind.
fn sizes(purpose: Purpose<'_>) -> Option<Sizes> {
    use ImageType as Type;
    use Sizes::{Any, AtLeast, Between, OneOf};
    let image_type = match purpose {
        Purpose::Icon => &Type::Icon,
        Purpose::Trailer => return Some(OneOf(&[(1920, 1080)])),
        Purpose::Listing(image_type) => image_type,
    };
    Some(match image_type {
        Type::Screenshot => AtLeast(1366, 768),
        Type::MobileScreenshot => OneOf(&[
            (1080, 1920),
            (1920, 1080),
            (768, 1280),
            (1280, 768),
            (720, 1280),
            (1280, 720),
            (480, 800),
            (800, 480),
        ]),
        Type::XboxScreenshot => Between((1920, 1080), (3840, 2160)),
        Type::HoloLensScreenshot => AtLeast(1268, 720),
        Type::StoreLogo9x16 => OneOf(&[(720, 1080), (1440, 2160)]),
        Type::StoreLogoSquare => OneOf(&[(1080, 1080), (2160, 2160)]),
        Type::Icon => OneOf(&[(300, 300)]),
        Type::PromotionalArt16x9 => OneOf(&[(1920, 1080), (3840, 2160)]),
        Type::PromotionalArtwork2400X1200 => OneOf(&[(2400, 1200)]),
        Type::XboxBrandedKeyArt => OneOf(&[(584, 800)]),
        Type::XboxTitledHeroArt => OneOf(&[(1920, 1080)]),
        Type::XboxFeaturedPromotionalArt => OneOf(&[(1080, 1080)]),
        Type::SquareIcon358X358 => OneOf(&[(358, 358)]),
        Type::BackgroundImage1000X800 => OneOf(&[(1000, 800)]),
        Type::PromotionalArtwork414X180 => OneOf(&[(414, 180)]),
        Type::Other(_) => return None,
        _ => Any,
    })
}

/// How many images of a type a listing may have.
pub(crate) fn most_images(image_type: &str) -> usize {
    match image_type {
        "Screenshot" => 10,
        screenshot if screenshot.ends_with("Screenshot") => 8,
        _ => usize::MAX,
    }
}

/// What is wrong with the images that are to be uploaded, and with their number. `None` if there are none to look at.
pub(crate) fn problem(named: &[NamedImage<'_>], files: &[ArchiveFile]) -> Option<Option<String>> {
    let is_new = |image: &&NamedImage<'_>| image.file_status.is_awaited() && !image.file_name.is_empty();
    let new: Vec<_> = named.iter().filter(is_new).collect();
    if new.is_empty() {
        return None;
    }
    let mut found: Vec<String> = Vec::new();
    let looks = new.iter().filter_map(|image| {
        let file = files.iter().find(|file| same_name(&file.name, image.file_name))?;
        file_problem(file, &kind(image.purpose), sizes(image.purpose)?)
    });
    for problem in looks.chain(too_many(named)) {
        if !found.contains(&problem) {
            found.push(problem);
        }
    }
    let more = found.len().saturating_sub(TOLD);
    found.truncate(TOLD);
    if more > 0 {
        found.push(format!("and {more} more"));
    }
    Some((!found.is_empty()).then(|| found.join("; ")))
}

/// The types of which a listing would have too many, if any of them is new.
fn too_many(named: &[NamedImage<'_>]) -> Vec<String> {
    let mut counts: BTreeMap<(&str, Option<&str>, &str), (usize, bool)> = BTreeMap::new();
    for image in named.iter().filter(|image| image.file_status.stays()) {
        let Purpose::Listing(image_type) = image.purpose else {
            continue;
        };
        if sizes(image.purpose).is_some() {
            let key = (image.language, image.platform, image_type.as_str());
            let (count, has_new) = counts.entry(key).or_default();
            *count += 1;
            *has_new |= image.file_status.is_awaited();
        }
    }
    let mut found = Vec::new();
    for ((language, platform, kind), (count, has_new)) in counts {
        let most = most_images(kind);
        if has_new && count > most {
            let platform = platform.map_or_else(String::new, |platform| format!(" for {platform}"));
            found.push(format!("the listing {language}{platform} would have {count} images of the kind {kind}, and {most} are the most: give fewer, and with .images(), which takes out all others"));
        }
    }
    found
}

fn kind(purpose: Purpose<'_>) -> String {
    match purpose {
        Purpose::Listing(image_type) => image_type.to_string(),
        Purpose::Icon => "add-on icon".to_owned(),
        Purpose::Trailer => "trailer image".to_owned(),
    }
}

fn file_problem(file: &ArchiveFile, kind: &str, sizes: Sizes) -> Option<String> {
    let path = file.path.display();
    let needed = match sizes {
        Sizes::Any => "a PNG".to_owned(),
        sizes => format!("a PNG of {}", sizes.text()),
    };
    let is = match file.picture? {
        Picture::Other(what) => what.to_owned(),
        Picture::Broken => "a PNG that is cut off or broken".to_owned(),
        Picture::Png { width, height } if !sizes.fit(width, height) => format!("{width} × {height}"),
        Picture::Png { .. } if file.bytes > MOST_BYTES => {
            return Some(format!(
                "{path} has {} bytes, and an image may have 50 MB at most",
                file.bytes
            ));
        }
        Picture::Png { .. } => return None,
    };
    Some(format!("{path} is {is}, and {kind} needs {needed}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::kinds::listing_images;
    use crate::model::listing::Image;
    use crate::model::package::FileStatus;

    fn image(name: &str, status: &str, image_type: &str) -> Image {
        let mut image = Image::pending_upload(name, image_type.into());
        image.file_status = status.into();
        image
    }

    fn named<'i>(images: &'i [Image], language: &'i str) -> Vec<NamedImage<'i>> {
        listing_images(language, None, images).collect()
    }

    fn file(picture: Picture, bytes: u64) -> ArchiveFile {
        let mut file = ArchiveFile::new("en-us/1.png", "shots/1.png", bytes);
        file.picture = Some(picture);
        file
    }

    fn found(image_type: &str, picture: Picture, bytes: u64) -> Option<String> {
        let image = image("en-us\\1.png", "PendingUpload", image_type);
        problem(&named(&[image], "en-us"), &[file(picture, bytes)]).unwrap()
    }

    #[test]
    fn each_kind_has_its_sizes() {
        // The smallest or exact sizes that fit, and sizes that do not.
        type Size = (u32, u32);
        let table: [(&str, &[Size], &[Size]); 17] = [
            (
                "Screenshot",
                &[(1366, 768), (768, 1366), (3840, 2160)],
                &[(1365, 768), (1366, 767), (768, 1365), (1000, 1000)],
            ),
            ("MobileScreenshot", &[(1080, 1920), (800, 480)], &[(1170, 2532), (481, 800)]),
            (
                "XboxScreenshot",
                &[(1920, 1080), (3840, 2160)],
                &[(1919, 1080), (3841, 2160), (3840, 2161)],
            ),
            ("SurfaceHubScreenshot", &[(1, 1)], &[]),
            ("HoloLensScreenshot", &[(1268, 720), (720, 1268)], &[(1267, 720)]),
            ("StoreLogo9x16", &[(720, 1080), (1440, 2160)], &[(1080, 720), (1080, 1920)]),
            ("StoreLogoSquare", &[(1080, 1080), (2160, 2160)], &[(300, 300)]),
            ("Icon", &[(300, 300)], &[(299, 300), (600, 600)]),
            (
                "PromotionalArt16x9",
                &[(1920, 1080), (3840, 2160)],
                &[(1080, 1920), (2560, 1440)],
            ),
            ("PromotionalArtwork2400X1200", &[(2400, 1200)], &[(1200, 2400)]),
            ("XboxBrandedKeyArt", &[(584, 800)], &[(800, 584)]),
            ("XboxTitledHeroArt", &[(1920, 1080)], &[(3840, 2160)]),
            ("XboxFeaturedPromotionalArt", &[(1080, 1080)], &[(2160, 2160)]),
            ("SquareIcon358X358", &[(358, 358)], &[(300, 300)]),
            ("BackgroundImage1000X800", &[(1000, 800)], &[(800, 1000)]),
            ("PromotionalArtwork414X180", &[(414, 180)], &[(180, 414)]),
            ("WideIcon358X173", &[(1, 1)], &[]),
        ];
        for (image_type, fit, unfit) in table {
            for &(width, height) in fit {
                assert_eq!(found(image_type, Picture::Png { width, height }, 1), None, "{image_type}");
            }
            for &(width, height) in unfit {
                let says = format!("shots/1.png is {width} × {height}, and {image_type} needs a PNG of ");
                let found = found(image_type, Picture::Png { width, height }, 1).expect(image_type);
                assert!(found.starts_with(&says), "{found}");
            }
        }
    }

    #[test]
    fn what_is_no_png_or_too_large_says_so() {
        let png = Picture::Png {
            width: 1366,
            height: 768,
        };
        let table = [
            (
                Picture::Other("a JPEG"),
                1,
                Some("shots/1.png is a JPEG, and Screenshot needs a PNG of at least 1366 × 768, in either orientation"),
            ),
            (
                Picture::Broken,
                1,
                Some("shots/1.png is a PNG that is cut off or broken, and Screenshot needs"),
            ),
            (
                png,
                (50 << 20) + 1,
                Some("shots/1.png has 52428801 bytes, and an image may have 50 MB at most"),
            ),
            (png, 50 << 20, None),
        ];
        for (picture, bytes, says) in table {
            let found = found("Screenshot", picture, bytes);
            assert!(
                found.is_some() == says.is_some() && found.clone().unwrap_or_default().starts_with(says.unwrap_or_default()),
                "{found:?}"
            );
        }
        // What the crate does not know is not its business.
        assert_eq!(found("VrScreenshot", Picture::Other("a JPEG"), 1 << 40), None);
        assert_eq!(problem(&[], &[]), None);
        let uploaded = [image("en-us/1.png", "Uploaded", "Screenshot")];
        assert_eq!(problem(&named(&uploaded, "en-us"), &[file(Picture::Broken, 1)]), None);
    }

    #[test]
    fn icons_of_add_ons_and_images_of_trailers_have_their_sizes_too() {
        for (purpose, (width, height), what) in [
            (Purpose::Icon, (300, 300), "add-on icon"),
            (Purpose::Trailer, (1920, 1080), "trailer image"),
        ] {
            let named = [NamedImage {
                purpose,
                language: "en",
                platform: None,
                file_name: "en-us/1.png",
                file_status: FileStatus::PendingUpload,
                id: "",
            }];
            let fits = file(Picture::Png { width, height }, 1);
            assert_eq!(problem(&named, &[fits]), Some(None));
            let found = problem(&named, &[file(Picture::Png { width: 64, height }, 1)])
                .unwrap()
                .unwrap();
            assert!(
                found.contains(&format!("{what} needs a PNG of {width} × {height}")),
                "{found}"
            );
        }
    }

    #[test]
    fn a_listing_has_only_so_many_of_a_kind() {
        let many = |count: usize, status: &str, image_type: &str| -> Vec<Image> {
            let names = (0..count).map(|number| format!("{status}{number}.png"));
            names.map(|name| image(&name, status, image_type)).collect()
        };
        let table = [
            ("Screenshot", 9, 1, 3, None),
            (
                "Screenshot",
                10,
                1,
                0,
                Some("the listing en-us would have 11 images of the kind Screenshot, and 10 are the most"),
            ),
            ("Screenshot", 0, 11, 0, Some("11 images")),
            // What is there already may be what it may be.
            ("Screenshot", 11, 0, 0, None),
            ("XboxScreenshot", 7, 1, 0, None),
            (
                "XboxScreenshot",
                7,
                2,
                0,
                Some("9 images of the kind XboxScreenshot, and 8 are"),
            ),
            ("Icon", 20, 1, 0, None),
            ("VrScreenshot", 20, 1, 0, None),
        ];
        for (image_type, there, new, gone, says) in table {
            let statuses = [("Uploaded", there), ("PendingUpload", new), ("PendingDelete", gone)];
            let images: Vec<_> = statuses
                .iter()
                .flat_map(|(status, count)| many(*count, status, image_type))
                .collect();
            let found = problem(&named(&images, "en-us"), &[]).flatten();
            match says {
                Some(says) => assert!(found.as_ref().is_some_and(|found| found.contains(says)), "{found:?}"),
                None => assert_eq!(found, None),
            }
        }
        // Each language for itself.
        let (new, there) = (many(6, "PendingUpload", "Screenshot"), many(6, "Uploaded", "Screenshot"));
        let two = [named(&new, "en-us"), named(&there, "de-de")].concat();
        assert_eq!(problem(&two, &[]), Some(None));
    }

    #[test]
    fn not_all_problems_are_told() {
        let images: Vec<_> = (0..7)
            .map(|number| image(&format!("{number}.png"), "PendingUpload", "Screenshot"))
            .collect();
        let look = |image: &Image| {
            let mut file = ArchiveFile::new(&image.file_name, &image.file_name, 1);
            file.picture = Some(Picture::Broken);
            file
        };
        let files: Vec<_> = images.iter().map(look).collect();
        let found = problem(&named(&images, "en-us"), &files).flatten().unwrap();
        assert_eq!(
            (found.matches("is a PNG that").count(), found.ends_with("; and 2 more")),
            (5, true),
            "{found}"
        );
    }
}
