//! Values that two libraries share: their canonical bytes.

use parhelion_field_kernels::{Affine, CurveSpec, FieldSpec, Fp};

/// A field element of some library, by way of its canonical bytes, lowest first.
pub trait Element: Copy + Send + Sync + 'static {
    /// The element of these bytes.
    ///
    /// # Panics
    /// If they are not canonical.
    fn from_bytes(bytes: [u8; 32]) -> Self;

    /// The element's bytes.
    fn to_bytes(&self) -> [u8; 32];
}

impl<S: FieldSpec> Element for Fp<S> {
    fn from_bytes(bytes: [u8; 32]) -> Self {
        let mut limbs = [0; 4];
        for (limb, bytes) in limbs.iter_mut().zip(bytes.as_chunks::<8>().0) {
            *limb = u64::from_le_bytes(*bytes);
        }
        Self::from_canonical(limbs).expect("canonical bytes")
    }

    fn to_bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (bytes, limb) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(self.to_canonical()) {
            *bytes = limb.to_le_bytes();
        }
        bytes
    }
}

/// The same elements in another library's type.
#[must_use]
pub fn convert<A: Element, B: Element>(elements: &[A]) -> Vec<B> {
    elements.iter().map(|element| B::from_bytes(element.to_bytes())).collect()
}

/// The bytes of all elements, one after the other.
#[must_use]
pub fn bytes_of<E: Element>(elements: &[E]) -> Vec<u8> {
    elements.iter().flat_map(Element::to_bytes).collect()
}

/// The bytes of a point's coordinates; zeros for the identity.
#[must_use]
pub fn point_bytes<C: CurveSpec>(point: &Affine<C>) -> Vec<u8> {
    bytes_of(&[point.x, point.y])
}
