import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  constants,
} from 'node:fs';
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { SluiceError } from '../core/errors.ts';
import { FileSink } from './file-sink.ts';

const SINK_URL = new URL('./file-sink.ts', import.meta.url).href;
const ACCESS_LOG_URL = new URL('./access-log.ts', import.meta.url).href;

function newFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-sink-'));
  context.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

const linesOf = (...lines: string[]): Uint8Array => Buffer.from(lines.map((line) => `${line}\n`).join(''));
const run = promisify(execFile);

/** A program that makes a sink on standard output, in a process of its own. */
const programWith = (body: string): string[] => [
  '--input-type=module-typescript',
  '-e',
  `import { FileSink } from '${SINK_URL}'; const sink = new FileSink({ to: 1 }); ${body}`,
];

describe('a sink on a file', () => {
  test('appends in order what it is given', async (context) => {
    const file = join(newFolder(context), 'a.log');
    for (const round of ['1', '2']) {
      const sink = new FileSink({ to: file });
      for (let line = 0; line < 200; line += 1) assert.ok(sink.write(linesOf(`${round}-${line}`), 1));
      await sink.close();
    }
    const expected = ['1', '2'].flatMap((round) => Array.from({ length: 200 }, (_, line) => `${round}-${line}`));
    assert.equal(readFileSync(file, 'utf8'), `${expected.join('\n')}\n`);
    assert.equal(statSync(file).mode & 0o137, 0);
  });

  test('drained tells when everything is written', async (context) => {
    const file = join(newFolder(context), 'a.log');
    const sink = new FileSink({ to: file });
    sink.write(linesOf('a'), 1);
    await sink.drained();
    assert.equal(readFileSync(file, 'utf8'), 'a\n');
    await sink.drained();
    await sink.close();
  });

  test('a file that has been moved away is left for a new one', async (context) => {
    const file = join(newFolder(context), 'a.log');
    const sink = new FileSink({ to: file });
    sink.write(linesOf('old'), 1);
    await sink.drained();
    renameSync(file, `${file}.1`);
    sink.write(linesOf('still old'), 1);
    sink.reopen();
    sink.reopen();
    await sink.drained();
    sink.write(linesOf('new'), 1);
    await sink.close();
    assert.equal(readFileSync(`${file}.1`, 'utf8'), 'old\nstill old\n');
    assert.equal(readFileSync(file, 'utf8'), 'new\n');
  });

  test('a file that cannot be opened is an error that names it; the one in use stays in use', async (context) => {
    const folder = newFolder(context);
    const isFault = (error: unknown): boolean =>
      error instanceof SluiceError &&
      error.code === 'config_invalid' &&
      /logs.a\.log cannot be opened: ENOENT/.test(error.message);
    const file = join(folder, 'logs', 'a.log');
    assert.throws(() => new FileSink({ to: file }), isFault);
    mkdirSync(join(folder, 'logs'));
    const sink = new FileSink({ to: file });
    renameSync(join(folder, 'logs'), join(folder, 'moved'));
    assert.throws(() => sink.reopen(), isFault);
    sink.write(linesOf('a'), 1);
    await sink.close();
    assert.equal(readFileSync(join(folder, 'moved', 'a.log'), 'utf8'), 'a\n');
  });

  test('what is queued is written at once when it must be', async (context) => {
    const file = join(newFolder(context), 'a.log');
    const sink = new FileSink({ to: file });
    const all = Array.from({ length: 100 }, (_, line) => `line ${line}`);
    for (const line of all) sink.write(linesOf(line), 1);
    sink.flushSync();
    await sink.close();
    assert.deepEqual(new Set(readFileSync(file, 'utf8').split('\n')), new Set([...all, '']));
  });

  test('leaves no listener behind', async (context) => {
    const listeners = process.listenerCount('exit');
    const sink = new FileSink({ to: join(newFolder(context), 'a.log') });
    await sink.close();
    assert.equal(process.listenerCount('exit'), listeners);
  });
});

