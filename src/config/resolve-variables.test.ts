import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { readYaml } from './read-yaml.ts';
import { resolveVariables, type ResolvedVariables } from './resolve-variables.ts';
import { findNode, toPlain, type MapNode } from './source-tree.ts';

function resolve(text: string, env: Record<string, string> = {}, folder = '/'): ResolvedVariables {
  const { root } = readYaml({ kind: 'file', name: 'a.yaml', folder, text });
  return resolveVariables(root as MapNode, env);
}

function folderWith(t: TestContext, name: string, text: string): string {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, name), text);
  return folder;
}

describe('resolveVariables', () => {
  test('replaces variables in texts, and leaves numbers and keys alone', () => {
    const { root, faults } = resolve('a: x${A}\nb: [1, "${A}"]\n${A}: 2\n', { A: 'y' });
    assert.deepEqual(toPlain(root), { a: 'xy', b: [1, 'y'], '${A}': 2 });
    assert.deepEqual(faults, []);
  });

  test('marks what came from a variable: it may stand for a number', () => {
    const { root } = resolve('a: ${A}\nb: "5"\n', { A: '5' });
    const [a, b] = ['a', 'b'].map((key) => findNode(root, [key]).node);
    assert.deepEqual([a?.kind === 'scalar' && a.soft, b?.kind === 'scalar' && b.soft], [true, false]);
  });

  test('reads secret files from the folder of the file, and tells which', (t) => {
    const folder = folderWith(t, 'token', 'hush\n');
    const { root, secretFiles } = resolve('a: "${file:token}"\n', {}, folder);
    const { node } = findNode(root, ['a']);
    assert.equal(node.kind === 'scalar' && node.value, 'hush');
    assert.equal(node.kind === 'scalar' && node.secret, true);
    assert.deepEqual(secretFiles, [join(folder, 'token')]);
  });

  test('finds all faults, each at its placeholder', () => {
    const text = 'a: "x ${A} y"\nb:\n  - ${B:?no b}\n  - "${file:nowhere}"\nc: |\n  ${C\n';
    const { faults } = resolve(text);
    assert.deepEqual(
      faults.map(({ code, path, place }) => [code, path, text.slice(place?.from, place?.to)]),
      [
        ['config_unset_variable', 'a', '${A}'],
        ['config_unset_variable', 'b[0]', '${B:?no b}'],
        ['config_unreadable', 'b[1]', '${file:nowhere}'],
        ['config_syntax', 'c', '${'],
      ],
    );
  });

  test('refuses a secret file that is far too large', (t) => {
    const folder = folderWith(t, 'huge', 'x'.repeat(1024 * 1024 + 1));
    const [fault] = resolve('a: "${file:huge}"\n', {}, folder).faults;
    assert.match(fault?.message ?? '', /too large/);
  });
});
