/** The upscaler behind the page: made at the first run, kept for the next ones, replaced when model or device change. */
import {
  Upscaler,
  type Input,
  type LoadProgress,
  type Result,
  type RunProgress,
  type Snapshot,
  type Tile,
  type UpscalerError,
} from 'resshift-web';
import { PLACE } from '../models/built-in.ts';
import type { Settings } from '../settings/settings.ts';

export interface RunEvents {
  onLoad: (progress: LoadProgress) => void;
  onReady: (upscaler: Upscaler) => void;
  onProgress: (progress: RunProgress) => void;
  onTile: (tile: Tile) => void;
  onPreview: (part: Tile) => void;
  onSnapshot: (snapshot: Snapshot) => void;
}

/** A picture that changes all the time is a movement too. */
const CALM = matchMedia('(prefers-reduced-motion: reduce)');

export class Engine {
  private upscaler: Upscaler | null = null;
  /** The one that has run a picture to its end. */
  private warm: Upscaler | null = null;
  private opened: Pick<Settings, 'model' | 'device'> | null = null;

  /** @param resume where to go on, if the picture was in work before */
  async run(input: Input, settings: Settings, signal: AbortSignal, events: RunEvents, resume?: Snapshot): Promise<Result> {
    const upscaler = await this.open(settings, signal, events.onLoad);
    events.onReady(upscaler);
    const result = await upscaler.upscale(input, {
      steps: settings.steps,
      seed: settings.seed,
      ...settings.chain,
      ...settings.output,
      signal,
      onProgress: events.onProgress,
      onTile: events.onTile,
      onSnapshot: events.onSnapshot,
      ...(CALM.matches ? {} : { onPreview: events.onPreview }),
      ...(resume && { resume }),
    });
    this.warm = upscaler;
    return result;
  }

  /** Kernels are still to be compiled and weights to be packed: the first piece of work will take long. */
  get cold(): boolean {
    return this.warm !== this.upscaler;
  }

  /** The one that ran last. */
  get current(): Upscaler | null {
    return this.upscaler;
  }

  get warnings(): readonly UpscalerError[] {
    return this.upscaler?.warnings ?? [];
  }

  /** A model or device that fails to open leaves the one before it usable. */
  private async open({ model, device }: Settings, signal: AbortSignal, onProgress: RunEvents['onLoad']): Promise<Upscaler> {
    if (this.upscaler && this.opened?.device === device && this.opened.model === model) return this.upscaler;
    const next = await Upscaler.create({ ...PLACE, model, device, signal, onProgress });
    this.upscaler?.dispose();
    this.upscaler = next;
    this.opened = { model, device };
    return next;
  }
}
