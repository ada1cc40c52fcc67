//! A stream of draws from a seed, the same on every platform.

use crate::paper::noise;

/// Uniform numbers by SplitMix64 (Steele et al., 2014), normals from the noise field of the chain.
pub struct Random {
    state: u64,
    seed: u64,
    normals: u32,
}

impl Random {
    pub fn new(seed: u64) -> Self {
        Self { state: seed, seed, normals: 0 }
    }

    fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Uniform in [low, high).
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn chance(&mut self, p: f64) -> bool {
        self.between(0.0, 1.0) < p
    }

    /// One of the options, which must not be none.
    pub fn choice<T: Copy>(&mut self, options: &[T]) -> T {
        options[(self.between(0.0, 1.0) * options.len() as f64) as usize]
    }

    /// Three standard normals.
    pub fn normals(&mut self) -> [f32; 3] {
        let mut out = [0.0; 3];
        noise::fill_row(&mut out, self.seed, 0, 0, self.normals, 3);
        self.normals = self.normals.wrapping_add(1);
        out
    }
}
