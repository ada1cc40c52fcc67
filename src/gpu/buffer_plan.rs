//! Which results of a command list share memory.

/// A result that needs memory for a while: from command `first`, which writes it, to command `last`, which reads it last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TensorUsage {
    /// Size.
    pub bytes: u64,
    /// Index of the first command that uses it.
    pub first: usize,
    /// Index of the last.
    pub last: usize,
}

/// The buffer of every tensor, and the size of every buffer. Tensors whose times overlap never share one.
///
/// Greedy: the largest first, each into the first buffer that is free throughout its time. A buffer's size is that of its
/// first tensor, so that nothing ever has to grow.
pub fn plan(usages: &[TensorUsage]) -> (Vec<usize>, Vec<u64>) {
    let mut order: Vec<usize> = (0..usages.len()).collect();
    order.sort_by_key(|&i| (std::cmp::Reverse(usages[i].bytes), usages[i].first, i));
    let mut buffers: Vec<Vec<usize>> = Vec::new();
    let mut place = vec![0; usages.len()];
    for i in order {
        let free = |sharers: &Vec<usize>| {
            sharers.iter().all(|&other| usages[other].last < usages[i].first || usages[i].last < usages[other].first)
        };
        let buffer = buffers.iter().position(free).unwrap_or_else(|| {
            buffers.push(Vec::new());
            buffers.len() - 1
        });
        buffers[buffer].push(i);
        place[i] = buffer;
    }
    let sizes = buffers.iter().map(|sharers| sharers.iter().map(|&i| usages[i].bytes).max().unwrap_or(0)).collect();
    (place, sizes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(bytes: u64, first: usize, last: usize) -> TensorUsage {
        TensorUsage { bytes, first, last }
    }

    #[test]
    fn a_chain_needs_two_buffers() {
        let usages: Vec<TensorUsage> = (0..10).map(|i| usage(100, i, i + 1)).collect();
        let (place, sizes) = plan(&usages);
        assert_eq!(sizes, [100, 100]);
        assert!(place.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn overlapping_usages_never_share() {
        // A hash in place of chance: 200 usages with mixed sizes and times.
        let usages: Vec<TensorUsage> = (0..200u64)
            .map(|i| {
                let hash = i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
                let first = (hash % 60) as usize;
                usage(1 + hash / 60 % 1000, first, first + (hash / 60_000 % 12) as usize)
            })
            .collect();
        let (place, sizes) = plan(&usages);
        for (i, a) in usages.iter().enumerate() {
            assert!(a.bytes <= sizes[place[i]]);
            for (j, b) in usages.iter().enumerate().take(i) {
                assert!(place[i] != place[j] || a.last < b.first || b.last < a.first, "{a:?} {b:?}");
            }
        }
        let most = (0..80).map(|t| usages.iter().filter(|x| x.first <= t && t <= x.last).map(|x| x.bytes).sum::<u64>());
        let least = most.max().unwrap();
        let used: u64 = sizes.iter().sum();
        assert!(used <= 2 * least, "{used} bytes for at least {least}");
    }
}
