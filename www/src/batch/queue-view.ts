/** The list of a batch, shown if there are several pictures. Rows are updated in place, so that focus stays where it is. */
import { makeButton } from '../button.ts';
import { elements } from '../elements.ts';
import { text } from '../i18n/text.ts';
import type { Item, Queue } from './queue.ts';

export interface QueueActions {
  select: (id: number) => void;
  save: (id: number) => void;
  retry: (id: number) => void;
  remove: (id: number) => void;
  saveAll: () => void;
  saveIntoFolder: () => void;
}

interface Row {
  item: HTMLLIElement;
  name: HTMLButtonElement;
  state: HTMLSpanElement;
  save: HTMLButtonElement;
  retry: HTMLButtonElement;
  remove: HTMLButtonElement;
}

const { queueArea, queueList, queueCount, queuePause, queueSave, queueFolder, queueClear } = elements;

export class QueueView<Result> {
  private readonly rows = new Map<number, Row>();

  constructor(
    private readonly queue: Queue<Result>,
    private readonly actions: QueueActions,
  ) {
    queuePause.addEventListener('click', () => queue.pause(!queue.paused));
    queueSave.addEventListener('click', actions.saveAll);
    queueFolder.addEventListener('click', actions.saveIntoFolder);
    queueClear.addEventListener('click', () => queue.keepSelected());
  }

  draw(): void {
    const { queue } = this;
    queueArea.hidden = queue.items.length < 2;
    const done = queue.count('done');
    queueCount.textContent = text.queueCount(done, queue.items.length, queue.count('failed'));
    queuePause.hidden = queue.count('waiting') === 0;
    queuePause.setAttribute('aria-pressed', String(queue.paused));
    queueSave.hidden = done === 0;
    queueFolder.hidden = done === 0 || !('showDirectoryPicker' in globalThis);
    queueClear.disabled = queue.count('working') > 0;
    for (const [id, row] of this.rows) {
      if (queue.find(id)) continue;
      row.item.remove();
      this.rows.delete(id);
    }
    for (const item of queue.items) this.fill(this.row(item), item, item.id === queue.selected);
  }

  /** Rebuilds the rows, in the page's language. */
  relabel(): void {
    for (const { item } of this.rows.values()) item.remove();
    this.rows.clear();
    this.draw();
  }

  private row({ id, name }: Item<Result>): Row {
    const known = this.rows.get(id);
    if (known) return known;
    const row: Row = {
      item: document.createElement('li'),
      name: makeButton(name, 'queue-name', () => this.actions.select(id)),
      state: document.createElement('span'),
      save: makeButton(text.queueSave, 'button small', () => this.actions.save(id), text.queueSaveLabel(name)),
      retry: makeButton(text.queueRetry, 'button small', () => this.actions.retry(id), text.queueRetryLabel(name)),
      remove: makeButton('×', 'queue-remove', () => this.actions.remove(id), text.queueRemoveLabel(name)),
    };
    row.state.className = 'queue-state';
    row.item.append(row.name, row.state, row.save, row.retry, row.remove);
    queueList.append(row.item);
    this.rows.set(id, row);
    return row;
  }

  private fill(row: Row, { state, fraction, reason }: Item<Result>, selected: boolean): void {
    row.item.dataset['state'] = state;
    row.name.setAttribute('aria-pressed', String(selected));
    row.state.textContent =
      state === 'working'
        ? text.percent(fraction)
        : state === 'failed'
          ? text.queueFailed(reason)
          : state === 'done'
            ? text.queueDone
            : text.queueWaiting;
    row.save.hidden = state !== 'done';
    row.retry.hidden = state !== 'failed';
  }
}
