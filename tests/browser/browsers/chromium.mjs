// How the browser under test is started.
import { existsSync } from 'node:fs';

/** `CHROMIUM` if set, else the system's Chromium or Chrome, else Playwright's own download. */
const executable = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  (path) => path && existsSync(path),
);

const QUIET = [
  // Containers rarely allow Chromium's own sandbox; the pages are ours.
  '--no-sandbox',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-domain-reliability',
  '--disable-sync',
  '--no-first-run',
];

/** A WebGPU adapter that runs on the CPU. */
export const SOFTWARE_WEBGPU = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];

/**
 * @param {string[]} flags beside the common ones
 * @returns {import('@playwright/test').LaunchOptions}
 */
export function launchOptions(flags = []) {
  return { ...(executable ? { executablePath: executable } : {}), args: [...QUIET, ...flags] };
}
