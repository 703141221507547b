//! Reads manifests, by pure functions.
//!
//! Element names are compared without their namespace, for each version of Windows has its own and adds to it. A DTD is refused,
//! so there are no entities, and what would make the reader slow is refused before it reads.

use std::borrow::Cow;

use roxmltree::{Document, Node, ParsingOptions};

use crate::package::info::{DeviceFamily, PackageIdentity, PackageInfo, PackageKind, PackageRole, distinct};
use crate::package::read::fault::{Fault, PACKAGES};
use crate::package::version::Version;

/// The beginning of the namespaces of all manifests, from Windows 8 on.
const NAMESPACES: &str = "http://schemas.microsoft.com/appx/";
const RESTRICTED: &str = "/restrictedcapabilities";
/// Elements and texts in a manifest.
const NODES: u32 = 1 << 18;
/// Namespaces in a manifest, and attributes of one element: the reader compares each with all others.
const CROWD: usize = 1000;

/// Reads the manifest of a package.
pub(super) fn package(bytes: &[u8]) -> Result<PackageInfo, Fault> {
    let text = decode(bytes)?;
    let document = parse(&text, "Package")?;
    let root = document.root_element();
    let is_set = |property: &str| {
        let value = child(root, "Properties")
            .and_then(|properties| child(properties, property))
            .and_then(|value| value.text());
        value.is_some_and(|value| matches!(value.trim(), "true" | "1"))
    };
    let device_families = families(root)?;
    let oldest = child(root, "Prerequisites").and_then(|prerequisites| child(prerequisites, "OSMinVersion"));
    let oldest = oldest.and_then(|version| Version::short(version.text()?.trim()));
    let restricted = children(root, "Capabilities").filter(|capability| {
        let namespace = capability.tag_name().namespace().unwrap_or_default();
        namespace.contains(RESTRICTED)
    });
    Ok(PackageInfo {
        role: match (is_set("Framework"), is_set("ResourcePackage")) {
            (true, _) => PackageRole::Framework,
            (_, true) => PackageRole::Resource,
            _ => PackageRole::Application,
        },
        identity: Some(identity(root)?),
        architectures: vec![architecture(child(root, "Identity").unwrap_or(root), "ProcessorArchitecture")],
        min_os: device_families.iter().map(|family| family.min_version).min().or(oldest),
        device_families,
        languages: languages(root),
        restricted_capabilities: distinct(restricted.filter_map(|capability| capability.attribute("Name"))),
        ..PackageInfo::default()
    })
}

/// Reads the manifest of a bundle: its identity, and what it says about its packages.
pub(super) fn bundle(bytes: &[u8]) -> Result<(PackageIdentity, Vec<PackageInfo>), Fault> {
    let text = decode(bytes)?;
    let document = parse(&text, "Bundle")?;
    let root = document.root_element();
    let identity = identity(root)?;
    let listed = |package: Node<'_, '_>| {
        let device_families = families(package)?;
        let is_application = package.attribute("Type") == Some("application");
        Ok(PackageInfo {
            file_name: required(package, "FileName")?.replace('\\', "/"),
            kind: PackageKind::Package,
            role: if is_application {
                PackageRole::Application
            } else {
                PackageRole::Resource
            },
            identity: Some(PackageIdentity {
                version: version(package, "Version")?,
                ..identity.clone()
            }),
            architectures: vec![architecture(package, "Architecture")],
            min_os: device_families.iter().map(|family| family.min_version).min(),
            device_families,
            languages: languages(package),
            unreadable: Some("it is not in the bundle".to_owned()),
            ..PackageInfo::default()
        })
    };
    let packages = children(root, "Packages").filter(|package| package.tag_name().name() == "Package");
    let listed = packages.map(listed).collect::<Result<Vec<_>, Fault>>()?;
    if listed.len() > PACKAGES {
        return Err(Fault::wrong(format!("its manifest lists more than {PACKAGES} packages")));
    }
    Ok((identity, listed))
}

