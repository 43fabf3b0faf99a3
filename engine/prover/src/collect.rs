//! Collecting what may fail.

/// All items, or the first error. With one allocation: `collect` does not know how many there will be if
/// any may fail, and allocates again and again.
pub(crate) fn try_collect<T, E>(items: impl IntoIterator<Item = Result<T, E>>) -> Result<Vec<T>, E> {
    let items = items.into_iter();
    let mut all = Vec::with_capacity(items.size_hint().0);
    for item in items {
        all.push(item?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_items_or_the_first_error() {
        let numbers = |bad: usize| (0..5).map(move |i| if i < bad { Ok(i) } else { Err(i) });
        assert_eq!(try_collect(numbers(5)), Ok(vec![0, 1, 2, 3, 4]));
        assert_eq!(try_collect(numbers(3)), Err(3));
    }
}
