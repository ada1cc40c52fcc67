/** Wires the parts together. A page is empty, holds a picture, works on it, or holds its result. */
import { Upscaler, type Capabilities, type ModelInfo } from 'resshift-web';
import { Compare } from './compare.ts';
import { elements } from './elements.ts';
import { Engine } from './engine.ts';
import { hideError, showError } from './error-card.ts';
import { estimate, learn } from './estimate.ts';
import { formatName, resultName, sizeMark } from './file-name.ts';
import { openImport, watchImport } from './import-dialog.ts';
import { fetchSample, openPicker, watchIntake, type Arrival, type Intake } from './intake.ts';
import { Keeper } from './kept.ts';
import { useLanguage } from './language.ts';
import { refreshModels, watchModels } from './models.ts';
import { keepOffline } from './offline.ts';
import { PictureProblem, readPicture, smallerCopy, type Picture } from './picture.ts';
import { isAboutPicture, noFile, otherSite, toProblem, unreachable, type Problem } from './problem.ts';
import { Progress } from './progress.ts';
import { rememberSettings } from './remembered-settings.ts';
import { resultSize } from './result-size.ts';
import { Queue, type Item } from './queue.ts';
import { QueueView } from './queue-view.ts';
import { holdRun } from './run-lock.ts';
import { canCopy, canShare, copyPicture, saveFile, saveIntoFolder, saveZip, sharePicture } from './saving.ts';
import { chooseDevice, lockSettings, onDeviceChange, readSettings, showQuality, wantedDevice, wantedSteps, type Settings } from './settings.ts';
import { showSizeValue, wantedSize, watchSize } from './size-setting.ts';
import { Stage } from './stage.ts';
import { dismissStrip, showStrip, showWarnings } from './strips.ts';
import { text, type Outcome } from './text.ts';
import type { Size } from './view.ts';
import { showStepCosts } from './steps-setting.ts';
import { stayAwake } from './wake-lock.ts';

type Phase = 'empty' | 'ready' | 'working' | 'done';

const { upscale, save, smaller, cancel, runsOn, name, sizes, outcome, modelLine, announcer } = elements;

const engine = new Engine();
const progress = new Progress();
const stage = new Stage();
const compare = new Compare(stage);

/** A finished picture. */
interface Done {
  blob: Blob;
  /** Of its size, for the file's name. */
  mark: string;
  width: number;
  height: number;
  /** What the panel tells of it. */
  outcome: Outcome;
}

let phase: Phase = 'empty';
let picture: Picture | null = null;
let capabilities: Capabilities | null = null;
let run: AbortController | null = null;
let used: ModelInfo | null = null;
/** The last result, as told below it. */
let told: Outcome | null = null;
/** Which item of the queue is on screen. */
let selected = 0;

const keeper = new Keeper<Done>(() => showStrip('kept', text.notKept));

const queue = new Queue<Done>(() => {
  keeper.sync(queue.worthKeeping, queue.items);
  list.draw(queue, selected);
  label();
});

const list = new QueueView({
  select: (id) => void select(id),
  save: (id) => {
    const item = queue.find(id);
    if (!item?.result) return;
    saveFile(item.result.blob, fileName(item.name, item.result));
    queue.save(id);
  },
  retry: (id) => {
    queue.again(id);
    void start();
  },
  remove: (id) => {
    const working = queue.find(id)?.state === 'working';
    queue.remove(id);
    if (working) run?.abort();
    const [other] = queue.items;
    if (id === selected && other && !working) void select(other.id);
  },
  pause: (held) => queue.pause(held),
  saveAll: () => void saveAll(async (files) => {
    await saveZip(files, 'resshift.zip');
    return true;
  }),
  saveIntoFolder: () => void saveAll(async (files) => {
    const saved = await saveIntoFolder(files);
    if (saved) announcer.textContent = text.savedInto(files.length);
    return saved;
  }),
  removeAll: () => {
    const [keep] = queue.items.filter(({ id }) => id === selected);
    for (const { id } of queue.items) if (id !== keep?.id) queue.remove(id);
  },
});