/// Decodes UTF-8 or UTF-16, with or without a byte order mark.
fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Fault> {
    let wide = |bytes: &[u8], number: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes.as_chunks();
        let text = char::decode_utf16(pairs.iter().map(|pair| number(*pair)));
        text.collect::<Result<String, _>>()
            .ok()
            .filter(|_| rest.is_empty())
            .map(Cow::from)
    };
    let text = match bytes {
        [0xff, 0xfe, text @ ..] | text @ [b'<', 0, ..] => wide(text, u16::from_le_bytes),
        [0xfe, 0xff, text @ ..] | text @ [0, b'<', ..] => wide(text, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, text @ ..] | text => std::str::from_utf8(text).ok().map(Cow::from),
    };
    text.ok_or_else(|| Fault::wrong("its manifest is neither UTF-8 nor UTF-16"))
}

fn parse<'a>(text: &'a str, root: &str) -> Result<Document<'a>, Fault> {
    let crowded = |tag: &str| tag.matches('=').count() > CROWD;
    if text.matches("xmlns").count() > CROWD || text.split('<').any(crowded) {
        return Err(Fault::wrong(format!(
            "its manifest has more than {CROWD} attributes in one place"
        )));
    }
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: NODES,
        ..ParsingOptions::default()
    };
    let document = Document::parse_with_options(text, options);
    let document = document.map_err(|error| Fault::wrong(format!("its manifest cannot be read as XML ({error})")))?;
    let name = document.root_element().tag_name();
    if name.name() != root || !name.namespace().is_some_and(|namespace| namespace.starts_with(NAMESPACES)) {
        return Err(Fault::wrong(format!("its manifest is not that of a {}", root.to_lowercase())));
    }
    Ok(document)
}

fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|child| child.tag_name().name() == name)
}

/// Returns the children of all elements of this name.
fn children<'a, 'i>(node: Node<'a, 'i>, name: &str) -> impl Iterator<Item = Node<'a, 'i>> {
    let lists = node.children().filter(move |child| child.tag_name().name() == name);
    lists.flat_map(|list| list.children()).filter(Node::is_element)
}

fn identity(root: Node<'_, '_>) -> Result<PackageIdentity, Fault> {
    let identity = child(root, "Identity").ok_or_else(|| Fault::wrong("its manifest has no Identity"))?;
    Ok(PackageIdentity {
        name: required(identity, "Name")?.to_owned(),
        publisher: required(identity, "Publisher")?.to_owned(),
        version: version(identity, "Version")?,
    })
}

fn required<'a>(node: Node<'a, '_>, name: &str) -> Result<&'a str, Fault> {
    let value = node.attribute(name).filter(|value| !value.is_empty());
    value.ok_or_else(|| Fault::wrong(format!("its manifest has no {name} in {}", node.tag_name().name())))
}

fn version(node: Node<'_, '_>, name: &str) -> Result<Version, Fault> {
    let text = required(node, name)?;
    text.parse().map_err(|_| {
        let element = node.tag_name().name();
        Fault::wrong(format!(
            "the {name} of the {element} in its manifest is {text:?} and not four numbers from 0 to 65535"
        ))
    })
}

fn architecture(node: Node<'_, '_>, name: &str) -> String {
    node.attribute(name).unwrap_or("neutral").to_lowercase()
}

fn languages(node: Node<'_, '_>) -> Vec<String> {
    distinct(children(node, "Resources").filter_map(|resource| resource.attribute("Language")))
}

fn families(node: Node<'_, '_>) -> Result<Vec<DeviceFamily>, Fault> {
    let families = children(node, "Dependencies").filter(|dependency| dependency.tag_name().name() == "TargetDeviceFamily");
    let read = |family| {
        Ok(DeviceFamily {
            name: required(family, "Name")?.to_owned(),
            min_version: version(family, "MinVersion")?,
            max_version_tested: family.attribute("MaxVersionTested").and_then(Version::short),
        })
    };
    families.map(read).collect()
}
