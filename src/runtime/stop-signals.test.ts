import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, test } from 'node:test';
import { listenToSignals } from './stop-signals.ts';

interface Listening {
  readonly source: EventEmitter;
  readonly heard: string[];
  readonly clock: { nowMs: number };
  readonly release: () => void;
}

function listen(platform: NodeJS.Platform): Listening {
  const source = new EventEmitter();
  const clock = { nowMs: 0 };
  const heard: string[] = [];
  const release = listenToSignals(
    source,
    {
      stop: (signal) => heard.push(`stop by ${signal}`),
      force: () => heard.push('force'),
      reload: () => heard.push('reload'),
      replace: () => heard.push('replace'),
    },
    { platform, nowMs: () => clock.nowMs },
  );
  return { source, heard, clock, release };
}

function send(source: EventEmitter, ...signals: string[]): void {
  for (const signal of signals) source.emit(signal, signal);
}

describe('signals', () => {
  test('stop first, and force when a second one comes, whichever it is', () => {
    const { source, heard } = listen('linux');
    send(source, 'SIGTERM', 'SIGINT', 'SIGINT');
    assert.deepEqual(heard, ['stop by SIGTERM', 'force', 'force']);
  });

  test('force also when the same one comes again, but not when it is a copy of the first', () => {
    const { source, heard, clock } = listen('linux');
    send(source, 'SIGTERM', 'SIGTERM');
    clock.nowMs = 100;
    send(source, 'SIGTERM');
    assert.deepEqual(heard, ['stop by SIGTERM']);
    clock.nowMs = 300;
    send(source, 'SIGTERM');
    assert.deepEqual(heard, ['stop by SIGTERM', 'force']);
  });

  test('ask for a reload with SIGHUP, also while stopping', () => {
    const { source, heard } = listen('linux');
    send(source, 'SIGHUP', 'SIGINT', 'SIGHUP');
    assert.deepEqual(heard, ['reload', 'stop by SIGINT', 'reload']);
  });

  test('ask with SIGUSR2 for another one in this place, where there is such a signal', () => {
    const [here, windows] = [listen('linux'), listen('win32')];
    send(here.source, 'SIGUSR2');
    send(windows.source, 'SIGUSR2');
    assert.deepEqual([here.heard, windows.heard], [['replace'], []]);
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
