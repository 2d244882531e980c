use super::*;

#[test]
fn as_many_come_as_go_and_nobody_comes_back() {
    let population = Population::new((1_u64..=100).collect(), 101, 3);

    let mut before = population.alive();
    for _ in 0..20 {
        population.come_and_go();
        let now = population.alive();
        assert_eq!(now.len(), 100);
        let last = before.last().copied();
        let newcomers = now.iter().filter(|id| !before.contains(id));
        assert!(newcomers.clone().all(|id| Some(*id) > last));
        assert_eq!(newcomers.count(), 3);
        before = now;
    }
    let stayed = before.iter().filter(|id| **id <= 100).count();
    assert!((40..80).contains(&stayed), "{stayed} of the first hundred");
}

#[test]
fn an_empty_node_gets_newcomers() {
    let population = Population::new(BTreeSet::new(), 5_i64, 1);
    population.come_and_go();
    assert_eq!(population.alive(), [5]);
}
