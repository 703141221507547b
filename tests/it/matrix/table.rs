//! What the crate promises on a bad day: for each class of call (a column) and each fault (a row) how the call ends, and
//! after the blank `sent/applied`: how often its request reached the service and how often it took effect there. `+` is again
//! and again for three minutes, and each time that it was sent.
//!
//! | end       | means                                                                                       |
//! |-----------|---------------------------------------------------------------------------------------------|
//! | `ok`      | done                                                                                        |
//! | `adopted` | done, and the result says that what was found may not be ours                               |
//! | `no`      | the error of the row; `outcome()` is `NotApplied`                                           |
//! | `maybe`   | the error of the row; `outcome()` is `MaybeApplied`                                         |
//! | `did`     | the error of the row; `outcome()` is `Applied`                                              |
//! | `still`   | `DeletionTimedOut`: the service says it is deleted, and goes on showing it                  |
//!
//! | class           | calls                                                                                 |
//! |-----------------|---------------------------------------------------------------------------------------|
//! | read            | GET of one thing, statuses included                                                   |
//! | list            | GET of a list                                                                         |
//! | update          | PUT of a submission, which replaces the whole; PUT, PATCH and the commit of packages of an MSI or EXE app |
//! | delete          | DELETE; a 404 after an attempt that may have done it is success                       |
//! | once            | POST that creates a submission, an add-on, a flight or places for images, commits or submits |
//! | raw once        | `client.request(…, Replay::Once)`, whose answer is not looked into                    |
//! | rollout         | POST that changes a rollout; looked up when its outcome is unknown                    |
//! | ensure_created  | looks for the draft, or the submission of an MSI or EXE app, for 60 s when the outcome is unknown, then sends once more |
//! | ensure_deleted  | deletes, then looks for up to 60 s until it is gone                                   |
//! | commit_and_wait | reads the status before; commits once more if it is as before 10 s after a lost answer |
//! | create_or_find  | looks before, and for 60 s when the outcome is unknown; never creates twice           |

