/** The picture on screen: the enlarged original, previews and tiles painted into it, and the result on top. */
import type { Tile } from 'resshift-web';
import { elements } from '../elements.ts';
import { text } from '../i18n/text.ts';
import type { Picture } from '../picture/picture.ts';
import { SCALE } from '../settings/result-size.ts';
import type { Size } from '../size.ts';
import { clampPan, clampZoom, isLargerBelow, place, visible, zoomOf, type Rect, type Zoom } from './geometry.ts';

/** Browsers refuse larger canvases (16 777 216 pixels on iOS). For larger pictures the preview is reduced. */
const LARGEST_CANVAS_SIDE = 4096;

/** Zoom factor of the buttons. */
const ZOOM_STEP = 2;

const { frame, canvas, other, after, result, placeholder } = elements;

export class Stage {
  private picture: Picture | null = null;
  /** Size of the enlarged picture, in its own pixels. */
  private size: Size | null = null;
  /** Canvas pixels per picture pixel. */
  private canvasScale = 1;
  private zoom: Zoom = 'fit';
  /** Whether original and result are side by side, each in one half of the frame. */
  private beside = false;
  private pan = { x: 0, y: 0 };
  private resultUrl: string | null = null;
  /** URL of the result that is shown instead of the original. */
  private otherUrl: string | null = null;
  private readonly scratch = document.createElement('canvas');

  /** Called with the part of the frame that the picture covers, whenever that changes. */
  onLayout: (shown: Rect) => void = () => {};

  constructor() {
    new ResizeObserver(() => this.layout()).observe(frame);
    for (const button of elements.zoomButtons) {
      button.addEventListener('click', () => this.setZoom(zoomOn(button)));
    }
    elements.zoomIn.addEventListener('click', () => this.zoomBy(ZOOM_STEP));
    elements.zoomOut.addEventListener('click', () => this.zoomBy(1 / ZOOM_STEP));
  }

  /** Shows a new picture, enlarged by the browser, and removes the previous result. */
  show(picture: Picture): void {
    this.picture = picture;
    this.dropResult();
    const image = picture.image;
    this.size = image && { width: image.naturalWidth * SCALE, height: image.naturalHeight * SCALE };
    placeholder.hidden = image !== null;
    this.setZoom('fit');
    this.paintOriginal();
  }

  /** Sets the description for screen readers, in the page's language. */
  name(): void {
    if (!this.picture) return;
    canvas.setAttribute('aria-label', text.pictureLabel(this.picture.name));
    result.alt = other.alt = text.resultLabel(this.picture.name);
    placeholder.textContent = this.picture.image ? '' : text.unknownSize;
  }

  paintOriginal(): void {
    const image = this.picture?.image;
    canvas.hidden = !image || !this.size;
    this.name();
    if (!image || !this.size) return;
    this.prepareCanvas(this.size);
    const context = canvas.getContext('2d');
    if (!context) return;
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = 'high';
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
  }

  paintTile(tile: Tile): void {
    const context = canvas.getContext('2d');
    if (!context || canvas.hidden) return;
    if (this.canvasScale === 1) {
      context.putImageData(tile.image, tile.x, tile.y);
      return;
    }
    const { scratch, canvasScale: s } = this;
    // A tile may be as wide as the result.
    for (let left = 0; left < tile.image.width; left += LARGEST_CANVAS_SIDE) {
      scratch.width = Math.min(LARGEST_CANVAS_SIDE, tile.image.width - left);
      scratch.height = tile.image.height;
      scratch.getContext('2d')?.putImageData(tile.image, -left, 0);
      context.drawImage(scratch, (tile.x + left) * s, tile.y * s, scratch.width * s, scratch.height * s);
    }
  }

  /** @returns false if the browser cannot show a picture of this size; the tiles then stay on screen */
  async showResult(blob: Blob, size: Size): Promise<boolean> {
    this.dropResult();
    this.resultUrl = URL.createObjectURL(blob);
    result.src = this.resultUrl;
    try {
      await result.decode();
    } catch {
      result.removeAttribute('src');
      return false;
    }
    this.size = size;
    placeholder.hidden = true;
    after.hidden = false;
    this.paintOriginal();
    this.layout();
    return true;
  }

  /** On a phone the button is below the picture, so this scrolls the result into view. */
  comeIntoView(): void {
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    frame.scrollIntoView({ block: 'nearest', behavior: still ? 'auto' : 'smooth' });
  }

  /** Address of the result's file, valid until the next picture or result. */
  get address(): string | null {
    return this.resultUrl;
  }

  /**
   * Shows another result of the picture instead of the original; null shows the original again.
   * @returns false if the browser cannot show it
   */
  async showOther(blob: Blob | null): Promise<boolean> {
    this.dropOther();
    if (!blob) return true;
    const url = (this.otherUrl = URL.createObjectURL(blob));
    other.src = url;
    try {
      await other.decode();
    } catch {
      if (url === this.otherUrl) this.dropOther();
      return false;
    }
    this.veil();
    this.layout();
    return true;
  }

  hideResult(): void {
    after.hidden = true;
    this.veil();
  }

  /** Shows the last result again after a run without a new one. */
  restoreResult(): boolean {
    after.hidden = this.resultUrl === null || !result.hasAttribute('src');
    this.veil();
    return !after.hidden;
  }

  get canPan(): boolean {
    if (!this.size || this.zoom === 'fit') return false;
    const { width, height } = this.pane();
    const scale = this.zoom / devicePixelRatio;
    return this.size.width * scale > width || this.size.height * scale > height;
  }

