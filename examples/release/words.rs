//! The library advises in the names of its methods and types. Here they are options.

/// What the library says, and what this program says instead; whole phrases before the names in them.
const WORDS: [(&str, &str); 22] = [
    (
        "publish() with PendingPolicy::Reuse or .submission(id) goes on with it",
        "the same command with --pending reuse (or MSSTORE_PENDING=reuse) goes on with it",
    ),
    (
        ", as publish() does with PendingPolicy::Replace",
        ": run the same command again with --pending replace",
    ),
    ("PendingPolicy::Fail", "--pending fail"),
    ("PendingPolicy::Replace", "--pending replace"),
    ("PendingPolicy::Reuse", "--pending reuse"),
    (": go on with it, or delete it before the next submission", ""),
    (
        "read the submission again and use the link that it has now",
        "run it again to use the link that it has now",
    ),
    (": read the submission again for its link", ""),
    (" or add that with http_client_builder()", ""),
    (
        "keep the entry, and set its file_status to PendingDelete to remove the package",
        "leave applicationPackages out of --merge; --existing matching or all removes packages",
    ),
    (
        "choose .existing_rollout(ExistingRollout::Finalize) or ExistingRollout::Halt",
        "finalize or halt it in Partner Center, or with the example gradual_rollout",
    ),
    (
        "choose .no_rollout() or .rollout_percentage(..), or allow Guard::InheritedRollout",
        "choose --rollout none or --rollout PERCENT",
    ),
    (
        "leave it out, raise its version, or insist with .again()",
        "leave it out, or raise its version",
    ),
    (": state it with .architecture(…)", ": choose --existing keep or all"),
    (": state it with .min_os(…)", ": choose --existing keep or all"),
    (
        "add them with .package(), .image(), .icon() or .file()",
        "add them as packages or with --images",
    ),
    ("ExistingPackages::ReplaceMatching", "--existing matching"),
    ("ExistingPackages::ReplaceAll", "--existing all"),
    (", or use update_at_any_price(), or allow Guard::Price in publish()", ""),
    ("with .images()", "with --images"),
    (
        "set another with .publish_at(..), or .publish_mode(TargetPublishMode::Immediate)",
        "set targetPublishDate or targetPublishMode with --merge",
    ),
    (
        ".mandatory(..) sets it",
        "packageDeliveryOptions.isMandatoryUpdate in --merge sets it",
    ),
];

/// A text of the library in the words of this program.
pub(crate) fn in_options(text: &str) -> String {
    WORDS
        .iter()
        .fold(text.to_owned(), |text, (theirs, ours)| text.replace(theirs, ours))
}