function fileName(of: string, { blob, mark }: Done): string {
  return resultName(of, blob.type, mark);
}

/** @param save whether the files went anywhere */
async function saveAll(save: (files: { name: string; blob: Blob }[]) => Promise<boolean>): Promise<void> {
  const done = queue.items.filter(({ result }) => result !== null);
  try {
    const saved = await save(done.map(({ name: of, result }) => ({ name: fileName(of, result!), blob: result!.blob })));
    if (saved) for (const { id } of done) queue.save(id);
  } catch (error) {
    fail(toProblem(error), () => void saveAll(save));
  }
}

/** Hands the result on screen to the clipboard or to another app. */
async function passOn(way: (blob: Blob, name: string) => Promise<void>): Promise<void> {
  const item = queue.find(selected);
  if (!item?.result) return;
  try {
    await way(item.result.blob, fileName(item.name, item.result));
  } catch (error) {
    fail(toProblem(error), () => void passOn(way));
  }
}

/** What the button would do now. */
function label(): void {
  const several = queue.items.length > 1;
  const waiting = queue.count('waiting');
  upscale.disabled = phase === 'empty';
  // One picture can be done once more; of a batch that is done each has its own button.
  upscale.hidden = phase === 'working' || (several && waiting === 0);
  upscale.textContent = several && waiting > 0 ? text.upscaleWaiting(waiting) : phase === 'done' ? text.upscaleAgain : text.upscaleFirst;
}

function enter(next: Phase): void {
  phase = next;
  document.body.dataset['phase'] = next;
  list.draw(queue, selected);
  label();
  upscale.classList.toggle('primary', next !== 'done');
  save.hidden = next !== 'done';
  outcome.hidden = elements.passOn.hidden = next !== 'done';
  lockSettings(next === 'working');
  compare.labelOriginal(next === 'ready' && picture?.image != null);
  describeCost();
  stayAwake(next === 'working');
  holdRun(next === 'working');
}

function fail(problem: Problem, retry: () => void): void {
  const size = pictureSize();
  showError(problem, {
    retry: () => {
      hideError();
      retry();
    },
    useCpu: () => {
      hideError();
      chooseDevice('cpu');
      retry();
    },
    useSmaller: size && (() => {
      hideError();
      void useSmaller(Math.floor((size.width * size.height) / 2));
    }),
    chooseOther: openPicker,
  });
}

const intake: Intake = {
  onArrival: (arrival) => void take(arrival),
  onWeights: (files) => {
    if (phase === 'working') showStrip('intake', text.busyModels);
    else openImport(files);
  },
  onNothing: () => {
    if (phase !== 'working') fail(noFile(), openPicker);
  },
  onUnreachable: (file, retry) => {
    if (phase !== 'working') fail(unreachable(file), retry);
  },
};

/** Counts what was asked to be shown: of two pictures read at the same time the later one stays. */
let turns = 0;

/** A single picture replaces the one before it; from the second on they queue up. */
async function take({ files }: Arrival): Promise<void> {
  const [first] = files;
  if (!first) return;
  hideError();
  dismissStrip('intake');
  if (files.length > 1 || run || queue.items.length > 1) {
    if (!run && queue.items.length === 1) queue.clear();
    const [next] = queue.add(files);
    if (run) announcer.textContent = text.queued(files.length);
    else if (next) await select(next.id);
    return;
  }
  const turn = ++turns;
  try {
    const next = await readPicture(first.file, first.name);
    if (turn !== turns || run) return;
    queue.clear();
    const [item] = queue.add(files);
    if (item) show(item, next);
  } catch (error) {
    if (turn === turns) fail(toPictureProblem(error), () => void take({ files }));
  }
}

