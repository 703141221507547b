//! The images of the listings: those that are given are put in their place.

use std::path::{Path, PathBuf};

use crate::api::kinds::{NamedImage, Purpose};
use crate::model::listing::{Image, ImageType};
use crate::model::package::{FileStatus, is_id, same_name};

/// The images that the caller gives.
#[derive(Debug, Default)]
pub(crate) struct GivenImages(Vec<Group>);

/// The given images of a kind in a language.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) language: String,
    pub(crate) image_type: ImageType,
    /// Their names in the archive, in order.
    pub(crate) names: Vec<String>,
    paths: Vec<PathBuf>,
    /// Whether they are all of the kind.
    pub(crate) is_all: bool,
}

impl GivenImages {
    pub(crate) fn groups(&self) -> &[Group] {
        &self.0
    }

    /// Whether this is the name of one of them.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|group| group.has(name))
    }

    /// The images of a kind in a language, which is the same in any case.
    pub(crate) fn of(&mut self, language: &str, image_type: &ImageType) -> &mut Group {
        let is_it = |group: &Group| group.language.eq_ignore_ascii_case(language) && group.image_type == *image_type;
        let index = self.0.iter().position(is_it).unwrap_or_else(|| {
            self.0.push(Group {
                language: language.to_owned(),
                image_type: image_type.clone(),
                names: Vec::new(),
                paths: Vec::new(),
                is_all: false,
            });
            self.0.len() - 1
        });
        &mut self.0[index]
    }

    /// Adds an image and returns its name in the archive: `{language}/{file}`, in one spelling of the language, with a number if
    /// another file has that name.
    pub(crate) fn add(&mut self, language: &str, image_type: &ImageType, path: &Path) -> String {
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let (stem, extension) = match file.rsplit_once('.') {
            Some((stem, extension)) if !stem.is_empty() => (stem, format!(".{extension}")),
            _ => (&*file, String::new()),
        };
        let folder = language.to_ascii_lowercase();
        let mut name = format!("{folder}/{file}");
        // The same file given twice is refused where all files are looked at.
        if !self.of(language, image_type).paths.iter().any(|known| known == path) {
            let mut number = 1;
            while self.is_taken(&name) {
                number += 1;
                name = format!("{folder}/{stem}-{number}{extension}");
            }
        }
        let group = self.of(language, image_type);
        group.names.push(name.clone());
        group.paths.push(path.to_owned());
        name
    }

    fn is_taken(&self, name: &str) -> bool {
        let mut names = self.0.iter().flat_map(|group| &group.names);
        names.any(|known| known.to_lowercase() == name.to_lowercase())
    }

    /// Whether a submission that cannot be changed any more has them: each is there by its name, and not from before, and of a kind
    /// that was to be these alone there are no others. `known` are the images that were in the Store before.
    pub(crate) fn are_in(&self, there: &[NamedImage<'_>], known: &[NamedImage<'_>]) -> bool {
        let is_new = |image: &NamedImage<'_>| !is_id(image.id) || !known.iter().any(|old| old.id == image.id);
        self.0.iter().all(|group| {
            let stay = |image: &&NamedImage<'_>| group.is_of(image) && image.file_status.stays();
            let stay: Vec<_> = there.iter().filter(stay).collect();
            let meets = |image: &NamedImage<'_>, name: &str| group.meets(image.file_name, name);
            let is_there = |name: &String| stay.iter().any(|image| meets(image, name) && is_new(image));
            let is_given = |image: &&NamedImage<'_>| group.names.iter().any(|name| meets(image, name));
            group.names.iter().all(is_there) && (!group.is_all || stay.iter().all(is_given))
        })
    }
}

impl Group {
    fn has(&self, name: &str) -> bool {
        self.names.iter().any(|known| same_name(known, name))
    }

    fn is_of(&self, image: &NamedImage<'_>) -> bool {
        let is_kind = match image.purpose {
            Purpose::Listing(image_type) => *image_type == self.image_type,
            Purpose::Icon => true,
            Purpose::Trailer => false,
        };
        is_kind && image.platform.is_none() && image.language.eq_ignore_ascii_case(&self.language)
    }

    /// Whether a name that a listing of this language has is one of ours: with either slash, with and without the folder.
    fn meets(&self, there: &str, ours: &str) -> bool {
        let bare = |name: &str| {
            let name = name.replace('\\', "/").to_lowercase();
            match name.split_once('/') {
                Some((folder, file)) if folder == self.language.to_lowercase() => file.to_owned(),
                _ => name,
            }
        };
        bare(there) == bare(ours)
    }

