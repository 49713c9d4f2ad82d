//! Peers whose reports are not true.

use super::*;

#[test]
fn of_a_report_on_more_packets_than_one_is_ever_on_the_rest_is_not_looked_at() {
    let mut estimator = Estimator::new(BOUNDS);
    let mut looked = 0;
    let all = (0..u16::MAX).map(|number| (number, None)).inspect(|_| looked += 1);
    estimator.report(all, Duration::from_secs(1));
    assert_eq!(looked, 1024);
}
