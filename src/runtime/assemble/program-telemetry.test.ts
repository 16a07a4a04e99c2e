import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfig } from '../../config/load.ts';
import { renderPrometheus } from '../../telemetry/prometheus.ts';
import { openTelemetry } from './program-telemetry.ts';

test('the telemetry of the program logs as the config wants it and counts what the program does', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-telemetry-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'sluice.log');
  const env = { SLUICE_LOG__FILE: file, LOG_LEVEL: 'warn' };
  const { config } = await loadConfig({ files: [], env, cwd: folder });
  const { log, view, count, noteReload, close } = await openTelemetry(config, { isTty: false, colour: false });

  log.info('not this');
  log.warn('but this');
  noteReload('failure');
  noteReload('success');
  count('uncaughtErrors');
  count('uncaughtErrors');
  const metrics = renderPrometheus(view);
  await close();

  const lines = readFileSync(file, 'utf8').trim().split('\n');
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).message),
    ['but this'],
  );
  assert.match(metrics, /^sluice_config_reloads_total\{result="failure"\} 1$/m);
  assert.match(metrics, /^sluice_config_reloads_total\{result="success"\} 1$/m);
  assert.match(metrics, /^sluice_config_last_reload_success_timestamp_seconds [1-9]/m);
  assert.match(metrics, /^sluice_uncaught_errors_total 2$/m);
  assert.match(metrics, /^sluice_build_info\{.*version="\d/m);
  assert.match(metrics, /^process_resident_memory_bytes [1-9]/m);
});
