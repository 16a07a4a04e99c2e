// Does what a page says, as its reader would: a section's configuration is in force, its commands are typed one after the other, and what
// they say and how they end is held against the page. Rule: a section is run with one Sluice, which the section starts itself or has running.
import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { findNpmPeer } from '../../../scripts/npm-peers.ts';
import { AiProvider } from '../ai-provider.ts';
import type { IssuedCertificate } from '../certificate-authority.ts';
import { startClamd } from '../clamd.ts';
import { DnsServer } from '../dns-server.ts';
import { ROOT } from '../source-tree.ts';
import { type Direction, DIRECTIONS, EXCEPTIONS } from './page-directions.ts';
import { namesIn, openPeers, type PeerOptions } from './page-peers.ts';
import { type PageCommand, type PageSection, readSections } from './page-sections.ts';
import { PageShell, type RunningStep } from './page-shell.ts';
import { endEverybody, freshHome, furnishWorld, runInWorld, type World, worldFolder } from './page-world.ts';
import { fitsShown, includesShown } from './shown-output.ts';

type Kind = 'sluice' | 'client' | 'follower' | 'command';

const SERVER = /(?:^|&& |\s)(?:bin\/|\.\/|npx )?sluice (?:up|proxy|gateway|relay)\b|^npm start\b/;
const CLIENT = /^(?:\w+=\S+ )*sluice (?:http|tcp|start)\b/;
const FOLLOWER = /--follow\b|text\/event-stream/;
/** Where the reader has to be for it. */
const IN_CHECKOUT = /(?:^|\s)(?:npm |bin\/sluice|deploy\/|scripts\/)/;
/** What says that it is there. */
const READY: Readonly<Record<Exclude<Kind, 'command'>, RegExp>> = {
  sluice: /ready in \d+ ms[^]*➜ +Config[^\n]*\n/,
  client: /(?:https?|tcp|tls):\/\/\S+/,
  follower: /\S/,
};
/** How Ctrl-C ends it. */
const ENDS: Readonly<Record<Exclude<Kind, 'command'>, readonly number[]>> = {
  sluice: [0],
  client: [0, 130],
  follower: [0, 130],
};
/** What the reader of a line for that shell has in its own file already. */
const READIES: Readonly<Record<string, string>> = { zsh: 'autoload -Uz compinit; compinit -u -D; ' };
/** What our own setting of curl adds. */
const FAILED_CURL = /^curl: \(22\) .*\n/m;
const PROVIDERS = ['api.anthropic.com', 'api.openai.com', 'chatgpt.com'];
const SHOWS_WITHIN_MS = 10_000;

/** A test for each section, to be called inside the world. */
function testSections(folder: string, sections: readonly PageSection[]): void {
  const world = furnishWorld(folder, { claude: findNpmPeer('claude') });
  for (const section of sections) {
    const commands = section.commands.filter((command) => exceptionOf(command) === undefined);
    if (commands.length === 0) continue;
    test(section.name, async (t) => {
      await new SectionRun(t, world, { ...section, commands }).go();
    });
  }
}

function exceptionOf({ text }: PageCommand): (typeof EXCEPTIONS)[number] | undefined {
  return EXCEPTIONS.find(({ command }) => text.startsWith(command));
}

class SectionRun {
  readonly #t: TestContext;
  readonly #world: World;
  readonly #section: PageSection;
  readonly #direction: Direction;
  #dns: DnsServer | null = null;
  #said = '';
  readonly #running = new Map<Kind, RunningStep>();

  constructor(t: TestContext, world: World, section: PageSection) {
    this.#t = t;
    this.#world = world;
    this.#section = section;
    this.#direction = DIRECTIONS[section.name] ?? {};
  }

