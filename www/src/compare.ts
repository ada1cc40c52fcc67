/** The before/after slider: a native range input for keyboards and screen readers, dragging for pointers. */
import { elements } from './elements.ts';
import type { Stage } from './stage.ts';
import { text } from './text.ts';
import type { Rect } from './view.ts';

/** A finger or mouse this near to the line (CSS pixels) takes hold of it. */
const REACH = 28;
const PAN_STEP = 48;

const { frame, split, divider, tagBefore, tagAfter } = elements;

export class Compare {
  private shown: Rect = { left: 0, top: 0, width: 0, height: 0 };
  private active = false;
  private drag: { pointer: number; what: 'line' | 'picture'; x: number; y: number } | null = null;

  constructor(private readonly stage: Stage) {
    stage.onLayout = (shown) => {
      this.shown = shown;
      this.draw();
    };
    split.addEventListener('input', () => this.draw());
    frame.addEventListener('pointerdown', (event) => this.down(event));
    frame.addEventListener('pointermove', (event) => this.move(event));
    for (const end of ['pointerup', 'pointercancel'] as const) {
      frame.addEventListener(end, () => this.release());
    }
    frame.addEventListener('keydown', (event) => this.key(event));
  }

  setActive(active: boolean): void {
    this.active = active;
    split.hidden = divider.hidden = tagBefore.hidden = tagAfter.hidden = !active;
    frame.dataset['compare'] = String(active);
    this.draw();
  }

  /** Back to the middle, for a new result. */
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
    split.setAttribute('aria-valuetext', text.shares(Math.round(share), Math.round(100 - share)));
    tagBefore.classList.toggle('faded', this.line < tagBefore.offsetWidth + 24);
    tagAfter.classList.toggle('faded', this.line > frame.clientWidth - tagAfter.offsetWidth - 24);
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
    if (event.button !== 0 || this.drag || (event.target as Element).closest('button')) return;
    const { canPan } = this.stage;
    const x = event.clientX - frame.getBoundingClientRect().left;
    const near = this.active && Math.abs(x - this.line) <= REACH;
    const what = near || (this.active && !canPan) ? 'line' : canPan ? 'picture' : null;
    if (!what) return;
    this.drag = { pointer: event.pointerId, what, x: event.clientX, y: event.clientY };
    frame.setPointerCapture(event.pointerId);
    frame.dataset['dragging'] = what;
    // A finger may be about to scroll the page: the line follows it only once it moves.
    if (what === 'line' && event.pointerType === 'mouse') {
      this.moveLine(event.clientX);
      split.focus({ preventScroll: true });
      event.preventDefault();
    }
  }

  private move(event: PointerEvent): void {
    if (this.drag?.pointer !== event.pointerId) return;
    if (this.drag.what === 'line') {
      this.moveLine(event.clientX);
    } else {
      this.stage.panBy(event.clientX - this.drag.x, event.clientY - this.drag.y);
      this.drag = { ...this.drag, x: event.clientX, y: event.clientY };
    }
  }

  private release(): void {
    this.drag = null;
    delete frame.dataset['dragging'];
  }

  /** Arrow keys move a picture that is larger than its frame; on the slider they move the line. */
  private key(event: KeyboardEvent): void {
    if (event.target !== frame || !this.stage.canPan) return;
    const step = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!step) return;
    event.preventDefault();
    this.stage.panBy(PAN_STEP * step[0]!, PAN_STEP * step[1]!);
  }
}
