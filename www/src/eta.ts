/** Time left of a run, from how the last part of it went. */

/** Reports that the estimate looks back on: the first ones, slowed by compiling and caches, soon drop out. */
const WINDOW = 12;

export class Eta {
  private readonly reports: { time: number; fraction: number }[] = [];

  /**
   * @param time seconds on any clock
   * @param fraction of the work done, 0 to 1
   * @returns seconds left, or null while too little is known
   */
  report(time: number, fraction: number): number | null {
    this.reports.push({ time, fraction });
    if (this.reports.length > WINDOW) this.reports.shift();
    const first = this.reports[0];
    if (!first || fraction <= first.fraction || time <= first.time) return null;
    return ((1 - fraction) * (time - first.time)) / (fraction - first.fraction);
  }
}
