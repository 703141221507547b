//! Uploads of msstore against its peers: plain numbers, in one run. See the README beside.
//!
//! Each upload is a process of its own, so that its time, its processor time and its peak memory are its own. The server
//! is in this process.

mod peers;
mod server;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

use peers::Usage;
use server::{Fault, Server, Settings};

const MIB: u64 = 1 << 20;
const ROUNDS: usize = 5;

type Contender = (&'static str, usize);

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [child, peer, link, file, concurrency, timeout] = &arguments[..] {
        assert_eq!(child, "child");
        let timeout = timeout.parse().map(Duration::from_secs).ok();
        return peers::run(peer, link, Path::new(file), concurrency.parse().unwrap(), timeout).await;
    }
    let chosen = |name: &str| arguments.is_empty() || arguments.iter().any(|argument| argument == name);
    if chosen("latency") {
        latency().await;
    }
    if chosen("loopback") {
        loopback().await;
    }
    if chosen("memory") {
        memory().await;
    }
    if chosen("faults") {
        faults().await;
    }
    if chosen("resume") {
        resume().await;
    }
}

async fn latency() {
    println!("\n40 ms answers, 25 MB/s a connection, 256 MiB\n");
    let file = Temporary::random(256 * MIB);
    let settings = Settings {
        rate: Some(25e6),
        delay: Duration::from_millis(40),
        fault: None,
    };
    let contenders = [
        ("azure_storage_blob", 0),
        ("msstore", 0),
        ("azure_storage_blob", 8),
        ("msstore", 8),
        ("azure_storage_blob", 16),
        ("msstore", 16),
        ("single PUT", 0),
    ];
    let usage = compare(settings, &file.0, &contenders).await;
    ratio(
        "wall, defaults, msstore / azure_storage_blob",
        usage[1].wall / usage[0].wall,
        0.6,
    );
    ratio(
        "wall, 8 at once, msstore / azure_storage_blob",
        usage[3].wall / usage[2].wall,
        1.03,
    );
    ratio(
        "wall, 16 at once, msstore / azure_storage_blob",
        usage[5].wall / usage[4].wall,
        1.03,
    );
}

async fn loopback() {
    println!("\nLoopback without a cap, 1 GiB\n");
    let file = Temporary::random(1024 * MIB);
    let contenders = [
        ("single PUT", 0),
        ("msstore", 0),
        ("azure_storage_blob", 0),
        ("azure_storage_blob", 16),
    ];
    let usage = compare(Settings::default(), &file.0, &contenders).await;
    ratio("wall, msstore / single PUT", usage[1].wall / usage[0].wall, 1.25);
    ratio("CPU, msstore / single PUT", usage[1].cpu / usage[0].cpu, 1.5);
    ratio("wall, msstore / azure_storage_blob", usage[1].wall / usage[2].wall, 1.0);
    ratio("CPU, msstore / azure_storage_blob", usage[1].cpu / usage[2].cpu, 1.0);
    ratio(
        "wall, msstore / azure_storage_blob, 16 at once",
        usage[1].wall / usage[3].wall,
        1.0,
    );
    ratio(
        "CPU, msstore / azure_storage_blob, 16 at once",
        usage[1].cpu / usage[3].cpu,
        1.0,
    );
}

async fn memory() {
    println!("\nPeak memory of a process that only uploads (VmHWM in MiB)\n");
    println!("| file | 16 × 4 MiB | limit | 4 × 4 MiB | limit |\n|---|---|---|---|---|");
    for size in [256, 1024, 5 * 1024] {
        let file = Temporary::sparse(size * MIB);
        let (mut defaults, mut four) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            defaults.push(once(Settings::default(), &file.0, ("msstore", 0)).await.memory);
            four.push(once(Settings::default(), &file.0, ("msstore", 4)).await.memory);
        }
        let worst = |values: &[f64]| values.iter().copied().fold(0.0, f64::max);
        println!("| {size} MiB | {:.1} | 88 | {:.1} | 40 |", worst(&defaults), worst(&four));
    }
}

async fn faults() {
    println!("\nEvery 20th block request fails, 256 MiB\n");
    println!("| fault | retries | bytes at the server / file | limit |\n|---|---|---|---|");
    let file = Temporary::random(256 * MIB);
    for fault in [Fault::Unavailable, Fault::Reset, Fault::Stall] {
        let settings = Settings {
            fault: Some(fault),
            ..Settings::default()
        };
        let server = Server::start(settings).await;
        let usage = finished(child(&server, &file.0, ("msstore", 0), Some(1))).await;
        let counts = server.counts.lock().unwrap();
        assert_eq!(counts.blocks.values().sum::<u64>(), 256 * MIB);
        let bytes = counts.bytes as f64 / (256 * MIB) as f64;
        println!("| {fault:?} | {} | {bytes:.3} | 1.1 |", usage.retries);
    }
}