/// Each fault comes twice: it happens to the first such request (`once`), and to all of them (`ever`).
pub(super) const TABLE: &str = "
fault                          when | error            | read      list      update    delete    | once      raw once  | rollout   ensure_created ensure_deleted commit_and_wait create_or_find
connection refused             once | -                | ok 1/0    ok 1/0    ok 1/1    ok 1/1    | ok 1/1    ok 1/1    | ok 1/1    ok 1/1         ok 1/1         ok 1/1          ok 1/1
connection refused             ever | Connect          | no 0/0    no 0/0    no 0/0    no 0/0    | no 0/0    no 0/0    | no 0/0    no 0/0         no 0/0         no 0/0          no 0/0
reset, not applied             once | Interrupted      | ok 2/0    ok 2/0    ok 2/1    ok 2/1    | maybe 1/0 maybe 1/0 | ok 2/1    ok 2/1         ok 2/1         ok 2/1          maybe 1/0
reset, not applied             ever | Interrupted      | no +/0    no +/0    maybe +/0 maybe +/0 | maybe 1/0 maybe 1/0 | maybe 2/0 maybe 2/0      maybe +/0      maybe 2/0       maybe 1/0
reset, applied                 once | Interrupted      | ok 2/0    ok 2/0    ok 2/2    ok 2/1    | maybe 1/1 maybe 1/1 | ok 1/1    adopted 1/1    ok 2/1         ok 1/1          adopted 1/1
reset, applied                 ever | Interrupted      | no +/0    no +/0    maybe +/+ maybe +/1 | maybe 1/1 maybe 1/1 | ok 1/1    adopted 1/1    ok +/1         ok 1/1          adopted 1/1
reset within the answer        once | CutAnswer        | ok 2/0    ok 2/0    ok 2/2    ok 2/1    | did 1/1   did 1/1   | ok 1/1    adopted 1/1    ok 2/1         ok 1/1          adopted 1/1
reset within the answer        ever | CutAnswer        | no +/0    no +/0    did +/+   ok 2/1    | did 1/1   did 1/1   | ok 1/1    adopted 1/1    ok 2/1         ok 1/1          adopted 1/1
end within the answer          once | CutAnswer        | ok 2/0    ok 2/0    ok 2/2    ok 2/1    | did 1/1   did 1/1   | ok 1/1    adopted 1/1    ok 2/1         ok 1/1          adopted 1/1
end within the answer          ever | CutAnswer        | no +/0    no +/0    did +/+   ok 2/1    | did 1/1   did 1/1   | ok 1/1    adopted 1/1    ok 2/1         ok 1/1          adopted 1/1
408                            once | 408              | ok 2/0    ok 2/0    ok 2/1    ok 2/1    | maybe 1/0 maybe 1/0 | ok 2/1    ok 2/1         ok 2/1         ok 2/1          maybe 1/0
408                            ever | 408              | no +/0    no +/0    maybe +/0 maybe +/0 | maybe 1/0 maybe 1/0 | maybe 2/0 maybe 2/0      maybe +/0      maybe 2/0       maybe 1/0
429, wait as seconds           once | 429              | ok 2/0    ok 2/0    ok 2/1    ok 2/1    | ok 2/1    ok 2/1    | ok 2/1    ok 2/1         ok 2/1         ok 2/1          ok 2/1
429, wait as seconds           ever | 429              | no 1/0    no 1/0    no 1/0    no 1/0    | no 1/0    no 1/0    | no 1/0    no 1/0         no 1/0         no 1/0          no 1/0
429, wait as a date            once | 429              | ok 2/0    ok 2/0    ok 2/1    ok 2/1    | ok 2/1    ok 2/1    | ok 2/1    ok 2/1         ok 2/1         ok 2/1          ok 2/1
429, wait as a date            ever | 429              | no 1/0    no 1/0    no 1/0    no 1/0    | no 1/0    no 1/0    | no 1/0    no 1/0         no 1/0         no 1/0          no 1/0
429, wait in the text          once | 429              | ok 2/0    ok 2/0    ok 2/1    ok 2/1    | ok 2/1    ok 2/1    | ok 2/1    ok 2/1         ok 2/1         ok 2/1          ok 2/1
429, wait in the text          ever | 429              | no 1/0    no 1/0    no 1/0    no 1/0    | no 1/0    no 1/0    | no 1/0    no 1/0         no 1/0         no 1/0          no 1/0
500                            once | 500              | ok 2/0    ok 2/0    ok 2/1    ok 2/1    | maybe 1/0 maybe 1/0 | ok 2/1    ok 2/1         ok 2/1         ok 2/1          maybe 1/0
500                            ever | 500              | no +/0    no +/0    maybe +/0 maybe +/0 | maybe 1/0 maybe 1/0 | maybe 2/0 maybe 2/0      maybe +/0      maybe 2/0       maybe 1/0
502, a page                    once | 502              | ok 2/0    ok 2/0    ok 2/1    ok 2/1    | maybe 1/0 maybe 1/0 | ok 2/1    ok 2/1         ok 2/1         ok 2/1          maybe 1/0
502, a page                    ever | 502              | no +/0    no +/0    maybe +/0 maybe +/0 | maybe 1/0 maybe 1/0 | maybe 2/0 maybe 2/0      maybe +/0      maybe 2/0       maybe 1/0
503, not applied               once | 503              | ok 2/0    ok 2/0    ok 2/1    ok 2/1    | maybe 1/0 maybe 1/0 | ok 2/1    ok 2/1         ok 2/1         ok 2/1          maybe 1/0
503, not applied               ever | 503              | no +/0    no +/0    maybe +/0 maybe +/0 | maybe 1/0 maybe 1/0 | maybe 2/0 maybe 2/0      maybe +/0      maybe 2/0       maybe 1/0
503, applied                   once | 503              | ok 2/0    ok 2/0    ok 2/2    ok 2/1    | maybe 1/1 maybe 1/1 | ok 1/1    adopted 1/1    ok 2/1         ok 1/1          adopted 1/1
503, applied                   ever | 503              | no +/0    no +/0    maybe +/+ maybe +/1 | maybe 1/1 maybe 1/1 | ok 1/1    adopted 1/1    ok +/1         ok 1/1          adopted 1/1
504, applied                   once | 504              | ok 2/0    ok 2/0    ok 2/2    ok 2/1    | maybe 1/1 maybe 1/1 | ok 1/1    adopted 1/1    ok 2/1         ok 1/1          adopted 1/1
504, applied                   ever | 504              | no +/0    no +/0    maybe +/+ maybe +/1 | maybe 1/1 maybe 1/1 | ok 1/1    adopted 1/1    ok +/1         ok 1/1          adopted 1/1
403, empty                     once | 403              | no 1/0    no 1/0    no 1/0    no 1/0    | no 1/0    no 1/0    | no 1/0    no 1/0         no 1/0         no 1/0          no 1/0
403, empty                     ever | 403              | no 1/0    no 1/0    no 1/0    no 1/0    | no 1/0    no 1/0    | no 1/0    no 1/0         no 1/0         no 1/0          no 1/0
404, empty                     once | 404              | no 1/0    ok 1/0    no 1/0    no 1/0    | no 1/0    no 1/0    | no 1/0    no 1/0         still 1/0      no 1/0          no 1/0
404, empty                     ever | 404              | no 1/0    ok 1/0    no 1/0    no 1/0    | no 1/0    no 1/0    | no 1/0    no 1/0         still 1/0      no 1/0          no 1/0
401                            once | 401              | ok 2/0    ok 2/0    ok 2/1    ok 2/1    | ok 2/1    ok 2/1    | ok 2/1    ok 2/1         ok 2/1         ok 2/1          ok 2/1
401                            ever | 401              | no 2/0    no 2/0    no 2/0    no 2/0    | no 2/0    no 2/0    | no 2/0    no 2/0         no 2/0         no 2/0          no 2/0
truncated JSON                 once | Decode           | no 1/0    no 1/0    did 1/1   ok 1/1    | did 1/1   ok 1/1    | ok 1/1    adopted 1/1    ok 1/1         ok 1/1          adopted 1/1
truncated JSON                 ever | Decode           | no 1/0    no 1/0    did 1/1   ok 1/1    | did 1/1   ok 1/1    | ok 1/1    adopted 1/1    ok 1/1         ok 1/1          adopted 1/1
another content type           once | -                | ok 1/0    ok 1/0    ok 1/1    ok 1/1    | ok 1/1    ok 1/1    | ok 1/1    ok 1/1         ok 1/1         ok 1/1          ok 1/1
another content type           ever | -                | ok 1/0    ok 1/0    ok 1/1    ok 1/1    | ok 1/1    ok 1/1    | ok 1/1    ok 1/1         ok 1/1         ok 1/1          ok 1/1
200, a page, not applied       once | Decode           | no 1/0    no 1/0    maybe 1/0 maybe 1/0 | maybe 1/0 ok 1/0    | ok 2/1    ok 2/1         maybe 1/0      ok 2/1          maybe 1/0
200, a page, not applied       ever | Decode           | no 1/0    no 1/0    maybe 1/0 maybe 1/0 | maybe 1/0 ok 1/0    | maybe 2/0 maybe 2/0      maybe 1/0      maybe 2/0       maybe 1/0
too slow for an attempt        once | TimedOut         | ok 2/0    ok 2/0    ok 2/2    ok 2/1    | maybe 1/1 maybe 1/1 | ok 1/1    adopted 1/1    ok 2/1         ok 1/1          adopted 1/1
too slow for the call          ever | TimedOut         | no 1/0    no 1/0    maybe 1/1 maybe 1/1 | maybe 1/1 maybe 1/1 | ok 1/1    adopted 1/1    ok 1/1         ok 1/1          adopted 1/1
";

