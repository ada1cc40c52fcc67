//! How many pixels a length has.

const METRES_PER_INCH: f64 = 0.0254;

/// Pixels per length, across and down, as a file tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Density {
    /// Pixels per metre if `absolute`, else shares of the sides' ratio.
    pub x: u32,
    /// As `x`.
    pub y: u32,
    /// Whether lengths are known, or only whether pixels are square.
    pub absolute: bool,
}

impl Density {
    /// From pixels per inch.
    pub fn per_inch(x: f64, y: f64) -> Self {
        let per_metre = |count: f64| (count / METRES_PER_INCH).round() as u32;
        Self { x: per_metre(x), y: per_metre(y), absolute: true }
    }

    /// From pixels per centimetre.
    pub fn per_centimetre(x: f64, y: f64) -> Self {
        Self { x: (x * 100.0).round() as u32, y: (y * 100.0).round() as u32, absolute: true }
    }

    /// From the header of JFIF: unit 1 is an inch, 2 a centimetre, 0 none.
    pub fn jfif(unit: u8, x: u16, y: u16) -> Self {
        let (across, down) = (f64::from(x), f64::from(y));
        match unit {
            1 => Self::per_inch(across, down),
            2 => Self::per_centimetre(across, down),
            _ => Self { x: x.into(), y: y.into(), absolute: false },
        }
    }

    /// Pixels per inch, or the ratio, as 16 bits: what JFIF holds.
    pub fn sixteen_bits(self) -> (u16, u16) {
        let whole = |count: u32| match self.absolute {
            true => (f64::from(count) * METRES_PER_INCH).round() as u16,
            false => count.min(u16::MAX.into()) as u16,
        };
        (whole(self.x), whole(self.y))
    }

    /// Whether it says anything: a length or ratio of 0 does not.
    pub fn says_something(&self) -> bool {
        self.x > 0 && self.y > 0 && (self.absolute || self.x != self.y)
    }

    /// The density of the picture turned by a right angle.
    pub fn turned(self) -> Self {
        Self { x: self.y, y: self.x, ..self }
    }
}
