/** The page's upscaler: created for the first run, kept for the next ones, and replaced when model or device change. */
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

/** Previews count as motion too. */
const CALM = matchMedia('(prefers-reduced-motion: reduce)');

export class Engine {
  private upscaler: Upscaler | null = null;
  /** The upscaler that has completed a run. */
  private warm: Upscaler | null = null;
  private opened: Pick<Settings, 'model' | 'device'> | null = null;

  /** @param resume the snapshot to resume from, if there is one */
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

  /** Whether kernels must still be compiled and weights packed, so that the first piece of work takes long. */
  get cold(): boolean {
    return this.warm !== this.upscaler;
  }

  /** The upscaler that ran last. */
  get current(): Upscaler | null {
    return this.upscaler;
  }

  get warnings(): readonly UpscalerError[] {
    return this.upscaler?.warnings ?? [];
  }

  /** If a model or device fails to open, the previous one stays usable. */
  private async open({ model, device }: Settings, signal: AbortSignal, onProgress: RunEvents['onLoad']): Promise<Upscaler> {
    if (this.upscaler && this.opened?.device === device && this.opened.model === model) return this.upscaler;
    const next = await Upscaler.create({ ...PLACE, model, device, signal, onProgress });
    this.upscaler?.dispose();
    this.upscaler = next;
    this.opened = { model, device };
    return next;
  }
}
