#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// A session that is its id, with the request that showed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shown {
    id: u64,
    at: usize,
}

impl Listed for Shown {
    type Id = u64;
    fn id(&self) -> u64 {
        self.id
    }
}

/// What happens to a list between two requests.
#[derive(Debug, Clone, Default)]
struct Change {
    /// Places, as shares of the list in thousandths, at which sessions end.
    ends: Vec<u16>,
    /// Places at which sessions come. At 1000 they come at the end, as in a list by id.
    comes: Vec<u16>,
}

/// A service whose list changes after every request.
struct Service {
    list: Vec<u64>,
    next_id: u64,
    requests: Vec<PageRequest>,
    /// Everybody who was ever in the list, and those of the first request who never left it.
    ever: BTreeSet<u64>,
    stayed: BTreeSet<u64>,
    /// How many sessions the total counts that are not shown.
    hidden: u64,
    largest_page: usize,
    /// Whether there is a total.
    has_total: bool,
}

impl Service {
    fn with(sessions: u64) -> Self {
        Self {
            list: (1..=sessions).collect(),
            next_id: sessions + 1,
            requests: vec![],
            ever: (1..=sessions).collect(),
            stayed: (1..=sessions).collect(),
            hidden: 0,
            largest_page: usize::MAX,
            has_total: true,
        }
    }

    fn without_total(sessions: u64) -> Self {
        Self {
            has_total: false,
            ..Self::with(sessions)
        }
    }

    fn page(&mut self, request: PageRequest) -> Page<Shown> {
        let at = self.requests.len();
        self.requests.push(request);
        let limit = self.largest_page.min(request.limit as usize);
        let shown = self.list.iter().skip(request.offset as usize).take(limit);
        Page {
            sessions: shown.map(|id| Shown { id: *id, at }).collect(),
            nameless: 0,
            total: (self.has_total).then_some(self.list.len() as u64 + self.hidden),
            asked: None,
        }
    }

    fn change(&mut self, change: &Change) {
        for share in &change.ends {
            if !self.list.is_empty() {
                let place = self.list.len() * usize::from(*share) / 1001;
                let gone = self.list.remove(place);
                self.stayed.remove(&gone);
            }
        }
        for share in &change.comes {
            let place = self.list.len() * usize::from(*share) / 1000;
            self.list.insert(place, self.next_id);
            self.ever.insert(self.next_id);
            self.next_id += 1;
        }
    }
}

/// Reads the list to its end, with `change` happening after each request.
fn read(
    service: &mut Service,
    limit: u32,
    mut change: impl FnMut(&mut Service),
) -> Result<Vec<Shown>, Unreliable> {
    let mut pager = Pager::new(limit);
    loop {
        let page = service.page(pager.request());
        change(service);
        match pager.accept(page)? {
            Progress::More(next) => pager = next,
            Progress::Complete(list) => return Ok(list.sessions),
        }
    }
}

fn ids(sessions: &[Shown]) -> Vec<u64> {
    sessions.iter().map(|session| session.id).collect()
}

fn nothing(_: &mut Service) {}

/// A list that does not change is read whole, in so many requests for pages of that many sessions.
fn is_read_in(requests: usize, mut service: Service, limit: u32) {
    let everybody = service.list.clone();

    let read = read(&mut service, limit, nothing).unwrap();

    assert_eq!(ids(&read), everybody);
    assert_eq!(
        service.requests.len(),
        requests,
        "{} in pages of {limit}",
        everybody.len()
    );
}

#[test]
fn a_list_that_does_not_change_is_read_once() {
    for (sessions, limit, requests) in [
        (0, 100, 1),
        (1, 100, 1),
        (99, 100, 1),
        (100, 100, 2),
        (101, 100, 2),
        (5_000, 100, 56),
        (2_500, 1_000, 3),
        (3, 2, 3),
        (1, 0, 1),
    ] {
        is_read_in(requests, Service::with(sessions), limit);
    }
}

