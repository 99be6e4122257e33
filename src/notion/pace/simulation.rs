//! Workers and an API, simulated event by event: no thread, no real time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::*;

const MINUTES: u64 = 10;

/// An API that grants or refuses; times in milliseconds.
trait Api {
    /// `None` grants.
    fn ask(&mut self, now: u64) -> Option<Outcome>;
    /// What it would have granted in this time to somebody who can ask `demand` in a
    /// millisecond and knows the budget.
    fn possible(&self, time: u64, demand: f64) -> f64;
}

#[derive(Clone, Copy, PartialEq)]
enum Round {
    Up,
    Down,
}

impl Round {
    fn seconds(self, millis: u64) -> Option<Duration> {
        let seconds = match self {
            Round::Up => millis.div_ceil(1000),
            Round::Down => millis / 1000,
        };
        Some(Duration::from_secs(seconds))
    }
}

/// So many requests in each window; the first window began `phase` ago.
struct Window {
    size: u64,
    length: u64,
    phase: u64,
    round: Round,
    used: (u64, u64),
}

impl Window {
    fn new(size: u64, length: u64, phase: u64, round: Round) -> Window {
        Window {
            size,
            length,
            phase,
            round,
            used: (0, 0),
        }
    }
}

impl Api for Window {
    fn ask(&mut self, now: u64) -> Option<Outcome> {
        let at = now + self.phase;
        let window = at / self.length;
        if self.used.0 != window {
            self.used = (window, 0);
        }
        if self.used.1 < self.size {
            self.used.1 += 1;
            return None;
        }
        let left = self.length - at % self.length;
        Some(Outcome::Refused(self.round.seconds(left)))
    }

    fn possible(&self, time: u64, demand: f64) -> f64 {
        let end = time + self.phase;
        (self.phase / self.length..=end / self.length)
            .map(|window| {
                let from = (window * self.length).max(self.phase);
                let to = ((window + 1) * self.length).min(end);
                (self.size as f64).min((to - from) as f64 * demand)
            })
            .sum()
    }
}

/// An average with bursts.
struct Bucket {
    rate: f64,
    burst: f64,
    round: Round,
    level: f64,
    at: u64,
}

impl Bucket {
    fn new(rate: f64, burst: f64, round: Round) -> Bucket {
        Bucket {
            rate,
            burst,
            round,
            level: burst,
            at: 0,
        }
    }
}

impl Api for Bucket {
    fn ask(&mut self, now: u64) -> Option<Outcome> {
        let gained = (now - self.at) as f64 / 1000.0 * self.rate;
        self.level = (self.level + gained).min(self.burst);
        self.at = now;
        if self.level >= 1.0 {
            self.level -= 1.0;
            return None;
        }
        let wait = (1.0 - self.level) / self.rate * 1000.0;
        Some(Outcome::Refused(self.round.seconds(wait.ceil() as u64)))
    }

    fn possible(&self, time: u64, demand: f64) -> f64 {
        (self.burst + self.rate * time as f64 / 1000.0).min(demand * time as f64)
    }
}

/// Overloaded for `length` in every `period`, with or without saying how long.
struct Storms {
    period: u64,
    length: u64,
    says: bool,
}

impl Api for Storms {
    fn ask(&mut self, now: u64) -> Option<Outcome> {
        let at = now % self.period;
        if at < self.length {
            let left = Round::Up.seconds(self.length - at);
            return Some(Outcome::Overloaded(left.filter(|_| self.says)));
        }
        None
    }

    fn possible(&self, time: u64, demand: f64) -> f64 {
        let calm = (self.period - self.length) as f64 / self.period as f64;
        demand * calm * time as f64
    }
}

struct Run {
    granted: u64,
    /// When the API refused a request.
    refused: Vec<u64>,
}

