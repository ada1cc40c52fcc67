import { defineConfig } from '@playwright/test';
import { launchOptions, SOFTWARE_WEBGPU } from './browsers/chromium.mjs';
import * as firefox from './browsers/firefox.mjs';
import * as notInFirefox from './browsers/not-in-firefox.ts';

/** A first start does not measure a GPU that the CPU emulates. */
const WITHOUT_WEBGPU = /(without-webgpu|snippets|recipes|examples|webkit)\.spec\.ts/;

export default defineConfig({
  testDir: '.',
  outputDir: '../../test-results/runs',
  globalSetup: './support/build-fake.ts',
  // The engine's CPU path has one thread; a second test fills the second core of a small machine.
  workers: 2,
  fullyParallel: true,
  timeout: 120_000,
  expect: { timeout: 10_000 },
  forbidOnly: Boolean(process.env['CI']),
  // A browser on a busy machine can fail for the machine's reasons. A test that needed its second try is counted as flaky: mend it.
  retries: 1,
  reporter: [['list'], ['./support/flaky-reporter.ts']],
  use: { viewport: { width: 1280, height: 800 }, trace: 'off', screenshot: 'only-on-failure' },
  projects: [
    { name: 'software-gpu', testIgnore: [WITHOUT_WEBGPU, /\/firefox\.spec\.ts/], use: { launchOptions: launchOptions(SOFTWARE_WEBGPU) } },
    { name: 'no-gpu', testMatch: WITHOUT_WEBGPU, use: { launchOptions: launchOptions() } },
    ...(firefox.installed ? [{ name: 'firefox', testIgnore: notInFirefox.files, grepInvert: notInFirefox.tests, use: firefox.use }] : []),
  ],
});
