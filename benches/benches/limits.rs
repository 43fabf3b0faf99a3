//! Which share of the machine's limits our kernels reach, the limits measured in turn with them.

use parhelion_benches::record::{Group, Record};
use parhelion_benches::{Result, cases, setup, table};

fn main() -> Result<()> {
    setup::run(|| {
        let group = Group::measure("limits", &cases::limits(), |_| ())?;
        let record = Record { groups: vec![group], ..Record::new(setup::threads()?)? };
        println!("{}", table::record(&record));
        Ok(())
    })
}