  /** Moves the picture by CSS pixels. */
  panBy(x: number, y: number): void {
    this.pan = { x: this.pan.x + x, y: this.pan.y + y };
    this.layout();
  }

  /** Zooms by a factor around a point, in CSS pixels of the window; default: the middle. */
  zoomBy(factor: number, at?: { x: number; y: number }): void {
    if (!this.size) return;
    const pane = this.pane();
    const before = zoomOf(pane, this.size, this.zoom, devicePixelRatio);
    this.zoom = clampZoom(pane, this.size, before * factor, devicePixelRatio);
    const after = zoomOf(pane, this.size, this.zoom, devicePixelRatio);
    const from = at ? { x: fromMiddle(at.x - pane.left, pane.width), y: fromMiddle(at.y - pane.top, pane.height) } : { x: 0, y: 0 };
    const ratio = after / before;
    this.pan = { x: from.x + (this.pan.x - from.x) * ratio, y: from.y + (this.pan.y - from.y) * ratio };
    this.tellZoom();
    this.layout();
  }

  /** Switches between the whole picture and one screen pixel per pixel. */
  toggleZoom(at: { x: number; y: number }): void {
    if (!this.size || this.zoom !== 'fit') this.setZoom('fit');
    else this.zoomBy(1 / zoomOf(this.pane(), this.size, 'fit', devicePixelRatio), at);
  }

  setBeside(beside: boolean): void {
    this.beside = beside;
    this.layout();
  }

  setZoom(zoom: Zoom): void {
    this.zoom = zoom;
    this.pan = { x: 0, y: 0 };
    this.tellZoom();
    this.layout();
  }

  private tellZoom(): void {
    // Pixels are not smoothed at 1:1, or if each is large enough to be seen.
    frame.dataset['zoom'] = this.zoom === 1 || (this.zoom !== 'fit' && this.zoom >= 2) ? 'pixels' : 'smooth';
    const pressed = elements.zoomButtons.find((button) => zoomOn(button) === this.zoom);
    for (const button of elements.zoomButtons) button.setAttribute('aria-pressed', String(button === pressed));
    elements.zoomNow.hidden = pressed !== undefined;
    elements.zoomNow.textContent = this.zoom === 'fit' ? '' : text.percent(this.zoom);
  }

  /** The area for a whole picture: the frame, or its left or upper half, in whole screen pixels. */
  private pane(): Rect {
    const { left, top, width, height } = frame.getBoundingClientRect();
    const half = (length: number): number => Math.floor((length * devicePixelRatio) / 2) / devicePixelRatio;
    const way = this.way({ width, height });
    return { left, top, width: way === 'across' ? half(width) : width, height: way === 'down' ? half(height) : height };
  }

  /** Direction of the result, as seen from the original. */
  private way(whole: Size): 'no' | 'across' | 'down' {
    if (!this.beside || !this.size) return 'no';
    return isLargerBelow(whole, this.size) ? 'down' : 'across';
  }

  private layout(): void {
    if (!this.size) return;
    const pane = this.pane();
    const way = this.way(frame.getBoundingClientRect());
    frame.dataset['beside'] = way;
    frame.style.setProperty('--half', `${way === 'down' ? pane.height : pane.width}px`);
    const scale = zoomOf(pane, this.size, this.zoom, devicePixelRatio) / devicePixelRatio;
    this.pan = clampPan(pane, { width: this.size.width * scale, height: this.size.height * scale }, this.pan);
    const origin = { left: pane.left + scrollX, top: pane.top + scrollY };
    const rect = place(pane, origin, this.size, this.zoom, this.pan, devicePixelRatio);
    for (const element of [canvas, other, result]) {
      element.style.left = `${rect.left}px`;
      element.style.top = `${rect.top}px`;
      element.style.width = `${rect.width}px`;
      element.style.height = `${rect.height}px`;
    }
    const pannable = this.canPan;
    frame.dataset['pannable'] = String(pannable);
    if (pannable) frame.tabIndex = 0;
    else frame.removeAttribute('tabindex');
    this.onLayout(visible(pane, rect));
  }

  private prepareCanvas(size: Size): void {
    const scale = Math.min(1, LARGEST_CANVAS_SIDE / Math.max(size.width, size.height));
    this.canvasScale = scale;
    canvas.width = Math.max(1, Math.round(size.width * scale));
    canvas.height = Math.max(1, Math.round(size.height * scale));
    frame.dataset['reduced'] = String(scale < 1);
    this.layout();
  }

  /** Shows what covers the original while there is a result. */
  private veil(): void {
    other.hidden = after.hidden || this.otherUrl === null;
    canvas.ariaHidden = other.hidden ? null : 'true';
  }

  private dropOther(): void {
    other.removeAttribute('src');
    if (this.otherUrl) URL.revokeObjectURL(this.otherUrl);
    this.otherUrl = null;
    this.veil();
  }

  private dropResult(): void {
    after.hidden = true;
    this.dropOther();
    result.removeAttribute('src');
    if (this.resultUrl) URL.revokeObjectURL(this.resultUrl);
    this.resultUrl = null;
  }
}

/** Distance of a point of the frame from the middle of its pane. The second pane follows the first. */
function fromMiddle(at: number, length: number): number {
  return (at > length ? at - length : at) - length / 2;
}

function zoomOn({ dataset }: HTMLButtonElement): Zoom {
  return dataset['zoom'] === 'fit' ? 'fit' : Number(dataset['zoom']);
}
