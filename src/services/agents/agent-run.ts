// One run of an agent, from its turn to its end. Rule: what it prints is stored before anybody hears of it, and it has ended only when
// nothing of it is left and its end is stored as well.
import { mkdirSync, rmSync } from 'node:fs';
import { SluiceError } from '../../core/errors.ts';
import { redactText } from '../../core/redact.ts';
import type { AgentRunRow, AgentTokens } from '../../state/agent-events.ts';
import type { RunEnd, RunEvents, RunningProcess, RunSpec, StopLadder } from '../processes/run-spec.ts';
import { type AgentFacts, type AgentKind, noFacts } from './agent-kind.ts';
import { outcomeOf, type StopCause } from './agent-outcome.ts';
import { completeEvent, RAW } from './event-text.ts';
import { objectOfLine, tokensSince } from './event-values.ts';
import type { EventWriter } from './event-writer.ts';
import { LineReader } from './line-reader.ts';

/** Longer lines come in parts. Some agents print a megabyte in one. */
const LINE_BYTES = 8 * 1024 * 1024;
/** However short they are. */
const MOST_EVENTS = 1_000_000;
const STDERR_CHARACTERS = 4_096;
/** After an answer, for what was sent meanwhile: agents may take two messages for one. */
const MESSAGE_GRACE_MS = 2_000;
/** When something has followed an answer, and nobody can tell what it belongs to. */
const FOLLOWED_GRACE_MS = 60_000;
/** Only by an interrupt do agents end what their tools have started. */
const STOP_LADDER: StopLadder = [
  { signal: 'SIGINT', to: 'process', waitMs: 2_000 },
  { signal: 'SIGTERM', waitMs: 1_000 },
  { signal: 'SIGKILL', waitMs: 0 },
];

/** What is decided when a run gets its turn. */
export interface RunPlan {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly input: Buffer | null;
  readonly temporaryFolder: string;
  readonly timeoutMs: number;
  readonly silenceMs: number;
  readonly lingerMs: number;
  readonly maxOutputBytes: number;
}

export interface SessionTotals {
  readonly tokens: AgentTokens;
  readonly cost: number;
}

export interface RunParts {
  readonly kind: AgentKind;
  /** What the session has used before, asked for when it starts; null: it is a new one. */
  readonly before: () => SessionTotals | null;
  readonly writer: EventWriter;
  readonly startProcess: (spec: RunSpec, events: RunEvents) => RunningProcess;
  /** Its process runs. */
  readonly onStart: () => void;
  /** It has told which session it is. */
  readonly onSession: (run: AgentRun) => void;
  /** Its end is on its way to the file. */
  readonly onEnd: (run: AgentRun) => void;
}

export class AgentRun {
  row: AgentRunRow;
  /** It runs, waits for its turn, or could not be started. */
  readonly begun: Promise<void>;
  readonly ended: Promise<void>;
  readonly #parts: RunParts;
  readonly #begin = Promise.withResolvers<void>();
  readonly #end = Promise.withResolvers<void>();
  readonly #facts: AgentFacts = noFacts();
  readonly #lines = new LineReader(LINE_BYTES, (line) => this.#takeLine(line));
  #number = 0;
  #process: RunningProcess | null = null;
  #plan: RunPlan | null = null;
  #stderr = '';
  #cause: StopCause | null = null;
  #before: SessionTotals | null = null;
  #messages = 1;
  #isListening = false;
  #closing: NodeJS.Timeout | null = null;

  constructor(row: AgentRunRow, parts: RunParts) {
    this.row = row;
    this.#parts = parts;
    this.begun = this.#begin.promise;
    this.ended = this.#end.promise;
    parts.writer.save(row);
  }

  get kind(): AgentKind {
    return this.#parts.kind;
  }

  get isOver(): boolean {
    return this.row.endedAtMs !== null;
  }

  /** Nobody needs to wait for it to begin. */
  queued(): void {
    this.#begin.resolve();
  }

