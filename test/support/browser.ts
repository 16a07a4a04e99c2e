// A real chromium without a window, driven over its own protocol. Rule: it and its profile are gone when the test is over.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { WebSocket } from 'ws';
import { temporaryFolder } from './temporary-folder.ts';

interface Reply {
  readonly id?: number;
  /** Of an event, which is no reply. */
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
}

const FLAGS = [
  'headless',
  'no-sandbox',
  'disable-gpu',
  'disable-dev-shm-usage',
  'disable-background-networking',
  'no-first-run',
  'no-proxy-server',
  'remote-debugging-port=0',
];

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds that its thread was running. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

export interface Cookie {
  readonly name: string;
  readonly path: string;
  readonly httpOnly: boolean;
  readonly secure: boolean;
  readonly sameSite?: string;
}

/** Keys that write nothing, by the code that the protocol wants beside the name. */
const KEY_CODES: Readonly<Record<string, number>> = {
  Backspace: 8,
  Tab: 9,
  Enter: 13,
  Escape: 27,
  PageUp: 33,
  PageDown: 34,
  End: 35,
  Home: 36,
  ArrowUp: 38,
  ArrowDown: 40,
};
const SHIFT = 8;

/** One page of it. */
export class Page {
  /** Where it has sent requests to, once `watch` was called. */
  readonly requested: string[] = [];
  /** What it has complained about since then: faults of scripts, broken policies, failed loads. */
  readonly complaints: string[] = [];
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (reply: Reply) => void>();
  #session: string | undefined;
  #onTrace: (events: readonly TraceEvent[] | null) => void = () => {};
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (bytes: Buffer) => {
      const reply = JSON.parse(bytes.toString()) as Reply;
      if (reply.method !== undefined) this.#note(reply.method, reply.params ?? {});
      this.#waiting.get(reply.id ?? -1)?.(reply);
    });
  }

  /** `here`: names that are this machine. */
  static async open(t: TestContext, chromium: string, here: readonly string[]): Promise<Page> {
    const rules = here.map((name) => `MAP ${name} 127.0.0.1`).join(',');
    const flags = [...FLAGS, `user-data-dir=${temporaryFolder(t)}`, `host-resolver-rules=${rules}`];
    const child = spawn(chromium, [...flags.map((flag) => `--${flag}`), 'about:blank'], {
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    t.after(async () => {
      // Not `close`: what crashed of it, or reports crashes, may hold its output open in a session of its own.
      const ended = once(child, 'exit');
      process.kill(-child.pid!, 'SIGKILL');
      await ended;
      child.stderr.destroy();
    });
    let said = '';
    let door: string | undefined;
    for await (const text of child.stderr.setEncoding('utf8')) {
      said += String(text);
      door = /DevTools listening on (ws:\S+)/.exec(said)?.[1];
      if (door !== undefined) break;
    }
    assert.ok(door !== undefined, said);
    const socket = new WebSocket(door);
    t.after(() => socket.terminate());
    await once(socket, 'open');
    const page = new Page(socket);
    const { targetId } = await page.#call('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await page.#call('Target.attachToTarget', { targetId, flatten: true });
    page.#session = sessionId as string;
    return page;
  }

  /** Runs in each document before anything of its own. */
  async prepare(source: string): Promise<void> {
    await this.#call('Page.enable', {});
    await this.#call('Page.addScriptToEvaluateOnNewDocument', { source });
  }

  /** From now on what it asks for and complains about is written down. */
  async watch(): Promise<void> {
    await this.#call('Network.enable', {});
    await this.#call('Log.enable', {});
    await this.#call('Runtime.enable', {});
  }

  /** As a person presses it: `a`, `?`, `Enter`, `Tab`, `Shift+Tab`. */
  async press(combination: string): Promise<void> {
    const isShifted = combination.startsWith('Shift+');
    const key = isShifted ? combination.slice('Shift+'.length) : combination;
    const code = KEY_CODES[key];
    const text = code === undefined ? key : key === 'Enter' ? '\r' : undefined;
    const stroke = {
      key,
      modifiers: isShifted ? SHIFT : 0,
      windowsVirtualKeyCode: code ?? key.toUpperCase().charCodeAt(0),
    };
    await this.#call('Input.dispatchKeyEvent', {
      type: text === undefined ? 'rawKeyDown' : 'keyDown',
      ...stroke,
      text,
    });
    await this.#call('Input.dispatchKeyEvent', { type: 'keyUp', ...stroke });
  }

  async type(text: string): Promise<void> {
    await this.#call('Input.insertText', { text });
  }

  /** What the system of the person prefers. */
  async preferColours(scheme: 'light' | 'dark'): Promise<void> {
    await this.#call('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
  }

  async resize(width: number, height: number): Promise<void> {
    await this.#call('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false });
  }

  async cookies(): Promise<readonly Cookie[]> {
    const { cookies } = await this.#call('Network.getCookies', {});
    return cookies as Cookie[];
  }

  /** As a PNG. */
  async picture(): Promise<Buffer> {
    const { data } = await this.#call('Page.captureScreenshot', { format: 'png' });
    return Buffer.from(data as string, 'base64');
  }

  /**
   * The longest piece of work that held up the page meanwhile, in milliseconds of processor time: what other programs take from the browser
   * does not count.
   */
  async longestTask(meanwhile: () => Promise<unknown>): Promise<number> {
    const events: TraceEvent[] = [];
    const { promise: isComplete, resolve } = Promise.withResolvers<void>();
    this.#onTrace = (part) => {
      if (part === null) resolve();
      else events.push(...part);
    };
    await this.#call('Tracing.start', {
      transferMode: 'ReportEvents',
      traceConfig: { includedCategories: ['disabled-by-default-devtools.timeline'] },
    });
    await meanwhile();
    await this.#call('Tracing.end', {});
    await isComplete;
    const main = events.filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain');
    const threads = new Set(main.map(({ pid, tid }) => `${pid} ${tid}`));
    const tasks = events.filter(({ name, pid, tid }) => name === 'RunTask' && threads.has(`${pid} ${tid}`));
    // One that was cut off by an end of the trace has none.
    const micros = tasks.flatMap(({ tdur }) => tdur ?? []);
    assert.ok(micros.length > 0, 'nothing was traced');
    return Math.max(...micros) / 1000;
  }

  async goTo(url: string): Promise<void> {
    await this.#call('Page.navigate', { url });
  }

  /** What an expression, or the promise that it gives, comes to. */
  async value(expression: string): Promise<unknown> {
    const asked = { expression, awaitPromise: true, returnByValue: true };
    const { result, exceptionDetails } = await this.#call('Runtime.evaluate', asked);
    assert.equal(exceptionDetails, undefined, JSON.stringify(exceptionDetails));
    return (result as { value?: unknown }).value;
  }

  /** Resolves when the page shows that text, or the one that it gives way to. */
  async shows(text: string): Promise<void> {
    const looks = `new Promise((resolve) => {
      const look = () => document.body?.textContent.includes(${JSON.stringify(text)}) && resolve();
      new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
      look();
    })`;
    try {
      await this.value(looks);
    } catch (error) {
      if (!/Inspected target navigated|context was destroyed/.test(String(error))) throw error;
      await this.shows(text);
    }
  }

  /** Resolves when an expression comes to true; looks again whenever the page is drawn. */
  async becomes(expression: string): Promise<void> {
    const looks = `new Promise((resolve) => {
      const look = () => ((${expression}) ? resolve() : requestAnimationFrame(look));
      look();
    })`;
    await this.value(looks);
  }

  #note(method: string, params: Readonly<Record<string, unknown>>): void {
    const { request, entry, exceptionDetails } = params as {
      request?: { url: string };
      entry?: { level: string; text: string; url?: string };
      exceptionDetails?: object;
    };
    if (method === 'Tracing.dataCollected') this.#onTrace(params['value'] as TraceEvent[]);
    if (method === 'Tracing.tracingComplete') this.#onTrace(null);
    if (method === 'Network.requestWillBeSent' && request !== undefined) this.requested.push(request.url);
    if (method === 'Log.entryAdded' && entry?.level === 'error')
      this.complaints.push(`${entry.text} ${entry.url ?? ''}`);
    if (method === 'Runtime.exceptionThrown') this.complaints.push(JSON.stringify(exceptionDetails));
  }

  async #call(method: string, params: object): Promise<Readonly<Record<string, unknown>>> {
    this.#lastId += 1;
    const id = this.#lastId;
    const { promise, resolve } = Promise.withResolvers<Reply>();
    this.#waiting.set(id, resolve);
    const sessionId = this.#session;
    this.#socket.send(JSON.stringify({ id, method, params, ...(sessionId !== undefined && { sessionId }) }));
    const { result, error } = await promise;
    this.#waiting.delete(id);
    return result ?? assert.fail(`${method}: ${error?.message ?? ''}`);
  }
}
