/** Counts the tests that needed their second try, and names them last, where they are seen. */
import type { Reporter, TestCase } from '@playwright/test/reporter';

export default class Flaky implements Reporter {
  readonly #tests = new Set<TestCase>();

  onTestEnd(test: TestCase): void {
    this.#tests.add(test);
  }

  onEnd(): void {
    if (this.#tests.size === 0) return;
    const flaky = [...this.#tests].filter((test) => test.outcome() === 'flaky');
    console.log(`\nflaky: ${flaky.length} of ${this.#tests.size} browser tests passed at their second try only`);
    for (const test of flaky) console.log(`  ${test.titlePath().filter(Boolean).join(' › ')}`);
  }

  printsToStdio(): boolean {
    return false;
  }
}