#[test]
fn pages_overlap_by_a_tenth() {
    let mut service = Service::with(250);

    read(&mut service, 100, nothing).unwrap();

    let offsets: Vec<u64> = service
        .requests
        .iter()
        .map(|request| request.offset)
        .collect();
    assert_eq!(offsets, [0, 90, 180]);
}

#[test]
fn sessions_that_slip_over_a_page_boundary_are_still_found() {
    // Thirty of the first page end after it was read, so that thirty of the second slip onto the first.
    let mut service = Service::with(250);

    let read = read(&mut service, 100, |service| {
        if service.requests.len() == 1 {
            service.change(&Change {
                ends: vec![0; 30],
                comes: vec![],
            });
        }
    });

    assert_eq!(ids(&read.unwrap()), (1..=250).collect::<Vec<_>>());
    assert_eq!(service.stayed.len(), 220);
}

#[test]
fn a_list_that_shrinks_before_the_next_page_is_stepped_back_in() {
    let mut service = Service::with(5_000);

    let read = read(&mut service, 100, |service| {
        if service.requests.len() == 40 {
            service.change(&Change {
                ends: vec![300; 3_000],
                comes: vec![],
            });
        }
    });

    let read = BTreeSet::from_iter(ids(&read.unwrap()));
    assert!(service.stayed.len() == 2_000 && read.is_superset(&service.stayed));
}

#[test]
fn a_list_that_empties_itself_is_complete() {
    let mut service = Service::with(150);

    let read = read(&mut service, 100, |service| service.list.clear());

    assert_eq!(ids(&read.unwrap()), (1..=100).collect::<Vec<_>>());
}

#[test]
fn a_session_that_is_shown_again_is_kept_as_it_was_shown_last() {
    let read = read(&mut Service::with(150), 100, nothing).unwrap();

    let shown_at = |id| {
        read.iter()
            .find(|session| session.id == id)
            .map(|session| session.at)
    };
    assert_eq!(
        [shown_at(90), shown_at(91), shown_at(100)],
        [Some(0), Some(1), Some(1)]
    );
    assert_eq!(read.len(), 150);
}

#[test]
fn a_list_that_goes_on_showing_fewer_sessions_than_it_says_is_refused() {
    for sessions in [0, 1, 2, 99, 100, 250] {
        let mut service = Service {
            hidden: 7,
            ..Service::with(sessions)
        };

        let error = read(&mut service, 100, nothing).unwrap_err();

        assert_eq!(
            error,
            Unreliable::FewerThanTotal {
                shown: sessions,
                total: sessions + 7
            }
        );
    }
}

#[test]
fn a_total_that_a_second_reading_explains_is_believed() {
    let mut service = Service {
        hidden: 1,
        ..Service::with(120)
    };

    let read = read(&mut service, 100, |service| service.hidden = 0).unwrap();

    assert_eq!(ids(&read), (1..=120).collect::<Vec<_>>());
}

#[test]
fn rows_without_an_id_keep_their_place_and_are_counted() {
    // Every tenth row of 250 cannot be read.
    let mut service = Service::with(250);
    let mut pager = Pager::new(100);

    let list = loop {
        let mut page = service.page(pager.request());
        page.sessions.retain(|session| session.id % 10 != 0);
        page.nameless = 100_u64.min(250 - pager.request().offset) - page.sessions.len() as u64;
        match pager.accept(page).unwrap() {
            Progress::More(next) => pager = next,
            Progress::Complete(list) => break list,
        }
    };

    let readable: Vec<u64> = (1..=250).filter(|id| id % 10 != 0).collect();
    assert_eq!(ids(&list.sessions), readable);
    assert!(list.nameless >= 25, "{}", list.nameless);
    assert_eq!(service.requests.len(), 3);
}

#[test]
fn a_list_without_a_total_ends_where_a_page_shows_nobody_new() {
    for (sessions, limit, requests) in [
        (0, 100, 1),
        (99, 100, 2),
        (250, 100, 4),
        (20_000, 100, 224),
        (1_000, 10, 112),
    ] {
        is_read_in(requests, Service::without_total(sessions), limit);
    }
}