/// Lets workers that always have something to ask run against an API.
fn run(api: &mut dyn Api, pace: &mut Pace, workers: u64, time: u64, mut seed: u64) -> Run {
    enum Event {
        Asks,
        Arrives(Permit),
        Returns(Permit, Option<Outcome>),
    }
    let mut half_latency = move || {
        seed = seed
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        100 + (seed >> 33) % 101
    };
    let mut queue = BinaryHeap::new();
    let mut events = Vec::new();
    let push = |queue: &mut BinaryHeap<_>, events: &mut Vec<Option<Event>>, at, event| {
        queue.push(Reverse((at, events.len())));
        events.push(Some(event));
    };
    for worker in 0..workers {
        push(&mut queue, &mut events, worker, Event::Asks);
    }
    let mut result = Run {
        granted: 0,
        refused: Vec::new(),
    };
    while let Some(Reverse((now, index))) = queue.pop() {
        if now >= time {
            break;
        }
        let clock = Duration::from_millis(now);
        match events[index].take().unwrap() {
            Event::Asks => match pace.ask(clock) {
                Turn::Go(permit) => {
                    let at = now + half_latency();
                    push(&mut queue, &mut events, at, Event::Arrives(permit));
                }
                Turn::Wait(wait) => {
                    let at = now + (wait.as_micros() as u64).div_ceil(1000).max(1);
                    push(&mut queue, &mut events, at, Event::Asks);
                }
            },
            Event::Arrives(permit) => {
                let answer = api.ask(now);
                match answer {
                    None => result.granted += 1,
                    Some(_) => result.refused.push(now),
                }
                let at = now + half_latency();
                push(&mut queue, &mut events, at, Event::Returns(permit, answer));
            }
            Event::Returns(permit, answer) => {
                pace.told(permit, answer.unwrap_or(Outcome::Granted), clock);
                push(&mut queue, &mut events, now, Event::Asks);
            }
        }
    }
    result
}

const MINUTE: u64 = 60_000;

/// Milliseconds a request takes.
const MEAN_LATENCY: f64 = 300.0;

fn check<A: Api>(
    name: &str,
    api: impl Fn() -> A,
    workers: u64,
    refusals_allowed: impl Fn(&Run) -> bool,
) {
    for seed in 1..=5 {
        let mut api = api();
        let time = MINUTES * MINUTE;
        let run = run(&mut api, &mut Pace::new(None), workers, time, seed);
        let possible = api.possible(time, workers as f64 / MEAN_LATENCY);
        let used = run.granted as f64 / possible;
        let what = format!("{name}, {workers} workers, seed {seed}");
        assert!(used >= 0.95, "{what}: {used:.3} used");
        let refused = run.refused.len();
        assert!(
            refusals_allowed(&run),
            "{what}: {refused} refused at {:?}",
            run.refused
        );
    }
}

/// At most `workers` refusals in each window of `length`.
fn once_per_worker(workers: u64, length: u64, phase: u64) -> impl Fn(&Run) -> bool {
    move |run| {
        let mut windows = std::collections::BTreeMap::new();
        for at in &run.refused {
            *windows.entry((at + phase) / length).or_insert(0) += 1;
        }
        windows.values().all(|&count| count <= workers)
    }
}

#[test]
fn fixed_windows_are_spent_and_refuse_each_worker_once() {
    for size in [180, 600] {
        for workers in [1, 4, 8] {
            for phase in [0, 10_000, 31_700, 53_000, 58_900] {
                for round in [Round::Up, Round::Down] {
                    let api = || Window::new(size, MINUTE, phase, round);
                    let name = format!("{size} a minute, {phase} ms in");
                    check(&name, api, workers, once_per_worker(workers, MINUTE, phase));
                }
            }
        }
    }
}

#[test]
fn an_average_is_learned_and_spent() {
    for rate in [3.0, 10.0] {
        for burst in [10.0, 30.0] {
            for round in [Round::Up, Round::Down] {
                for workers in [1, 4, 8] {
                    let api = || Bucket::new(rate, burst, round);
                    let name = format!("{rate} a second, burst {burst}");
                    check(&name, api, workers, |run| {
                        let refused = run.refused.iter();
                        let in_a_minute = |minute| {
                            let here = refused.clone().filter(|&&at| at / MINUTE == minute);
                            here.count() as u64
                        };
                        // Learning may take the first two minutes.
                        run.refused.len() as u64 <= workers * MINUTES
                            && (2..MINUTES).all(|minute| in_a_minute(minute) <= workers)
                    });
                }
            }
        }
    }
}

#[test]
fn a_storm_is_waited_for_and_then_forgotten() {
    for (length, says) in [
        (20_000, true),
        (45_000, true),
        (3_000, false),
        (7_000, false),
    ] {
        for workers in [1, 4, 8] {
            let api = || Storms {
                period: 5 * MINUTE,
                length,
                says,
            };
            // Without a word on how long, only asking now and then can tell.
            let probes = if says { 0 } else { 4 };
            check(&format!("storms of {length} ms"), api, workers, |run| {
                run.refused.len() as u64 <= (workers + probes) * 2
            });
        }
    }
}

#[test]
fn a_workspace_wait_of_minutes_is_obeyed() {
    for workers in [1, 4, 8] {
        // A thousand requests, then nothing for the rest of six minutes.
        let length = 6 * MINUTE;
        let api = || Window::new(1000, length, 0, Round::Up);
        check(
            "workspace",
            api,
            workers,
            once_per_worker(workers, length, 0),
        );
    }
}
