use proptest::prelude::*;

use super::*;

fn aged(id: u32, age: u64) -> Aged<u32> {
    Aged {
        id,
        age: Some(Duration::from_secs(age)),
    }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn sessions_are_told_apart_by_their_age_and_the_time_that_has_passed() {
    let mut beginnings = Beginnings::default();

    let census = beginnings.look(
        [
            aged(1, 3600),
            aged(2, 14),
            aged(3, 2),
            aged(4, 10),
            Aged { id: 5, age: None },
        ],
        seconds(10),
        seconds(12),
    );

    // 4 began within a few seconds around the moment, and 5 says nothing.
    assert_eq!(
        census,
        Census {
            before: 2,
            after: 1,
            untold: 2
        }
    );
    assert!(!census.none_is_left());
}

#[test]
fn nobody_is_left_when_everybody_came_later() {
    let mut beginnings = Beginnings::default();
    assert!(
        beginnings
            .look([aged(1, 2), aged(2, 0)], seconds(9), seconds(10))
            .none_is_left()
    );
    assert!(
        Beginnings::<u32>::default()
            .look([], seconds(0), seconds(1))
            .none_is_left()
    );
}

proptest! {
    /// Whatever the fractions of the clocks: what is decided is right.
    #[test]
    fn no_session_is_ever_on_the_wrong_side(
        began in -50.0..50.0_f64,
        clock in 0.0..1.0_f64,
        looks in prop::collection::vec((0.0..60.0_f64, 0.0..5.0_f64, 0.0..5.0_f64), 1..6),
    ) {
        let mut beginnings = Beginnings::default();
        for (at, earlier, later) in looks {
            let at = at.max(began);
            // The server's clock stands at `clock` when ours stands at zero, and it drops fractions.
            let age = ((at + clock).floor() - (began + clock).floor()).max(0.0);
            let from = Duration::from_secs_f64((at - earlier).max(0.0));
            let to = Duration::from_secs_f64((at + later).max(0.0));
            let session = Aged { id: 1, age: Some(Duration::from_secs_f64(age)) };
            let census = beginnings.look([session], from, to);
            if census.before > 0 {
                prop_assert!(began < 0.0, "{began} was taken for before");
            }
            if census.after > 0 {
                prop_assert!(began >= 0.0, "{began} was taken for after");
            }
        }
    }
}
