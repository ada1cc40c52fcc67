/** The page's texts, in its language: the words of `languages/`, and sentences that choose between them. */
import type { Capabilities, Device, DeviceInfo, ImportPlan, LoadProgress, ModelInfo, Result, RunProgress, StoredModel } from 'resshift-web';
import type { Size } from '../size.ts';
import { en, type Words } from './languages/en.ts';

/** Cost of a run. */
export interface Estimate {
  /** Null if nothing is known yet. */
  seconds: number | null;
  bytes: number;
  /** Whether nothing was measured here yet. */
  rough: boolean;
}

export interface Outcome {
  width: number;
  height: number;
  /** Format of the file. */
  format: string;
  fileBytes: number;
  seconds: number;
  /** These two are absent from results that an earlier version of the page has stored. */
  model?: string;
  decodedBy?: Result['decodedBy'];
  steps: number;
  seed: number;
  device: DeviceInfo;
}

/** A device; `f16` is null until the engine has decided. */
type Where = Omit<DeviceInfo, 'f16' | 'tile'> & { f16: boolean | null };

const sentences = (words: Words) => {
  /** Where a run happens, and why, if it was not asked for. */
  const runsOn = (info: Where, wanted: Device, capabilities: Capabilities | null): string => {
    if (info.kind === 'webgpu') {
      const name = info.f16 === null ? info.name : `${info.name}, ${info.f16 ? words.f16 : words.f32}`;
      if (!info.software) return words.onGpu(name);
      return info.reason === 'faster' ? words.onEmulatedFaster(name) : words.onEmulatedLikely(name);
    }
    const gpu = capabilities?.webgpu;
    if (wanted !== 'auto' || !capabilities) return words.onCpu;
    if (!gpu || info.reason === 'no-webgpu') return words.onCpuNoWebGpu;
    if (info.reason === 'webgpu-failed') return words.onCpuGpuFailed(gpu.name);
    return gpu.software ? words.onCpuGpuEmulated(gpu.name) : words.onCpuFaster(gpu.name);
  };

  const where = (info: DeviceInfo): string => {
    if (info.kind === 'cpu') return words.whereCpu;
    return info.software ? words.whereEmulated(info.name) : words.whereGpu(info.name);
  };

  const duration = (seconds: number): string => {
    if (seconds < 10) return words.seconds(words.decimal(seconds));
    return seconds < 100 ? words.seconds(words.whole(seconds)) : words.minutes(words.whole(seconds / 60));
  };

  /** A time that is still left. */
  const cost = (seconds: number): string =>
    seconds < 90 ? words.seconds(words.whole(Math.max(1, seconds))) : words.minutes(words.whole(seconds / 60));

  return {
    ...words,
    runsOn,

    /** Before anything is loaded: where a run will happen. */
    willRunOn(device: Device, capabilities: Capabilities): string {
      if (!capabilities.wasm) return words.noWasm;
      const { webgpu, recommended } = capabilities;
      if (device === 'webgpu' && !webgpu) return words.noWebGpu;
      const kind = device === 'auto' ? (recommended ?? 'cpu') : device;
      const reason = device !== 'auto' ? 'asked' : webgpu ? 'faster' : 'no-webgpu';
      return runsOn({ kind, name: webgpu?.name ?? '', software: webgpu?.software ?? false, f16: null, reason }, device, capabilities);
    },

    loading(progress: LoadProgress): string {
      if (progress.phase === 'ready') return words.ready;
      const what = progress.phase === 'engine' ? words.engine : words.weights;
      if (progress.cached) return words.fromDevice(what);
      if (progress.total > 0) return words.loadedOf(what, words.bytes(progress.loaded), words.bytes(progress.total));
      return progress.loaded > 0 ? words.loadedSoFar(what, words.bytes(progress.loaded)) : what;
    },

    tileOf: ({ step, steps, tile, tiles }: RunProgress): string => words.running(step, steps, tile, tiles),

    /** Rounded as coarsely as the estimate is rough, by a seventh at most. */
    timeLeft(seconds: number): string {
      const to = (unit: number, whole: number): number => Math.round(seconds / unit) * (unit / whole);
      if (seconds < 4.5) return words.momentsLeft;
      if (seconds < 20) return words.secondsLeft(to(1, 1));
      if (seconds < 90) return words.secondsLeft(to(5, 1));
      if (seconds < 600) return words.minutesLeft(to(30, 60));
      if (seconds < 5400) return words.minutesLeft(to(60, 60));
      return words.hoursLeft(to(1800, 3600));
    },

    /** Before a run. */
    estimate({ seconds, bytes, rough }: Estimate): string {
      // More digits would promise too much precision.
      const memory = words.bytes(Number(bytes.toPrecision(2)));
      if (seconds === null) return words.costsUnknown(memory);
      return (rough ? words.costsRoughly : words.costs)(cost(seconds), memory);
    },

    /** Time for one choice of steps. */
    stepTime: (seconds: number): string => words.about(cost(seconds)),

    /** Description of a built-in model; empty for others. */
    aboutModel: (name: string, bytes: number): string => {
      const about = new Map([
        ['compact', words.aboutCompact],
        ['nano', words.aboutNano],
      ]).get(name);
      return about ? `${words.bytes(bytes)} · ${about}` : '';
    },

    fromTo: (from: Size, to: Size): string => words.sizes(`${from.width} × ${from.height}`, `${to.width} × ${to.height}`),

    tooManyPixels: ({ width, height }: Size, max: number): string =>
      words.tooLarge(words.decimal((width * height) / 1e6), words.decimal(max / 1e6)),

    /** Two lines, and a third if the browser decoded the file. */
    outcome: (done: Outcome): string =>
      [
        words.resultSize(done.width, done.height, done.format, words.bytes(done.fileBytes)),
        words.resultRun(duration(done.seconds), where(done.device), done.steps, done.seed),
        ...(done.decodedBy === 'browser' ? [words.decodedByBrowser] : []),
      ].join('\n'),

    /** One of several results of a picture. */
    answer: ({ model, steps, seed }: Outcome): string => [model, words.stepsAndSeed(steps, seed)].filter(Boolean).join(' · '),

    /** How much of each is shown, in per cent: of the original and its result, or of two results with these names. */
    sharesOf: (before: number, after: number, names: readonly [string, string] | null): string =>
      names ? `${names[0]}: ${before} %; ${names[1]}: ${after} %` : words.shares(before, after),

    modelLine: ({ name, version, bytes, licence }: ModelInfo): string =>
      words.modelInUse(`${name} ${version}`, words.bytes(bytes), licence.name, licence.commercial),

    /** `4.1 MB`: all models together. */
    modelsSize: (models: readonly StoredModel[]): string =>
      models.length === 0 ? '' : words.bytes(models.reduce((sum, { bytes }) => sum + bytes, 0)),

    /** Version, size and terms, in one line. */
    storedModel: ({ version, bytes, licence }: StoredModel): string =>
      [version, words.bytes(bytes), licence.commercial ? licence.name : words.nonCommercial(licence.name)].join(' · '),

    /** What the browser reports about its storage for this site. */
    storageNote({ quota = 0, usage = 0 }: StorageEstimate, persistent: boolean): string {
      const free = words.bytes(Math.max(0, quota - usage));
      return persistent ? words.kept(free) : words.mayBeCleared(free);
    },

    /** @param imported whether it was made on this device, so that it cannot be downloaded again */
    onThisDevice: (page: number, model: number, imported: boolean): string =>
      words.worksOffline(words.bytes(page), words.bytes(model)) + (imported ? '' : ` ${words.offToDelete}`),

    importPlan: ({ name, bytes, licence }: ImportPlan): string => words.plan(name, words.bytes(bytes), licence.commercial),
    licenceName: ({ licence }: ImportPlan): string => (licence.name === 'unknown' ? words.termsUnknown : licence.name),

    licenceTerms({ licence }: ImportPlan): string {
      if (licence.text) return licence.text;
      if (licence.name === 'unknown') return words.askAuthors;
      return licence.commercial ? words.termsCommercial : words.termsNonCommercial;
    },

    consent: ({ licence }: ImportPlan): string => (licence.commercial ? words.accept : words.acceptNonCommercial),
  };
};

/** Changes with the language, so read it when something is shown and keep no copy. */
export let text = sentences(en);

export function speak(words: Words): void {
  text = sentences(words);
}
