import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import http2 from 'node:http2';
import { describe, test } from 'node:test';
import { nodeHttp2 } from './node-http2.ts';

/** Whether a process has loaded node:http2 once it has run the statements. */
function loads(statements: string): boolean {
  const script = `${statements}; console.log(process.moduleLoadList.includes('NativeModule http2'))`;
  const args = ['--input-type=module', '--eval', script];
  return execFileSync(process.execPath, args, { cwd: import.meta.dirname, encoding: 'utf8' }).trim() === 'true';
}

describe('node:http2', () => {
  test('is what it is elsewhere', () => {
    assert.equal(nodeHttp2().connect, http2.connect);
    assert.equal(nodeHttp2(), nodeHttp2());
  });

  test('is loaded by its use, not by the data path', () => {
    const dataPath = `await import('./http2-server.ts'); await import('./http2-client.ts'); await import('../engine/engine.ts')`;
    assert.equal(loads(dataPath), false);
    assert.equal(loads(`(await import('./node-http2.ts')).nodeHttp2()`), true);
  });
});
