//! Queries by polynomial.

use std::collections::HashMap;

use super::queries::{Poly, PolyQuery};

/// Polynomials in the order of first appearance, each with the rotations of x it is wanted at.
#[derive(Debug)]
pub(crate) struct Grouped {
    /// Each with where its rotations begin.
    polys: Vec<(Poly, usize)>,
    rotations: Vec<i32>,
}

impl Grouped {
    pub(crate) fn new(queries: &[PolyQuery]) -> Self {
        let mut places = HashMap::with_capacity(queries.len());
        let mut polys: Vec<(Poly, usize)> = Vec::with_capacity(queries.len());
        // How many rotations each has; then where they begin.
        for (poly, _) in queries {
            let place = *places.entry(*poly).or_insert(polys.len());
            match polys.get_mut(place) {
                Some((_, count)) => *count += 1,
                None => polys.push((*poly, 1)),
            }
        }
        let mut next = Vec::with_capacity(polys.len());
        let mut start = 0;
        for (_, count) in &mut polys {
            next.push(start);
            (*count, start) = (start, start + *count);
        }
        let mut rotations = vec![0; queries.len()];
        for (poly, rotation) in queries {
            let place = &mut next[places[poly]];
            rotations[*place] = *rotation;
            *place += 1;
        }
        Self { polys, rotations }
    }

    pub(crate) fn len(&self) -> usize {
        self.polys.len()
    }

    /// Polynomial `index` and its rotations.
    pub(crate) fn get(&self, index: usize) -> (Poly, &[i32]) {
        let (poly, start) = self.polys[index];
        let end = self.polys.get(index + 1).map_or(self.rotations.len(), |(_, end)| *end);
        (poly, &self.rotations[start..end])
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Poly, &[i32])> {
        (0..self.len()).map(|index| self.get(index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotations_are_with_their_polynomial_in_order() {
        let (a, b, c) = (Poly::Fixed(3), Poly::Random, Poly::Sigma(3));
        let grouped = Grouped::new(&[(a, 0), (b, 2), (a, -1), (c, 0), (b, 1), (a, 7)]);
        let all: Vec<(Poly, Vec<i32>)> = grouped.iter().map(|(poly, of)| (poly, of.to_vec())).collect();
        assert_eq!(all, [(a, vec![0, -1, 7]), (b, vec![2, 1]), (c, vec![0])]);
        assert_eq!(Grouped::new(&[]).len(), 0);
    }
}
