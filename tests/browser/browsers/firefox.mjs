// How Firefox is started: the one that a distribution packages, behind `bidi.mjs`.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** `FIREFOX` if set. */
export const FIREFOX = process.env['FIREFOX'] ?? '/usr/bin/firefox-esr';

export const installed = existsSync(FIREFOX);

/** @type {NonNullable<import('@playwright/test').PlaywrightTestConfig['use']>} */
export const use = {
  browserName: 'firefox',
  // Playwright's own build speaks another protocol.
  channel: 'moz-firefox',
  // To take one it adds a style, which the page's policy forbids and the console tells.
  screenshot: 'off',
  launchOptions: {
    executablePath: fileURLToPath(new URL('bidi.mjs', import.meta.url)),
    // What Mozilla would have changed since the release.
    firefoxUserPrefs: { 'app.normandy.enabled': false, 'services.settings.server': 'data:,#remote-settings-dummy/v1' },
  },
};