/// What is expected of a cell.
#[derive(Debug, Clone)]
pub(super) struct Expected {
    pub(super) end: String,
    /// None for again and again.
    pub(super) sent: Option<usize>,
    /// None for each time that it was sent.
    pub(super) applied: Option<usize>,
}

impl Expected {
    /// Whether a call has done that.
    pub(super) fn is(&self, end: &str, sent: usize, applied: usize) -> bool {
        // So often in three minutes, if each pause is the longest.
        const OFTEN: usize = 12;
        self.end == end && self.sent.map_or(sent >= OFTEN, |times| sent == times) && applied == self.applied.unwrap_or(sent)
    }
}

/// A row.
pub(super) struct Row {
    pub(super) fault: String,
    pub(super) ever: bool,
    pub(super) error: String,
    /// A class and what is expected of it.
    pub(super) cells: Vec<(String, Expected)>,
}

/// Reads the table. Classes may have a blank in them; cells are an end and two numbers.
pub(super) fn rows() -> Vec<Row> {
    let mut lines = TABLE.trim().lines();
    let number = |text: &str| (text != "+").then(|| text.parse().unwrap());
    let parts = |line: &'static str| line.split('|').map(str::trim).collect::<Vec<_>>();
    let head = parts(lines.next().unwrap());
    let classes: Vec<String> = head[2..]
        .join("  ")
        .replace("raw once", "raw~once")
        .split_whitespace()
        .map(|class| class.replace('~', " "))
        .collect();
    lines
        .map(|line| {
            let parts = parts(line);
            let (fault, when) = parts[0].rsplit_once(' ').unwrap();
            let words: Vec<&str> = parts[2..].iter().flat_map(|part| part.split_whitespace()).collect();
            assert_eq!(words.len(), 2 * classes.len(), "{line}");
            let cells = words.chunks(2).map(|cell| {
                let (sent, applied) = cell[1].split_once('/').unwrap();
                Expected {
                    end: cell[0].to_owned(),
                    sent: number(sent),
                    applied: number(applied),
                }
            });
            Row {
                fault: fault.trim().to_owned(),
                ever: when == "ever",
                error: parts[1].to_owned(),
                cells: classes.iter().cloned().zip(cells).collect(),
            }
        })
        .collect()
}
