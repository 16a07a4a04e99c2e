import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { cpuMicrosByThread, cpuMicrosOf, identityOf, rssKiBOf, treeOf } from './process-tree.ts';

describe('the process tree', { skip: process.platform !== 'linux' && 'only Linux has /proc' }, () => {
  test('holds grandchildren, and forgets them when they have ended', async () => {
    const shell = spawn('sh', ['-c', 'sleep 20 & echo $!; wait'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(shell.stdout, 'data')) as [Buffer];
    const grandchild = Number(String(line));
    const tree = treeOf(process.pid);
    assert.ok(tree.indexOf(shell.pid!) < tree.indexOf(grandchild));
    assert.ok(rssKiBOf(shell.pid!) > 0);
    const identity = identityOf(shell.pid!);
    assert.notEqual(identity, undefined);

    process.kill(grandchild);
    await once(shell, 'exit');
    assert.ok(!treeOf(process.pid).includes(grandchild));
    assert.notEqual(identityOf(shell.pid!), identity);
  });

  test('counts the CPU time that was spent, in all and by thread', () => {
    const before = cpuMicrosOf(process.pid);
    const mine = cpuMicrosByThread(process.pid).get(process.pid) ?? 0;
    while (cpuMicrosOf(process.pid) < before + 50_000);
    assert.ok((cpuMicrosByThread(process.pid).get(process.pid) ?? 0) > mine);
  });
});