  async go(): Promise<void> {
    const home = this.#layOut();
    const text = this.#everything;
    const names = namesIn(text, this.#moreNames);
    const certificate = this.#world.name(names);
    const closePeers = await this.#openPeers(text, { certificate, names });
    const shell = this.#openShell(text, home, certificate);
    try {
      await this.#type(shell);
      for (const kind of [...this.#running.keys()].toReversed()) await this.#stop(kind);
    } finally {
      await shell.close();
      endEverybody(this.#world.folder);
      await closePeers();
    }
  }

  async #type(shell: PageShell): Promise<void> {
    const { first = [], before = [], after = [], start = 'sluice up', isAlone } = this.#direction;
    const { commands } = this.#section;
    for (const line of first) await this.#prepare(shell, line);
    const isStarted = commands.some(({ text }) => kindOf(text) === 'sluice' && !text.includes('--takeover'));
    if (!isStarted && isAlone !== true) await this.#start(shell, start, 'sluice');
    for (const line of before) await this.#prepare(shell, line);
    for (const command of commands) await this.#do(shell, command);
    for (const line of after) await this.#prepare(shell, line);
  }

  /** All that the section and its reader say, in which names and ports are found. */
  get #everything(): string {
    const { before = [], files, env } = this.#direction;
    const commands = this.#section.commands.map(({ text }) => text);
    const text = [this.#config, ...before, ...Object.values({ ...files, ...env }), ...commands].join('\n');
    return this.#isOfProviders ? `${text}\nhttps://${PROVIDERS[0]}` : text;
  }

  get #isInCheckout(): boolean {
    return this.#section.commands.some(({ text }) => IN_CHECKOUT.test(text));
  }

  get #isOfProviders(): boolean {
    return /^ai:/m.test(this.#config);
  }

  get #moreNames(): string[] {
    const forwarded = Object.keys(this.#direction.forwards ?? {}).filter((name) => !name.startsWith('*'));
    return this.#isOfProviders ? [...PROVIDERS, ...forwarded] : forwarded;
  }

  async #openPeers(text: string, known: Pick<PeerOptions, 'certificate' | 'names'>): Promise<() => Promise<void>> {
    const { forwards, taken = [], proves, hasClamd } = this.#direction;
    if (proves !== undefined) this.#dns = await DnsServer.open(this.#t, {}, 53);
    if (hasClamd === true) await this.#clamd();
    const ofProviders = this.#isOfProviders ? await this.#provider() : {};
    return openPeers(text, { ...known, taken, forwards: { ...forwards, ...ofProviders } });
  }

  #openShell(text: string, home: string, { certFile, keyFile }: IssuedCertificate): PageShell {
    const folder = join(this.#world.folder, 'steps', String((steps += 1)));
    mkdirSync(folder, { recursive: true });
    const ours = { CERTIFICATE: certFile, CERTIFICATE_KEY: keyFile, CHECKOUT: ROOT };
    const env = { ...secretsIn(text), ...this.#world.env, ...ours, ...this.#direction.env };
    return new PageShell(folder, { cwd: this.#isInCheckout ? ROOT : home, env });
  }

  async #clamd(): Promise<void> {
    const clamd = await startClamd(this.#t);
    mkdirSync('/run/clamav', { recursive: true });
    symlinkSync(clamd?.address.replace('unix:', '') ?? '', '/run/clamav/clamd.ctl');
  }

  async #prepare(shell: PageShell, line: string): Promise<void> {
    const { code, output } = await shell.run(line);
    assert.equal(code, 0, `${line}\n${output}\n${this.#running.get('sluice')?.output()}`);
  }

  get #config(): string {
    const { config, also = '' } = this.#direction;
    return `${config ?? this.#section.config}\n${also}`;
  }

  #layOut(): string {
    const home = freshHome();
    const files = { ...this.#direction.files };
    if (this.#config.trim() !== '') files['sluice.yaml'] = this.#config;
    for (const [name, content] of Object.entries(files)) {
      const file = resolve(home, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
    }
    // An error is an error to a reader, whatever curl makes of it.
    writeFileSync(join(home, '.curlrc'), 'fail-with-body\nno-progress-meter\n');
    return home;
  }

  async #provider(): Promise<Record<string, number>> {
    const provider = await AiProvider.open(this.#t);
    provider.planOf = (heard) => this.#direction.provider?.(heard);
    return Object.fromEntries(PROVIDERS.map((name) => [name, Number(new URL(provider.url).port)]));
  }

  async #do(shell: PageShell, { place, text, shown, shell: other }: PageCommand): Promise<void> {
    const line = Object.entries(this.#direction.fills ?? {}).reduce(
      (filled, [word, by]) => filled.replaceAll(word, by),
      text,
    );
    const prior = Object.entries(this.#direction.prior ?? {}).find(([command]) => text.startsWith(command));
    if (prior !== undefined) await this.#prepare(shell, prior[1]);
    const kind = kindOf(text);
    if (kind !== 'command') {
      await this.#start(shell, line, kind);
      if (shown !== '') await this.#shows(place, shown, () => this.#running.get(kind)?.output() ?? '');
      return;
    }
    this.#prove(text);
    const { code, output } = await shell.run(
      other === null ? line : `${other} -c ${quoted(`${READIES[other] ?? ''}${line}`)}`,
    );
    const [, expected = 0] =
      Object.entries(this.#direction.exits ?? {}).find(([command]) => text.startsWith(command)) ?? [];
    this.#said = output;
    const beside = this.#running.get('sluice')?.output() ?? '';
    assert.equal(
      code,
      expected,
      `${place}: ${line}\nends with ${code}, not ${expected}:\n${output}\nSluice says: ${beside}`,
    );
    if (shown !== '') assert.ok(fitsShown(shown, output.replace(FAILED_CURL, '')), differs(place, shown, output));
  }

  /** Puts into the DNS what the command before has asked for. */
  #prove(text: string): void {
    const { proves } = this.#direction;
    if (proves === undefined || !text.startsWith(proves.before)) return;
    this.#dns?.texts.set(proves.name, [proves.text.exec(this.#said)?.[0] ?? '']);
  }

  async #shows(place: string, shown: string, output: () => string): Promise<void> {
    const givenUpAt = performance.now() + SHOWS_WITHIN_MS;
    while (!includesShown(shown, output())) {
      assert.ok(performance.now() < givenUpAt, differs(place, shown, output()));
      await pause(10);
    }
  }

  async #start(shell: PageShell, text: string, kind: Exclude<Kind, 'command'>): Promise<void> {
    const isTakeover = text.includes('--takeover');
    if (!isTakeover) await this.#stop(kind);
    const before = this.#running.get(kind);
    const step = await shell.start(text);
    this.#running.set(kind, step);
    if (kind === 'follower') await this.#nudge(shell, step);
    await step.says(READY[kind]);
    if (before !== undefined) assert.equal((await before.over()).code, 0, before.output());
  }

  /** Something happens again and again until the one who follows has said something. */
  async #nudge(shell: PageShell, step: RunningStep): Promise<void> {
    while (step.output() === '') {
      await shell.run(this.#direction.meanwhile ?? 'false');
      await pause(50);
    }
  }

  async #stop(kind: Kind): Promise<void> {
    const step = this.#running.get(kind);
    if (step === undefined || kind === 'command') return;
    this.#running.delete(kind);
    const { code, output } = await step.stop();
    // npm says that it was stopped, whatever its program says.
    assert.ok(
      ENDS[kind].includes(code) || (step.text.startsWith('npm') && code === 130),
      `${step.text}\nends with ${code}:\n${output}`,
    );
  }
}

let steps = 0;

function kindOf(text: string): Kind {
  if (FOLLOWER.test(text)) return 'follower';
  if (CLIENT.test(text)) return 'client';
  return SERVER.test(text) ? 'sluice' : 'command';
}

/** Variables of the page get values that tell what they are for; those that a shell has by itself are left alone. */
function secretsIn(text: string): Record<string, string> {
  const names = [...text.matchAll(/\$\{?([A-Z][A-Z_]+)\b/g)].map(([, name = '']) => name);
  return Object.fromEntries(names.map((name) => [name, `value-of-${name.toLowerCase().replaceAll('_', '-')}`]));
}

function quoted(line: string): string {
  return `'${line.replaceAll("'", String.raw`'\''`)}'`;
}

function differs(place: string, shown: string, output: string): string {
  return `${place}: the page shows\n${shown}\nand what comes is\n${output}`;
}

/** For a test file whose pages these are: runs itself in a world of its own, and there a test for each section. */
export function testPages(
  file: string,
  pages: readonly string[],
  isPossible: (t: TestContext) => boolean = () => true,
): void {
  if (worldFolder === null) {
    const name = `the commands of ${pages.join(', ')} do what the pages say`;
    const skip = process.platform === 'linux' ? false : 'needs namespaces of Linux';
    test(name, { skip }, (t) => (isPossible(t) ? runInWorld(t, file) : undefined));
    return;
  }
  testSections(
    worldFolder,
    pages.flatMap((page) => readSections(page)),
  );
}
