import assert from 'node:assert/strict';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { configOf } from '../../../test/support/gateway.ts';
import { changer, hopControl } from '../../../test/support/hop-control.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import type { Config } from '../../config/config.ts';
import { hopChangeFile } from './hop-change-file.ts';
import type { HopControl } from './hop-control.ts';

const CONFIG = configOf({
  hops: {
    exits: {
      proxies: [
        { id: 'a', url: 'http://a.example' },
        { id: 'b', url: 'http://b.example' },
      ],
    },
  },
});

const REMOVE_A = { kind: 'remove', name: 'exits/a' } as const;
const namesIn = ({ hops }: Config): string[] => hops['exits']?.proxies.map(({ id }) => id) ?? [];
const namesOf = (hops: HopControl): string[] => hops.proxies().map(({ name }) => name);

function started(dataDir?: string): HopControl {
  const hops = hopControl(dataDir === undefined ? {} : { dataDir });
  hops.follow(hops.over(CONFIG));
  return hops;
}

describe('a change to the proxies of a hop', () => {
  test('comes into force as a configuration, and shows when it has', async () => {
    const hops = started();
    await hops.change(CONFIG, { edit: REMOVE_A, persist: false }, (config) => {
      assert.deepEqual(namesIn(config), ['b']);
      assert.deepEqual(namesOf(hops), ['exits/a', 'exits/b']);
      return Promise.resolve();
    });
    assert.deepEqual(namesOf(hops), ['exits/b']);
    assert.deepEqual(namesIn(hops.over(CONFIG)), ['b']);
    hops.stop();
    assert.deepEqual(namesOf(hops), []);
  });

  test('that cannot be brought into force leaves everything as it was', async (t) => {
    const folder = temporaryFolder(t);
    const hops = started(folder);
    const refused = hops.change(CONFIG, { edit: REMOVE_A, persist: true }, () => Promise.reject(new Error('no')));
    await assert.rejects(refused, /no/);
    assert.deepEqual(
      [namesOf(hops), namesIn(hops.over(CONFIG))],
      [
        ['exits/a', 'exits/b'],
        ['a', 'b'],
      ],
    );
    assert.equal(existsSync(hopChangeFile(folder)), false);
    hops.stop();
  });

  test('that cannot be kept is taken back', async (t) => {
    const folder = temporaryFolder(t);
    mkdirSync(join(hopChangeFile(folder), 'in the way'), { recursive: true });
    const inTheWay = (): HopControl => started(folder);
    assert.throws(inTheWay);
    const hops = started(join(folder, 'other'));
    mkdirSync(join(hopChangeFile(join(folder, 'other')), 'in the way'), { recursive: true });
    const inForce: string[][] = [];
    const bring = (config: Config): Promise<void> => Promise.resolve(void inForce.push(namesIn(config)));
    await assert.rejects(hops.change(CONFIG, { edit: REMOVE_A, persist: true }, bring));
    assert.deepEqual(inForce, [['b'], ['a', 'b']]);
    assert.deepEqual(namesOf(hops), ['exits/a', 'exits/b']);
    hops.stop();
  });

  test('outlives the run when it is asked to, and only then', async (t) => {
    const folder = temporaryFolder(t);
    const first = started(folder);
    const change = changer(first, CONFIG);
    await change({ edit: REMOVE_A, persist: true });
    await change({ edit: { kind: 'change', name: 'exits/b', patch: { enabled: false } }, persist: false });
    assert.deepEqual([first.changeOf('exits/a'), first.changeOf('exits/b')], ['kept', 'until_restart']);
    first.stop();
    const second = started(folder);
    assert.deepEqual(
      second.proxies().map(({ name, state }) => [name, state.admin]),
      [['exits/b', 'enabled']],
    );
    assert.equal(second.changeOf('exits/b'), null);
    second.stop();
  });

  test('that is not to be kept leaves what was kept before', async (t) => {
    const folder = temporaryFolder(t);
    const first = started(folder);
    const change = changer(first, CONFIG);
    const drain = { kind: 'change', name: 'exits/a', patch: {}, draining: true } as const;
    await change({ edit: drain, persist: true });
    await change({ edit: { ...drain, draining: false }, persist: false });
    assert.equal(first.find('exits/a')?.state.admin, 'enabled');
    first.stop();
    const second = started(folder);
    assert.equal(second.find('exits/a')?.state.admin, 'draining');
    second.stop();
  });
});
