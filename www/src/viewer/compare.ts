/**
 * Compares before and after: with a slider (a native range input for keyboards and screen readers, dragging for pointers), or side by
 * side. Two fingers, Ctrl and the wheel, and the keys + - 0 zoom.
 */
import { elements } from '../elements.ts';
import { text } from '../i18n/text.ts';
import type { Rect } from './geometry.ts';
import type { Stage } from './stage.ts';

/** A pointer within this distance of the line, in CSS pixels, grabs it. */
const REACH = 28;
/** A label hides if the line is nearer to its edge than its own width plus this. */
const LABEL_MARGIN = 14;
const PAN_STEP = 48;
const ZOOM_STEP = 1.25;
/** Wheel movement, in the wheel's own pixels, for a zoom factor of e. */
const WHEEL = 200;

const { frame, split, divider, tagBefore, tagAfter, beside } = elements;

interface Point {
  x: number;
  y: number;
}

export class Compare {
  private shown: Rect = { left: 0, top: 0, width: 0, height: 0 };
  private active = false;
  /** Whether the original alone is on screen, with its label. */
  private alone = false;
  /** Names of two compared results; null if a result is compared with the original. */
  private names: readonly [string, string] | null = null;
  private drag: (Point & { pointer: number; what: 'line' | 'picture' }) | null = null;
  /** Positions of the fingers. */
  private readonly fingers = new Map<number, Point>();

  constructor(private readonly stage: Stage) {
    stage.onLayout = (shown) => {
      this.shown = shown;
      this.draw();
    };
    split.addEventListener('input', () => this.draw());
    frame.addEventListener('pointerdown', (event) => this.down(event));
    frame.addEventListener('pointermove', (event) => this.move(event));
    for (const end of ['pointerup', 'pointercancel'] as const) {
      frame.addEventListener(end, (event) => this.release(event));
    }
    frame.addEventListener('wheel', (event) => this.wheel(event), { passive: false });
    frame.addEventListener('dblclick', (event) => {
      if (!(event.target as Element).closest('button')) this.stage.toggleZoom(event);
    });
    beside.addEventListener('click', () => this.setBeside(beside.getAttribute('aria-pressed') !== 'true'));
    frame.addEventListener('keydown', (event) => this.key(event));
  }

  setActive(active: boolean): void {
    this.active = active;
    beside.hidden = tagAfter.hidden = !active;
    this.labelOriginal(this.alone);
    frame.dataset['compare'] = String(active);
    this.setBeside(active && beside.getAttribute('aria-pressed') === 'true');
  }

  /** @param alone whether an original without any result is on screen */
  labelOriginal(alone: boolean): void {
    this.alone = alone;
    tagBefore.hidden = !this.active && !alone;
  }

  /** @param names of the pictures before and after the line, if these are not the original and its result */
  label(names: readonly [string, string] | null): void {
    this.names = names;
    const [before, after] = names ?? [text.before, text.after];
    tagBefore.textContent = before;
    tagAfter.textContent = after;
    split.setAttribute('aria-label', names ? text.compareOf(before) : text.compare);
    this.draw();
  }

  private setBeside(on: boolean): void {
    // The choice stays for the next picture, but needs a result to show.
    if (this.active) beside.setAttribute('aria-pressed', String(on));
    split.hidden = divider.hidden = !this.active || on;
    this.stage.setBeside(on);
    this.draw();
  }

  /** Moves the line to the middle, for a new result. */
  centre(): void {
    split.value = '50';
    this.draw();
  }

  private get line(): number {
    return this.shown.left + (this.shown.width * split.valueAsNumber) / 100;
  }

  private draw(): void {
    const share = split.valueAsNumber;
    frame.style.setProperty('--line', `${this.line}px`);
    frame.style.setProperty('--shown-top', `${this.shown.top}px`);
    frame.style.setProperty('--shown-height', `${this.shown.height}px`);
    split.setAttribute('aria-valuetext', text.sharesOf(Math.round(share), Math.round(100 - share), this.names));
    tagBefore.classList.toggle('faded', !split.hidden && this.line < tagBefore.offsetWidth + LABEL_MARGIN);
    tagAfter.classList.toggle('faded', !split.hidden && this.line > frame.clientWidth - tagAfter.offsetWidth - LABEL_MARGIN);
  }

  private moveLine(clientX: number): void {
    if (this.shown.width === 0) return;
    const x = clientX - frame.getBoundingClientRect().left - this.shown.left;
    split.step = 'any';
    split.valueAsNumber = Math.min(100, Math.max(0, (x / this.shown.width) * 100));
    split.step = '1';
    this.draw();
  }

  private down(event: PointerEvent): void {
    if (event.button !== 0 || (event.target as Element).closest('button')) return;
    this.fingers.set(event.pointerId, event);
    if (this.fingers.size > 1) {
      this.endDrag();
      frame.setPointerCapture(event.pointerId);
      return;
    }
    const { canPan } = this.stage;
    const x = event.clientX - frame.getBoundingClientRect().left;
    const slider = this.active && !split.hidden;
    const near = slider && Math.abs(x - this.line) <= REACH;
    const what = near || (slider && !canPan) ? 'line' : canPan ? 'picture' : null;
    if (!what) return;
    this.drag = { pointer: event.pointerId, what, x: event.clientX, y: event.clientY };
    frame.setPointerCapture(event.pointerId);
    frame.dataset['dragging'] = what;
    // The finger may be about to scroll the page, so the line follows only once it moves.
    if (what === 'line' && event.pointerType === 'mouse') {
      this.moveLine(event.clientX);
      split.focus({ preventScroll: true });
      event.preventDefault();
    }
  }

  private move(event: PointerEvent): void {
    const other = [...this.fingers].find(([pointer]) => pointer !== event.pointerId);
    const before = this.fingers.get(event.pointerId);
    if (other && before) this.pinch(before, event, other[1]);
    if (before) this.fingers.set(event.pointerId, event);
    if (this.drag?.pointer !== event.pointerId) return;
    if (this.drag.what === 'line') {
      this.moveLine(event.clientX);
    } else {
      this.stage.panBy(event.clientX - this.drag.x, event.clientY - this.drag.y);
      this.drag = { ...this.drag, x: event.clientX, y: event.clientY };
    }
  }

  /** One of two fingers has moved. */
  private pinch(before: Point, now: Point, other: Point): void {
    const distance = (a: Point) => Math.max(1, Math.hypot(a.x - other.x, a.y - other.y));
    this.stage.panBy((now.x - before.x) / 2, (now.y - before.y) / 2);
    this.stage.zoomBy(distance(now) / distance(before), { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
  }

  /** A pinch on a touch pad arrives as a wheel event with Ctrl. Without Ctrl the wheel scrolls the page. */
  private wheel(event: WheelEvent): void {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.stage.zoomBy(Math.exp(-event.deltaY / WHEEL), event);
  }

  private release({ pointerId }: PointerEvent): void {
    this.fingers.delete(pointerId);
    this.endDrag();
  }

  private endDrag(): void {
    this.drag = null;
    delete frame.dataset['dragging'];
  }

  /** Arrow keys move a picture that is larger than its frame. On the slider they move the line. */
  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === '+' || event.key === '=') return this.stage.zoomBy(ZOOM_STEP);
    if (event.key === '-') return this.stage.zoomBy(1 / ZOOM_STEP);
    if (event.key === '0') return this.stage.setZoom('fit');
    if (event.target !== frame || !this.stage.canPan) return;
    const step = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!step) return;
    event.preventDefault();
    this.stage.panBy(PAN_STEP * step[0]!, PAN_STEP * step[1]!);
  }
}