#[test]
fn a_list_without_a_total_is_read_to_its_end_in_pages_smaller_than_asked_for() {
    let mut service = Service {
        largest_page: 10,
        ..Service::without_total(2_000)
    };

    let read = read(&mut service, 100, nothing).unwrap();

    assert_eq!(ids(&read), (1..=2_000).collect::<Vec<_>>());
}

#[test]
fn a_list_without_a_total_that_shrinks_is_stepped_back_in_and_not_read_anew() {
    let mut service = Service::without_total(5_000);

    let read = read(&mut service, 100, |service| {
        if service.requests.len() == 40 {
            service.change(&Change {
                ends: vec![300; 2_000],
                comes: vec![],
            });
        }
    });

    let read = BTreeSet::from_iter(ids(&read.unwrap()));
    assert!(service.stayed.len() == 3_000 && read.is_superset(&service.stayed));
    let from_the_beginning = service.requests.iter().filter(|asked| asked.offset == 0);
    assert_eq!(from_the_beginning.count(), 1);
}

#[test]
fn a_total_that_counts_only_the_page_does_not_end_the_reading() {
    let mut service = Service::with(350);
    let mut pager = Pager::new(100);

    let read = loop {
        let mut page = service.page(pager.request());
        page.total = Some(page.sessions.len() as u64);
        match pager.accept(page).unwrap() {
            Progress::More(next) => pager = next,
            Progress::Complete(list) => break list.sessions,
        }
    };

    assert_eq!(ids(&read), (1..=350).collect::<Vec<_>>());
}

#[test]
fn pages_smaller_than_asked_for_are_read_to_the_end() {
    for largest_page in [3, 10, 50, 99] {
        let mut service = Service {
            largest_page,
            ..Service::with(120)
        };

        let read = read(&mut service, 100, nothing).unwrap();

        assert_eq!(
            ids(&read),
            (1..=120).collect::<Vec<_>>(),
            "pages of {largest_page}"
        );
    }
}

#[test]
fn a_list_that_changes_its_order_once_is_read_anew() {
    let mut service = Service::with(250);

    let read = read(&mut service, 100, |service| {
        if service.requests.len() == 1 {
            service.list[50..200].reverse();
        }
    });

    assert_eq!(ids(&read.unwrap()), (1..=250).collect::<Vec<_>>());
}

#[test]
fn a_list_that_shows_fewer_sessions_than_it_reports_is_read_a_second_time() {
    // One session moves from the part not yet read to the part already read, where no overlap shows it.
    let mut service = Service::with(250);

    let read = read(&mut service, 100, |service| {
        if service.requests.len() == 2 {
            let moved = service.list.remove(240);
            service.list.insert(150, moved);
        }
    });

    // Between the two readings, the beginning is looked at for newcomers.
    assert_eq!(ids(&read.unwrap()), (1..=250).collect::<Vec<_>>());
    assert_eq!(service.requests.len(), 7);
}

#[test]
fn a_list_that_never_keeps_its_order_is_given_up() {
    for (mut service, expected) in [
        (Service::with(250), Some(250)),
        (Service::without_total(250), None),
    ] {
        let error = read(&mut service, 100, |service| service.list.reverse()).unwrap_err();

        let Unreliable::KeptChanging {
            requests, total, ..
        } = error
        else {
            panic!("{error}");
        };
        assert_eq!(total, expected);
        assert_eq!(requests, service.requests.len() as u64);
        assert!(requests < 50, "{error}");
    }
}

#[test]
fn a_list_without_a_total_that_shows_others_at_every_request_is_given_up() {
    let mut service = Service::without_total(250);

    let error = read(&mut service, 100, |service| {
        let next_id = service.next_id;
        service.list = (next_id..next_id + 250).collect();
        service.next_id += 250;
    });

    assert!(matches!(error, Err(Unreliable::KeptChanging { .. })));
    assert!(service.requests.len() < 50, "{error:?}");
}

