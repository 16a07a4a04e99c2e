import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SluiceError } from '../core/errors.ts';
import { createLogger } from './application-log.ts';
import type { ApplicationLog, LoggerOptions } from './application-log.ts';
import type { LogSink } from './log-sink.ts';

const LOG_URL = new URL('./application-log.ts', import.meta.url).href;
const run = promisify(execFile);

class MemorySink implements LogSink {
  text = '';
  readonly dropped = 0;

  get lines(): Record<string, unknown>[] {
    return this.text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  write(lines: Uint8Array): boolean {
    this.text += Buffer.from(lines).toString();
    return true;
  }

  flushSync(): void {}

  drained(): Promise<void> {
    return Promise.resolve();
  }

  reopen(): void {}

  close(): Promise<void> {
    return Promise.resolve();
  }
}

async function openLog(
  options: Partial<LoggerOptions> = {},
): Promise<{ readonly log: ApplicationLog; readonly sink: MemorySink }> {
  const sink = new MemorySink();
  const log = await createLogger({ level: 'info', format: 'json', file: null, isTty: false, sink, ...options });
  return { log, sink };
}

/** Runs a program that logs in a process of its own, and returns what it wrote where. */
function runProgram(options: Partial<LoggerOptions>): Promise<{ stdout: string; stderr: string }> {
  const source = `import { createLogger } from '${LOG_URL}';
    const log = await createLogger({ level: 'info', format: 'auto', file: null, isTty: false, ...${JSON.stringify(options)} });
    log.info({ door: 'gateway' }, 'hello');
    process.exit(0);`;
  return run(process.execPath, ['--input-type=module-typescript', '-e', source]);
}

describe('a line of the application log', () => {
  test('has level, time, fields and message', async () => {
    const { log, sink } = await openLog();
    log.warn({ door: 'gateway' }, 'hello');
    log.info('just text');
    const [first, second] = sink.lines;
    assert.match(String(first?.['timestamp']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.deepEqual({ ...first, timestamp: '' }, { level: 'warn', timestamp: '', door: 'gateway', message: 'hello' });
    assert.deepEqual({ ...second, timestamp: '' }, { level: 'info', timestamp: '', message: 'just text' });
  });

  test('an error comes with its code, stack and cause', async () => {
    const { log, sink } = await openLog();
    const cause = new Error('refused');
    log.error({ err: new SluiceError('upstream_unreachable', { cause }) }, 'failed');
    const err = sink.lines[0]?.['err'] as { code: string; stack: string; cause: { message: string } };
    assert.equal(err.code, 'upstream_unreachable');
    assert.match(err.stack, /^SluiceError: .*\n\s+at /);
    assert.equal(err.cause.message, 'refused');
  });

  test('a child adds its fields to every line', async () => {
    const { log, sink } = await openLog();
    log.child({ door: 'gateway' }).child({ route: 'api' }).info('hello');
    assert.deepEqual(
      { ...sink.lines[0], timestamp: '' },
      { level: 'info', timestamp: '', door: 'gateway', route: 'api', message: 'hello' },
    );
  });

  test('secrets are masked in messages, fields, errors and children', async () => {
    const { log, sink } = await openLog();
    const secret = 'q7Zabcdefghijkl9xK';
    log.info(`dial http://u:${secret}@h`);
    log.info(
      { token: secret, headers: { cookie: secret }, url: `/x?token=${secret}` },
      `Authorization: Bearer ${secret}`,
    );
    log.error({ err: new Error(`password=${secret}`) }, '');
    log.child({ api_key: secret, text: `sk-${secret}` }).info('hello');
    assert.equal(sink.lines.length, 4);
    assert.ok(!sink.text.includes(secret), sink.text);
  });

  test('a value that cannot be written does not break the log', async () => {
    const { log, sink } = await openLog();
    const circle: Record<string, unknown> = { big: 1n };
    circle['self'] = circle;
    log.info({ circle, nothing: undefined }, 'hello');
    assert.deepEqual(sink.lines[0]?.['circle'], { big: '1', self: '[circular]' });
  });
});

describe('levels', () => {
  test('only what is important enough is written', async () => {
    const { log, sink } = await openLog({ level: 'warn' });
    for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const) log[level](level);
    assert.deepEqual(
      sink.lines.map(({ message }) => message),
      ['warn', 'error', 'fatal'],
    );
  });

  test('a change takes effect at once, for children that exist too', async () => {
    const { log, sink } = await openLog();
    const child = log.child({ a: 1 });
    child.debug('before');
    log.setLevel('debug');
    child.debug('after');
    log.setLevel('silent');
    child.fatal('never');
    assert.equal(log.level, 'silent');
    assert.deepEqual(
      sink.lines.map(({ message }) => message),
      ['after'],
    );
  });
});

describe('where the log goes', () => {
  test('without a terminal, JSON goes to standard output', async () => {
    const { stdout, stderr } = await runProgram({});
    assert.equal(stderr, '');
    assert.equal((JSON.parse(stdout) as { message: string }).message, 'hello');
  });

  test('on a terminal, it is for people and goes to standard error', async () => {
    const { stdout, stderr } = await runProgram({ isTty: true });
    assert.equal(stdout, '');
    assert.match(stderr, /\u001b\[32mINFO\u001b\[39m/);
    assert.match((await runProgram({ isTty: true, colour: false })).stderr, /\] INFO: hello \{"door":"gateway"\}\n$/);
  });

  test('a format that is asked for wins over the terminal', async () => {
    assert.match((await runProgram({ isTty: true, format: 'json' })).stdout, /^\{"level":"info"/);
    assert.match((await runProgram({ isTty: false, format: 'pretty' })).stderr, /\] INFO: hello/);
  });

  test('a file gets JSON without colours, and a new one after rotation', async (context: TestContext) => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-log-'));
    context.after(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'a.log');
    const log = await createLogger({ level: 'info', format: 'auto', file, isTty: true });
    assert.equal(log.pretty, false);
    log.info('one');
    await log.sink.drained();
    renameSync(file, `${file}.1`);
    log.reopen();
    log.info('two');
    await log.close();
    assert.match(readFileSync(`${file}.1`, 'utf8'), /^\{.*"message":"one"\}\n$/);
    assert.match(readFileSync(file, 'utf8'), /^\{.*"message":"two"\}\n$/);
  });

  test('to import it does not load pino', async () => {
    const source = `await import('${LOG_URL}'); process.exit(Object.keys((await import('node:module')).createRequire('${LOG_URL}').cache).length);`;
    await run(process.execPath, ['--input-type=module', '-e', source]);
  });
});
