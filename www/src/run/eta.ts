/** Time left of a run: from the expected time at first, then from its progress. */

/** Number of reports that the estimate uses; few, so that it follows a machine that gets busier. */
const WINDOW = 12;

export class Eta {
  private readonly reports: { time: number; fraction: number }[] = [];

  /**
   * @param expected seconds, from earlier runs; null if nothing is known
   * @param cold whether it is the first run of an engine, whose first piece of work takes several times as long as any other
   */
  constructor(
    private readonly expected: number | null = null,
    private cold = false,
  ) {}

  /** For a run that resumes with a part of the work done. */
  begin(time: number, fraction: number): void {
    this.reports.length = 0;
    this.reports.push({ time, fraction });
  }

  /**
   * @param time seconds on any clock
   * @param fraction of the work done, 0 to 1
   * @returns seconds left, or null while too little is known
   */
  report(time: number, fraction: number): number | null {
    this.reports.push({ time, fraction });
    if (this.cold && this.reports.length === 2) {
      this.reports.shift();
      this.cold = false;
    }
    if (this.reports.length > WINDOW) this.reports.shift();
    const first = this.reports[0];
    if (first && fraction > first.fraction && time > first.time)
      return ((1 - fraction) * (time - first.time)) / (fraction - first.fraction);
    return this.expected === null ? null : this.expected * (1 - fraction);
  }
}
