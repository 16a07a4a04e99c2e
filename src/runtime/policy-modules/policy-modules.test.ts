import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { policyFile, policyOf } from '../../../test/support/policy-file.ts';
import { documentSchema } from '../../config/schema/document.ts';
import { inspectPolicy, loadPolicyModule, PolicyModules } from './policy-modules.ts';

const GOOD = policyOf('request() {}');

describe('a module of a policy', () => {
  test('is loaded once as long as it stays the same', async (t) => {
    const file = policyFile(t, GOOD);
    const first = await loadPolicyModule(file);
    assert.equal(await loadPolicyModule(file), first);
    writeFileSync(file, `${GOOD}// and more\n`);
    assert.notEqual(await loadPolicyModule(file), first);
  });

  test('that cannot be run says why, and in which line', async (t) => {
    for (const [text, reason] of [
      ['export const a = 1;\nexport const b = ;\n', /: Expression expected \(line 2\)$/],
      ['\n\nthrow new Error("not here");\n', /own\.ts: not here \(line 3\)$/],
      ['throw "a word";\n', /own\.ts: it threw a word$/],
      ['import "./nowhere.ts";\n', /Cannot find module '.*nowhere\.ts' imported from it$/],
      ['enum E { A }\nexport const policy = () => E.A;\n', /own\.ts: .*enum.* \(line 1\)$/],
      ['export default 1;', /named `policy` \(not as the default\)$/],
      ['', /exports nothing/],
      ['export const policy = 1;', /a function named `policy`$/],
      ['export const policy = () => {}; export const check = 1;', /`check` is not a function/],
      ['export const policy = () => {}; export const schema = {};', /standardschema/],
      ['export const policy = () => {}; export const schema = null;', /standardschema/],
    ] as const) {
      await assert.rejects(loadPolicyModule(policyFile(t, text)), { code: 'config_invalid', message: reason });
    }
  });

  test('that is gone is told like any other that cannot be run', async (t) => {
    const file = policyFile(t, GOOD);
    rmSync(file);
    await assert.rejects(loadPolicyModule(file), { code: 'config_invalid', message: /ENOENT/ });
  });
});

describe('the modules of a configuration', () => {
  const configOf = (...files: readonly string[]): ReturnType<typeof documentSchema.parse> =>
    documentSchema.parse({ policies: Object.fromEntries(files.map((file) => [file, {}])) });

  test('are at hand once they are loaded, and stay when others cannot be', async (t) => {
    const modules = new PolicyModules();
    const [good, bad] = [policyFile(t, GOOD), policyFile(t, 'export {};')];
    assert.throws(() => modules.require(good), { code: 'internal' });
    await modules.load(configOf(good));
    const module = modules.require(good);
    await assert.rejects(modules.load(configOf(good, bad)));
    assert.equal(modules.require(good), module);
  });

  test('are not loaded where they are switched off', async () => {
    const modules = new PolicyModules();
    await modules.load(documentSchema.parse({ policies: { '/nowhere.ts': false } }));
    assert.throws(() => modules.require('/nowhere.ts'));
  });
});

test('whoever inspects settings is told what is wrong with the module, or with them', async (t) => {
  const file = policyFile(t, `${GOOD}export function check({ a }) { if (a !== 1) throw new Error('a is not 1'); }\n`);
  assert.deepEqual(await inspectPolicy(file, { a: 1 }), []);
  assert.deepEqual(await inspectPolicy(file, { a: 2 }), [{ message: 'a is not 1', at: [] }]);
  assert.deepEqual(await inspectPolicy(policyFile(t, 'throw new Error("no")'), {}), [
    { message: 'no (line 1)', at: null },
  ]);
});