  start(plan: RunPlan): void {
    const { file, args, env, input, temporaryFolder, timeoutMs, silenceMs, lingerMs, maxOutputBytes } = plan;
    this.#plan = plan;
    this.#before = this.#parts.before();
    try {
      mkdirSync(temporaryFolder, { recursive: true, mode: 0o700 });
    } catch (cause) {
      this.failed(cause);
      return;
    }
    const spec: RunSpec = {
      file,
      args,
      env,
      cwd: this.row.cwd,
      stdin: input === null ? 'closed' : 'open',
      timeoutMs,
      // While it waits for a message it has nothing to say.
      silenceMs: silenceMs + lingerMs,
      maxOutputBytes,
      stopLadder: STOP_LADDER,
    };
    this.#process = this.#parts.startProcess(spec, {
      started: (pid) => this.#started(pid),
      failed: (error) => this.failed(error),
      stdout: (bytes) => this.#lines.write(bytes),
      stderr: (bytes) => {
        this.#stderr = (this.#stderr + bytes.toString()).slice(-STDERR_CHARACTERS);
      },
      ended: (end) => this.#processEnded(end),
    });
    if (this.#parts.writer.isFull) this.hold();
  }

  /** It cannot be started. */
  failed(cause: unknown): void {
    const reason = cause instanceof SluiceError ? cause.message : 'It could not be started.';
    this.#finish({ status: 'crashed', reason, exitCode: null, signal: null });
  }

  /** One more message. */
  say(text: string): void {
    const { kind } = this.#parts;
    if (!kind.takesMessages) {
      const message = `Agents of the kind ${kind.name} take no messages while they run. Start another with its session_id.`;
      throw new SluiceError('agent_not_listening', { message });
    }
    if (!this.#isListening) throw new SluiceError('agent_not_listening');
    this.#messages += 1;
    this.#stopClosing();
    this.#process?.write(kind.message(text));
  }

  /** Resolves when nothing of it is left. */
  stop(cause: StopCause): Promise<void> {
    this.#cause ??= cause;
    if (this.#process === null) this.#finish({ ...this.#outcome(null), exitCode: null, signal: null });
    else {
      this.#isListening = false;
      this.#process.stop('stopped');
    }
    return this.ended;
  }

  /** What it prints cannot be stored for now. */
  hold(): void {
    this.#process?.pause('stdout');
  }

  release(): void {
    this.#process?.resume('stdout');
  }

  #started(pid: number): void {
    this.row = { ...this.row, status: 'running', pid, startedAtMs: Date.now() };
    this.#parts.writer.save(this.row);
    const { input } = this.#plan ?? {};
    if (input) this.#process?.write(input);
    this.#isListening = this.#parts.kind.takesMessages && this.#cause === null;
    if (!this.#isListening) this.#process?.endInput();
    this.#parts.onStart();
    this.#begin.resolve();
  }

  #takeLine(line: Buffer): void {
    if (this.#number >= MOST_EVENTS) {
      void this.stop('output');
      return;
    }
    const event = objectOfLine(line);
    const type = event === null ? RAW : typeof event['type'] === 'string' ? event['type'] : '';
    this.#number += 1;
    this.#parts.writer.put({ run: this.row.id, number: this.#number, type, line });
    this.#stopClosing();
    if (event === null) return;
    const { answers, session } = this.#facts;
    this.#parts.kind.read(event, this.#facts);
    if (this.#facts.session !== session) this.#noteSession();
    if (this.#facts.answers !== answers) this.#answered();
    else if (answers > 0) this.#closeAfter(Math.max(this.#plan?.lingerMs ?? 0, FOLLOWED_GRACE_MS));
  }

  #noteSession(): void {
    const { session, model } = this.#facts;
    this.row = { ...this.row, session, model: model || this.row.model };
    this.#parts.writer.save(this.row);
    this.#parts.onSession(this);
  }

  #answered(): void {
    const { model } = this.#facts;
    this.row = { ...this.row, ...this.#used(), model: model || this.row.model };
    this.#parts.writer.save(this.row);
    const isOutstanding = this.#messages > this.#facts.answers;
    this.#closeAfter(Math.max(this.#plan?.lingerMs ?? 0, isOutstanding ? MESSAGE_GRACE_MS : 0));
  }

  /** It has answered: its input is closed, which ends it, unless somebody may still have something to say. */
  #closeAfter(waitMs: number): void {
    if (!this.#isListening) return;
    if (waitMs === 0) this.#close();
    else this.#closing ??= setTimeout(() => this.#close(), waitMs);
  }

  #close(): void {
    this.#isListening = false;
    this.#process?.endInput();
  }

  /** By this run, also where the agent counts the whole session. */
  #used(): Pick<AgentRunRow, 'tokens' | 'cost'> {
    const { tokens, cost } = this.#facts;
    const { kind } = this.#parts;
    const before = this.#before;
    if (before === null) return { tokens, cost };
    return {
      tokens: tokens !== null && kind.countsSession.includes('tokens') ? tokensSince(tokens, before.tokens) : tokens,
      cost: cost !== null && kind.countsSession.includes('cost') ? Math.max(0, cost - before.cost) : cost,
    };
  }

  #stopClosing(): void {
    if (this.#closing !== null) clearTimeout(this.#closing);
    this.#closing = null;
  }

  #processEnded(end: RunEnd): void {
    this.#lines.end();
    this.#finish({ ...this.#outcome(end), exitCode: end.code, signal: end.signal });
  }

  #outcome(end: RunEnd | null): Pick<AgentRunRow, 'status' | 'reason'> {
    const ending = { exitCode: end?.code ?? null, signal: end?.signal ?? null, stderr: redactText(this.#stderr) };
    const cause = end === null || end.reason === 'exit' ? null : end.reason;
    // It may have ended by itself before it was stopped.
    const isOurs = end === null || end.reason === 'stopped';
    return outcomeOf(
      this.#facts,
      { ...ending, cause: isOurs ? (this.#cause ?? cause) : cause },
      this.#parts.kind.saysEnd,
    );
  }

  #finish(ending: Pick<AgentRunRow, 'status' | 'reason' | 'exitCode' | 'signal'>): void {
    if (this.isOver) return;
    this.#stopClosing();
    this.#isListening = false;
    this.row = { ...this.row, ...ending, ...this.#used(), reason: redactText(ending.reason), endedAtMs: Date.now() };
    this.#parts.writer.save(this.row);
    this.#parts.writer.put(completeEvent(this.row, this.#number + 1));
    if (this.#plan !== null) rmSync(this.#plan.temporaryFolder, { recursive: true, force: true });
    this.#begin.resolve();
    this.#parts.onEnd(this);
    this.#end.resolve();
  }
}