async fn resume() {
    println!("\n1 GiB, killed once 60 % of the blocks are acknowledged, started again\n");
    println!("| | share of the file |\n|---|---|");
    let size = 1024 * MIB;
    let file = Temporary::random(size);
    // Slow enough to be killed in time.
    let settings = Settings {
        rate: Some(25e6),
        delay: Duration::from_millis(40),
        fault: None,
    };
    let server = Server::start(settings).await;
    let mut first = child(&server, &file.0, ("msstore", 0), None);
    while server.counts.lock().unwrap().blocks.len() as u64 * 4 * MIB < size * 6 / 10 {
        assert!(first.try_wait().unwrap().is_none(), "it was too quick to be killed");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    first.kill().await.unwrap();
    // What was on its way arrives or breaks off.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let acknowledged = server.counts.lock().unwrap().blocks.len() as u64 * 4 * MIB;
    let before = server.counts.lock().unwrap().bytes;
    finished(child(&server, &file.0, ("msstore", 0), None)).await;
    let counts = server.counts.lock().unwrap();
    let share = |bytes: u64| bytes as f64 / size as f64;
    println!("| acknowledged before | {:.3} |", share(acknowledged));
    println!("| sent by the second process | {:.3} |", share(counts.bytes - before));
    println!("| limit: 40 % and what was in flight | {:.3} |", 0.4 + share(64 * MIB));
    println!("| acknowledged blocks sent again | {} |", counts.repeated);
    assert_eq!(counts.blocks.values().sum::<u64>(), size);
}

/// Every contender in every round; the medians.
async fn compare(settings: Settings, file: &Path, contenders: &[Contender]) -> Vec<Usage> {
    let mut all = vec![Vec::new(); contenders.len()];
    for _ in 0..ROUNDS {
        for (index, contender) in contenders.iter().enumerate() {
            all[index].push(once(settings, file, *contender).await);
        }
    }
    println!("| | blocks at once | wall s | CPU s | VmHWM MiB |\n|---|---|---|---|---|");
    let mut medians = Vec::new();
    for ((peer, concurrency), usages) in contenders.iter().zip(all) {
        let median = |field: fn(&Usage) -> f64| {
            let mut values: Vec<f64> = usages.iter().map(field).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        let usage = Usage {
            wall: median(|usage| usage.wall),
            cpu: median(|usage| usage.cpu),
            memory: median(|usage| usage.memory),
            retries: 0.0,
        };
        let at_once = if *concurrency == 0 {
            "default".to_owned()
        } else {
            concurrency.to_string()
        };
        println!(
            "| {peer} | {at_once} | {:.3} | {:.2} | {:.1} |",
            usage.wall, usage.cpu, usage.memory
        );
        medians.push(usage);
    }
    println!("\n| ratio | reached | limit |\n|---|---|---|");
    medians
}

fn ratio(name: &str, reached: f64, limit: f64) {
    println!("| {name} | {reached:.3} | {limit} |");
}

async fn once(settings: Settings, file: &Path, contender: Contender) -> Usage {
    let server = Server::start(settings).await;
    finished(child(&server, file, contender, None)).await
}

fn child(server: &Server, file: &Path, (peer, concurrency): Contender, timeout: Option<u64>) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["child", peer, &server.link()])
        .arg(file)
        .arg(concurrency.to_string())
        .arg(timeout.map_or("none".to_owned(), |timeout| timeout.to_string()))
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

async fn finished(child: Child) -> Usage {
    let output = child.wait_with_output().await.unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let numbers: Vec<f64> = text.split_whitespace().map(|number| number.parse().unwrap()).collect();
    Usage {
        wall: numbers[0],
        cpu: numbers[1],
        memory: numbers[2],
        retries: numbers[3],
    }
}

/// A file that is gone at the end.
struct Temporary(PathBuf);

impl Temporary {
    fn new() -> Self {
        Self(std::env::temp_dir().join(format!("msstore-bench-{}", std::process::id())))
    }

    /// Read once, so that it lies in the page cache.
    fn random(length: u64) -> Self {
        let file = Self::new();
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut content = Vec::with_capacity(length as usize);
        while (content.len() as u64) < length {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            content.extend(state.to_le_bytes());
        }
        std::fs::write(&file.0, &content).unwrap();
        drop(content);
        std::io::copy(&mut std::fs::File::open(&file.0).unwrap(), &mut std::io::sink()).unwrap();
        file
    }

    fn sparse(length: u64) -> Self {
        let file = Self::new();
        std::fs::File::create(&file.0).unwrap().set_len(length).unwrap();
        file
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