/** Goes on with a copy of the picture that has no more than so many pixels. */
async function useSmaller(most: number): Promise<void> {
  const { image } = picture ?? {};
  if (!image) return;
  try {
    queue.replace(selected, await smallerCopy(image, most));
    await select(selected);
  } catch (error) {
    fail(toProblem(error), () => void useSmaller(most));
  }
}

function toPictureProblem(error: unknown): Problem {
  return error instanceof PictureProblem ? error.problem : toProblem(error);
}

/** Puts a picture of the queue on screen, with its result if it has one. */
async function select(id: number): Promise<void> {
  const turn = ++turns;
  const item = queue.find(id);
  if (!item) return;
  try {
    const next = await readPicture(item.file, item.name);
    if (turn !== turns || !queue.find(id)) return;
    show(item, next);
    const result = queue.find(id)?.result;
    if (result) await showDone(next, result, () => turn === turns);
  } catch (error) {
    if (turn === turns && !run) fail(toPictureProblem(error), () => void select(id));
  }
}

function show(item: Item<Done>, next: Picture): void {
  picture = next;
  selected = item.id;
  stage.show(next);
  compare.setActive(false);
  told = null;
  describePicture();
  enter(run ? 'working' : 'ready');
}

async function showDone(source: Picture, done: Done, current: () => boolean): Promise<void> {
  const shown = await stage.showResult(done.blob, done);
  if (!current()) return;
  save.href = stage.address ?? '';
  save.download = fileName(source.name, done);
  told = done.outcome;
  elements.copy.hidden = !canCopy(done.blob, done);
  elements.share.hidden = !canShare(done.blob, save.download);
  describePicture();
  if (!shown) showStrip('intake', text.tooLargeToShow);
  enter(run ? 'working' : 'done');
  compare.centre();
  compare.setActive(shown && source.image !== null);
}

/** Works on what waits, one picture after the other, until the queue is empty, paused or stopped. */
async function start(): Promise<void> {
  const settings = readSettings();
  if (run || !settings) return;
  const [only] = queue.items;
  if (only && queue.items.length === 1) queue.again(only.id);
  if (queue.paused) queue.pause(false);
  while (!run) {
    const item = queue.next();
    if (!item || !(await workOn(item, settings))) return;
  }
}

/** @returns whether the next picture may follow */
async function workOn(item: Item<Done>, settings: Settings): Promise<boolean> {
  const controller = new AbortController();
  run = controller;
  hideError();
  dismissStrip('intake');
  queue.begin(item.id);
  enter('working');
  progress.start();
  cancel.focus({ preventScroll: true });
  try {
    const source = item.id === selected && picture ? picture : await readPicture(item.file, item.name);
    controller.signal.throwIfAborted();
    turns++;
    if (item.id === selected) {
      stage.hideResult();
      compare.setActive(false);
      stage.paintOriginal();
    } else {
      show(item, source);
    }
    const done = await work(source, item.id, settings, controller.signal);
    queue.finish(item.id, done);
    keeper.snapshots.drop(item.id);
    run = null;
    if (item.id === selected) {
      const turn = turns;
      await showDone(source, done, () => turn === turns);
    }
    progress.finish(text.done(done.width, done.height));
    const another = queue.next() !== undefined;
    if (!another) {
      rest();
      handFocusTo(save.hidden ? upscale : save);
      stage.comeIntoView();
    }
    return another;
  } catch (error) {
    run = null;
    return recover(item, toPictureProblem(error), controller.signal.aborted);
  } finally {
    run = null;
  }
}

/** After a run that brought nothing. @returns whether the next picture may follow */
function recover(item: Item<Done>, problem: Problem, stopped: boolean): boolean {
  const removed = !queue.find(item.id);
  const cancelled = stopped || problem.code === 'aborted';
  const ownFault = queue.items.length > 1 && isAboutPicture(problem.code);
  if (cancelled) keeper.snapshots.drop(item.id);
  if (!cancelled && ownFault) queue.fail(item.id, problem.message);
  else queue.again(item.id);
  const shown = stage.restoreResult();
  stage.paintOriginal();
  rest();
  compare.setActive(shown && picture?.image != null);
  progress.finish(cancelled ? text.cancelled : '');
  describeDevice();
  // A model that turned out to be damaged is no longer there.
  void refreshModels();
  if (cancelled) {
    handFocusTo(upscale);
    return removed;
  }
  if (ownFault) return true;
  fail(problem, () => void start());
  handFocusTo(elements.retry);
  return false;
}

