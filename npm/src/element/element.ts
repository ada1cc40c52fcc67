/** `<resshift-upscaler>`: a picture, upscaled in place. `element.d.ts` describes it. */

import { scale } from '../../../limits.json';
import type * as api from '../index.d.ts';
import { fitsCanvas } from '../shared/canvas.ts';
import { cancelled, noSource, refused, unreachable } from './failure.ts';
import { Shared } from './shared-engines.ts';
import { ATTRIBUTES, sentencesFor, text, type Key } from './text.ts';
import type { Upscaler, UpscalerError } from '../page/upscaler.ts';

const STYLE = `
:host { display: inline-block; max-width: 100%; font: inherit }
img, canvas { display: block; max-width: 100%; height: auto }
progress { display: block; width: 100% }
:host([hidden]), [hidden] { display: none !important }`;

type Tree = readonly [tag: string, attributes: Readonly<Record<string, string>>, ...children: Tree[]];

const PARTS: readonly Tree[] = [
  ['img', { part: 'image', alt: '' }],
  ['canvas', { part: 'preview', 'aria-hidden': 'true', hidden: '' }],
  ['progress', { part: 'progress', max: '1', value: '0', hidden: '' }],
  ['p', { part: 'status', role: 'status' }],
  [
    'div',
    { part: 'controls', hidden: '' },
    ['button', { part: 'start', type: 'button' }, ['slot', { name: 'start' }]],
    ['button', { part: 'cancel', type: 'button', hidden: '' }, ['slot', { name: 'cancel' }]],
    ['a', { part: 'download', hidden: '' }, ['slot', { name: 'download' }]],
  ],
];

/** Without `innerHTML`, which Trusted Types forbid. */
function build([tag, attributes, ...children]: Tree): HTMLElement {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.map(build));
  return element;
}

const Base = globalThis.HTMLElement ?? (class {} as unknown as typeof HTMLElement);

export class ResShiftElement extends Base {
  static readonly formAssociated = true;
  static readonly observedAttributes = ['src', 'alt', 'controls', 'required', 'lang', ...ATTRIBUTES];

  /** jsdom has it without the methods for forms. */
  readonly #internals: ElementInternals = this.attachInternals();
  readonly #shadow = this.attachShadow({ mode: 'open', delegatesFocus: true });
  #engine: Shared | undefined;
  #run: AbortController | undefined;
  #result: api.Result | undefined;
  #address: string | undefined;
  /** A picture that was set instead of `src`, and its address. */
  #file: { blob: Blob; address: string } | undefined;
  /** Whether it is in a document, or being moved. */
  #alive = false;
  #disabled = false;