#[test]
fn a_list_without_end_is_given_up() {
    for (limit, total, most_requests) in [(100, Some(500), 100), (10_000, None, 125)] {
        let mut pager = Pager::new(limit);
        let mut requests = 0_u64;

        let error = loop {
            let PageRequest { offset, limit } = pager.request();
            let sessions = (offset..offset + u64::from(limit))
                .map(|id| Shown { id, at: 0 })
                .collect();
            requests += 1;
            match pager.accept(Page {
                sessions,
                nameless: 0,
                total,
                asked: None,
            }) {
                Ok(Progress::More(next)) => pager = next,
                Ok(Progress::Complete(_)) => panic!("a full page was taken for the last"),
                Err(error) => break error,
            }
        };

        assert!(
            matches!(error, Unreliable::KeptChanging { requests: counted, .. } if counted == requests)
        );
        assert!(requests < most_requests, "{error}");
    }
}

#[test]
fn what_kept_changing_is_told_with_its_total_only_where_there_is_one() {
    let sentence = |total| {
        let error = Unreliable::KeptChanging {
            requests: 36,
            seen: 250,
            total,
        };
        error.to_string()
    };

    let beginning = "the list of sessions kept changing while it was read: 36 pages were read and 250 sessions seen, and ";
    assert_eq!(
        sentence(Some(0)),
        format!("{beginning}the last page said that there are 0")
    );
    assert_eq!(
        sentence(None),
        format!("{beginning}the service does not say how many there are")
    );
}

#[test]
fn thousands_of_sessions_coming_and_going_are_read_without_loss() {
    for (sessions, limit, each_time) in [
        (2_500, 1_000, 200),
        (5_000, 100, 25),
        (5_000, 100, 60),
        (20_000, 1_000, 400),
    ] {
        let mut service = Service::with(sessions);
        let mut turn = 0_u16;

        let read = read(&mut service, limit, |service| {
            turn += 1;
            let ends = (0..each_time)
                .map(|n: u16| (n * 37 + turn * 101) % 1001)
                .collect();
            service.change(&Change {
                ends,
                comes: vec![1000; usize::from(each_time)],
            });
        });

        let ids = ids(&read.unwrap());
        assert!(ids.is_sorted_by(|one, next| one < next));
        assert!(BTreeSet::from_iter(ids).is_superset(&service.stayed));
        assert!(!service.stayed.is_empty() && service.stayed.len() < sessions as usize);
    }
}

#[test]
fn a_busy_list_without_a_total_is_read_without_loss() {
    for (sessions, limit, each_time) in [
        (2_500, 1_000, 200),
        (5_000, 100, 7),
        (5_000, 100, 25),
        (60, 100, 7),
    ] {
        let mut service = Service::without_total(sessions);
        let mut turn = 0_u16;

        let read = read(&mut service, limit, |service| {
            turn += 1;
            let ends = (0..each_time)
                .map(|n: u16| (n * 37 + turn * 101) % 1001)
                .collect();
            service.change(&Change {
                ends,
                comes: vec![1000; usize::from(each_time)],
            });
        });

        let ids = BTreeSet::from_iter(ids(&read.unwrap()));
        assert!(ids.is_superset(&service.stayed));
    }
}

#[test]
fn newcomers_at_the_beginning_explain_a_total_that_counts_them() {
    for (sessions, limit, each_time) in [(1_000, 100, 1), (5_000, 100, 7), (2_500, 1_000, 60)] {
        let mut service = Service::with(sessions);
        let mut turn = 0_u16;

        let read = read(&mut service, limit, |service| {
            turn += 1;
            let ends = (0..each_time)
                .map(|n: u16| (n * 37 + turn * 101) % 1001)
                .collect();
            let comes = vec![0; usize::from(each_time)];
            service.change(&Change { ends, comes });
        });

        let ids = ids(&read.unwrap());
        assert!(BTreeSet::from_iter(ids).is_superset(&service.stayed));
    }
}