/** No run goes on: the panel is that of the picture on screen. */
function rest(): void {
  enter(queue.items.length === 0 ? 'empty' : stage.address ? 'done' : 'ready');
}

/** Seconds that a run should take, if any was measured. */
function expected({ image }: Picture, { steps, model, device }: Settings): number | null {
  if (!image) return null;
  const { seconds, rough } = estimate({ picture: { width: image.naturalWidth, height: image.naturalHeight }, steps, model, device, capabilities });
  return rough ? null : seconds;
}

async function work(source: Picture, id: number, settings: Settings, signal: AbortSignal): Promise<Done> {
  let begun = performance.now();
  const earlier = await keeper.snapshots.find(id);
  let passed = 0;
  let first = true;
  const seconds = () => passed + (performance.now() - begun) / 1000;
  const result = await engine.run(source.input, settings, signal, {
    onLoad: (report) => progress.load(report),
    onReady: (upscaler) => {
      runsOn.textContent = text.runsOn(upscaler.device, settings.device, capabilities);
      used = upscaler.model;
      modelLine.textContent = text.modelLine(used);
      showWarnings(engine.warnings);
      void refreshModels();
      learn(upscaler, settings.model, settings.device, false);
      progress.loaded(expected(source, settings), engine.cold);
      begun = performance.now();
    },
    onProgress: (report) => {
      if (first && report.step > 1) {
        passed = earlier?.seconds ?? 0;
        showStrip('resumed', text.goesOn(report.step, report.steps));
      }
      first = false;
      progress.run(report);
      queue.progress(id, report.fraction);
    },
    onTile: (tile) => {
      if (id === selected) stage.paintTile(tile);
    },
    onPreview: (part) => {
      if (id === selected) stage.paintTile(part);
    },
    onSnapshot: (snapshot) => keeper.snapshots.put(id, snapshot, seconds()),
  }, earlier).finally(() => dismissStrip('resumed'));
  showWarnings(engine.warnings);
  if (engine.current) learn(engine.current, settings.model, settings.device, true);
  return {
    blob: result.blob,
    mark: sizeMark(settings.output.scale, result.width, result.height),
    width: result.width,
    height: result.height,
    outcome: {
      width: result.width, height: result.height, format: formatName(result.blob.type), fileBytes: result.blob.size, seconds: seconds(),
      steps: settings.steps, seed: settings.seed, device: result.device,
    },
  };
}

/** Whoever was on Cancel when it went away goes on from here; a person who has moved elsewhere stays there. */
function handFocusTo(next: HTMLElement): void {
  const active = document.activeElement;
  if (active === cancel || active === document.body) next.focus({ preventScroll: true });
}

function describePicture(): void {
  if (!picture) return;
  name.textContent = picture.name;
  const from = pictureSize();
  const to = told ?? (from && resultSize(from, wantedSize()));
  sizes.textContent = !from ? (told ? '' : text.unknownSize) : to ? text.fromTo(from, to) : '';
  if (told) outcome.textContent = text.outcome(told);
  save.textContent = text.saveAs(told?.format ?? 'PNG');
}

function pictureSize(): Size | null {
  const image = picture?.image;
  return image ? { width: image.naturalWidth, height: image.naturalHeight } : null;
}

