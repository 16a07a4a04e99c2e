import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { FileWatch } from './watch-files.ts';

interface Watched {
  readonly folder: string;
  readonly watch: FileWatch;
  /** Resolves with the next change; never when there is none. */
  readonly next: () => Promise<void>;
  readonly changes: () => number;
}

function watched(t: TestContext): Watched {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-watch-'));
  let changes = 0;
  let told = Promise.withResolvers<void>();
  const watch = new FileWatch(() => {
    changes += 1;
    told.resolve();
    told = Promise.withResolvers();
  });
  // A file watch keeps no process alive, and a test that waits needs one that is.
  const keepAlive = setInterval(() => {}, 60_000);
  t.after(() => {
    clearInterval(keepAlive);
    watch.close();
    rmSync(folder, { recursive: true });
  });
  return { folder, watch, next: () => told.promise, changes: () => changes };
}

describe('the watch over files', () => {
  test('notices that a file was written, replaced, removed and made again', async (t) => {
    const { folder, watch, next } = watched(t);
    const file = join(folder, 'a.yaml');
    writeFileSync(file, 'one');
    watch.follow([file]);
    for (const change of [
      () => writeFileSync(file, 'two'),
      () => (writeFileSync(`${file}.new`, 'three'), renameSync(`${file}.new`, file)),
      () => rmSync(file),
      () => writeFileSync(file, 'four'),
    ]) {
      const told = next();
      change();
      await told;
    }
  });

  test('notices that the target of a link was exchanged, as Kubernetes does it', async (t) => {
    const { folder, watch, next } = watched(t);
    for (const [version, content] of [
      ['v1', 'one'],
      ['v2', 'two two'],
    ] as const) {
      mkdirSync(join(folder, version));
      writeFileSync(join(folder, version, 'a.yaml'), content);
    }
    symlinkSync('v1', join(folder, '..data'));
    symlinkSync('..data/a.yaml', join(folder, 'a.yaml'));
    watch.follow([join(folder, 'a.yaml')]);
    const told = next();
    symlinkSync('v2', join(folder, '..new'));
    renameSync(join(folder, '..new'), join(folder, '..data'));
    await told;
  });

  test('reports several writes in a row once, and what else happens in the folder never', async (t) => {
    const { folder, watch, next, changes } = watched(t);
    const [file, other] = [join(folder, 'a.yaml'), join(folder, 'other')];
    writeFileSync(file, '');
    watch.follow([file]);
    writeFileSync(other, 'x');
    const told = next();
    for (const content of ['1', '12', '123']) writeFileSync(file, content);
    writeFileSync(other, 'xx');
    await told;
    assert.equal(changes(), 1);
  });

  test('follows other files when it is told to', async (t) => {
    const { folder, watch, next, changes } = watched(t);
    mkdirSync(join(folder, 'b'));
    const [first, second] = [join(folder, 'a.yaml'), join(folder, 'b', 'b.yaml')];
    for (const file of [first, second]) writeFileSync(file, '');
    watch.follow([first]);
    watch.follow([second]);
    const told = next();
    writeFileSync(first, 'x');
    writeFileSync(second, 'x');
    await told;
    assert.equal(changes(), 1);
  });

  test('lives with a folder that is not there', (t) => {
    const { folder, watch } = watched(t);
    watch.follow([join(folder, 'absent', 'a.yaml')]);
  });
});
