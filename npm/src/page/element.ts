/** `<resshift-upscaler>`: a picture, upscaled in place. `element.d.ts` describes it. */

import type * as api from '../index.d.ts';
import { Upscaler, UpscalerError } from './upscaler.ts';

/** Largest canvas that every browser draws, in pixels (Safari's limit), and its longest side. */
const CANVAS_PIXELS = 4096 * 4096;
const CANVAS_SIDE = 16_384;

const STYLE = `
:host { display: inline-block; max-width: 100%; font: inherit; }
:host([hidden]) { display: none; }
[part~='image'], [part~='preview'] { display: block; max-width: 100%; height: auto; }
[part~='progress'] { display: block; width: 100%; }
[hidden] { display: none !important; }`;

const HTML = `
<img part="image" alt=""><canvas part="preview" aria-hidden="true" hidden></canvas>
<progress part="progress" max="1" value="0" aria-label="Upscaling" hidden></progress>
<p part="status" role="status"></p>
<div part="controls" hidden>
<button part="start" type="button">Upscale 4×</button>
<button part="cancel" type="button" hidden>Cancel</button>
<a part="download" hidden>Save</a>
</div>`;

const Base = globalThis.HTMLElement ?? (class {} as unknown as typeof HTMLElement);

export class ResShiftElement extends Base {
  static readonly formAssociated = true;
  static readonly observedAttributes = ['src', 'alt', 'controls'];

  readonly #internals: ElementInternals = this.attachInternals();
  readonly #shadow = this.attachShadow({ mode: 'open' });
  #upscaler: { key: string; made: Promise<Upscaler> } | undefined;
  #run: AbortController | undefined;
  #result: api.Result | undefined;
  #address: string | undefined;
  #disabled = false;

  constructor() {
    super();
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    this.#shadow.adoptedStyleSheets = [sheet];
    this.#shadow.innerHTML = HTML;
    this.#part('start').onclick = () => void this.start().catch(() => undefined);
    this.#part('cancel').onclick = () => this.cancel();
  }

  /** The last result; null before the first and after `src` has changed. */
  get result(): api.Result | null {
    return this.#result ?? null;
  }

  get form(): HTMLFormElement | null {
    return this.#internals.form;
  }

  get name(): string {
    return this.getAttribute('name') ?? '';
  }

  connectedCallback(): void {
    this.#renew();
  }

  disconnectedCallback(): void {
    this.cancel();
    void this.#upscaler?.made.then((upscaler) => upscaler.dispose(), () => undefined);
    this.#upscaler = undefined;
  }

  attributeChangedCallback(name: string): void {
    if (name === 'src' && this.isConnected) this.#renew();
    if (name === 'alt') this.#part<HTMLImageElement>('image').alt = this.getAttribute('alt') ?? '';
    if (name === 'controls') this.#part('controls').hidden = !this.hasAttribute('controls');
  }

  formDisabledCallback(disabled: boolean): void {
    this.#disabled = disabled;
    this.#part<HTMLButtonElement>('start').disabled = disabled;
  }

  formResetCallback(): void {
    this.#clear();
  }

  /** Upscales the picture at `src`. Rejects with what the event `error` carries. */
  async start(): Promise<api.Result> {
    this.cancel();
    const run = (this.#run = new AbortController());
    this.#show(true, 'Loading');
    try {
      const blob = await this.#fetch(run.signal);
      const upscaler = await this.#open(run.signal);
      const result = await upscaler.upscale(blob, {
        ...this.#numbers(),
        signal: run.signal,
        onProgress: (progress) => this.#progress(progress),
        onTile: (tile) => {
          this.#paint(tile);
          this.#notify('tile', tile);
        },
        onPreview: (part) => this.#paint(part),
      });
      if (run.signal.aborted) throw run.signal.reason;
      this.#finish(result);
      return result;
    } catch (error) {
      if (this.#run === run) {
        this.#show(false, error instanceof UpscalerError ? `${error.message} ${error.advice}` : 'Cancelled.');
        this.#part('preview').hidden = true;
        this.#part('image').hidden = false;
      }
      this.#notify('error', error);
      throw error;
    } finally {
      if (this.#run === run) this.#run = undefined;
    }
  }

  /** Ends the run, if there is one. */
  cancel(): void {
    this.#run?.abort();
  }

  #renew(): void {
    this.cancel();
    this.#clear();
    const src = this.getAttribute('src');
    if (src && !this.hasAttribute('controls')) void this.start().catch(() => undefined);
  }

  #clear(): void {
    if (this.#address) URL.revokeObjectURL(this.#address);
    this.#address = this.#result = undefined;
    this.#internals.setFormValue(null);
    this.#part('download').hidden = true;
    this.#part('preview').hidden = true;
    const image = this.#part<HTMLImageElement>('image');
    image.hidden = false;
    image.src = this.getAttribute('src') ?? '';
    image.alt = this.getAttribute('alt') ?? '';
    this.#show(false, '');
  }

  async #fetch(signal: AbortSignal): Promise<Blob> {
    const src = this.getAttribute('src');
    const fault = { advice: 'Check the address in src.' };
    if (!src) throw new UpscalerError({ ...fault, code: 'no-input', message: 'There is no src.' });
    const response = await fetch(src, { signal }).catch(() => {
      throw signal.aborted
        ? new UpscalerError({ code: 'aborted', message: 'Cancelled.', advice: 'Start again whenever you like.' })
        : new UpscalerError({ ...fault, code: 'offline', message: `${src} could not be reached.` });
    });
    if (!response.ok) throw new UpscalerError({ ...fault, code: 'http', message: `${src}: the server answered ${response.status}.` });
    return response.blob();
  }

