/** Wires the parts together. A page is empty, holds a picture, works on it, or holds its result. */
import { Upscaler, type Capabilities, type ModelInfo } from 'resshift-web';
import { Compare } from './compare.ts';
import { elements } from './elements.ts';
import { Engine } from './engine.ts';
import { hideError, showError } from './error-card.ts';
import { resultName } from './file-name.ts';
import { openImport, watchImport } from './import-dialog.ts';
import { fetchSample, openPicker, watchIntake, type Arrival, type Intake } from './intake.ts';
import { useLanguage } from './language.ts';
import { refreshModels, watchModels } from './models.ts';
import { keepOffline } from './offline.ts';
import { PictureProblem, readPicture, type Picture } from './picture.ts';
import { noFile, toProblem, unreachable, type Problem } from './problem.ts';
import { Progress } from './progress.ts';
import { rememberSettings } from './remembered-settings.ts';
import { chooseDevice, lockSettings, onDeviceChange, readSettings, wantedDevice, type Settings } from './settings.ts';
import { Stage } from './stage.ts';
import { dismissStrip, showStrip, showWarnings } from './strips.ts';
import { text, type Outcome } from './text.ts';
import { stayAwake } from './wake-lock.ts';

type Phase = 'empty' | 'ready' | 'working' | 'done';

const { upscale, save, cancel, runsOn, name, sizes, outcome, modelLine, announcer } = elements;

const engine = new Engine();
const progress = new Progress();
const stage = new Stage();
const compare = new Compare(stage);

let phase: Phase = 'empty';
let picture: Picture | null = null;
let capabilities: Capabilities | null = null;
let run: AbortController | null = null;
let used: ModelInfo | null = null;
/** The last result, as told below it. */
let told: Outcome | null = null;

function enter(next: Phase): void {
  phase = next;
  document.body.dataset['phase'] = next;
  upscale.disabled = next === 'empty';
  upscale.hidden = next === 'working';
  upscale.textContent = next === 'done' ? text.upscaleAgain : text.upscaleFirst;
  upscale.classList.toggle('primary', next !== 'done');
  save.hidden = next !== 'done';
  outcome.hidden = next !== 'done';
  lockSettings(next === 'working');
  stayAwake(next === 'working');
}

function fail(problem: Problem, retry: () => void): void {
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

/** Counts arrivals: of two pictures read at the same time the later one stays. */
let arrivals = 0;

async function take(arrival: Arrival): Promise<void> {
  const turn = ++arrivals;
  if (phase === 'working') {
    announcer.textContent = text.busy;
    showStrip('intake', text.busy);
    return;
  }
  try {
    const next = await readPicture(arrival.file, arrival.name);
    if (turn !== arrivals || run) return;
    hideError();
    dismissStrip('intake');
    if (arrival.count > 1) showStrip('intake', text.firstOf(arrival.count));
    picture = next;
    stage.show(next);
    compare.setActive(false);
    told = null;
    describePicture();
    enter('ready');
  } catch (error) {
    fail(error instanceof PictureProblem ? error.problem : toProblem(error), () => void take(arrival));
  }
}

async function start(): Promise<void> {
  const settings = readSettings();
  if (!picture || !settings || run) return;
  const controller = new AbortController();
  run = controller;
  hideError();
  dismissStrip('intake');
  enter('working');
  progress.start();
  cancel.focus({ preventScroll: true });
  stage.hideResult();
  compare.setActive(false);
  stage.paintOriginal();
  try {
    await work(picture, settings, controller.signal);
  } catch (error) {
    const problem = toProblem(error);
    const shown = stage.restoreResult();
    stage.paintOriginal();
    enter(stage.address ? 'done' : 'ready');
    compare.setActive(shown && picture.image !== null);
    progress.finish(problem.code === 'aborted' ? text.cancelled : '');
    describeDevice();
    // A model that turned out to be damaged is no longer there.
    void refreshModels();
    if (problem.code === 'aborted') {
      handFocusTo(upscale);
    } else {
      fail(problem, () => void start());
      handFocusTo(elements.retry);
    }
  } finally {
    run = null;
  }
}

async function work(source: Picture, settings: Settings, signal: AbortSignal): Promise<void> {
  let begun = performance.now();
  const result = await engine.run(source.input, settings, signal, {
    onLoad: (report) => progress.load(report),
    onReady: (upscaler) => {
      progress.loaded();
      runsOn.textContent = text.runsOn(upscaler.device, settings.device, capabilities);
      used = upscaler.model;
      modelLine.textContent = text.modelLine(used);
      showWarnings(engine.warnings);
      void refreshModels();
      begun = performance.now();
    },
    onProgress: (report) => progress.run(report),
    onTile: (tile) => stage.paintTile(tile),
  });
  const seconds = (performance.now() - begun) / 1000;
  showWarnings(engine.warnings);
  const shown = await stage.showResult(result.blob, result);
  save.href = stage.address ?? '';
  save.download = resultName(source.name);
  sizes.textContent = text.sizes(result.width / 4, result.height / 4);
  told = {
    width: result.width, height: result.height, fileBytes: result.blob.size, seconds,
    steps: settings.steps, seed: settings.seed, device: result.device,
  };
  outcome.textContent = text.outcome(told);
  if (!shown) showStrip('intake', text.tooLargeToShow);
  enter('done');
  compare.centre();
  compare.setActive(shown && source.image !== null);
  progress.finish(text.done(result.width, result.height));
  handFocusTo(save);
}

/** Whoever was on Cancel when it went away goes on from here; a person who has moved elsewhere stays there. */
function handFocusTo(next: HTMLElement): void {
  const active = document.activeElement;
  if (active === cancel || active === document.body) next.focus({ preventScroll: true });
}

function describePicture(): void {
  if (!picture) return;
  name.textContent = picture.name;
  sizes.textContent = picture.image ? text.sizes(picture.image.naturalWidth, picture.image.naturalHeight) : text.unknownSize;
  if (told) outcome.textContent = text.outcome(told);
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
onDeviceChange(describeDevice);
addEventListener('beforeunload', (event) => {
  if (phase === 'working') event.preventDefault();
});

await useLanguage(() => {
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
const first = elements.samples[0]?.dataset['sample'];
if (first) void fetchSample(first, first.split('/').pop() ?? first, intake);
void Upscaler.capabilities().then((found) => {
  capabilities = found;
  describeDevice();
});
void keepOffline();
