//! XMP packets made true of a result: turned pixels, another size, no thumbnail.

/// Pixels are turned, and there is neither a thumbnail nor an extension of the packet. `None` if it is no text.
pub fn upright(packet: &[u8]) -> Option<Vec<u8>> {
    let mut text = str::from_utf8(packet).ok()?.to_owned();
    set(&mut text, "tiff:Orientation", "1");
    for name in ["xmp:Thumbnails", "xap:Thumbnails"] {
        while let Some((begin, end)) = element(&text, name) {
            text.replace_range(begin..end, "");
        }
    }
    const EXTENDED: &str = "xmpNote:HasExtendedXMP";
    if let Some((begin, end)) = attribute(&text, EXTENDED) {
        text.replace_range(begin - EXTENDED.len() - 2..end + 1, "");
    }
    Some(text.into_bytes())
}

/// Sizes that it tells become these.
pub fn resize(packet: &[u8], width: usize, height: usize) -> Vec<u8> {
    let Ok(text) = str::from_utf8(packet) else { return packet.to_vec() };
    let (mut text, width, height) = (text.to_owned(), width.to_string(), height.to_string());
    for (across, down) in [("tiff:ImageWidth", "tiff:ImageLength"), ("exif:PixelXDimension", "exif:PixelYDimension")] {
        set(&mut text, across, &width);
        set(&mut text, down, &height);
    }
    text.into_bytes()
}

/// Replaces the values of a property that is there, written as attribute or element.
fn set(text: &mut String, name: &str, value: &str) {
    if let Some((begin, end)) = attribute(text, name) {
        text.replace_range(begin..end, value);
    }
    if let Some((begin, end)) = element(text, name) {
        let inner = text[begin..end].find('>').zip(text[begin..end].rfind("</"));
        if let Some((open, close)) = inner.filter(|(open, close)| open < close) {
            text.replace_range(begin + open + 1..begin + close, value);
        }
    }
}

/// Where the value of `name="value"` is, between its quotes.
fn attribute(text: &str, name: &str) -> Option<(usize, usize)> {
    let mut from = 0;
    while let Some(at) = text[from..].find(name) {
        let behind = from + at + name.len();
        let rest = &text[behind..];
        let quote = rest.strip_prefix('=').and_then(|rest| rest.chars().next()).filter(|quote| "\"'".contains(*quote));
        if let Some(quote) = quote
            && let Some(length) = rest[2..].find(quote)
        {
            return Some((behind + 2, behind + 2 + length));
        }
        from = behind;
    }
    None
}

/// Where the element `<name>...</name>` is, all of it.
fn element(text: &str, name: &str) -> Option<(usize, usize)> {
    let begin = [">", " "].iter().filter_map(|end| text.find(&format!("<{name}{end}"))).min()?;
    let close = format!("</{name}>");
    let end = text[begin..].find(&close)?;
    Some((begin, begin + end + close.len()))
}