  #open(signal: AbortSignal): Promise<Upscaler> {
    const model = this.getAttribute('model') ?? undefined;
    const device = (this.getAttribute('device') ?? 'auto') as api.Device;
    const key = `${model} ${device}`;
    if (this.#upscaler?.key !== key) {
      void this.#upscaler?.made.then((upscaler) => upscaler.dispose(), () => undefined);
      const made = Upscaler.create({ ...(model === undefined ? {} : { model }), device, signal });
      const entry = (this.#upscaler = { key, made });
      made.catch(() => {
        if (this.#upscaler === entry) this.#upscaler = undefined;
      });
    }
    return this.#upscaler!.made;
  }

  #numbers(): api.UpscaleOptions {
    const read = (name: string): Record<string, number> => (this.hasAttribute(name) ? { [name]: Number(this.getAttribute(name)) } : {});
    return { ...read('steps'), ...read('seed') };
  }

  #progress(progress: api.RunProgress): void {
    this.#part<HTMLProgressElement>('progress').value = progress.fraction;
    const text = `Step ${progress.step} of ${progress.steps}`;
    if (this.#part('status').textContent !== text) this.#part('status').textContent = text;
    this.#notify('progress', progress);
  }

  #paint({ x, y, image: pixels }: api.Tile): void {
    const image = this.#part<HTMLImageElement>('image');
    const canvas = this.#part<HTMLCanvasElement>('preview');
    const [width, height] = [image.naturalWidth * 4, image.naturalHeight * 4];
    if (width > 0 && width * height <= CANVAS_PIXELS && Math.max(width, height) <= CANVAS_SIDE) {
      const context = canvas.getContext('2d');
      if (canvas.hidden) {
        Object.assign(canvas, { width, height, hidden: false });
        context?.drawImage(image, 0, 0, width, height);
      }
      image.hidden = true;
      context?.putImageData(pixels, x, y);
    }
  }

  #finish(result: api.Result): void {
    if (this.#address) URL.revokeObjectURL(this.#address);
    this.#result = result;
    this.#address = URL.createObjectURL(result.blob);
    const file = new File([result.blob], this.#fileName(result.blob.type), { type: result.blob.type });
    this.#internals.setFormValue(file);
    const image = this.#part<HTMLImageElement>('image');
    image.src = this.#address;
    image.hidden = false;
    this.#part('preview').hidden = true;
    Object.assign(this.#part<HTMLAnchorElement>('download'), { href: this.#address, download: file.name, hidden: false });
    this.#show(false, `${result.width} × ${result.height} pixels`);
    this.#notify('done', result);
  }

  #fileName(type: string): string {
    const last = (this.getAttribute('src') ?? '').split(/[?#]/, 1)[0]!.split('/').pop() ?? '';
    const stem = /^(blob|data):/.test(this.getAttribute('src') ?? '') ? '' : last.replace(/\.[^.]*$/, '');
    return `${stem || 'picture'}_x4.${type.split('/').pop()?.replace('jpeg', 'jpg') ?? 'png'}`;
  }

  #show(running: boolean, text: string): void {
    this.#part('progress').hidden = !running;
    this.#part<HTMLProgressElement>('progress').value = 0;
    this.#part('start').hidden = running;
    this.#part<HTMLButtonElement>('start').disabled = this.#disabled;
    this.#part('cancel').hidden = !running;
    this.#part('status').textContent = text;
  }

  #part<T extends HTMLElement = HTMLElement>(name: string): T {
    return this.#shadow.querySelector<T>(`[part~='${name}']`)!;
  }

  #notify(type: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

globalThis.customElements?.get('resshift-upscaler') ?? globalThis.customElements?.define('resshift-upscaler', ResShiftElement);