    /// Marks, takes out and adds images of a listing. One that waits for its file under a name of ours is there already; `is_given`
    /// tells of a name whether its file is given otherwise.
    pub(crate) fn place(&self, images: &mut Vec<Image>, is_given: impl Fn(&str) -> bool) {
        let is_ours =
            |image: &Image| image.image_type == self.image_type && image.file_status.is_awaited() && self.has(&image.file_name);
        let goes = |image: &Image| {
            image.image_type == self.image_type
                && !is_ours(image)
                && (self.is_all || self.names.iter().any(|name| self.meets(&image.file_name, name)))
        };
        images.retain_mut(|image| {
            if !goes(image) {
                return true;
            }
            if image.file_status.is_awaited() {
                return is_given(&image.file_name);
            }
            image.file_status = FileStatus::PendingDelete;
            true
        });
        let there: Vec<Image> = images.iter().filter(|image| is_ours(image)).cloned().collect();
        let of_name = |name: &String| {
            let known = there.iter().find(|image| same_name(&image.file_name, name));
            known
                .cloned()
                .unwrap_or_else(|| Image::pending_upload(name, self.image_type.clone()))
        };
        let wanted: Vec<Image> = self.names.iter().map(of_name).collect();
        if there != wanted {
            images.retain(|image| !is_ours(image));
            images.extend(wanted);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::kinds::listing_images;

    const SHOTS: ImageType = ImageType::Screenshot;

    fn image(name: &str, status: &str, image_type: &ImageType) -> Image {
        let mut image = Image::pending_upload(name, image_type.clone());
        image.file_status = status.into();
        image.id = name.len().to_string();
        image
    }

    fn given(language: &str, paths: &[&str], is_all: bool) -> GivenImages {
        let mut given = GivenImages::default();
        given.of(language, &SHOTS).is_all = is_all;
        for path in paths {
            given.add(language, &SHOTS, Path::new(path));
        }
        given
    }

    /// Name and status of each image, with a mark for another type.
    fn placed(there: &[Image], given: &GivenImages) -> Vec<String> {
        let mut images = there.to_vec();
        for group in given.groups() {
            group.place(&mut images, |name| name == "en-us/edited.png");
        }
        let again = images.clone();
        for group in given.groups() {
            group.place(&mut images, |name| name == "en-us/edited.png");
        }
        assert_eq!(images, again, "placed again they must stay as they are");
        let shown = |image: &Image| {
            let mark = if image.image_type == SHOTS { "" } else { "*" };
            format!("{mark}{} {}", image.file_name, image.file_status)
        };
        images.iter().map(shown).collect()
    }

    #[test]
    fn all_of_a_kind_are_exactly_the_given_ones() {
        let there = [
            image("01.png", "Uploaded", &SHOTS),
            image("en-us\\02.png", "Uploaded", &SHOTS),
            image("en-us/03.png", "Uploaded", &SHOTS),
            image("en-us/waits.png", "PendingUpload", &SHOTS),
            image("en-us/edited.png", "PendingUpload", &SHOTS),
            image("01.png", "Uploaded", &ImageType::Icon),
            image("en-us/02.png", "PendingUpload", &ImageType::Icon),
        ];
        let gone = [
            "01.png PendingDelete",
            "en-us\\02.png PendingDelete",
            "en-us/03.png PendingDelete",
        ];
        let kept = [
            "en-us/edited.png PendingUpload",
            "*01.png Uploaded",
            "*en-us/02.png PendingUpload",
        ];
        let with = |new: &[&'static str]| [&gone[..], &kept[..], new].concat();
        let table: [(&[&str], &[&'static str]); 3] = [
            (&[], &[]),
            (&["shots/02.png"], &["en-us/02.png PendingUpload"]),
            (
                &["b.png", "a.png", "other/b.png"],
                &[
                    "en-us/b.png PendingUpload",
                    "en-us/a.png PendingUpload",
                    "en-us/b-2.png PendingUpload",
                ],
            ),
        ];
        for (paths, new) in table {
            assert_eq!(placed(&there, &given("en-US", paths, true)), with(new), "{paths:?}");
        }
    }

    #[test]
    fn one_is_added_or_takes_the_place_of_its_name() {
        let table = [
            ("01.png", "PendingDelete"),
            ("en-us/01.png", "PendingDelete"),
            ("en-us\\01.png", "PendingDelete"),
            ("EN-US\\01.PNG", "PendingDelete"),
            ("de-de/01.png", "Uploaded"),
            ("screens/01.png", "Uploaded"),
            ("en-us/old/01.png", "Uploaded"),
            ("101.png", "Uploaded"),
        ];
        for (name, becomes) in table {
            let given = given("en-us", &["shots/01.png"], false);
            let expected = [format!("{name} {becomes}"), "en-us/01.png PendingUpload".to_owned()];
            assert_eq!(placed(&[image(name, "Uploaded", &SHOTS)], &given), expected, "{name}");
            let icon = image(name, "Uploaded", &ImageType::Icon);
            let expected = [format!("*{name} Uploaded"), "en-us/01.png PendingUpload".to_owned()];
            assert_eq!(placed(&[icon], &given), expected, "{name} of another type");
        }
    }

    #[test]
    fn what_waits_already_stays_and_comes_in_the_given_order() {
        let waits = |name: &str| image(name, "PendingUpload", &SHOTS);
        let table: [(&[&str], &[&str], &[&str]); 6] = [
            (
                &["en-us/1.png", "en-us\\2.png"],
                &["1.png", "2.png"],
                &["en-us/1.png", "en-us\\2.png"],
            ),
            (
                &["en-us/2.png", "en-us/1.png"],
                &["1.png", "2.png"],
                &["en-us/1.png", "en-us/2.png"],
            ),
            (
                &["en-us/1.png", "en-us/3.png"],
                &["1.png", "2.png", "3.png"],
                &["en-us/1.png", "en-us/2.png", "en-us/3.png"],
            ),
            (&["en-us/1.png", "en-us/1.png"], &["1.png"], &["en-us/1.png"]),
            // Its file would not be in the archive under that name.
            (&["en-US/1.png", "1.png"], &["1.png"], &["en-us/1.png"]),
            (&["en-us/old.png"], &["1.png"], &["en-us/1.png"]),
        ];
        for (there, paths, becomes) in table {
            let there: Vec<_> = there.iter().map(|name| waits(name)).collect();
            let becomes: Vec<_> = becomes.iter().map(|name| format!("{name} PendingUpload")).collect();
            assert_eq!(placed(&there, &given("en-us", paths, true)), becomes, "{there:?}");
        }
        // One that is merely added leaves what waits under another name.
        let placed = placed(
            &[waits("en-us/old.png"), waits("en-US/1.png")],
            &given("en-us", &["1.png"], false),
        );
        assert_eq!(placed, ["en-us/old.png PendingUpload", "en-us/1.png PendingUpload"]);
    }

    #[test]
    fn names_in_the_archive_are_distinct_and_the_same_each_time() {
        let mut given = GivenImages::default();
        let icon = ImageType::Icon;
        let table = [
            ("en-US", &SHOTS, "a/1.png", "en-us/1.png"),
            ("en-us", &SHOTS, "b/1.png", "en-us/1-2.png"),
            ("EN-us", &icon, "b/1.PNG", "en-us/1-3.PNG"),
            ("en-us", &icon, "c/1-2.png", "en-us/1-2-2.png"),
            ("de-de", &SHOTS, "a/1.png", "de-de/1.png"),
            ("de-de", &SHOTS, "no extension", "de-de/no extension"),
            ("de-de", &SHOTS, "x/no extension", "de-de/no extension-2"),
            // The same file twice is for whoever looks at the files to refuse.
            ("de-de", &SHOTS, "a/1.png", "de-de/1.png"),
        ];
        for (language, image_type, path, name) in table {
            assert_eq!(given.add(language, image_type, Path::new(path)), name);
        }
        assert_eq!(given.groups().len(), 3);
        assert!(given.has("en-us\\1-2.png") && !given.has("1.png"));
    }

    fn named<'i>(images: &'i [Image], language: &'i str) -> Vec<NamedImage<'i>> {
        listing_images(language, None, images).collect()
    }

    #[test]
    fn a_submission_under_way_has_them_or_not() {
        let with_id = |name: &str, status: &str, id: &str| Image {
            id: id.to_owned(),
            ..image(name, status, &SHOTS)
        };
        let known = [with_id("1.png", "Uploaded", "7")];
        let table = [
            ("there", vec![with_id("en-us/1.png", "Uploaded", "8")], true),
            ("not ingested yet", vec![with_id("en-us\\1.png", "PendingUpload", "")], true),
            ("another language's", vec![with_id("de-de/1.png", "Uploaded", "8")], false),
            ("the old one", vec![with_id("1.png", "Uploaded", "7")], false),
            ("goes", vec![with_id("en-us/1.png", "PendingDelete", "8")], false),
            ("none", vec![], false),
        ];
        for (what, there, is_in) in table {
            for is_all in [true, false] {
                let given = given("EN-us", &["1.png"], is_all);
                assert_eq!(
                    given.are_in(&named(&there, "en-us"), &named(&known, "en-us")),
                    is_in,
                    "{what}"
                );
            }
        }
        let both = [
            with_id("en-us/1.png", "Uploaded", "8"),
            with_id("en-us/2.png", "Uploaded", "9"),
        ];
        for (is_all, is_in) in [(true, false), (false, true)] {
            assert_eq!(given("en-us", &["1.png"], is_all).are_in(&named(&both, "en-us"), &[]), is_in);
        }
        // None at all are wanted.
        assert!(given("en-us", &[], true).are_in(&[], &[]));
        assert!(!given("en-us", &[], true).are_in(&named(&both, "en-us"), &[]));
    }
}
