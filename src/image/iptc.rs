//! IPTC data (IIM 4.2): as Photoshop's resource in JPEG, and as text in PNG, the way ImageMagick has introduced.

const SIGNATURE: &[u8] = b"8BIM";
const IPTC: u16 = 0x0404;

/// The IPTC data among Photoshop's image resources.
pub fn of_resources(mut resources: &[u8]) -> Option<Vec<u8>> {
    // Signature, number, name (its length before it, even in all), size, data (padded to an even size).
    while let Some(rest) = resources.strip_prefix(SIGNATURE) {
        let (number, rest) = rest.split_first_chunk()?;
        let name = (1 + usize::from(*rest.first()?)).next_multiple_of(2);
        let (size, rest) = rest.get(name..)?.split_first_chunk()?;
        let size = u32::from_be_bytes(*size) as usize;
        let data = rest.get(..size)?;
        if u16::from_be_bytes(*number) == IPTC {
            return Some(data.to_vec());
        }
        resources = rest.get(size.next_multiple_of(2)..)?;
    }
    None
}

/// IPTC data as the only one of Photoshop's image resources.
pub fn resources(iptc: &[u8]) -> Vec<u8> {
    let size = (iptc.len() as u32).to_be_bytes();
    let padding = &[0][..iptc.len() % 2];
    [SIGNATURE, &IPTC.to_be_bytes(), &[0, 0], &size, iptc, padding].concat()
}

/// Keyword of the text chunk in PNG.
pub const KEYWORD: &str = "Raw profile type iptc";

/// The text chunk's text: a name, the size, and the resource in hexadecimal digits.
pub fn text(iptc: &[u8]) -> String {
    let resources = resources(iptc);
    let mut text = format!("\niptc\n{:8}", resources.len());
    for line in resources.chunks(36) {
        text.push('\n');
        text.extend(
            line.iter().flat_map(|byte| [byte >> 4, byte & 15]).filter_map(|digit| char::from_digit(digit.into(), 16)),
        );
    }
    text.push('\n');
    text
}

/// What such a text holds.
pub fn of_text(text: &str) -> Option<Vec<u8>> {
    let mut lines = text.trim_start().splitn(3, '\n');
    let (_name, size) = (lines.next()?, lines.next()?.trim().parse::<usize>().ok()?);
    let mut digits = lines.next()?.chars().filter_map(|digit| digit.to_digit(16));
    let mut data = Vec::new();
    while let (Some(high), Some(low)) = (digits.next(), digits.next()) {
        data.push((high << 4 | low) as u8);
    }
    if data.len() != size {
        return None;
    }
    // Some write the data itself, which begins with a mark of its own.
    if data.starts_with(SIGNATURE) { of_resources(&data) } else { Some(data) }
}
