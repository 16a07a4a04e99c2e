// A service of agents whose agents are shell scripts: what a test has as a prompt is run, and what it prints is what the agent says.
// Rule: real processes, a real file, and nothing left when the test has ended.
import assert from 'node:assert/strict';
import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { AgentKind } from '../../src/services/agents/agent-kind.ts';
import { AgentService } from '../../src/services/agents/agent-service.ts';
import type { AgentRequest, AgentSettings, AgentSurroundings } from '../../src/services/agents/agent-settings.ts';
import { configuredKind, type ConfiguredOptions } from '../../src/services/agents/kinds/configured.ts';
import { ProcessSupervisor } from '../../src/services/processes/process-supervisor.ts';
import { AgentEvents, type AgentRunRow } from '../../src/state/agent-events.ts';
import { temporaryFolder } from './temporary-folder.ts';

const SHELL: ConfiguredOptions = {
  name: 'sh',
  program: '/bin/sh',
  args: ['-s'],
  subscription: false,
  prompt: 'stdin',
  resume: ['session={session}'],
  model: ['model={model}'],
  events: {
    session: 'session',
    model: 'model',
    error: 'error',
    cost: 'cost',
    tokens: { input: 'in', output: 'out', cacheRead: null, cacheWrite: null },
    end: 'done',
  },
};

/** Answers each message that it gets, one after the other, until its input is closed. */
const LISTENING = `n=0; while read -r line; do n=$((n+1)); echo "{\\"type\\":\\"done\\",\\"n\\":$n}"; done`;

export const REQUEST: AgentRequest = {
  prompt: '',
  session: '',
  model: '',
  kind: '',
  cwd: '',
  timeoutMs: null,
  lingerMs: null,
};

export function kindsOf(...kinds: readonly AgentKind[]): ReadonlyMap<string, AgentKind> {
  return new Map(kinds.map((kind) => [kind.name, kind]));
}

export interface AgentStageOptions {
  readonly settings?: Partial<AgentSettings>;
  readonly surroundings?: Partial<AgentSurroundings>;
  /** That of an earlier stage, which has been left. */
  readonly folder?: string;
  /** It has not been left yet. */
  readonly isBesideAnother?: boolean;
}

/** Whatever a test waits for comes soon, or never. */
const NEVER_MS = 20_000;

export class AgentStage {
  readonly folder: string;
  readonly workspace: string;
  readonly service: AgentService;
  readonly events: AgentEvents;
  readonly settings: AgentSettings;
  readonly supervisor: ProcessSupervisor = new ProcessSupervisor({ ledgerFolder: null });
  readonly logged: string[] = [];
  readonly ended: AgentRunRow[] = [];
  counted = 0;

  constructor(
    t: TestContext,
    { settings = {}, surroundings = {}, folder, isBesideAnother = false }: AgentStageOptions = {},
  ) {
    this.folder = folder ?? realpathSync(temporaryFolder(t));
    this.workspace = join(this.folder, 'workspace');
    mkdirSync(this.workspace, { recursive: true });
    this.events = new AgentEvents(join(this.folder, 'agents.db'));
    const listening = configuredKind({ ...SHELL, name: 'listening', args: ['-c', LISTENING], prompt: 'messages' });
    this.settings = {
      kinds: kindsOf(configuredKind(SHELL), listening),
      env: new Map(),
      defaultKind: 'sh',
      maxConcurrent: 4,
      maxQueued: 100,
      timeoutMs: 60_000,
      silenceMs: 60_000,
      lingerMs: 0,
      keepMs: 86_400_000,
      maxOutputBytes: 100_000_000,
      workspace: this.workspace,
      isPerUser: true,
      ...settings,
    };
    this.service = new AgentService({
      events: this.events,
      settings: this.settings,
      isBesideAnother,
      surroundings: {
        startProcess: (spec, events) => this.supervisor.start(spec, events),
        temporaryFolder: join(this.folder, 'tmp'),
        ownEnv: { PATH: process.env['PATH'] },
        openGateway: () => null,
        onEnd: (run) => this.ended.push(run),
        onCount: (running) => (this.counted = running),
        ...surroundings,
      },
      log: (...[, , message]) => void this.logged.push(message),
    });
    t.after(() => this.close());
  }

  async close(): Promise<void> {
    await this.service.close();
    await this.supervisor.close();
  }

  start(prompt: string, rest: Partial<AgentRequest> = {}, user = 'ann'): Promise<AgentRunRow> {
    return this.service.start({ ...REQUEST, prompt, ...rest }, user);
  }

  /** The run as it is in the end, and all that it has said. */
  async run(
    prompt: string,
    rest: Partial<AgentRequest> = {},
    user = 'ann',
  ): Promise<AgentRunRow & { readonly text: string }> {
    const { id } = await this.start(prompt, rest, user);
    const text = await this.follow(id);
    return { ...this.service.require(id, null), text };
  }

  /** All that a run says, as it is sent to clients. */
  follow(id: string, after = 0): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    let text = '';
    this.service.follow(id, null, after, {
      write: (bytes) => {
        text += bytes.toString();
        return true;
      },
      end: () => resolve(text),
      fail: reject,
    });
    return promise;
  }

  /** Resolves as soon as the condition holds. */
  async until(condition: () => boolean, what: string): Promise<void> {
    const givenUpAt = performance.now() + NEVER_MS;
    while (!condition()) {
      assert.ok(performance.now() < givenUpAt, `never came to pass: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
}

/** The numbers of the events in a text that was sent to a client. */
export function numbersIn(text: string): number[] {
  return [...text.matchAll(/^id: (\d+)$/gm)].map(([, number]) => Number(number));
}
