/** The picture on screen: the original enlarged, tiles painted into it as they come, the result over it. */
import type { Tile } from 'resshift-web';
import { elements } from './elements.ts';
import type { Picture } from './picture.ts';
import { text } from './text.ts';
import { clampPan, place, visible, type Rect, type Size, type Zoom } from './view.ts';

const SCALE = 4;
/** Browsers refuse larger canvases (16 777 216 pixels on iOS); beyond it the preview is a reduced one. */
const LARGEST_CANVAS_SIDE = 4096;

const { frame, canvas, after, result, placeholder } = elements;

export class Stage {
  private picture: Picture | null = null;
  /** Of the enlarged picture, in its own pixels. */
  private size: Size | null = null;
  /** Canvas pixels per picture pixel. */
  private canvasScale = 1;
  private zoom: Zoom = 'fit';
  private pan = { x: 0, y: 0 };
  private resultUrl: string | null = null;
  private readonly scratch = document.createElement('canvas');

  /** Told what part of the frame the picture covers, whenever that changes. */
  onLayout: (shown: Rect) => void = () => {};

  constructor() {
    new ResizeObserver(() => this.layout()).observe(frame);
    for (const button of elements.zoomButtons) {
      button.addEventListener('click', () => this.setZoom(button.dataset['zoom'] as Zoom));
    }
  }

  /** Shows a new picture, enlarged by the browser, and forgets the result before it. */
  show(picture: Picture): void {
    this.picture = picture;
    this.dropResult();
    const image = picture.image;
    this.size = image && { width: image.naturalWidth * SCALE, height: image.naturalHeight * SCALE };
    placeholder.hidden = image !== null;
    this.setZoom('fit');
    this.paintOriginal();
  }

  /** What a screen reader hears of it, in the page's language. */
  name(): void {
    if (!this.picture) return;
    canvas.setAttribute('aria-label', text.pictureLabel(this.picture.name));
    result.alt = text.resultLabel(this.picture.name);
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
    this.scratch.width = tile.image.width;
    this.scratch.height = tile.image.height;
    this.scratch.getContext('2d')?.putImageData(tile.image, 0, 0);
    const s = this.canvasScale;
    context.drawImage(this.scratch, tile.x * s, tile.y * s, tile.image.width * s, tile.image.height * s);
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

  /** Address of the result's file, valid until the next picture or result. */
  get address(): string | null {
    return this.resultUrl;
  }

  hideResult(): void {
    after.hidden = true;
  }

  /** Shows the last result again after a run that brought no new one. */
  restoreResult(): boolean {
    after.hidden = this.resultUrl === null || !result.hasAttribute('src');
    return !after.hidden;
  }

  get canPan(): boolean {
    if (!this.size || this.zoom !== 'actual') return false;
    const { width, height } = frame.getBoundingClientRect();
    return this.size.width / devicePixelRatio > width || this.size.height / devicePixelRatio > height;
  }

  /** Moves the picture by CSS pixels. */
  panBy(x: number, y: number): void {
    this.pan = { x: this.pan.x + x, y: this.pan.y + y };
    this.layout();
  }

  private setZoom(zoom: Zoom): void {
    this.zoom = zoom;
    this.pan = { x: 0, y: 0 };
    frame.dataset['zoom'] = zoom;
    for (const button of elements.zoomButtons) {
      button.setAttribute('aria-pressed', String(button.dataset['zoom'] === zoom));
    }
    this.layout();
  }

  private layout(): void {
    if (!this.size) return;
    const bounds = frame.getBoundingClientRect();
    this.pan = clampPan(bounds, this.size, this.pan, devicePixelRatio);
    const origin = { left: bounds.left + scrollX, top: bounds.top + scrollY };
    const rect = place(bounds, origin, this.size, this.zoom, this.pan, devicePixelRatio);
    for (const element of [canvas, result]) {
      element.style.left = `${rect.left}px`;
      element.style.top = `${rect.top}px`;
      element.style.width = `${rect.width}px`;
      element.style.height = `${rect.height}px`;
    }
    const pannable = this.canPan;
    frame.dataset['pannable'] = String(pannable);
    if (pannable) frame.tabIndex = 0;
    else frame.removeAttribute('tabindex');
    this.onLayout(visible(bounds, rect));
  }

  private prepareCanvas(size: Size): void {
    const scale = Math.min(1, LARGEST_CANVAS_SIDE / Math.max(size.width, size.height));
    this.canvasScale = scale;
    canvas.width = Math.max(1, Math.round(size.width * scale));
    canvas.height = Math.max(1, Math.round(size.height * scale));
    frame.dataset['reduced'] = String(scale < 1);
    this.layout();
  }

  private dropResult(): void {
    after.hidden = true;
    result.removeAttribute('src');
    if (this.resultUrl) URL.revokeObjectURL(this.resultUrl);
    this.resultUrl = null;
  }
}