#[test]
fn newcomers_at_the_beginning_do_not_explain_sessions_that_are_never_shown() {
    let mut service = Service {
        hidden: 7,
        ..Service::with(250)
    };

    let error = read(&mut service, 100, |service| {
        let comes = vec![0];
        service.change(&Change {
            comes,
            ..Change::default()
        });
    });

    assert!(
        matches!(error, Err(Unreliable::FewerThanTotal { .. })),
        "{error:?}"
    );
}

fn change(comes: impl Strategy<Value = u16>) -> impl Strategy<Value = Change> {
    let ends = prop::collection::vec(0..=1000_u16, 0..12);
    (ends, prop::collection::vec(comes, 0..12)).prop_map(|(ends, comes)| Change { ends, comes })
}

fn none_twice_and_none_missed(
    service: &Service,
    read: &Result<Vec<Shown>, Unreliable>,
) -> Result<(), TestCaseError> {
    let Ok(read) = read else { return Ok(()) };
    let ids = ids(read);
    prop_assert!(
        ids.is_sorted_by(|one, next| one < next),
        "sorted, none twice: {ids:?}"
    );
    let ids = BTreeSet::from_iter(ids);
    let missed: Vec<_> = service.stayed.difference(&ids).collect();
    prop_assert!(missed.is_empty(), "missed {missed:?}");
    prop_assert!(ids.is_subset(&service.ever), "made up");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn in_a_list_by_id_none_is_chosen_twice_and_none_that_stayed_is_missed(
        sessions in 0..300_u64,
        limit in 2..60_u32,
        hidden in prop_oneof![3 => Just(0), 1 => 1..5_u64],
        has_total: bool,
        largest_page in prop_oneof![Just(usize::MAX), 3..60_usize],
        changes in prop::collection::vec(change(Just(1000)), 0..40),
    ) {
        let mut service = Service { hidden, has_total, largest_page, ..Service::with(sessions) };
        let mut changes = changes.iter();
        let read = read(&mut service, limit, |service| {
            service.change(changes.next().unwrap_or(&Change::default()));
        });
        none_twice_and_none_missed(&service, &read)?;
    }

    #[test]
    fn nor_in_a_list_where_newcomers_stand_anywhere(
        sessions in 0..300_u64,
        limit in 2..60_u32,
        changes in prop::collection::vec(change(0..=1000_u16), 0..40),
    ) {
        let mut service = Service::with(sessions);
        let mut changes = changes.iter();
        let read = read(&mut service, limit, |service| {
            service.change(changes.next().unwrap_or(&Change::default()));
        });
        none_twice_and_none_missed(&service, &read)?;
    }

    #[test]
    fn a_list_that_comes_to_rest_is_read_to_its_end(
        sessions in 0..300_u64,
        limit in 10..60_u32,
        has_total: bool,
        changes in prop::collection::vec(change(Just(1000)), 0..10),
    ) {
        let mut service = Service { has_total, ..Service::with(sessions) };
        let mut changes = changes.iter();
        let read = read(&mut service, limit, |service| {
            service.change(changes.next().unwrap_or(&Change::default()));
        });
        prop_assert!(read.is_ok(), "{read:?}");
        none_twice_and_none_missed(&service, &read)?;
    }

    #[test]
    fn no_service_however_odd_keeps_the_reading_going_for_ever(
        pages in prop::collection::vec((prop::collection::vec(0..50_u64, 0..12), prop::option::of(0..60_u64)), 1..20),
        limit in 0..12_u32,
    ) {
        let mut pager = Pager::new(limit);
        let mut requests = 0;
        for (sessions, total) in pages.iter().cycle() {
            requests += 1;
            prop_assert!(requests < 400, "still reading");
            let sessions = sessions.iter().map(|id| Shown { id: *id, at: 0 }).collect();
            match pager.accept(Page { sessions, nameless: 0, total: *total, asked: None }) {
                Ok(Progress::More(next)) => pager = next,
                Ok(Progress::Complete(_)) | Err(_) => break,
            }
        }
    }
}
