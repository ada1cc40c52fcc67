#!/usr/bin/env bash
# A training run on a GPU in one command: `models/training/gpu.sh PARTS RUN MINUTES`, from the repository's root.
# PARTS holds what pack.py made. RUN becomes a run folder, its weights in pieces below 16 MiB.
# Rehearsal without a GPU: `SMOKE=1 models/training/gpu.sh PARTS RUN 2`
set -euo pipefail
parts=$1 run=$2 minutes=$3
export PYTHONUNBUFFERED=1
python=${PYTHON:-python3}
began=$(date +%s)
work=${WORK:-/tmp/resshift-training}
mkdir -p "$work/teachers" "$work/corpus" "$run"
cp "$parts"/part*/corpus/*.tar "$work/corpus/"
cp "$parts"/part*/teachers/*.param "$work/teachers/"
for stem in REALSR_DF2K_UP4X realesrgan-x4plus; do
  for piece in 00 01 02 03 04; do cat "$parts"/part*/teachers/"$stem.bin.$piece" 2>/dev/null || true; done >"$work/teachers/$stem.bin"
done

common=(--set "data.corpus=$work/corpus" --set "data.cache=$work/corpus.u8" --set 'data.pool=""' --set "data.teachers=$work/teachers")
if [ -n "${SMOKE:-}" ]; then # the same commands, sizes that a CPU manages
  common+=(--set optimiser.batch=4 --set data.pairs=16 --set data.group=4 --set data.groups_per_iteration=0.1 --set device.compile=false
    --set adversary.pictures=2 --set adversary.alone=2 --set validation.pictures=3 --set validation.others=3 --set validation.every=4 --set device.log_every=1)
fi
# Minutes until a share of the time is over; half a minute at least.
until_share() { echo "$minutes $1 $(($(date +%s) - began))" | awk '{ m = $1 * $2 - $3 / 60; print (m > 0.5 ? m : 0.5) }'; }
stage() { # trainer, name, share of the time at its end, more settings
  "$python" "models/training/$1.py" "models/training/gpu-$2.toml" "$work/$2" "${common[@]}" \
    --set "optimiser.minutes=$(until_share "$3")" "${@:4}" >"$work/$2.txt" 2>&1 || { tail -20 "$work/$2.txt"; exit 1; }
  tail -4 "$work/$2.txt"
}
keep() { # A run folder as export.py and validate.py read it; few files, each below 16 MiB.
  split -b 15728640 -d "$work/$1/weights.safetensors" "$run/weights.safetensors."
  cp "$work/$1/config.json" "$run/"
  cat "$work"/*/log.jsonl >"$run/log.jsonl"
  for sheet in "$work/$1"/sheet_*.png; do [ ! -e "$sheet" ] || cp "$sheet" "$run/sheet.png"; done
}
# Starting, compiling and validating take time that the trainer does not count: a tenth is left for them.
stage train_prior prior 0.35 ${SMOKE:+--set data.extremes=1}
cp "$work/prior/prior.safetensors" "$run/"
stage train chain 0.9 --set "start.prior=$work/prior/prior.safetensors"
keep chain
nvidia-smi --query-gpu=name --format=csv,noheader 2>/dev/null || echo "no GPU"
ls -l "$run"
