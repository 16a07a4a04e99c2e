import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, test } from 'node:test';
import { listenToSignals } from './stop-signals.ts';

function listen(platform: NodeJS.Platform): { source: EventEmitter; heard: string[]; release: () => void } {
  const source = new EventEmitter();
  const heard: string[] = [];
  const release = listenToSignals(
    source,
    {
      stop: (signal) => heard.push(`stop by ${signal}`),
      force: () => heard.push('force'),
      reload: () => heard.push('reload'),
    },
    platform,
  );
  return { source, heard, release };
}

function send(source: EventEmitter, ...signals: string[]): void {
  for (const signal of signals) source.emit(signal, signal);
}

describe('signals', () => {
  test('stop first, and force when a second one comes, whichever it is', () => {
    const { source, heard } = listen('linux');
    send(source, 'SIGTERM', 'SIGINT', 'SIGTERM');
    assert.deepEqual(heard, ['stop by SIGTERM', 'force', 'force']);
  });

  test('ask for a reload with SIGHUP, also while stopping', () => {
    const { source, heard } = listen('linux');
    send(source, 'SIGHUP', 'SIGINT', 'SIGHUP');
    assert.deepEqual(heard, ['reload', 'stop by SIGINT', 'reload']);
  });

  test('stop on Windows also with SIGBREAK and when the console closes', () => {
    for (const signal of ['SIGBREAK', 'SIGHUP']) {
      const { source, heard } = listen('win32');
      send(source, signal);
      assert.deepEqual(heard, [`stop by ${signal}`]);
    }
  });

  test('mean nothing any more after the release', () => {
    const { source, heard, release } = listen('win32');
    release();
    send(source, 'SIGINT', 'SIGTERM', 'SIGHUP', 'SIGBREAK');
    assert.deepEqual(heard, []);
    assert.deepEqual(source.eventNames(), []);
  });
});
