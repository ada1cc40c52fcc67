/** The memory limit of downloads, without a browser. */
import { expect, test } from '@playwright/test';
import { DownloadBudget } from '../../../npm/src/worker/download-budget.ts';

test('never more than the limit, and every shard arrives, whatever the sizes and the pace', async () => {
  for (let seed = 1; seed <= 50; seed++) {
    let state = seed;
    const random = (below: number): number => (state = (state * 48271) % 0x7fffffff) % below;
    const limit = 100;
    const room = new DownloadBudget(limit);
    const sizes = Array.from({ length: 20 }, () => 1 + random(80));
    const held = new Map<number, number>();
    let max = 0;
    let arrived = 0;
    const queue = sizes.entries();
    const line = async (): Promise<void> => {
      for (const [place, size] of queue) {
        room.enter(place, size);
        held.set(place, 0);
        while (held.get(place)! < size) {
          const piece = Math.min(1 + random(10), size - held.get(place)!);
          await room.take(place, piece);
          held.set(place, held.get(place)! + piece);
          max = Math.max(
            max,
            [...held.values()].reduce((a, b) => a + b, 0),
          );
          for (let i = random(4); i > 0; i--) await Promise.resolve();
        }
        held.delete(place);
        room.leave(place);
        arrived++;
      }
    };
    await Promise.all([line(), line(), line(), line()]);
    expect(arrived).toBe(sizes.length);
    expect(max, `seed ${seed}`).toBeLessThanOrEqual(limit);
  }
});
