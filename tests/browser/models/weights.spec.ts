/** Weights that do not arrive as they should. */
import { begin, errorCode, expect, finished, fixture, open, test } from '../support/fixtures.ts';
import type { Fault } from '../support/server.ts';

const WEIGHTS = /\.safetensors$/;
const cases: { what: string; path: RegExp; fault: Fault; code: RegExp }[] = [
  { what: 'one wrong byte', path: WEIGHTS, fault: 'corrupt', code: /^hash-mismatch$/ },
  { what: 'too short', path: WEIGHTS, fault: 'truncate', code: /^(bad-weights|hash-mismatch)$/ },
  { what: 'a connection that breaks', path: WEIGHTS, fault: 'cut', code: /^offline$/ },
  { what: 'missing weights', path: WEIGHTS, fault: 'missing', code: /^http$/ },
  { what: 'a missing model description', path: /model\.json$/, fault: 'missing', code: /^http$/ },
  { what: 'a missing engine', path: /\.wasm$/, fault: 'missing', code: /^http$/ },
];

for (const { what, path, fault, code } of cases) {
  test(`${what}: an error that says so, and another try that works`, async ({ page, server, tolerate }) => {
    tolerate(/Failed to load resource/);
    server.break(path, fault);
    await open(page, server);
    await begin(page, { file: fixture('cup-16x16.png'), steps: 1 });
    expect(await errorCode(page)).toMatch(code);
    await expect(page.locator('#name')).toHaveText('cup-16x16.png');

    server.mend();
    await page.getByRole('button', { name: 'Try again' }).click();
    await finished(page);
  });
}