/** What the next run will cost, or why it cannot be. */
function describeCost(): void {
  const from = pictureSize();
  const most = capabilities?.maxPixels ?? Infinity;
  const tooLarge = from !== null && from.width * from.height > most;
  const beyond = from !== null && !resultSize(from, wantedSize());
  smaller.hidden = !tooLarge || phase === 'working';
  const words = elements.estimate;
  words.hidden = phase !== 'empty' && (!from || (upscale.hidden && !tooLarge));
  // Other pictures of a queue may well be able to run.
  if (phase !== 'empty' && queue.items.length < 2) {
    upscale.disabled = tooLarge || beyond;
    upscale.hidden = phase === 'working' || tooLarge;
  }
  const wanted = from && { picture: from, model: elements.model.value, device: wantedDevice(), capabilities };
  showStepCosts(wanted);
  if (!wanted) return;
  if (tooLarge) words.textContent = text.tooManyPixels(wanted.picture, most);
  else if (beyond) words.textContent = text.beyondLargest(wanted.picture.width * 4, wanted.picture.height * 4);
  else words.textContent = text.estimate(estimate({ ...wanted, steps: wantedSteps() }));
}

function describeDevice(): void {
  if (capabilities) runsOn.textContent = text.willRunOn(wantedDevice(), capabilities);
}

upscale.addEventListener('click', () => void start());
elements.settings.addEventListener('submit', (event) => {
  event.preventDefault();
  void start();
});
cancel.addEventListener('click', () => {
  progress.stopping();
  run?.abort();
});
save.addEventListener('click', () => queue.save(selected));
elements.copy.addEventListener('click', () => void passOn(async (blob) => {
  await copyPicture(blob);
  announcer.textContent = text.copied;
}));
elements.share.addEventListener('click', () => void passOn(sharePicture));
smaller.addEventListener('click', () => void useSmaller(capabilities?.maxPixels ?? 0));
onDeviceChange(describeDevice);
watchSize(pictureSize, () => {
  if (phase === 'ready') describePicture();
  describeCost();
});
addEventListener('beforeunload', (event) => {
  if (phase === 'working') event.preventDefault();
});

await useLanguage(() => {
  list.relabel();
  showSizeValue();
  enter(phase);
  describePicture();
  describeDevice();
  if (used) modelLine.textContent = text.modelLine(used);
  stage.name();
  compare.setActive(elements.frame.dataset['compare'] === 'true');
  hideError();
  void refreshModels();
});
enter('empty');
watchIntake(intake);
watchModels();
watchImport();
void refreshModels(rememberSettings());
showQuality();
showSizeValue();
void begin();
void Upscaler.capabilities().then((found) => {
  capabilities = found;
  describeDevice();
  describeCost();
});
void keepOffline();

/** What an earlier visit left, and the first picture: the one that the address names (`?picture=`), or a sample. */
async function begin(): Promise<void> {
  const left = await keeper.open();
  if (left.length > 0) await offerKept(left);
  const asked = new URL(location.href).searchParams.get('picture');
  const first = asked ?? elements.samples[0]?.dataset['sample'];
  // What a person or another app brings meanwhile goes first.
  if (!first || turns > 0) return;
  const address = URL.canParse(first, location.href) ? new URL(first, location.href) : null;
  if (address?.origin === location.origin) await fetchSample(address.href, address.pathname.split('/').pop() || 'picture', intake);
  else fail(address ? otherSite(address.host) : unreachable(first), openPicker);
}

async function offerKept(left: readonly Item<Done>[]): Promise<void> {
  const decide = (wanted: readonly Item<Done>[]) => {
    dismissStrip('kept');
    keeper.adopt(left);
    const [first] = wanted;
    if (!first) return keeper.sync(queue.worthKeeping, queue.items);
    queue.restore(wanted);
    if (!run) void select(first.id);
  };
  const [begun] = (await Promise.all(left.map(({ id }) => keeper.snapshots.find(id)))).filter((found) => found !== undefined);
  const words = [text.keptPictures(left.length), begun && text.goesOn(begun.step + 1, begun.steps)].filter(Boolean).join(' ');
  showStrip('kept', words, { label: text.keptContinue, run: () => decide(left) }, { label: text.keptDelete, run: () => decide([]) });
}
