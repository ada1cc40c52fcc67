/** Runs one picture: shows progress, tiles and warnings, stores snapshots, and remembers the cost. */
import type { Tile } from 'resshift-web';
import { keeper, queue, type Done } from '../batch/batch.ts';
import { estimate, learn } from '../cost/estimate.ts';
import { text } from '../i18n/text.ts';
import { refreshModels } from '../models/list.ts';
import { dismissStrip, showStrip, showWarnings } from '../notices/strips.ts';
import { formatName, sizeMark } from '../output/file-name.ts';
import { sizeOf, type Picture } from '../picture/picture.ts';
import { page } from '../screen/page.ts';
import { describeRun } from '../screen/panel.ts';
import { stage } from '../screen/screen.ts';
import type { Settings } from '../settings/settings.ts';
import { Engine } from './engine.ts';
import { Progress } from './progress.ts';

const engine = new Engine();
export const progress = new Progress();

/** @param id the picture in the queue */
export async function runPicture(source: Picture, id: number, settings: Settings, signal: AbortSignal): Promise<Done> {
  let begun = performance.now();
  const earlier = await keeper.snapshots.find(id);
  let passed = 0;
  let first = true;
  const seconds = () => passed + (performance.now() - begun) / 1000;
  const paint = (part: Tile) => {
    if (id === queue.selected) stage.paintTile(part);
  };
  const result = await engine
    .run(
      source.input,
      settings,
      signal,
      {
        onLoad: (report) => progress.load(report),
        onReady: (upscaler) => {
          describeRun(upscaler, settings.device);
          showWarnings(engine.warnings);
          void refreshModels();
          learn(upscaler, settings.model, settings.device, false);
          progress.loaded(expected(source, settings), engine.cold);
          begun = performance.now();
        },
        onProgress: (report) => {
          if (first && report.step > 1) {
            passed = earlier?.seconds ?? 0;
            showStrip('resumed', () => text.goesOn(report.step, report.steps));
          }
          first = false;
          progress.run(report);
          queue.progress(id, report.fraction);
        },
        onTile: paint,
        onPreview: paint,
        onSnapshot: (snapshot) => keeper.snapshots.put(id, snapshot, seconds()),
      },
      earlier,
    )
    .finally(() => dismissStrip('resumed'));
  showWarnings(engine.warnings);
  if (engine.current) learn(engine.current, settings.model, settings.device, true);
  return {
    blob: result.blob,
    mark: sizeMark(settings.output.scale, result.width, result.height),
    width: result.width,
    height: result.height,
    outcome: {
      width: result.width,
      height: result.height,
      format: formatName(result.blob.type),
      fileBytes: result.blob.size,
      seconds: seconds(),
      model: settings.model,
      steps: settings.steps,
      seed: settings.seed,
      device: result.device,
      decodedBy: result.decodedBy,
    },
  };
}

/** Expected seconds of a run, if one was measured. */
function expected({ image }: Picture, { steps, model, device }: Settings): number | null {
  if (!image) return null;
  const { seconds, rough } = estimate({ picture: sizeOf(image), steps, model, device, capabilities: page.capabilities });
  return rough ? null : seconds;
}