  constructor() {
    super();
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    this.#shadow.adoptedStyleSheets = [sheet];
    this.#shadow.append(...PARTS.map(build));
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

  set name(name: string) {
    this.setAttribute('name', name);
  }

  get src(): string {
    return this.getAttribute('src') ?? '';
  }

  set src(src: string) {
    this.setAttribute('src', src);
  }

  get file(): Blob | null {
    return this.#file?.blob ?? null;
  }

  set file(blob: Blob | null) {
    if (this.#file) URL.revokeObjectURL(this.#file.address);
    this.#file = blob ? { blob, address: URL.createObjectURL(blob) } : undefined;
    if (this.isConnected) this.#renew();
  }

  get validity(): ValidityState {
    return this.#internals.validity;
  }

  get validationMessage(): string {
    return this.#internals.validationMessage;
  }

  get willValidate(): boolean {
    return this.#internals.willValidate;
  }

  checkValidity(): boolean {
    return this.#internals.checkValidity();
  }

  reportValidity(): boolean {
    return this.#internals.reportValidity();
  }

  connectedCallback(): void {
    this.#label();
    if (!this.#alive) this.#renew();
    this.#alive = true;
  }

  /** After `moveBefore`, nothing changes. */
  connectedMoveCallback(): void {}

  disconnectedCallback(): void {
    // A move connects it again immediately.
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.#alive = false;
      this.cancel();
      this.#engine?.release();
      this.#engine = undefined;
    });
  }

  attributeChangedCallback(name: string): void {
    if (name === 'src' && this.isConnected) this.#renew();
    if (name === 'alt') this.#part<HTMLImageElement>('image').alt = this.getAttribute('alt') ?? '';
    if (name === 'required') this.#validate();
    if (name === 'lang' || name.startsWith('text-')) this.#label();
    if (name === 'controls') this.#part('controls').hidden = !this.hasAttribute('controls');
  }

  formDisabledCallback(disabled: boolean): void {
    this.#disabled = disabled;
    this.#part<HTMLButtonElement>('start').disabled = disabled;
  }

  formResetCallback(): void {
    this.#clear();
  }

  /** Upscales `file`, or the picture at `src`. Rejects with what the event `error` carries. */
  async start(): Promise<api.Result> {
    this.cancel();
    const run = (this.#run = new AbortController());
    const sentences = sentencesFor(this);
    this.#show(true, text(this, 'loading'));
    try {
      const blob = this.file ?? (await this.#fetch(run.signal));
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
      if (run.signal.aborted) throw cancelled();
      this.#finish(result);
      return result;
    } catch (thrown) {
      const error = run.signal.aborted ? cancelled() : (thrown as UpscalerError);
      if (this.#run === run) this.#fail(error, sentences);
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
    if (this.#picture && !this.hasAttribute('controls')) void this.start().catch(() => undefined);
  }

  #clear(): void {
    if (this.#address) URL.revokeObjectURL(this.#address);
    this.#address = this.#result = undefined;
    this.#internals.setFormValue?.(null);
    this.#validate();
    this.#part('download').hidden = true;
    const image = this.#part<HTMLImageElement>('image');
    image.src = this.#picture;
    image.alt = this.getAttribute('alt') ?? '';
    this.#show(false, '');
  }

  /** Address of the picture to upscale. */
  get #picture(): string {
    return this.#file?.address ?? this.src;
  }

  /** A form that requires it is not sent without its result. */
  #validate(): void {
    const missing = this.hasAttribute('required') && !this.#result;
    this.#internals.setValidity?.(missing ? { valueMissing: true } : {}, missing ? text(this, 'required') : '', this.#part('start'));
  }

  async #fetch(signal: AbortSignal): Promise<Blob> {
    const url = this.getAttribute('src');
    if (!url) throw noSource();
    const response = await fetch(url, { signal }).catch(() => {
      throw unreachable(url);
    });
    if (!response.ok) throw refused(url, response.status);
    return response.blob();
  }

  async #open(signal: AbortSignal): Promise<Upscaler> {
    const model = this.getAttribute('model') ?? undefined;
    const device = (this.getAttribute('device') ?? 'auto') as api.Device;
    const before = this.#engine;
    if (before?.model !== model || before?.device !== device) {
      this.#engine = new Shared(model, device);
      before?.release();
    }
    const engine = this.#engine!;
    const drop = (): void => {
      engine.release();
      if (this.#engine === engine) this.#engine = undefined;
    };
    signal.addEventListener('abort', drop);
    try {
      // Other elements may still use the engine that this one no longer waits for.
      return await Promise.race([
        engine.upscaler,
        new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      ]);
    } catch (error) {
      drop();
      throw error;
    } finally {
      signal.removeEventListener('abort', drop);
    }
  }

  #numbers(): api.UpscaleOptions {
    const read = (name: string): Record<string, number> => (this.hasAttribute(name) ? { [name]: Number(this.getAttribute(name)) } : {});
    return { ...read('steps'), ...read('seed') };
  }

  #progress(progress: api.RunProgress): void {
    this.#part<HTMLProgressElement>('progress').value = progress.fraction;
    const said = text(this, 'step', progress);
    if (this.#part('status').textContent !== said) this.#part('status').textContent = said;
    this.#notify('progress', progress);
  }

  #paint({ x, y, image: pixels }: api.Tile): void {
    const image = this.#part<HTMLImageElement>('image');
    const canvas = this.#part<HTMLCanvasElement>('preview');
    const [width, height] = [image.naturalWidth * scale, image.naturalHeight * scale];
    if (width > 0 && fitsCanvas(width, height)) {
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
    this.#internals.setFormValue?.(file);
    this.#validate();
    const image = this.#part<HTMLImageElement>('image');
    image.src = this.#address;
    Object.assign(this.#part<HTMLAnchorElement>('download'), { href: this.#address, download: file.name, hidden: false });
    this.#show(false, text(this, 'done', result));
    this.#notify('done', result);
  }

  /** Shows the error in the element's language as soon as its sentences are loaded. */
  #fail(error: UpscalerError, sentences: Promise<api.ErrorSentences | undefined>): void {
    if (error.code === 'aborted') return this.#show(false, text(this, 'cancelled'));
    const { code, message, advice } = error;
    const said = text(this, 'error', { code, message, advice });
    this.#show(false, said);
    void sentences.then((known) => {
      const status = this.#part('status');
      if (!known || status.textContent !== said) return;
      const [message, advice] = known[code];
      status.textContent = text(this, 'error', { code, message, advice });
    });
  }

  #fileName(type: string): string {
    const given = (this.file as File | null)?.name ?? this.#picture;
    const last = given.split(/[?#]/, 1)[0]!.split('/').pop() ?? '';
    const stem = /^(blob|data):/.test(given) ? '' : last.replace(/\.[^.]*$/, '');
    return `${stem || 'picture'}_x${scale}.${type.split('/').pop()?.replace('jpeg', 'jpg') ?? 'png'}`;
  }

  #show(running: boolean, said: string): void {
    const focused = this.#shadow.activeElement as HTMLElement | null;
    this.#part('progress').hidden = !running;
    this.#part<HTMLProgressElement>('progress').value = 0;
    this.#part('start').hidden = running;
    this.#part<HTMLButtonElement>('start').disabled = this.#disabled;
    this.#part('cancel').hidden = !running;
    if (!running) {
      this.#part('preview').hidden = true;
      this.#part('image').hidden = false;
    }
    this.#part('status').textContent = said;
    // Focus moves from a button that disappears to the one that replaces it.
    if (focused?.hidden) this.#part(running ? 'cancel' : this.#result ? 'download' : 'start').focus();
  }

  /** Updates the words that do not depend on a run. */
  #label(): void {
    for (const key of ['start', 'cancel', 'download'] satisfies Key[])
      this.#shadow.querySelector(`slot[name=${key}]`)!.textContent = text(this, key);
    this.#part('progress').setAttribute('aria-label', text(this, 'running'));
    this.#validate();
  }

  #part<T extends HTMLElement = HTMLElement>(name: string): T {
    return this.#shadow.querySelector<T>(`[part~='${name}']`)!;
  }

  #notify(type: string, detail: unknown): void {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

globalThis.customElements?.get('resshift-upscaler') ?? globalThis.customElements?.define('resshift-upscaler', ResShiftElement);