describe('a sink whose destination is slow', () => {
  const PIPE_BYTES = 65_536;

  /** A named pipe that nobody reads yet: it takes 64 KiB, and then it is full. */
  async function fullPipe(
    context: TestContext,
  ): Promise<{ readonly path: string; readonly writer: number; readonly closeReader: () => void }> {
    const path = join(newFolder(context), 'pipe');
    await run('mkfifo', [path]);
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    return { path, writer, closeReader: () => closeSync(reader) };
  }

  /** Gives writes that are under way the time to come back: these take the same road. */
  async function letWritesReturn(path: string): Promise<void> {
    for (let round = 0; round < 20; round += 1) await stat(path);
  }

  test('takes what fits into its queue, and counts the lines that do not', async (context) => {
    const { writer, closeReader } = await fullPipe(context);
    const sink = new FileSink({ to: writer, maxQueuedBytes: 200_000 });
    const batch = linesOf(...Array.from({ length: 1000 }, () => 'x'.repeat(99)));
    assert.equal(sink.write(batch, 1000), true);
    assert.equal(sink.write(batch, 1000), true);
    assert.equal(sink.write(batch, 1000), false);
    assert.equal(sink.dropped, 1000);
    closeReader();
    await sink.drained();
    // How the kernel fills a pipe is its own business; what it took whole was not lost, and all else was counted.
    const mostInPipe = Math.floor(PIPE_BYTES / 100);
    assert.ok(sink.dropped >= 3000 - mostInPipe && sink.dropped <= 3000, `${sink.dropped} lines lost`);
    await sink.close();
    closeSync(writer);
  });

  test('a line that was written in part is completed when there is room again', async (context) => {
    const { path, writer, closeReader } = await fullPipe(context);
    const sink = new FileSink({ to: writer });
    const lines = Array.from({ length: 3000 }, (_, line) => `${line} ${'x'.repeat(90)}`);
    sink.write(linesOf(...lines), lines.length);
    await letWritesReturn(path);
    const reading = spawn('cat', [path]);
    const received = text(reading.stdout);
    await once(reading.stdout, 'readable');
    closeReader();
    await sink.close();
    closeSync(writer);
    assert.equal(await received, `${lines.join('\n')}\n`);
  });

  test('at the end of the process, too, a full pipe is waited for', async (context) => {
    const { path, writer, closeReader } = await fullPipe(context);
    const reading = spawn('cat', [path]);
    const received = text(reading.stdout);
    const body = `for (let line = 0; line < 300; line += 1) sink.write(Buffer.alloc(5000, line + ' ').fill('\\n', 4999), 1); process.exit();`;
    const child = spawn(process.execPath, programWith(body), { stdio: ['ignore', writer, 'inherit'] });
    closeSync(writer);
    await once(child, 'exit');
    closeReader();
    const lengths = (await received).split('\n').map((line) => line.length);
    assert.deepEqual(lengths, [...Array.from({ length: 300 }, () => 4999), 0]);
  });
});

describe('a sink at the end of its process', () => {
  test('what is queued is written when the process exits', async () => {
    const body = `for (let line = 0; line < 500; line += 1) sink.write(Buffer.from('line ' + line + '\\n'), 1); process.exit(0);`;
    const { stdout } = await run(process.execPath, programWith(body));
    assert.deepEqual(
      new Set(stdout.split('\n')),
      new Set([...Array.from({ length: 500 }, (_, line) => `line ${line}`), '']),
    );
  });

  test('the last lines of an access log are written, too', async () => {
    const body = `const { AccessLog } = await import('${ACCESS_LOG_URL}');
      const log = new AccessLog({ format: 'common', sink });
      const record = { timeMs: 0, durationMs: 0, clientAddress: 'c', method: 'GET', target: '/last', protocol: 'HTTP/1.1', status: 200, bytesSent: 0 };
      log.record(record as any);
      process.exit(0);`;
    const { stdout } = await run(process.execPath, programWith(body));
    assert.match(stdout, /"GET \/last HTTP\/1.1" 200 -\n$/);
  });

  test('a reader that goes away ends the log, not the process', async () => {
    const child = spawn(
      process.execPath,
      programWith(`
      const batch = Buffer.alloc(100_000, 'x\\n');
      const timer = setInterval(() => {
        if (sink.write(batch, 50_000)) return;
        clearInterval(timer);
        process.exitCode = sink.dropped > 0 ? 42 : 1;
      }, 1);`),
    );
    child.stdout.once('data', () => child.stdout.destroy());
    const [code] = await once(child, 'exit');
    assert.equal(code, 42);
  });
});
